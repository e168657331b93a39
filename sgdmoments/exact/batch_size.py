"""The batch size b: its symbol, and 1/b for the sizes that exist.

>>> inverse_of(4, None), inverse_of(float("inf"), None)
(Fraction(1, 4), Fraction(0, 1))
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import to_exact
from sgdmoments.exact.ring import to_fmpq
from sgdmoments.reading import shortened, shown

#: The batch size as a symbol. A Dummy, so that a user's own letter b is another one.
BATCH_SIZE = sympy.Dummy("b", dummy_index=1_000_002)


def inverse_of(b: Any, population: int | None) -> Fraction:
    """1/b for a batch size that exists: a rational number >= 1 or infinity; one of 1, ..., n where n is given."""
    n = population
    if (isinstance(b, (float, np.floating)) and b == float("inf")) or b is sympy.oo:
        if n is not None:
            raise InputError(f"b: found {b} > n = {n}; batches are drawn without replacement.")
        return Fraction(0)
    size = to_exact(b, "b")
    if not isinstance(size, Fraction):
        raise InputError(f"b: found {shown(b)}; expected a rational number, infinity or a symbol.")
    if size < 1 or (size.denominator != 1 and n is not None):
        found = shortened(str(to_fmpq(size))) if isinstance(b, Fraction) else shown(b)
        raise InputError(f"b: found {found}; a batch size is a positive integer.")
    if n is not None and size > n:
        raise InputError(f"b: found {shown(int(size))} > n = {n}; batches are drawn without replacement.")
    return 1 / size
