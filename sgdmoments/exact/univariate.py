"""Polynomials in one letter as lists of rational coefficients, constant first, multiplied and shifted by FLINT.

Lists hold Fractions; a common denominator turns them into one integer polynomial, so that neither a product nor a
change of basis forms a Fraction on the way.

>>> product([Fraction(1), Fraction(1, 2)], [Fraction(1), Fraction(-1, 2)])
[Fraction(1, 1), Fraction(0, 1), Fraction(-1, 4)]
>>> compose_linear([Fraction(0), Fraction(0), Fraction(1)], Fraction(1), Fraction(2))      # (1 + 2 v)^2
[Fraction(1, 1), Fraction(4, 1), Fraction(4, 1)]
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm

import flint

Rational = Sequence[Fraction]


def product(a: Rational, b: Rational) -> list[Fraction]:
    """The coefficients of the product."""
    (p, c), (q, d) = to_flint(a), to_flint(b)
    return from_flint(p * q, c * d, len(a) + len(b) - 1)


def compose_linear(coefficients: Rational, constant: Fraction, slope: Fraction) -> list[Fraction]:
    """The coefficients of sum_k c_k (constant + slope v)^k in powers of v: a Taylor shift between two scalings.

    With constant = r/s and slope = q/s the integer polynomial s^d p((r + x)/s) is shifted by r, and x = q v.
    """
    integers, denominator = to_flint(coefficients)
    degree = max(integers.degree(), 0)
    s = lcm(constant.denominator, slope.denominator)
    r, q = int(constant * s), int(slope * s)
    scaled = flint.fmpz_poly([c * w for c, w in zip(integers.coeffs(), _powers(s, degree)[::-1], strict=False)])
    shifted = scaled(flint.fmpz_poly([r, 1]))
    moved = flint.fmpz_poly([c * w for c, w in zip(shifted.coeffs(), _powers(q, degree), strict=False)])
    return from_flint(moved, denominator * s**degree, len(coefficients))


def to_flint(coefficients: Rational) -> tuple[flint.fmpz_poly, int]:
    """The numerators over the least common denominator, and that denominator."""
    common = lcm(*(c.denominator for c in coefficients))
    return flint.fmpz_poly([c.numerator * (common // c.denominator) for c in coefficients]), common


def from_flint(polynomial: flint.fmpz_poly, denominator: int, length: int) -> list[Fraction]:
    """The first `length` coefficients over the denominator, as Fractions."""
    return [Fraction(int(polynomial[k]), denominator) for k in range(length)]


def _powers(base: int, highest: int) -> list[flint.fmpz]:
    powers = [flint.fmpz(1)]
    for _ in range(highest):
        powers.append(powers[-1] * base)
    return powers
