"""Sums of many polynomials.

>>> total = LongSum()
>>> for k in range(5):
...     total.add(k)
>>> total.value(100)
110
"""

from __future__ import annotations

from typing import Any


class LongSum:
    """A sum of polynomials, added in pairs of about equal size, so that long sums are not copied at each turn."""

    def __init__(self) -> None:
        self._parts: list[Any] = []

    def add(self, value: Any) -> None:
        """Add one more."""
        for i, part in enumerate(self._parts):
            if part is None:
                self._parts[i] = value
                return
            value, self._parts[i] = part + value, None
        self._parts.append(value)

    def value(self, zero: Any) -> Any:
        """The sum, beginning with `zero`."""
        total = zero
        for part in self._parts:
            if part is not None:
                total = total + part
        return total
