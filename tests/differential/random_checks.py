"""Random questions, each answered by the package and by listing; every number compared is one `Value`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction as F
from itertools import combinations, product
from typing import Any

import numpy as np
from listed import MOMENTS, moments, paths
from random_problems import Draw, Problem, problem, weights_of

import sgdmoments as sm
from sgdmoments.testing.listing import quadrature

#: Sequences of batches that are listed at most.
LIMIT = 1_200
REFUSALS = (sm.RouteError, sm.BudgetExceeded, sm.AssumptionError)


@dataclass(frozen=True)
class Value:
    """One number compared: where it belongs, both sides."""

    family: str
    by: str
    what: str
    found: Any
    expected: Any

    @property
    def right(self) -> bool:
        return bool(self.found == self.expected)


def batch_sizes(draw: Draw, sgd: sm.SGD) -> range:
    """Every b without replacement; else from 1 to a size above the degree, as long as it can be listed."""
    return range(1, (sgd.population if sgd.population is not None else draw.one_of(3, 5, 8)) + 1)


def asked(case: Problem, route: str, moment: str) -> list[Any] | None:
    """The answer's polynomials with numbers for its letters; None where the question is refused."""
    options = {} if route == "auto" else {"route": route}
    several = case.quantity.layer is None and case.quantity.kind != "loss" and len(case.sgd.model.parameters) > 1
    if route == "symbolic" and moment == "mean" and several:
        return None  # one array a layer
    try:
        answer = getattr(case.asked, moment)(case.quantity, budget=sm.Budget(seconds=10), **options)
    except REFUSALS:
        return None
    entries = list(np.ravel(np.array(answer, dtype=object)))
    return [p for e in entries for p in np.ravel(
        np.array(e if e.is_rational else e.evaluate(dict(case.values)), dtype=object))]


def numbers(polynomials: list[Any], b: int) -> list[Any]:
    """The values at b."""
    return [p(b) for p in polynomials]


def answers(draw: Draw, seed: str, number: int) -> Iterator[Value]:
    """Mean, second moment and variance by every route that applies, at every b that can be listed."""
    case = problem(seed, number)
    listed = {}
    for b in batch_sizes(draw, case.sgd):
        if (found := moments(case.sgd, case.quantity, b, LIMIT)) is None:
            break
        listed[b] = found
    given: dict[str, list[Any]] = {}
    for route in case.routes if listed else ():
        for moment in MOMENTS:
            entries = asked(case, route, moment)
            if entries is None:
                yield Value(case.family, route, "refused", 0, 0)
                continue
            for b, expected in listed.items():
                for k, (entry, value) in enumerate(zip(numbers(entries, b), expected[moment], strict=True)):
                    yield Value(case.family, route, f"{moment}[{k}] of {case.quantity} at b = {b}", entry, value)
            if moment == "mean" and route == "symbolic":
                continue  # one polynomial with arrays for coefficients
            if given.setdefault(moment, entries) is not entries:
                yield Value(case.family, "same polynomial", f"{moment} of {case.quantity} by {route}", entries,
                            given[moment])
            elif moment == "variance":
                yield from shapes(case, entries[0], [value[moment][0] for value in listed.values()])


def shapes(case: Problem, p: sm.BatchPolynomial, values: list[Any]) -> Iterator[Value]:
    """The c_b basis and b_0 of a variance, against the listed values."""
    n = p.population
    if n is None:
        yield Value(case.family, "b_0", f"{p!r}", *least_size(p, 150))
        return
    for b, value in enumerate(values, 1):
        c = F(0) if n == 1 else F(n - b, b * (n - 1))
        yield Value(case.family, "c_b", f"{p!r} at b = {b}", sum(a * c**k for k, a in enumerate(p.in_cb())), value)
    if len(values) == n:
        least = next(b for b in range(1, n + 1) if all(values[k] <= values[k - 1] for k in range(b, n)))
        yield Value(case.family, "b_0", f"{p!r}", p.decreasing_from(), least)


