"""The components route: the whole polynomial at explicit small dimensions."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmoments.budget import Budget, Monitor, ProgressCallback, tick
from sgdmoments.describe.quantities import Given, Quantity
from sgdmoments.describe.run import Run
from sgdmoments.errors import InputError
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.exact.provenance import Provenance
from sgdmoments.exact.ring import Polynomial, Ring
from sgdmoments.reading import shown
from sgdmoments.recursion.backward import expectation, in_statistics, integrate
from sgdmoments.recursion.components import Problem, applies, in_inverse_batch, read, statistic_letters
from sgdmoments.recursion.term_count import problem_size
from sgdmoments.routes.components.growth import Sizes
from sgdmoments.routes.components.sizes import is_small, predict, setup_seconds, unread

RULES = ("P0, Theorem 3.6 (expectation over one batch)", "P0, Theorem 3.7 (one step of SGD)",
         "P0, Theorem 3.8 (recursion to the initial weights)")
CONVENTIONS = ("loss with the factor 1/2", "gradient: mean over the batch", "variance: trace of the covariance")


def moment(sgd: Run, quantity: Quantity, kind: str, *, given: Given = "initial", budget: Budget | None = None,
           progress: ProgressCallback | None = None, executor: Executor | None = None) -> Any:
    """The mean, second moment or variance of the quantity, the whole polynomial in u = 1/b.

    E q(w_t) by polynomial arithmetic in components: every weight is a polynomial in the batch statistics of
    the steps before, and the statistics' joint moments are polynomials in u.

    Args:
        quantity: at a step t that is a number, for a model whose widths are numbers.
        kind: "mean", "second_moment" or "variance".
        given: for a variance with random initial weights; see `SGD.variance`.
        budget: refuses before it starts where the predicted number of terms, time or memory exceeds it.
        progress: called after each step with a `Progress`; returning False stops the work.
        executor: any `concurrent.futures` executor: the expectations of the components are spread over it.

    Returns:
        A `BatchPolynomial`; for the mean of an array an object array of them, of one dimension, all weights in
        order, each array row by row.

    Raises:
        BudgetExceeded: with the estimate and the nearest affordable question.
        RouteError: a width, t or the covariance is a letter.

    Source: Theorems 3.6 to 3.9 (P0).

    >>> import sgdmoments as sm
    >>> start = {"W1": [[1]], "W2": [[1]], "W1*": [[1]], "W2*": [[2]]}
    >>> sgd = sm.SGD(sm.Network((1, 1, 1)), learning_rate="1/10", initial=start)
    >>> moment(sgd, sm.gradient(0, layer=1), "variance").coefficients
    (Fraction(0, 1), Fraction(2, 1))
    """
    start = time.perf_counter()
    if kind not in ("mean", "second_moment", "variance"):
        raise InputError(f"kind: found {shown(kind)}; use 'mean', 'second_moment' or 'variance'.")
    with Monitor(budget, progress) as monitor:
        if not (executor is None or callable(getattr(executor, "submit", None))):
            raise InputError(f"executor: found {shown(executor)}; an executor of concurrent.futures is needed.")
        return _moment(sgd, quantity, kind, given, monitor, executor, start)


def _moment(sgd: Run, quantity: Quantity, kind: str, given: Given, monitor: Monitor, executor: Executor | None,
            start: float) -> Any:
    problem = read(sgd, quantity, monitor, "route='expansion' for the first coefficients in 1/b.")
    square, means = conditional_moments(problem, kind)
    targets = [*([] if kind == "mean" else [square]), *([] if kind == "second_moment" else means)]
    sizes = largest(problem, targets, kind)
    monitor.require(f"components: {quantity}", sizes.as_dict(),
                    lambda: _nearest(sgd, quantity, kind, monitor.budget))
    values = _expectations(problem, targets, sizes, monitor, executor)
    receipt = {"predicted terms": sizes.terms, "statistics": len(problem.statistics),
               "weights": len(problem.weights), "forward steps": sizes.middle}

    def answer(value: Polynomial, checks: tuple[str, ...] = ()) -> BatchPolynomial:
        provenance = Provenance(
            f"{kind} of {quantity}" + (f" given {'F_0' if given == 'initial' else 'nothing'}"
                                       if kind == "variance" else ""),
            "components", "", CONVENTIONS, tuple(receipt.items()), RULES, checks, time.perf_counter() - start)
        return BatchPolynomial(in_inverse_batch(value), problem.batches.population, provenance=provenance)

    if kind == "mean":
        answers = [answer(average_over_start(problem, value)) for value in values]
        if problem.scalar:
            return answers[0]
        array = np.empty(len(answers), dtype=object)
        array[:] = answers
        return array
    if kind == "second_moment":
        return answer(average_over_start(problem, values[0]))
    if given == "initial":
        spread = values[0] - sum((m * m for m in values[1:]), values[0].ring.zero)
        return answer(average_over_start(problem, spread))
    averaged = [average_over_start(problem, value) for value in values]
    return answer(averaged[0] - sum((m * m for m in averaged[1:]), averaged[0].ring.zero))


def estimate(sgd: Run, quantity: Quantity, kind: str) -> dict[str, Any]:
    """What the question would need, without running it.

    Returns:
        terms, degree (a bound of the degree in 1/b), seconds, memory in bytes; or {"reason": why the route
        does not apply}.
    """
    reason = applies(sgd, quantity)
    if reason:
        return {"route": "components", "reason": reason}
    size = problem_size(sgd)
    if not is_small(sgd, size, quantity):
        return unread(sgd, size, quantity, kind).as_dict()
    problem = read(sgd, quantity)
    square, means = conditional_moments(problem, kind)
    found = largest(problem, means if kind == "mean" else [square], kind)
    return replace(found, setup=setup_seconds(size)).as_dict()


def conditional_moments(problem: Problem, kind: str = "variance") -> tuple[Polynomial, list[Polynomial]]:
    """E[||q||^2 | w_t] and E[q | w_t], the statistics of the quantity's own step integrated; what `kind` needs."""
    letters = statistic_letters(0, len(problem.statistics))
    ring = Ring((*problem.ring.generators, *letters))
    values = [in_statistics(by, letters, ring) for by in problem.outputs]
    square = problem.ring.zero
    for value in values if kind != "mean" else ():
        tick("squaring the quantity")
        square = square + integrate(value * value, letters, problem.moments, problem.ring)
    means = [] if kind == "second_moment" else [
        integrate(value, letters, problem.moments, problem.ring) for value in values]
    return square, means


