"""Rational functions over ℚ: quotients of ring polynomials, reduced by FLINT's gcd.

Laws:

>>> import sympy
>>> x, y = sympy.symbols("x y")
>>> f, g = RationalFunction(x, x + y), RationalFunction(x**2 - y**2, x + y)
>>> g == x - y, f + 1 == RationalFunction(2 * x + y, x + y), f / f == 1, f - f == 0
(True, True, True, True)
>>> hash(RationalFunction(x, y)) == hash(RationalFunction(2 * x, 2 * y)), hash(f / f) == hash(1)
(True, True)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import sympy

from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import to_exact
from sgdmoments.exact.ring import Polynomial, Ring, ring_of


class RationalFunction:
    """numerator / denominator in lowest terms; the denominator is integral, primitive, of positive leading
    coefficient. Immutable.

    Args:
        numerator, denominator: numbers, ring polynomials, or sympy expressions that are polynomials.

    Raises `InputError` where the denominator is zero.
    """

    __slots__ = ("denominator", "numerator")

    numerator: Polynomial
    denominator: Polynomial

    def __init__(self, numerator: Any, denominator: Any = 1) -> None:
        top, bottom = _polynomial(numerator), _polynomial(denominator)
        if not bottom:
            raise InputError(f"a rational function needs a nonzero denominator, found {top} / 0.")
        if top.ring is not bottom.ring:
            ring = top.ring.union(bottom.ring)
            top, bottom = ring(top), ring(bottom)
        if not bottom.is_constant:
            common = top.gcd(bottom)
            if not common.is_constant:
                top, bottom = top.exact_quotient(common), bottom.exact_quotient(common)
        content = bottom.content()
        if content != 1:
            top, bottom = top / content, bottom / content
        object.__setattr__(self, "numerator", top)
        object.__setattr__(self, "denominator", bottom)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"RationalFunction is immutable; {name} cannot be set.")

    # -- arithmetic -----------------------------------------------------------------------------------------

    def __add__(self, other: Any) -> RationalFunction:
        g = _lift(other)
        if g is None:
            return NotImplemented
        if self.denominator == g.denominator:
            return RationalFunction(self.numerator + g.numerator, self.denominator)
        return RationalFunction(self.numerator * g.denominator + g.numerator * self.denominator,
                                self.denominator * g.denominator)

    __radd__ = __add__

    def __neg__(self) -> RationalFunction:
        return RationalFunction(-self.numerator, self.denominator)

    def __sub__(self, other: Any) -> RationalFunction:
        g = _lift(other)
        return NotImplemented if g is None else self + (-g)

    def __rsub__(self, other: Any) -> RationalFunction:
        return (-self) + other

    def __mul__(self, other: Any) -> RationalFunction:
        g = _lift(other)
        if g is None:
            return NotImplemented
        return RationalFunction(self.numerator * g.numerator, self.denominator * g.denominator)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> RationalFunction:
        g = _lift(other)
        if g is None:
            return NotImplemented
        return RationalFunction(self.numerator * g.denominator, self.denominator * g.numerator)

    def __rtruediv__(self, other: Any) -> RationalFunction:
        g = _lift(other)
        return NotImplemented if g is None else g / self

    def __eq__(self, other: object) -> bool:
        g = _lift(other)
        if g is None:
            return NotImplemented
        return self.numerator * g.denominator == g.numerator * self.denominator

    def __hash__(self) -> int:
        if self.denominator.is_constant:
            return hash(self.numerator)
        ring = Ring(ring_of(self.numerator.occurring | self.denominator.occurring).generators)  # an order of its own
        top, bottom = ring(self.numerator), ring(self.denominator)
        content = bottom.content()
        return hash((top / content, bottom / content))

    def __bool__(self) -> bool:
        return bool(self.numerator)

    # -- reading --------------------------------------------------------------------------------------------

    @property
    def is_constant(self) -> bool:
        """Whether no symbol occurs."""
        return self.numerator.is_constant and self.denominator.is_constant

    @property
    def symbols(self) -> frozenset[sympy.Symbol]:
        """The symbols that occur."""
        return self.numerator.symbols | self.denominator.symbols

    def simplest(self) -> Fraction | Polynomial | RationalFunction:
        """A Fraction or a polynomial where the function is one, else itself."""
        return self.numerator.simplest() if self.denominator.is_constant else self

    def to_fraction(self) -> Fraction:
        """The rational number that a constant is; `InputError` otherwise."""
        if not self.denominator.is_constant:
            raise InputError(f"{self} is not a rational number; evaluate its symbols first.")
        return self.numerator.to_fraction()

    def substitute(self, values: Mapping[Any, Any]) -> RationalFunction:
        """The function with symbols (given as such, or by their names) replaced by numbers, polynomials or rational
        functions; names that do not occur are allowed.

        Raises `InputError` at a pole.
        """
        values = by_symbol(values, self.symbols)
        if any(isinstance(value, RationalFunction) for value in values.values()):
            return _compose(self.numerator, values) / _compose(self.denominator, values)
        return RationalFunction(self.numerator.substitute(values), self.denominator.substitute(values))

    def evaluate(self, values: Mapping[Any, Any]) -> Any:
        """The value at numbers of any field (Fraction, float, ...); every symbol must be given, or its name."""
        values = by_symbol(values, self.symbols)
        bottom = self.denominator.evaluate(values)
        if bottom == 0:
            raise InputError(f"{self} has a pole at {dict(values)}.")
        return self.numerator.evaluate(values) / bottom

    def to_sympy(self, factored: bool = True) -> sympy.Expr:
        """The sympy expression; numerator and denominator factored over ℚ unless told otherwise."""
        return self.numerator.to_sympy(factored) / self.denominator.to_sympy(factored)

    def _sympy_(self) -> sympy.Expr:
        return self.to_sympy()

    def latex(self) -> str:
        """LaTeX of the factored function."""
        return str(sympy.latex(self.to_sympy()))

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def __repr__(self) -> str:
        return str(self.to_sympy())

    def __reduce__(self) -> tuple[Any, ...]:
        return RationalFunction, (self.numerator, self.denominator)


def by_symbol(values: Mapping[Any, Any], symbols: Iterable[sympy.Symbol]) -> dict[sympy.Symbol, Any]:
    """Values given by symbols or names, by those of the symbols that they mean; what means none is left out.

    >>> x = sympy.Symbol("x", real=True)
    >>> by_symbol({"x": 2, "y": 3}, [x])
    {x: 2}
    """
    found: dict[sympy.Symbol, Any] = {}
    for key, value in values.items():
        meant = [s for s in symbols if s == key or (isinstance(key, str) and s.name == key)]
        if len(meant) > 1:
            raise InputError(f"{key}: two letters have this name; give the symbol.")
        found.update(dict.fromkeys(meant, value))
    return found


def _polynomial(value: Any) -> Polynomial:
    return value if isinstance(value, Polynomial) else ring_of([to_exact(value, "value")])(value)


def _lift(value: Any) -> RationalFunction | None:
    if isinstance(value, RationalFunction):
        return value
    if isinstance(value, (int, Fraction, Polynomial, sympy.Expr)):
        return RationalFunction(value)
    return None


def _compose(polynomial: Polynomial, values: Mapping[sympy.Symbol, Any]) -> RationalFunction:
    """The polynomial with rational functions put in."""
    full = {g: values.get(g, g) for g in polynomial.ring.generators}
    lifted = {g: image if isinstance(image, RationalFunction) else RationalFunction(image)
              for g, image in full.items()}
    total = RationalFunction(0)
    for exponents, coefficient in polynomial.terms():
        term = RationalFunction(coefficient)
        for g, e in zip(polynomial.ring.generators, exponents, strict=True):
            for _ in range(e):
                term = term * lifted[g]
        total = total + term
    return total
