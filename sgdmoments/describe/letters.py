"""Letters of component form: one ring generator for each weight, each coordinate of a sample, each noise.

They are sympy Dummies with fixed numbers: none can be equal to a symbol of the user's, and equal questions
give equal rings (so that results pickle and caches hit).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy

from sgdmoments.describe.array import Array
from sgdmoments.exact.numbers import entry_name, fresh_symbol


def weight_letters(count: int) -> tuple[sympy.Dummy, ...]:
    """The internal letters of the flattened weights: all parameters in order, each row by row."""
    return tuple(sympy.Dummy(f"w{i}", dummy_index=2_000_000 + i) for i in range(count))


def sample_letters(count: int) -> tuple[sympy.Dummy, ...]:
    """The internal letters of a sample: the coordinates of the law's parts, one after another."""
    return tuple(sympy.Dummy(f"x{i}", dummy_index=3_000_000 + i) for i in range(count))


def user_letters(parameter: Array, taken: frozenset[sympy.Symbol]) -> np.ndarray[Any, Any]:
    """Symbols for a weight array that the user left open: w_1, w_2, ... or W1_11, W1_12, ...

    Names that the user's own symbols bear are avoided.
    """
    shape = tuple(int(s) for s in parameter.shape)
    array = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        array[index] = fresh_symbol(entry_name(parameter.name, index, shape), taken)
    return array
