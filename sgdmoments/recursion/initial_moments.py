"""The initial weights as the closure route reads them, and scalars with letters as ring elements."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from sgdmoments.describe.initial import is_random
from sgdmoments.describe.letters import user_letters
from sgdmoments.describe.quantities import Quantity
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


def start_moment(arrays: Sequence[tuple[int, Any]], exponents: Exponents) -> Any:
    """E[w_0^e], arrays of different names being independent."""
    value: Any = Fraction(1)
    start = 0
    for size, initial in arrays:
        own = exponents[start:start + size]
        start += size
        if is_random(initial):
            value = value * to_scalar(initial.moment(own))
        else:
            for entry, power in zip(initial, own, strict=True):
                if power:
                    value = value * entry**power
    return value


def initial_moments(sgd: Run, exponents: Sequence[Exponents], quantity: Quantity | None = None) -> dict[Exponents, Any]:
    """E[w_0^e] for several exponents."""
    arrays = initial_arrays(sgd, quantity)
    return {e: start_moment(arrays, e) for e in exponents}
