"""Sums and products of polynomials in 1/b, with what is known of truncated ones carried along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from sgdmoments.exact.coefficient_lists import least, product_of, sum_of, total_of
from sgdmoments.exact.truncation import coefficient_beyond


class BatchArithmetic:
    """The operators of `exact.polynomial.BatchPolynomial`, whose fields are meant here."""

    #: sympy's matrices leave ``M * p`` to `__rmul__`.
    _op_priority: ClassVar[float] = 100.0

    #: NumPy's scalars leave operators to this class, its arrays do not: np.timedelta64(3) would become the integer 3.
    __array_priority__ = -1.0

    entries: tuple[Any, ...]
    truncated: int | None
    learning_rate_order: int | None
    last_order: tuple[Any, ...] | None

    def _coefficient(self, k: int) -> Any:
        """The coefficient of u^k; None where a truncated answer does not know it."""
        raise NotImplementedError

    def _lift(self, other: Any) -> Self | None:
        """The other operand as a polynomial in 1/b; None where it is left to that operand."""
        raise NotImplementedError

    def _with(self, other: Self, coefficients: Sequence[Any], beyond: Any, last: tuple[Any, ...] | None) -> Self:
        """The result of an operation with `other`, cut where the first of both is."""
        raise NotImplementedError

    def __add__(self, other: Any) -> Self:
        q = self._lift(other)
        if q is None:
            return NotImplemented
        k = least(self.truncated, q.truncated)
        pair = (None, None) if k is None else (self._coefficient(k + 1), q._coefficient(k + 1))
        beyond = None if pair[0] is None or pair[1] is None else pair[0] + pair[1]
        order = least(self.learning_rate_order, q.learning_rate_order)
        parts = [p.last_order for p in (self, q) if p.last_order is not None and p.learning_rate_order == order]
        last = total_of(parts)
        return self._with(q, sum_of(self.entries, q.entries), beyond, last)

    __radd__ = __add__

    def __neg__(self) -> Self:
        return -1 * self

    def __sub__(self, other: Any) -> Self:
        q = self._lift(other)
        return NotImplemented if q is None else self + (-q)

    def __rsub__(self, other: Any) -> Self:
        return (-self) + other

    def __mul__(self, other: Any) -> Self:
        q = self._lift(other)
        if q is None:
            return NotImplemented
        k = least(self.truncated, q.truncated)
        beyond = None
        if k is not None:
            first, second = ([p._coefficient(i) for i in range(k + 2)] for p in (self, q))
            beyond = coefficient_beyond(first, second, k + 1)
        parts = [product_of(a.last_order, b.entries) for a, b in ((self, q), (q, self)) if a.last_order is not None]
        last = total_of(parts)
        return self._with(q, product_of(self.entries, q.entries), beyond, last)

    __rmul__ = __mul__
