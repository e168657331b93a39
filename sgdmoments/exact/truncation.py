"""How far an answer that is cut off can be trusted: its last kept term, or the next one, against the sum.

A series in u = 1/b that ends at u^K, or in the learning rates that ends at order K, says nothing of what is left out.
What can be seen is the size of the last term that was kept, or of the first one that was not where it is known. An
answer is evaluated with a `TruncationWarning` where that is above `SMALL` times the sum.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from fractions import Fraction
from math import isfinite
from typing import Any

from sgdmoments.errors import TruncationWarning

#: A last term of at most this part of the sum is small.
SMALL = Fraction(1, 10)


def coefficient_beyond(first: Sequence[Any], second: Sequence[Any], place: int) -> Any:
    """The coefficient of u^place in a product of two series, None where one of the coefficients needed is unknown.

    Args:
        first, second: coefficients up to u^place at least, None where unknown.

    >>> coefficient_beyond((0, 2, None), (0, 3, 5), 2), coefficient_beyond((1, 2, None), (0, 3, 5), 2)
    (Fraction(6, 1), Fraction(11, 1))
    >>> coefficient_beyond((0, 2, None), (1, 3, 5), 2) is None
    True
    """
    total: Any = Fraction(0)
    for i in range(place + 1):
        a, b = first[i], second[place - i]
        if (a is not None and not a) or (b is not None and not b):
            continue
        if a is None or b is None:
            return None
        total = total + a * b
    return total


def is_small(term: Any, total: Any) -> bool | None:
    """Whether a term is small against a sum; None where that cannot be said because letters are left."""
    sizes = magnitude(term), magnitude(total)
    return None if sizes[0] is None or sizes[1] is None else sizes[0] <= SMALL * sizes[1]


def magnitude(value: Any) -> Fraction | None:
    """The absolute value of a number, or of an upper bound for a ball; None for anything else."""
    if isinstance(value, (int, Fraction)):
        return abs(Fraction(value))
    if hasattr(value, "abs_upper"):  # a ball
        value = float(value.abs_upper())
    return abs(Fraction(value)) if isinstance(value, float) and isfinite(value) else None


def warn(series: str, where: str, term: str, level: int) -> None:
    """Say that a truncated answer was evaluated where the term that measures its error is not small.

    Args:
        series: what is cut off and where, e.g. "1/b to order 2".
        where: the point.
        term: which term was compared.
        level: how many calls up the user's line is.
    """
    warnings.warn(f"a series in {series} was evaluated at {where}, where {term} is over {SMALL} of the sum: what is "
                  "left out may be larger than the answer. Ask for a higher order or for the whole polynomial.",
                  TruncationWarning, stacklevel=level)
