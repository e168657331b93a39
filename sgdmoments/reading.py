"""Reading arguments that are no exact numbers: integers, switches, names from a list, lists, functions, mappings.

One place for each, so that every public door takes the same things and refuses the others in the same words; and
`shown`, which writes what was found into a message.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields
from itertools import islice
from numbers import Number
from pathlib import Path
from typing import Any

import numpy as np
import sympy

from sgdmoments.errors import InputError

#: A list that is read entry by entry has at most so many, where nothing else is said.
LONGEST_SEQUENCE = 1_000_000
#: Counts (of steps, rows, columns, samples) beyond this are taken for a slip.
LARGEST = 10**100
_LONGEST_SHOWN = 100


def shown(value: Any) -> str:
    """How a message shows what it found: on one line, cut where it is long, whatever the object's own repr does.

    >>> shown("a"), shown(10**5000), len(shown("9" * 5000)) < 130
    ("'a'", 'an integer of 16,610 bits', True)
    """
    if isinstance(value, int) and value.bit_length() > 400:
        return f"an integer of {value.bit_length():,} bits"
    try:
        text = " ".join(repr(value).split())
    except Exception:  # an object whose repr fails, numbers too long to print, nesting too deep
        return f"an object of type {type(value).__name__}"
    return shortened(text)


def shortened(text: str, longest: int = _LONGEST_SHOWN) -> str:
    """A text for a message: its beginning where it is long.

    >>> shortened("abcdefgh" * 20, 30)
    'abcdefghab... (160 characters)'
    """
    return text if len(text) <= longest else f"{text[:longest - 20]}... ({len(text):,} characters)"


def shown_fields(value: Any) -> str:
    """The repr of a dataclass, each of its values as messages show it."""
    parts = (f"{field.name}={shown(getattr(value, field.name))}" for field in fields(value))
    return f"{type(value).__name__}({', '.join(parts)})"


def attribute(value: Any, name: str) -> Any:
    """An attribute of an object; None where it has none, or raises, or is a class."""
    try:
        return None if isinstance(value, type) else getattr(value, name, None)
    except Exception:  # an object of a user's, whatever it raises
        return None


def is_flag(value: Any) -> bool:
    """Whether a value is a truth value."""
    return isinstance(value, (bool, np.bool_))


def is_bytes(value: Any) -> bool:
    """Whether a value holds bytes: they are no numbers, although Python counts them as such."""
    return isinstance(value, (bytes, bytearray, memoryview))


def read_flag(value: Any, name: str) -> bool:
    """True or False; `InputError` for anything else: 1 is no switch, and "no" would count as true.

    >>> read_flag(np.True_, "certified")
    True
    """
    if not is_flag(value):
        raise InputError(f"{name}: found {shown(value)}; use True or False.")
    return bool(value)


def is_integer(value: Any) -> bool:
    """Whether a value is an int, a NumPy integer or a sympy Integer: no truth value, no span of time.

    >>> is_integer(np.int8(3)), is_integer(True), is_integer(3.0), is_integer(np.timedelta64(3))
    (True, False, False, False)
    """
    return isinstance(value, (int, np.integer, sympy.Integer)) and not isinstance(value, (bool, np.timedelta64))


def read_integer(value: Any, name: str, least: int, what: str, most: int = LARGEST) -> int:
    """The integer from `least` to `most`; `InputError` saying `what` is needed, for anything else.

    An array without axes is its entry.

    >>> read_integer(np.int64(4), "t", 0, "a step is an integer >= 0")
    4
    """
    if isinstance(value, np.ndarray) and type(value) is np.ndarray and value.ndim == 0:
        value = value[()]
    if not is_integer(value) or int(value) < least or int(value) > most:
        limit = f" and at most {most:,}" if is_integer(value) and int(value) > LARGEST == most else ""
        raise InputError(f"{name}: found {shown(value)}; {what}{limit}.")
    return int(value)


def read_positive(value: Any, name: str) -> float:
    """A finite float above zero: from any real number, but no truth value, text or bytes."""
    if not (is_flag(value) or is_bytes(value) or isinstance(value, (str, np.datetime64, np.timedelta64))):
        try:
            number = float(value)
        except Exception:  # whatever the object's own conversion raises
            number = 0.0
        if 0 < number < float("inf"):
            return number
    raise InputError(f"{name}: found {shown(value)}; expected a number above 0.")


def read_choice(value: Any, name: str, choices: Iterable[str]) -> str:
    """The name, where it is one of `choices`.

    >>> read_choice("mean", "moment", ("variance", "mean"))
    'mean'
    """
    known = tuple(choices)
    if not isinstance(value, str) or value not in known:
        raise InputError(f"{name}: found {shown(value)}; use one of {', '.join(known)}.")
    return str(value)


def is_listed(value: Any) -> bool:
    """Whether a value is a list of things in order: no text, bytes, set or mapping, and not a single number.

    >>> is_listed([1]), is_listed(range(2)), is_listed("ab"), is_listed({1, 2}), is_listed(np.array(3))
    (True, True, False, False, False)
    """
    if isinstance(value, np.ndarray):
        return value.ndim > 0
    if is_bytes(value) or isinstance(value, (str, Mapping, AbstractSet, type, sympy.Basic)):
        return False
    return isinstance(value, (Sequence, sympy.MatrixBase)) or hasattr(type(value), "__next__")


def read_sequence(value: Any, name: str, what: str, longest: int = LONGEST_SEQUENCE) -> tuple[Any, ...]:
    """The entries in order: of a list, tuple, range, array or iterator; `InputError` saying `what` for anything else.

    Texts, bytes, sets and mappings are refused: what they hold in order is not what was meant. So are masked entries,
    and sympy matrices of several rows and columns, which Python runs through entry by entry.

    >>> read_sequence(range(1, 3), "batch_sizes", "a list of batch sizes is needed")
    (1, 2)
    """
    if not is_listed(value) or (isinstance(value, sympy.MatrixBase) and 1 not in value.shape):
        raise InputError(f"{name}: found {shown(value)}; {what}.")
    if isinstance(value, np.ma.MaskedArray) and np.ma.getmaskarray(value).any():
        raise InputError(f"{name}: found masked entries; leave them out, or fill them: array.filled(...).")
    try:
        entries = tuple(islice(value, longest + 1))
    except Exception as error:  # an iterator of the user's
        raise InputError(f"{name}: found {shown(value)}, which cannot be read ({shortened(str(error))}); "
                         f"{what}.") from None
    if len(entries) > longest:
        raise InputError(f"{name}: more than {longest:,} entries.")
    return entries


def read_function(value: Any, name: str, what: str, arguments: int = 1) -> Callable[..., Any]:
    """A function of so many arguments; `InputError` saying `what` is needed for anything else.

    A class is none, and neither is a polynomial or an expression, although it can be called.

    >>> read_function(abs, "progress", "a function is needed")(-1)
    1
    """
    if not callable(value) or isinstance(value, (type, sympy.Basic)) or callable(attribute(value, "to_sympy")):
        raise InputError(f"{name}: found {shown(value)}; {what}.")
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):  # some functions written in C do not tell
        return value
    try:
        signature.bind(*(None,) * arguments)
    except TypeError:
        count = "one argument" if arguments == 1 else f"{arguments} arguments"
        raise InputError(f"{name}: found {shown(value)}, which cannot be called with {count}; {what}.") from None
    return value


def check_names(function: Callable[..., Any], what: str, options: Mapping[str, Any], positions: int) -> None:
    """`InputError` for an option that the function does not take beside its first arguments; it names its own."""
    parameters = inspect.signature(function).parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return  # it passes them on to the function that looks at them
    known = list(parameters)[positions:]
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise InputError(f"{what} has no option {', '.join(unknown)}; it takes {', '.join(known) or 'none'}.")


def read_mapping(value: Any, name: str, what: str) -> Mapping[Any, Any]:
    """A mapping, as it is; `InputError` saying `what` is needed for anything else.

    >>> read_mapping({"w": 1}, "values", "a dict is needed")
    {'w': 1}
    """
    if not isinstance(value, Mapping):
        raise InputError(f"{name}: found {shown(value)}; {what}.")
    return value


def read_values(values: Any) -> Mapping[Any, Any]:
    """Values for letters: a mapping whose keys are names or letters, no numbers.

    >>> read_values({"w": [1, 2]})
    {'w': [1, 2]}
    """
    found = read_mapping(values, "values", "a dict of numbers and arrays by name is needed")
    for key in found:
        if key is None or isinstance(key, (Number, bytes)):
            raise InputError(f"values: found the key {shown(key)}; a key is the name of a letter, or the letter.")
    return found


def read_text(value: Any, name: str, what: str) -> str:
    """A text that is not empty and holds no control characters.

    >>> read_text("W1", "name", "a name is needed")
    'W1'
    """
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise InputError(f"{name}: found {shown(value)}; {what}.")
    return str(value)


def read_name(value: Any, name: str, what: str) -> str:
    r"""The name of a matrix or of another letter: it begins with a letter, "_" or a backslash.

    What begins with a digit is a number in a wrong place.

    >>> read_name("W1*", "name", "a name is needed"), read_name(r"\Sigma", "name", "a name is needed")
    ('W1*', '\\Sigma')
    """
    text = read_text(value, name, what)
    if not (text[0].isalpha() or text[0] in "_\\"):
        raise InputError(f"{name}: found {shown(value)}; a name begins with a letter, _ or \\.")
    return text


def read_symbol(value: Any, name: str) -> sympy.Symbol:
    """A symbol that commutes.

    >>> read_symbol(sympy.Symbol("z"), "z")
    z
    """
    if not isinstance(value, sympy.Symbol) or not value.is_commutative:
        raise InputError(f"{name}: found {shown(value)}; a sympy symbol is needed.")
    return value


def read_path(value: Any, name: str) -> Path:
    """The name of a file: a text or a path.

    >>> read_path("a/table.csv", "path").suffix
    '.csv'
    """
    if isinstance(value, (str, os.PathLike)):
        try:
            text = os.fspath(value)
            os.fsencode(text)  # no surrogates
            if isinstance(text, str) and text and "\0" not in text:
                return Path(text)
        except Exception:  # an object whose own path fails
            pass
    raise InputError(f"{name}: {shown(value)} is not the name of a file.")


def is_foreign(value: Any) -> bool:
    """Whether an operand has operators of its own that may know what to do: matrices, not numbers.

    >>> is_foreign(1.5), is_foreign([1]), is_foreign(np.array([1])), is_foreign(sympy.Symbol("x"))
    (False, False, False, False)
    """
    return hasattr(type(value), "__matmul__") and not hasattr(type(value), "tolist")
