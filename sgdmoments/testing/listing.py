"""One sample of the data written out: every value that it can take, with its probability.

A law that takes infinitely many values is replaced by a signed measure on finitely many points with the same
moments up to a degree d: the mean of a polynomial of degree <= d is the same, exactly.

>>> from sgdmoments import Gaussian
>>> [(int(x[0]), str(weight)) for x, weight in quadrature(Gaussian(), 1, 4)]
[(-2, '1/12'), (-1, '1/6'), (0, '1/2'), (1, '1/6'), (2, '1/12')]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import comb, prod
from typing import Any

import flint
import numpy as np

from sgdmoments.describe.laws.base import Law
from sgdmoments.describe.model import Model
from sgdmoments.errors import AssumptionError, InputError
from sgdmoments.exact.numbers import to_exact_array, to_fraction

Point = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Listing:
    """The values of one sample.

    Attributes:
        atoms: the values (x, label).
        chances: their probabilities (signed weights where a law is replaced); they sum to one.
        points: the atoms of each data point: several where the label is noisy.
    """

    atoms: tuple[tuple[Point, Point], ...]
    chances: tuple[Fraction, ...]
    points: tuple[tuple[int, ...], ...]


def listing(model: Model, teacher: dict[str, Any], degree: int, noise_degree: int) -> Listing:
    """The sample of a model, faithful to polynomials of the given degrees in x and in the label noise."""
    atoms: list[tuple[Point, Point]] = []
    chances: list[Fraction] = []
    points: list[tuple[int, ...]] = []
    for i, (x, chance) in enumerate(support(model.data, dimension(model), degree)):
        label = model.predict(teacher, x) if model.targets is None else model.targets[i]
        noises = [(np.full(len(label), Fraction(0), dtype=object), Fraction(1))] if model.noise is None \
            else support(model.noise, len(label), noise_degree)
        points.append(tuple(range(len(atoms), len(atoms) + len(noises))))
        atoms += [(x, label + shift) for shift, _ in noises]
        chances += [chance * weight for _, weight in noises]
    return Listing(tuple(atoms), tuple(chances), tuple(points))


def dimension(model: Model) -> int:
    """The dimension of x."""
    return int(model.inputs)


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


def degrees(model: Model) -> tuple[int, int]:
    """The degrees of the model's prediction in its weights and in x, from its own arithmetic."""
    found = []
    for in_weights in (1, 0):
        weights = {q.name: np.full(tuple(int(s) for s in q.shape), Degree(in_weights), dtype=object)
                   for q in model.parameters}
        outputs = model.predict(weights, np.full(dimension(model), Degree(1 - in_weights), dtype=object))
        found.append(max((Degree.lift(f).value or 0) for f in outputs))
    return found[0], found[1]
