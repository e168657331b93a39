"""What the simulator needs of a law: from what its samples are drawn. Plain data; `simulate` makes numbers from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import Exact, to_exact, to_exact_array


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """From what a sample is drawn: independent coordinates of one kind, or the rows of a table.

    Attributes:
        kind: "normal", "uniform" (on [values[0], values[1]]), "atoms" (a coordinate is one of `values`, with
            probabilities `chances`), "moments" (a coordinate has the moments E z, E z^2, ... in `values`; what is
            drawn is the law on the fewest points that has them), or "table" (a sample is a row of `values`, with
            probabilities `chances`).
        covariance: for "normal": None (the identity), a variance, or a matrix.
        mean: None (zero), or what is added to each sample.

    >>> Source.table([[1, 1], [-1, -1]]).chances
    (Fraction(1, 2), Fraction(1, 2))
    """

    kind: Literal["normal", "uniform", "atoms", "moments", "table"]
    values: Any = ()
    chances: tuple[Exact, ...] = ()
    covariance: Any = None
    mean: np.ndarray[Any, Any] | None = None

    @staticmethod
    def normal(covariance: Any = None, mean: Any = None) -> Source:
        """A Gaussian: `covariance` None (the identity), the variance of every entry, or a matrix."""
        return Source("normal", covariance=covariance, mean=mean)

    @staticmethod
    def uniform(a: Any, b: Any) -> Source:
        """Independent coordinates, uniform on [a, b]."""
        return Source("uniform", (to_exact(a, "a"), to_exact(b, "b")))

    @staticmethod
    def atoms(values: Sequence[Any], chances: Sequence[Any] | None = None) -> Source:
        """Independent coordinates, each one of finitely many values (equally likely where no chances are given)."""
        array = to_exact_array(values, "values", ndim=1)
        return Source("atoms", tuple(array), _read_chances(chances, len(array)))

    @staticmethod
    def moments(values: Sequence[Any]) -> Source:
        """Independent coordinates with the moments of order 1, 2, ... given."""
        return Source("moments", tuple(to_exact_array(values, "values", ndim=1)))

    @staticmethod
    def table(rows: Any, chances: Sequence[Any] | None = None) -> Source:
        """One of finitely many samples, the rows of an array (equally likely where no chances are given)."""
        array = to_exact_array(rows, "rows", ndim=2)
        return Source("table", array, _read_chances(chances, len(array)))


def _read_chances(given: Sequence[Any] | None, count: int) -> tuple[Exact, ...]:
    if not count:
        raise InputError("source: found no values to draw from.")
    if given is None:
        return (Fraction(1, count),) * count
    chances = tuple(to_exact_array(given, "chances", ndim=1))
    if len(chances) != count:
        raise InputError(f"chances: expected {count}, one for each value, found {len(chances)}.")
    if all(isinstance(c, Fraction) for c in chances) and (min(chances) < 0 or sum(chances) != 1):
        raise InputError(f"chances: expected probabilities that sum to 1, found {', '.join(map(str, chances))}.")
    return chances
