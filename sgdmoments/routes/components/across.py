"""Moments of combinations of quantities, perhaps of several steps, in component form."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from sgdmoments.budget import Monitor
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.exact.provenance import Provenance
from sgdmoments.exact.ring import Polynomial
from sgdmoments.recursion.combinations import Entries, entries_of, expectation_across, shape_of
from sgdmoments.recursion.components import Problem, in_inverse_batch
from sgdmoments.routes.assemble import Moments
from sgdmoments.routes.base import Asked
from sgdmoments.routes.components.moments import CONVENTIONS, average_over_start

RULES = ("P0, Theorem 3.6 (expectation over one batch)", "P0, Theorem 3.7 (one step of SGD)",
         "a factor of an earlier step is multiplied before its batch is averaged")


class AcrossSteps(Moments[Polynomial, Polynomial, Polynomial]):
    """Observables are polynomials in the entries of the parts; states and values polynomials in u and the letters."""

    def __init__(self, asked: Asked[Any], problem: Problem, monitor: Monitor) -> None:
        self.asked, self.problem, self.monitor = asked, problem, monitor
        self.entries: Entries = entries_of(asked.sgd, problem, asked.quantity)
        self.shape = shape_of(asked.sgd, asked.quantity)
        self.scalar = not self.shape

    def means(self) -> list[Polynomial]:
        return list(self.entries.values)

    def square(self) -> Polynomial:
        return reduce(add, (value * value for value in self.entries.values))

    def back(self, observables: Sequence[Polynomial]) -> list[Polynomial]:
        return [expectation_across(self.problem, observable, self.entries, self.monitor) for observable in observables]

    def at_start(self, state: Polynomial) -> Polynomial:
        return average_over_start(self.problem, state)

    def spread(self, square: Polynomial, means: Sequence[Polynomial]) -> Polynomial:
        return square - sum((m * m for m in means), square.ring.zero)

    def spread_of_values(self, square: Polynomial, means: Sequence[Polynomial]) -> Polynomial:
        return self.spread(square, means)

    def joined(self, answers: Sequence[Any]) -> Any:
        joined = super().joined(answers)
        return joined.reshape(self.shape) if isinstance(joined, np.ndarray) else joined

    def polynomial(self, value: Polynomial) -> BatchPolynomial:
        asked, problem = self.asked, self.problem
        given = {"initial": " given F_0", "nothing": " given nothing"}[asked.options.given]
        return BatchPolynomial(in_inverse_batch(value), problem.batches.population, provenance=Provenance(
            f"{asked.moment} of {asked.quantity}{given if asked.moment == 'variance' else ''}", "components",
            conventions=CONVENTIONS, sizes=(("statistics", len(problem.statistics)), ("weights", len(problem.state)),
                                            ("entries of parts", len(self.entries.atoms))), rules=RULES))
