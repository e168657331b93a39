"""Two notations for the same formulas: LaTeX for a blackboard, plain text for a terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence

import sympy
from sympy.printing.latex import greek_letters_set
from sympy.printing.str import StrPrinter

from sgdmoments.exact.ring import INVERSE_BATCH, Polynomial
from sgdmoments.graphs.labels import Label
from sgdmoments.graphs.run_letters import base_of, step_of

#: The batch size where it stands inside a factor; a user's own letter b is another one.
_B = sympy.Dummy("b")


class _Printer(StrPrinter):  # type: ignore[misc]
    """sympy's text, with the names of dummies as they are."""

    def _print_Dummy(self, symbol: sympy.Dummy) -> str:
        return str(symbol.name)


class Latex:
    """Formulas in LaTeX."""

    def letter(self, label: Label, power: int = 1) -> str:
        """A matrix in a product, transposed where the letter is, to a power."""
        body, star = self._name(label)
        upper = star + "\\top" * label.transposed + (f"{power}" if power > 1 else "")
        if label.transposed and power > 1:
            return f"({body}^{{{star}\\top}})^{{{power}}}"
        if star and power > 1:
            return f"({body}^{{{star}}})^{{{power}}}"
        return body + (f"^{{{upper}}}" if upper else "")

    def _name(self, label: Label) -> tuple[str, str]:
        """The name without stars, and the stars."""
        if label.kind in ("weights", "gradient"):
            layer = base_of(label).removeprefix("W")
            return f"{'g' if label.kind == 'gradient' else 'W'}_{{{step_of(label)},{layer}}}", ""
        match = re.fullmatch(r"([^\W\d_]+)_?(\d*)(?:_(\w+))?(\**)", label.name)
        if match is None:
            escaped = re.sub(r"([_#$%&{}])", r"\\\1", label.name)
            return f"\\mathrm{{{escaped}}}", ""
        stem, digits, tail, stars = match.groups()
        body = self._word(stem)
        lower = ",".join(part for part in (digits, f"\\mathrm{{{tail}}}" if tail else "") if part)
        return body + (f"_{{{lower}}}" if lower else ""), stars

    @staticmethod
    def _word(stem: str) -> str:
        if stem.lower() in greek_letters_set:
            return "\\" + stem
        return stem if len(stem) == 1 else f"\\mathrm{{{stem}}}"

    def bracketed(self, text: str, power: int) -> str:
        return f"({text})^{{{power}}}"

    def trace(self, text: str, power: int) -> str:
        return f"\\operatorname{{tr}}{self._power(power)}({text})"

    def norm(self, text: str, power: int) -> str:
        return f"\\lVert {text}\\rVert_F^{{{2 * power}}}"

    def vector_norm(self, text: str, power: int) -> str:
        return f"\\lVert {text}\\rVert^{{{2 * power}}}"

    def entry(self, text: str, indices: Sequence[str], power: int, single: bool) -> str:
        base = f"{text}_{{{''.join(indices)}}}" if single and "_" not in text and "^" not in text \
            else f"({text})_{{{''.join(indices)}}}"
        return base + self._power(power)

    def total(self, indices: Sequence[str], text: str) -> str:
        return f"\\sum_{{{','.join(indices)}}} {text}" if indices else text

    def delta(self, i: str, j: str) -> str:
        return f"\\delta_{{{i}{j}}}"

    def grouped(self, text: str, power: int) -> str:
        return f"\\Bigl({text}\\Bigr)^{{{power}}}" if power > 1 else f"\\Bigl({text}\\Bigr)"

    def identity(self) -> str:
        return "I"

    def index(self, letter: str, number: int) -> str:
        base = "\\mu" if letter == "mu" else letter
        return f"{base}_{{{number}}}" if number else base + " " * (letter == "mu")

    def coefficient(self, value: Polynomial, averaged: int) -> tuple[bool, str]:
        """(is the sign pulled out, the factored coefficient times b^-averaged; empty for one)."""
        negative, above, below, factors, divisors, averaged = _split(value, averaged)
        parts, lower = self._factors(factors), self._factors(divisors)
        under = " ".join([str(below)] * (below > 1) + lower + ["b" + self._power(averaged)] * bool(averaged))
        if len(lower) == 1 and under == lower[0] and divisors[0][0].is_Add and divisors[0][1] == 1:
            under = under[1:-1]
        if under:
            over = " ".join(([str(above)] if above > 1 or not parts else []) + parts)
            if len(parts) == 1 and factors[0][0].is_Add and factors[0][1] == above == 1:
                over = over[1:-1]
            return negative, f"\\frac{{{over}}}{{{under}}}"
        return negative, " ".join(([str(above)] if above > 1 else []) + parts)

    def _factors(self, factors: Sequence[tuple[sympy.Expr, int]]) -> list[str]:
        """Factors with their powers, sums in brackets."""
        texts = ((factor, str(sympy.latex(factor)), power) for factor, power in factors)
        return [(f"({text})" if factor.is_Add else text) + self._power(power) for factor, text, power in texts]

    def _power(self, power: int) -> str:
        return f"^{{{power}}}" if power > 1 else ""