def least_size(p: sm.BatchPolynomial, last: int) -> tuple[Any, Any]:
    """b_0 of a polynomial in real u = 1/b, and what a grid of u allows: the answer itself, or what refutes it."""
    try:
        found = p.decreasing_from()
    except sm.AssumptionError:
        found = None
    slope = [k * c for k, c in enumerate(p.coefficients)][1:]

    def falls(u: F) -> bool:
        return sum((c * u**k for k, c in enumerate(slope)), F(0)) >= 0

    grid = [F(1, 4 * last) * k for k in range(1, 4 * last + 1)]
    bad = [u for u in grid if not falls(u)]
    if found is None:
        return found, None if bad else 1
    refuted = [u for u in bad if u <= F(1, found)]
    needed = found == 1 or any(not falls(F(1, found) + F(k, 400 * found * (found - 1))) for k in range(1, 401))
    return found, found if not refuted and needed else f"refuted at u = {refuted[:1]}, least: {needed}"


def random_starts(draw: Draw, seed: str, number: int) -> Iterator[Value]:
    """Random initial weights, listed too: signs, or a signed measure with a Gaussian's moments."""
    p, t = draw.size(1, 2), draw.size(0, 2)
    net = draw.happens(0.4)
    if net:
        p, t = 1, 0
        model: Any = sm.Network((1, 1, 1), data=sm.Empirical(draw.points(draw.size(1, 3), 1)))
    else:
        n = draw.size(1, 4)
        model = sm.LinearRegression(draw.points(n, p), draw.array(n))
    sampling, schedule = draw.one_of("without_replacement", "with_replacement"), draw.schedule(t)
    quantity = draw.quantity(sm.SGD(model, schedule, None, sampling), t, ("gradient", "weights", "full_gradient"))
    teacher = {q.name: draw.array(*q.shape) for q in model.constants}
    sizes = [(q.name, q.shape, int(q.size)) for q in model.parameters]
    total = sum(size for _, _, size in sizes)
    if net or draw.happens(0.4):
        init: Any = sm.IndependentInit(sm.Rademacher())
        starts = [(list(map(F, signs)), F(1, 2**total)) for signs in product((1, -1), repeat=total)]
    else:
        mean, covariance = draw.array(p), draw.covariance(p)
        init = draw.one_of(sm.GaussianInit(mean=mean, covariance=covariance), sm.RandomInit(mean, covariance))
        starts = [(list(x + mean), w) for x, w in quadrature(sm.Gaussian(covariance), p, 4)]
    asking = sm.SGD(model, schedule, {**{name: init for name, _, _ in sizes}, **teacher}, sampling)
    answers = {"second_moment": asking.second_moment(quantity), "initial": asking.variance(quantity),
               "nothing": asking.variance(quantity, given="nothing")}
    for b in batch_sizes(draw, asking)[:3]:
        found: list[tuple[F, dict[str, list[Any]]]] = []
        for start, weight in starts:
            arrays, offset = dict(teacher), 0
            for name, shape, size in sizes:
                arrays[name] = np.array(start[offset:offset + size], dtype=object).reshape(shape)
                offset += size
            one = moments(sm.SGD(model, schedule, arrays, sampling), quantity, b, LIMIT)
            if one is None:
                return
            found.append((weight, one))
        second = sum((w * m["second_moment"][0] for w, m in found), F(0))
        mean = [sum((w * m["mean"][k] for w, m in found), F(0)) for k in range(len(found[0][1]["mean"]))]
        expected = {"second_moment": second, "initial": sum((w * m["variance"][0] for w, m in found), F(0)),
                    "nothing": second - sum(m * m for m in mean)}
        for name, answer in answers.items():
            yield Value("random start" + ", network" * net, "auto", f"{name} of {quantity} at b = {b}", answer(b),
                        expected[name])


