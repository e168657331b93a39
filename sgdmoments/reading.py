"""Reading arguments that are no exact numbers: integers, names from a list; and showing what was found.

One place for each, so that every public door takes the same things and refuses the others in the same words.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import sympy

from sgdmoments.errors import InputError

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
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN - 20]}... ({len(text):,} characters)"


def is_integer(value: Any) -> bool:
    """Whether a value is an int, a NumPy integer or a sympy Integer: no truth value, no span of time.

    >>> is_integer(np.int8(3)), is_integer(True), is_integer(3.0), is_integer(np.timedelta64(3))
    (True, False, False, False)
    """
    return isinstance(value, (int, np.integer, sympy.Integer)) and not isinstance(value, (bool, np.timedelta64))


def read_integer(value: Any, name: str, least: int, what: str) -> int:
    """The integer >= `least`; `InputError` saying `what` is needed, for anything else.

    >>> read_integer(np.int64(4), "t", 0, "a step is an integer >= 0")
    4
    """
    if not is_integer(value) or int(value) < least:
        raise InputError(f"{name}: found {shown(value)}; {what}.")
    return int(value)


def read_choice(value: Any, name: str, choices: Iterable[str]) -> str:
    """The name, where it is one of `choices`.

    >>> read_choice("mean", "moment", ("variance", "mean"))
    'mean'
    """
    known = tuple(choices)
    if not isinstance(value, str) or value not in known:
        raise InputError(f"{name}: found {shown(value)}; use one of {', '.join(known)}.")
    return str(value)
