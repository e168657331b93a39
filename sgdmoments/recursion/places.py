"""Which of the flattened weights a quantity is about, and the matrix on its left."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sgdmoments.describe.quantities import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.errors import InputError
from sgdmoments.exact.ring import ring_of


def coordinates(sgd: Run, quantity: Quantity) -> list[int]:
    """The places of the quantity's layer among the flattened weights."""
    layers = sgd.model.layers
    if quantity.layer is not None and quantity.layer > layers:
        raise InputError(f"layer: found {quantity.layer}, but the model has {layers} layer{'s' * (layers > 1)}.")
    chosen: list[int] = []
    start = 0
    for parameter in sgd.model.parameters:
        size = int(parameter.size)
        if quantity.layer in (None, parameter.layer):
            chosen += range(start, start + size)
        start += size
    return chosen


def left_matrix(quantity: Quantity, size: int) -> list[list[Any]]:
    """The matrix on the left as ring elements or Fractions, its width checked."""
    assert quantity.left is not None
    if len(quantity.left[0]) != size:
        raise InputError(f"A @ {quantity.kind}: the matrix has {len(quantity.left[0])} columns, the quantity "
                         f"{size} components.")
    return [[exact_entry(entry) for entry in row] for row in quantity.left]


def exact_entry(entry: Any) -> Any:
    """A Fraction as it is, anything else as a ring element."""
    return entry if isinstance(entry, Fraction) else ring_of([entry])(entry)
