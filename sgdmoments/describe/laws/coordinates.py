"""Laws with independent coordinates: one scalar law for each, given by its moments."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import comb
from typing import Any

import numpy as np
import sympy

from sgdmoments.describe.description import final
from sgdmoments.describe.laws.base import Law
from sgdmoments.describe.laws.covariance import scaled_identity
from sgdmoments.describe.laws.entries import Entries
from sgdmoments.describe.laws.source import Source
from sgdmoments.describe.moment_problem import refute
from sgdmoments.errors import AssumptionError, InputError
from sgdmoments.exact.numbers import Exact, to_exact, to_fraction
from sgdmoments.reading import read_sequence, shown


class IndependentCoordinates(Law):
    """Coordinates that are independent copies of one scalar law, given by its moments.

    A subclass gives `coordinate_moment`; what follows from it (joint moments, cumulants) cannot be changed, since
    routes take one or the other.
    """

    __slots__ = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in ("moment", "cumulant", "entries", "mean_and_covariance"):
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

    def entries(self) -> Entries:
        return Entries(self.cumulant)

    def mean_and_covariance(self, size: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        mean: Any = self.coordinate_moment(1)
        return np.full(size, mean), scaled_identity(size, self.coordinate_moment(2) - mean**2)

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

    def source(self) -> Source:
        return Source.atoms((-1, 1))

    @property
    def is_even(self) -> bool:
        """True."""
        return True

    def support(self, size: int, degree: int) -> Iterator[tuple[np.ndarray[Any, Any], Fraction]]:
        for signs in product((Fraction(1), Fraction(-1)), repeat=size):
            yield np.array(signs, dtype=object), Fraction(1, 2**size)

    def support_size(self, size: int, degree: int) -> int:
        return 2**size


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
            raise InputError(f"Uniform(a, b) needs a < b, found a = {shown(a)}, b = {shown(b)}.")

    def coordinate_moment(self, order: int) -> Fraction:
        return (self.b ** (order + 1) - self.a ** (order + 1)) / ((order + 1) * (self.b - self.a))

    def source(self) -> Source:
        return Source.uniform(self.a, self.b)

    @property
    def is_even(self) -> bool:
        """Whether a = -b."""
        return self.a == -self.b


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

    def source(self) -> Source:
        return Source.moments(self.moments)

    @property
    def is_even(self) -> bool:
        """Whether every odd moment that is given is zero."""
        return not any(self.moments[0::2])

    def named(self, role: str) -> Coordinates:
        return self._changed(_role=role)


def listed(values: Any, name: str) -> list[Any]:
    """The entries of a sequence; texts, bytes, dicts and sets are refused: what they hold in order is not numbers."""
    return list(read_sequence(values, name, "expected a sequence of numbers such as (0, 1)"))
