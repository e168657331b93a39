"""The closure route: undo the steps one by one, then put in the initial weights.

E[q(w_t) | w_0] = (T_0 ... T_(t-1) q)(w_0): the operator acts on the observable, last step first, so that the
result is a polynomial in the initial weights, whether these are numbers, letters or random.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sgdmoments.budget import Budget, Monitor
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.exact.backends.choose import ARITHMETICS
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.exact.provenance import Provenance
from sgdmoments.exact.ring import Polynomial
from sgdmoments.exact.univariate import product
from sgdmoments.reading import read_choice
from sgdmoments.recursion.initial_moments import VScalar
from sgdmoments.recursion.steps import StateStep, state_steps
from sgdmoments.routes.assemble import Moments
from sgdmoments.routes.base import Asked, Options, Route
from sgdmoments.routes.closure import linear, sizes
from sgdmoments.routes.closure.derivatives import Derivatives
from sgdmoments.routes.closure.kept import RULES, operator_of
from sgdmoments.routes.closure.matrices import Matrices
from sgdmoments.routes.closure.observables import Observables, degree_of, observables
from sgdmoments.routes.closure.operator import StepOperator, VPolynomial


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureOptions(Options):
    """Options of the closure route, beside those of every route: given, budget, progress.

    Attributes:
        arithmetic: "exact", "fractions" (the readable oracle) or "float".
    """

    arithmetic: str = "exact"

    def __post_init__(self) -> None:
        Options.__post_init__(self)
        read_choice(self.arithmetic, "arithmetic", ARITHMETICS)


class Closure(Route[ClosureOptions]):
    """Whole polynomials at any step, of models linear in their weights."""

    name = "closure"
    Options = ClosureOptions

    def why_not(self, sgd: Run, quantity: Quantity) -> str:
        """Why the moments of the model do not close, or its dimensions are letters."""
        return linear.why_not(sgd, quantity)

    def needs(self, asked: Asked[ClosureOptions]) -> dict[str, Any]:
        """Terms held at once, seconds and bytes."""
        return sizes.estimate(asked.sgd, asked.quantity, asked.moment)

    def nearest(self, asked: Asked[ClosureOptions], budget: Budget) -> str:
        """The last step that is affordable, in words."""
        last = self.earlier(asked, budget)
        if last is None:
            return "the mean (order 1), or fewer features, or route='components' at t = 0."
        return (f"the same at t = {last}; sgd.trajectory gives every step up to {asked.quantity.step} in certified "
                "balls, sgd.closed_form a formula in t.")

    def prepare(self, asked: Asked[ClosureOptions], monitor: Monitor) -> ClosureMoments:
        """The operator of the order that the question needs, and a way to undo steps with it."""
        self.require(asked, monitor)
        return ClosureMoments(asked, monitor)


class ClosureMoments(Moments[VPolynomial, tuple[Any, ...], VScalar]):
    """Observables are polynomials in w_t by powers of v; values coefficients of powers of v.

    A state is what the engine makes of an observable, for a spread with another one that is to be subtracted.
    """

    def __init__(self, asked: Asked[ClosureOptions], monitor: Monitor) -> None:
        self.asked = asked
        sgd, quantity = asked.sgd, asked.quantity
        order = degree_of(quantity) * (1 if asked.moment == "mean" else 2)
        self.operator = operator_of(sgd, order, monitor.budget, quantity)
        self.parts = observables(sgd, self.operator, quantity)
        self.scalar = self.parts.scalar
        steps = state_steps(sgd, quantity)
        self.engine: Derivatives | Matrices = (
            Derivatives(sgd, self.operator, steps, quantity, monitor)
            if asked.options.arithmetic == "exact" and _without_matrix(self.operator, self.parts, steps)
            else Matrices(sgd, self.operator, steps, quantity, asked.options.arithmetic, monitor))

    def means(self) -> list[VPolynomial]:
        return [[mean] for mean in self.parts.means]

    def square(self) -> VPolynomial:
        return self.parts.square

    def back(self, observables: Sequence[VPolynomial]) -> Iterable[tuple[Any, ...]]:
        return ((self.engine.pull_back(observable),) for observable in observables)

    def at_start(self, state: tuple[Any, ...]) -> VScalar:
        first, *subtracted = map(self.engine.at_start, state)
        return _minus(first, *subtracted)

    def spread(self, square: tuple[Any, ...], means: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
        return (*square, self.engine.sum_of_squares([mean for mean, in means]))

    def spread_of_values(self, square: VScalar, means: Sequence[VScalar]) -> VScalar:
        squares: VScalar = []
        for mean in means:
            squares = _plus(squares, _times(mean, mean))
        return _minus(square, squares)

    def polynomial(self, value: VScalar) -> BatchPolynomial:
        """The answer in powers of u, with its receipt."""
        asked, random = self.asked, self.asked.sgd.starts_at_random
        total = random and asked.options.given == "nothing"
        condition = ""
        if asked.moment == "variance":
            condition = ", total (over the initial weights too)" if total else (
                ", given the initial weights" + ", averaged over them" * random)
            if self.engine.name == "float" and not total:
                value = [0.0, *value[1:]]  # at v = 0 nothing is random given w_0: what is left there is rounding
        return asked.sgd.batches.polynomial(value, Provenance(
            question=f"{asked.moment.replace('_', ' ')} of {asked.quantity}{condition}",
            route="closure",
            conventions=("loss with the factor 1/2", "batch gradient = mean over the batch",
                         "variance = trace of the covariance",
                         f"sampling {asked.sgd.batches.words}"),
            sizes=(("monomials", self.operator.size), ("steps", int(asked.quantity.step)),
                   ("degree", len(value) - 1), ("arithmetic", self.engine.name)),
            rules=RULES))


def _without_matrix(operator: StepOperator, parts: Observables, steps: Sequence[StateStep]) -> bool:
    """Whether the steps are undone by derivatives: with letters, and where the monomials outnumber the steps."""
    letters = len(operator.ring.generators) > len(operator.state) or any(
        isinstance(c, Polynomial) for step in set(steps) for c in step.coefficients) or any(
        len(part.ring.generators) > len(operator.state) for part in (*parts.means, *parts.square))
    return letters or operator.size > 4 * len(steps)


def _plus(a: VScalar, b: VScalar) -> VScalar:
    short, long = sorted((a, b), key=len)
    return [x + y for x, y in zip(short, long, strict=False)] + long[len(short):]


def _minus(a: VScalar, *subtracted: VScalar) -> VScalar:
    for b in subtracted:
        a = _plus(a, [-c for c in b])
    return a


def _times(a: VScalar, b: VScalar) -> VScalar:
    if all(isinstance(x, Fraction) for x in (*a, *b)):
        return list(product(a, b))
    total: VScalar = [Fraction(0)] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            total[i + j] = total[i + j] + x * y
    return total
