"""What a law can be asked, each question once. `moment` is enough for components and closure; what else a law
gives opens more: `entries` the index graphs, `source` the simulator, `support` shorter enumerations.

>>> from fractions import Fraction
>>> class Signs(Law):
...     '''x = (s, s) with a random sign s.'''
...     dimension = 2
...     def moment(self, exponents):
...         return Fraction(1 - sum(exponents) % 2)
>>> Signs().source()
Traceback (most recent call last):
    ...
sgdmoments.errors.AssumptionError: simulation draws samples, and Signs() does not say from what: give Signs a method \
source() that returns a Source.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Self

import numpy as np

from sgdmoments.describe import saving
from sgdmoments.describe.array import Array, Dimension
from sgdmoments.describe.description import Description, default
from sgdmoments.describe.laws.arguments import READERS, exactly
from sgdmoments.describe.laws.entries import Entries
from sgdmoments.describe.laws.source import Source
from sgdmoments.errors import AssumptionError, InputError
from sgdmoments.exact.numbers import Exact, to_exact_array


class Distribution(Description):
    """A law of an array: of a sample (`Law`), or of initial weights (`describe.initial.Init`)."""

    __slots__ = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        own = saving.is_own(cls)
        for name, reading in READERS.items():
            if callable(given := vars(cls).get(name)):
                exact = own and name in ("moment", "coordinate_moment")
                setattr(cls, name, reading(exactly(given, name) if exact else given))

    @property
    def _length(self) -> int | None:
        """The number of entries where the law fixes it, else None."""
        return None

    @abstractmethod
    def moment(self, exponents: Sequence[int]) -> Exact:
        """E[x_1^e_1 ... x_p^e_p] over the entries, flat, exactly."""

    def entries(self) -> Entries:
        """How index graphs join the entries: by cumulants, or by a covariance."""
        raise AssumptionError(f"index graphs know Gaussian laws and independent entries of given cumulants, not {self};"
                              f" give {type(self).__name__} a method entries() that returns Entries, or take "
                              "route='components' or 'closure'.")

    def source(self) -> Source:
        """From what the simulator draws."""
        raise AssumptionError(f"simulation draws samples, and {self} does not say from what: give "
                              f"{type(self).__name__} a method source() that returns a Source.")

    @property
    def is_even(self) -> bool:
        """Whether x and -x are known to have one law (odd moments are zero)."""
        return False

    def named(self, role: str) -> Self:
        """The same law, whose errors say what it is the law of: "the data", "the initial weights W1", ..."""
        return self


class Law(Distribution):
    """The law of one sample, p numbers: the vector x, or several named arrays, flat and one after another. Immutable.

    Attributes:
        dimension: p where the law fixes it, else None (any p).
        points: for a finite data set the array (n, p) of its points, each equally likely; else None.
        letter: the name of the covariance where that is a letter, else None.
        makes_letters: whether moments that are not given are letters, made when they are asked for.
    """

    __slots__ = ()
    dimension: int | None = None
    points: np.ndarray[Any, Any] | None = None
    letter: str | None = None
    makes_letters: bool = False

    @default
    def parts(self) -> tuple[Array, ...]:
        """The named arrays of a sample; x alone where nothing else is said."""
        if self.dimension is None:
            raise InputError(f"the law {self} has any number of coordinates, so the length of x must be said: "
                             "sm.Product(x=(law, length)).")
        return (Array("x", (self.dimension,)),)

    @property
    def factors(self) -> tuple[Factor, ...]:
        """Independent factors, whose coordinates follow one another; the law itself where it is no `Product`."""
        return (Factor(self, self.parts),)

    def _seal(self) -> None:
        points: Any = self.points
        if points is not None and not (isinstance(points, np.ndarray) and set(map(type, points.flat)) == {Fraction}):
            points = to_exact_array(points, f"{type(self).__name__}.points", ndim=2)
            if not points.size:
                raise InputError(f"{type(self).__name__}.points: the data set is empty (shape {points.shape}).")
            object.__setattr__(self, "points", points)
        super()._seal()

    @property
    def _length(self) -> int | None:
        """p where the law fixes it."""
        return self.dimension

    @property
    def n(self) -> int | None:
        """The number of points of a finite data set; None for a law that gives fresh samples."""
        return None if self.points is None else len(self.points)

    @property
    def has_letter(self) -> bool:
        """Whether a covariance is a letter."""
        return any(factor.law.letter is not None for factor in self.factors)

    def moments_beside(self, exponents: Sequence[int]) -> Exact:
        """The moment of the coordinates after those of the first factor, which are the points where there are any."""
        value: Any = Fraction(1)
        at = 0
        for factor in self.factors[1:]:
            value = value * factor.law.moment(tuple(exponents[at:at + int(factor.size)]))
            at += int(factor.size)
        return value

    def support(self, size: int, degree: int) -> Iterable[tuple[np.ndarray[Any, Any], Fraction]] | None:
        """The values in R^size that a sample takes, with their probabilities; None where they are not listed.

        Any signed measure will do whose moments up to `degree` are those of the law. Where there is none, enumeration
        finds one from `moment`.
        """
        return None if self.points is None else [(x, Fraction(1, len(self.points))) for x in self.points]

    def support_size(self, size: int, degree: int) -> int | None:
        """How many values `support` lists, known before they are."""
        listed = self.support(size, degree)
        return None if listed is None else sum(1 for _ in listed)

    def mean_and_covariance(self, size: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """E x and cov x in R^size, exactly."""
        unit = np.eye(size, dtype=int)
        mean = np.array([self.moment(tuple(map(int, row))) for row in unit], dtype=object)
        square = np.array([[self.moment(tuple(map(int, a + b))) for a in unit] for b in unit], dtype=object)
        return mean, square - np.multiply.outer(mean, mean)


@dataclass(frozen=True, slots=True)
class Factor:
    """A law with the names of its parts, independent of the other factors of a sample.

    Attributes:
        law: of the parts' entries, flat, one part after another.
        parts: the named arrays.
    """

    law: Law
    parts: tuple[Array, ...]

    @property
    def size(self) -> Dimension:
        """The number of coordinates; a letter where a shape holds one."""
        sizes = [part.size for part in self.parts]
        return sizes[0] if len(sizes) == 1 else sum(sizes)