def largest(problem: Problem, targets: Iterable[Polynomial], kind: str) -> Sizes:
    """The sizes of the largest of the expectations."""
    now = problem.is_batch_quantity * (1 if kind == "mean" else 2)
    return max((predict(problem, target, now) for target in targets), key=lambda sizes: sizes.terms,
               default=Sizes(0, 0, 0))


def average_over_start(problem: Problem, value: Polynomial) -> Polynomial:
    """The expectation over random initial weights, array by array."""
    for symbols, law in problem.random:
        places = [value.ring.index(s) for s in symbols]
        ring = Ring(g for g in value.ring.generators if g not in symbols)
        kept = [i for i in range(len(value.ring.generators)) if i not in places]
        parts: dict[tuple[int, ...], dict[tuple[int, ...], Fraction]] = {}
        for e, c in value.terms():
            parts.setdefault(tuple(e[i] for i in places), {})[tuple(e[i] for i in kept)] = c
        value = ring.zero
        for exponents, part in parts.items():
            factor = law.moment(exponents)
            if factor:
                value = value + ring.from_terms(part) * factor
    return value


def _expectations(problem: Problem, targets: list[Polynomial], sizes: Sizes, monitor: Monitor,
                  executor: Executor | None) -> list[Polynomial]:
    if executor is None:
        return [expectation(problem, target, sizes.middle, monitor) for target in targets]
    pending = [executor.submit(_one, problem, target, sizes.middle, monitor.budget) for target in targets]
    values = []
    for done, future in enumerate(pending):
        values.append(future.result())
        monitor.update("components", done + 1, len(pending), len(values[-1]))
    return values


def _one(problem: Problem, target: Polynomial, middle: int, budget: Budget) -> Polynomial:
    with Monitor(budget) as monitor:
        return expectation(problem, target, middle, monitor)


def _nearest(sgd: Run, quantity: Quantity, kind: str, budget: Budget) -> str:
    last = budget.last(lambda t: estimate(sgd, replace(quantity, step=t), kind), int(quantity.step))
    if last is not None:
        return f"the same at t = {last}, or route='expansion' for the first coefficients at this t."
    return "route='expansion' for the first coefficients in 1/b."
