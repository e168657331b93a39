"""A finite data set as a law."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmoments.describe.description import final
from sgdmoments.describe.laws.base import Law
from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import Exact, to_exact_array


@final
class Empirical(Law):
    """A finite data set: x is one of the n rows of `points`, each with probability 1/n.

    Args:
        points: array (n, p) of exact numbers or symbols.

    >>> Empirical([[1, 2], [3, 4]]).moment((1, 1))
    Fraction(7, 1)
    """

    __slots__ = ("points",)
    points: np.ndarray[Any, Any]

    def __init__(self, points: Any) -> None:
        self.points = to_exact_array(points, "points", ndim=2)
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

    def moment(self, exponents: Sequence[int]) -> Exact:
        total: Any = Fraction(0)
        for row in self.points:
            term: Any = Fraction(1)
            for entry, e in zip(row, exponents, strict=True):
                if e:
                    term = term * entry**e
            total = total + term
        return total / self.n

    def _summary(self) -> str:
        return f"{self.n} points in R^{self.dimension}"