class Text:
    """Formulas in plain text: W1' is the transpose of W1."""

    def letter(self, label: Label, power: int = 1) -> str:
        base = label.T if label.transposed else label
        return base.name + "'" * label.transposed + (f"^{power}" if power > 1 else "")

    def bracketed(self, text: str, power: int) -> str:
        return f"({text})^{power}"

    def trace(self, text: str, power: int) -> str:
        return f"tr({text}){self._power(power)}"

    def norm(self, text: str, power: int) -> str:
        return f"||{text}||^{2 * power}"

    vector_norm = norm

    def entry(self, text: str, indices: Sequence[str], power: int, single: bool) -> str:
        return f"{text if single else f'({text})'}[{','.join(indices)}]{self._power(power)}"

    def total(self, indices: Sequence[str], text: str) -> str:
        return f"sum_{{{','.join(indices)}}} {text}" if indices else text

    def delta(self, i: str, j: str) -> str:
        return f"[{i}={j}]"

    def grouped(self, text: str, power: int) -> str:
        return f"({text}){self._power(power)}"

    def identity(self) -> str:
        return "I"

    def index(self, letter: str, number: int) -> str:
        return f"{letter}{number or ''}"

    def coefficient(self, value: Polynomial, averaged: int) -> tuple[bool, str]:
        """(is the sign pulled out, the factored coefficient times b^-averaged; empty for one)."""
        negative, above, below, factors, divisors, averaged = _split(value, averaged)
        over = " ".join(([str(above)] if above > 1 else []) + self._factors(factors))
        under = [str(below)] * (below > 1) + self._factors(divisors) + ["b" + self._power(averaged)] * bool(averaged)
        if under:
            return negative, f"{over or 1}/" + (under[0] if len(under) == 1 else f"({' '.join(under)})")
        return negative, over

    def _factors(self, factors: Sequence[tuple[sympy.Expr, int]]) -> list[str]:
        """Factors with their powers, sums in brackets."""
        texts = ((factor, _Printer().doprint(factor).replace("**", "^").replace("*", " "), power)
                 for factor, power in factors)
        return [(f"({text})" if factor.is_Add else text) + self._power(power) for factor, text, power in texts]

    def _power(self, power: int) -> str:
        return f"^{power}" if power > 1 else ""


def _split(value: Polynomial, averaged: int) -> tuple[
        bool, int, int, list[tuple[sympy.Expr, int]], list[tuple[sympy.Expr, int]], int]:
    """(sign, numerator, denominator, factors with powers, those below the line, power of 1/b) of a coefficient."""
    constant, factors = value.factor()
    shown: list[tuple[sympy.Expr, int]] = []
    for factor, power in factors:
        expression = factor.to_sympy()
        if expression == INVERSE_BATCH:
            averaged += power
        elif expression.is_Pow and expression.exp == -1:  # the reciprocal of a letter
            shown.append((expression.base, -power))
        else:
            shown.append((expression.xreplace({INVERSE_BATCH: 1 / _B}), power))
    shown.sort(key=lambda pair: (pair[0].is_Add, sympy.default_sort_key(pair[0])))
    above, below = [pair for pair in shown if pair[1] > 0], [(factor, -power) for factor, power in shown if power < 0]
    return constant < 0, abs(constant.numerator), constant.denominator, above, below, averaged
