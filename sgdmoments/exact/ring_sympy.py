"""Ring elements from and to sympy: the terms that an expression has in given generators, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

import sympy

from sgdmoments.errors import InputError
from sgdmoments.exact.irrational import NumberLetter
from sgdmoments.exact.reduction import RULED, Exponents, Reduction, with_letters


def terms_of(expression: sympy.Expr, generators: tuple[sympy.Symbol, ...], reduction: Reduction | None
             ) -> Mapping[Exponents, Fraction]:
    """The coefficients by exponents of a polynomial in the generators; `InputError` where it is none.

    Args:
        reduction: the rules for irrational numbers among the generators, where there are any.
    """
    expression = with_letters(expression)
    unknown = expression.free_symbols - set(generators)
    if unknown and reduction is not None:
        found = {g: reduction.radical(g) for g in unknown if isinstance(g, NumberLetter)}
        expression = sympy.expand(expression.xreplace({g: v for g, v in found.items() if v is not None}))
        unknown = expression.free_symbols - set(generators)
    if unknown:
        raise InputError(f"{expression} contains {sorted(map(str, unknown))}, not among the generators "
                         f"({', '.join(map(str, generators))}).")
    if expression.is_Rational:  # also roots that cancel
        return {(0,) * len(generators): Fraction(int(expression.p), int(expression.q))}
    try:
        poly = sympy.Poly(expression, *generators, domain="QQ")
    except (sympy.PolynomialError, sympy.CoercionFailed):
        raise InputError(
            f"{expression} is not a polynomial with rational coefficients in its symbols; "
            "give a name (a symbol of its own) to each root, and each quotient by a sum, in it.") from None
    return {e: Fraction(int(c.p), int(c.q)) for e, c in poly.terms()}


def expression_of(terms: Iterable[tuple[Exponents, Fraction]], generators: tuple[sympy.Symbol, ...]) -> sympy.Expr:
    """The sum of the terms as a sympy expression; irrational numbers and reciprocals as sympy writes them."""
    letters = [g.number if isinstance(g, RULED) else g for g in generators]
    return sympy.Add(*(
        sympy.Mul(sympy.Rational(c.numerator, c.denominator),
                  *(g**e for g, e in zip(letters, exponents, strict=True) if e))
        for exponents, c in terms))
