"""Polynomials in 1/b as LaTeX."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import sympy

from sgdmoments.show.numbers import is_short, number_latex
from sgdmoments.show.text import is_rounded

if TYPE_CHECKING:
    from sgdmoments.exact.polynomial import BatchPolynomial

#: Longer rationals are rounded in formulas.
EXACT_DIGITS = 40


def batch_polynomial_latex(polynomial: BatchPolynomial, exact_digits: int = EXACT_DIGITS) -> str:
    r"""The polynomial as a LaTeX formula, constant first; zero terms are left out.

    Rationals with more than `exact_digits` digits are rounded to six significant digits; the formula then
    begins with \approx.

    >>> from sgdmoments import BatchPolynomial
    >>> print(BatchPolynomial(("-19/9", "19/3", 1)).latex())
    -\frac{19}{9} + \frac{19}{3 b} + \frac{1}{b^{2}}
    """
    parts: list[str] = []
    for k, coefficient in enumerate(polynomial.coefficients):
        if not coefficient:
            continue
        negative, term = _term(coefficient, k, exact_digits)
        parts.append(f"{' - ' if negative else ' + '}{term}" if parts else f"{'-' * negative}{term}")
    if polynomial.truncated is not None:
        parts.append(f"{' + ' * bool(parts)}O\\!\\left({_inverse_power('1', polynomial.truncated + 1)}\\right)")
    return "\\approx " * is_rounded(polynomial, exact_digits) + ("".join(parts) or "0")


def _inverse_power(numerator: str, k: int, denominator: str = "") -> str:
    power = "b" if k == 1 else f"b^{{{k}}}"
    return f"\\frac{{{numerator}}}{{{f'{denominator} ' if denominator else ''}{power}}}"


def _term(coefficient: Any, k: int, exact_digits: int) -> tuple[bool, str]:
    """(is the sign pulled out, LaTeX of |coefficient| / b^k)."""
    if isinstance(coefficient, (Fraction, float)):
        size = -coefficient if coefficient < 0 else coefficient
        if isinstance(size, Fraction) and is_short(size, exact_digits) and k:
            below = "" if size.denominator == 1 else str(size.denominator)
            return coefficient < 0, _inverse_power(str(size.numerator), k, below)
        text = number_latex(size, exact_digits=exact_digits)
        return coefficient < 0, text if k == 0 else _inverse_power(text, k)
    if isinstance(coefficient, sympy.Expr):
        negative = not coefficient.is_Add and coefficient.could_extract_minus_sign()
        size = -coefficient if negative else coefficient
        if k == 0:
            return negative, sympy.latex(size)
        above, below = sympy.fraction(size)
        return negative, _inverse_power(sympy.latex(above), k, "" if below == 1 else sympy.latex(below))
    text = coefficient.latex()  # a graph expression
    power = "b" if k == 1 else f"b^{{{k}}}"
    return False, text if k == 0 else f"\\frac{{1}}{{{power}}} \\left({text}\\right)"
