"""Data laws: what a sample x is drawn from, described by its exact moments.

Three families, told apart by what the expectation rule needs: `Gaussian` (pairings through a covariance),
`IndependentCoordinates` (one scalar law for every coordinate, given by its moments), and `Empirical` (a
finite data set, each point equally likely). A law of your own derives from `Law` or `IndependentCoordinates`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import comb
from typing import Any

import numpy as np
import sympy

from sgdmoments.describe.description import Description, final
from sgdmoments.describe.moment_problem import is_semidefinite, refute
from sgdmoments.errors import AssumptionError, InputError
from sgdmoments.exact.numbers import Exact, to_exact, to_exact_array, to_fraction


class Law(Description):
    """The law of one sample x in R^p. Immutable."""

    __slots__ = ()

    #: p where the law fixes it, else None (any p).
    dimension: int | None = None

    @abstractmethod
    def moment(self, exponents: Sequence[int]) -> Exact:
        """E[x_1^e_1 ... x_p^e_p], exactly."""

    def named(self, role: str) -> Law:
        """The same law, whose errors say what it is the law of: "the data", "the noise", ..."""
        return self


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
            if not covariance.strip():
                raise InputError("covariance: found an empty name; a letter is called 'Sigma', say.")
            self.letter = covariance
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
        entries = tuple(map(tuple, self.covariance.tolist()))
        return _gaussian_moment(entries, tuple(exponents))

    def _arguments(self) -> dict[str, Any]:
        return {"covariance": self.covariance if self.letter is None else self.letter}

    def _summary(self) -> str:
        return f"a covariance in R^{self.dimension}"


class IndependentCoordinates(Law):
    """Coordinates that are independent copies of one scalar law, given by its moments.

    A subclass gives `coordinate_moment`; what follows from it (joint moments, cumulants) cannot be changed, since
    routes take one or the other.
    """

    __slots__ = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in ("moment", "cumulant"):
            if getattr(cls, name) is not getattr(IndependentCoordinates, name):
                raise InputError(f"{cls.__name__}: {name} of independent coordinates follows from coordinate_moment, "
                                 "and a subclass cannot change it; derive from Law instead.")

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
        cumulants: list[Any] = [Fraction(0)]
        moments: list[Any] = [Fraction(1)]
        for n in range(1, order + 1):
            moments.append(self.coordinate_moment(n))
            value = moments[n]
            for k in range(1, n):
                if cumulants[k] and moments[n - k]:
                    value = value - comb(n - 1, k - 1) * cumulants[k] * moments[n - k]
            cumulants.append(sympy.expand(value) if isinstance(value, sympy.Expr) else value)
        return cumulants[order]


@final
class Rademacher(IndependentCoordinates):
    """Independent signs: each coordinate is +1 or -1 with probability 1/2.

    >>> Rademacher().cumulant(4)
    Fraction(-2, 1)
    """

    __slots__ = ()

    def coordinate_moment(self, order: int) -> Fraction:
        return Fraction(1 - order % 2)


@final
class Uniform(IndependentCoordinates):
    """Independent coordinates, uniform on [a, b].

    >>> Uniform(-1, 1).coordinate_moment(2)
    Fraction(1, 3)
    """

    __slots__ = ("a", "b")

    def __init__(self, a: Any, b: Any) -> None:
        self.a, self.b = to_fraction(a, "a"), to_fraction(b, "b")
        if not self.a < self.b:
            raise InputError(f"Uniform(a, b) needs a < b, found a = {self.a}, b = {self.b}.")

    def coordinate_moment(self, order: int) -> Fraction:
        return (self.b ** (order + 1) - self.a ** (order + 1)) / ((order + 1) * (self.b - self.a))


@final
class Coordinates(IndependentCoordinates):
    """Independent coordinates with the moments E x, E x^2, E x^3, ... given, as numbers or sympy symbols.

    Moments that no law has are refused: their Hankel matrix must be positive semidefinite, and where it is
    singular (a law on a few points) the later moments must be those of that law.

    >>> Coordinates(moments=(0, 1, 0, 3)).cumulant(4)
    Fraction(0, 1)
    """

    __slots__ = ("_role", "moments")
    working = Law.working | {"_role"}

    def __init__(self, moments: Sequence[Any]) -> None:
        self._role = ""
        self.moments = tuple(to_exact(m, f"moments[{k}]") for k, m in enumerate(listed(moments, "moments")))
        if not self.moments:
            raise InputError("Coordinates needs at least the first moment.")
        why_not = refute(self.moments)
        if why_not:
            raise InputError(f"moments: no law has the moments {', '.join(map(str, self.moments[:12]))}"
                             f"{', ...' * (len(self.moments) > 12)} (of order 1, 2, ...): {why_not}.")

    def coordinate_moment(self, order: int) -> Exact:
        if order == 0:
            return Fraction(1)
        if order > len(self.moments):
            raise AssumptionError(f"the question needs the moment of order {order} of {self._role or self}, but "
                                  f"only {len(self.moments)} moments are given: Coordinates(moments=(...)).")
        return self.moments[order - 1]

    def named(self, role: str) -> Coordinates:
        return self._changed(_role=role)


@final
class Empirical(Law):
    """A finite data set: x is one of the n rows of `points`, each with probability 1/n.

    Args:
        points: array (n, p) of exact numbers or symbols.

    >>> Empirical([[1, 2], [3, 4]]).moment((1, 1))
    Fraction(7, 1)
    """

    __slots__ = ("points",)

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


def read_covariance(value: Any) -> np.ndarray[Any, Any]:
    """A symmetric positive semidefinite matrix; where it holds letters, as far as its numbers decide it."""
    matrix = to_exact_array(value, "covariance", ndim=2)
    if matrix.shape[0] != matrix.shape[1] or not (matrix == matrix.T).all():
        raise InputError(f"covariance: expected a symmetric matrix, found shape {matrix.shape}"
                         f"{' that is not symmetric' * (matrix.shape[0] == matrix.shape[1])}.")
    if matrix.size == 0:
        raise InputError("covariance: the matrix is empty.")
    numbers = [i for i, row in enumerate(matrix) if all(isinstance(entry, Fraction) for entry in row)]
    diagonal = [entry for entry in matrix.diagonal() if isinstance(entry, Fraction)]
    if not is_semidefinite(matrix[np.ix_(numbers, numbers)]) or any(entry < 0 for entry in diagonal) or any(
            entry.is_negative for entry in matrix.diagonal() if isinstance(entry, sympy.Expr)):
        raise InputError("covariance: the matrix is not positive semidefinite.")
    return matrix


def listed(values: Any, name: str) -> list[Any]:
    """The entries of a sequence; texts, bytes, dicts and sets are refused: what they hold in order is not numbers."""
    if isinstance(values, (str, bytes, bytearray, memoryview, dict, set, frozenset)):
        raise InputError(f"{name}: found {values!r}; expected a sequence of numbers such as (0, 1).")
    try:
        return list(values)
    except TypeError:
        raise InputError(f"{name}: found {values!r}; expected a sequence of numbers such as (0, 1).") from None


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
