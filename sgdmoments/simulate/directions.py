"""Ways in which a claim could be wrong, each with its own test: the whole by a factor, or one coefficient.

Where the truth is claim (1 + r_j) at the batch sizes, the scores z have the means h_j = r_j / (relative error). Against
that direction the sharpest test is S = h'R^-1 z / e with e = sqrt(h'R^-1 h), R the correlation of the scores: standard
normal where the claim is right, shifted by e where it is wrong by r.

*Rejecting* asks whether |S| is too large. *Passing* asks the opposite question, as tests of equivalence do: that the
truth be off by r or more in that direction, for r of a stated size, must be refuted too: |S| + z_0.95 <= e. A claim
that is off by more then passes with a probability of at most 5 %, however few the runs.

Source: D. J. Schuirmann, A comparison of the two one-sided tests procedure and the power approach for assessing the
equivalence of average bioavailability, J. Pharmacokinet. Biopharm. 15 (1987).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sgdmoments.simulate.evidence import Array, Evidence

#: The normal quantile of a claim that is off passing with a probability of 5 %.
EQUIVALENCE = 1.645

#: An event that none of so many runs showed has a probability below 5 %, at a confidence of 95 %.
UNSEEN = 59


@dataclass(frozen=True)
class Direction:
    """A change of the claim.

    Attributes:
        name: in words, for reports.
        change: its values at the batch sizes, of any size.
    """

    name: str
    change: Array


def coefficient_directions(evidence: Evidence, degree: int) -> list[Direction]:
    """A change of each coefficient of b^-k."""
    u = 1 / np.array(evidence.batch_sizes, dtype=float)
    return [Direction(f"the coefficient of b^-{k}", u**k) for k in range(degree + 1)]


def natural_directions(evidence: Evidence, degree: int) -> list[Direction]:
    """The whole by a factor, and each coefficient of c_b^k (of b^-k where there is no c_b)."""
    whole = Direction("the whole", evidence.claim)
    n = evidence.population
    if n is None or n == 1:
        return [whole, *coefficient_directions(evidence, degree)]
    b = np.array(evidence.batch_sizes, dtype=float)
    return [whole, *(Direction(f"the coefficient of c_b^{k}", ((n - b) / (b * (n - 1))) ** k)
                     for k in range(degree + 1))]


def score(evidence: Evidence, direction: Direction) -> tuple[float, float]:
    """(S, e / size of the change): the score against a direction, and what a unit of it shifts the score by."""
    use = evidence.used
    h = direction.change[use] / evidence.claim[use] / evidence.relative_error[use]
    if not h.any():
        return 0.0, 0.0
    weights = np.linalg.pinv(evidence.correlation, hermitian=True) @ h
    shift = float(np.sqrt(h @ weights))
    return float(weights @ evidence.scores) / shift, shift


def size(evidence: Evidence, direction: Direction, tolerance: float) -> float:
    """How many units of a direction change the claim by `tolerance` of its values, as a root mean square.

    Over all batch sizes where the quantity varies, those that are not trusted too: there a change could hide.
    """
    varying = (evidence.claim > 0) & ~evidence.constant
    relative = direction.change[varying] / evidence.claim[varying]
    square = float((relative**2).mean()) if varying.any() else 0.0
    return tolerance / np.sqrt(square) if square else 0.0


def open_directions(evidence: Evidence, degree: int, tolerance: float) -> Iterator[tuple[Direction, float]]:
    """The directions in which the claim may still be off by the tolerance, each with the runs that would tell.

    The second number is by what the number of runs would have to grow (infinite: no number helps at these batch
    sizes).
    """
    for direction in natural_directions(evidence, degree):
        units = size(evidence, direction, tolerance)
        if _seen_without_noise(evidence, direction, units):
            continue
        s, shift = score(evidence, direction)
        if abs(s) + EQUIVALENCE > shift * units:
            yield direction, ((EQUIVALENCE + 2) / (shift * units)) ** 2 if shift * units else float("inf")


def _seen_without_noise(evidence: Evidence, direction: Direction, units: float) -> bool:
    """Whether a batch size where nothing varies shows such a change: it would be seen to rounding."""
    fixed = evidence.fixed & evidence.agrees_to_rounding
    change = np.abs(units * direction.change)[fixed]
    return bool((change > 1e-3 * evidence.scale).any()) if units else False


def smallest_shift(evidence: Evidence, degree: int, tolerance: float) -> float:
    """By how many standard errors a change of the tolerance shows in the direction where it shows least."""
    shifts = [score(evidence, d)[1] * size(evidence, d, tolerance) for d in natural_directions(evidence, degree)
              if not _seen_without_noise(evidence, d, size(evidence, d, tolerance))]
    return min(shifts, default=0.0)
