"""SGD as one compiled program: groups of replicates in, independent values of every moment out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sgdmoments.errors import AssumptionError
from sgdmoments.simulate.backend import jax, jnp
from sgdmoments.simulate.counters import step_key
from sgdmoments.simulate.gradients import Gradients
from sgdmoments.simulate.observables import GROUP, Observable, conditional_variance
from sgdmoments.simulate.steps import Steps

_START, _TEACHER, _BATCHES = 0, 1, 2


@dataclass(frozen=True)
class Options:
    """How replicates are drawn and averaged; see `simulate`."""

    seed: int = 0
    conditional: bool = False
    paired: bool = False
    antithetic: bool = False
    total: bool = False


@dataclass(frozen=True)
class Program:
    """The computation of a chunk of groups at one batch size.

    Attributes:
        times: the steps at which the observables are recorded, increasing.
        steps: those before times[-1].
    """

    gradients: Gradients
    observables: tuple[Observable, ...]
    times: tuple[int, ...]
    steps: Steps
    batch_size: int
    options: Options

    @property
    def width(self) -> int:
        """The number of columns of the output."""
        return sum(o.width for o in self.observables)

    def constants(self) -> dict[str, Any]:
        """The arrays that the compiled function takes."""
        gaps = np.diff(np.array([*self.times, self.times[-1] + 1]))
        return {**self.gradients.constants, **self.steps.constants, "times": np.array(self.times), "gaps": gaps,
                "seed": np.uint32(self.options.seed % 2**32), "high_seed": np.uint32(self.options.seed >> 32)}

    def identity(self) -> tuple[Any, ...]:
        """What the compiled code depends on; the seed is data.

        The class itself is part of it: a notebook may define a class of the same name anew.
        """
        problem = self.gradients.problem
        return (type(problem.model), problem.fingerprint(self.times[-1]), tuple(map(repr, self.observables)),
                self.times, self.batch_size, replace(self.options, seed=0), tuple(self.gradients.order))

    def __call__(self, constants: Any, groups: Any) -> Any:
        """Values (times, groups, columns) for the groups with the given numbers.

        A run of T recorded steps makes times[-1] updates (the last recorded gradient is only recorded).
        """
        problem, options = self.gradients.problem, self.options
        key = jax.random.fold_in(jax.random.key(constants["seed"]), constants["high_seed"])
        groups = groups.astype(jnp.uint32)
        replicates = (groups[:, None] * GROUP + jnp.arange(GROUP, dtype=jnp.uint32)).ravel()
        owners = replicates if options.total else replicates // GROUP
        w = problem.draw_start(problem.student, jax.random.fold_in(key, _START), owners)
        w = jnp.broadcast_to(w, (replicates.shape[0], problem.size))
        teacher = jnp.zeros(0)
        if problem.teacher:
            teacher = problem.draw_start(problem.teacher, jax.random.fold_in(key, _TEACHER), owners)
        stream = jax.random.fold_in(jax.random.fold_in(key, _BATCHES), 0 if options.paired else self.batch_size)
        mirror = (replicates % 2).astype(bool) if options.antithetic else None
        sources = replicates // 2 if options.antithetic else replicates

        def batch(w: Any, t: Any) -> Any:
            return self.gradients.batch(constants, w, teacher, step_key(stream, t), sources, self.batch_size, mirror)

        def update(t: Any, state: Any) -> Any:
            return self.steps.moved(state, batch(self.steps.place(state, constants, t), t), constants, t)

        def record(state: Any, when: Any) -> tuple[Any, Any]:
            t, gap = when
            place = self.steps.place(state, constants, t)
            g = batch(place, t)
            values = self._record(constants, state, place, teacher, g, t)
            state = self.steps.moved(state, g, constants, t)
            if (np.diff(self.times) > 1).any():
                state = jax.lax.fori_loop(t + 1, t + gap, update, state)
            return state, values

        state = problem.start_of_slots(self.steps.update, w)
        if self.times[0]:
            state = jax.lax.fori_loop(0, self.times[0], update, state)
        if len(self.times) == 1:
            t = self.times[0]
            recorded = any(o.quantity.kind == "gradient" for o in self.observables)
            place = self.steps.place(state, constants, t)
            return self._record(constants, state, place, teacher, batch(place, t) if recorded else place, t)[None]
        return jax.lax.scan(record, state, (constants["times"], constants["gaps"]))[1]

    def _record(self, constants: Any, state: Any, place: Any, teacher: Any, g: Any, t: Any) -> Any:
        columns = []
        for observable in self.observables:
            extra = None
            target, slots = observable, dict(zip(self.steps.update.slots, state, strict=True))
            if self.options.conditional and observable.quantity.kind == "gradient":
                target = replace(observable, quantity=replace(observable.quantity, kind="full_gradient"))
                slots = {"where the gradient is taken": place}
            q = target.entries(self.gradients, constants, slots, teacher, g, t)
            if target is not observable:
                extra = conditional_variance(observable, self.gradients, constants, place, teacher, q, self.batch_size)
            columns.append(observable.values(q, self.options.antithetic, extra))
        return jnp.concatenate(columns, axis=1)

    def bytes_per_group(self) -> int:
        """A guess of the memory that a group takes on a device."""
        return GROUP * self.gradients.bytes_per_replicate(self.batch_size) + 16 * len(self.times) * self.width

    @property
    def updates(self) -> int:
        """SGD steps (gradients of batches) that a replicate takes."""
        return self.times[-1] + 1


def check_options(gradients: Gradients, options: Options) -> None:
    """`AssumptionError` where an option would change what is estimated."""
    problem = gradients.problem
    law = problem.model.law.factors[0].law
    if options.antithetic and gradients.n is None and not law.is_even:
        raise AssumptionError(f"antithetic=True draws x and -x: the law of x must be symmetric about 0, found {law}; "
                              "leave the option out.")


def sort_for_antithetic(gradients: Gradients, options: Options) -> None:
    """Put finite data in the order of the gradients' main direction at the start, so that i and n-1-i differ most."""
    problem = gradients.problem
    if not options.antithetic or gradients.n is None:
        return
    key = jax.random.fold_in(jax.random.key(options.seed % 2**32), options.seed >> 32)
    one = jnp.zeros(1, dtype=jnp.uint32)
    w = jnp.atleast_2d(problem.draw_start(problem.student, jax.random.fold_in(key, _START), one))
    teacher = jnp.zeros(0)
    if problem.teacher:
        teacher = problem.draw_start(problem.teacher, jax.random.fold_in(key, _TEACHER), one)
    scores = np.asarray(gradients.samples(gradients.constants, w, teacher))[0]
    scores = scores - scores.mean(axis=0)
    direction = np.linalg.svd(scores, full_matrices=False)[2][0]
    gradients.sort(np.argsort(scores @ direction, kind="stable"))
