"""Answers of the closure route: undo the steps one by one, then put in the initial weights.

E[q(w_t) | w_0] = (T_0 ... T_(t-1) q)(w_0): the operator acts on the observable, last step first, so that the
result is a polynomial in the initial weights, whether these are numbers, letters or random.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from sgdmoments.budget import Budget, Monitor, ProgressCallback
from sgdmoments.describe.array import Array, arrays_of
from sgdmoments.describe.initial import is_random
from sgdmoments.describe.letters import user_letters
from sgdmoments.describe.model import Model, as_array, no_loss
from sgdmoments.describe.quantities import Given, Quantity
from sgdmoments.describe.run import Run
from sgdmoments.errors import RouteError
from sgdmoments.exact.backends.choose import ARITHMETICS
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.exact.provenance import Provenance
from sgdmoments.exact.ring import Polynomial
from sgdmoments.exact.univariate import product
from sgdmoments.reading import read_choice
from sgdmoments.recursion.initial_moments import VScalar, to_scalar
from sgdmoments.recursion.sample_moments import SampleMoments, sample_gradient
from sgdmoments.routes.closure.derivatives import Derivatives
from sgdmoments.routes.closure.matrices import Matrices
from sgdmoments.routes.closure.observables import Observables, degree_of, observables
from sgdmoments.routes.closure.operator import StepOperator, VPolynomial
from sgdmoments.routes.closure.sizes import estimate, nearest, require_operator

RULES = ("P0, Lemma 3.1 (variance over one batch)", "P0, Theorem 3.2, corrected (one step of SGD)")


def is_linear_in_weights(sgd: Run) -> bool:
    """Whether the gradient is linear in the weights, for a model whose dimensions are numbers."""
    if "linear" not in sgd.memo:
        sgd.memo["linear"] = not _bent(sgd)
    return bool(sgd.memo["linear"])


def applies(sgd: Run, quantity: Quantity) -> str:
    """Why the route cannot answer; an empty text where it can."""
    if isinstance(quantity.step, sympy.Symbol):
        return "t is a letter; for a formula in t see closed_form"
    if sgd.model.has_letter_shapes or sgd.model.law.dimension is None:
        return "the widths are letters; closure needs numbers"
    if sgd.model.law.has_letter:
        return "the covariance of the data is a letter; closure needs a matrix"
    if any(is_random(sgd.initial[parameter.name]) for parameter in sgd.model.constants):
        return "the teacher is random; closure needs a fixed one"
    if len(sgd.model.law.factors) > 1 and not sgd.batches.independent:
        return ("the labels of a finite data set are noisy, and batches are drawn without replacement: the points are "
                "not independent but their noise is, so that one batch has no moments in c_b alone")
    if quantity.kind == "loss" and not sgd.model.has_loss:
        return no_loss(sgd.model)
    if quantity.kind == "loss" and sgd.model.has_direction and not _loss_is_quadratic(sgd.model):
        return "the loss is not quadratic in the weights"
    return "" if is_linear_in_weights(sgd) else "the gradient is not linear in the weights"


def moment(sgd: Run, quantity: Quantity, kind: str, *, given: Given = "initial", arithmetic: str = "exact",
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
    read_choice(arithmetic, "arithmetic", ARITHMETICS)
    monitor = Monitor(budget, progress)
    monitor.require(f"closure: the {kind.replace('_', ' ')} of {quantity}", estimate(sgd, quantity, kind),
                    lambda: nearest(sgd, quantity, kind, monitor.budget))
    with monitor:
        route = Route(sgd, quantity, kind, arithmetic, monitor)
        if kind == "mean":
            answers = [route.polynomial(route.moment([m]), kind, start) for m in route.parts.means]
            if route.parts.scalar:
                return answers[0]
            array = np.empty(len(answers), dtype=object)
            array[:] = answers
            return array
        if kind == "second_moment":
            return route.polynomial(route.moment(route.parts.square), kind, start)
        return route.polynomial(route.variance(given), kind, start, given)


class Route:
    """One question on its way through the route."""

    def __init__(self, sgd: Run, quantity: Quantity, kind: str, arithmetic: str, monitor: Monitor) -> None:
        self.sgd, self.quantity = sgd, quantity
        degree = degree_of(quantity)
        self.operator = operator_of(sgd, degree if kind == "mean" else 2 * degree, monitor.budget)
        self.parts = observables(sgd, self.operator, quantity)
        rates = [to_scalar(rate) for rate in sgd.schedule.rates(int(quantity.step))]
        self.engine: Derivatives | Matrices = (
            Derivatives(sgd, self.operator, rates, quantity, monitor)
            if arithmetic == "exact" and _without_matrix(self.operator, self.parts, rates)
            else Matrices(sgd, self.operator, rates, quantity, arithmetic, monitor))

    def moment(self, observable: VPolynomial) -> VScalar:
        """E[q(w_t)] over the initial weights."""
        return self.engine.at_start(self.engine.pull_back(observable))

    def variance(self, given: Given) -> VScalar:
        """E||q||^2 minus the squared mean: the mean given w_0, or the mean over w_0 too."""
        random = self.sgd.starts_at_random
        means = [self.engine.pull_back([m]) for m in self.parts.means]
        if random and given == "initial":
            squared = self.engine.at_start(self.engine.sum_of_squares(means))
        else:
            squared = []
            for rows in means:
                squared = _plus(squared, _times(*[self.engine.at_start(rows)] * 2))
        result = _plus(self.moment(self.parts.square), [-c for c in squared])
        if self.engine.name == "float" and not (random and given == "nothing"):
            result[0] = 0.0  # at v = 0 nothing is random given w_0: what is left there is rounding
        return result

    def polynomial(self, entries: VScalar, kind: str, start: float, given: Given = "initial") -> BatchPolynomial:
        """The answer in powers of u, with its receipt."""
        random = self.sgd.starts_at_random
        condition = "" if kind != "variance" else (
            ", total (over the initial weights too)" if random and given == "nothing"
            else ", given the initial weights" + ", averaged over them" * random)
        receipt = Provenance(
            question=f"{kind.replace('_', ' ')} of {self.quantity}{condition}",
            route="closure", reason="the gradient is linear in the weights",
            conventions=("loss with the factor 1/2", "batch gradient = mean over the batch",
                         "variance = trace of the covariance",
                         f"sampling {self.sgd.batches.words}"),
            sizes=(("monomials", self.operator.size), ("steps", int(self.quantity.step)),
                   ("degree", len(entries) - 1), ("arithmetic", self.engine.name)),
            rules=RULES)
        result = self.sgd.batches.polynomial(entries, receipt)
        return replace(result, provenance=replace(receipt, seconds=time.perf_counter() - start))


def gradient_of(sgd: Run) -> Any:
    """The per-sample gradient of the model in component form, kept with the SGD object."""
    cache = sgd.memo
    if "gradient" not in cache:
        constants = {}
        for parameter in sgd.model.constants:
            value = sgd.initial[parameter.name]
            if is_random(value):
                raise RouteError(f"{parameter.name} is random; the closure route needs a fixed teacher.")
            constants[parameter.name] = user_letters(parameter, sgd.symbols()) if value is None else value
        cache["gradient"] = sample_gradient(sgd.model, constants)
    return cache["gradient"]


def operator_of(sgd: Run, order: int, budget: Budget) -> StepOperator:
    """The operator of the given order, kept with the SGD object."""
    key = f"operator {order}"
    if key not in sgd.memo:
        require_operator(sgd, order, budget)
        if "moments" not in sgd.memo:
            sgd.memo["moments"] = SampleMoments(sgd.model.law)
        sgd.memo[key] = StepOperator(gradient_of(sgd), sgd.memo["moments"], sgd.batches, order)
    return sgd.memo[key]


def _without_matrix(operator: StepOperator, parts: Observables, rates: Sequence[Any]) -> bool:
    """Whether the steps are undone by derivatives: with letters, and where the monomials outnumber the steps."""
    letters = len(operator.ring.generators) > len(operator.gradient.weights) or any(
        isinstance(rate, Polynomial) for rate in rates) or any(
        len(part.ring.generators) > len(operator.gradient.weights) for part in (*parts.means, *parts.square))
    return letters or operator.size > 4 * len(rates)


def _bent(sgd: Run) -> bool:
    """What the model says, or a quick exact test at points in a line: a linear map has no second difference."""
    model = sgd.model
    if model.has_direction:
        moves = _along_a_line(model, model.direction, 3)
        return any(not _vanishes(entry) for array in model.parameters
                   for entry in np.ravel(moves[0][array.name] - 2 * moves[1][array.name] + moves[2][array.name]))
    if not model.predicts:
        return not _loss_is_quadratic(model)
    if model.affine is not None:
        return not model.affine
    f, g, h = map(as_array, _along_a_line(model, model.predict, 3))
    return any(not _vanishes(entry) for entry in (f - 2 * g + h).flat)


def _loss_is_quadratic(model: Model) -> bool:
    """Whether the loss has no third difference along a line, exactly."""
    a, b, c, d = _along_a_line(model, model.loss, 4)
    return _vanishes(d - 3 * c + 3 * b - a)


def _along_a_line(model: Model, method: Any, points: int) -> list[Any]:
    """What a method gives at weights in a line of random integers, for one random sample."""
    rng = np.random.default_rng(0)
    constants, sample = (arrays_of(arrays, _integers(rng, arrays)) for arrays in (model.constants, model.law.parts))
    base, step = _integers(rng, model.parameters), _integers(rng, model.parameters)
    return [method(arrays_of(model.parameters, base + m * step), constants, sample) for m in range(points)]


def _integers(rng: np.random.Generator, arrays: Sequence[Array]) -> np.ndarray[Any, Any]:
    size = sum(int(array.size) for array in arrays)
    return np.array([Fraction(int(k)) for k in rng.integers(1, 1000, size=size)], dtype=object)


def _vanishes(entry: Any) -> bool:
    return sympy.expand(entry) == 0 if isinstance(entry, sympy.Basic) else bool(entry == 0)


def _plus(a: VScalar, b: VScalar) -> VScalar:
    short, long = sorted((a, b), key=len)
    return [x + y for x, y in zip(short, long, strict=False)] + long[len(short):]


def _times(a: VScalar, b: VScalar) -> VScalar:
    if all(isinstance(x, Fraction) for x in (*a, *b)):
        return list(product(a, b))
    total: VScalar = [Fraction(0)] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            total[i + j] = total[i + j] + x * y
    return total
