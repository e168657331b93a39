"""What a simulation found: estimates with standard errors, and the state to continue from."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from sgdmoments.budget import Progress
from sgdmoments.errors import InputError
from sgdmoments.models.quantities import Quantity
from sgdmoments.simulate.moments import Moments
from sgdmoments.simulate.observables import GROUP

Array = np.ndarray[Any, Any]

#: A standard error is called untrusted when its own relative error, sqrt((kurtosis-1)/N)/2, is above this,
TRUSTED_ERROR = 0.1
#: or when the skewness bends the normal approximation: |skewness|/sqrt(N) above this.
TRUSTED_SKEWNESS = 0.25


@dataclass(frozen=True, slots=True)
class Estimates:
    """Estimates of one moment, as arrays over (steps, batch sizes), or over batch sizes for one step.

    For the mean of a quantity with several entries a last axis runs over them.

    Attributes:
        value, standard_error: of the moment.
        kurtosis, skewness: of the independent values (one for each group of 16 replicates) behind it.
        largest_share: the largest of those values as a part of their sum.
        count: the number of those values.
        covariance: between batch sizes, shape (B, B, ...), where random numbers were paired; else None.
    """

    value: Array
    standard_error: Array
    kurtosis: Array
    skewness: Array
    largest_share: Array
    count: int
    covariance: Array | None = None

    def z(self, exact: Any) -> Array:
        """(value - exact) / standard error; 0 where both the difference and the error are rounding errors.

        A standard error of zero (a quantity that does not vary) is replaced by the rounding error of the value.
        """
        exact = np.asarray(exact, dtype=float)
        rounding = 1e-11 * np.maximum(np.abs(exact), np.abs(self.value)) + 1e-14
        return np.asarray((self.value - exact) / np.hypot(self.standard_error, rounding))

    @property
    def error_of_error(self) -> Array:
        """The relative standard error of the standard error, from the fourth moment."""
        return np.asarray(0.5 * np.sqrt(np.maximum(self.kurtosis - 1, 0) / self.count))

    @property
    def trusted(self) -> Array:
        """Whether the standard errors can be believed: the fourth and third moments say so."""
        return np.asarray((self.error_of_error <= TRUSTED_ERROR)
                          & (np.abs(self.skewness) / np.sqrt(self.count) <= TRUSTED_SKEWNESS) & (self.count >= 30))


@dataclass(frozen=True, slots=True)
class Throughput:
    """SGD steps taken in this call and the seconds they took; compilation apart."""

    steps: int
    seconds: float
    compile_seconds: float

    @property
    def steps_per_second(self) -> float:
        """Replicate-steps (one batch gradient and update each) in a second."""
        return self.steps / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class SimulationProgress(Progress):
    """Progress of a simulation: `done` of `total` replicates, seconds left, and the result so far."""

    seconds_left: float = 0.0
    result: Any = None


@dataclass(frozen=True)
class Simulation:
    """Moments of the recorded quantities at each recorded step and batch size.

    Attributes:
        quantities: the recorded quantities, with their step set to 0.
        steps: the recorded steps.
        batch_sizes: the values of b.
        interrupted: whether the run was stopped before it was done.
        throughput: of the call that made this.
        stages: the results after each entry of a schedule of samples.
    """

    quantities: tuple[Quantity, ...]
    columns: tuple[dict[str, slice], ...]
    steps: tuple[int, ...]
    batch_sizes: tuple[int, ...]
    moments: Moments
    identity: dict[str, Any]
    folded: Moments | None
    pending: Array | None
    interrupted: bool
    throughput: Throughput
    stages: tuple[Simulation, ...] = field(default=(), repr=False)

    @property
    def samples(self) -> int:
        """The number of replicates at each batch size."""
        return self.moments.count * GROUP

    def variance(self, quantity: Quantity | Callable[[int], Quantity]) -> Estimates:
        """var(q): for ``gradient(3)`` over batch sizes; for ``gradient`` over (steps, batch sizes)."""
        return self.estimates("variance", quantity)

    def second_moment(self, quantity: Quantity | Callable[[int], Quantity]) -> Estimates:
        """E||q||^2, in the shapes of `variance`."""
        return self.estimates("second_moment", quantity)

    def mean(self, quantity: Quantity | Callable[[int], Quantity]) -> Estimates:
        """E q, with a last axis over the entries of q where it has several."""
        return self.estimates("mean", quantity)

    def estimates(self, moment: str, quantity: Quantity | Callable[[int], Quantity]) -> Estimates:
        """The estimates of a moment ("variance", "second_moment" or "mean") of a recorded quantity."""
        template = replace(quantity(0) if callable(quantity) else quantity, step=0)
        if template not in self.quantities:
            raise InputError(f"{template}: not recorded; recorded are {', '.join(map(str, self.quantities))}.")
        columns = self.columns[self.quantities.index(template)]
        if moment not in columns:
            raise InputError(f"moment {moment!r}: recorded are {', '.join(columns)}; means of large quantities are "
                             "recorded with simulate(..., mean_limit=number of entries).")
        where: Any = slice(None)
        if isinstance(quantity, Quantity):
            if quantity.step not in self.steps:
                raise InputError(f"{quantity}: step {quantity.step} is not recorded; recorded are {self.steps}.")
            where = self.steps.index(quantity.step)
        return self._select(where, columns[moment])

    def _select(self, where: Any, columns: slice) -> Estimates:
        """Arrays of `moments` are (batch sizes, steps, columns)."""
        m = self.moments

        def pick(array: Array, axes: int = 1) -> Array:
            lead = (slice(None),) * axes
            part = np.asarray(array)[(*lead, where, columns)]
            part = part[..., 0] if part.shape[-1] == 1 else part
            return np.moveaxis(part, axes, 0) if isinstance(where, slice) else part

        covariance = None if m.cross is None else pick(m.covariance(), 2)
        return Estimates(pick(m.mean), pick(m.standard_error()), pick(m.kurtosis()), pick(m.skewness()),
                         pick(m.largest_share()), m.count, covariance)

    def relative_precision(self) -> float:
        """The largest relative standard error of a variance that is not zero."""
        worst = 0.0
        for columns in self.columns:
            found = self._select(slice(None), columns["variance"])
            positive = found.value > 0
            if positive.any():
                worst = max(worst, float((found.standard_error[positive] / found.value[positive]).max()))
        return worst

    def merge(self, other: Simulation) -> Simulation:
        """Both runs together: the same questions from different seeds."""
        for name in ("fingerprint", "times", "batch_sizes", "quantities", "x64", "mean_limit"):
            if self.identity[name] != other.identity[name]:
                raise InputError(f"merge: the runs differ in their {name}.")
        if self.identity["options"][1:] != other.identity["options"][1:]:
            raise InputError("merge: the runs differ in their options (estimator, paired, antithetic, given).")
        if self.identity["options"][0] == other.identity["options"][0]:
            raise InputError(f"merge: both runs have the seed {self.identity['options'][0]}, so they are not "
                             "independent; run one of them with another seed.")
        both = self.moments.merge(other.moments)
        seeds = self.identity["options"][0], other.identity["options"][0]
        identity = {**self.identity, "options": [list(seeds), *self.identity["options"][1:]]}
        t, s = self.throughput, other.throughput
        return replace(self, moments=both, identity=identity, folded=both, pending=None, stages=(),
                       throughput=Throughput(t.steps + s.steps, t.seconds + s.seconds,
                                             t.compile_seconds + s.compile_seconds))

    def save(self, path: str | Path) -> None:
        """Write the run to a .npz file from which `load` and ``simulate(resume=...)`` go on."""
        arrays: dict[str, Any] = {}
        for name, moments in (("moments", self.moments), ("folded", self.folded)):
            if moments is not None:
                arrays |= {f"{name}.{k}": getattr(moments, k) for k in Moments.__slots__
                           if getattr(moments, k) is not None}
        if self.pending is not None:
            arrays["pending"] = self.pending
        meta = {"identity": self.identity, "interrupted": self.interrupted,
                "columns": [{k: [c.start, c.stop] for k, c in columns.items()} for columns in self.columns],
                "quantities": [_quantity_to_json(q) for q in self.quantities],
                "throughput": [self.throughput.steps, self.throughput.seconds, self.throughput.compile_seconds]}
        with open(path, "wb") as file:
            np.savez(file, meta=np.array(json.dumps(meta)), **arrays)

    @classmethod
    def load(cls, path: str | Path) -> Simulation:
        """Read a run that was saved."""
        with np.load(path, allow_pickle=False) as file:
            meta = json.loads(str(file["meta"]))
            parts = {}
            for name in ("moments", "folded"):
                found = {k: file[f"{name}.{k}"] for k in Moments.__slots__ if f"{name}.{k}" in file}
                if found:
                    parts[name] = Moments(**{**found, "count": int(found["count"])})
            pending = file.get("pending")
        columns = tuple({k: slice(*c) for k, c in item.items()} for item in meta["columns"])
        return cls(tuple(map(_quantity_from_json, meta["quantities"])), columns, tuple(meta["identity"]["times"]),
                   tuple(meta["identity"]["batch_sizes"]), parts["moments"], meta["identity"], parts.get("folded"),
                   pending, meta["interrupted"], Throughput(*meta["throughput"]))

    def __str__(self) -> str:
        rate = self.throughput.steps_per_second
        return (f"Simulation of {', '.join(map(str, self.quantities))} at {len(self.steps)} steps, b = "
                f"{', '.join(map(str, self.batch_sizes))}: {self.samples:,} runs each, {rate:,.0f} SGD steps/s"
                + (" (interrupted)" if self.interrupted else ""))


def _quantity_to_json(q: Quantity) -> dict[str, Any]:
    def text(matrix: Any) -> Any:
        return None if matrix is None else [[str(entry) for entry in row] for row in matrix]

    return {"kind": q.kind, "layer": q.layer, "left": text(q.left),
            "matrices": None if q.matrices is None else [text(a) for a in q.matrices]}


def _quantity_from_json(data: dict[str, Any]) -> Quantity:
    from fractions import Fraction

    def matrix(rows: Any) -> Any:
        return None if rows is None else tuple(tuple(Fraction(entry) for entry in row) for row in rows)

    matrices = None if data["matrices"] is None else tuple(map(matrix, data["matrices"]))
    return Quantity(data["kind"], 0, data["layer"], matrix(data["left"]), matrices)
