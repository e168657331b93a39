"""What the simulator needs of a law: from what its samples are drawn. Plain data; `simulate` makes numbers from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, get_args

import numpy as np

from sgdmoments.describe.laws.covariance import read_covariance, read_mean, read_variance
from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import Exact, to_exact_array, to_object_array
from sgdmoments.reading import read_choice, shown, shown_fields

Kind = Literal["normal", "uniform", "atoms", "moments", "table"]


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

    kind: Kind
    values: Any = ()
    chances: tuple[Exact, ...] = ()
    covariance: Any = None
    mean: np.ndarray[Any, Any] | None = None

    def __post_init__(self) -> None:
        kind = read_choice(self.kind, "kind", get_args(Kind))
        read: dict[str, Any] = {}
        if kind == "normal":
            if self.covariance is not None:
                scalar = to_object_array(self.covariance, "covariance").ndim == 0
                read["covariance"] = (read_variance if scalar else read_covariance)(self.covariance)
            if self.mean is not None:
                read["mean"] = read_mean(self.mean).ravel()
        elif kind == "table":
            read["values"] = to_exact_array(self.values, "rows", ndim=2)
        else:
            read["values"] = tuple(to_exact_array(self.values, "values", ndim=1))
        if kind == "uniform" and (len(read["values"]) != 2 or not is_below(*read["values"])):
            raise InputError(f"uniform: found {shown(self.values)}; a source on [a, b] needs a < b.")
        if kind != "normal" and not np.size(read["values"]):
            raise InputError(f"source: found no {'rows' if kind == 'table' else 'values'} to draw from.")
        if kind in ("atoms", "table"):
            read["chances"] = _read_chances(self.chances, len(read["values"]))
        for name, value in read.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return shown_fields(self)

    @staticmethod
    def normal(covariance: Any = None, mean: Any = None) -> Source:
        """A Gaussian: `covariance` None (the identity), the variance of every entry, or a matrix."""
        return Source("normal", covariance=covariance, mean=mean)

    @staticmethod
    def uniform(a: Any, b: Any) -> Source:
        """Independent coordinates, uniform on [a, b]."""
        return Source("uniform", (a, b))

    @staticmethod
    def atoms(values: Sequence[Any], chances: Sequence[Any] | None = None) -> Source:
        """Independent coordinates, each one of finitely many values (equally likely where no chances are given)."""
        return Source("atoms", values, _listed(chances))

    @staticmethod
    def moments(values: Sequence[Any]) -> Source:
        """Independent coordinates with the moments of order 1, 2, ... given."""
        return Source("moments", values)

    @staticmethod
    def table(rows: Any, chances: Sequence[Any] | None = None) -> Source:
        """One of finitely many samples, the rows of an array (equally likely where no chances are given)."""
        return Source("table", rows, _listed(chances))


def is_below(a: Exact, b: Exact) -> bool:
    """Whether a < b, as far as both are numbers."""
    return not (isinstance(a, Fraction) and isinstance(b, Fraction)) or a < b


def _listed(chances: Sequence[Any] | None) -> tuple[Exact, ...]:
    if chances is None:
        return ()
    found = tuple(to_exact_array(chances, "chances", ndim=1))
    if not found:
        raise InputError("chances: found none; leave them out where all are equally likely.")
    return found


def _read_chances(given: tuple[Exact, ...], count: int) -> tuple[Exact, ...]:
    chances = (Fraction(1, count),) * count if isinstance(given, tuple) and not given else _listed(given)
    if len(chances) != count:
        raise InputError(f"chances: expected {count}, one for each value, found {len(chances)}.")
    if all(isinstance(c, Fraction) for c in chances) and (min(chances) < 0 or sum(chances) != 1):
        raise InputError(f"chances: expected probabilities that sum to 1, found {', '.join(map(str, chances))}.")
    return chances
