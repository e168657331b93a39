"""From a user's SGD to graphs: the system, the expectation over a batch, the one over initial weights, and rates."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy

from sgdmoments.budget import Monitor
from sgdmoments.describe.array import arrays_of
from sgdmoments.describe.initial import is_random
from sgdmoments.describe.laws.base import Law
from sgdmoments.describe.model import Model
from sgdmoments.describe.run import Run
from sgdmoments.describe.update import Powers, Step
from sgdmoments.describe.update import Update as SlotUpdate
from sgdmoments.errors import InputError, RouteError
from sgdmoments.exact.ring import INVERSE_BATCH, Polynomial, Ring, ring_of
from sgdmoments.graphs.derived import relabelled
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.index_sum import array_of
from sgdmoments.graphs.labels import BATCH, Dimension, Label, ends_of
from sgdmoments.graphs.modular import PRIME
from sgdmoments.graphs.run_letters import base_of, initial_letter
from sgdmoments.routes.symbolic.propagate import BatchMean, Propagator
from sgdmoments.routes.symbolic.reach import no_graphs
from sgdmoments.rules.batch import Sampling, sample_label
from sgdmoments.rules.expectation import EntryLaw, Expectation
from sgdmoments.rules.random_letters import entry_law
from sgdmoments.rules.recheck import CheckedMean, CheckedUpdate, recheck_gradient
from sgdmoments.rules.update import Image, Update
from sgdmoments.tracing.system import System, free_name, system_of

#: The learning rate while a step is read.
_ALPHA = sympy.Dummy("alpha", dummy_index=6_000_002)


@dataclass(frozen=True)
class Setting:
    """All that the symbolic route needs to know of a question's SGD.

    Attributes:
        system: the loss and its gradients as graphs.
        ring: the ring of all coefficients.
        mean: the expectation over one batch.
        initial: the expectation over random initial weights, or None.
        propagators: the maps from W_(t+1) to W_t: of each step up to one from which on all are the same.
        slots: the letters of the slots, for each the arrays in the order of the parameters; the weights first.
        known: values of the letters (kind "run") that the user gave: data, targets, covariance, initial weights.
        starts: for each letter of a slot that does not start at zero the letter of where it does.
    """

    system: System
    ring: Ring
    mean: BatchMean
    initial: Expectation | CheckedMean | None
    propagators: tuple[Propagator, ...]
    slots: Mapping[str, tuple[Label, ...]]
    known: Mapping[Label, Any]
    starts: Mapping[Label, Label] = field(default_factory=dict)

    @property
    def parameters(self) -> dict[str, Label]:
        """The letters of the weights and the teacher's, by name."""
        return {base_of(label): label for label in (*self.system.weights, *self.system.fixed)}

    @property
    def covariance(self) -> Label | None:
        """The letter of the data's covariance where that is given in numbers."""
        x = self.system.data[0]
        mean = self.mean.mean if isinstance(self.mean, CheckedMean) else self.mean
        label = mean.laws[x].covariance if isinstance(mean, Expectation) else None
        return label if label in self.known else None

    @property
    def finite(self) -> bool:
        """Whether batches are drawn from a finite data set."""
        mean = self.mean.mean if isinstance(self.mean, CheckedMean) else self.mean
        return isinstance(mean, Sampling)

    def propagator(self, t: int) -> Propagator:
        """The map of step t."""
        return self.propagators[min(t, len(self.propagators) - 1)]

    def steps(self, rates: Sequence[Any]) -> list[tuple[Propagator, Polynomial]]:
        """The maps of the steps 0, 1, …, with their rates as elements of the ring."""
        return [(self.propagator(t), self.ring(rate)) for t, rate in enumerate(rates)]

    def at_start(self, expression: Expression) -> Expression:
        """An expression in the slots of step 0 in the initial weights: slots that start at zero vanish."""
        others = list(self.slots.values())[1:]
        zero = {label for labels in others for label in labels if label not in self.starts}
        terms = {m: c for m, c in expression.raw.items() if not any(e[0] in zero for g in m for e in g.edges)}
        kept = Expression.from_raw(expression.ring, terms, expression.known)
        return relabelled(kept, self.starts) if self.starts else kept

    @property
    def checks(self) -> tuple[str, ...]:
        """What has been rechecked at random points modulo a prime."""
        updates, means = [propagator.update for propagator in self.propagators], (self.mean, self.initial)
        counts = [update.count for update in updates if isinstance(update, CheckedUpdate)]
        if not counts:
            return ()
        done = [f"gradient of each layer at a random point modulo {PRIME}", f"{sum(counts)} updates"]
        done += [f"{mean.count} of {mean.asked} expectations" for mean in means if isinstance(mean, CheckedMean)]
        return tuple(done)


