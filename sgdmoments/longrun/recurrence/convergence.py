"""The condition that a recurrence on graphs converges, decided exactly at numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import sympy

from sgdmoments.errors import Diverges, RouteError
from sgdmoments.exact.rational import RationalFunction
from sgdmoments.exact.ring import INVERSE_BATCH
from sgdmoments.longrun.closed_form.limit import NoLimit, is_inside, limit_of
from sgdmoments.longrun.recurrence.few_inputs import threshold_of_few_inputs

if TYPE_CHECKING:
    from sgdmoments.longrun.recurrence.recurrence import GraphRecurrence


@dataclass(frozen=True)
class GraphConvergence:
    """The condition that a recurrence on graphs converges from all initial weights."""

    recurrence: GraphRecurrence
    place: int = 0

    @property
    def letters(self) -> tuple[sympy.Symbol, ...]:
        """The letters of the step."""
        matrix = self.recurrence.matrix
        return tuple(sorted({s for row in (*matrix, self.recurrence.row) for entry in row for s in entry.symbols},
                            key=str))

    @property
    def needed(self) -> frozenset[sympy.Symbol]:
        """All of them."""
        return frozenset(self.letters)

    def decide(self, values: Mapping[sympy.Symbol, Fraction]) -> RationalFunction:
        """The limit of the coefficient at `place`; `Diverges` where some coefficient has none."""
        limits = []
        for k in range(len(self.recurrence.basis)):
            system = self.recurrence.system(k).restricted()
            put = {s: system.ring(x) for s, x in values.items()}
            try:
                value, bases = limit_of([system.substituted(put)])
            except NoLimit:
                raise self.refusal(values) from None
            if not all(map(is_inside, bases)):
                raise self.refusal(values)
            limits.append(value)
        return limits[self.place]

    def refusal(self, values: Mapping[sympy.Symbol, Fraction]) -> Diverges | RouteError:
        """The error that says that there is no limit; a `RouteError` where graphs cannot tell, with few inputs."""
        width = values.get(self.recurrence.width, self.recurrence.width)
        if not isinstance(width, sympy.Symbol) and width < self.recurrence.order:
            rate = self.recurrence.rate.substitute(values)
            noise = values.get(INVERSE_BATCH)
            known = threshold_of_few_inputs(self.recurrence.sgd, self.recurrence.order, int(width), 1 / noise) \
                if noise and rate.is_constant else None
            if known is None or rate.to_fraction() < known.high:
                return RouteError(f"with {width} inputs the graphs depend on one another, and a coefficient has no "
                                  "limit, though the moment may have one: use closed_form(...).limit() with numbers.")
        place = ", ".join(f"b = {1 / x}" if s == INVERSE_BATCH else f"{s} = {x}"
                          for s, x in sorted(values.items(), key=str) if x or s != INVERSE_BATCH)
        return Diverges(f"the moment diverges as t grows{f' at {place}' if place else ''}; recurrence(...)."
                        "threshold(), with the learning rate as a letter, gives the rates below which it converges.")

    def __str__(self) -> str:
        return "the moment converges for learning rates below recurrence(...).threshold()"
