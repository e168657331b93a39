"""The components route: the whole polynomial at explicit small dimensions.

E q(w_t) by polynomial arithmetic in components: every weight is a polynomial in the batch statistics of the steps
before, and the statistics' joint moments are polynomials in u.

Source: Theorems 3.6 to 3.9 (P0).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

from sgdmoments.budget import Budget, Monitor
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.exact.ring import Polynomial
from sgdmoments.recursion import components
from sgdmoments.recursion.backward import expectation
from sgdmoments.recursion.components import Problem, read
from sgdmoments.recursion.own_step import conditional_moments
from sgdmoments.recursion.term_count import problem_size
from sgdmoments.routes.base import Asked, Options, Route
from sgdmoments.routes.components.across import AcrossSteps
from sgdmoments.routes.components.moments import OwnStepMoments
from sgdmoments.routes.components.sizes import is_small, predict, setup_seconds, unread

RULES = ("P0, Theorem 3.6 (expectation over one batch)", "P0, Theorem 3.7 (one step of SGD)",
         "P0, Theorem 3.8 (recursion to the initial weights)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentsOptions(Options):
    """Options of the components route, beside those of every route: given, budget, progress.

    Attributes:
        executor: any `concurrent.futures` executor: the expectations of the components are spread over it.
    """

    executor: Executor | None = None


class Components(Route[ComponentsOptions]):
    """Whole polynomials at the first steps, of models whose dimensions are small numbers.

    >>> import sgdmoments as sm
    >>> start = {"W1": [[1]], "W2": [[1]], "W1*": [[1]], "W2*": [[2]]}
    >>> sgd = sm.SGD(sm.Network((1, 1, 1)), learning_rate="1/10", initial=start)
    >>> sgd.variance(sm.gradient(0, layer=1), route="components").coefficients
    (Fraction(0, 1), Fraction(2, 1))
    """

    name = "components"
    Options = ComponentsOptions

    def why_not(self, sgd: Run, quantity: Quantity) -> str:
        """Why the question cannot be put in component form."""
        return components.applies(sgd, quantity)

    def needs(self, asked: Asked[ComponentsOptions]) -> dict[str, Any]:
        """Terms, a bound of the degree in 1/b, seconds, memory; a small problem is read for it, and counted."""
        sgd, quantity, moment = asked.sgd, asked.quantity, asked.moment
        size = problem_size(sgd)
        if quantity.kind == "combination" or not is_small(sgd, size, quantity):
            return unread(sgd, size, quantity, moment).as_dict()
        problem = read(sgd, quantity)
        square, means = conditional_moments(problem, moment)
        found = predict(problem, means if moment == "mean" else [square], moment)
        return replace(found, setup=found.setup + setup_seconds(sgd, size)).as_dict()

    def nearest(self, asked: Asked[ComponentsOptions], budget: Budget) -> str:
        """The last step that is affordable, or the first coefficients."""
        last = self.earlier(asked, budget)
        if last is None:
            return "route='expansion' for the first coefficients in 1/b."
        return f"the same at t = {last}, or route='expansion' for the first coefficients at this t."

    def prepare(self, asked: Asked[ComponentsOptions], monitor: Monitor) -> WholeMoments | AcrossSteps:
        """The problem written out and the quantity squared, then refused where what is to come is too much."""
        problem = read(asked.sgd, asked.quantity, monitor, "route='expansion' for the first coefficients in 1/b.")
        if asked.quantity.kind == "combination":
            self.require(asked, monitor)
            return AcrossSteps(asked, problem, monitor)
        moments = WholeMoments(asked, problem, monitor)
        self.require(asked, monitor, moments.sizes.as_dict())
        return moments


class WholeMoments(OwnStepMoments):
    """Steps undone whole."""

    def __init__(self, asked: Asked[ComponentsOptions], problem: Problem, monitor: Monitor) -> None:
        super().__init__(asked, problem)
        self.monitor = monitor
        targets = [*([] if asked.moment == "mean" else [self.square()]), *self.means()]
        self.sizes = predict(problem, targets, asked.moment)

    def back(self, observables: Sequence[Polynomial]) -> list[Polynomial]:
        problem, middle, monitor = self.problem, self.sizes.middle, self.monitor
        executor = self.asked.options.executor
        if executor is None:
            return [expectation(problem, observable, middle, monitor) for observable in observables]
        pending = [executor.submit(_one, problem, observable, middle, monitor.budget) for observable in observables]
        values = []
        for done, future in enumerate(pending):
            values.append(future.result())
            monitor.update("components", done + 1, len(pending), len(values[-1]))
        return values

    def polynomial(self, value: Polynomial) -> BatchPolynomial:
        problem, sizes = self.problem, self.sizes
        return self.whole(value, (("predicted terms", sizes.terms), ("statistics", len(problem.statistics)),
                                  ("weights", len(problem.state)), ("forward steps", sizes.middle)), RULES)


def _one(problem: Problem, target: Polynomial, middle: int, budget: Budget) -> Polynomial:
    with Monitor(budget) as monitor:
        return expectation(problem, target, middle, monitor)
