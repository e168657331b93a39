"""What a coefficient of a `BatchPolynomial` may be, and the few things that are done to it, whatever it is.

A coefficient is a Fraction, a ring `Polynomial`, a `RationalFunction`, a sympy expression that is none of these, a
float, a ball, or an object of a kind of its own with ``evaluate``, ``to_sympy`` and ``to_json`` (a graph expression).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import comb, isfinite
from typing import Any

import flint
import numpy as np
import sympy

from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import entry_name, to_exact
from sgdmoments.exact.rational import RationalFunction
from sgdmoments.exact.ring import Polynomial, Ring, ring_of, to_fmpq
from sgdmoments.exact.univariate import compose_linear
from sgdmoments.reading import attribute, read_values


def read_entry(value: Any) -> Any:
    """The computing form of a coefficient: a Fraction, a ring element, a rational function, or what it is."""
    if isinstance(value, Fraction):
        return value
    if callable(attribute(value, "simplest")):
        return value.simplest()
    if isinstance(value, float):
        return _finite(value)
    of_graphs = attribute(value, "labels") is not None and callable(attribute(value, "to_json"))
    if isinstance(value, flint.arb) or of_graphs:
        return value
    if isinstance(value, sympy.Basic):
        exact = to_exact(value, "coefficient")
        if isinstance(exact, Fraction):
            return exact
        try:
            return ring_of([exact])(exact).simplest()
        except InputError:  # not a polynomial
            return _read_quotient(exact)
    return to_exact(value, "coefficient")


def _finite(value: float) -> float:
    if not isfinite(value):
        raise InputError(f"coefficient: found {value}; every number must be finite (floats end at 10^308; exact "
                         "arithmetic has no such end).")
    return float(value)


def _read_quotient(value: sympy.Expr) -> Any:
    """A rational function in lowest terms, or the expression where it is none."""
    numerator, denominator = sympy.fraction(sympy.together(value))
    try:
        return RationalFunction(numerator, denominator).simplest()
    except InputError:
        return value


def user_form(entry: Any) -> Any:
    """A Fraction, a sympy expression factored over ℚ, or the entry itself."""
    if not isinstance(entry, (Polynomial, RationalFunction)):
        return entry
    return entry.to_fraction() if entry.is_constant else entry.to_sympy(factored=True)


def letters_of(entries: Iterable[Any]) -> frozenset[sympy.Symbol]:
    """The sympy symbols in coefficients."""
    found: frozenset[sympy.Symbol] = frozenset()
    for c in entries:
        found |= c.symbols if isinstance(c, (Polynomial, RationalFunction)) else getattr(c, "free_symbols", frozenset())
    return found


def value_at(entries: Sequence[Any], u: Fraction) -> Any:
    """sum_k entries[k] u^k (Horner), in floats or balls where the coefficients are."""
    value: Any = None
    for c in reversed(entries):
        if value is None:
            value = c
        elif isinstance(value, float):
            value = value * float(u) + c
        elif isinstance(value, flint.arb) or isinstance(c, flint.arb):
            value = _ball(value) * _ball(u) + _ball(c)
        else:
            value = value * u + c
    return value


def _ball(value: Any) -> flint.arb:
    return value if isinstance(value, flint.arb) else flint.arb(to_fmpq(value))


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


def evaluate_entries(entries: Sequence[Any], values: Mapping[Any, Any], partial: bool) -> tuple[Any, ...]:
    """Numbers for the letters of the coefficients of one polynomial; `partial`: what is not given stays.

    A name that two of its symbols bear decides nothing, whichever coefficients they are in.
    """
    values = read_values(values)
    symbols = letters_of(entries)
    full = with_entries(values) if symbols else values
    chosen = _values_by_symbol(symbols, full, partial, strict=all(not hasattr(c, "labels") for c in entries))
    memo: dict[str, Any] = {}  # graph expressions share their products
    return tuple(_evaluated(c, values, chosen, partial, memo) for c in entries)


def _evaluated(coefficient: Any, values: Mapping[Any, Any], chosen: Mapping[sympy.Symbol, Any], partial: bool,
               memo: dict[str, Any]) -> Any:
    if isinstance(coefficient, (Polynomial, RationalFunction)):
        own = {s: _exactly(chosen[s]) if partial else chosen[s] for s in coefficient.symbols if s in chosen}
        return coefficient.substitute(own) if partial else coefficient.evaluate(own)
    if isinstance(coefficient, sympy.Expr):
        return coefficient.xreplace({s: _sympy_number(chosen[s]) for s in coefficient.free_symbols & chosen.keys()})
    if hasattr(coefficient, "labels"):
        options: dict[str, Any] = {"partial": True, "dtype": Fraction} if partial else {}
        return coefficient.evaluate(values, memo=memo, **options)
    return coefficient


def _exactly(value: Any) -> Any:
    return Fraction(value) if isinstance(value, float) else value


def _sympy_number(value: Any) -> sympy.Expr:
    return sympy.Float(value) if isinstance(value, float) else entry_to_sympy(value)


def with_entries(values: Mapping[Any, Any]) -> dict[Any, Any]:
    """The same values, with the entries of each array under their own names too."""
    full = dict(values)
    for key, value in values.items():
        if isinstance(key, str) and _is_array(value):
            array = np.array(value, dtype=object)
            full.update({entry_name(key, index, array.shape): array[index] for index in np.ndindex(*array.shape)})
    return full


def _values_by_symbol(symbols: Iterable[sympy.Symbol], values: Mapping[Any, Any], partial: bool,
                      strict: bool) -> dict[sympy.Symbol, Any]:
    """Look each symbol up by itself, else by its name; a name borne by two symbols is refused.

    Args:
        strict: whether each symbol has to be given (those of graphs may be known from the shapes of matrices).
    """
    chosen: dict[sympy.Symbol, Any] = {}
    names: set[str] = set()
    for symbol in sorted(symbols, key=lambda s: s.name):
        value = values.get(symbol)
        if value is None:
            value = values.get(symbol.name)
            if value is not None and symbol.name in names:
                raise InputError(f"evaluate: two symbols are called {symbol.name!r}; give them as symbols.")
            names.add(symbol.name)
        if value is None or _is_array(value):
            if partial or not strict:
                continue
            raise InputError(f"evaluate: no value given for {symbol.name!r}; the letters are "
                             f"{', '.join(sorted(s.name for s in symbols))}. partial=True leaves letters open.")
        chosen[symbol] = value if isinstance(value, float) else _as_scalar(value, symbol.name)
    return chosen


def _is_array(value: Any) -> bool:
    return isinstance(value, (list, tuple)) or bool(getattr(value, "shape", ()))


def _as_scalar(value: Any, name: str) -> Any:
    exact = to_exact(value, name)
    return exact if isinstance(exact, Fraction) else Ring(sorted(exact.free_symbols, key=str))(exact)
