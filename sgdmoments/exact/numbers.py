"""Reading exact numbers: what a user types becomes a Fraction or a sympy expression, never a rounded value."""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from numbers import Rational
from typing import Any, TypeAlias

import numpy as np
import sympy

from sgdmoments.errors import InputError

#: What the package takes as an exact scalar.
Exact: TypeAlias = Fraction | sympy.Expr


def to_fraction(value: Any, name: str = "value") -> Fraction:
    """The exact rational value of an int, Fraction, float (its dyadic value), Decimal or string.

    Raises `InputError` for NaN, infinities, symbols and anything that is not a rational number.

    >>> to_fraction(0.5), to_fraction("0.1"), to_fraction("2/6")
    (Fraction(1, 2), Fraction(1, 10), Fraction(1, 3))
    """
    exact = to_exact(value, name)
    if not isinstance(exact, Fraction):
        raise InputError(f"{name}: expected a rational number, found the symbolic expression {exact}.")
    return exact


def to_exact(value: Any, name: str = "value") -> Exact:
    """Like `to_fraction`, but sympy expressions that are not rational numbers stay as they are.

    Floats inside a sympy expression are replaced by their exact dyadic values.
    """
    if isinstance(value, Fraction):
        return value
    if isinstance(value, (int, np.integer)):
        return Fraction(int(value))
    if isinstance(value, (float, np.floating)):
        if not math.isfinite(value):
            raise InputError(f"{name}: found {value}; every number must be finite.")
        return Fraction(*value.as_integer_ratio())
    if isinstance(value, (str, np.str_)):
        return _from_string(str(value), name)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise InputError(f"{name}: found {value}; every number must be finite.")
        return Fraction(value)
    if isinstance(value, sympy.Basic):
        return _from_sympy(value, name)
    if isinstance(value, Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    if hasattr(value, "to_sympy"):
        return _from_sympy(value.to_sympy(), name)
    if hasattr(value, "p") and hasattr(value, "q"):  # flint.fmpq
        return Fraction(int(value.p), int(value.q))
    raise InputError(
        f"{name}: cannot read {value!r} of type {type(value).__name__} as an exact number; use an int, "
        "Fraction, float, decimal string, or sympy expression.")


def _from_string(text: str, name: str) -> Fraction:
    try:
        return Fraction(text.strip())
    except (ValueError, ZeroDivisionError):
        pass
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        raise InputError(f"{name}: cannot read the text {text!r} as a number such as 3, 0.25 or 1/10.") from None
    raise InputError(f"{name}: found {value}; every number must be finite.")


def _from_sympy(value: sympy.Basic, name: str) -> Exact:
    if value.is_Rational:
        return Fraction(int(value.p), int(value.q))
    if not isinstance(value, sympy.Expr) or value.has(sympy.nan, sympy.oo, sympy.zoo, sympy.I):
        raise InputError(f"{name}: {value} is not a finite real polynomial expression.")
    floats = value.atoms(sympy.Float)
    if floats:
        exact = {f: sympy.Rational(*float(f).as_integer_ratio()) for f in floats}
        return _from_sympy(value.xreplace(exact), name)
    return value


def to_exact_array(values: Any, name: str, ndim: int | None = None) -> np.ndarray[Any, Any]:
    """An object array of exact scalars with the shape of `values`; read-only.

    Raises `InputError` for ragged input, a wrong number of dimensions, or an entry that is not exact; the
    message names the position of the entry.
    """
    if isinstance(values, sympy.MatrixBase):
        values = values.tolist()
    if hasattr(values, "to_numpy"):  # pandas
        values = values.to_numpy()
    try:
        raw = np.asarray(values) if isinstance(values, np.ndarray) else np.array(values, dtype=object)
    except ValueError as error:
        raise InputError(f"{name}: rows of different lengths ({error}).") from None
    if ndim is not None and ndim > raw.ndim and any(isinstance(entry, (list, tuple, np.ndarray)) for entry in raw.flat):
        raise InputError(f"{name}: rows of different lengths.")
    if ndim is not None and raw.ndim != ndim:
        raise InputError(f"{name}: expected {ndim} dimension{'s' * (ndim != 1)}, found shape {raw.shape}.")
    out = np.empty(raw.shape, dtype=object)
    for index in np.ndindex(raw.shape):
        entry = raw[index]
        if isinstance(entry, (list, tuple, np.ndarray)):
            raise InputError(f"{name}: rows of different lengths.")
        place = f"{name}[{', '.join(map(str, index))}]" if index else name
        out[index] = to_exact(entry, place)
    out.flags.writeable = False
    return out


def entry_name(name: str, index: tuple[int, ...], shape: tuple[int, ...]) -> str:
    """The name of one entry of an array, counted from 1.

    >>> entry_name("w", (0,), (3,)), entry_name("W1", (0, 1), (2, 3)), entry_name("W1", (0, 11), (2, 12))
    ('w_1', 'W1_12', 'W1_1_12')
    """
    return f"{name}_{('' if max(shape) < 10 else '_').join(str(i + 1) for i in index)}"


def free_symbols(*arrays: Any) -> frozenset[sympy.Symbol]:
    """The sympy symbols that occur in exact scalars or arrays of them."""
    found: set[sympy.Symbol] = set()
    for array in arrays:
        for entry in np.asarray(array, dtype=object).flat:
            if isinstance(entry, sympy.Basic):
                found |= entry.free_symbols
    return frozenset(found)


def fresh_symbol(name: str, taken: frozenset[sympy.Symbol] | set[sympy.Symbol]) -> sympy.Symbol:
    """A symbol called `name`, or `name_1`, `name_2`, ... where a taken symbol already has that name.

    Names are compared, not symbols: two symbols of one name and different assumptions would print alike.

    >>> fresh_symbol("alpha", frozenset({sympy.Symbol("alpha", positive=True)}))
    alpha_1
    """
    names = {symbol.name for symbol in taken}
    candidate, k = name, 0
    while candidate in names:
        k += 1
        candidate = f"{name}_{k}"
    return sympy.Symbol(candidate)
