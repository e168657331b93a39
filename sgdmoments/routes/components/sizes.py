"""How large a question of the components route is: counted from degrees, before any work is done.

Small problems are read, which costs milliseconds, and counted as they are; of larger ones only sizes are known
(`term_count`), and what is said is a bound from above.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import comb, lgamma
from typing import Any

import flint
import numpy as np

from sgdmoments.describe.quantities import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.exact.ring import INVERSE_BATCH, Polynomial
from sgdmoments.recursion.components import Problem, degree_in
from sgdmoments.recursion.term_count import ProblemSize

#: Terms that the route handles in a second and bytes that a term takes, measured on 2 cores (docs: which route).
TERMS_PER_SECOND = 40_000
BYTES_PER_TERM = 1_200
#: Seconds to write out one term of the gradient, one product of two of its terms, one moment of two statistics.
SECONDS_PER_TERM, SECONDS_PER_PRODUCT, SECONDS_PER_MOMENT = 2e-5, 1e-6, 2e-5
#: Seconds of set-up up to which a problem is read for its estimate.
READ_AT_ONCE = 0.06
#: Steps of a linear model that are looked at one by one.
_MOST_STEPS = 1_000
#: Larger counts are not told apart.
BEYOND = 1e40


@dataclass(frozen=True, slots=True)
class Sizes:
    """The predicted size of one expectation.

    Attributes:
        terms: the most monomials held at once.
        middle: how many first steps to take forward so that this is smallest.
        degree: a bound of the degree of the answer in 1/b.
        setup: seconds before the first step is undone.
    """

    terms: int
    middle: int
    degree: int
    setup: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """The prediction for people and for the planner."""
        return {"route": "components", "terms": self.terms, "degree": self.degree, "forward_steps": self.middle,
                "seconds": self.setup + self.terms / TERMS_PER_SECOND, "memory": self.terms * BYTES_PER_TERM}


@dataclass(frozen=True, slots=True)
class Degrees:
    """What an expectation's size depends on.

    Attributes:
        steps: t.
        weight_degree: the degree of the gradient in the weights.
        top: the degree of the target in the weights.
        held: its number of terms.
        width, statistics, letters, start_letters: the numbers of weights, of batch statistics, of letters, and of
            letters in the initial weights.
        gradings: independent ways to weigh letters and weights under which a step is homogeneous.
        now: how many factors of its own step's statistics the target held: 0, 1 or 2.
        independent: whether the samples of a batch are independent draws.
    """

    steps: int
    weight_degree: int
    top: int
    held: int
    width: int
    statistics: int
    letters: int
    start_letters: int
    gradings: int
    now: int
    independent: bool


def predict(problem: Problem, target: Polynomial, statistics_now: int) -> Sizes:
    """The sizes for E[target(w_t)].

    Args:
        target: the quantity (or its squared norm) given w_t, integrated over its own step.
        statistics_now: how many factors of that step's statistics it held: 0, 1 or 2.
    """
    return sizes_of(Degrees(
        len(problem.rates), problem.weight_degree, degree_in(target, problem.weights), len(target),
        len(problem.weights), len(problem.statistics), len(problem.letters),
        len({s for w in problem.start for s in w.symbols}), _gradings(problem), statistics_now,
        problem.batches.independent))


def is_small(sgd: Run, size: ProblemSize, quantity: Quantity) -> bool:
    """Whether reading the problem takes no longer than an estimate may."""
    points = sgd.model.n if isinstance(sgd.model.n, int) else 0
    rate = 2e-6 if isinstance(sgd.schedule(0), Fraction) else 2e-4
    reading = setup_seconds(size) + 1e-6 * points * size.statistics + rate * int(quantity.step)
    return reading <= READ_AT_ONCE and size.letters <= 40


def setup_seconds(size: ProblemSize) -> float:
    """Seconds to write the problem out and to square the quantity."""
    return (0.01 + SECONDS_PER_TERM * size.gradient_terms + SECONDS_PER_PRODUCT * _squared_terms(size)
            + SECONDS_PER_MOMENT * min(size.statistics, 200) ** 2)


def bound(sgd: Run, size: ProblemSize, quantity: Quantity, kind: str) -> Sizes:
    """The sizes of a problem that is not read, from above."""
    times = 1 if kind == "mean" else 2
    degree = {"weights": 1, "loss": size.weight_degree + 1}.get(quantity.kind, size.weight_degree)
    top = degree * times
    terms = {"weights": size.width, "loss": size.loss_terms}.get(
        quantity.kind, size.gradient_terms if times == 1 else _squared_terms(size))
    if quantity.kind == "loss" and times == 2:
        terms = terms**2
    letters = sum(int(p.size) for p in sgd.model.parameters if not isinstance(sgd.initial[p.name], np.ndarray))
    held = min(terms, int(monomials(size.width + size.letters, top + size.letters)))
    found = sizes_of(Degrees(
        int(quantity.step), size.weight_degree, top, held, size.width, size.statistics, size.letters, letters,
        len(sgd.model.parameters) + (size.letters > 0), times * (quantity.kind == "gradient"), sgd.batches.independent))
    return Sizes(found.terms, found.middle, found.degree, setup_seconds(size))


def _squared_terms(size: ProblemSize) -> int:
    return size.gradient_terms**2 // max(size.width, 1)


def sizes_of(by: Degrees) -> Sizes:
    """The sizes from degrees: every number of steps taken forward is tried."""
    d, top, steps = max(by.weight_degree, 1), max(by.top, 1), by.steps
    if d > 1 and steps > 12:
        return Sizes(int(BEYOND), 0, int(BEYOND))
    if steps > _MOST_STEPS:  # every step is like every other: terms and degree grow in proportion
        found, times = sizes_of(replace(by, steps=_MOST_STEPS)), steps / _MOST_STEPS
        return Sizes(int(found.terms * times), found.middle, int(found.degree * times))
    # orders[k]: the degree of E[target | w_0, ..., w_(k-1)] in the statistics of step k
    orders = [top * d ** (steps - 1 - k) for k in range(steps)]
    u_degree, factors = [max(by.now - 1, 0)] * (steps + 1), by.now
    for k in range(steps - 1, -1, -1):
        factors += orders[k]
        u_degree[k] = u_degree[k + 1] + max(orders[k] - 1, 0)
        if not by.independent:  # at most n distinct samples in each step
            u_degree[k] = min(u_degree[k], factors)
    free = max(by.width + by.letters - by.gradings, 1)
    variables = free if by.letters else by.width
    held = float(max(by.held, 1))
    density = min(1.0, held / monomials(variables, top))
    spread = 1 if not by.letters else max(1, steps)
    backward = [held] * (steps + 1)  # backward[k]: the most that is held from step t down to step k
    for k in range(steps - 1, -1, -1):  # from Q_(k+1) to Q_k, before integration
        terms = monomials(variables, top * d ** (steps - k)) * density * spread
        # where a step is linear in the weights nothing else grows: every product of statistics meets every monomial
        terms *= monomials(by.statistics, orders[k]) if d == 1 else monomials(min(by.statistics, 1), orders[k]) ** 0.5
        terms *= (1 + u_degree[k + 1]) ** (0.5 if by.letters else 1.0)
        backward[k] = max(backward[k + 1], terms)
    start = monomials(by.start_letters, top * d**steps)
    best, forward = Sizes(int(min(backward[0], BEYOND)), 0, u_degree[0]), 1.0
    for middle in range(1, steps + 1):
        forward *= monomials(by.statistics, orders[middle - 1])
        largest = max(backward[middle], forward * (1 + u_degree[middle]) * start)
        if largest < best.terms:
            best = Sizes(int(largest), middle, u_degree[0])
        if forward > BEYOND:
            break
    return best


def monomials(variables: int, degree: int) -> float:
    """The number of monomials up to a degree, not above `BEYOND`."""
    if lgamma(variables + degree + 1) - lgamma(variables + 1) - lgamma(degree + 1) > 92.0:
        return BEYOND
    return float(comb(variables + degree, variables))


def _gradings(problem: Problem) -> int:
    """The number of independent ways to weigh letters and weights under which a step is homogeneous."""
    generators = problem.ring.generators
    rows = []
    rates = [[0] * len(generators)]
    for rate in problem.rates[:1]:
        if isinstance(rate, Polynomial):
            rates = [list(e) for e in problem.ring(rate).raw.monoms()]
    for j, by in enumerate(problem.gradient):
        own = problem.ring.index(problem.weights[j])
        for part in by.values():
            for e in part.raw.monoms():
                for r in rates:
                    row = [int(a) + int(c) for a, c in zip(e, r, strict=True)]
                    row[own] -= 1
                    rows.append(row)
    u = generators.index(INVERSE_BATCH)
    rows = [row[:u] + row[u + 1:] for row in {tuple(row): row for row in rows}.values()]
    if not rows or not rows[0]:
        return 0
    return len(rows[0]) - int(flint.fmpz_mat(rows).rank())
