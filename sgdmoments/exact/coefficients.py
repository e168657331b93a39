"""What a coefficient of a `BatchPolynomial` may be, and the few things that are done to it, whatever it is.

A coefficient is a Fraction, a ring `Polynomial`, a sympy expression that is no polynomial, a float, or an object
of a kind of its own with ``evaluate``, ``to_sympy`` and ``to_json`` (a graph expression).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import comb
from typing import Any

import numpy as np
import sympy

from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import entry_name, to_exact
from sgdmoments.exact.rational import RationalFunction
from sgdmoments.exact.ring import Polynomial, Ring, ring_of
from sgdmoments.exact.univariate import compose_linear


def read_entry(value: Any) -> Any:
    """The computing form of a coefficient: a Fraction, a ring element, or what it is."""
    if isinstance(value, Fraction):
        return value
    if isinstance(value, Polynomial):
        return value.simplest()
    if isinstance(value, (int, str)):
        return to_exact(value, "coefficient")
    if isinstance(value, sympy.Basic):
        exact = to_exact(value, "coefficient")
        try:
            return exact if isinstance(exact, Fraction) else ring_of([exact])(exact)
        except InputError:  # not a polynomial, a rational function for example: kept as sympy has it
            return exact
    return value


def user_form(entry: Any) -> Any:
    """A Fraction, a sympy expression factored over ℚ, or the entry itself."""
    if not isinstance(entry, Polynomial):
        return entry
    return entry.to_fraction() if entry.is_constant else entry.to_sympy(factored=True)


def entry_to_sympy(coefficient: Any) -> sympy.Expr:
    """The sympy expression of a coefficient in computing form."""
    if isinstance(coefficient, Fraction):
        return sympy.Rational(coefficient.numerator, coefficient.denominator)
    if isinstance(coefficient, float):
        return sympy.Float(coefficient)
    return coefficient.to_sympy() if hasattr(coefficient, "to_sympy") else sympy.sympify(coefficient)


def substitute_linear(coefficients: Sequence[Any], constant: Fraction, slope: Fraction) -> list[Any]:
    """Coefficients of sum_k c_k (constant + slope v)^k in powers of v: a Taylor shift; by Horner with letters."""
    if coefficients and all(isinstance(c, Fraction) for c in coefficients):
        return list(compose_linear(coefficients, constant, slope))
    result: list[Any] = []
    for c in reversed(coefficients):
        if isinstance(c, float):
            shift: tuple[Any, Any] = (float(constant), float(slope))
        else:
            shift = (constant, slope)
        grown = [r * shift[0] for r in result] + [0 * c]
        for k, r in enumerate(result):
            grown[k + 1] = grown[k + 1] + r * shift[1]
        grown[0] = grown[0] + c
        result = grown
    return result[: max(len(coefficients), 1)]


def with_letter_population(coefficients: Sequence[Any], n: sympy.Symbol) -> tuple[sympy.Expr, ...]:
    """Coefficients of sum_k c_k ((n u - 1)/(n - 1))^k in powers of u."""
    entries = []
    for j in range(len(coefficients)):
        terms = [RationalFunction(c * comb(k, j) * (-1) ** (k - j) * n**j, (n - 1) ** k)
                 for k, c in enumerate(coefficients) if k >= j]
        entries.append(sum(terms, RationalFunction(0)).to_sympy())
    return tuple(entries)


def evaluate_entry(coefficient: Any, values: Mapping[Any, Any], memo: dict[str, Any]) -> Any:
    """Numbers for the letters of one coefficient; `memo` is shared by the coefficients of a polynomial."""
    if isinstance(coefficient, Fraction):
        return coefficient
    if isinstance(coefficient, Polynomial):
        chosen = _values_by_symbol(coefficient.symbols, values)
        result = coefficient.evaluate(chosen)
        return result.simplest() if isinstance(result, Polynomial) else result
    if isinstance(coefficient, sympy.Expr):
        chosen = _values_by_symbol(coefficient.free_symbols, values)
        return to_exact(coefficient.xreplace({s: sympy.sympify(v) for s, v in chosen.items()}), "value")
    return coefficient.evaluate(values, memo=memo)


def with_entries(values: Mapping[Any, Any]) -> dict[Any, Any]:
    """The same values, with the entries of each array under their own names too."""
    full = dict(values)
    for key, value in values.items():
        if isinstance(key, str) and isinstance(value, (list, tuple, np.ndarray, sympy.MatrixBase)):
            array = np.array(value, dtype=object)
            full.update({entry_name(key, index, array.shape): array[index] for index in np.ndindex(*array.shape)})
    return full


def _values_by_symbol(symbols: Iterable[sympy.Symbol], values: Mapping[Any, Any]) -> dict[sympy.Symbol, Any]:
    """Look each symbol up by itself, else by its name; a name borne by two symbols is refused."""
    chosen: dict[sympy.Symbol, Any] = {}
    names: dict[str, sympy.Symbol] = {}
    for symbol in symbols:
        if symbol in values:
            value = values[symbol]
        elif symbol.name in values:
            if symbol.name in names:
                raise InputError(f"evaluate: two symbols are called {symbol.name!r}; give them as symbols.")
            names[symbol.name] = symbol
            value = values[symbol.name]
        else:
            raise InputError(f"evaluate: no value given for {symbol.name!r}; the letters are "
                             f"{', '.join(sorted(s.name for s in symbols))}.")
        chosen[symbol] = value if isinstance(value, float) else _as_scalar(value, symbol.name)
    return chosen


def _as_scalar(value: Any, name: str) -> Any:
    exact = to_exact(value, name)
    return exact if isinstance(exact, Fraction) else Ring(sorted(exact.free_symbols, key=str))(exact)
