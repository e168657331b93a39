"""Moments in component form: what the components and expansion routes share, but for how a step is undone.

At the quantity's own step its batch statistics are integrated first, which leaves polynomials in w_t; random initial
weights are letters, averaged last.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.exact.provenance import Provenance
from sgdmoments.exact.ring import Polynomial, Ring
from sgdmoments.recursion.components import Problem, in_inverse_batch
from sgdmoments.recursion.own_step import conditional_moments
from sgdmoments.routes.assemble import Moments
from sgdmoments.routes.base import Asked

CONVENTIONS = ("loss with the factor 1/2", "gradient: mean over the batch", "variance: trace of the covariance")


class ComponentMoments(Moments[Polynomial, Polynomial, Polynomial]):
    """States and values are polynomials in u and the letters."""

    def __init__(self, asked: Asked[Any], problem: Problem) -> None:
        self.asked, self.problem, self.scalar = asked, problem, problem.scalar

    @abstractmethod
    def back(self, observables: Sequence[Polynomial]) -> list[Polynomial]:
        """E[observable | w_0] for all of them together."""

    def whole(self, value: Polynomial, sizes: tuple[tuple[str, Any], ...], rules: tuple[str, ...]) -> BatchPolynomial:
        """A value as a whole polynomial in 1/b, with its receipt."""
        asked, problem = self.asked, self.problem
        given = {"initial": " given F_0", "nothing": " given nothing"}[asked.options.given]
        return BatchPolynomial(in_inverse_batch(value), problem.batches.population, provenance=Provenance(
            f"{asked.moment} of {asked.quantity}{given if asked.moment == 'variance' else ''}", "components",
            conventions=CONVENTIONS, sizes=sizes, rules=rules))

    def at_start(self, state: Polynomial) -> Polynomial:
        return average_over_start(self.problem, state)

    def spread(self, square: Polynomial, means: Sequence[Polynomial]) -> Polynomial:
        return square - sum((m * m for m in means), square.ring.zero)

    def spread_of_values(self, square: Polynomial, means: Sequence[Polynomial]) -> Polynomial:
        return self.spread(square, means)


class OwnStepMoments(ComponentMoments):
    """Of one quantity, whose own batch is averaged first: observables are polynomials in u, letters and weights."""

    def __init__(self, asked: Asked[Any], problem: Problem) -> None:
        super().__init__(asked, problem)
        self._square, self._means = conditional_moments(problem, asked.moment)

    def means(self) -> list[Polynomial]:
        return self._means

    def square(self) -> Polynomial:
        return self._square


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
