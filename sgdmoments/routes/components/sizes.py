"""How large a question of the components route is: counted from degrees, before any work is done."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Any

import flint

from sgdmoments.exact.ring import INVERSE_BATCH, Polynomial
from sgdmoments.routes.components.problem import Problem, degree_in

#: Terms that the route handles in a second and bytes that a term takes, measured on 2 cores (docs: which route).
TERMS_PER_SECOND = 40_000
BYTES_PER_TERM = 1_200


@dataclass(frozen=True, slots=True)
class Sizes:
    """The predicted size of one expectation.

    Attributes:
        terms: the most monomials held at once.
        middle: how many first steps to take forward so that this is smallest.
        degree: a bound of the degree of the answer in 1/b.
    """

    terms: int
    middle: int
    degree: int

    def as_dict(self) -> dict[str, Any]:
        """The prediction for people and for the planner."""
        return {"route": "components", "terms": self.terms, "degree": self.degree, "forward_steps": self.middle,
                "seconds": self.terms / TERMS_PER_SECOND, "memory": self.terms * BYTES_PER_TERM}


def predict(problem: Problem, target: Polynomial, statistics_now: int) -> Sizes:
    """The sizes for E[target(w_t)].

    Args:
        target: the quantity (or its squared norm) given w_t, integrated over its own step.
        statistics_now: how many factors of that step's statistics it held: 0, 1 or 2.
    """
    steps = len(problem.rates)
    d, top = max(problem.weight_degree, 1), max(degree_in(target, problem.weights), 1)
    count, width = len(problem.statistics), len(problem.weights)
    # orders[k]: the degree of E[target | w_0, ..., w_(k-1)] in the statistics of step k
    orders = [top * d ** (steps - 1 - k) for k in range(steps)]
    u_degree = [max(statistics_now - 1, 0)] * (steps + 1)
    for k in range(steps - 1, -1, -1):
        u_degree[k] = u_degree[k + 1] + max(orders[k] - 1, 0)
    population = problem.population
    if population is not None:  # at most n distinct samples in each step
        u_degree = [min(x, sum(orders[k:]) + statistics_now) for k, x in enumerate(u_degree)]
    letters = len(problem.letters)
    free = max(width + letters - _gradings(problem), 1)
    held = max(len(target), 1)
    density = min(1.0, held / _monomials(free if letters else width, top))
    spread = 1 if not letters else max(1, steps)
    best: Sizes | None = None
    for middle in range(steps + 1):
        largest = float(held)
        for k in range(steps - 1, middle - 1, -1):  # from Q_(k+1) to Q_k, before integration
            degree_before = top * d ** (steps - k)
            monomials = _monomials(free if letters else width, degree_before) * density * spread
            largest = max(largest, monomials * _monomials(min(count, 1), orders[k]) ** 0.5
                          * (1 + u_degree[k + 1]) ** (0.5 if letters else 1.0))
        if middle:
            product = 1 + u_degree[middle] * 1.0
            for k in range(middle):
                product *= _monomials(count, orders[k])
            start_letters = {s for w in problem.start for s in w.symbols}
            product *= _monomials(len(start_letters), top * d**steps)
            largest = max(largest, product)
        if best is None or largest < best.terms:
            best = Sizes(int(largest), middle, u_degree[0])
    assert best is not None
    return best


def _monomials(variables: int, degree: int) -> int:
    return comb(variables + degree, variables)


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
