"""One sample of the data written out: every value that it can take, with its probability.

A law that takes infinitely many values is replaced by a signed measure on finitely many points with the same
moments up to a degree d: the mean of a polynomial of degree <= d is the same, exactly.

>>> from sgdmoments import Gaussian
>>> [(int(x[0]), str(weight)) for x, weight in quadrature(Gaussian(), 1, 4)]
[(-2, '1/12'), (-1, '1/6'), (0, '1/2'), (1, '1/6'), (2, '1/12')]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import comb, prod
from typing import Any

import flint
import numpy as np

from sgdmoments.describe.array import Array
from sgdmoments.describe.laws.base import Law
from sgdmoments.describe.model import Model, as_array
from sgdmoments.errors import AssumptionError, BudgetExceeded, InputError
from sgdmoments.exact.beside_arrays import beside_arrays
from sgdmoments.exact.numbers import to_exact_array, to_fraction

Point = np.ndarray[Any, Any]

#: The most points of a quadrature; its weights solve as many linear equations.
MOST_POINTS = 2_000


@dataclass(frozen=True)
class Listing:
    """The values of one sample.

    Attributes:
        atoms: the values of its coordinates, flat.
        chances: their probabilities (signed weights where a law is replaced); they sum to one.
        points: the atoms of each value of the first factor: of a data point several where more is drawn with it.
    """

    atoms: tuple[Point, ...]
    chances: tuple[Fraction, ...]
    points: tuple[tuple[int, ...], ...]


def listing(law: Law, degrees: Sequence[int]) -> Listing:
    """A sample, faithful to polynomials of the given degree in the coordinates of each factor."""
    first, *others = (support(factor.law, int(factor.size), degree)
                      for factor, degree in zip(law.factors, degrees, strict=True))
    atoms: list[Point] = []
    chances: list[Fraction] = []
    points: list[tuple[int, ...]] = []
    for value, chance in first:
        start = len(atoms)
        for beside in product(*others):
            atoms.append(np.concatenate([value, *(entries for entries, _ in beside)]))
            chances.append(prod((weight for _, weight in beside), start=chance))
        points.append(tuple(range(start, len(atoms))))
    return Listing(tuple(atoms), tuple(chances), tuple(points))


def listing_sizes(law: Law, degrees: Sequence[int]) -> tuple[int, int]:
    """How many values the first factor takes, and all others together, known before they are listed."""
    first, *others = (support_size(factor.law, int(factor.size), degree)
                      for factor, degree in zip(law.factors, degrees, strict=True))
    return first, prod(others)


def support(law: Law, size: int, degree: int) -> list[tuple[Point, Fraction]]:
    """The values of a law in R^size with their probabilities, as the law lists them, or its `quadrature`."""
    listed = law.support(size, degree)
    if listed is None:
        return quadrature(law, size, degree)
    name = f"{law}.support"
    found = [(to_exact_array(x, name), to_fraction(chance, name)) for x, chance in listed]
    total = sum((chance for _, chance in found), Fraction(0))
    if total != 1 or any(x.shape != (size,) for x, _ in found):
        raise InputError(f"{law}.support: expected values in R^{size} whose probabilities sum to 1, found shapes "
                         f"{sorted({x.shape for x, _ in found})} and the sum {total}.")
    return found


def support_size(law: Law, size: int, degree: int) -> int:
    """The number of values that `support` lists, at most."""
    listed = law.support_size(size, degree)
    return comb(degree + size, size) if listed is None else listed


def quadrature(law: Law, size: int, degree: int) -> list[tuple[Point, Fraction]]:
    """Points of an integer lattice and signed weights with E f(x) = sum weight f(point) for degree f <= `degree`.

    The lattice {point >= low, sum of (point - low) <= degree} carries exactly one such measure; points of weight
    zero are left out. `AssumptionError` where a moment of the law is not known, or not a number.
    """
    if comb(degree + size, size) > MOST_POINTS:
        raise BudgetExceeded(f"{law}: a listing faithful to degree {degree} in {size} coordinates has "
                             f"{comb(degree + size, size):,} points, over {MOST_POINTS:,}.",
                             {"points": comb(degree + size, size)}, "fewer coordinates, or an earlier step.")
    corners = list(_exponents(size, degree))
    low = -(degree // (size + 1)) if size > 1 else -(degree // 2)
    points = [tuple(low + k for k in corner) for corner in corners]
    moments = [law.moment(e) for e in corners]
    for e, moment in zip(corners, moments, strict=True):
        if not isinstance(moment, Fraction):
            raise AssumptionError(f"{law}: the moment of order {sum(e)} is {moment}, not a number; enumeration "
                                  "needs numbers.")
    system = flint.fmpq_mat([[prod(x**k for x, k in zip(point, e, strict=True)) for point in points] for e in corners])
    right = flint.fmpq_mat([[flint.fmpq(m.numerator, m.denominator)] for m in moments])
    weights = system.solve(right)
    found = [Fraction(int(weights[i, 0].p), int(weights[i, 0].q)) for i in range(len(points))]
    return [(np.array([Fraction(c) for c in point], dtype=object), weight)
            for point, weight in zip(points, found, strict=True) if weight]


def _exponents(size: int, degree: int) -> Iterator[tuple[int, ...]]:
    """All tuples of `size` integers >= 0 with sum <= degree."""
    if size == 0:
        yield ()
        return
    for first in range(degree + 1):
        for rest in _exponents(size - 1, degree - first):
            yield (first, *rest)


@beside_arrays
class Degree:
    """The degree of a polynomial that is computed by + and * : sums take the larger, products add.

    >>> x = Degree(1)
    >>> (x * x * 3 - x / 2 + 1).value, (0 * x + 1).value, (x**3).value
    (2, 0, 3)
    """

    __slots__ = ("value",)

    def __init__(self, value: int | None) -> None:
        #: None for the polynomial zero.
        self.value = value

    @staticmethod
    def lift(value: Any) -> Degree:
        """The degree of a constant: 0, or None for zero."""
        return value if isinstance(value, Degree) else Degree(0 if value != 0 else None)

    def __add__(self, other: Any) -> Degree:
        known = [d for d in (self.value, Degree.lift(other).value) if d is not None]
        return Degree(max(known, default=None))

    __radd__ = __sub__ = __rsub__ = __add__

    def __neg__(self) -> Degree:
        return self

    def __truediv__(self, number: Any) -> Degree:
        return self

    def __pow__(self, exponent: int) -> Degree:
        return Degree(0 if not exponent else None if self.value is None else self.value * exponent)

    def __mul__(self, other: Any) -> Degree:
        factor = Degree.lift(other).value
        return Degree(None if self.value is None or factor is None else self.value + factor)

    __rmul__ = __mul__


@dataclass(frozen=True)
class Degrees:
    """The degrees of a model, from its own arithmetic.

    Attributes:
        step: of what is subtracted from the weights, in the weights.
        loss: of the loss, in the weights; 0 where there is none.
        step_in: of what is subtracted, in the coordinates of each factor of the sample.
        loss_in: of the loss, in these.
    """

    step: int
    loss: int
    step_in: tuple[int, ...]
    loss_in: tuple[int, ...]


def degrees(model: Model) -> Degrees:
    """The degrees of a model's step and loss; of a gradient of a square, of a factor and its derivative."""
    factors = range(len(model.law.factors))
    if not model.predicts:
        loss = _degree(model, model.loss, None) if model.has_loss else 0
        loss_in = tuple(_degree(model, model.loss, k) if model.has_loss else 0 for k in factors)
        step, step_in = max(loss - 1, 0), loss_in
    else:
        prediction = _degree(model, model.predict, None)
        residual_in = [_degree(model, model.residual, k) for k in factors]
        loss, loss_in = 2 * prediction, tuple(2 * d for d in residual_in)
        step = max(2 * prediction - 1, 0)
        step_in = tuple(d + _degree(model, model.predict, k) for k, d in zip(factors, residual_in, strict=True))
    if model.has_direction:
        step = _degree(model, model.direction, None)
        step_in = tuple(_degree(model, model.direction, k) for k in factors)
    return Degrees(step, loss, step_in, loss_in)


def _degree(model: Model, method: Any, factor: int | None) -> int:
    """The degree of what a method gives, in the weights (None) or in the coordinates of a factor."""
    weights = _filled(model.parameters, factor is None)
    sample: dict[str, Any] = {}
    for k, own in enumerate(model.law.factors):
        sample |= _filled(own.parts, k == factor)
    found = method(weights, _filled(model.constants, False), sample)
    values = found.values() if isinstance(found, Mapping) else [found]
    return max((Degree.lift(entry).value or 0) for value in values for entry in as_array(value).flat)


def _filled(arrays: Sequence[Array], counted: bool) -> dict[str, Any]:
    return {array.name: np.full(tuple(int(s) for s in array.shape), Degree(int(counted)), dtype=object)
            for array in arrays}
