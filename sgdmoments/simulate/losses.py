"""`simulate_loss`: the same statistics for any JAX loss and any optax optimiser, trained in epochs or not.

For what lies outside exactness: ReLU, cross-entropy, Adam, cyclic order. The theory's own models go through
`simulate`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from sgdmoments.budget import Budget, read_budget, read_progress
from sgdmoments.errors import InputError, MissingExtraError, Stopped
from sgdmoments.reading import attribute, read_choice, read_flag, read_function, read_positive, shown
from sgdmoments.simulate import batches
from sgdmoments.simulate.arguments import (
    MOST_RUNS,
    MOST_STEPS,
    whole_number,
    whole_numbers,
)
from sgdmoments.simulate.backend import compiled_over_groups, jax, jnp, precision, replicate_mesh, split, to_host
from sgdmoments.simulate.cost import Clock, Cost, check_memory, check_pace
from sgdmoments.simulate.counters import step_key
from sgdmoments.simulate.moments import Moments, Stream, warn_where_diverged
from sgdmoments.simulate.result import Estimates, SimulationProgress, Throughput
from sgdmoments.simulate.trees import check_loss, read_arrays, read_examples

Array = np.ndarray[Any, Any]
Order = Literal["without_replacement", "with_replacement", "shuffled", "cyclic"]

_GRADIENTS = ("gradient", "full_gradient")
_TAKEN = ("loss", *_GRADIENTS)


@dataclass(frozen=True)
class LossSimulation:
    """Estimates for each recorded name, over (recorded steps, batch sizes).

    Attributes:
        steps: the recorded steps for each batch size: array (batch sizes, records).
        epochs: the same in passes through the data.
        group: replicates behind one independent value.
        interrupted: whether the run was stopped before it was done.
    """

    names: tuple[str, ...]
    steps: Array
    epochs: Array
    batch_sizes: tuple[int, ...]
    moments: Moments
    group: int
    interrupted: bool
    throughput: Throughput

    @property
    def samples(self) -> int:
        """The number of replicates at each batch size."""
        return self.moments.count * self.group

    def variance(self, name: str) -> Estimates:
        """var of "gradient", "full_gradient" or a metric, arrays (records, batch sizes)."""
        return self._column(2 * self._place(name))

    def mean(self, name: str) -> Estimates:
        """The mean of "loss" or a metric; for gradients E||.||^2. Arrays (records, batch sizes)."""
        return self._column(2 * self._place(name) + 1)

    def _place(self, name: str) -> int:
        return self.names.index(read_choice(name, "name", self.names))

    def _column(self, k: int) -> Estimates:
        m = self.moments

        def pick(array: Array) -> Array:
            return np.asarray(array)[..., k].T

        return Estimates(pick(m.mean), pick(m.standard_error()), pick(m.kurtosis()), pick(m.skewness()),
                         pick(m.largest_share()), m.count)


def simulate_loss(loss: Callable[[Any, Any], Any], initial: Any, data: Any, optimiser: Any, batch_sizes: Sequence[int],
                  samples: int, epochs: float = 1, *, order: Order = "shuffled", record: int = 10,
                  metrics: Mapping[str, Callable[[Any], Any]] | None = None, full_gradient: bool = False,
                  seed: int = 0, x64: bool = False, memory: int = 2**30, group: int = 4, devices: Any = None,
                  progress: Callable[[SimulationProgress], object] | None = None,
                  budget: Budget | None = None) -> LossSimulation:
    """Train many times with one loss, optimiser and start; estimate the variance of the gradient and more.

    Args:
        loss: ``loss(params, batch)``, a number: the mean over the batch's examples. `batch` is `data` with b
            examples along the first axes.
        initial: the parameters at the start, a pytree of arrays, the same in each run.
        data: a pytree of arrays with n examples along their first axes, e.g. ``(images, labels)``.
        optimiser: an optax optimiser (a gradient transformation), e.g. ``optax.adam(1e-3)``.
        batch_sizes: the values of b, at most n.
        samples: runs for each b, rounded up to a multiple of `group`.
        epochs: passes through the data; an epoch is floor(n/b) steps.
        order: "shuffled": a new random order each epoch; "cyclic": one random order for each run, used in every
            epoch; or independent batches, "without_replacement" or "with_replacement".
        record: how many times in a run to record, evenly spread, the first before the first step; fewer where some
            b takes fewer steps.
        metrics: names and functions of the parameters, recorded too (e.g. test error).
        full_gradient: record the gradient over all data too.
        seed: run r at step t draws from (seed, b, r, t) alone.
        x64: 64-bit floats; off by default, as networks are trained.
        memory: bytes that one device may use for a chunk of runs.
        group: runs behind one unbiased variance; independent values are samples / group.
        devices: JAX devices; None: all.
        progress: called after each chunk with a `SimulationProgress`; returning False stops the run.
        budget: what the runs may take in seconds (compilation apart) and in memory.

    Returns:
        A `LossSimulation` with the names "loss" (over all data), "gradient", "full_gradient" where asked for, and
        the metrics.

    Raises:
        InputError: an argument cannot be used.
        BudgetExceeded: steps x samples x memory are beyond the budget, by a rough estimate before the start or by the
            speed of the first chunk.
        MissingExtraError: optax is not installed.

    Warns:
        DivergenceWarning: training left the range of floating-point numbers.

    >>> import jax.numpy as jnp, numpy as np, optax
    >>> x = np.array([[1.0], [2.0], [3.0], [4.0]]); y = np.array([1.0, 1.0, 2.0, 2.0])
    >>> mean_square = lambda w, batch: 0.5 * jnp.mean((batch[0] @ w - batch[1]) ** 2)
    >>> run = simulate_loss(mean_square, np.zeros(1), (x, y), optax.adam(0.1), [1, 2], samples=64, record=3)
    >>> run.mean("loss").value.shape
    (2, 2)
    """
    try:
        import optax
    except ImportError as error:
        raise MissingExtraError("simulate_loss", "jax") from error
    read_choice(order, "order", get_args(Order))
    group, record = whole_number(group, "group", 2, 2**16), whole_number(record, "record", 1)
    samples, seed = whole_number(samples, "samples", 2, MOST_RUNS), whole_number(seed, "seed", 0, 2**32 - 1)
    memory, epochs = whole_number(memory, "memory", 1), read_positive(epochs, "epochs")
    limit, functions, progress = read_budget(budget), _metrics(metrics), read_progress(progress)
    if not all(callable(attribute(optimiser, name)) for name in ("init", "update")):
        raise InputError(f"optimiser: expected an optax optimiser such as optax.sgd(0.1), found "
                         f"{type(optimiser).__name__}.")
    with precision(read_flag(x64, "x64")):
        mesh = replicate_mesh(devices)
        data = jax.tree.map(np.asarray, read_arrays(data, "data"))
        start = jax.tree.map(np.asarray, read_arrays(initial, "initial", floats=True))
        n = read_examples(data, "data")
        sizes = whole_numbers(batch_sizes, "batch_sizes", 1, n)
        check_loss(loss, start, jax.tree.map(lambda leaf: leaf[:1], data))
        names = ("loss", "gradient", *(("full_gradient",) if read_flag(full_gradient, "full_gradient") else ()),
                 *functions)
        training = _Training(loss, optimiser, optax.apply_updates, n, order, names, tuple(functions.items()), group)
        totals = [int(epochs * (n // b)) for b in sizes]
        if min(totals) < 1:
            raise InputError("epochs: there is not a single step to take at some batch size; give more epochs.")
        count = min(record, *totals)
        clock = Clock(limit.seconds)
        most = _check_cost(training, start, sizes, totals, count, samples, mesh, limit, clock)
        plans = [np.linspace(0, total - 1, count).round().astype(int) for total in totals]
        constants = {"data": data, "initial": start, "seed": np.uint32(seed)}
        found = _run(training, constants, sizes, plans, -(-samples // group), memory, most, mesh, progress,
                     clock)
    warn_where_diverged(found.moments.mean, found.steps.tolist(), found.batch_sizes)
    return found


def _metrics(metrics: Any) -> dict[str, Any]:
    """Functions by name; the names of what is recorded anyway are taken."""
    functions = {} if metrics is None else metrics
    if not isinstance(functions, Mapping) or any(not isinstance(name, str) or name in _TAKEN for name in functions):
        raise InputError(f"metrics: expected functions by names other than {', '.join(_TAKEN)}, found "
                         f"{shown(functions)}.")
    return {name: read_function(function, f"metrics[{name!r}]", "a function of the parameters is needed")
            for name, function in functions.items()}


def _check_cost(training: _Training, start: Any, sizes: tuple[int, ...], totals: list[int], record: int, samples: int,
                mesh: Any, limit: Budget, clock: Clock) -> int:
    """The groups that a chunk may hold for its time; `BudgetExceeded` before the start.

    The loss itself is taken to cost what a linear model of the size costs.
    """
    weights = sum(leaf.size for leaf in jax.tree.leaves(start))
    if max(totals) >= MOST_STEPS:
        raise InputError(f"epochs: {max(totals):,} steps are more than {MOST_STEPS:,}.")
    per_run = sum(total * (2e-7 + 5e-10 * b * weights) for b, total in zip(sizes, totals, strict=True))
    Cost(samples, max(totals), len(sizes), per_run / max(totals) / mesh.devices.size,
         2 * record * len(sizes) * len(training.names), 1024 * training.group).check(limit, clock, "simulate_loss")
    check_memory(training.group * 8 * (4 * weights + training.n), limit, "simulate_loss")
    return clock.share(training.group * per_run)


@dataclass(frozen=True)
class _Training:
    """The program of one chunk of runs."""

    loss: Any
    optimiser: Any
    apply: Any
    n: int
    order: Order
    names: tuple[str, ...]
    metrics: tuple[tuple[str, Any], ...]
    group: int

    def chunk(self, b: int, times: Array) -> Any:
        """The function (constants, groups) -> values (records, groups, columns)."""
        gaps = np.diff(np.append(times, times[-1] + 1))

        def run(constants: Any, groups: Any) -> Any:
            replicates = (groups.astype(jnp.uint32)[:, None] * self.group
                          + jnp.arange(self.group, dtype=jnp.uint32)).ravel()
            key = jax.random.fold_in(jax.random.key(constants["seed"]), b)
            count = replicates.shape[0]
            start = jax.tree.map(lambda a: jnp.broadcast_to(a, (count, *a.shape)), constants["initial"])
            state = jax.vmap(self.optimiser.init)(start)
            data = constants["data"]

            def gradient(params: Any, rows: Any) -> Any:
                batch = jax.tree.map(lambda a: a[rows], data)
                return jax.grad(self.loss)(params, batch)

            def step(t: Any, carry: Any) -> Any:
                params, state, order = carry
                order, rows = self._rows(key, replicates, order, t, b)
                g = jax.vmap(gradient)(params, rows)
                return self._update(g, params, state), order, g

            def plain(t: Any, carry: Any) -> Any:
                (params, state), order, _ = step(t, carry)
                return params, state, order

            def record(carry: Any, when: Any) -> Any:
                t, gap = when
                values_at = carry[0]
                (params, state), order, g = step(t, carry)
                values = self._values(values_at, g, data)
                return jax.lax.fori_loop(t + 1, t + gap, plain, (params, state, order)), values

            order = self._first_order(key, replicates)
            return jax.lax.scan(record, (start, state, order), (jnp.asarray(times), jnp.asarray(gaps)))[1]

        return run

    def _update(self, g: Any, params: Any, state: Any) -> Any:
        def one(g: Any, params: Any, state: Any) -> Any:
            updates, state = self.optimiser.update(g, state, params)
            return self.apply(params, updates), state

        return jax.vmap(one)(g, params, state)

    def _first_order(self, key: Any, replicates: Any) -> Any:
        if self.order == "cyclic":
            return self._permutations(key, replicates, 0)
        return jnp.zeros((replicates.shape[0], self.n if self.order == "shuffled" else 0), dtype=jnp.int32)

    def _permutations(self, key: Any, replicates: Any, epoch: Any) -> Any:
        keys = jax.vmap(jax.random.fold_in, (None, 0))(jax.random.fold_in(key, epoch), replicates)
        return jax.vmap(lambda k: jax.random.permutation(k, self.n))(keys).astype(jnp.int32)

    def _rows(self, key: Any, replicates: Any, order: Any, t: Any, b: int) -> tuple[Any, Any]:
        """(order of the data, row numbers (replicates, b)) of step t."""
        if self.order == "with_replacement":
            return order, batches.draw_with_replacement(step_key(key, t), replicates, self.n, b).T
        if self.order == "without_replacement":
            return order, batches.draw_subset(step_key(key, t), replicates, self.n, b).T
        length = self.n // b
        place = t % length
        if self.order == "shuffled":
            order = jax.lax.cond(place == 0, lambda: self._permutations(key, replicates, t // length), lambda: order)
        return order, jax.lax.dynamic_slice_in_dim(order, place * b, b, axis=1)

    def _values(self, params: Any, g: Any, data: Any) -> Any:
        """Columns (groups, 2 names): an unbiased variance and a mean for each name."""
        columns = []
        for name in self.names:
            if name == "gradient":
                value = g
            elif name == "full_gradient":
                value = jax.lax.map(lambda p: jax.grad(self.loss)(p, data), params)
            elif name == "loss":
                value = jax.lax.map(lambda p: self.loss(p, data), params)
            else:
                value = jax.lax.map(dict(self.metrics)[name], params)
            variance: Any = 0.0
            second: Any = 0.0
            for leaf in jax.tree.leaves(value):
                q = leaf.reshape(-1, self.group, max(leaf[0].size, 1))
                d = q - q.mean(axis=1, keepdims=True)
                variance = variance + (d * d).sum(axis=(1, 2)) / (self.group - 1)
                second = second + ((q * q).sum(axis=(1, 2)) if name in _GRADIENTS else q.sum(axis=(1, 2))) / self.group
            columns += [variance, second]
        return jnp.stack(columns, axis=1)


def _run(training: _Training, constants: Any, batch_sizes: tuple[int, ...], plans: list[Array], groups: int,
         memory: int, most: int, mesh: Any, progress: Any, clock: Clock) -> LossSimulation:
    begun = time.perf_counter()
    weights = sum(leaf.nbytes for leaf in jax.tree.leaves(constants["initial"]))
    largest = max(batch_sizes) * sum(leaf[0].nbytes for leaf in jax.tree.leaves(constants["data"])) + 8 * weights
    count = mesh.devices.size
    chunk = max(1, min(-(-groups // count), memory // (training.group * largest), 1024, most)) * count
    leaves, tree = jax.tree.flatten(constants)
    shapes = tree, tuple((leaf.shape, leaf.dtype) for leaf in leaves)
    compiled = [compiled_over_groups(training.chunk(b, times), (training, b, tuple(times), shapes), constants, chunk,
                                     mesh) for b, times in zip(batch_sizes, plans, strict=True)]
    compile_seconds, started, stopped = time.perf_counter() - begun, time.perf_counter(), False
    stream = Stream()
    steps = np.array(plans)
    per_epoch = np.array([[training.n // b] for b in batch_sizes])

    def result() -> LossSimulation:
        updates = stream.count * training.group * int((steps[:, -1] + 1).sum())
        return LossSimulation(training.names, steps, steps / per_epoch, batch_sizes, stream.moments(), training.group,
                              stopped, Throughput(updates, time.perf_counter() - started, compile_seconds))

    try:
        while stream.count < groups and not stopped:
            first = stream.count
            ids = split((first + np.arange(chunk)).astype(np.uint32), mesh)
            done = min(chunk, groups - first)
            parts = [np.moveaxis(to_host(program(constants, ids))[:, :done], 1, 0) for program in compiled]
            stream.add(np.stack(parts, axis=1).astype(float))
            seconds = time.perf_counter() - started
            report = SimulationProgress("simulate_loss", stream.count * training.group, groups * training.group, 0,
                                        seconds, seconds / stream.count * (groups - stream.count), result())
            stopped = progress is not None and progress(report) is False
            if not stopped:
                check_pace(stream.count * training.group, groups * training.group, time.perf_counter() - started, clock,
                            "simulate_loss")
    except KeyboardInterrupt:
        stopped = True
    if stream.count == 0:
        raise Stopped("simulate_loss: stopped before the first chunk was done; nothing to return.")
    return result()
