"""Answers of the closure route: undo the steps one by one, then put in the initial weights.

E[q(w_t) | w_0] = (T_0 ... T_(t-1) q)(w_0): the operator acts on the observable, last step first, so that the
result is a polynomial in the initial weights, whether these are numbers, letters or random.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from fractions import Fraction
from math import comb
from typing import Any

import numpy as np
import sympy

from sgdmoments.budget import Budget, Monitor, ProgressCallback
from sgdmoments.errors import BudgetExceeded, InputError, RouteError
from sgdmoments.exact.backends.base import PolynomialBackend
from sgdmoments.exact.backends.choose import choose
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.exact.provenance import Provenance
from sgdmoments.exact.ring import Exponents, Polynomial, ring_of
from sgdmoments.models.initial import Init
from sgdmoments.models.letters import user_letters
from sgdmoments.models.quantities import Quantity
from sgdmoments.models.run import SGD, Given
from sgdmoments.routes.closure.observables import degree_of, observables
from sgdmoments.routes.closure.operator import StepOperator, VPolynomial, monomials
from sgdmoments.routes.closure.samples import SampleMoments, sample_gradient

#: A polynomial in v whose coefficients are scalars, constant first.
VScalar = list[Any]

RULES = ("P0, Lemma 3.1 (variance over one batch)", "P0, Theorem 3.2, corrected (one step of SGD)")


def is_linear_in_weights(sgd: SGD) -> bool:
    """Whether the gradient is linear in the weights, for a model whose dimensions are numbers."""
    if "linear" not in sgd.memo:
        sgd.memo["linear"] = not _bent(sgd)
    return bool(sgd.memo["linear"])


def applies(sgd: SGD, quantity: Quantity) -> str:
    """Why the route cannot answer; an empty text where it can."""
    if isinstance(quantity.step, sympy.Symbol):
        return "t is a letter; for a formula in t see closed_form"
    if any(isinstance(s, sympy.Symbol) for parameter in sgd.model.parameters for s in parameter.shape):
        return "the widths are letters; closure needs numbers"
    if getattr(sgd.model.data, "letter", None) is not None:
        return "the covariance of the data is a letter; closure needs a matrix"
    if any(isinstance(sgd.initial[parameter.name], Init) for parameter in sgd.model.teacher_parameters):
        return "the teacher is random; closure needs a fixed one"
    return "" if is_linear_in_weights(sgd) else "the gradient is not linear in the weights"


def estimate(sgd: SGD, quantity: Quantity, kind: str) -> dict[str, Any]:
    """The entries of the operator's matrix, of the table it acts on, and a rough time; nothing is run."""
    count = sum(int(parameter.size) for parameter in sgd.model.parameters)
    order = degree_of(quantity) * (1 if kind == "mean" else 2)
    size, steps = comb(count + order, order), int(quantity.step)
    table = size * ((order - 1) * steps + 1)
    return {"terms": max(size * size // 4, table), "seconds": 1e-8 * size * table * (steps + 1) + 1e-5 * size * size,
            "memory": 200 * size * size + 50 * table * (steps + 1)}


def moment(sgd: SGD, quantity: Quantity, kind: str, *, given: Given = "initial", arithmetic: str = "exact",
           budget: Budget | None = None, progress: ProgressCallback | None = None) -> Any:
    """The mean, second moment or variance of the quantity as a polynomial in u = 1/b.

    Args:
        kind: "mean", "second_moment" or "variance".
        given: for a variance with random initial weights; see `SGD.variance`.
        arithmetic: "exact", "fractions" (the readable oracle) or "float".
    """
    start = time.perf_counter()
    if isinstance(quantity.step, sympy.Symbol):
        raise RouteError("the closure route needs a number for t; for a formula in t see SGD.closed_form.")
    route = Route(sgd, quantity, kind, arithmetic, Monitor(budget, progress))
    parts = observables(sgd, route.operator, quantity)
    if kind == "mean":
        means = [route.at_start(route.pull_back([m])) for m in parts.means]
        answers = [route.polynomial(m, kind, start) for m in means]
        if parts.scalar:
            return answers[0]
        array = np.empty(len(answers), dtype=object)
        array[:] = answers
        return array
    square = route.pull_back(parts.square)
    if kind == "second_moment":
        return route.polynomial(route.at_start(square), kind, start)
    pulled = [route.pull_back([m]) for m in parts.means]
    return route.polynomial(route.variance(square, pulled, given), kind, start, given)


class Route:
    """One question on its way through the route."""

    def __init__(self, sgd: SGD, quantity: Quantity, kind: str, arithmetic: str, monitor: Monitor) -> None:
        self.sgd, self.quantity, self.monitor = sgd, quantity, monitor
        degree = degree_of(quantity)
        self.operator = operator_of(sgd, degree if kind == "mean" else 2 * degree, monitor.budget)
        parts = self.operator.parts()
        rates = [to_scalar(rate) for rate in sgd.schedule.rates(int(quantity.step))]
        symbolic = bool(quantity.symbols) or any(isinstance(r, Polynomial) for r in rates) or any(
            isinstance(entry, Polynomial) for by_v in parts for part in by_v for entry in part.values())
        self.backend: PolynomialBackend[Any, Any] = choose(arithmetic, symbolic)
        self._rates = rates
        self._steps: dict[tuple[Any, int], list[Any]] = {}

    def _matrices(self, rate: Any, size: int) -> list[Any]:
        """T for one learning rate on the first `size` monomials, by powers of v."""
        if (rate, size) not in self._steps:
            self._steps[rate, size] = [self.backend.combine([(rate**j, matrix) for j, matrix in terms])
                                       for terms in self._parts(size)]
        return self._steps[rate, size]

    def _parts(self, size: int) -> list[list[tuple[int, Any]]]:
        """For each power of v, the matrices of the powers j of the learning rate on the first monomials."""
        memo, key = self.sgd.memo, f"parts {self.operator.order} {size} {self.backend.name}"
        if key not in memo:
            by_rate = self.operator.parts()
            memo[key] = []
            for k in range(max(map(len, by_rate))):
                leading = [(j, {place: entry for place, entry in by_v[k].items() if place[0] < size})
                           for j, by_v in enumerate(by_rate) if k < len(by_v)]
                terms = [(j, self.backend.matrix(entries, size, size)) for j, entries in leading if entries]
                if terms:
                    memo[key].append(terms)
        return memo[key]

    def pull_back(self, observable: VPolynomial) -> list[dict[int, Any]]:
        """The coefficients of (T_0 ... T_(t-1) q) on the monomials of w_0, by powers of v."""
        operator, backend = self.operator, self.backend
        count = len(operator.gradient.weights)
        rows = [{operator.index[e]: c for e, c in operator.collect(part).items()} for part in observable]
        degree = max((sum(operator.basis[i]) for row in rows for i in row), default=0)
        size = len(monomials(count, degree))
        table = backend.table(rows, size)
        steps = len(self._rates)
        for done, rate in enumerate(reversed(self._rates)):
            self.monitor.update("undoing steps", done, steps, size * (done + 1), f"t = {done}")
            table = backend.add_shifted([backend.multiply(table, matrix) for matrix in self._matrices(rate, size)])
        return backend.rows(table)

    def at_start(self, rows: list[dict[int, Any]]) -> VScalar:
        """The mean over the initial weights of each row's polynomial."""
        wanted = {i for row in rows for i in row}
        values = initial_moments(self.sgd, [self.operator.basis[i] for i in sorted(wanted)],
                                 self.quantity)
        exact = self.backend.name != "float"
        result = []
        for row in rows:
            total: Any = Fraction(0) if exact else 0.0
            for i, c in row.items():
                value = values[self.operator.basis[i]]
                total = total + c * (value if exact else float(value))
            result.append(total)
        return result or [Fraction(0)]

    def variance(self, square: list[dict[int, Any]], means: list[list[dict[int, Any]]], given: Given) -> VScalar:
        """E||q||^2 minus the squared mean: the mean given w_0, or the mean over w_0 too."""
        random = any(isinstance(value, Init) for value in self.sgd.initial.values())
        if random and given == "initial":
            squared = self.at_start(self._sum_of_squares(means))
        else:
            squared = []
            for rows in means:
                squared = _plus(squared, _times(*[self.at_start(rows)] * 2))
        result = _plus(self.at_start(square), [-c for c in squared])
        if self.backend.name == "float" and not (random and given == "nothing"):
            result[0] = 0.0  # at v = 0 nothing is random given w_0: what is left there is rounding
        return result

    def _sum_of_squares(self, means: list[list[dict[int, Any]]]) -> list[dict[int, Any]]:
        """The rows of sum_r E[q_r | w_0]^2, a polynomial of twice the degree."""
        basis, index = self.operator.basis, self.operator.index
        total: list[dict[int, Any]] = []
        for rows in means:
            for d1, first in enumerate(rows):
                for d2, second in enumerate(rows):
                    while len(total) <= d1 + d2:
                        total.append({})
                    target = total[d1 + d2]
                    for i, a in first.items():
                        for j, b in second.items():
                            k = index[tuple(x + y for x, y in zip(basis[i], basis[j], strict=True))]
                            target[k] = target[k] + a * b if k in target else a * b
        return total

    def polynomial(self, entries: VScalar, kind: str, start: float, given: Given = "initial") -> BatchPolynomial:
        """The answer in powers of u, with its receipt."""
        n = self.sgd.population
        random = any(isinstance(value, Init) for value in self.sgd.initial.values())
        condition = "" if kind != "variance" else (
            ", total (over the initial weights too)" if random and given == "nothing"
            else ", given the initial weights" + ", averaged over them" * random)
        receipt = Provenance(
            question=f"{kind.replace('_', ' ')} of {self.quantity}{condition}",
            route="closure", reason="the gradient is linear in the weights",
            conventions=("loss with the factor 1/2", "batch gradient = mean over the batch",
                         "variance = trace of the covariance",
                         f"sampling {self.sgd.sampling.replace('_', ' ')}"),
            sizes=(("monomials", self.operator.size), ("steps", int(self.quantity.step)),
                   ("degree", len(entries) - 1), ("arithmetic", self.backend.name)),
            rules=RULES, seconds=time.perf_counter() - start)
        if n is None:
            return BatchPolynomial(tuple(entries), None, provenance=receipt)
        return BatchPolynomial.from_cb(entries, n, receipt)


def initial_moments(sgd: SGD, exponents: Sequence[Exponents], quantity: Quantity | None = None) -> dict[Exponents, Any]:
    """E[w_0^e], arrays of different names being independent.

    Weights left open are letters, with names that the symbols of the problem and the question do not bear.
    """
    values: dict[Exponents, Any] = {e: Fraction(1) for e in exponents}
    start = 0
    for parameter in sgd.model.parameters:
        stop = start + int(parameter.size)
        initial = sgd.initial[parameter.name]
        if initial is None:
            initial = user_letters(parameter, sgd.symbols(quantity))
        flat = None if isinstance(initial, Init) else [to_scalar(entry) for entry in initial.flat]
        for e in exponents:
            factor: Any = Fraction(1)
            if isinstance(initial, Init):
                factor = to_scalar(initial.moment(e[start:stop]))
            elif flat is not None:
                for value, power in zip(flat, e[start:stop], strict=True):
                    if power:
                        factor = factor * value**power
            values[e] = values[e] * factor
        start = stop
    return values


def gradient_of(sgd: SGD) -> Any:
    """The per-sample gradient of the model in component form, kept with the SGD object."""
    cache = sgd.memo
    if "gradient" not in cache:
        teacher = {}
        for parameter in sgd.model.teacher_parameters:
            value = sgd.initial[parameter.name]
            if isinstance(value, Init):
                raise RouteError(f"{parameter.name} is random; the closure route needs a fixed teacher.")
            teacher[parameter.name] = user_letters(parameter, sgd.symbols()) if value is None else value
        cache["gradient"] = sample_gradient(sgd.model, teacher)
    return cache["gradient"]


def operator_of(sgd: SGD, order: int, budget: Budget) -> StepOperator:
    """The operator of the given order, kept with the SGD object."""
    key = f"operator {order}"
    if key not in sgd.memo:
        count = sum(int(parameter.size) for parameter in sgd.model.parameters)
        size = comb(count + order, order)
        if budget.terms is not None and size * size > 4 * budget.terms:
            raise BudgetExceeded(
                f"closure of order {order} for {count} weights: a matrix of {size:,} x {size:,} entries is over the "
                f"budget of {4 * budget.terms:,} entries.", {"terms": size * size},
                "the mean (order 1), or fewer features, or budget=Budget(terms=...).")
        if "moments" not in sgd.memo:
            sgd.memo["moments"] = SampleMoments(sgd.model)
        sgd.memo[key] = StepOperator(gradient_of(sgd), sgd.memo["moments"], sgd.population, order)
    return sgd.memo[key]


def _bent(sgd: SGD) -> bool:
    """A quick exact test at three points in a line: a linear prediction has no second difference."""
    rng = np.random.default_rng(0)
    x = _integers(rng, (int(sgd.model.parameters[0].shape[-1]),))
    base = {p.name: _integers(rng, tuple(map(int, p.shape))) for p in sgd.model.parameters}
    step = {p.name: _integers(rng, tuple(map(int, p.shape))) for p in sgd.model.parameters}
    values = [sgd.model.predict({k: base[k] + m * step[k] for k in base}, x) for m in range(3)]
    difference = values[0] - 2 * values[1] + values[2]
    return any(not _vanishes(entry) for entry in difference)


def _integers(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    array = np.empty(shape, dtype=object)
    array[...] = np.vectorize(Fraction, otypes=[object])(rng.integers(1, 1000, size=shape))
    return array


def _vanishes(entry: Any) -> bool:
    return sympy.expand(entry) == 0 if isinstance(entry, sympy.Basic) else entry == 0


def to_scalar(value: Any) -> Any:
    """A Fraction, or a ring element where the value has symbols."""
    if isinstance(value, (Fraction, Polynomial)):
        return value
    try:
        return ring_of([value])(value)
    except InputError:
        raise InputError(f"{value} is not a polynomial in its symbols; give a name to each quotient in it.") from None


def _plus(a: VScalar, b: VScalar) -> VScalar:
    short, long = sorted((a, b), key=len)
    return [x + y for x, y in zip(short, long, strict=False)] + long[len(short):]


def _times(a: VScalar, b: VScalar) -> VScalar:
    product: VScalar = [Fraction(0)] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            product[i + j] = product[i + j] + x * y
    return product
