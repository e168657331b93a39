"""Which balls of a certified run are exactly 0: a rational number with a known denominator has no small values.

If d x is an integer and the ball of x lies within (-1/d, 1/d), then x = 0. With a constant learning rate the values
obey a linear recurrence of the size of the state, so that as many zeros in a row prove all that follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import flint


class Zeros:
    """The zeros of one run, step by step.

    Args:
        denominators: for each step, an integer for each batch size whose product with the moment is an integer.
        state_size: the order of a linear recurrence in t that the moments obey, or None.

    Attributes:
        bits_missing: bits that would decide a ball that holds 0 at this precision; 0 where all are decided.
    """

    def __init__(self, denominators: Iterator[tuple[int, ...]], state_size: int | None) -> None:
        self.bits_missing = 0
        self._denominators = denominators
        self._state_size = state_size
        self._in_a_row: list[int] = []

    def recognised(self, balls: list[Any]) -> list[Any]:
        """The balls of the next step, with 0 in place of those that are proved to be 0."""
        self._in_a_row = self._in_a_row or [0] * len(balls)
        result = []
        for column, (ball, denominator) in enumerate(zip(balls, next(self._denominators), strict=True)):
            count = self._in_a_row[column]
            settled = self._state_size is not None and count >= self._state_size
            if settled or ball.is_zero() or (ball.contains(0) and abs(ball) * denominator < 1):
                self._in_a_row[column] = count + 1
                result.append(flint.arb(0))
                continue
            if ball.contains(0):
                self.bits_missing = max(self.bits_missing, denominator.bit_length() + 64)
            self._in_a_row[column] = 0
            result.append(ball)
        return result
