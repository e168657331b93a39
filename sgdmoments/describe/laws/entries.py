"""What index graphs need of a law: how entries of a random array are joined. Plain data; `rules` builds from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmoments.exact.numbers import Exact


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """The entries of a random array: independent with cumulants, or jointly Gaussian with a covariance.

    Attributes:
        cumulant: kappa_k of an entry as a function of k = 1, 2, ..., for independent entries.
        gaussian: whether kappa_k = 0 for k other than 2.
        covariance: None for independent entries; else a matrix, or the name of a letter.
        by_rows: whether that is the covariance of one row (rows being independent), not of all the entries, flat.
        mean: None (zero), or the mean of the entries, flat; then the rest is about the mean.

    >>> Entries.normal(2).cumulant(2), Entries.normal(2).cumulant(4)
    (2, Fraction(0, 1))
    """

    cumulant: Callable[[int], Exact]
    gaussian: bool = False
    covariance: np.ndarray[Any, Any] | str | None = None
    by_rows: bool = False
    mean: np.ndarray[Any, Any] | None = None

    @staticmethod
    def normal(variance: Any = Fraction(1), **further: Any) -> Entries:
        """Gaussian entries: independent with the variance given, or with `covariance` (and `by_rows`, `mean`)."""
        return Entries(lambda order: variance if order == 2 else Fraction(0), gaussian=True, **further)
