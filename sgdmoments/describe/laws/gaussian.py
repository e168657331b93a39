"""The Gaussian law of a sample."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from sgdmoments.describe.description import final
from sgdmoments.describe.laws.base import Law
from sgdmoments.describe.laws.covariance import read_covariance, scaled_identity
from sgdmoments.describe.laws.entries import Entries
from sgdmoments.describe.laws.source import Source
from sgdmoments.errors import AssumptionError, InputError
from sgdmoments.exact.numbers import Exact
from sgdmoments.reading import read_name, shown

#: Moments of correlated coordinates are found by a recursion on the order.
LARGEST_ORDER = 600


@final
class Gaussian(Law):
    """x ~ N(0, covariance); the identity where no covariance is given.

    Args:
        covariance: None, a symmetric positive semidefinite (p, p) array of exact numbers, or a name such as
            "Sigma": the covariance is then a letter (for the symbolic route only).

    >>> Gaussian().moment((2, 4))
    Fraction(3, 1)
    """

    __slots__ = ("covariance", "dimension", "letter")

    def __init__(self, covariance: Any = None) -> None:
        self.covariance: np.ndarray[Any, Any] | None = None
        self.letter: str | None = None
        self.dimension: int | None = None
        if isinstance(covariance, str):
            self.letter = read_name(covariance, "covariance", "a matrix is needed, or a name such as 'Sigma'")
        elif covariance is not None:
            self.covariance = read_covariance(covariance)
            self.dimension = int(self.covariance.shape[0])

    def moment(self, exponents: Sequence[int]) -> Exact:
        if self.letter is not None:
            raise AssumptionError(f"the covariance is the letter {self.letter!r}: its moments are not numbers; "
                                  "give a matrix, or use route='symbolic'.")
        if self.covariance is None:
            value = Fraction(1)
            for e in exponents:
                value *= _standard_normal_moment(e)
            return value
        if sum(exponents) > LARGEST_ORDER:
            raise InputError(f"exponents: found {shown(tuple(exponents))}; moments of correlated Gaussian coordinates "
                             f"are computed to order {LARGEST_ORDER}.")
        entries = tuple(map(tuple, self.covariance.tolist()))
        return _gaussian_moment(entries, tuple(exponents))

    def entries(self) -> Entries:
        covariance = self.covariance if self.letter is None else self.letter
        return Entries.normal(covariance=covariance, by_rows=covariance is not None)

    def source(self) -> Source:
        if self.letter is not None:
            raise InputError(f"data: the covariance is the letter {self.letter!r}; simulation needs numbers.")
        return Source.normal(self.covariance)

    @property
    def is_even(self) -> bool:
        """True."""
        return True

    def mean_and_covariance(self, size: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        if self.covariance is None and self.letter is None:
            return np.full(size, Fraction(0)), scaled_identity(size, Fraction(1))
        return super().mean_and_covariance(size) if self.covariance is None else (
            np.full(size, Fraction(0)), self.covariance)

    def _arguments(self) -> dict[str, Any]:
        return {"covariance": self.covariance if self.letter is None else self.letter}

    def _summary(self) -> str:
        return f"a covariance in R^{self.dimension}"


def _standard_normal_moment(order: int) -> int:
    value = 0 if order % 2 else 1
    for k in range(1, order, 2):
        value *= k
    return value


@lru_cache(maxsize=100_000)
def _gaussian_moment(covariance: tuple[tuple[Exact, ...], ...], exponents: tuple[int, ...]) -> Exact:
    """Isserlis' theorem by recursion on one factor, repeated variables grouped."""
    total: Any = Fraction(0)
    if sum(exponents) % 2:
        return total
    first = next((i for i, e in enumerate(exponents) if e), None)
    if first is None:
        return Fraction(1)
    rest = list(exponents)
    rest[first] -= 1
    for j, e in enumerate(rest):
        if e:
            remaining = tuple(r - (k == j) for k, r in enumerate(rest))
            total = total + e * covariance[first][j] * _gaussian_moment(covariance, remaining)
    return total
