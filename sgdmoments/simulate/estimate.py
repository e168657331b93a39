"""`simulate`: moments of SGD by running it, with honest error bars."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from sgdmoments.budget import Budget, read_budget, read_progress
from sgdmoments.describe.initial import is_random
from sgdmoments.describe.quantities import check_function
from sgdmoments.describe.quantity import Quantity
from sgdmoments.errors import InputError, Stopped
from sgdmoments.reading import read_choice, read_flag, read_positive, shown
from sgdmoments.sgd import SGD
from sgdmoments.simulate.arguments import (
    MOST_RUNS,
    MOST_STEPS,
    sample_counts,
    whole_number,
    whole_numbers,
)
from sgdmoments.simulate.backend import compiled_over_groups, jax, precision, replicate_mesh, split, to_host
from sgdmoments.simulate.choose import gradients_of
from sgdmoments.simulate.cost import (
    RECORD,
    Clock,
    Cost,
    check_batch_memory,
    check_memory,
    check_pace,
)
from sgdmoments.simulate.gradients import Gradients
from sgdmoments.simulate.moments import Stream, warn_where_diverged
from sgdmoments.simulate.observables import GROUP, MEAN_LIMIT, Observable
from sgdmoments.simulate.problem import FloatRun
from sgdmoments.simulate.result import Simulation, SimulationProgress, Throughput
from sgdmoments.simulate.sgd import Options, Program, check_options, sort_for_antithetic

Estimator = Literal["plain", "conditional"]
ProgressCallback = Callable[[SimulationProgress], object]

#: A chunk on one device: enough replicates to fill it, few enough bytes to stay near a CPU's cache.
_CPU_REPLICATES, _CPU_BYTES, _ACCELERATOR_REPLICATES = 4096, 1 << 25, 1 << 17


def simulate(sgd: SGD, quantities: Any, steps: int | Sequence[int] | None, batch_sizes: Sequence[int],
             samples: int | Sequence[int] | None, seed: int = 0, *, x64: bool = True, memory: int = 2**29,
             target_precision: float | None = None, progress: ProgressCallback | None = None, devices: Any = None,
             estimator: Estimator = "plain", paired: bool = False, antithetic: bool = False,
             given: Literal["initial", "nothing"] = "initial", mean_limit: int = MEAN_LIMIT,
             resume: Simulation | str | Path | None = None, budget: Budget | None = None,
             seconds: float | None = None) -> Simulation:
    """Estimate moments of SGD from independent runs: var(q), E||q||^2 and E q at every step and batch size.

    Replicate r at step t draws its batch from (seed, b, t, r) alone: the same seed gives the same numbers (to
    rounding) however the work is cut into chunks or spread over devices and processes (JAX sharding; under
    `jax.distributed` call it on every process). Nothing of size samples x weights is kept.

    Args:
        sgd: with numbers for data, weights and learning rates; random initial weights are drawn.
        quantities: one or more of `gradient`, `full_gradient`, `loss`, ... (taken at every step of `steps`), a
            function of t such as ``lambda t: gradient(t, layer=1)``, or a quantity at its own step.
        steps: the last step T (0, ..., T are recorded), or the steps to record; None: the quantities' own.
        batch_sizes: the values of b.
        samples: replicates for each b, rounded up to a multiple of 16; or a schedule such as (1_000, 10_000):
            results after each are in `Simulation.stages`; None: until `target_precision` is reached, `progress` stops
            the run or the time is up.
        seed: of all random numbers.
        x64: 64-bit floats; the process-wide setting of JAX is not touched.
        memory: bytes that one device may use for a chunk; a chunk holds 16 runs at least.
        target_precision: stop when every variance is known to this relative standard error.
        progress: called after each chunk with a `SimulationProgress`; returning False stops the run, which
            gives back what is done, as does an interruption from the keyboard.
        devices: JAX devices; None: all.
        estimator: "conditional" averages the last batch exactly given w_t, var(g_t) = E var(g_t|w_t) +
            var(grad L(w_t)): for gradients the error shrinks by the noise of the last step.
        paired: the same random numbers at every b: differences between batch sizes become sharper where
            batches are nested (fresh samples, or with replacement); covariances across b are then kept.
        antithetic: replicates in pairs, x and -x (or data points i and n-1-i in the order of their gradients):
            means become sharper, variances need not.
        given: "initial": the variance given the initial weights, averaged over them where they are random;
            "nothing": the total variance.
        mean_limit: E q is recorded for quantities of at most this many entries.
        resume: a `Simulation`, or the file it was saved to, to continue.
        budget: what the runs may take in seconds (compilation apart) and the recorded moments in memory. Where
            `samples` is None the run ends after so many seconds and gives back what is done.
        seconds: likewise, for a run whose `samples` is None.

    Returns:
        A `Simulation`.

    Raises:
        InputError: symbols where numbers are needed, or an argument that cannot be used.
        AssumptionError: b > n without replacement, or an option that would change what is estimated.
        BudgetExceeded: steps x samples x memory are beyond the budget, by a rough estimate before the start or by the
            speed of the first chunk.
        Stopped: the run was stopped before its first chunk was done.

    Warns:
        DivergenceWarning: SGD left the range of floating-point numbers.

    >>> import sgdmoments as sm
    >>> sgd = sm.SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]), learning_rate="1/10", initial=[0])
    >>> run = simulate(sgd, sm.gradient, 1, [1, 2], samples=4096)
    >>> exact = [float(sgd.variance(sm.gradient(1))(b)) for b in (1, 2)]
    >>> bool((abs(run.variance(sm.gradient(1)).z(exact)) < 4).all())
    True
    """
    options = Options(seed=whole_number(seed, "seed", 0, 2**64 - 1),
                      conditional=read_choice(estimator, "estimator", get_args(Estimator)) == "conditional",
                      paired=read_flag(paired, "paired"), antithetic=read_flag(antithetic, "antithetic"),
                      total=read_choice(given, "given", ("initial", "nothing")) == "nothing")
    limit, progress = read_budget(budget), read_progress(progress)
    memory = whole_number(memory, "memory", 1)
    mean_limit = whole_number(mean_limit, "mean_limit", 0)
    if target_precision is not None:
        target_precision = read_positive(target_precision, "target_precision")
    seconds = None if seconds is None else read_positive(seconds, "seconds")
    if samples is None and target_precision is None and progress is None and seconds is None:
        raise InputError("samples: found None, and neither target_precision nor progress nor seconds to stop the run.")
    if samples is not None and seconds is not None:
        raise InputError("seconds: for a run without `samples`; budget=Budget(seconds=...) limits one that has them.")
    goals = [-(-count // GROUP) for count in (sample_counts(samples) if samples is not None else (MOST_RUNS,))]
    wanted_sizes = whole_numbers(batch_sizes, "batch_sizes", 1)
    templates, times = _questions(quantities, steps, len(wanted_sizes), limit)
    with precision(read_flag(x64, "x64")):
        mesh = replicate_mesh(devices)
        problem = FloatRun.read(sgd)
        gradients = gradients_of(problem)
        check_options(gradients, options)
        sort_for_antithetic(gradients, options)
        sizes = tuple(gradients.check_batch_size(b) for b in wanted_sizes)
        observables = _observables(templates, gradients, mean_limit)
        updates, pace = times[-1] + 1, sum(map(gradients.seconds_per_update, sizes))
        clock = Clock.of(limit, seconds)
        most = clock.share(GROUP * updates * pace)
        at_once = min(most, _first_guess(memory, max(_bytes_per_group(gradients, b) for b in sizes))
                      ) * mesh.devices.size * GROUP
        Cost(at_once if samples is None else goals[-1] * GROUP, updates, len(sizes), pace / mesh.devices.size,
             sum(o.width for o in observables) * len(times) * len(sizes), at_once).check(limit, clock)
        check_batch_memory(max(_bytes_per_group(gradients, b) for b in sizes), max(sizes), limit)
        moves = problem.steps(times[-1], *(o.quantity for o in observables))
        programs = [Program(gradients, observables, times, moves, b, options) for b in sizes]
        identity = {"fingerprint": gradients.problem.fingerprint(times[-1]), "times": list(times),
                    "batch_sizes": list(sizes), "options": [*map(int, vars(options).values())], "x64": bool(x64),
                    "quantities": [repr(o.quantity) for o in observables], "mean_limit": mean_limit}
        random_start = any(map(is_random, problem.start))  # the same at every b
        stream = _start(resume, identity, options.paired or random_start)
        runner = _Runner(programs, mesh, memory, most)
        found = _run(runner, stream, goals, observables, identity, target_precision, progress,
                     clock, samples is None)
    warn_where_diverged(found.moments.mean, [times] * len(sizes), sizes)
    return found


def _run(runner: _Runner, stream: Stream, goals: list[int], observables: tuple[Observable, ...],
         identity: dict[str, Any], target_precision: float | None, progress: ProgressCallback | None,
         clock: Clock, open_end: bool) -> Simulation:
    """All chunks. The clock counts what is done between them too, verdicts and callbacks; compilation alone is free."""
    stages: list[Simulation] = []
    first, started, stopped = stream.count, time.perf_counter(), False

    def elapsed() -> float:
        return time.perf_counter() - started - runner.compile_seconds

    def snapshot() -> Simulation:
        updates = (stream.count - first) * GROUP * sum(p.updates for p in runner.programs)
        return Simulation(tuple(o.quantity for o in observables), tuple(o.columns for o in observables),
                          tuple(identity["times"]), tuple(identity["batch_sizes"]), stream.moments(), identity,
                          stream.folded, stream.pending, stopped,
                          Throughput(updates, runner.seconds, runner.compile_seconds))

    for goal in goals:
        try:
            for values in runner.chunks(stream.count, goal):
                stream.add(values)
                now = snapshot()
                if target_precision is not None and now.relative_precision() <= target_precision:
                    return replace(now, stages=(*stages, now))
                runs, wanted = (stream.count - first) * GROUP, (goals[-1] - first) * GROUP
                left = elapsed() / runs * (wanted - runs)
                report = SimulationProgress("simulate", stream.count * GROUP, goals[-1] * GROUP, 0,
                                            time.perf_counter() - started, left, now)
                if (progress is not None and progress(report) is False) or (open_end and clock.is_over(
                        elapsed(), runner.chunk_seconds)):
                    stopped = True
                    break
                if not open_end:
                    check_pace(runs, wanted, elapsed(), clock, "simulate")
        except KeyboardInterrupt:
            stopped = True
        if stream.count == 0:
            raise Stopped("simulate: stopped before the first chunk was done; nothing to return.")
        stages.append(snapshot())
        if stopped:
            break
    return replace(stages[-1], stages=tuple(stages))


class _Runner:
    """The compiled programs of all batch sizes, and the loop over chunks of groups."""

    def __init__(self, programs: list[Program], mesh: Any, memory: int, most: int) -> None:
        self.programs = programs
        self.mesh = mesh
        self.memory = memory
        self.most = most  # groups on one device
        self.seconds = self.chunk_seconds = 0.0
        self.compile_seconds = 0.0
        self._compiled: list[Any] = []
        self._chunk = 0

    def chunks(self, first: int, last: int) -> Iterator[np.ndarray[Any, Any]]:
        """Arrays (groups, batch sizes, times, columns) for the groups first, ..., last-1, in order."""
        while first < last:
            if not self._compiled:
                self._compile(last - first)
            count = min(self._chunk, last - first)
            ids = split((first + np.arange(self._chunk)).astype(np.uint32), self.mesh)
            start = time.perf_counter()
            parts = [compiled(constants, ids) for compiled, constants in self._compiled]
            arrays = [np.moveaxis(to_host(part)[:, :count], 1, 0) for part in parts]
            self.chunk_seconds = time.perf_counter() - start
            self.seconds += self.chunk_seconds
            yield np.stack(arrays, axis=1).astype(float)
            first += count

    def _compile(self, wanted: int) -> None:
        start = time.perf_counter()
        count = self.mesh.devices.size
        groups = min(self.most, _first_guess(self.memory, max(p.bytes_per_group() for p in self.programs)))
        share = -(-wanted // count)
        groups = -(-share // -(-share // groups))  # chunks of one size
        groups += 1 - groups % 2  # odd: rows that lie a power of two apart would share a few lines of a CPU's cache
        while True:
            self._compiled = []
            for program in self.programs:
                constants = program.constants()
                compiled = compiled_over_groups(program.__call__, program.identity(), constants, groups * count,
                                                self.mesh)
                self._compiled.append((compiled, constants))
            used = max(_temporary_bytes(compiled) for compiled, _ in self._compiled)
            if groups == 1 or used <= self.memory:
                break
            groups = max(1, min(groups // 2, int(groups * self.memory / used)))
        self._chunk = groups * count
        self.compile_seconds += time.perf_counter() - start


def _first_guess(memory: int, bytes_per_group: int) -> int:
    """The groups that a device may run at once."""
    on_cpu = jax.default_backend() == "cpu"
    cap = (_CPU_REPLICATES if on_cpu else _ACCELERATOR_REPLICATES) // GROUP
    room = min(memory, _CPU_BYTES) if on_cpu else memory
    return max(1, min(cap, room // bytes_per_group))


def _bytes_per_group(gradients: Gradients, b: int) -> int:
    return GROUP * gradients.bytes_per_replicate(b)


@lru_cache(maxsize=128)
def _temporary_bytes(compiled: Any) -> int:
    analysis = compiled.memory_analysis()
    return 0 if analysis is None else int(analysis.temp_size_in_bytes + analysis.output_size_in_bytes)


def _start(resume: Simulation | str | Path | None, identity: dict[str, Any], cross: bool) -> Stream:
    if resume is None:
        return Stream(cross)
    old = resume if isinstance(resume, Simulation) else Simulation.load(resume)
    for name, value in identity.items():
        if old.identity.get(name) != value:
            raise InputError(f"resume: the saved run has another {name} ({old.identity.get(name)!r}, now {value!r}); "
                             "continue it with the arguments it was started with.")
    return Stream(cross, old.folded, old.pending)


def _questions(quantities: Any, steps: Any, batch_sizes: int, limit: Budget) -> tuple[list[Quantity], tuple[int, ...]]:
    """The quantities, their steps set to 0, and the steps to record."""
    wanted = list(quantities) if isinstance(quantities, (list, tuple)) else [quantities]
    if not wanted:
        raise InputError("quantities: found none; give e.g. sm.gradient.")
    times = set(_steps(steps, len(wanted) * batch_sizes, limit))
    templates: list[Quantity] = []
    for quantity in wanted:
        if callable(quantity):
            if steps is None:
                raise InputError("steps: needed for quantities given as functions of t.")
            template = check_function(quantity)(0)
        else:
            template = quantity
        if not isinstance(template, Quantity) or not isinstance(template.step, int):
            raise InputError(f"quantities: expected gradient, gradient(3) or the like, found {shown(quantity)}.")
        if not callable(quantity):
            times.add(whole_number(template.step, "step", 0, MOST_STEPS - 1))
        template = replace(template, step=0)
        if template not in templates:
            templates.append(template)
    if not times:
        raise InputError(f"steps: expected steps >= 0, found {shown(steps)}.")
    return templates, tuple(sorted(times))


def _steps(steps: Any, columns: int, limit: Budget) -> Iterable[int]:
    if steps is None:
        return ()
    listed = isinstance(steps, (list, tuple, range)) or (isinstance(steps, np.ndarray) and steps.ndim == 1)
    count = len(steps) if listed else whole_number(steps, "steps", 0, MOST_STEPS - 1) + 1
    check_memory(count * columns * 2 * RECORD, limit, "simulate")
    return [whole_number(t, "steps", 0, MOST_STEPS - 1) for t in steps] if listed else range(count)


def _observables(templates: list[Quantity], gradients: Gradients, mean_limit: int) -> tuple[Observable, ...]:
    observables: list[Observable] = []
    column = 0
    for template in templates:
        observables.append(Observable.read(template, gradients, column, mean_limit))
        column += observables[-1].width
    return tuple(observables)
