"""Expressions: sums of products of index graphs that add, multiply, compare and take values.

>>> from sgdmoments.graphs.labels import Label
>>> A = Label("A", (2, 3))
>>> norm = Expression.from_edges([(A, 0, 1), (A, 0, 1)])
>>> norm + norm == 2 * norm, bool(norm - norm)
(True, False)
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from numbers import Number
from typing import Any

import sympy

from sgdmoments.errors import InputError, OperandError
from sgdmoments.exact import display
from sgdmoments.exact.numbers import to_exact
from sgdmoments.exact.ring import Polynomial, Ring, Scalar, ring_of
from sgdmoments.exact.saving import register_coefficient
from sgdmoments.graphs.contract import evaluate
from sgdmoments.graphs.equality import fingerprint, same_function
from sgdmoments.graphs.graph import Monomial, monomial_product
from sgdmoments.graphs.graph_sum import GraphSum
from sgdmoments.graphs.labels import Label
from sgdmoments.graphs.meaning import Known, read_known, same_numbers
from sgdmoments.reading import check_names, is_flag, is_foreign, read_integer, shown

#: Powers beyond this are taken for a slip.
LARGEST_POWER = 1000


class Expression(GraphSum):
    """An immutable sum of products of index graphs; coefficients are elements of ``ring``.

    Args:
        terms: coefficients (int, Fraction, ring element) by monomial; the zero ones are dropped.
        ring: the ring of the coefficients; by default the smallest that holds them.
    """

    __slots__ = ("_hash",)

    #: sympy matrices and expressions leave the operators to this class, and so do numpy arrays.
    _op_priority = 100.0
    __array_ufunc__ = None

    @staticmethod
    def constant(value: Scalar) -> Expression:
        """A number, or ring element, times the empty product."""
        return Expression({(): value})

    @staticmethod
    def scalar(value: Any) -> Expression:
        """A number, or polynomial in letters and their reciprocals, as users write it; `InputError` for anything else.

        >>> n = sympy.Symbol("n")
        >>> Expression.scalar(n) * Expression.scalar(1 / n) == 1
        True
        """
        if isinstance(value, GraphSum):
            return _as_expression(value)
        if isinstance(value, Polynomial):
            return Expression({(): value})
        if not isinstance(value, (Number, Decimal, str, sympy.Basic)):
            raise OperandError(f"scalar: found {shown(value)}; traces and matrices go with numbers and sympy "
                               "expressions.")
        try:
            exact = to_exact(value, "scalar")
        except InputError as error:
            raise OperandError(str(error)) from None
        return Expression({(): exact if isinstance(exact, Fraction) else ring_of([exact])(exact)})

    def __add__(self, other: Any) -> Expression:
        converted = _operand(other)
        if converted is None:
            return NotImplemented
        a, b = self.meet(converted)
        total = dict(a.raw)
        for monomial, c in b.raw.items():
            before = total.get(monomial)
            total[monomial] = c if before is None else before + c
        return Expression.from_raw(a.ring, total, _together(a.known, b.known))

    __radd__ = __add__

    def __neg__(self) -> Expression:
        return Expression.from_raw(self.ring, {m: -c for m, c in self.raw.items()}, self.known)

    def __sub__(self, other: Any) -> Expression:
        converted = _operand(other)
        return NotImplemented if converted is None else self + (-converted)

    def __rsub__(self, other: Any) -> Expression:
        return (-self) + other

    def __mul__(self, other: Any) -> Expression:
        converted = _operand(other)
        if converted is None:
            return NotImplemented
        a, b = self.meet(converted)
        if a.is_constant:
            a, b = b, a
        total: dict[Monomial, Any] = {}
        for m, c in a.raw.items():
            for n, d in b.raw.items():
                product = monomial_product(m, n)
                before = total.get(product)
                total[product] = c * d if before is None else before + c * d
        return Expression.from_raw(a.ring, total, _together(a.known, b.known))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Expression:
        """Divided by a number or a product of symbols: 1/n is a letter of the ring like n."""
        converted = _operand(other)
        return NotImplemented if converted is None else self * converted.inverse()

    def __rtruediv__(self, other: Any) -> Expression:
        return Expression.scalar(other) * self.inverse()

    def inverse(self) -> Expression:
        """1 / self for a number or a product of symbols; `InputError` for zero, sums, and what holds matrices.

        >>> Expression.scalar(sympy.Symbol("n")).inverse()
        (1/n)
        """
        if not self.is_constant:
            raise InputError(f"division by {self}: graphs are divided by numbers and letters, not by other graphs.")
        if not self:
            raise InputError("an expression cannot be divided by zero.")
        value = self.coefficient(()).simplest()
        return Expression.scalar(1 / value if isinstance(value, Fraction) else 1 / value.to_sympy())

    def __matmul__(self, other: Any) -> Any:
        raise OperandError("@ is the product of matrices; a number such as a trace is multiplied by *.")

    __rmatmul__ = __matmul__

    def __pow__(self, exponent: int) -> Expression:
        power = read_integer(exponent, "**", -LARGEST_POWER, "an exponent is an integer from "
                             f"-{LARGEST_POWER} to {LARGEST_POWER}", LARGEST_POWER)
        base = self.inverse() if power < 0 else self
        product = Expression.constant(1)
        for _ in range(abs(power)):
            product = product * base
        return product

    def __rpow__(self, other: Any) -> Expression:
        raise OperandError("an expression is no exponent.")

    def __eq__(self, other: object) -> bool:
        """Whether both are the same function of their open letters, known numbers and definitions put in."""
        if not isinstance(other, (GraphSum, Number, Polynomial, sympy.Expr)):
            return NotImplemented
        try:
            converted = Expression.scalar(other)
        except InputError:  # no number or polynomial
            return NotImplemented
        if self.raw.keys() == converted.raw.keys() and same_numbers(self.relevant, converted.relevant):
            a, b = self.meet(converted)
            if all(c == b.raw[m] for m, c in a.raw.items()):
                return True
        if self.is_constant and converted.is_constant:
            return False
        return same_function(self, converted)

    def __hash__(self) -> int:
        known: int | None = getattr(self, "_hash", None)
        if known is None:
            known = self._hash = hash(self.coefficient(())) if self.is_constant else fingerprint(self)
        return known

    def simplest(self) -> Fraction | Polynomial | Expression:
        """A Fraction or ring element where no graph occurs, else itself."""
        return self.coefficient(()).simplest() if self.is_constant else self

    def evaluate(self, values: Mapping[Any, Any], **options: Any) -> Any:
        """The value at given matrices and numbers, by name; see `sgdmoments.graphs.contract.evaluate`.

        ``partial=True`` leaves open what is not given: ``evaluate({"n": 3}, partial=True).to_sympy()`` puts in a
        number by name (sympy's own ``subs("n", 3)`` does not know the assumptions of a dimension).
        """
        check_names(evaluate, "evaluate", options, 2)
        return evaluate(self, values, **options)

    def to_sympy(self) -> sympy.Expr:
        """The sympy expression, where no graph occurs."""
        if not self.is_constant:
            raise InputError("this expression contains graphs; sympy has no form for them: use latex() or evaluate().")
        return self.coefficient(()).to_sympy()

    def latex(self) -> str:
        """LaTeX: traces where graphs are cycles, index sums elsewhere."""
        return display.latex(self)

    def _repr_latex_(self) -> str:
        return f"${self.latex()}$"

    def draw(self, limit: int = 12) -> str:
        """A picture of the terms as SVG text; see `sgdmoments.show.diagrams.expression_svg`."""
        return display.svg(self, limit=limit)

    def __str__(self) -> str:
        return display.text(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, ({m: Polynomial(self.ring, c) for m, c in self.raw.items()}, self.ring, dict(self.relevant))


def _as_expression(value: GraphSum) -> Expression:
    return value if isinstance(value, Expression) else Expression.from_raw(value.ring, value.raw, value.known)


def _operand(value: Any) -> Expression | None:
    """The other side of an operation; None where its class has the operation, as matrices have."""
    if isinstance(value, GraphSum):
        return _as_expression(value)
    if isinstance(value, (int, Fraction, Polynomial)) and not is_flag(value):
        return Expression({(): value})
    return None if is_foreign(value) else Expression.scalar(value)


def _together(first: Known, second: Known) -> Known:
    """The numbers of letters that two expressions with one meaning for each letter know."""
    return {**first, **second} if first or second else first


def _rebuild(terms: Mapping[Monomial, Polynomial], ring: Ring, known: Mapping[Label, Any]) -> Expression:
    result = Expression(terms, ring)
    result.known = read_known(known)
    return result


register_coefficient("expression", Expression.from_json)
