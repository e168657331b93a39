"""Frozen: least squares on finite data and on known moments: data, sampling, schedules, initial weights, routes."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction as F
from typing import Any

import numpy as np
import sympy
from frozen_cases import Case
from frozen_values import moments_of, numbers

import sgdmoments as sm

DATA = {
    "wide": ([[1, 2], [2, 0], [0, 1], [3, 1], [-1, "1/2"]], [1, 0, 2, 1, "-2/3"]),
    "one weight": ([[1], [2], [-3], ["1/2"]], [1, 1, 2, 0]),
    "p > n": ([[1, 2, 0, 1], [0, 1, "1/3", 2], [2, -1, 1, 0]], [1, -1, 2]),
    "rank one": ([[1, 2], [2, 4], [-1, -2], [3, 6]], [1, 0, 2, 5]),
    "repeated": ([[1, 1], [1, 1], [0, 2], [0, 0], [1, 1]], [1, 1, 0, 3, 2]),
}
RATES = {"constant": "1/7", "list": [F(1, 7), F(1, 5), F(1, 3), F(2, 9), F(1, 4)], "decay": lambda t: F(1, 2 * t + 5)}
MOMENTS = ("mean", "second_moment", "variance")


def regression(data: str = "wide", rate: str = "list", sampling: str | None = None, initial: Any = None) -> sm.SGD:
    X, y = DATA[data]
    start = numbers(data, len(X[0])) if initial is None else initial
    return sm.SGD(sm.LinearRegression(X, y), RATES[rate], start, sampling)


def quantities(n: int, p: int) -> dict[str, Any]:
    return {"g_0": sm.gradient(0), "g_1": sm.gradient(1), "g_3": sm.gradient(3), "full_2": sm.full_gradient(2),
            "w_3": sm.weights(3), "L_1": sm.loss(1), "Ag_2": numbers("A", 3, p) @ sm.gradient(2),
            "sample_1": sm.sample_gradients(1, [numbers(f"B{i}", 2, p) for i in range(n)])}


def asked(name: str, sgd: Any, quantity: Any, moment: str, heavy: bool = False, **options: Any) -> Case:
    return Case(f"{name} {moment}", lambda: getattr(sgd(), moment)(quantity, **options), heavy=heavy)


def from_data() -> Iterator[Case]:
    for data, (X, _) in DATA.items():
        for sampling in ("without_replacement", "with_replacement"):
            rate = {"wide": "list", "one weight": "decay"}.get(data, "constant")
            for label, quantity in quantities(len(X), len(X[0])).items():
                moments = MOMENTS if data == "wide" and sampling == "without_replacement" else ("variance",)
                if label == "L_1" and len(X) < 4 and sampling == "without_replacement":
                    continue  # as values, below
                for moment in moments:
                    yield asked(f"regression, {data}, {sampling}, {label},",
                                lambda d=data, r=rate, s=sampling: regression(d, r, s), quantity, moment)


def by_other_routes() -> Iterator[Case]:
    for route, quantity in (("components", sm.gradient(1)), ("components", sm.loss(1)), ("components", sm.weights(2))):
        yield asked(f"regression by {route}, {quantity},", regression, quantity, "variance", route=route)
    for order in (1, 2):
        yield asked(f"regression by expansion to order {order}, g_2,",
                    lambda: regression(sampling="with_replacement"), sm.gradient(2), "variance", route="expansion",
                    inverse_batch_order=order)
    few = sm.SGD(sm.LinearRegression([[1, 2], [3, -1], [0, 1]], [1, 0, 2]), "1/9", [1, -1])
    for t in (1, 2):
        yield Case(f"regression, three points, variance of L_{t}, as values", lambda t=t: few.variance(sm.loss(t)),
                   lambda p: [p(b) for b in (1, 2, 3)])


def random_starts() -> Iterator[Case]:
    covariance = [[2, 1], [1, 3]]
    starts = {"GaussianInit": sm.GaussianInit(variance=2), "with a mean": sm.GaussianInit(variance="1/2", mean=[1, -1]),
              "with a covariance": sm.GaussianInit(mean=[0, 2], covariance=covariance),
              "IndependentInit": sm.IndependentInit(moments_of({0: F(1, 2), 1: F(1, 4), 3: F(1, 4)}, 8)),
              "of a uniform law": sm.IndependentInit(sm.Uniform(-1, 2)),
              "RandomInit": sm.RandomInit([1, 2], covariance)}
    for name, start in starts.items():
        for given in ("initial", "nothing"):
            yield asked(f"regression, start {name}, given {given}, g_2,", lambda s=start: regression(initial=s),
                        sm.gradient(2), "variance", given=given)
        yield asked(f"regression, start {name}, g_1,", lambda s=start: regression(initial=s), sm.gradient(1),
                    "second_moment")


def with_letters() -> Iterator[Case]:
    x1, x2, x3, y1, y2, y3, a = sympy.symbols("x1 x2 x3 y1 y2 y3 a")
    points = ([[x1], [x2], [x3]], [y1, y2, y3])
    for t in (0, 1):
        for sampling in ("without_replacement", "with_replacement"):
            yield asked(f"regression in letters of the data, {sampling}, g_{t},",
                        lambda s=sampling: sm.SGD(sm.LinearRegression(*points), sampling=s), sm.gradient(t), "variance")
    yield asked("regression, rate a letter, g_2,",
                lambda: sm.SGD(sm.LinearRegression(*DATA["wide"]), a, [1, -1]), sm.gradient(2), "variance")
    yield asked("regression, weights letters, g_1,",
                lambda: sm.SGD(sm.LinearRegression(*DATA["wide"]), "1/7"), sm.gradient(1), "variance")
    n = sympy.Symbol("n")
    for t in (0, 1, 3):
        yield asked(f"moments as letters, n a letter, g_{t},", lambda: sm.SGD(sm.MomentRegression(n=n)), sm.gradient(t),
                    "variance")
    known = {(2, 0): 2, (4, 0): 9, (1, 1): 1, (0, 2): 3, (3, 1): 5, (2, 2): 7}
    for size in (None, 10):
        yield asked(f"moments as numbers, n = {size}, g_3,", lambda s=size: sm.SGD(
            sm.MomentRegression(known, n=s), "1/5", [1]), sm.gradient(3), "variance")
    yield asked("moments of two features, n = 9, g_1,", lambda: sm.SGD(
        sm.MomentRegression(features=2, n=9), "1/5", [1, 2]), sm.gradient(1), "variance")


def larger() -> Iterator[Case]:
    def run(n: int, p: int) -> sm.SGD:
        return sm.SGD(sm.LinearRegression(numbers("X", n, p), numbers("y", n)), "1/97", np.full(p, F(0), dtype=object))

    for n, p, t, heavy in ((20, 3, 6, False), (12, 5, 4, False), (8, 2, 30, False), (30, 8, 6, True)):
        yield asked(f"regression, n = {n}, p = {p}, g_{t},", lambda n=n, p=p: run(n, p), sm.gradient(t), "variance",
                    heavy)
    yield Case("regression, n = 12, p = 2, least b_0 of g_0 to g_3",
               lambda: [run(12, 2).variance(sm.gradient(t)) for t in range(4)],
               lambda found: [[p.decreasing_from(), p.in_cb()] for p in found])


def cases() -> Iterator[Case]:
    for part in (from_data, by_other_routes, random_starts, with_letters, larger):
        yield from part()
