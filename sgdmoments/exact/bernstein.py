"""Bernstein coefficients of rational polynomials: where all have one sign on an interval, so has the polynomial."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import comb, lcm

import flint

from sgdmoments.exact.ring import to_fmpq

Coefficients = tuple[Fraction, ...]


def evaluate(polynomial: Sequence[Fraction], point: Fraction) -> Fraction:
    """The value at a rational point (Horner).

    >>> evaluate((Fraction(1), Fraction(2)), Fraction(3))
    Fraction(7, 1)
    """
    value = Fraction(0)
    for coefficient in reversed(polynomial):
        value = value * point + coefficient
    return value


def bernstein(polynomial: Sequence[Fraction], low: Fraction, high: Fraction) -> Coefficients:
    """The Bernstein coefficients on [low, high]: the polynomial lies between their least and greatest.

    >>> bernstein((Fraction(0), Fraction(1)), Fraction(2), Fraction(3))
    (Fraction(2, 1), Fraction(3, 1))
    """
    degree = len(polynomial) - 1
    scale = lcm(*(c.denominator for c in polynomial))
    unit = lcm(low.denominator, high.denominator)
    start, width = int(low * unit), int((high - low) * unit)  # u = (start + width s)/unit
    shifted = [0] * (degree + 1)  # coefficients in s, times scale * unit^degree
    for k, coefficient in enumerate(reversed(polynomial)):
        for i in range(degree, 0, -1):
            shifted[i] = shifted[i] * start + shifted[i - 1] * width
        shifted[0] = shifted[0] * start + int(coefficient * scale) * unit**k
    common = lcm(*(comb(degree, i) for i in range(degree + 1)))
    return tuple(Fraction(sum(comb(j, i) * (common // comb(degree, i)) * shifted[i] for i in range(j + 1)),
                          common * scale * unit**degree) for j in range(degree + 1))


def scaled_bernstein(factor: Coefficients, low: Fraction, high: Fraction) -> list[int]:
    """The Bernstein coefficients on [low, high] times a positive number: what the search needs of them."""
    line = flint.fmpq_poly([to_fmpq(low), to_fmpq(high - low)])
    shifted = flint.fmpq_poly([to_fmpq(c) for c in factor])(line).numer().coeffs()
    degree = len(factor) - 1
    common = lcm(*(comb(degree, i) for i in range(degree + 1)))
    weighted = [int(c) * (common // comb(degree, i)) for i, c in enumerate(shifted)]
    return [sum(comb(j, i) * c for i, c in enumerate(weighted[: j + 1])) for j in range(degree + 1)]
