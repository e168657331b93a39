"""Arithmetic of ring elements: sums, products, powers, quotients, common divisors.

An element says how it and another operand become two elements of one ring (`_pair`); the rest follows from that.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Self

import flint
import numpy as np

from sgdmoments.errors import InputError, OperandError
from sgdmoments.reading import is_integer, shown


class RingArithmetic:
    """What `exact.ring.Polynomial` can do with another operand."""

    __slots__ = ()

    #: NumPy's scalars leave operators to this class, its arrays do not: np.timedelta64(3) would become the integer 3.
    __array_priority__ = -1.0

    ring: Any
    raw: flint.fmpq_mpoly

    def __init__(self, ring: Any, raw: flint.fmpq_mpoly) -> None:
        raise NotImplementedError

    def _pair(self, other: Any) -> tuple[Self, Self] | None:
        """Both in one ring; None where `other` is no element, number or expression."""
        raise NotImplementedError

    def _combine(self, other: Any, operation: Callable[[Any, Any], Any], swap: bool = False) -> Any:
        pair = self._pair(other)
        if pair is None:
            return _left_to(other)
        a, b = reversed(pair) if swap else pair
        return type(self)(a.ring, operation(a.raw, b.raw))

    def __add__(self, other: Any) -> Self:
        return self._combine(other, lambda a, b: a + b)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Self:
        return self._combine(other, lambda a, b: a - b)

    def __rsub__(self, other: Any) -> Self:
        return self._combine(other, lambda a, b: a - b, swap=True)

    def __mul__(self, other: Any) -> Self:
        return self._combine(other, lambda a, b: a * b)

    __rmul__ = __mul__

    def __truediv__(self, other: int | Fraction) -> Self:
        number = number_of(other)
        return _left_to(other) if number is None else type(self)(self.ring, self.raw / number)

    def __pow__(self, exponent: int) -> Self:
        if not is_integer(exponent):
            return _left_to(exponent)
        return type(self)(self.ring, self.raw ** int(exponent))

    def __neg__(self) -> Self:
        return type(self)(self.ring, -self.raw)

    def __pos__(self) -> Self:
        return self

    def exact_quotient(self, divisor: Self) -> Self:
        """self / divisor where that is a polynomial; `ZeroDivisionError` or FLINT's DomainError otherwise.

        Raises `InputError` where irrational numbers occur: their rules are not those of polynomials.
        """
        pair = self._pair(divisor)
        assert pair is not None
        if pair[0].ring.reduction:
            raise InputError("this question divides polynomials, which is not done over irrational numbers or "
                             "reciprocals of letters; put symbols in their place, or rational numbers close to them.")
        return type(self)(pair[0].ring, pair[0].raw / pair[1].raw)

    def gcd(self, other: Self) -> Self:
        """A greatest common divisor."""
        pair = self._pair(other)
        assert pair is not None
        return type(self)(pair[0].ring, pair[0].raw.gcd(pair[1].raw))


def number_of(value: Any) -> flint.fmpq | None:
    """An integer (NumPy's too) or Fraction beside an element; None for truth values, spans of time and all else."""
    if isinstance(value, Fraction):
        return flint.fmpq(value.numerator, value.denominator)
    return flint.fmpq(int(value)) if type(value) is int or is_integer(value) else None


def _left_to(other: Any) -> Any:
    """NotImplemented, except beside NumPy's scalars, which would make numbers of what are none."""
    if isinstance(other, np.generic):
        raise OperandError(f"found {shown(other)} beside a polynomial; it goes with integers, fractions and symbols.")
    return NotImplemented
