"""A sample of several independent parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any, Self

import numpy as np

from sgdmoments.describe.array import Array, is_dimension
from sgdmoments.describe.description import Description, final
from sgdmoments.describe.laws.base import Factor, Law
from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import Exact
from sgdmoments.reading import shown


@final
class Product(Law):
    """Independent parts by name, such as x and noise.

    Args:
        laws: for each part its law, or (law, length) or (law, shape) for a law that has any number of coordinates. A
            law of several named parts, such as a data set with x and label, keeps their names. At most one is finite:
            the points of a data set are drawn, all else is drawn anew with each.

    >>> import sgdmoments as sm
    >>> law = Product(x=(sm.Gaussian(), 2), noise=(sm.Rademacher(), ()))
    >>> law.parts, law.moment((2, 0, 4))
    ((Array(name='x', shape=(2,), layer=None), Array(name='noise', shape=(), layer=None)), Fraction(1, 1))
    >>> law
    Product(x=(Gaussian(), (2,)), noise=(Rademacher(), ()))
    """

    __slots__ = ("factors",)
    factors: tuple[Factor, ...]

    def __init__(self, **laws: Any) -> None:
        if not laws:
            raise InputError("Product: expected the laws of named parts, such as x=(Gaussian(), 3).")
        found = [_read(name, given) for name, given in laws.items()]
        finite = [factor for factor in found if factor.law.points is not None]
        if len(finite) > 1:
            raise InputError("Product: found two finite data sets; list the pairs of their points as one.")
        self.factors = (*finite, *(factor for factor in found if factor.law.points is None))
        names = [part.name for part in self.parts]
        if len(set(names)) < len(names):
            raise InputError(f"Product: two parts have one name: {', '.join(names)}.")

    @property
    def parts(self) -> tuple[Array, ...]:
        """The named arrays, those of the data set first."""
        return tuple(part for factor in self.factors for part in factor.parts)

    @property
    def dimension(self) -> int | None:  # type: ignore[override]
        """The number of coordinates; None where a shape holds letters."""
        sizes = [factor.size for factor in self.factors]
        return sum(size for size in sizes if isinstance(size, int)) if all(
            isinstance(size, int) for size in sizes) else None

    @property
    def points(self) -> np.ndarray[Any, Any] | None:  # type: ignore[override]
        """The points of the data set among the factors, which are the first coordinates; None where there is none."""
        return self.factors[0].law.points

    @property
    def is_even(self) -> bool:
        """Whether every factor is known to be."""
        return all(factor.law.is_even for factor in self.factors)

    def _seal(self) -> None:
        Description._seal(self)  # the factors are sealed, the points among them

    def moment(self, exponents: Sequence[int]) -> Exact:
        first = self.factors[0]
        size = int(first.size)
        value: Any = first.law.moment(tuple(exponents[:size]))
        return value * self.moments_beside(exponents[size:])

    def support(self, size: int, degree: int) -> Iterable[tuple[np.ndarray[Any, Any], Fraction]] | None:
        listed = [factor.law.support(int(factor.size), degree) for factor in self.factors]
        if any(values is None for values in listed):
            return None
        return [(np.concatenate([value for value, _ in chosen]), prod((chance for _, chance in chosen),
                                                                      start=Fraction(1)))
                for chosen in product(*(list(values or ()) for values in listed))]

    def mean_and_covariance(self, size: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        means, covariance, at = [], np.full((size, size), Fraction(0), dtype=object), 0
        for factor in self.factors:
            own = slice(at, at + int(factor.size))
            mean, covariance[own, own] = factor.law.mean_and_covariance(int(factor.size))
            means.append(mean)
            at = own.stop
        return np.concatenate(means), covariance

    def named(self, role: str) -> Self:
        """The factors know what they are the laws of."""
        return self._changed(factors=tuple(Factor(
            factor.law.named("the data" if factor.parts[0].name == "x" else f"the {factor.parts[0].name}"),
            factor.parts) for factor in self.factors))

    def _arguments(self) -> dict[str, Any]:
        return {factor.parts[0].name: factor.law if len(factor.parts) > 1 else (factor.law, factor.parts[0].shape)
                for factor in self.factors}

    def _summary(self) -> str:
        return ", ".join(f"{part.name} of shape {part.shape}" for part in self.parts)


def _read(name: str, given: Any) -> Factor:
    law, shape = given if isinstance(given, tuple) and len(given) == 2 else (given, None)
    if not isinstance(law, Law):
        raise InputError(f"Product: {name}: expected a law such as Gaussian(), or (law, length), found {shown(given)}.")
    if shape is None:
        parts = law.parts
        return Factor(law, (Array(name, parts[0].shape),) if len(parts) == 1 else parts)
    if is_dimension(shape):
        shape = (shape,)
    array = Array(name, shape)
    if law.dimension is not None and law.dimension != array.size:
        raise InputError(f"Product: {name}: the law has {law.dimension} coordinates, the shape {array.shape} has "
                         f"{array.size}.")
    return Factor(law, (array,))
