"""The initial weights as the closure route reads them, and scalars with letters as ring elements."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmoments.describe.initial import is_random
from sgdmoments.describe.letters import user_letters
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.errors import InputError
from sgdmoments.exact.ring import Exponents, Polynomial, ring_of

#: A polynomial in v whose coefficients are scalars, constant first.
VScalar = list[Any]


def to_scalar(value: Any) -> Any:
    """A Fraction, or a ring element where the value has symbols."""
    if isinstance(value, (Fraction, Polynomial)):
        return value
    try:
        return ring_of([value])(value)
    except InputError:
        raise InputError(f"{value} is not a polynomial in its symbols; give a name to each quotient in it.") from None


def initial_arrays(sgd: Run, quantity: Quantity | None = None) -> list[tuple[int, Any]]:
    """For each parameter its size, and its entries as scalars or the law of its entries.

    Weights left open are letters, with names that the symbols of the problem and the question do not bear.
    """
    arrays: list[tuple[int, Any]] = []
    for parameter in sgd.model.parameters:
        initial = sgd.initial[parameter.name]
        if initial is None:
            initial = user_letters(parameter, sgd.symbols(quantity))
        arrays.append((int(parameter.size), initial if is_random(initial) else
                       [to_scalar(entry) for entry in initial.flat]))
    return arrays


class StartMoments:
    """E[s_0^e] for the state of a question: slots that start at the weights, at zero or at an array.

    Args:
        quantity: brings its letters and the slot that it reads.
    """

    def __init__(self, sgd: Run, quantity: Quantity | None = None) -> None:
        self.arrays = initial_arrays(sgd, quantity)
        self.width = sum(size for size, _ in self.arrays)
        update = sgd.update if quantity is None else sgd.update_for(quantity)
        #: For each slot None where it starts at the initial weights, else its entries.
        self.slots: list[list[Any] | None] = []
        for slot in update.slots:
            start = update.start_of(slot)
            self.slots.append([to_scalar(entry) for entry in start.flat] if isinstance(start, np.ndarray) else
                              None if start is not None else [Fraction(0)] * self.width)
        self._known: dict[Exponents, Any] = {}

    def __call__(self, exponents: Exponents) -> Any:
        """E[s_0^exponents], arrays of different names being independent."""
        if exponents not in self._known:
            self._known[exponents] = self._moment(exponents)
        return self._known[exponents]

    def _moment(self, exponents: Exponents) -> Any:
        value: Any = Fraction(1)
        weights = [0] * self.width
        for k, entries in enumerate(self.slots):
            for i, power in enumerate(exponents[k * self.width:(k + 1) * self.width]):
                if not power:
                    continue
                if entries is None:
                    weights[i] += power
                else:
                    value = value * entries[i]**power
        start = 0
        for size, initial in self.arrays:
            own = tuple(weights[start:start + size])
            start += size
            if is_random(initial):
                value = value * to_scalar(initial.moment(own))
            else:
                for entry, power in zip(initial, own, strict=True):
                    if power:
                        value = value * entry**power
        return value


def initial_moments(sgd: Run, exponents: Sequence[Exponents], quantity: Quantity | None = None) -> dict[Exponents, Any]:
    """E[s_0^e] for several exponents."""
    moment = StartMoments(sgd, quantity)
    return {e: moment(e) for e in exponents}