def read_setting(sgd: Run, rates: tuple[Any, ...], further: Sequence[sympy.Symbol], inverse_batch_order: int | None,
                 monitor: Monitor, check: bool = False, taken: Collection[str] = (),
                 update: SlotUpdate | None = None) -> Setting:
    """The setting of a run whose model predicts a polynomial.

    Args:
        rates: the learning rates that will be used.
        further: more letters for the ring of coefficients, such as t where it is one.
        inverse_batch_order: powers of 1/b above this order are dropped.
        monitor: budget and progress.
        check: whether each rewrite is rechecked modulo a prime.
        taken: names of letters of the user's, which the derived letter R avoids.
        update: what moves the slots; by default that of the run.

    Raises `RouteError` where `predict` is no polynomial.
    """
    model = sgd.model
    why_not = no_graphs(sgd)
    if why_not:
        raise RouteError(f"{why_not}; try route='components', 'closure' or 'expansion'.")
    covariances = _covariance_letters(model)
    taken = {*taken, *covariances}
    for name in covariances:
        if name in sgd.initial and sgd.initial[name] is None:
            raise InputError(f"the covariance and a weight are both called {name!r}; give the covariance another name.")

    def letter(name: str, shape: Sequence[Dimension]) -> Label:
        return initial_letter(name, shape) if sgd.initial[name] is None else Label(name, shape, kind="run")

    moves = sgd.update if update is None else update
    constant = moves.constant_from
    steps = [moves.step(t) for t in range(max(len(rates), 1) if constant is None else constant + 1)]
    # a named array stands for products of weights, which have to keep themselves where α is left out
    system = _system(sgd, letter, frozenset(taken), not all(_keeps_weights(step) for step in steps))
    known: dict[Label, Any] = dict(system.numbers)
    laws, samples = _data_laws(model, system, known)
    init_laws = _initial_laws(sgd, system, known)
    letters = [d for label in (*system.weights, *system.fixed, *system.data) for d in label.dimensions
               if isinstance(d, sympy.Symbol) and d is not BATCH]
    random = (*(factor.law for factor in model.law.factors if factor.law.points is None),
              *filter(is_random, sgd.initial.values()))
    scalars = [*rates, *moves.free_symbols, *(e.ring.one for e in system.expressions), *letters,
               *(s for s in further if s != INVERSE_BATCH), *model.letters,
               *(e for law in random if law.entries().covariance is None for e in law.expressions)]
    ring = Ring((INVERSE_BATCH,)).union(ring_of(scalars))
    mean: Expectation | Sampling
    if model.law.points is not None:
        mean = Sampling(samples, sgd.batches, ring, inverse_batch_order)
    else:
        mean = Expectation(laws, ring, inverse_batch_order, monitor)
    slots = {slot: system.weights if k == 0 else tuple(
        Label(f"{slot} {label.name}", label.dimensions, kind="run") for label in system.weights)
        for k, slot in enumerate(moves.slots)}
    starts: dict[Label, Label] = {}
    for slot, labels in list(slots.items())[1:]:
        begun = moves.start_of(slot)
        for label, own in zip(labels, system.weights, strict=True):
            if isinstance(begun, np.ndarray):
                starts[label] = Label(f"{label.name} at the start", label.dimensions, kind="run")
                known[starts[label]] = begun.reshape(ends_of(begun.shape))
            elif begun is not None:
                starts[label] = own
    images = [_images(system, slots, step, ring) for step in steps]
    initial = Expectation(init_laws, ring, None, monitor) if init_laws else None
    if check:
        for label, gradient in zip(system.weights, system.gradients, strict=True):
            recheck_gradient(system.loss, label, gradient)
        checked = CheckedMean(mean)
        propagators = tuple(Propagator(CheckedUpdate(own, ring), checked, ring, monitor) for own in images)
        return Setting(system, ring, checked, CheckedMean(initial) if initial else None, propagators, slots, known,
                       starts)
    propagators = tuple(Propagator(Update(own, ring), mean, ring, monitor) for own in images)
    return Setting(system, ring, mean, initial, propagators, slots, known, starts)


