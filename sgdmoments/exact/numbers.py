"""Reading exact numbers: what a user types becomes a Fraction or a sympy expression, never a rounded value.

What is a number, here and in every file and option: an int, a Fraction, a Decimal, a float of any width (NumPy's,
mpmath's and sympy's too: its exact binary value), a sympy expression, and text in ASCII digits: ``3``, ``-0.25``,
``1e-3``, ``1/10``. Truth values, bytes, complex numbers, dates and masked entries are none and are refused by their
place. Decimals lie between 10^-400 and 10^400 (`LARGEST_EXPONENT`): a power of ten beyond is taken for a slip, and
``1e999999999`` would fill the memory. Integers and quotients written out have at most 100,000 digits
(`LONGEST_NUMBER`); floats of other libraries the like in bits.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from numbers import Rational
from typing import Any, TypeAlias

import flint
import numpy as np
import sympy

from sgdmoments.errors import InputError
from sgdmoments.reading import attribute, is_bytes, is_flag, shown

#: What the package takes as an exact scalar.
Exact: TypeAlias = Fraction | sympy.Expr

#: Decimals beyond this power of ten, or below its inverse, are taken for a slip.
LARGEST_EXPONENT = 400
#: The most characters of a number that is written out.
LONGEST_NUMBER = 100_000
_LARGEST_BITS = 400_000

_DIGITS = re.compile(r"([+-]?)([0-9]+)(?:/([0-9]+))?")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[+-]?(?:inf|infinity|s?nan[0-9]*)", re.IGNORECASE)


def to_fraction(value: Any, name: str = "value") -> Fraction:
    """The exact rational value of an int, Fraction, float (its dyadic value), Decimal or string.

    Raises `InputError` for NaN, infinities, symbols and anything that is not a rational number.

    >>> to_fraction(0.5), to_fraction("0.1"), to_fraction("2/6")
    (Fraction(1, 2), Fraction(1, 10), Fraction(1, 3))
    """
    exact = to_exact(value, name)
    if not isinstance(exact, Fraction):
        raise InputError(f"{name}: expected a rational number, found the symbolic expression {_symbolic(exact)}.")
    return exact


def to_exact(value: Any, name: str = "value") -> Exact:
    """Like `to_fraction`, but sympy expressions that are not rational numbers stay as they are.

    Floats inside a sympy expression are replaced by their exact dyadic values.

    >>> to_exact(sympy.Float("1e-400")) == 0, to_exact(np.float16(0.1))
    (False, Fraction(819, 8192))
    """
    if isinstance(value, Fraction):
        return value
    if is_flag(value):
        raise InputError(f"{name}: found the truth value {value}, not a number; where 1 and 0 are meant, say so: "
                         "int(value), or array.astype(int).")
    if isinstance(value, np.timedelta64):
        raise _unreadable(value, name)
    if isinstance(value, (int, np.integer)):
        return Fraction(int(value))
    if isinstance(value, (float, np.floating)):
        if not np.isfinite(value):
            raise InputError(f"{name}: found {value}; every number must be finite.")
        return Fraction(*map(int, value.as_integer_ratio()))
    if isinstance(value, str):
        return parse_number(str(value), name)
    if isinstance(value, Decimal):
        return _from_decimal(value, name, shown(str(value))[1:-1])
    if isinstance(value, sympy.Basic):
        return _from_sympy(value, name)
    if isinstance(value, (Rational, flint.fmpq, flint.fmpz)):
        return Fraction(int(value.numerator), int(value.denominator))
    if isinstance(value, np.ma.MaskedArray):
        raise InputError(f"{name}: the entry is masked; leave its row out, or fill it: array.filled(...).")
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return to_exact(value.item() if value.dtype == object else value[()], name)
    if isinstance(attribute(value, "_mpf_"), tuple):  # mpmath
        return _from_binary(value._mpf_, name)
    if callable(attribute(value, "to_sympy")):
        return _from_value(value, name)
    raise _unreadable(value, name)


def parse_number(text: str, name: str) -> Fraction:
    """The number that a text writes in ASCII digits: ``3``, ``-0.25``, ``1e-3`` or ``1/10``; spaces around it are cut.

    >>> parse_number(" -1e-2 ", "x"), parse_number("2/6", "x")
    (Fraction(-1, 100), Fraction(1, 3))
    """
    if len(text) > LONGEST_NUMBER:
        raise InputError(f"{name}: a text of {len(text):,} characters; a number has at most {LONGEST_NUMBER:,}.")
    written = text.strip()
    if match := _DIGITS.fullmatch(written):
        sign, above, below = match.groups()
        denominator = _integer(below or "1")
        if not denominator:
            raise InputError(f"{name}: {shown(written)} divides by zero.")
        return Fraction(-_integer(above) if sign == "-" else _integer(above), denominator)
    if _DECIMAL.fullmatch(written) or _NOT_FINITE.fullmatch(written):
        return _from_decimal(Decimal(written), name, shown(written)[1:-1])
    raise InputError(f"{name}: cannot read the text {shown(text)} as a number such as 3, 0.25 or 1/10.")


def _integer(digits: str) -> int:
    return int(digits) if len(digits) <= 4300 else int(flint.fmpz(digits))  # Python reads no more than 4300 digits


def _from_decimal(value: Decimal, name: str, written: str) -> Fraction:
    if not value.is_finite():
        raise InputError(f"{name}: found {value}; every number must be finite.")
    if value and abs(value.adjusted()) > LARGEST_EXPONENT:
        raise InputError(f"{name}: {written!r} is beyond 10^{LARGEST_EXPONENT} or 10^-{LARGEST_EXPONENT}.")
    return Fraction(value) if value else Fraction(0)


def _from_binary(mpf: tuple[Any, ...], name: str) -> Fraction:
    """The exact value of mpmath's (sign, mantissa, exponent of 2, bits of the mantissa)."""
    sign, mantissa, exponent, _ = mpf
    mantissa, exponent = int(mantissa), int(exponent)
    if not mantissa and exponent:
        raise InputError(f"{name}: found an infinity or NaN; every number must be finite.")
    if abs(exponent) > _LARGEST_BITS:
        raise InputError(f"{name}: found a float beyond 2^{_LARGEST_BITS:,} or 2^-{_LARGEST_BITS:,}.")
    signed = -mantissa if sign else mantissa
    return Fraction(signed << exponent) if exponent >= 0 else Fraction(signed, 1 << -exponent)


