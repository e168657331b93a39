"""Frozen: closed forms, recurrences, thresholds, stationary laws, noise constants and trajectories.

Limits and stationary values whose learning rate is beyond the threshold of the moments they need are left out: what
was printed for them was wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction as F
from typing import Any

import sympy
from frozen_cases import Case
from frozen_values import numbers

import sgdmoments as sm

POINTS = {"one weight": ([[1], [2], [3]], [1, 1, 2], [0]),
          "two weights": ([[1, 2], [0, 1], [3, 1], [-1, 1]], [1, -1, 2, 0], [0, 0]),
          "rank one": ([[1, 2], [2, 4], [-1, -2], [3, 6]], [1, 0, 2, 5], [1, 1])}


def run(name: str, rate: Any = "1/20", sampling: str | None = None) -> sm.SGD:
    X, y, start = POINTS[name]
    return sm.SGD(sm.LinearRegression(X, y), rate, start, sampling)


def closed_forms() -> Iterator[Case]:
    for name in POINTS:
        for sampling in ("without_replacement", "with_replacement"):
            for quantity, moment in ((sm.gradient, "variance"), (sm.weights, "second_moment"), (sm.loss, "mean"),
                                     (sm.full_gradient, "variance")):
                yield Case(f"closed form, {name}, {sampling}, {quantity(0)} {moment}",
                           lambda n=name, s=sampling, q=quantity, m=moment: run(n, "1/20", s).closed_form(q, m),
                           lambda c: [c.at(3), c.value(7, 1), c.value(40, 2)])
    one = run("one weight")
    yield Case("closed form, one weight, generating function", lambda: one.closed_form(sm.gradient).generating_function(
        sympy.Symbol("z")))
    yield Case("closed form, one weight, recurrence", lambda: one.closed_form(sm.gradient).recurrence(),
               lambda r: [list(r.coefficients), list(r.initial)])
    yield Case("closed form, one weight, bases and coefficients", lambda: one.closed_form(sm.gradient).terms,
               lambda terms: sorted([str(sympy.factor(t.base)), t.order] for t in terms))
    yield Case("closed form, two weights, variance of the loss", lambda: run("two weights").closed_form(sm.loss),
               lambda c: [[c.value(t, b) for b in (1, 2, 4)] for t in (0, 1, 2, 5)])
    net = sm.SGD(sm.Network((1, 1), noise=sm.Gaussian()), "1/10", {"W1": [[0]], "W1*": [[1]]})
    yield Case("closed form, Gaussian data, variance of the loss", lambda: net.closed_form(sm.loss),
               lambda c: [c.at(2), c.value(9, 3)])
    moments = sm.SGD(sm.MomentRegression(n=sympy.Symbol("n")))
    yield Case("closed form, moments as letters", lambda: moments.closed_form(sm.gradient), lambda c: c.in_v(2))
    start = sm.GaussianInit(variance=2, mean=[1, -1])
    random = sm.SGD(sm.LinearRegression(*POINTS["two weights"][:2]), "1/20", start)
    for given in ("initial", "nothing"):
        yield Case(f"closed form, random start, given {given}",
                   lambda g=given: random.closed_form(sm.gradient, given=g), lambda c: [c.at(2), c.value(11, 2)])


def recurrences() -> Iterator[Case]:
    values = {"W1": numbers("W1", 1, 2), "W1*": numbers("W1*", 1, 2), "alpha": "1/7"}
    run = sm.SGD(sm.Network(("p", 1), noise=sm.Gaussian()))
    for quantity, moment in ((sm.gradient, "second_moment"), (sm.weights, "second_moment"),
                             (sm.full_gradient, "second_moment"), (sm.loss, "mean")):
        yield Case(f"recurrence on graphs, {quantity(0)} {moment}", lambda q=quantity, m=moment: run.recurrence(q, m),
                   lambda r: [fixed(r.at(t)).evaluate(values) for t in (0, 1, 3)])
    yield Case("recurrence on graphs, gradient, threshold", lambda: run.recurrence(sm.gradient).threshold())
    yield Case("recurrence on graphs, gradient, stationary value", lambda: run.recurrence(sm.gradient).stationary())


def fixed(expression: Any) -> Any:
    """1/b = 1/3 in an expression whose letters hold it under a name of its own."""
    size = {s: F(1, 3) for s in expression.symbols if str(s) in ("u", "_u")}
    return expression.substitute(size)


def thresholds() -> Iterator[Case]:
    for name in POINTS:
        for sampling in ("without_replacement", "with_replacement"):
            stability = lambda n=name, s=sampling: run(n, sampling=s).stability()  # noqa: E731
            yield Case(f"threshold, {name}, {sampling}", stability, lambda s: [
                [s.threshold(b).exact or float(s.threshold(b)), list(s.polynomial(b)), s.is_stable("1/10", b)]
                for b in (1, 2, 3)])
    yield Case("threshold, one weight, formula", lambda: run("one weight").stability().formula())
    yield Case("threshold, moments as letters, formula", lambda: sm.SGD(
        sm.MomentRegression(n=sympy.Symbol("n"))).stability().formula())
    net = sm.SGD(sm.Network((2, 1), data=sm.Gaussian([[2, 1], [1, 3]])), "1/20",
                 {"W1": [[0, 0]], "W1*": [[1, 2]]})
    yield Case("threshold, Gaussian data", lambda: net.stability(), lambda s: [list(s.polynomial(b)) for b in (1, 4)])


def stationary_laws() -> Iterator[Case]:
    for name in ("one weight", "two weights"):
        for quantity in (sm.gradient, sm.weights, sm.full_gradient):
            yield Case(f"stationary variance, {name}, {quantity(0)}",
                       lambda n=name, q=quantity: run(n).stationary().variance(q))
        for b in (1, 2):
            yield Case(f"stationary law, {name}, b = {b}", lambda n=name, b=b: run(n).stationary(b),
                       lambda law: [list(law.mean), [list(row) for row in law.covariance], law.expectation(sm.loss)])


def noise_bounds() -> Iterator[Case]:
    for name in ("one weight", "two weights"):
        yield Case(f"noise bound, {name}", lambda n=name: run(n).noise_bound(), lambda bound: [
            [m.value, list(m.maximiser)] for m in (bound.least(slope, b) for slope, b in ((10, 1), (7, 2)))])
        yield Case(f"noise bound, {name}, least slope", lambda n=name: run(n).noise_bound().slope_threshold(1),
                   lambda found: [float(x) for x in found])
    yield Case("noise bound, moments as letters, formula", lambda: sm.SGD(
        sm.MomentRegression(n=sympy.Symbol("n"))).noise_bound().formula())


def trajectories() -> Iterator[Case]:
    for name in POINTS:
        for quantity, moment in ((sm.gradient, "variance"), (sm.weights, "second_moment")):
            yield Case(f"trajectory, {name}, {quantity(0)} {moment}",
                       lambda n=name, q=quantity, m=moment: run(n).trajectory(q, 30, [1, 2, 3], moment=m),
                       lambda found: [float(x) for x in found.values[[0, 1, 7, 30]].ravel()])
    yield Case("trajectory, two weights, certified", lambda: run("two weights").trajectory(
        sm.gradient, 30, [1, 2], certified=True), lambda found: [float(x) for x in found.values[[0, 1, 7, 30]].ravel()])


def cases() -> Iterator[Case]:
    for part in (closed_forms, recurrences, thresholds, stationary_laws, noise_bounds, trajectories):
        yield from part()
