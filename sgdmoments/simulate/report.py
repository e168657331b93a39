"""The report of a check."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from typing import Any

from sgdmoments.exact import display
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.files import write_text

#: What a note at a batch size means, and what helps.
_DOUBTS = {
    "too few runs": "the standard errors there cannot be believed yet and only took part in tests for gross errors.",
    "heavy tails": "the standard errors there cannot be believed and only took part in the tests for gross errors. "
                   "More samples, larger b, a smaller learning rate or estimator='conditional' help.",
    "left the range of floats": "SGD diverges there, and nothing can be said."}


@dataclass(frozen=True, slots=True)
class PointCheck:
    """One batch size: estimate, standard error, exact value, z = (estimate - exact) / standard error.

    Attributes:
        trusted: whether the third and fourth moments allow the standard error to be believed.
        deterministic: whether SGD does not vary there, so that agreement is to rounding.
        kurtosis: of the independent values behind the estimate.
        note: "does not vary", "too few runs", "heavy tails (...)", "left the range of floats", or empty.
        informative: whether it tells the claim from others: trusted, and not zero where SGD does not vary.
    """

    batch_size: int
    estimate: float
    standard_error: float
    exact: float
    z: float
    trusted: bool
    deterministic: bool
    kurtosis: float
    note: str
    informative: bool


@dataclass(frozen=True, slots=True)
class CoefficientCheck:
    """One coefficient, of b^-power.

    Attributes:
        exact: the value under test.
        estimate, standard_error, z: by generalised least squares with all coefficients free; None where there
            are fewer batch sizes than coefficients.
        z_alone: z of a change in this coefficient with the others as claimed.
        detectable: the change in this coefficient alone that would be found in 95 of 100 runs.
        status: "agrees", "differs" or "not resolved".
    """

    power: int
    exact: float
    estimate: float | None
    standard_error: float | None
    z: float | None
    z_alone: float
    detectable: float
    status: str


@dataclass(frozen=True)
class CheckReport:
    """Whether a polynomial agrees with simulated SGD.

    Attributes:
        question: what was simulated, in words.
        verdict: "passed", "rejected", or "undecided"; see `check`.
        reasons: why it was not passed, in sentences.
        tolerance: the relative change of the values that was refuted where the claim passed.
        points: for each batch size.
        coefficients: for each power of 1/b.
        condition: the condition number of the fit; None where there was none.
        chi_square, degrees, joint_p: the joint test at the trusted batch sizes.
        smallest_p: of all tests; rejected where it is below false_alarm_rate / tests.
    """

    question: str
    model: str
    claimed: bool
    verdict: str
    reasons: tuple[str, ...]
    tolerance: float
    points: tuple[PointCheck, ...]
    coefficients: tuple[CoefficientCheck, ...]
    condition: float | None
    chi_square: float
    degrees: int
    joint_p: float
    smallest_p: float
    tests: int
    false_alarm_rate: float
    samples: int
    seed: int
    seconds: float
    steps_per_second: float
    polynomial: BatchPolynomial = field(repr=False)

    @property
    def passed(self) -> bool:
        """Whether the verdict is "passed"."""
        return self.verdict == "passed"

    @property
    def resolved(self) -> bool:
        """Whether every coefficient could be told from zero."""
        return all(c.status != "not resolved" for c in self.coefficients)

    @property
    def advice(self) -> tuple[str, ...]:
        """What the numbers do not say, and what to do about it."""
        notes = []
        for note, text in _DOUBTS.items():
            doubtful = [str(p.batch_size) for p in self.points if p.note.startswith(note)]
            if doubtful:
                notes.append(f"{note.capitalize()} at b = {', '.join(doubtful)}: {text}")
        unresolved = [str(c.power) for c in self.coefficients if c.status == "not resolved"]
        if unresolved:
            notes.append(f"The data cannot resolve the coefficients of b^-k for k = {', '.join(unresolved)} "
                         "with the others free: more samples or other batch sizes are needed for that.")
        return tuple(notes)

    def to_json(self) -> str:
        """The report as JSON, the polynomial with exact coefficients in it; null where a number is not finite."""
        data = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "polynomial"}
        data["points"] = [asdict(p) for p in self.points]
        data["coefficients"] = [asdict(c) for c in self.coefficients]
        data |= {"passed": self.passed, "advice": self.advice, "polynomial": json.loads(self.polynomial.to_json())}
        return json.dumps(_finite(data))

    def save(self, path: Any) -> None:
        """Write `to_json` to a file, whole or not at all."""
        write_text(path, self.to_json())

    def __str__(self) -> str:
        return display.text(self)

    def _repr_html_(self) -> str:
        return display.html(self)

    def plot(self, ax: Any = None) -> Any:
        """The exact curve and the estimates with bars of two standard errors; returns the axes."""
        return display.plot(self, ax)


def _finite(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _finite(value) for name, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data
