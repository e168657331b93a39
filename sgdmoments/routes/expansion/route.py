"""The expansion route: the first coefficients in 1/b at any step."""

from __future__ import annotations

import time
from math import comb
from typing import Any

import flint
import numpy as np

from sgdmoments.budget import Budget, Monitor, ProgressCallback
from sgdmoments.describe.quantities import Given, Quantity
from sgdmoments.describe.run import Run
from sgdmoments.errors import AssumptionError, InputError, RouteError
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.exact.provenance import Provenance
from sgdmoments.exact.ring import Polynomial
from sgdmoments.options import LARGEST_ORDER
from sgdmoments.reading import read_choice, read_integer
from sgdmoments.recursion import components
from sgdmoments.recursion.components import Problem, in_inverse_batch, read
from sgdmoments.recursion.places import coordinates
from sgdmoments.recursion.term_count import problem_size
from sgdmoments.routes.components.route import CONVENTIONS, average_over_start, conditional_moments
from sgdmoments.routes.components.sizes import setup_seconds
from sgdmoments.routes.expansion.balls import first_variance
from sgdmoments.routes.expansion.cumulants import expansion
from sgdmoments.routes.expansion.truncated import expansions

RULES = ("P0, Theorem 3.8 (recursion to the initial weights), truncated in 1/b",
         "cumulants of a batch mean: the k-th is O(b^(1-k))")
ARITHMETICS = ("exact", "float", "balls")
#: The coefficient after the last one is computed too where that is predicted to take at most so many seconds.
SECONDS_FOR_NEXT = 0.5
#: Seconds that the truncated polynomials take for one monomial of the state, one step and one target, measured.
SECONDS_PER_MONOMIAL = 4e-4


def moment(sgd: Run, quantity: Quantity, kind: str, *, order: int = 1, arithmetic: str = "exact",
           given: Given = "initial", budget: Budget | None = None,
           progress: ProgressCallback | None = None) -> Any:
    """The coefficients of u^0, ..., u^order of the mean, second moment or variance, u = 1/b.

    For order 1 the variance is u (tr Sigma_q(v_t) + tr(A C_t A^T)) + O(u^2): Sigma_q the covariance of the
    quantity over one sample at the noiseless weights v_t, A its Jacobian there, and C_t the covariance of the
    weights, C_(t+1) = (I - alpha H) C_t (I - alpha H)^T + alpha^2 Sigma_g. Higher orders carry the cumulants of
    the weights up to order + 1 and the correction of their mean.

    Args:
        quantity: at a step t that is a number, for a model whose widths are numbers.
        kind: "mean", "second_moment" or "variance".
        order: the highest power of u that is kept, at least 1.
        arithmetic: "exact" (rationals, or letters: truncated polynomials); "float" (cumulant arrays: hundreds of
            weights at order 1, tens at 2 and 3); "balls" (certified enclosures; the variance at order 1).
        given: for a variance with random initial weights; see `SGD.variance`.

    Returns:
        A `BatchPolynomial` with ``truncated=order``, and with the next coefficient in ``next_coefficient`` where it is
        predicted to be cheap; for the mean of an array an object array of them.

    Raises:
        AssumptionError: batches are drawn without replacement: there every cumulant of a batch mean has a term
            linear in c_b, so that no finite set of cumulants gives even the first coefficient.
        BudgetExceeded: with the estimate and the nearest affordable question.
        RouteError: a width, t or the covariance is a letter.

    Source: Theorems 3.8 and 3.9 (P0), restricted to the first powers of 1/b.

    >>> import sgdmoments as sm
    >>> start = {"W1": [[1]], "W2": [[1]], "W1*": [[1]], "W2*": [[2]]}
    >>> sgd = sm.SGD(sm.Network((1, 1, 1)), learning_rate="1/10", initial=start)
    >>> moment(sgd, sm.gradient(2), "variance", order=1).coefficients[1] == (
    ...     sgd.variance(sm.gradient(2), route="components").coefficients[1])
    True
    """
    start = time.perf_counter()
    _check(sgd, quantity, kind, order, arithmetic)
    found = estimate(sgd, quantity, kind, order=order, arithmetic=arithmetic)
    monitor = Monitor(budget, progress)
    monitor.require(f"expansion: {quantity} to order {order}", found,
                    "order=1 in floats (arithmetic='float')" if order > 1 else
                    "arithmetic='float'" if arithmetic != "float" else "a smaller network")
    with monitor:
        return _moment(sgd, quantity, kind, order, arithmetic, given, monitor, start)


def _moment(sgd: Run, quantity: Quantity, kind: str, order: int, arithmetic: str, given: Given, monitor: Monitor,
            start: float) -> Any:
    problem = read(sgd, quantity, monitor, "a smaller network.")
    last = order + _next_is_cheap(sgd, quantity, kind, order, arithmetic, monitor.budget)
    receipt = Provenance(
        f"{kind} of {quantity}, to order {order} in 1/b", "expansion", "", CONVENTIONS,
        (("order", order), ("arithmetic", arithmetic), ("weights", len(problem.weights)),
         ("statistics", len(problem.statistics))), RULES)

    def answer(entries: Any) -> BatchPolynomial:
        full = [*entries, *([0 * entries[0]] * (last + 1 - len(entries)))]
        return BatchPolynomial(tuple(full[: order + 1]), None, order, _timed(receipt, time.perf_counter() - start),
                               next_coefficient=full[last] if last > order else None)

    if arithmetic == "balls":
        return answer([flint.arb(0), first_variance(problem, monitor)])
    if arithmetic == "float":
        values = expansion(problem, kind, last, monitor)
        rows = [answer([float(x) for x in row]) for row in np.atleast_2d(values)]
    else:
        rows = [answer(list(in_inverse_batch(value)))
                for value in _exact(problem, kind, last, given, monitor)]
    if kind != "mean" or problem.scalar:
        return rows[0]
    array = np.empty(len(rows), dtype=object)
    array[:] = rows
    return array


