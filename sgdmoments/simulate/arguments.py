"""Arguments of simulations that are whole numbers, or lists of them, each named in its error."""

from __future__ import annotations

import itertools
import operator
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import to_exact
from sgdmoments.reading import is_bytes, is_flag, is_listed, read_sequence, shown

#: Runs are numbered by 32-bit words: with more of them the same draws would come again.
MOST_RUNS = 2**32
#: Steps are numbered so too.
MOST_STEPS = 2**32


def whole_number(value: Any, name: str, low: int, high: int | None = None) -> int:
    """An int from an integer, or a float or Fraction that is one; `InputError` for all else and outside the bounds.

    >>> whole_number(4.0, "samples", 2), whole_number(np.int64(3), "b", 1, 8)
    (4, 3)
    """
    number = _integer(value)
    if number is not None and number >= low and (high is None or number <= high):
        return number
    bounds = f">= {low}" if high is None else f"from {low} to {high}"
    raise InputError(f"{name}: found {shown(value)}; expected an integer {bounds}.")


def _integer(value: Any) -> int | None:
    if isinstance(value, str) or (isinstance(value, np.ndarray) and value.ndim):
        return None
    try:
        exact = to_exact(value, "")
    except InputError:
        return _of_another_library(value)
    return int(exact) if isinstance(exact, Fraction) and exact.denominator == 1 else None


def _of_another_library(value: Any) -> int | None:
    """An integer of a kind that the package does not know, such as a JAX scalar."""
    if is_flag(value) or is_bytes(value) or isinstance(value, np.generic):
        return None
    try:
        return operator.index(value)
    except Exception:  # whatever the object's own conversion raises
        return None


def whole_numbers(values: Any, name: str, low: int, high: int | None = None) -> tuple[int, ...]:
    """Distinct integers in the order given, at least one."""
    listed = read_sequence(values, name, "a list of integers is needed")
    found = tuple(whole_number(v, name, low, high) for v in listed)
    if not found or len(set(found)) < len(found):
        raise InputError(f"{name}: expected one or more distinct integers, found {shown(values)}.")
    return found


def sample_counts(samples: Any, name: str = "samples") -> tuple[int, ...]:
    """One count of runs, or an increasing schedule of them."""
    if is_listed(samples):
        listed = read_sequence(samples, name, "an integer or an increasing schedule of them is needed")
        counts = tuple(whole_number(c, name, 2, MOST_RUNS) for c in listed)
        if not counts or any(a >= b for a, b in itertools.pairwise(counts)):
            raise InputError(f"{name}: expected an integer or an increasing schedule of them, found {shown(samples)}.")
        return counts
    return (whole_number(samples, name, 2, MOST_RUNS),)
