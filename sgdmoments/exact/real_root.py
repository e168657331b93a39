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
    bound = 1 << (max(abs(c) for c in coefficients) // abs(coefficients[-1]) + 1).bit_length()  # Cauchy's
    stack = [(Fraction(0), Fraction(bound), factor(flint.fmpz_poly([0, bound])))]
    while stack:
        low, high, on_unit = stack.pop()  # on_unit(s) is, up to a factor, factor(low + (high - low) s)
        changes = _changes_on_unit_interval(on_unit)
        if not changes:
            continue
        if changes == 1:
            root = RealRoot(tuple(coefficients), low, high)
            while not root.low:
                root = root.refine((root.high - root.low) / 2)
            return root.refine(root.low * _WIDTH)
        middle = (low + high) / 2
        degree = on_unit.degree()
        left = flint.fmpz_poly([c << (degree - k) for k, c in enumerate(on_unit.coeffs())])
        stack += [(middle, high, left(flint.fmpz_poly([1, 1]))), (low, middle, left)]
    return None


def _changes_on_unit_interval(polynomial: flint.fmpz_poly) -> int:
    """The changes of sign of (1 + x)^d p(1/(1 + x)): none or one tells the number of roots in (0, 1)."""
    signs = [c > 0 for c in flint.fmpz_poly(polynomial.coeffs()[::-1])(flint.fmpz_poly([1, 1])).coeffs() if c]
    return sum(a != b for a, b in pairwise(signs))
