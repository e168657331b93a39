"""What a simulation found: estimates with standard errors, and the state to continue from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from sgdmoments.budget import Progress
from sgdmoments.describe.quantities import check_function, read_quantity
from sgdmoments.describe.quantity import Quantity
from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import to_exact_array
from sgdmoments.reading import shown
from sgdmoments.simulate import saving
from sgdmoments.simulate.draws import to_floats
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
        covariance: between batch sizes, shape (B, B, ...), where they share random numbers (paired, or random initial
            weights); else None.
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
        exact, shape = to_floats(to_exact_array(exact, "exact"), "exact"), self.value.shape
        try:
            fits = np.broadcast_shapes(exact.shape, shape) == shape
        except ValueError:
            fits = False
        if not fits:
            raise InputError(f"exact: found shape {exact.shape}; the estimates have shape {shape}.")
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
        asked = read_quantity(quantity) if not callable(quantity) else check_function(quantity)(0)
        template = replace(asked, step=0)
        if template not in self.quantities:
            raise InputError(f"{template}: not recorded; recorded are {', '.join(map(str, self.quantities))}.")
        columns = self.columns[self.quantities.index(template)]
        if not isinstance(moment, str) or moment not in columns:
            raise InputError(f"moment {shown(moment)}: recorded are {', '.join(columns)}; means of large quantities "
                             "are recorded with simulate(..., mean_limit=number of entries).")
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
        """Both runs together: the same questions from different seeds.

        Runs that share draws are refused, those too that were merged or saved before: a run starts at its seed's
        first draw, so two runs share draws where they share a seed.
        """
        if not isinstance(other, Simulation):
            raise InputError(f"merge: expected a Simulation, found {type(other).__name__}.")
        for name in ("fingerprint", "times", "batch_sizes", "quantities", "x64", "mean_limit"):
            if self.identity[name] != other.identity[name]:
                raise InputError(f"merge: the runs differ in their {name}.")
        if self.identity["options"][1:] != other.identity["options"][1:]:
            raise InputError("merge: the runs differ in their options (estimator, paired, antithetic, given).")
        seeds, others = _seeds(self.identity), _seeds(other.identity)
        shared = sorted(set(seeds) & set(others))
        if shared:
            raise InputError(f"merge: both runs hold draws of the seed{'s' * (len(shared) > 1)} "
                             f"{', '.join(map(str, shared))}, so they are not independent; merge runs of different "
                             "seeds, each once.")
        both = self.moments.merge(other.moments)
        identity = {**self.identity, "options": [[*seeds, *others], *self.identity["options"][1:]]}
        t, s = self.throughput, other.throughput
        return replace(self, moments=both, identity=identity, folded=both, pending=None, stages=(),
                       throughput=Throughput(t.steps + s.steps, t.seconds + s.seconds,
                                             t.compile_seconds + s.compile_seconds))

    def save(self, path: str | Path) -> None:
        """Write the run to a .npz file, whole or not at all, from which `load` and ``simulate(resume=...)`` go on."""
        arrays: dict[str, Any] = {}
        for name, moments in (("moments", self.moments), ("folded", self.folded)):
            if moments is not None:
                arrays |= {f"{name}.{k}": getattr(moments, k) for k in Moments.__slots__
                           if getattr(moments, k) is not None}
        if self.pending is not None:
            arrays["pending"] = self.pending
        meta = {"identity": self.identity, "interrupted": self.interrupted,
                "columns": [{k: [c.start, c.stop] for k, c in columns.items()} for columns in self.columns],
                "quantities": [saving.quantity_to_json(q) for q in self.quantities],
                "throughput": [self.throughput.steps, self.throughput.seconds, self.throughput.compile_seconds]}
        saving.write(path, meta, arrays)

    @classmethod
    def load(cls, path: str | Path) -> Simulation:
        """Read a run that was saved; `InputError` where the file is no whole saved run. Nothing in it is executed."""
        return saving.read(path, cls._build)

    @classmethod
    def _build(cls, meta: dict[str, Any], arrays: dict[str, Any]) -> Simulation:
        identity = saving.read_identity(meta["identity"])
        sizes, times = (tuple(saving.integers(identity[name])) for name in ("batch_sizes", "times"))
        columns = tuple({str(k): slice(*saving.integers(c)) for k, c in item.items()} for item in meta["columns"])
        quantities = tuple(map(saving.quantity_from_json, meta["quantities"]))
        shape = (len(sizes), len(times), max(c.stop for item in columns for c in item.values()))
        moments, pending = saving.read_moments(arrays, "moments", shape), arrays.get("pending")
        if moments is None or len(columns) != len(quantities):
            raise ValueError("parts are missing")
        if pending is not None and (pending.shape[1:] != shape or pending.dtype != float):
            raise ValueError("the part pending has another shape")
        steps, seconds, compile_seconds = meta["throughput"]
        return cls(quantities, columns, times, sizes, moments, identity, saving.read_moments(arrays, "folded", shape),
                   pending, bool(meta["interrupted"]), Throughput(int(steps), float(seconds), float(compile_seconds)))

    def __str__(self) -> str:
        rate = self.throughput.steps_per_second
        return (f"Simulation of {', '.join(map(str, self.quantities))} at {len(self.steps)} steps, b = "
                f"{', '.join(map(str, self.batch_sizes))}: {self.samples:,} runs each, {rate:,.0f} SGD steps/s"
                + (" (interrupted)" if self.interrupted else ""))


def _seeds(identity: dict[str, Any]) -> list[int]:
    seeds = identity["options"][0]
    return list(seeds) if isinstance(seeds, (list, tuple)) else [seeds]