def expansions(draw: Draw, seed: str, number: int) -> Iterator[Value]:
    """Every coefficient in 1/b: the whole polynomial through as many listed values, then the routes' coefficients."""
    two = draw.happens(0.6)
    t = draw.size(0, 1 if two else 3)
    data = sm.Empirical(draw.points(2, 1))
    widths = (1, 1, 1) if two else (1, draw.size(1, 2))
    model = sm.Network(widths, data=data, activation=(0, draw.number() or 1))
    sgd = sm.SGD(model, draw.schedule(t), weights_of(draw, model), "with_replacement")
    quantity = draw.quantity(sgd, t, ("gradient", "full_gradient", "weights"))
    moment = draw.one_of("variance", "second_moment")
    degree = (3 ** (t + 1) - t - 2 if two else t + 1) if t or "gradient" in quantity.kind else 1
    values = []
    for b in range(1, degree + 2):
        listed = moments(sgd, quantity, b, 6_000)
        if listed is None:
            return
        values.append(listed[moment][0])
    whole = interpolated([F(1, b) for b in range(1, degree + 2)], values)
    for route, order in (("components", None), ("auto", None), ("expansion", 1), ("expansion", 2)):
        options = {} if order is None else {"inverse_batch_order": order}
        p = getattr(sgd, moment)(quantity, route=route, **options)
        found = [*p.coefficients, *[F(0)] * (degree + 1)]
        for k in range(degree + 1 if order is None else min(order, degree) + 1):
            yield Value("coefficients, n = 2 with replacement", route, f"{moment} of {quantity}: 1/b^{k}", found[k],
                        whole[k])


def interpolated(nodes: list[F], values: list[F]) -> list[F]:
    """The coefficients of the polynomial through the points, constant first (Lagrange)."""
    total = [F(0)] * len(nodes)
    for i, x in enumerate(nodes):
        basis, scale = [F(1)], F(1)
        for j, z in enumerate(nodes):
            if j != i:
                basis = [a - z * c for a, c in zip([F(0), *basis], [*basis, F(0)], strict=True)]
                scale *= x - z
        total = [a + values[i] / scale * c for a, c in zip(total, basis, strict=True)]
    return total


def queries(draw: Draw, seed: str, number: int) -> Iterator[Value]:
    """Products of traces of weights and gradients of both steps, along every path of batches."""
    widths = draw.one_of((1, 2, 1), (2, 1, 2), (2, 2), (2, 2, 1))
    data = sm.Empirical(draw.points(draw.size(1, 3), widths[0]))
    model = sm.Network(widths, draw.one_of((0, 1), (0, 1), (0, 1, 1)), data)
    sampling = draw.one_of("without_replacement", "with_replacement")
    sgd = sm.SGD(model, draw.schedule(2), weights_of(draw, model), sampling)
    steps = 0 if len(model.activation) > 2 else 1
    budget = 4 if steps else 2
    factors: list[Any] = []
    for _ in range(draw.size(1, 2)):
        word, budget = random_word(draw, model, steps, budget)
        factors.append(word)
    query, shown = None, []
    for word in factors:
        product_ = None
        for kind, step, layer, transposed in word:
            letter = {"W": sm.weights_matrix, "g": sm.gradient_matrix}[kind](sgd, step, layer) if kind != "*" else \
                sm.teacher_matrix(sgd, layer)
            letter = letter.T if transposed else letter
            product_ = letter if product_ is None else product_ @ letter
        query = sm.trace(product_) if query is None else query * sm.trace(product_)
        shown.append(word)
    answer = sgd.expectation(query)
    for b in batch_sizes(draw, sgd)[:3]:
        total, count = F(0), 0
        for weights, met in paths(sgd, steps, b):
            value = F(1)
            for word in factors:
                matrix = None
                for kind, step, layer, transposed in word:
                    name = f"W{layer}"
                    letter = {"W": weights, "g": met}[kind][step][name] if kind != "*" else sgd.initial[f"{name}*"]
                    letter = letter.T if transposed else letter
                    matrix = letter if matrix is None else matrix @ letter
                value *= np.trace(matrix)
            total, count = total + value, count + 1
        yield Value("expectation of traces", "symbolic", f"{shown} at b = {b}", answer(b), total / count)


