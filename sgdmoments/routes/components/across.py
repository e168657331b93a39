"""Moments of combinations of quantities, perhaps of several steps, in component form."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any

from sgdmoments.budget import Monitor
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.exact.ring import Polynomial
from sgdmoments.recursion.combinations import entries_of, expectation_across, shape_of
from sgdmoments.recursion.components import Problem
from sgdmoments.routes.base import Asked
from sgdmoments.routes.components.moments import ComponentMoments

RULES = ("P0, Theorem 3.6 (expectation over one batch)", "P0, Theorem 3.7 (one step of SGD)",
         "a factor of an earlier step is multiplied before its batch is averaged")


class AcrossSteps(ComponentMoments):
    """Observables are polynomials in the entries of the parts."""

    def __init__(self, asked: Asked[Any], problem: Problem, monitor: Monitor) -> None:
        super().__init__(asked, problem)
        self.monitor, self.entries = monitor, entries_of(asked.sgd, problem, asked.quantity)
        self.scalar = not shape_of(asked.sgd, asked.quantity)

    def means(self) -> list[Polynomial]:
        return list(self.entries.values)

    def square(self) -> Polynomial:
        return reduce(add, (value * value for value in self.entries.values))

    def back(self, observables: Sequence[Polynomial]) -> list[Polynomial]:
        return [expectation_across(self.problem, observable, self.entries, self.monitor) for observable in observables]

    def polynomial(self, value: Polynomial) -> BatchPolynomial:
        problem = self.problem
        return self.whole(value, (("statistics", len(problem.statistics)), ("weights", len(problem.state)),
                                  ("entries of parts", len(self.entries.atoms))), RULES)
