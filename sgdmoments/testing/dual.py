"""Dual numbers: derivatives of anything that is computed by + - * and integer powers, with no formula typed in.

A dual number a + sum_k a_k ε_k, ε_j ε_k = 0, carries a value and its first derivatives.

>>> x, y = Dual(3, {0: 1}), Dual(5, {1: 1})
>>> (x * x * y - 2).value, (x * x * y - 2).tangent == {0: 30, 1: 9}
(43, True)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sgdmoments.exact.beside_arrays import beside_arrays


@beside_arrays
class Dual:
    """A value and its derivatives, in any commutative ring (Fractions, sympy expressions, ...).

    Args:
        value: the value.
        tangent: the nonzero derivatives by the number of the variable.
    """

    __slots__ = ("tangent", "value")

    def __init__(self, value: Any, tangent: Mapping[int, Any] | None = None) -> None:
        self.value = value
        self.tangent: Mapping[int, Any] = {} if tangent is None else tangent

    @staticmethod
    def lift(value: Any) -> Dual:
        """A dual number as it is; a constant as a dual number without derivatives."""
        return value if isinstance(value, Dual) else Dual(value)

    def __add__(self, other: Any) -> Dual:
        other = Dual.lift(other)
        tangent = dict(self.tangent)
        for k, d in other.tangent.items():
            tangent[k] = tangent[k] + d if k in tangent else d
        return Dual(self.value + other.value, tangent)

    __radd__ = __add__

    def __neg__(self) -> Dual:
        return Dual(-self.value, {k: -d for k, d in self.tangent.items()})

    def __sub__(self, other: Any) -> Dual:
        return self + (-Dual.lift(other))

    def __rsub__(self, other: Any) -> Dual:
        return Dual.lift(other) + (-self)

    def __mul__(self, other: Any) -> Dual:
        other = Dual.lift(other)
        tangent = {k: d * other.value for k, d in self.tangent.items()}
        for k, d in other.tangent.items():
            term = self.value * d
            tangent[k] = tangent[k] + term if k in tangent else term
        return Dual(self.value * other.value, tangent)

    __rmul__ = __mul__

    def __truediv__(self, number: Any) -> Dual:
        return Dual(self.value / number, {k: d / number for k, d in self.tangent.items()})

    def __pow__(self, exponent: int) -> Dual:
        power = Dual(1)
        for _ in range(exponent):
            power = power * self
        return power

    def __repr__(self) -> str:
        return f"Dual({self.value!r}, {dict(self.tangent)!r})"
