"""Values that cannot change: freezing them, comparing them, writing them as code, finding their symbols.

>>> d = FrozenDict({"W1": freeze(np.array([1, 2]))})
>>> d["W1"][0] = 5
Traceback (most recent call last):
    ...
ValueError: assignment destination is read-only
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, NoReturn

import numpy as np
import sympy

from sgdmoments.errors import FrozenError
from sgdmoments.exact.numbers import Exact, free_symbols
from sgdmoments.exact.ring import to_fmpq

#: Digits up to which a number is written out in code, and from which on an integer is written as text (which Python
#: reads at any length).
_MOST_DIGITS, _DIGITS_OF_CODE = 100_000, 4_000

_ATOMS = (int, float, complex, str, bytes, Fraction, Decimal, type(None), sympy.Basic, np.generic, Enum, type, range,
          FunctionType, BuiltinFunctionType, MethodType, ModuleType)


class FrozenDict(Mapping[Any, Any]):
    """A read-only mapping, equal to any mapping with equal entries; arrays are compared entry by entry."""

    __slots__ = ("_entries",)

    def __init__(self, entries: Mapping[Any, Any]) -> None:
        self._entries = {name: freeze(value) for name, value in entries.items()}

    def __getitem__(self, name: Any) -> Any:
        return self._entries[name]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping) and key(self) == key(freeze(other))

    def __hash__(self) -> int:
        return hash(key(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return FrozenDict, (self._entries,)

    def __repr__(self) -> str:
        return repr(self._entries)

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise FrozenError("this mapping is read-only, so that no answer can be stale; make another run: "
                          "sgd.replace(initial={...}).")

    __setitem__ = __delitem__ = update = pop = popitem = clear = setdefault = _refuse


def freeze(value: Any) -> Any:
    """The same value where it cannot change; else a read-only copy (arrays, lists, dicts, sets)."""
    if isinstance(value, np.ndarray):
        return _read_only(value)
    if isinstance(value, FrozenDict):
        return value
    if type(value) is dict:
        return FrozenDict(value)
    if type(value) in (list, tuple):
        return tuple(map(freeze, value))
    return frozenset(value) if type(value) is set else value


def _read_only(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    owner: Any = array
    while isinstance(owner, np.ndarray):
        if owner.flags.writeable:
            array = np.array(array)  # a plain, contiguous copy
            array.flags.writeable = False
            return array
        owner = owner.base
    return array


def is_value(value: Any) -> bool:
    """Whether a frozen value can be compared by value: nothing in it can change."""
    if isinstance(value, np.ndarray):
        return not value.dtype.hasobject or all(map(_is_atom, set(map(type, value.flat)))) or all(
            map(is_value, value.flat))
    if isinstance(value, FrozenDict):
        return all(map(is_value, value.values()))
    if type(value) in (tuple, frozenset):
        return all(map(is_value, value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return bool(type(value).__dataclass_params__.frozen) and all(  # type: ignore[attr-defined]
            is_value(getattr(value, field.name)) for field in dataclasses.fields(value))
    if isinstance(value, _ATOMS):
        return True
    return bool(getattr(value, "by_value", False))


def _is_atom(kind: type) -> bool:
    return issubclass(kind, _ATOMS) and not dataclasses.is_dataclass(kind)


def key(value: Any) -> Any:
    """A hashable stand-in of a frozen value: equal keys mean equal values (1, 1.0 and True are three values)."""
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            return "array", value.shape, tuple(map(key, value.flat))
        return "array", value.shape, value.dtype.str, value.tobytes()
    if isinstance(value, FrozenDict):
        return "dict", frozenset((key(k), key(v)) for k, v in value.items())
    if type(value) in (tuple, frozenset):
        return type(value), type(value)(map(key, value))
    return type(value), value


def expressions(value: Any) -> list[sympy.Basic]:
    """Every sympy expression in a value, in the order in which it is written down."""
    if isinstance(value, sympy.Basic):
        return [value]
    if isinstance(value, np.ndarray):
        kinds = {kind for kind in set(map(type, value.flat)) if issubclass(kind, sympy.Basic)} if \
            value.dtype.hasobject else set()  # of a million numbers the few types are looked at
        return [entry for entry in value.flat if type(entry) in kinds] if kinds else []
    if isinstance(value, Mapping):
        parts = list(value.values())
    elif isinstance(value, (tuple, list, frozenset)):
        parts = list(value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = [getattr(value, field.name) for field in dataclasses.fields(value)]
    else:
        return list(getattr(value, "expressions", None) or ())
    return [expression for part in parts for expression in expressions(part)]


def symbols(value: Any) -> frozenset[sympy.Symbol]:
    """Every sympy symbol in a value."""
    return free_symbols(*expressions(value))


def show(value: Any, most: int = 1000) -> str | None:
    """Code that rebuilds a value, with the names of `fractions`, `sympy` and this package; None above `most` entries.

    >>> show((Fraction(1, 3), Fraction(2), sympy.Symbol("s", positive=True)))
    "('1/3', 2, Symbol('s', positive=True))"
    """
    if isinstance(value, Fraction) or type(value) is int:  # every constructor reads integers and texts as exact numbers
        text = str(to_fmpq(value))  # Python's own has a limit of some thousand digits
        if len(text) > _MOST_DIGITS:
            return None
        return text if value.denominator == 1 and len(text) < _DIGITS_OF_CODE else f"'{text}'"
    if isinstance(value, sympy.Basic):
        try:
            return str(sympy.srepr(value))
        except ValueError:  # an integer in it has thousands of digits
            return None
    if isinstance(value, np.ndarray):
        return None if value.size > most else show(value.tolist(), most)
    if isinstance(value, Mapping):
        parts = [(repr(k), show(v, most)) for k, v in value.items()]
        return None if any(v is None for _, v in parts) else f"{{{', '.join(f'{k}: {v}' for k, v in parts)}}}"
    if isinstance(value, (tuple, list)):
        if len(value) > most:
            return None
        return _bracketed([show(part, most) for part in value], "()" if isinstance(value, tuple) else "[]")
    shown = getattr(value, "_shown", None)
    return str(shown(most)) if shown is not None else repr(value)


def brief(value: Exact) -> str:
    """A number or expression on one line, for people: long ones by their size.

    >>> brief(Fraction(1, 3)), brief(Fraction(10**5000))
    ('1/3', '<16,610 bits>')
    """
    if isinstance(value, Fraction):
        bits = value.numerator.bit_length() + value.denominator.bit_length() - 1
        return str(value) if bits <= 1000 else f"<{bits:,} bits>"
    try:
        return str(value)
    except ValueError:
        return "<an expression with long numbers>"


def _bracketed(parts: list[str | None], brackets: str) -> str | None:
    if any(part is None for part in parts):
        return None
    comma = "," * (brackets == "()" and len(parts) == 1)
    return f"{brackets[0]}{', '.join(map(str, parts))}{comma}{brackets[1]}"
