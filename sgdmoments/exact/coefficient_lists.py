"""Sums and products of polynomials that are lists of coefficients of any kind, constant first.

>>> sum_of([1, 2], [3]), product_of([1, 2], [3, 4]), total_of([[1], [2, 3]]), total_of([])
([4, 2], [3, 10, 8], (3, 3), None)
>>> least(None, 3), least(None, None)
(3, None)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def least(first: int | None, second: int | None) -> int | None:
    """The smaller order, None being none at all."""
    return min((order for order in (first, second) if order is not None), default=None)


def sum_of(first: Sequence[Any], second: Sequence[Any]) -> list[Any]:
    """The coefficients of the sum of two polynomials."""
    short, long = sorted((first, second), key=len)
    return [a + b for a, b in zip(short, long, strict=False)] + list(long[len(short):])


def total_of(parts: Sequence[Sequence[Any]]) -> tuple[Any, ...] | None:
    """The coefficients of the sum of none, one or two polynomials; None for none."""
    return None if not parts else tuple(parts[0] if len(parts) == 1 else sum_of(*parts))


def product_of(first: Sequence[Any], second: Sequence[Any]) -> list[Any]:
    """The coefficients of the product of two polynomials."""
    product: list[Any] = [None] * (len(first) + len(second) - 1)
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            product[i + j] = a * b if product[i + j] is None else product[i + j] + a * b
    return product