def random_word(draw: Draw, model: Any, steps: int, budget: int) -> tuple[list[Any], int]:
    """A closed word (kind, step, layer, transposed) of matrices whose gradients cost at most the budget."""
    widths = model.widths
    place = start = draw.size(0, len(widths) - 1)
    word: list[Any] = []
    while True:
        options = []
        for layer in range(1, len(widths)):
            later = (("W", 1, 1), ("g", 1, 4)) if steps else ()
            for kind, step, cost in (("W", 0, 0), ("*", 0, 0), ("g", 0, 1), *later):
                if cost <= budget:
                    options += [(kind, step, layer, False, layer - 1, cost)] * (place == layer)
                    options += [(kind, step, layer, True, layer, cost)] * (place == layer - 1)
        if len(word) >= 3:
            options = [o for o in options if o[4] == start] or options
        *letter, place, cost = draw.one_of(*options)
        word.append(tuple(letter))
        budget -= cost
        if place == start and (len(word) >= 3 or draw.happens(0.5)):
            return word, budget


def long_run(draw: Draw, seed: str, number: int) -> Iterator[Value]:
    """Closed forms at several t, certified and plain trajectories, derivations; stability by the batches' matrices."""
    n, p = draw.size(2, 4), draw.size(1, 2)
    model = sm.LinearRegression(draw.points(n, p), draw.array(n))
    sampling, rate = draw.one_of("without_replacement", "with_replacement"), draw.rate()
    sgd = sm.SGD(model, rate, weights_of(draw, model), sampling)
    make = draw.one_of(sm.gradient, sm.full_gradient, sm.weights)
    moment = draw.one_of("variance", "second_moment")
    sizes = list(range(1, min(n, 3) + 1))
    closed = sgd.closed_form(make, moment)
    floats = sgd.trajectory(make, 2, sizes, moment=moment)
    certified = sgd.trajectory(make, 2, sizes, moment=moment, certified=True)
    for t in (0, 1, 2):
        at = closed.at(t)
        derived = sgd.derivation(make(t)).polynomial() if make is not sm.weights and p <= 2 and n <= 3 else None
        for k, b in enumerate(sizes):
            listed = moments(sgd, make(t), b, LIMIT)
            if listed is None:
                continue
            expected = listed[moment][0]
            where = f"{moment} of {make(t)} at b = {b}"
            yield Value("closed form", "at", where, at(b), expected)
            yield Value("closed form", "value", where, closed.value(t, b), expected)
            low, high = F(float(certified.lower[t, k])), F(float(certified.upper[t, k]))
            tight = high - low <= F(1, 10**9) * (abs(expected) + F(1, 10**9))
            yield Value("trajectory", "certified", where, low <= expected <= high and tight, True)
            error = abs(F(float(floats.values[t, k])) - expected)
            near = error <= F(1, 10**9) * (listed["second_moment"][0] + F(1, 10**3))
            yield Value("trajectory", "floats", where, near, True)
            if derived is not None:
                yield Value("derivation", "closure", where, derived(b), listed["second_moment"][0])
    yield from stability(draw, sgd, sizes)


