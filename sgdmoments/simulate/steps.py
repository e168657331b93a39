"""The steps of a run in floats: slots' = A slots + B g, for many replicates at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmoments.describe.update import Powers, Step, Update
from sgdmoments.sgd import SGD
from sgdmoments.simulate.backend import jnp
from sgdmoments.simulate.draws import to_floats

Array = np.ndarray[Any, Any]
#: ("A", j, k), ("B", j) or ("C", k).
Place = tuple[Any, ...]


@dataclass(frozen=True)
class Steps:
    """The entries of every step that are not always 0, for each parameter array.

    Attributes:
        update: what is tabulated.
        tables: by place, ("A", j, k), ("B", j) or ("C", k), an array (steps, parameter arrays).
        owners: for each weight the number of its parameter array.
    """

    update: Update
    tables: dict[Place, Array]
    owners: Array

    @classmethod
    def read(cls, sgd: SGD, update: Update, count: int) -> Steps:
        """The steps 0, ..., count - 1, and where the gradient of step `count` is taken."""
        arrays = sgd.model.parameters
        constant = update.constant_from
        known = count + 1 if constant is None else min(count, constant) + 1
        steps = [update.step(t) for t in range(known)]
        last = any(len(powers) > 1 for step in steps for powers in step.C)  # else the rate does not matter there
        rates = np.vstack([_rates(sgd, count + last), *[np.zeros((1, len(arrays)))] * (not last)])
        tables: dict[Place, Array] = {}
        for place in _places(len(update.slots)):
            table = np.zeros((count + 1, len(arrays)))
            for t, step in enumerate(steps):
                later = slice(t, None) if t == known - 1 else slice(t, t + 1)
                table[later] = _values(_entry(step, place), rates[later])
            if table.any():
                tables[place] = table
        sizes = [int(array.size) for array in arrays]
        return cls(update, tables, np.repeat(np.arange(len(sizes)), sizes))

    @property
    def constants(self) -> dict[str, Array]:
        """The tables under names, for a compiled program."""
        return {_name(place): table for place, table in self.tables.items()}

    def place(self, state: Sequence[Any], constants: Any, t: Any) -> Any:
        """Where the gradient of step t is taken: C slots."""
        return self._sum([(("C", k), slot) for k, slot in enumerate(state)], constants, t)

    def moved(self, state: Sequence[Any], gradient: Any, constants: Any, t: Any) -> tuple[Any, ...]:
        """A slots + B g."""
        return tuple(self._sum([*((("A", j, k), slot) for k, slot in enumerate(state)), (("B", j), gradient)],
                               constants, t) for j in range(len(state)))

    def _sum(self, terms: Sequence[tuple[Place, Any]], constants: Any, t: Any) -> Any:
        total = None
        for place, value in terms:
            table = self.tables.get(place)
            if table is None:
                continue
            if not (table == 1).all():  # what is always 1 is no product
                factor = constants[_name(place)][t]
                value = (factor[0] if table.shape[1] == 1 else factor[jnp.asarray(self.owners)]) * value
            total = value if total is None else total + value
        return 0 * terms[0][1] if total is None else total


def _rates(sgd: SGD, count: int) -> Array:
    if sgd.schedule.constant is not None:
        return np.tile(to_floats(list(sgd.rates(0)), "learning_rate"), (count, 1))
    rates = to_floats([list(sgd.rates(t)) for t in range(count)], "learning_rate")
    return rates.reshape(count, len(sgd.model.parameters))


def _values(powers: Powers, rates: Array) -> Array:
    coefficients = to_floats(list(powers), "update")
    total = np.zeros(rates.shape)
    for k, c in enumerate(coefficients):
        total += c * rates**k
    return total


def _places(slots: int) -> list[Place]:
    count = range(slots)
    return [*(("A", j, k) for j in count for k in count), *(("B", j) for j in count), *(("C", k) for k in count)]


def _entry(step: Step, place: Place) -> Powers:
    name, *rest = place
    return step.A[rest[0]][rest[1]] if name == "A" else (step.B if name == "B" else step.C)[rest[0]]


def _name(place: Place) -> str:
    return "step " + " ".join(map(str, place))
