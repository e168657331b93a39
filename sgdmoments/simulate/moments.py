"""Streaming central moments of independent values, merged pairwise (Chan, Golub and LeVeque; Pebay)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmoments.errors import DivergenceWarning

Array = np.ndarray[Any, Any]

#: Values are reduced in blocks of this many, counted from the first value: so the same values give the same
#: moments, to the last bit, however they arrive.
FOLD = 64


@dataclass(frozen=True, slots=True)
class Moments:
    """Count, mean, sums of central powers 2 to 4 and extremes of independent values of one shape.

    `cross` holds the sums of products between the entries of the first axis, or is None.

    >>> Moments.of(np.array([1.0, 2.0, 3.0, 6.0])).standard_error()
    array(1.08012345)
    """

    count: int
    mean: Array
    m2: Array
    m3: Array
    m4: Array
    low: Array
    high: Array
    cross: Array | None = None

    @classmethod
    @np.errstate(all="ignore")  # of runs that diverge; `warn_where_diverged` says so
    def of(cls, values: Array, cross: bool = False) -> Moments:
        """The moments of `values`, one value for each entry of the first axis."""
        mean = values.mean(axis=0)
        d = values - mean
        d2 = d * d
        products = np.einsum("nb...,nc...->bc...", d, d) if cross else None
        return cls(len(values), mean, d2.sum(axis=0), (d2 * d).sum(axis=0), (d2 * d2).sum(axis=0),
                   values.min(axis=0), values.max(axis=0), products)

    @np.errstate(all="ignore")
    def merge(self, other: Moments) -> Moments:
        """The moments of both sets of values together."""
        n, m = self.count, other.count
        total = n + m
        d = other.mean - self.mean
        w = n * m / total
        m2 = self.m2 + other.m2 + d**2 * w
        m3 = self.m3 + other.m3 + d**3 * w * (n - m) / total + 3 * d * (n * other.m2 - m * self.m2) / total
        m4 = (self.m4 + other.m4 + d**4 * w * (n * n - n * m + m * m) / total**2
              + 6 * d**2 * (n * n * other.m2 + m * m * self.m2) / total**2
              + 4 * d * (n * other.m3 - m * self.m3) / total)
        cross = None
        if self.cross is not None and other.cross is not None:
            cross = self.cross + other.cross + w * d[:, None] * d[None, :]
        return Moments(total, self.mean + d * (m / total), m2, m3, m4, np.minimum(self.low, other.low),
                       np.maximum(self.high, other.high), cross)

    def variance(self) -> Array:
        """The unbiased variance of a value."""
        return np.asarray(self.m2 / max(self.count - 1, 1))

    def standard_error(self) -> Array:
        """The standard error of the mean; infinite for a single value."""
        if self.count < 2:
            return np.full(np.shape(self.mean), np.inf)
        return np.asarray(np.sqrt(self.variance() / self.count))

    @np.errstate(all="ignore")
    def skewness(self) -> Array:
        """E d^3 / (E d^2)^(3/2) of the values (0 where they are constant)."""
        return _ratio(self.m3 / self.count, (self.m2 / self.count) ** 1.5, 0.0)

    @np.errstate(all="ignore")
    def kurtosis(self) -> Array:
        """E d^4 / (E d^2)^2 of the values: 3 for a normal law, at most the count (3 where constant)."""
        return _ratio(self.m4 / self.count, (self.m2 / self.count) ** 2, 3.0)

    @np.errstate(all="ignore")
    def largest_share(self) -> Array:
        """The largest value, in absolute terms, over the sum of all (0 where all are zero)."""
        return np.nan_to_num(np.maximum(np.abs(self.high), np.abs(self.low)) / np.abs(self.mean * self.count))

    def covariance(self) -> Array:
        """The covariance of the means between the entries of the first axis, shape (B, B, ...)."""
        assert self.cross is not None
        return np.asarray(self.cross / max(self.count - 1, 1) / self.count)


def warn_where_diverged(mean: Array, steps: Sequence[Sequence[int]], batch_sizes: Sequence[int]) -> None:
    """A `DivergenceWarning` where means, an array (batch sizes, records, columns), are not finite."""
    lost = np.asarray(~np.isfinite(mean).all(axis=2))
    places = [f"b = {b} from step {steps[k][int(np.argmax(lost[k]))]}" for k, b in enumerate(batch_sizes)
              if lost[k].any()]
    if places:
        warnings.warn(f"SGD left the range of floating-point numbers ({', '.join(places)} on): values there are inf or "
                      "NaN. Where that is not what you study, take a smaller learning rate, fewer steps, larger "
                      "batches, or x64=True.", DivergenceWarning, stacklevel=3)


def _ratio(above: Array, below: Array, default: float) -> Array:
    return np.where(below > 0, above / below, default)


class Stream:
    """Moments of a stream of values, with the values of the block not yet full."""

    def __init__(self, cross: bool = False, folded: Moments | None = None, pending: Array | None = None) -> None:
        self.cross = cross
        self.folded = folded
        self.pending = pending

    def add(self, values: Array) -> None:
        """Take the next values, one for each entry of the first axis."""
        if self.pending is not None and len(self.pending):
            values = np.concatenate([self.pending, values])
        full = len(values) // FOLD * FOLD
        for start in range(0, full, FOLD):
            block = Moments.of(values[start:start + FOLD], self.cross)
            self.folded = block if self.folded is None else self.folded.merge(block)
        self.pending = values[full:].copy()

    @property
    def count(self) -> int:
        """How many values were taken."""
        return (self.folded.count if self.folded else 0) + (0 if self.pending is None else len(self.pending))

    def moments(self) -> Moments:
        """The moments of all values so far."""
        if self.pending is None or not len(self.pending):
            assert self.folded is not None
            return self.folded
        rest = Moments.of(self.pending, self.cross)
        return rest if self.folded is None else self.folded.merge(rest)