def stability(draw: Draw, sgd: sm.SGD, sizes: list[int]) -> Iterator[Value]:
    """Whether second moments converge, by the spectral radius of E[(1 - αH) ⊗ (1 - αH)] over all batches, in floats."""
    X = np.array(sgd.model.X, dtype=float)
    basis = np.linalg.svd(X)[2][: np.linalg.matrix_rank(X)]
    if not len(basis):
        return
    rows = X @ basis.T
    for b in sizes:
        spans = product(range(len(rows)), repeat=b) if sgd.population is None else combinations(range(len(rows)), b)
        steps = [np.eye(len(basis)) - float(sgd.schedule(0)) * rows[list(s)].T @ rows[list(s)] / b for s in spans]
        radius = max(abs(np.linalg.eigvals(sum(np.kron(s, s) for s in steps) / len(steps))))
        if abs(radius - 1) > 1e-6:
            yield Value("stability", "is_stable", f"b = {b}", sgd.stability().is_stable(sgd.schedule(0), b), radius < 1)


def recurrences(draw: Draw, seed: str, number: int) -> Iterator[Value]:
    """The recurrence on graphs of a one-layer network with letters, at numbers, against listed Gaussian data."""
    rate = draw.rate()
    noise = draw.one_of(None, sm.Gaussian(), sm.Rademacher())
    outputs = draw.size(1, 2)
    model = sm.Network((1, outputs), data=draw.one_of(sm.Gaussian(), sm.Rademacher()), noise=noise)
    start = weights_of(draw, model)
    sgd = sm.SGD(model, rate, start)
    letters = sm.SGD(sm.Network(("p", "q"), data=model.data, noise=noise), rate)
    make = draw.one_of(sm.gradient, sm.full_gradient, sm.weights)
    found = letters.recurrence(make)
    for t in (0, 1, 2):
        for b in (1, 2):
            listed = moments(sgd, make(t), b, LIMIT)
            if listed is None:
                continue
            answer = found.at(t)
            u = {s: F(1, b) for s in answer.symbols if str(s) in ("u", "_u")}
            yield Value("recurrence on graphs", "at", f"{make(t)} at b = {b}", answer.substitute(u).evaluate(start),
                        listed["second_moment"][0])


def random_matrices(draw: Draw, seed: str, number: int) -> Iterator[Value]:
    """`sm.expectation` of products of traces of sign matrices, all of them listed."""
    n, p = draw.one_of((1, 2), (2, 2), (2, 1), (3, 1), (2, 3))
    X, C = sm.matrix("X", n, p), sm.matrix("C", p, p)
    c = draw.array(p, p)
    powers = [draw.size(1, 2) for _ in range(draw.size(1, 2))]
    outside = [draw.happens(0.5) for _ in powers]
    query = None
    for k, with_c in zip(powers, outside, strict=True):
        factor = sm.trace(C @ (X.T @ X) ** k) if with_c else sm.trace((X.T @ X) ** k)
        query = factor if query is None else query * factor
    law = draw.one_of(sm.Rademacher(), sm.Coordinates([F(1, 2) * (-1) ** k + F(1, 2) * 2**k for k in range(1, 13)]))
    points = (F(1), F(-1)) if isinstance(law, sm.Rademacher) else (F(2), F(-1))
    total = F(0)
    for entries in product(points, repeat=n * p):
        x = np.array(entries, dtype=object).reshape(n, p)
        value = F(1)
        for k, with_c in zip(powers, outside, strict=True):
            matrix = x.T @ x
            whole = matrix if k == 1 else matrix @ matrix
            value *= np.trace(c @ whole) if with_c else np.trace(whole)
        total += value
    answer = sm.expectation(query, {"X": sm.IndependentInit(law)})
    found = answer.evaluate({"C": c}) if hasattr(answer, "evaluate") else answer
    yield Value("expectation of random matrices", type(law).__name__, f"{n} x {p}, {powers}, {outside}", found,
                total / 2 ** (n * p))


CHECKS: tuple[Callable[[Draw, str, int], Iterator[Value]], ...] = (
    *[answers] * 5, random_starts, expansions, queries, long_run, recurrences, random_matrices)


def values(seed: str, number: int) -> Iterator[Value]:
    """What question `number` of a seed compares."""
    draw = Draw(f"check {seed}/{number}")
    yield from draw.one_of(*CHECKS)(draw, seed, number)
