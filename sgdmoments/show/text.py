"""Polynomials in 1/b as plain text."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import sympy

from sgdmoments.show.numbers import EXACT_DIGITS, is_short, number_text

if TYPE_CHECKING:
    from sgdmoments.exact.polynomial import BatchPolynomial


def batch_polynomial_text(polynomial: BatchPolynomial, exact_digits: int = EXACT_DIGITS) -> str:
    """The polynomial on one line, constant first; zero terms are left out.

    Rationals with more than `exact_digits` digits are rounded to six significant digits; the text then begins
    with ≈. A polynomial known to order K only ends in O(1/b^(K+1)).

    >>> from sgdmoments import BatchPolynomial
    >>> print(BatchPolynomial(("-19/9", "19/3")))
    -19/9 + (19/3)/b
    >>> print(BatchPolynomial((0, 2, f"-1/{10**20}"), truncated=2))
    ≈ 2/b - 1e-20/b^2 + O(1/b^3)
    """
    parts: list[str] = []
    for k, coefficient in enumerate(polynomial.coefficients):
        if not coefficient:
            continue
        negative, body = _body(coefficient, exact_digits)
        term = body if k == 0 else f"{_bracketed(body)}/b" + (f"^{k}" if k > 1 else "")
        parts.append(f"{' - ' if negative else ' + '}{term}" if parts else f"{'-' * negative}{term}")
    if polynomial.truncated is not None:
        order = polynomial.truncated + 1
        parts.append(f"{' + ' * bool(parts)}O(1/b{f'^{order}' if order > 1 else ''})")
    return "≈ " * is_rounded(polynomial, exact_digits) + ("".join(parts) or "0")


def is_rounded(polynomial: BatchPolynomial, exact_digits: int) -> bool:
    """Whether some coefficient is shown rounded."""
    return any(isinstance(c, float) or (isinstance(c, Fraction) and not is_short(c, exact_digits))
               for c in polynomial.coefficients)


def _body(coefficient: Any, exact_digits: int) -> tuple[bool, str]:
    """(is the sign pulled out, text without that sign)."""
    if isinstance(coefficient, (Fraction, float)):
        return coefficient < 0, number_text(-coefficient if coefficient < 0 else coefficient, exact_digits=exact_digits)
    if isinstance(coefficient, sympy.Expr) and not coefficient.is_Add and coefficient.could_extract_minus_sign():
        return True, str(-coefficient)
    return False, str(coefficient)


def _bracketed(text: str) -> str:
    plain = all(ch.isalnum() or ch in "._*" for ch in text.replace("e+", "e").replace("e-", "e"))
    return text if plain else f"({text})"
