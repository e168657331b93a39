"""Polynomials in 1/b as plain text."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import sympy

from sgdmoments.graphs.expression import Expression
from sgdmoments.show.graph_latex import definitions_text, expression_text
from sgdmoments.show.numbers import EXACT_DIGITS, is_short, number_text

if TYPE_CHECKING:
    from sgdmoments.exact.polynomial import BatchPolynomial


def batch_polynomial_text(polynomial: BatchPolynomial, exact_digits: int = EXACT_DIGITS,
                          limit: int | None = None) -> str:
    """The polynomial on one line, constant first; zero terms are left out.

    Rationals with more than `exact_digits` digits are rounded to six significant digits; the text then begins
    with ≈. A polynomial known to order K only ends in O(1/b^(K+1)). Of graph expressions at most `limit` terms
    are shown (all where None), and what their derived letters stand for follows at the end. The batch size is b,
    or "batch" where b is a letter of the user's.

    >>> from sgdmoments import BatchPolynomial
    >>> print(BatchPolynomial(("-19/9", "19/3")))
    -19/9 + (19/3)/b
    >>> print(BatchPolynomial((0, 2, f"-1/{10**20}"), truncated=2))
    ≈ 2/b - 1e-20/b^2 + O(1/b^3)
    """
    b = batch_letter(polynomial)
    parts: list[str] = []
    for k, coefficient in enumerate(polynomial.coefficients):
        if not coefficient:
            continue
        negative, body = _body(coefficient, exact_digits, limit)
        term = body if k == 0 else f"{_bracketed(body)}/{b}" + (f"^{k}" if k > 1 else "")
        parts.append(f"{' - ' if negative else ' + '}{term}" if parts else f"{'-' * negative}{term}")
    if polynomial.truncated is not None:
        order = polynomial.truncated + 1
        parts.append(f"{' + ' * bool(parts)}O(1/{b}{f'^{order}' if order > 1 else ''})")
    if polynomial.learning_rate_order is not None:
        order = polynomial.learning_rate_order + 1
        parts.append(f"{' + ' * bool(parts)}O(learning rate{f'^{order}' if order > 1 else ''})")
    meanings = sorted({line for c in polynomial.entries if isinstance(c, Expression) for line in definitions_text(c)})
    return "; ".join(["≈ " * is_rounded(polynomial, exact_digits) + ("".join(parts) or "0"), *meanings])


def batch_letter(polynomial: BatchPolynomial) -> str:
    """"b", unless the coefficients have a letter of that name."""
    names = {symbol.name for symbol in polynomial.symbols}
    for c in polynomial.entries:
        if isinstance(c, Expression):
            names |= {label.name for label in c.labels}
    return next(name for name in ("b", "batch", "batch_size", "the_batch_size") if name not in names)


def is_rounded(polynomial: BatchPolynomial, exact_digits: int) -> bool:
    """Whether some coefficient is shown rounded."""
    return any(isinstance(c, float) or (isinstance(c, Fraction) and not is_short(c, exact_digits))
               for c in polynomial.coefficients)


def _body(coefficient: Any, exact_digits: int, limit: int | None) -> tuple[bool, str]:
    """(is the sign pulled out, text without that sign)."""
    if isinstance(coefficient, (Fraction, float)):
        return coefficient < 0, number_text(-coefficient if coefficient < 0 else coefficient, exact_digits=exact_digits)
    if isinstance(coefficient, Expression):
        return False, expression_text(coefficient, limit)
    if not coefficient.is_Add and coefficient.could_extract_minus_sign():
        return True, sympy.sstr(-coefficient)
    return False, sympy.sstr(coefficient)


def _bracketed(text: str) -> str:
    plain = all(ch.isalnum() or ch in "._*" for ch in text.replace("e+", "e").replace("e-", "e"))
    return text if plain else f"({text})"
