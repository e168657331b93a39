"""A finite data set as a law."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmoments.describe.array import Array
from sgdmoments.describe.description import final
from sgdmoments.describe.laws.base import Law
from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import Exact, to_exact_array


@final
class Empirical(Law):
    """A finite data set: a sample is one of n, each with probability 1/n.

    Args:
        points: array (n, p) of exact numbers or symbols: the part x of a sample.
        columns: the parts by name, in place of `points`: arrays of n rows, such as x=X, label=Y.

    >>> Empirical([[1, 2], [3, 4]]).moment((1, 1))
    Fraction(7, 1)
    >>> Empirical(x=[[1, 2], [3, 4]], label=[5, 6]).parts
    (Array(name='x', shape=(2,), layer=None), Array(name='label', shape=(), layer=None))
    """

    __slots__ = ("parts", "points")
    points: np.ndarray[Any, Any]
    parts: tuple[Array, ...]

    def __init__(self, points: Any = None, **columns: Any) -> None:
        if (points is None) == (not columns):
            raise InputError("Empirical: give the points, an array of n rows, or the parts of a sample by name, such "
                             "as x=X, label=Y.")
        if points is not None:
            self.points = to_exact_array(points, "points", ndim=2)
            self.parts = (Array("x", (self.points.shape[1],)),) if self.points.size else ()
        else:
            self.parts, self.points = _read_columns(columns)
        if self.points.size == 0:
            raise InputError(f"points: the data set is empty (shape {self.points.shape}).")

    @property
    def dimension(self) -> int:  # type: ignore[override]
        """p, the number of columns."""
        return int(self.points.shape[1])

    @property
    def n(self) -> int:
        """The number of points."""
        return int(self.points.shape[0])

    def part(self, name: str) -> np.ndarray[Any, Any]:
        """The values of one part, an array of n rows."""
        at = 0
        for array in self.parts:
            size = int(array.size)
            if array.name == name:
                return self.points[:, at:at + size].reshape(self.n, *map(int, array.shape))
            at += size
        raise InputError(f"{name}: the data set has the parts {', '.join(array.name for array in self.parts)}.")

    def moment(self, exponents: Sequence[int]) -> Exact:
        total: Any = Fraction(0)
        for row in self.points:
            term: Any = Fraction(1)
            for entry, e in zip(row, exponents, strict=True):
                if e:
                    term = term * entry**e
            total = total + term
        return total / self.n

    def _arguments(self) -> dict[str, Any]:
        if len(self.parts) == 1 and self.parts[0].name == "x" and len(self.parts[0].shape) == 1:
            return {"points": self.points}
        return {"points": None, **{array.name: self.part(array.name) for array in self.parts}}

    def _summary(self) -> str:
        return f"{self.n} points in R^{self.dimension}"


def _read_columns(columns: dict[str, Any]) -> tuple[tuple[Array, ...], np.ndarray[Any, Any]]:
    """The parts, and their values side by side."""
    read = {name: to_exact_array(values, name) for name, values in columns.items()}
    rows = {name: values.shape[0] if values.ndim else 0 for name, values in read.items()}
    if len(set(rows.values())) > 1 or 0 in rows.values():
        raise InputError("Empirical: each part has a row for each of the n points, found "
                         f"{', '.join(f'{name} of shape {values.shape}' for name, values in read.items())}.")
    empty = [name for name, values in read.items() if not values.size]
    if empty:
        raise InputError(f"{empty[0]}: the array is empty (shape {read[empty[0]].shape}).")
    parts = tuple(Array(name, values.shape[1:]) for name, values in read.items())
    return parts, np.concatenate([values.reshape(len(values), -1) for values in read.values()], axis=1)
