"""Polynomials from their values at 0, 1, ..., N: Newton's interpolation in exact numbers."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction


def interpolated(value: Callable[[int], Fraction], degree: int) -> tuple[Fraction, ...]:
    """The coefficients, constant first, of the polynomial of at most this degree with the given values.

    >>> interpolated(lambda x: Fraction(x * x - 1), 3)
    (Fraction(-1, 1), Fraction(0, 1), Fraction(1, 1))
    """
    values = [value(k) for k in range(degree + 1)]
    for order in range(1, degree + 1):
        for k in range(degree, order - 1, -1):
            values[k] = (values[k] - values[k - 1]) / order
    result = [Fraction(0)]
    for k in range(degree, -1, -1):  # result * (x - k) + values[k]
        shifted = [Fraction(0), *result]
        for i, c in enumerate(result):
            shifted[i] -= k * c
        shifted[0] += values[k]
        result = shifted
    while len(result) > 1 and not result[-1]:
        result.pop()
    return tuple(result)
