"""Descriptions as JSON and back: laws, models, runs and questions; nothing in a text is executed.

Numbers are exact texts, symbols keep their assumptions, expressions are trees of sympy's own classes. Classes of this
package stand under their names and are rebuilt by their constructors, which check everything again; a class of a user's
own stands under its module and name, and is found among the modules that are loaded.

>>> write((Fraction(1, 3), 2))
'{"format": "sgdmoments.description/1", "value": {"tuple": [{"fraction": "1/3"}, 2]}}'
>>> read(write({"x": sympy.Symbol("s", positive=True) / 2}))["x"].free_symbols.pop().is_positive
True
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np
import sympy

from sgdmoments.describe.values import FrozenDict
from sgdmoments.errors import InputError
from sgdmoments.exact.saving import read_rational, symbol_from_json, symbol_to_json, write_rational
from sgdmoments.reading import shown

FORMAT = "sgdmoments.description/1"
T = TypeVar("T", bound=type)

#: The classes of this package, by name.
_PACKAGE: dict[str, type] = {}


def register(cls: T) -> T:
    """Lets a class be written: one of this package under its name."""
    if cls.__module__.partition(".")[0] == __name__.partition(".")[0]:
        _PACKAGE[cls.__name__] = cls
    return cls


def write(value: Any) -> str:
    """The JSON text of a frozen value; `InputError` names what cannot be written."""
    return json.dumps({"format": FORMAT, "value": _to_data(value)})


def read(text: str) -> Any:
    """The value that `write` wrote; `InputError` where the text is no such thing."""
    try:
        data = json.loads(text)
        if data["format"] != FORMAT:
            raise InputError(f"from_json: unknown format {shown(data['format'])}; this version reads {FORMAT!r}.")
        return _from_data(data["value"])
    except (json.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError,
            RecursionError, ZeroDivisionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"from_json: the text is not a saved description ({error}).") from None


def is_own(cls: type) -> bool:
    """Whether a class is a user's own, not one of this package."""
    return _PACKAGE.get(cls.__name__) is not cls


def _to_data(value: Any) -> Any:
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return {"float": value.hex()}
    if type(value) is Fraction:
        return {"fraction": write_rational(value)}
    if isinstance(value, sympy.Basic):
        return {"sympy": _expression_to_data(value)}
    if type(value) in (tuple, frozenset):
        return {type(value).__name__: [_to_data(part) for part in value]}
    if isinstance(value, Mapping):
        return {"dict": [[_to_data(name), _to_data(part)] for name, part in value.items()]}
    if isinstance(value, np.ndarray) and value.dtype.kind in "Obiuf":
        kind = {} if value.dtype.hasobject else {"dtype": value.dtype.str}
        return {"array": list(value.shape), **kind, "entries": [_to_data(entry) for entry in value.ravel().tolist()]}
    parts: Callable[[], dict[str, Any]] | None = getattr(value, "_saved", None)
    if parts is not None and not isinstance(value, type):
        data = {name: {key: _to_data(part) for key, part in what.items()} for name, what in parts().items()}
        return {"class": _name_of(type(value)), **data}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: _to_data(getattr(value, field.name)) for field in dataclasses.fields(value) if field.init}
        return {"class": _name_of(type(value)), "arguments": fields}
    what = "a function; list its values instead" if callable(value) else f"of type {type(value).__name__}"
    raise InputError(f"to_json: {shown(value)} cannot be written: it is {what}.")


def _from_data(data: Any) -> Any:
    if not isinstance(data, dict):
        if data is None or isinstance(data, (bool, int, str)):
            return data
        raise InputError(f"from_json: found {shown(data)}; numbers stand as exact texts.")
    for kind, reader in _READERS.items():
        if kind in data:
            return reader(data)
    raise InputError(f"from_json: unknown kind of value {shown(sorted(data))}.")


def _read_class(data: Any) -> Any:
    cls = _class_of(data["class"])
    if "state" in data:
        return cls._restored({name: _from_data(part) for name, part in data["state"].items()})  # type: ignore[attr-defined]
    return cls(**{name: _from_data(part) for name, part in data["arguments"].items()})


def _read_array(data: Any) -> np.ndarray[Any, Any]:
    entries = [_from_data(entry) for entry in data["entries"]]
    if "dtype" in data:
        return np.array(entries, dtype=np.dtype(data["dtype"])).reshape(data["array"])
    array = np.empty(len(entries), dtype=object)
    array[:] = entries
    return array.reshape(data["array"])


_READERS: dict[str, Callable[[Any], Any]] = {
    "float": lambda data: float.fromhex(data["float"]),
    "fraction": lambda data: read_rational(data["fraction"]),
    "sympy": lambda data: _expression_from_data(data["sympy"]),
    "tuple": lambda data: tuple(map(_from_data, data["tuple"])),
    "frozenset": lambda data: frozenset(map(_from_data, data["frozenset"])),
    "dict": lambda data: FrozenDict({_from_data(name): _from_data(part) for name, part in data["dict"]}),
    "array": _read_array,
    "class": _read_class,
}


def _expression_to_data(value: Any) -> Any:
    if isinstance(value, sympy.Symbol):
        return symbol_to_json(value)
    if isinstance(value, sympy.Rational):
        return write_rational(Fraction(int(value.p), int(value.q)))
    name = type(value).__name__
    if not isinstance(value, sympy.Basic) or _sympy_class(name, value.args) is None:
        raise InputError(f"to_json: {shown(value)} is made by {name}, which sympy does not have under that name.")
    return {"func": name, "args": [_expression_to_data(part) for part in value.args]}


def _expression_from_data(data: Any) -> Any:
    if isinstance(data, str):
        value = read_rational(data)
        return sympy.Rational(value.numerator, value.denominator)
    if "func" not in data:
        return symbol_from_json(data)
    args = [_expression_from_data(part) for part in data["args"]]
    made = _sympy_class(data["func"], args)
    if made is None:
        raise InputError(f"from_json: sympy has no expression {shown(data['func'])}.")
    return made(*args) if args else made


def _sympy_class(name: str, args: Any) -> Any:
    """A class of sympy's expressions, or without arguments one of its constants; None where there is none."""
    if not args:
        constant = getattr(sympy.S, name, None)
        return constant if isinstance(constant, sympy.Expr) else None
    cls = getattr(sympy, name, None)
    return cls if isinstance(cls, type) and issubclass(cls, sympy.Basic) else None


def _name_of(cls: type) -> str:
    if not is_own(cls):
        return cls.__name__
    name = f"{cls.__module__}:{cls.__qualname__}"
    if _loaded(name) is not cls:
        raise InputError(f"to_json: the class {cls.__qualname__} of {cls.__module__} cannot be found by its name; "
                         "define it at the top of a module.")
    return name


def _class_of(name: Any) -> type:
    found = _PACKAGE.get(name) or _loaded(name)
    if found is None:
        raise InputError(f"from_json: the class {shown(name)} is not loaded; import its module first.")
    if not hasattr(found, "_saved") and not (
            dataclasses.is_dataclass(found) and found.__dataclass_params__.frozen):  # type: ignore[attr-defined]
        raise InputError(f"from_json: {shown(name)} is no class of descriptions.")
    return found


def _loaded(name: str) -> type | None:
    """A class among the modules that are loaded, from ``module:name``."""
    module, _, path = name.partition(":")
    found: Any = sys.modules.get(module)
    for part in path.split("."):
        found = getattr(found, part, None)
    return found if isinstance(found, type) else None
