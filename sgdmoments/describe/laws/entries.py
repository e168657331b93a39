"""What index graphs need of a law: how entries of a random array are joined. Plain data; `rules` builds from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmoments.describe.laws.covariance import read_covariance, read_mean, read_variance
from sgdmoments.exact.numbers import Exact, to_exact
from sgdmoments.reading import read_flag, read_function, read_name, shown_fields


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
    (Fraction(2, 1), Fraction(0, 1))
    """

    cumulant: Callable[[int], Exact]
    gaussian: bool = False
    covariance: np.ndarray[Any, Any] | str | None = None
    by_rows: bool = False
    mean: np.ndarray[Any, Any] | None = None

    def __post_init__(self) -> None:
        given = read_function(self.cumulant, "cumulant", "a function of the order k = 1, 2, ... is needed")
        read = {"cumulant": lambda order: to_exact(given(order), f"cumulant({order})"),
                "gaussian": read_flag(self.gaussian, "gaussian"), "by_rows": read_flag(self.by_rows, "by_rows")}
        if isinstance(self.covariance, str):
            read["covariance"] = read_name(self.covariance, "covariance", "a matrix is needed, or a name")
        elif self.covariance is not None:
            read["covariance"] = read_covariance(self.covariance)
        if self.mean is not None:
            read["mean"] = read_mean(self.mean).ravel()
        for name, value in read.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return shown_fields(self)

    @staticmethod
    def normal(variance: Any = Fraction(1), *, covariance: Any = None, by_rows: bool = False,
               mean: Any = None) -> Entries:
        """Gaussian entries: independent with the variance given, or with `covariance` (and `by_rows`, `mean`)."""
        second = read_variance(variance)
        return Entries(lambda order: second if order == 2 else Fraction(0), True, covariance, by_rows, mean)