def _system(sgd: Run, letter: Callable[[str, Sequence[Dimension]], Label], taken: frozenset[str],
            plain: bool) -> System:
    """The system of a run's model, kept with the run: `predict` is run on graphs once."""
    kept, system = sgd.memo.get("graphs", (None, None))
    if kept != (taken, plain):
        sgd.memo["graphs"] = (taken, plain), (system := system_of(sgd.model, letter, taken, plain=plain))
    found: System = system
    return found


def _keeps_weights(step: Step) -> bool:
    """Whether the weights stay where they are when α = 0."""
    first = [powers[0] if powers else 0 for powers in step.A[0]]
    return first == [1, *(0 for _ in first[1:])] and not (step.B[0] and step.B[0][0] != 0)


def _images(system: System, slots: Mapping[str, Sequence[Label]], step: Step, ring: Ring) -> dict[Label, Image]:
    """What each slot's edges become in a step, by orders in the learning rate."""
    wide = ring.union(Ring((_ALPHA,)))
    alpha = wide.generator(_ALPHA)

    def value(powers: Powers) -> Polynomial:
        return sum((wide(c) * alpha**k for k, c in enumerate(powers)), wide.zero)

    def combined(row: Sequence[Powers], place: int) -> Expression:
        total = Expression({}, wide)
        for powers, labels in zip(row, slots.values(), strict=True):
            if powers:
                total = total + array_of(labels[place]).in_ring(wide) * value(powers)
        return total

    gradients = [array.in_ring(wide) for array in system.gradients]
    images: dict[Label, Image] = {}
    for row, gain, labels in zip(step.A, step.B, slots.values(), strict=True):
        for k, label in enumerate(labels):
            image = combined(row, k) + gradients[k] * value(gain)
            parts: list[Expression | None] = [part.in_ring(ring) for part in image.coefficients(_ALPHA)]
            if parts[0] == array_of(label).in_ring(ring):
                parts[0] = None
            images[label] = parts
    return images


def _covariance_letters(model: Model) -> set[str]:
    """The names of covariances that are letters; `InputError` where one name stands for matrices of two sizes."""
    sizes: dict[str, Dimension] = {}
    for factor in model.law.factors:
        letter, size = factor.law.letter, factor.size
        if letter is not None and sizes.setdefault(letter, size) != size:
            raise InputError(f"two covariances, of sizes {sizes[letter]} and {size}, are both called {letter!r}; give "
                             "one of them another name.")
    return set(sizes)


def _data_laws(model: Model, system: System, known: dict[Label, Any],
               ) -> tuple[dict[Label, EntryLaw], dict[Label, Label]]:
    """The law of each data label, or for finite data the constant array that it samples."""
    law = model.law
    if law.points is None:
        names = ("Sigma", *(f"Sigma_{factor.parts[0].name}" for factor in law.factors[1:]))
        return {label: _entry_law(factor.law, factor.size, name, known)
                for label, factor, name in zip(system.data, law.factors, names, strict=True)}, {}
    if len(law.factors) > 1:
        raise RouteError("label noise on a finite data set is not among the symbolic route's questions; add the "
                         "noise to the targets, or use a data law.")
    taken = {label.name for label in (*system.weights, *system.fixed)}
    values = arrays_of(law.parts, law.points)
    samples = {}
    for label, part in zip(system.data, law.parts, strict=True):
        samples[label] = sample_label(free_name("X" if part.name == "x" else label.name, taken), len(law.points), label)
        known[samples[label]] = values[part.name].reshape(len(law.points), *map(int, ends_of(part.shape)))
    return {}, samples


def _entry_law(law: Law, dimension: Dimension, name: str, known: dict[Label, Any]) -> EntryLaw:
    entries = law.entries()
    if entries.covariance is None:
        return entry_law(law, name)
    if isinstance(entries.covariance, str):
        return EntryLaw.gaussian_rows(Label(entries.covariance, (dimension, dimension), symmetric=True))
    covariance = Label(name, (dimension, dimension), kind="run", symmetric=True)
    known[covariance] = entries.covariance
    return EntryLaw.gaussian_rows(covariance)


def _initial_laws(sgd: Run, system: System, known: dict[Label, Any]) -> dict[Label, EntryLaw]:
    laws: dict[Label, EntryLaw] = {}
    for label in (*system.weights, *system.fixed):
        value = sgd.initial[base_of(label)]
        if isinstance(value, np.ndarray):
            known[label] = value.reshape(ends_of(value.shape))
        elif value is not None:
            laws[label] = entry_law(value, f"initial[{label.name!r}]")
    return laws


def one_batch_mean(setting: Setting, expression: Expression) -> Expression:
    """The expectation over one batch of an expression with data edges."""
    return setting.mean(expression)
