"""Data laws: what a sample x is drawn from, described by its exact moments.

Three families, told apart by what the expectation rule needs: `Gaussian` (pairings through a covariance),
`IndependentCoordinates` (one scalar law for every coordinate, given by its moments), and `Empirical` (a
finite data set, each point equally likely).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import comb
from typing import Any

import numpy as np
import sympy

from sgdmoments.errors import AssumptionError, InputError
from sgdmoments.exact.numbers import Exact, free_symbols, to_exact, to_exact_array, to_fraction


class Law(ABC):
    """The law of one sample x in R^p. Immutable."""

    #: p where the law fixes it, else None (any p).
    dimension: int | None = None

    @abstractmethod
    def moment(self, exponents: Sequence[int]) -> Exact:
        """E[x_1^e_1 ... x_p^e_p], exactly."""

    @property
    def symbols(self) -> frozenset[sympy.Symbol]:
        """The user's symbols in the law's numbers."""
        return frozenset()


class Gaussian(Law):
    """x ~ N(0, covariance); the identity where no covariance is given.

    Args:
        covariance: None, a symmetric positive semidefinite (p, p) array of exact numbers, or a name such as
            "Sigma": the covariance is then a letter (for the symbolic route only).

    >>> Gaussian().moment((2, 4))
    Fraction(3, 1)
    """

    def __init__(self, covariance: Any = None) -> None:
        self.covariance: np.ndarray[Any, Any] | None = None
        self.letter: str | None = None
        if isinstance(covariance, str):
            self.letter = covariance
        elif covariance is not None:
            matrix = to_exact_array(covariance, "covariance", ndim=2)
            if matrix.shape[0] != matrix.shape[1] or not (matrix == matrix.T).all():
                raise InputError(f"covariance: expected a symmetric matrix, found shape {matrix.shape}"
                                 f"{' that is not symmetric' * (matrix.shape[0] == matrix.shape[1])}.")
            if all(isinstance(entry, Fraction) for entry in matrix.flat) and not _is_semidefinite(matrix):
                raise InputError("covariance: the matrix is not positive semidefinite.")
            self.covariance = matrix
            self.dimension = matrix.shape[0]

    def moment(self, exponents: Sequence[int]) -> Exact:
        if self.letter is not None:
            raise AssumptionError(f"the covariance is the letter {self.letter!r}: its moments are not numbers; "
                                  "give a matrix, or use route='symbolic'.")
        if self.covariance is None:
            value = Fraction(1)
            for e in exponents:
                value *= _standard_normal_moment(e)
            return value
        entries = tuple(map(tuple, self.covariance.tolist()))
        return _gaussian_moment(entries, tuple(exponents))

    @property
    def symbols(self) -> frozenset[sympy.Symbol]:
        return frozenset() if self.covariance is None else free_symbols(self.covariance)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Gaussian) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        if self.letter is not None:
            return f"Gaussian({self.letter!r})"
        return "Gaussian()" if self.covariance is None else f"Gaussian({_plain(self.covariance)})"


class IndependentCoordinates(Law):
    """Coordinates that are independent copies of one scalar law, given by its moments."""

    @abstractmethod
    def coordinate_moment(self, order: int) -> Exact:
        """E[x_i^order]."""

    def moment(self, exponents: Sequence[int]) -> Exact:
        value: Any = Fraction(1)
        for e in exponents:
            if e:
                value = value * self.coordinate_moment(e)
        return value

    def cumulant(self, order: int) -> Exact:
        """The cumulant of one coordinate: kappa_n = m_n - sum_k C(n-1, k-1) kappa_k m_(n-k)."""
        value: Any = self.coordinate_moment(order)
        for k in range(1, order):
            value = value - comb(order - 1, k - 1) * self.cumulant(k) * self.coordinate_moment(order - k)
        return sympy.expand(value) if isinstance(value, sympy.Expr) else value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IndependentCoordinates) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))


class Rademacher(IndependentCoordinates):
    """Independent signs: each coordinate is +1 or -1 with probability 1/2.

    >>> Rademacher().cumulant(4)
    Fraction(-2, 1)
    """

    def coordinate_moment(self, order: int) -> Fraction:
        return Fraction(1 - order % 2)

    def __repr__(self) -> str:
        return "Rademacher()"


class Uniform(IndependentCoordinates):
    """Independent coordinates, uniform on [a, b].

    >>> Uniform(-1, 1).coordinate_moment(2)
    Fraction(1, 3)
    """

    def __init__(self, a: Any, b: Any) -> None:
        self.a, self.b = to_fraction(a, "a"), to_fraction(b, "b")
        if not self.a < self.b:
            raise InputError(f"Uniform(a, b) needs a < b, found a = {self.a}, b = {self.b}.")

    def coordinate_moment(self, order: int) -> Fraction:
        return (self.b ** (order + 1) - self.a ** (order + 1)) / ((order + 1) * (self.b - self.a))

    def __repr__(self) -> str:
        return f"Uniform({self.a}, {self.b})"


class Coordinates(IndependentCoordinates):
    """Independent coordinates with the moments E x, E x^2, E x^3, ... given, as numbers or sympy symbols.

    >>> Coordinates(moments=(0, 1, 0, 3)).cumulant(4)
    Fraction(0, 1)
    """

    def __init__(self, moments: Sequence[Any]) -> None:
        self.moments = tuple(to_exact(m, f"moments[{k}]") for k, m in enumerate(moments))
        if not self.moments:
            raise InputError("Coordinates needs at least the first moment.")

    def coordinate_moment(self, order: int) -> Exact:
        if order == 0:
            return Fraction(1)
        if order > len(self.moments):
            raise AssumptionError(f"the question needs the moment of order {order} of the data, but only "
                                  f"{len(self.moments)} moments are given: Coordinates(moments=(...)).")
        return self.moments[order - 1]

    @property
    def symbols(self) -> frozenset[sympy.Symbol]:
        return free_symbols(*self.moments)

    def __repr__(self) -> str:
        return f"Coordinates({_plain(self.moments)})"


class Empirical(Law):
    """A finite data set: x is one of the n rows of `points`, each with probability 1/n.

    Args:
        points: array (n, p) of exact numbers or symbols.

    >>> Empirical([[1, 2], [3, 4]]).moment((1, 1))
    Fraction(7, 1)
    """

    def __init__(self, points: Any) -> None:
        self.points = to_exact_array(points, "points", ndim=2)
        if self.points.size == 0:
            raise InputError(f"points: the data set is empty (shape {self.points.shape}).")
        self.dimension = self.points.shape[1]

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

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Empirical) and np.array_equal(self.points, other.points)

    def __hash__(self) -> int:
        return hash(tuple(self.points.flat))

    def __repr__(self) -> str:
        return f"Empirical(<{self.n} points in R^{self.dimension}>)"


def _plain(values: Any) -> str:
    return str(np.array(values, dtype=object).astype(str).tolist()).replace("'", "")


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


def _is_semidefinite(matrix: np.ndarray[Any, Any]) -> bool:
    """Exact test by symmetric elimination: no negative pivot, and a zero pivot has a zero row."""
    a = [list(row) for row in matrix]
    for k in range(len(a)):
        if a[k][k] < 0 or (a[k][k] == 0 and any(a[k][j] for j in range(k, len(a)))):
            return False
        if a[k][k]:
            for i in range(k + 1, len(a)):
                ratio = a[i][k] / a[k][k]
                for j in range(k, len(a)):
                    a[i][j] -= ratio * a[k][j]
    return True
