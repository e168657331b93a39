"""The expansion route: the first coefficients in 1/b at any step.

For order 1 the variance is u (tr Sigma_q(v_t) + tr(A C_t A^T)) + O(u^2): Sigma_q the covariance of the quantity over
one sample at the noiseless weights v_t, A its Jacobian there, and C_t the covariance of the weights,
C_(t+1) = (I - alpha H) C_t (I - alpha H)^T + alpha^2 Sigma_g. Higher orders carry the cumulants of the weights up to
order + 1 and the correction of their mean.

Source: Theorems 3.8 and 3.9 (P0), restricted to the first powers of 1/b.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import flint
import numpy as np

from sgdmoments.budget import Budget, Monitor, allows
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.errors import InputError
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.exact.provenance import Provenance
from sgdmoments.exact.ring import Polynomial
from sgdmoments.options import LARGEST_ORDER
from sgdmoments.reading import read_choice, read_integer
from sgdmoments.recursion import components
from sgdmoments.recursion.components import Problem, in_inverse_batch, read
from sgdmoments.routes.base import Asked, Options, Prepared, Route
from sgdmoments.routes.components.moments import CONVENTIONS, OwnStepMoments
from sgdmoments.routes.expansion.balls import first_variance
from sgdmoments.routes.expansion.cumulants import expansion
from sgdmoments.routes.expansion.sizes import estimate
from sgdmoments.routes.expansion.truncated import expansions

RULES = ("P0, Theorem 3.8 (recursion to the initial weights), truncated in 1/b",
         "cumulants of a batch mean: the k-th is O(b^(1-k))")
#: The coefficient after the last one is computed too where that is predicted to take at most so many seconds.
SECONDS_FOR_NEXT = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpansionOptions(Options):
    """Options of the expansion route, beside those of every route: given, budget, progress.

    Attributes:
        inverse_batch_order: the highest power of 1/b that is kept, at least 1.
        arithmetic: "exact" (rationals, or letters: truncated polynomials); "float" (cumulant arrays: hundreds of
            weights at order 1, tens at 2 and 3); "balls" (certified enclosures; the variance at order 1).
    """

    inverse_batch_order: int = 1
    arithmetic: str = "exact"

    def __post_init__(self) -> None:
        Options.__post_init__(self)
        read_integer(self.inverse_batch_order, "inverse_batch_order", 1, "the order in 1/b is an integer >= 1",
                     LARGEST_ORDER)
        read_choice(self.arithmetic, "arithmetic", ("exact", "float", "balls"))


class Expansion(Route[ExpansionOptions]):
    """The coefficients of u^0, ..., u^K at any step, of models with numbers; with the next one where it is cheap.

    >>> import sgdmoments as sm
    >>> start = {"W1": [[1]], "W2": [[1]], "W1*": [[1]], "W2*": [[2]]}
    >>> sgd = sm.SGD(sm.Network((1, 1, 1)), learning_rate="1/10", initial=start)
    >>> sgd.variance(sm.gradient(2), inverse_batch_order=1).coefficients[1] == (
    ...     sgd.variance(sm.gradient(2), route="components").coefficients[1])
    True
    """

    name = "expansion"
    whole = False
    Options = ExpansionOptions

    def why_not(self, sgd: Run, quantity: Quantity) -> str:
        """Why the question cannot be put in component form, or its batches are no independent draws."""
        if quantity.kind == "combination":
            return "it expands one quantity, not a combination of several"
        return components.applies(sgd, quantity) or (
            "" if sgd.batches.independent else
            "batches are drawn without replacement, where every cumulant of a batch mean has a term linear in c_b, so "
            "that the first coefficient needs all of them")

    def needs(self, asked: Asked[ExpansionOptions]) -> dict[str, Any]:
        """Terms (monomials of the truncated state, or entries of the largest array), seconds, memory."""
        order, arithmetic = asked.options.inverse_batch_order, asked.options.arithmetic
        return estimate(asked.sgd, asked.quantity, asked.moment, order, arithmetic)

    def nearest(self, asked: Asked[ExpansionOptions], budget: Budget) -> str:
        """Floats, a lower order, fewer weights."""
        if asked.options.inverse_batch_order > 1:
            return "inverse_batch_order=1 in floats (arithmetic='float')"
        return "arithmetic='float'" if asked.options.arithmetic != "float" else "a smaller network"

    def prepare(self, asked: Asked[ExpansionOptions], monitor: Monitor) -> Truncated | InFloats:
        """The problem in component form."""
        order = asked.options.inverse_batch_order
        if asked.options.arithmetic == "balls" and (order != 1 or asked.moment != "variance"):
            raise InputError("arithmetic='balls' is there for the variance at order 1; use 'exact' or 'float' for "
                             f"the {asked.moment} at order {order}.")
        self.require(asked, monitor)
        problem = read(asked.sgd, asked.quantity, monitor, "a smaller network.")
        last = order + self._next_is_cheap(asked, monitor.budget)
        return _IN[asked.options.arithmetic](asked, problem, last, monitor)

    def _next_is_cheap(self, asked: Asked[ExpansionOptions], budget: Budget) -> bool:
        """Whether one coefficient more is predicted to cost next to nothing, within the budget."""
        if asked.options.arithmetic == "balls":
            return False
        more = replace(asked.options, inverse_batch_order=asked.options.inverse_batch_order + 1)
        needs = self.needs(replace(asked, options=more))
        return needs["seconds"] <= SECONDS_FOR_NEXT and allows(budget, needs)


class Truncated(OwnStepMoments):
    """In exact arithmetic: steps undone up to a power of u."""

    def __init__(self, asked: Asked[ExpansionOptions], problem: Problem, last: int, monitor: Monitor) -> None:
        super().__init__(asked, problem)
        self.last, self.monitor = last, monitor

    def back(self, observables: Sequence[Polynomial]) -> list[Polynomial]:
        return expansions(self.problem, observables, self.last, self.monitor)

    def polynomial(self, value: Polynomial) -> BatchPolynomial:
        return _polynomial(self.asked, self.problem, self.last, in_inverse_batch(value))


class InFloats(Prepared):
    """In doubles: sums over cumulants, of their own for each moment (a difference of two would lose digits)."""

    def __init__(self, asked: Asked[ExpansionOptions], problem: Problem, last: int, monitor: Monitor) -> None:
        self.asked, self.problem, self.last, self.monitor, self.scalar = asked, problem, last, monitor, problem.scalar

    def values(self) -> Iterable[Sequence[Any]]:
        rows = expansion(self.problem, self.asked.moment, self.last, self.monitor)
        return [[float(x) for x in row] for row in np.atleast_2d(rows)]

    def polynomial(self, value: Sequence[Any]) -> BatchPolynomial:
        return _polynomial(self.asked, self.problem, self.last, value)


class InBalls(InFloats):
    """In enclosures: the first coefficient of a variance."""

    def values(self) -> Iterable[Sequence[Any]]:
        return [[flint.arb(0), first_variance(self.problem, self.monitor)]]


_IN: dict[str, type[Truncated | InFloats]] = {"exact": Truncated, "float": InFloats, "balls": InBalls}


def _polynomial(asked: Asked[ExpansionOptions], problem: Problem, last: int, value: Sequence[Any]) -> BatchPolynomial:
    """The coefficients up to the order asked for, the next one beside them."""
    order = asked.options.inverse_batch_order
    full = [*value, *([0 * value[0]] * (last + 1 - len(value)))]
    receipt = Provenance(
        f"{asked.moment} of {asked.quantity}, to order {order} in 1/b", "expansion", conventions=CONVENTIONS,
        sizes=(("order", order), ("arithmetic", asked.options.arithmetic), ("weights", len(problem.state)),
               ("statistics", len(problem.statistics))), rules=RULES)
    return BatchPolynomial(tuple(full[: order + 1]), None, order, receipt,
                           next_coefficient=full[last] if last > order else None)
