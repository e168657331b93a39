"""What the runs at each batch size say about a claimed polynomial.

Behind every estimate are m independent values X (one for each group of 16 runs), none below zero, with mean x, standard
deviation s and kurtosis k. Against the claimed value v

    T = sqrt(m) (x - v) / (s (1 + 2 e)),                 e = sqrt((k - 1)/m)/2

where e is the relative standard error of s itself, from the fourth moment: the standard error is taken two of its own
standard errors too large. Values of a variance are skew; Hall's transformation removes that from T, and Wallace's turns
Student's law with m - 1 degrees of freedom into the normal law. The result is `scores`: standard normal, or a
little narrower, where the claim is right.

A batch size is trusted with m >= 30, e <= 10 % and a skewness of at most sqrt(m)/4. Tails are taken to be no lighter
than those seen at any larger batch (means of more samples have lighter tails; without replacement b and n - b count
alike): so a rare large value that has not yet come at a small b, but at others, is not forgotten.

Sources: P. Hall, On the removal of skewness by transformation, JRSS B 54 (1992); D. L. Wallace, Bounds on normal
approximations to Student's and the chi-square distributions, Ann. Math. Stat. 30 (1959).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmoments.simulate.result import TRUSTED_ERROR, TRUSTED_SKEWNESS, Estimates

Array = np.ndarray[Any, Any]

#: The fewest values from which a standard error is believed, and the kurtosis from which tails are called heavy.
FEWEST, HEAVY = 30, 10.0


@dataclass(frozen=True)
class Evidence:
    """The estimates at each batch size beside the claim. Arrays are over the batch sizes.

    Attributes:
        claim: the claimed values, in floats.
        population: n where batches are drawn without replacement, else None.
        constant: the batch sizes at which the quantity cannot vary, by the way batches are drawn.
        rounding: the size of a moment that is rounding error alone.
        single: whether the runs are in 32-bit floats.
    """

    batch_sizes: tuple[int, ...]
    found: Estimates
    claim: Array
    population: int | None
    constant: Array
    rounding: float = 0.0
    single: bool = False

    @property
    def count(self) -> int:
        """The number of values behind each estimate."""
        return self.found.count

    @property
    def scale(self) -> float:
        """The largest estimate; what is a billion times smaller is rounding."""
        finite = self.found.value[np.isfinite(self.found.value)]
        return float(np.max(np.abs(finite), initial=0.0))

    @property
    def agrees_to_rounding(self) -> Array:
        """Where estimate and claim are equal but for the arithmetic."""
        relative, absolute = (1e-3, 1e-7) if self.single else (1e-7, 1e-10)
        value = self.found.value
        tolerance = relative * np.maximum(np.abs(value), np.abs(self.claim)) + absolute * self.scale + self.rounding
        with np.errstate(invalid="ignore"):
            return np.asarray(np.isfinite(value) & (np.abs(value - self.claim) <= tolerance))

    @property
    def fixed(self) -> Array:
        """Where the estimate did not vary: it is compared to rounding, without statistics.

        Fewer than 30 values that are alike prove nothing (what varies rarely may not have varied yet), except where
        the quantity cannot vary, or the common value is the claimed one and not zero.
        """
        same = self._spread <= (1e-5 if self.single else 1e-9) * np.maximum(np.abs(self.found.value), 1e-3 * self.scale)
        same = same & np.isfinite(self.found.value)
        told = self.agrees_to_rounding & (self.claim != 0)
        return np.asarray(self.constant | (same & (told | (self.count >= FEWEST))))

    @property
    def kurtosis(self) -> Array:
        """Of the values, at least what is seen at any larger batch."""
        return self._no_lighter(self.found.kurtosis, 3.0)

    @property
    def skewness(self) -> Array:
        """The size of the values' skewness, likewise."""
        return self._no_lighter(np.abs(self.found.skewness), 0.0)

    @property
    def error_of_error(self) -> Array:
        """The relative standard error of the standard error."""
        return np.asarray(0.5 * np.sqrt(np.maximum(self.kurtosis - 1, 0) / self.count))

    @property
    def trusted(self) -> Array:
        """Whether the standard error may be believed, or none is needed."""
        fewest = FEWEST if self.found.covariance is None else max(FEWEST, 3 * len(self.batch_sizes))
        usable = (self.error_of_error <= TRUSTED_ERROR) & (self.skewness <= TRUSTED_SKEWNESS * np.sqrt(self.count))
        return np.asarray(self.fixed | (usable & (self.count >= fewest) & np.isfinite(self.found.value)
                                        & np.isfinite(self.found.standard_error)))

    @property
    def used(self) -> Array:
        """Where the scores take part: trusted, varying, and with a claim that a moment could have."""
        return np.asarray(self.trusted & ~self.fixed & (self.claim > 0) & (self.found.value > 0))

    @property
    def heavy(self) -> Array:
        """Not trusted for its tails, and not for too few runs."""
        return np.asarray(~self.trusted & (self.kurtosis > HEAVY))

    @property
    def relative_error(self) -> Array:
        """The relative standard errors of the estimates, two of their own standard errors too large."""
        with np.errstate(all="ignore"):  # zero by zero where nothing varies
            return np.asarray(self.found.standard_error / np.abs(self.found.value) * (1 + 2 * self.error_of_error))

    @property
    def spread(self) -> Array:
        """The variance of the values, with divisor m."""
        m = self.count
        return np.asarray((m - 1) * self.found.standard_error**2) if m > 1 else np.zeros(len(self.claim))

    @property
    def scores(self) -> Array:
        """At the batch sizes used: standard normal where the claim is right; see the module."""
        use, m = self.used, self.count
        error = (self.found.standard_error * (1 + 2 * self.error_of_error))[use]
        t = (self.found.value - self.claim)[use] / error
        skew = self.found.skewness[use] / np.sqrt(m)
        return student_to_normal(without_skewness(t, skew), m - 1)

    @property
    def correlation(self) -> Array:
        """Between the scores: the identity, except where random numbers were paired."""
        use = self.used
        if self.found.covariance is None:
            return np.eye(int(use.sum()))
        c = self.found.covariance[np.ix_(use, use)]
        d = np.sqrt(np.diag(c))
        return np.asarray(c / d[:, None] / d)

    @property
    def _spread(self) -> Array:
        return np.where(np.isfinite(self.found.standard_error), self.found.standard_error, 0.0)

    def _no_lighter(self, shape: Array, least: float) -> Array:
        """For each batch size the largest at it and at those that average more."""
        b = np.array(self.batch_sizes)
        size = b if self.population is None else np.minimum(b, self.population - b)
        known = np.where(np.isfinite(shape), shape, np.inf)
        varying = np.where(self.constant | (self.found.standard_error == 0), least, known)
        return np.array([max(v for v, s in zip(varying, size, strict=True) if s >= own) for own in size])


def without_skewness(t: Array, skewness: Array) -> Array:
    """Hall's transformation of (x - v)/error for an estimate x of that skewness: increasing, and symmetric after it.

    >>> float(without_skewness(np.array([-4.0]), np.array([0.2]))[0]).__round__(2)
    -2.99
    """
    g = np.where(np.abs(skewness) < 1e-6, 1e-6, skewness)
    return np.asarray(((1 + g * t / 3) ** 3 - 1) / g + g / 6)


def student_to_normal(t: Array, degrees: int) -> Array:
    """The normal score with the probability that Student's t has: within 1 % of it for 20 degrees and more.

    >>> float(student_to_normal(np.array([3.646]), 30)[0]).__round__(2)  # each is exceeded with probability 0.0005
    3.29
    """
    return np.asarray(np.sign(t) * (8 * degrees + 1) / (8 * degrees + 3)
                      * np.sqrt(degrees * np.log1p(t * t / degrees)))