def _from_sympy(value: sympy.Basic, name: str) -> Exact:
    if value.is_Rational:
        return Fraction(int(value.p), int(value.q))
    if isinstance(value, sympy.Float) and value.is_finite:
        return _from_binary(value._mpf_, name)
    if (not isinstance(value, sympy.Expr) or value.is_Matrix or not value.is_commutative
            or value.has(sympy.nan, sympy.oo, -sympy.oo, sympy.zoo, sympy.I, sympy.AccumBounds)):
        raise InputError(f"{name}: {_symbolic(value)} is not a finite real polynomial expression.")
    floats = value.atoms(sympy.Float)
    if floats:
        exact = {f: _rational(_from_binary(f._mpf_, name)) for f in floats}
        return _from_sympy(value.xreplace(exact), name)
    return value


def _from_value(value: Any, name: str) -> Exact:
    """What the package gave as a value; an answer that depends on the batch size is no number."""
    found = value.to_sympy()
    size = attribute(value, "batch_size")
    if isinstance(size, sympy.Symbol) and size in found.free_symbols:
        raise InputError(f"{name}: found {shown(value)}, which depends on the batch size; its value at b is p(b).")
    return _from_sympy(found, name)


def _rational(value: Fraction) -> sympy.Rational:
    return sympy.Rational(value.numerator, value.denominator)


def _symbolic(value: sympy.Basic) -> str:
    """A sympy object in a message, as sympy writes it."""
    return shown(value)


def _unreadable(value: Any, name: str) -> InputError:
    return InputError(f"{name}: cannot read {shown(value)} of type {type(value).__name__} as an exact number; use an "
                      "int, Fraction, float, decimal string, or sympy expression.")


def to_exact_array(values: Any, name: str, ndim: int | None = None) -> np.ndarray[Any, Any]:
    """An object array of exact scalars with the shape of `values`; read-only.

    Raises `InputError` for ragged input, a wrong number of dimensions, or an entry that is not exact; the
    message names the position of the entry.
    """
    raw = to_object_array(values, name)
    if ndim is not None and ndim > raw.ndim and any(_is_row(entry) for entry in raw.flat):
        raise InputError(f"{name}: rows of different lengths.")
    if ndim is not None and raw.ndim != ndim:
        found = f"shape {raw.shape}" if raw.ndim or _is_number(raw[()]) else f"{shown(raw[()])} (shape ())"
        raise InputError(f"{name}: expected {ndim} dimension{'s' * (ndim != 1)}, found {found}.")
    out = np.empty(raw.shape, dtype=object)
    for index in np.ndindex(raw.shape):
        entry = raw[index]
        if _is_row(entry):
            raise InputError(f"{name}: rows of different lengths.")
        place = f"{name}[{', '.join(map(str, index))}]" if index else name
        out[index] = to_exact(entry, place)
    out.flags.writeable = False
    return out


def to_object_array(values: Any, name: str) -> np.ndarray[Any, Any]:
    """The values in an array of objects, or of NumPy's numbers where they come as such."""
    if is_bytes(values):
        raise InputError(f"{name}: found {shown(values)}; bytes are not numbers (of a buffer of numbers give "
                         "np.asarray(buffer)).")
    if isinstance(values, sympy.MatrixBase):
        values = values.tolist()
    if callable(attribute(values, "to_numpy")):  # pandas
        values = values.to_numpy()
    if isinstance(values, np.ma.MaskedArray):
        for index in np.argwhere(np.ma.getmaskarray(values)):
            place = ", ".join(map(str, index))
            raise InputError(f"{name}[{place}]: the entry is masked; leave its row out, or fill it: array.filled(...).")
        return np.asarray(values.data)
    if isinstance(values, np.ndarray):
        return np.asarray(values)
    try:
        return np.array(values, dtype=object)
    except Exception as error:  # NumPy raises whatever the objects' own methods raise
        raise InputError(f"{name}: rows of different lengths ({shown(str(error))[1:-1]}).") from None


def _is_row(entry: Any) -> bool:
    return isinstance(entry, (list, tuple)) or (isinstance(entry, np.ndarray) and entry.ndim > 0)


def _is_number(entry: Any) -> bool:
    return isinstance(entry, (int, float, np.number, Fraction, str))


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
