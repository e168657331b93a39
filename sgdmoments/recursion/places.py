"""Which of the flattened weights a quantity is about, and the matrix on its left."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate
from typing import Any

from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.describe.update import Update
from sgdmoments.errors import InputError
from sgdmoments.exact.ring import ring_of


def coordinates(sgd: Run, quantity: Quantity, update: Update | None = None) -> list[int]:
    """The places of the quantity's layer among the flattened weights, or in the slot of the state that it reads.

    Args:
        update: what moves the state; by default the one that the quantity needs.
    """
    chosen = sgd.model.places(quantity.layer)
    ends = list(accumulate((int(array.size) for array in sgd.model.parameters), initial=0))
    name = quantity.slot_name
    before = 0 if name is None else (update or sgd.update_for(quantity)).slots.index(name) * ends[-1]
    return [before + i for k in chosen for i in range(ends[k], ends[k + 1])]


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