def applies(sgd: Run, quantity: Quantity) -> str:
    """Why the route cannot answer the question; an empty text where it can."""
    return components.applies(sgd, quantity) or (
        "" if sgd.batches.independent else "batches are drawn without replacement")


def estimate(sgd: Run, quantity: Quantity, kind: str, *, order: int = 1, arithmetic: str = "exact") -> dict[str, Any]:
    """What the question would need, without running it.

    Returns:
        terms (monomials of the truncated state, or entries of the largest array), seconds, memory in bytes; or
        {"reason": why the route does not apply}.
    """
    reason = applies(sgd, quantity)
    if reason:
        return {"route": "expansion", "reason": reason}
    size = problem_size(sgd)
    width, count, degree = size.width, size.statistics, size.weight_degree
    steps = max(int(quantity.step), 1)
    if arithmetic == "exact":
        terms = comb(width + 2 * order, 2 * order)
        outputs = 1 if quantity.kind == "loss" else len(quantity.left or ()) or len(coordinates(sgd, quantity))
        targets = 1 if kind == "second_moment" else outputs + (kind == "variance")
        # the noiseless path's rationals grow threefold in length with each step (letters: in number of terms)
        grown = min(int(quantity.step), 12)
        growth = float(sum(max(degree, 1) ** t for t in range(grown))) or 1.0
        growth += (int(quantity.step) - grown) * float(max(degree, 1)) ** 12
        seconds = SECONDS_PER_MONOMIAL * terms * (steps * (1 + targets / 4) * (1 + count) ** (order / 2)
                                                  + terms * growth / 3_000)
        memory = 500 * terms * (1 + targets)
    else:
        # a vertex of the mean has at most 2 K legs, one of a covariance 2 K - 1: all others close on one block
        mean = width ** (1 + min(degree, 2 * (order - (kind == "variance"))))
        pair = width * (width + count) ** min(degree + 1, 2 * order - 1)
        terms = max(mean, pair, (width + count) ** (order + 1))
        count_of_diagrams = 2 * 8**order  # about the number of diagrams: 4, 33 and 331 to the orders 1, 2 and 3
        seconds = steps * (2e-4 * count_of_diagrams + (1e-8 if arithmetic == "float" else 2e-6) * terms)
        memory = 24 * terms
    seconds += setup_seconds(size) / 4  # the gradient is written out, but only means of it are squared
    return {"route": "expansion", "order": order, "arithmetic": arithmetic, "terms": terms, "seconds": seconds,
            "memory": memory}


def _exact(problem: Problem, kind: str, order: int, given: Given, monitor: Monitor) -> list[Polynomial]:
    square, means = conditional_moments(problem, kind)
    targets = [*([] if kind == "mean" else [square]), *([] if kind == "second_moment" else means)]
    values = expansions(problem, targets, order, monitor)
    if kind != "variance" or given == "nothing":
        values = [average_over_start(problem, value) for value in values]
    if kind != "variance":
        return values
    spread = values[0] - sum((m * m for m in values[1:]), values[0].ring.zero)
    return [spread if given == "nothing" else average_over_start(problem, spread)]


def _next_is_cheap(sgd: Run, quantity: Quantity, kind: str, order: int, arithmetic: str, budget: Budget) -> bool:
    """Whether one coefficient more is predicted to cost next to nothing, within the budget."""
    if arithmetic == "balls":
        return False
    found = estimate(sgd, quantity, kind, order=order + 1, arithmetic=arithmetic)
    return found["seconds"] <= SECONDS_FOR_NEXT and budget.allows(found)


def _timed(receipt: Provenance, seconds: float) -> Provenance:
    from dataclasses import replace

    return replace(receipt, seconds=seconds)


def _check(sgd: Run, quantity: Quantity, kind: str, order: int, arithmetic: str) -> None:
    read_choice(kind, "kind", ("mean", "second_moment", "variance"))
    read_integer(order, "order", 1, "the order in 1/b is an integer >= 1", LARGEST_ORDER)
    read_choice(arithmetic, "arithmetic", ARITHMETICS)
    if arithmetic == "balls" and (order != 1 or kind != "variance"):
        raise InputError("arithmetic='balls' is there for the variance at order 1; use 'exact' or 'float' for "
                         f"the {kind} at order {order}.")
    reason = components.applies(sgd, quantity)
    if reason:
        raise RouteError(f"expansion: {reason}; try route='symbolic'.")
    if not sgd.batches.independent:
        raise AssumptionError(
            "the expansion in 1/b needs independent draws. Without replacement every cumulant of a batch mean has "
            "a term linear in c_b, so the first coefficient needs all of them. Try sampling='with_replacement', or "
            "the whole polynomial: route='closure' (models linear in the weights) or route='components'.")
