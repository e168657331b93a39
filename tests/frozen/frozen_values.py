"""Answers as plain text that does not depend on how the package lays out its classes.

A number is "p/q", a float "~x", a rational function a sorted sum of terms over a sorted sum of terms, a polynomial in
1/b the list of its coefficients (with n, and the orders at which it is cut off, where there are any).
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

import sgdmoments as sm

#: Longer texts are kept as their length and hash.
LONGEST = 1_500


def canonical(value: Any) -> Any:
    """An answer as text, or lists and dicts of texts."""
    if isinstance(value, (bool, str)) or value is None:
        return value
    if isinstance(value, (int, Fraction, np.integer)):
        return shortened(str(value))
    if isinstance(value, (float, np.floating)):
        return f"~{float(value)!r}"
    if isinstance(value, sm.BatchPolynomial):
        facts = {name: getattr(value, name) for name in ("population", "truncated", "learning_rate_order")}
        return {"coefficients": [canonical(c) for c in value.coefficients],
                **{name: str(fact) for name, fact in facts.items() if fact is not None}}
    if isinstance(value, (Sequence, np.ndarray)):
        return [canonical(v) for v in value]
    if isinstance(value, Mapping):
        return {str(k): canonical(v) for k, v in sorted(value.items(), key=lambda item: str(item[0]))}
    return shortened(rational_text(value if isinstance(value, sympy.Basic) else value.to_sympy()))


def shortened(text: str) -> str:
    """The text, or its length and hash where it is long."""
    if len(text) <= LONGEST:
        return text
    return f"{len(text)} characters, sha256 {hashlib.sha256(text.encode()).hexdigest()}"


def rational_text(expression: sympy.Basic) -> str:
    """A rational function in lowest terms, the first coefficient below 1; letters in the order of their names."""
    top, bottom = sympy.fraction(sympy.cancel(sympy.together(expression)))
    letters = sorted(expression.free_symbols, key=str)
    if not letters:
        return str(expression)
    above, below = sympy.Poly(top, *letters), sympy.Poly(bottom, *letters)
    lead = below.terms()[0][1]
    shown = polynomial_text(above, letters, lead)
    return shown if below.is_ground else f"({shown})/({polynomial_text(below, letters, lead)})"


def polynomial_text(polynomial: sympy.Poly, letters: Sequence[sympy.Symbol], lead: sympy.Expr) -> str:
    """Terms in lexicographic order, divided by a number."""
    shown = []
    for exponents, c in polynomial.terms():
        powers = [f"{str(s).lstrip('_')}^{e}" for s, e in zip(letters, exponents, strict=True) if e]
        shown.append("*".join([str(c / lead), *powers]))
    return " + ".join(shown)


def counts_of(answer: Any) -> dict[str, int]:
    """The term counts that an answer's receipt names; of a graph expression its graphs and coefficients."""
    if isinstance(answer, (list, tuple, np.ndarray)):
        every = [counts_of(a) for a in np.ravel(np.array(answer, dtype=object))]
        return {k: max(c.get(k, 0) for c in every) for c in every for k in c}
    if isinstance(answer, sm.BatchPolynomial):
        return {k: v for k, v in answer.provenance.sizes if isinstance(v, int)}
    if hasattr(answer, "monomials") and hasattr(answer, "size"):
        return {"graphs": len(answer), "coefficients": answer.size}
    return {}


def same(expected: Any, found: Any) -> bool:
    """Whether two canonical forms are equal: exactly, but for floats, which may differ by 1 in 10^9."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return expected.keys() == found.keys() and all(same(expected[k], found[k]) for k in expected)
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(same, expected, found))
    if isinstance(expected, str) and isinstance(found, str) and expected[:1] == found[:1] == "~":
        return math.isclose(float(expected[1:]), float(found[1:]), rel_tol=1e-9, abs_tol=1e-300)
    return bool(expected == found)


def numbers(seed: str, *shape: int) -> Any:
    """Unsymmetric rationals without zeros, the same for the same seed."""
    draw = random.Random(seed)
    values = [Fraction(draw.choice((-3, -2, -1, 1, 2, 3, 5)), draw.choice((1, 1, 2, 3)))
              for _ in range(int(np.prod(shape)))]
    return np.array(values, dtype=object).reshape(shape)


def moments_of(chances: Mapping[int, Fraction], count: int) -> list[Fraction]:
    """The first moments of a law on finitely many numbers."""
    return [sum((c * Fraction(x) ** k for x, c in chances.items()), Fraction(0)) for k in range(1, count + 1)]


def weights_of(model: Any, sizes: Mapping[str, int] | None = None, seed: str = "") -> dict[str, Any]:
    """Numbers for each weight of a model, the teacher's too; `sizes`: how large the letters among the widths are."""
    parameters = (*model.parameters, *model.constants)
    return {q.name: numbers(f"{seed}{q.name}", *(int(s) if isinstance(s, int) else sizes[str(s)] for s in q.shape))
            for q in parameters}
