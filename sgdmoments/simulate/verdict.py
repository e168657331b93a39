"""Passed, rejected or undecided: the tests of a claim put together.

*Rejected* where a variance is claimed to be below zero, or zero where one was seen, or otherwise than seen where SGD
does not vary; or where one of the other tests has a p-value below false-alarm rate / their number (Bonferroni): the
joint chi-square, the score of each `Direction`, and the two tests of `gross`.

*Passed* where nothing is rejected and a claim that is off by more than the tolerance, as a whole or in one coefficient,
is refuted (`directions`). *Undecided* is all else: too few runs, tails too heavy, batch sizes that show nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sgdmoments.simulate.directions import (
    UNSEEN,
    coefficient_directions,
    natural_directions,
    open_directions,
    score,
)
from sgdmoments.simulate.evidence import Array, Evidence
from sgdmoments.simulate.fit import chi_square_p, hotelling_p, normal_p
from sgdmoments.simulate.gross import p_too_large, p_too_small


@dataclass(frozen=True)
class Verdict:
    """What was decided, and why.

    Attributes:
        word: "passed", "rejected" or "undecided".
        reasons: sentences; none where the claim passed.
        chi_square, degrees, joint_p: the joint test of the batch sizes used.
        smallest_p: of all tests, 0 where the claim is impossible.
        scores, shifts: for each coefficient, as `directions.score` gives them.
    """

    word: str
    reasons: tuple[str, ...]
    chi_square: float
    degrees: int
    joint_p: float
    smallest_p: float
    scores: tuple[float, ...]
    shifts: tuple[float, ...]


def number_of_tests(degree: int) -> int:
    """The tests that share the false-alarm rate: each coefficient, the whole, chi-square, too small, too large."""
    return degree + 5


def judge(evidence: Evidence, degree: int, rate: float, tolerance: float, runs: int) -> Verdict:
    """Put the evidence together; `runs` at each batch size."""
    level = rate / number_of_tests(degree)
    scores, shifts = zip(*(score(evidence, d) for d in coefficient_directions(evidence, degree)), strict=True)
    chi_square, joint_p = _joint(evidence)
    whole = score(evidence, natural_directions(evidence, degree)[0])[0]
    p_values = {
        "the batch sizes together": joint_p, "the whole polynomial by a factor": normal_p(whole),
        **{f"the coefficient of b^-{k}": normal_p(s) for k, s in enumerate(scores)},
        "the claim is too small": p_too_small(evidence), "the claim is too large": p_too_large(evidence)}
    impossible = _impossible(evidence)
    smallest = 0.0 if impossible else min(p_values.values())
    found = {name: p for name, p in p_values.items() if p < level}
    if impossible or found:
        word, reasons = "rejected", (*impossible, *(f"Refuted: {name}, p = {p:.2g}." for name, p in found.items()))
    else:
        reasons = _undecided(evidence, degree, tolerance, runs)
        word = "undecided" if reasons else "passed"
    return Verdict(word, reasons, chi_square, int(evidence.used.sum()), joint_p, smallest, scores, shifts)


def _joint(evidence: Evidence) -> tuple[float, float]:
    z = evidence.scores
    if not len(z):
        return 0.0, 1.0
    value = float(z @ np.linalg.pinv(evidence.correlation, hermitian=True) @ z)
    if evidence.found.covariance is None:
        return value, chi_square_p(value, len(z))
    return value, hotelling_p(value, len(z), evidence.count)


def _impossible(evidence: Evidence) -> list[str]:
    """What no number of runs could excuse."""
    claim, value = evidence.claim, evidence.found.value
    tiny = 1e-12 * float(np.max(np.abs(claim), initial=0.0))
    seen = np.isfinite(value) & (value > max(1e-9 * evidence.scale, evidence.rounding)) & ~evidence.constant
    faults = [(claim < -tiny, "The claim is negative at b = {}, where nothing negative is possible."),
              (seen & (np.abs(claim) <= tiny), "The claim is zero at b = {}, where the runs differ."),
              (evidence.fixed & ~evidence.agrees_to_rounding & (claim >= -tiny),
               "SGD does not vary at b = {}, and the value there is not the claimed one.")]
    return [text.format(_listed(evidence, where)) for where, text in faults if where.any()]


def _undecided(evidence: Evidence, degree: int, tolerance: float, runs: int) -> tuple[str, ...]:
    """Why the claim does not pass; empty where it does."""
    if not evidence.claim.any() and not evidence.constant.all():
        if runs >= UNSEEN and np.isfinite(evidence.found.value).all():
            return ()
        return (f"A claim of zero passes where {UNSEEN} runs or more show no difference.",)
    left = list(open_directions(evidence, degree, tolerance))
    if not left:
        return ()
    if not evidence.used.any() and not (evidence.fixed & (evidence.claim != 0)).any():
        return ("No batch size tells the claim from another: where SGD does not vary, every claim of zero is right, "
                "and elsewhere no standard error can be believed yet.",)
    names = ", ".join(direction.name for direction, _ in left)
    growth = max(factor for _, factor in left)
    text = f"The runs do not tell the claim from one that is off by {100 * tolerance:g} % in {names}"
    more = f"; about {_rounded(runs * max(growth, 1.2))} runs at each b would." if np.isfinite(growth) else \
        ": other batch sizes, or more runs where the tails are heavy, are needed."
    return (text + more,)


def _rounded(number: float) -> str:
    digits = 10 ** max(int(np.log10(number)) - 1, 0)
    return f"{int(np.ceil(number / digits)) * digits:,}"


def _listed(evidence: Evidence, where: Array) -> str:
    return ", ".join(str(b) for b, w in zip(evidence.batch_sizes, where, strict=True) if w)
