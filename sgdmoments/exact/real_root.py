"""The least positive root of a rational polynomial, as an algebraic number: minimal polynomial and interval.

Source: isolation by Descartes' rule of signs and bisection (Vincent, Collins, Akritas).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import flint

from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import to_fraction
from sgdmoments.exact.ring import to_fmpq

#: The relative width to which a root is enclosed at first.
_WIDTH = Fraction(1, 10**12)


@dataclass(frozen=True, slots=True)
class RealRoot:
    """A real algebraic number: the only root of `polynomial` in [low, high].

    Attributes:
        polynomial: the integer coefficients of its minimal polynomial, constant first.
        low, high: rationals; equal where the number is rational.

    >>> root = least_positive_root([-2, 0, 1])
    >>> root.polynomial, round(float(root), 6), root.exact
    ((-2, 0, 1), 1.414214, None)
    """

    polynomial: tuple[int, ...]
    low: Fraction
    high: Fraction

    @property
    def exact(self) -> Fraction | None:
        """The number where it is rational, else None."""
        return self.low if self.low == self.high else None

    def __float__(self) -> float:
        return float((self.low + self.high) / 2)

    def refine(self, width: Any) -> RealRoot:
        """The same number in an interval of at most the given absolute width."""
        target = to_fraction(width, "width")
        if target <= 0:
            raise InputError(f"width: found {width}; a width is positive.")
        low, high, rising = self.low, self.high, self._value(self.high) > 0
        while high - low > target:
            middle = (low + high) / 2  # never the root itself, which is irrational here
            if (self._value(middle) > 0) == rising:
                high = middle
            else:
                low = middle
        return replace(self, low=low, high=high)

    def _value(self, point: Fraction) -> Fraction:
        value = Fraction(0)
        for c in reversed(self.polynomial):
            value = value * point + c
        return value


def least_positive_root(coefficients: Sequence[Any]) -> RealRoot | None:
    """The least root > 0 of the polynomial with these rational coefficients, constant first; None without one.

    >>> least_positive_root([0, 2, -7]).exact, least_positive_root([1, 0, 1])
    (Fraction(2, 7), None)
    """
    whole = flint.fmpq_poly([to_fmpq(Fraction(c)) for c in coefficients])
    if not whole:
        raise InputError("the polynomial is zero: every number is a root of it.")
    return least_of([root for factor, _ in whole.numer().factor()[1] if (root := _first_of(factor)) is not None])


def least_of(roots: Sequence[RealRoot]) -> RealRoot | None:
    """The least of several algebraic numbers, equal ones being given in equal intervals; None of none."""
    found = list(dict.fromkeys(roots))
    while len(found) > 1:
        top = min(root.high for root in found)
        kept = [root for root in found if root.low <= top]
        found = kept if len(kept) < len(found) else [
            root if root.exact is not None else root.refine((root.high - root.low) / 16) for root in kept]
    return found[0] if found else None


def _first_of(factor: flint.fmpz_poly) -> RealRoot | None:
    """The least positive root of an irreducible polynomial."""
    coefficients = [int(c) for c in factor.coeffs()]
    if len(coefficients) == 2:
        value = Fraction(-coefficients[0], coefficients[1])
        return RealRoot(tuple(coefficients), value, value) if value > 0 else None
    stack = [(_power_of_two(-_root_bound(coefficients[::-1])), _power_of_two(_root_bound(coefficients)))]
    while stack:
        low, high = stack.pop()
        changes = _changes_on_unit_interval(_on_unit_interval(factor, low, high))
        if changes == 1:
            return _narrowed(RealRoot(tuple(coefficients), low, high))
        if changes:
            middle = _between(low, high)
            stack += [(middle, high), (low, middle)]
    return None


def _narrowed(root: RealRoot) -> RealRoot:
    """The root to its first relative width: by powers of 2 at first, as roots may be of any size."""
    rising = root._value(root.high) > 0
    while root.high - root.low > root.low * _WIDTH:
        middle = _between(root.low, root.high)
        root = replace(root, high=middle) if (root._value(middle) > 0) == rising else replace(root, low=middle)
    return root


def _between(low: Fraction, high: Fraction) -> Fraction:
    """The middle; for numbers of different size a power of 2 between them."""
    if high <= 8 * low:
        return (low + high) / 2
    return _power_of_two((_size(low) + _size(high)) // 2)


def _size(value: Fraction) -> int:
    """k with 2^(k - 1) < value < 2^(k + 1)."""
    return value.numerator.bit_length() - value.denominator.bit_length()


def _power_of_two(exponent: int) -> Fraction:
    return Fraction(1 << exponent) if exponent >= 0 else Fraction(1, 1 << -exponent)


def _root_bound(coefficients: list[int]) -> int:
    """k such that every root is below 2^k (Fujiwara's bound, in bits)."""
    last = abs(coefficients[-1]).bit_length() - 1
    sizes = ((abs(c).bit_length() - last, place) for place, c in enumerate(coefficients[-2::-1], 1) if c)
    return 1 + max(-(-bits // place) for bits, place in sizes)


def _on_unit_interval(factor: flint.fmpz_poly, low: Fraction, high: Fraction) -> flint.fmpz_poly:
    """factor(low + (high - low) s), up to a positive factor."""
    return flint.fmpq_poly(factor)(flint.fmpq_poly([to_fmpq(low), to_fmpq(high - low)])).numer()


def _changes_on_unit_interval(polynomial: flint.fmpz_poly) -> int:
    """The changes of sign of (1 + x)^d p(1/(1 + x)): none or one tells the number of roots in (0, 1)."""
    signs = [c > 0 for c in flint.fmpz_poly(polynomial.coeffs()[::-1])(flint.fmpz_poly([1, 1])).coeffs() if c]
    return sum(a != b for a, b in pairwise(signs))
