"""Polynomials in 1/b as LaTeX."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import sympy

from sgdmoments.graphs.expression import Expression
from sgdmoments.show.graph_latex import definitions_latex, expression_latex
from sgdmoments.show.numbers import is_short, number_latex
from sgdmoments.show.text import batch_letter, is_rounded

if TYPE_CHECKING:
    from sgdmoments.exact.polynomial import BatchPolynomial

#: Longer rationals are rounded in formulas.
EXACT_DIGITS = 40


def batch_polynomial_latex(polynomial: BatchPolynomial, exact_digits: int = EXACT_DIGITS,
                           limit: int | None = None) -> str:
    r"""The polynomial as a LaTeX formula, constant first; zero terms are left out.

    Rationals with more than `exact_digits` digits are rounded to six significant digits; the formula then
    begins with \approx. Of graph expressions at most `limit` terms are shown, and what their derived letters
    stand for follows at the end.

    >>> from sgdmoments import BatchPolynomial
    >>> print(BatchPolynomial(("-19/9", "19/3", 1)).latex())
    -\frac{19}{9} + \frac{19}{3 b} + \frac{1}{b^{2}}
    """
    letter = batch_letter(polynomial)
    size = letter if len(letter) == 1 else f"\\mathrm{{{letter.replace('_', '~')}}}"
    parts: list[str] = []
    for k, coefficient in enumerate(polynomial.coefficients):
        if not coefficient:
            continue
        power = size if k == 1 else f"{size}^{{{k}}}" if k else ""
        negative, term = _term(coefficient, power, exact_digits, limit)
        parts.append(f"{' - ' if negative else ' + '}{term}" if parts else f"{'-' * negative}{term}")
    if polynomial.truncated is not None:
        order = polynomial.truncated + 1
        power = f"{size}^{{{order}}}" if order > 1 else size
        parts.append(f"{' + ' * bool(parts)}O\\!\\left(\\frac{{1}}{{{power}}}\\right)")
    if polynomial.learning_rate_order is not None:
        order = polynomial.learning_rate_order + 1
        power = f"^{{{order}}}" if order > 1 else ""
        parts.append(f"{' + ' * bool(parts)}O\\!\\left(\\alpha{power}\\right)")
    meanings = sorted({line for c in polynomial.entries if isinstance(c, Expression) for line in definitions_latex(c)})
    formula = "\\approx " * is_rounded(polynomial, exact_digits) + ("".join(parts) or "0")
    return ",\\quad ".join([formula, *meanings])


def _fraction(above: str, below: str, power: str) -> str:
    return f"\\frac{{{above}}}{{{f'{below} {power}' if below != '1' else power}}}"


def _term(coefficient: Any, power: str, exact_digits: int, limit: int | None) -> tuple[bool, str]:
    """(is the sign pulled out, LaTeX of |coefficient| over the power of b; the power is empty for the constant)."""
    if isinstance(coefficient, (Fraction, float)):
        number = -coefficient if coefficient < 0 else coefficient
        if isinstance(number, Fraction) and is_short(number, exact_digits) and power:
            return coefficient < 0, _fraction(str(number.numerator), str(number.denominator), power)
        text = number_latex(number, exact_digits=exact_digits)
        return coefficient < 0, _fraction(text, "1", power) if power else text
    if isinstance(coefficient, Expression):
        text = expression_latex(coefficient, limit)
        return False, f"\\frac{{1}}{{{power}}} \\left({text}\\right)" if power else text
    negative = not coefficient.is_Add and coefficient.could_extract_minus_sign()
    size = -coefficient if negative else coefficient
    if not power:
        return negative, sympy.latex(size)
    above, below = sympy.fraction(size)
    bottom = f"\\left({sympy.latex(below)}\\right)" if below.is_Add else sympy.latex(below)
    return negative, _fraction(sympy.latex(above), bottom, power)
