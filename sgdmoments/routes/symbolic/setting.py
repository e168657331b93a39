"""From a user's SGD to graphs: the system, the expectation over a batch, the one over initial weights, and rates."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from sgdmoments.budget import Monitor
from sgdmoments.describe.array import arrays_of
from sgdmoments.describe.initial import is_random
from sgdmoments.describe.laws.base import Law
from sgdmoments.describe.model import Model
from sgdmoments.describe.run import Run
from sgdmoments.errors import InputError, RouteError
from sgdmoments.exact.ring import INVERSE_BATCH, Polynomial, Ring, ring_of
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.labels import BATCH, Dimension, Label, ends_of
from sgdmoments.graphs.modular import PRIME
from sgdmoments.graphs.run_letters import base_of, initial_letter
from sgdmoments.routes.symbolic.propagate import BatchMean, Propagator
from sgdmoments.routes.symbolic.reach import no_graphs
from sgdmoments.rules.batch import Sampling, sample_label
from sgdmoments.rules.expectation import EntryLaw, Expectation
from sgdmoments.rules.random_letters import entry_law
from sgdmoments.rules.recheck import CheckedMean, CheckedUpdate, recheck_gradient
from sgdmoments.rules.update import Update
from sgdmoments.tracing.system import System, free_name, system_of


@dataclass(frozen=True)
class Setting:
    """All that the symbolic route needs to know of a question's SGD.

    Attributes:
        system: the loss and its gradients as graphs.
        ring: the ring of all coefficients.
        mean: the expectation over one batch.
        initial: the expectation over random initial weights, or None.
        propagator: the map from W_(t+1) to W_t.
        known: values of the letters (kind "run") that the user gave: data, targets, covariance, initial weights.
    """

    system: System
    ring: Ring
    mean: BatchMean
    initial: Expectation | CheckedMean | None
    propagator: Propagator
    known: Mapping[Label, Any]

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

    @property
    def checks(self) -> tuple[str, ...]:
        """What has been rechecked at random points modulo a prime."""
        update, means = self.propagator.update, (self.mean, self.initial)
        if not isinstance(update, CheckedUpdate):
            return ()
        done = [f"gradient of each layer at a random point modulo {PRIME}", f"{update.count} updates"]
        done += [f"{mean.count} of {mean.asked} expectations" for mean in means if isinstance(mean, CheckedMean)]
        return tuple(done)


def read_setting(sgd: Run, rates: tuple[Any, ...], further: Sequence[sympy.Symbol], inverse_batch_order: int | None,
                 monitor: Monitor, check: bool = False, taken: Collection[str] = ()) -> Setting:
    """The setting of a run whose model predicts a polynomial.

    Args:
        rates: the learning rates that will be used.
        further: more letters for the ring of coefficients, such as t where it is one.
        inverse_batch_order: powers of 1/b above this order are dropped.
        monitor: budget and progress.
        check: whether each rewrite is rechecked modulo a prime.
        taken: names of letters of the user's, which the derived letter R avoids.

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

    system = _system(sgd, letter, frozenset(taken))
    known: dict[Label, Any] = dict(system.numbers)
    laws, samples = _data_laws(model, system, known)
    init_laws = _initial_laws(sgd, system, known)
    letters = [d for label in (*system.weights, *system.fixed, *system.data) for d in label.dimensions
               if isinstance(d, sympy.Symbol) and d is not BATCH]
    random = (*(factor.law for factor in model.law.factors if factor.law.points is None),
              *filter(is_random, sgd.initial.values()))
    scalars = [*rates, *(e.ring.one for e in system.expressions), *letters,
               *(s for s in further if s != INVERSE_BATCH), *model.letters,
               *(e for law in random if law.entries().covariance is None for e in law.expressions)]
    ring = Ring((INVERSE_BATCH,)).union(ring_of(scalars))
    mean: Expectation | Sampling
    if model.law.points is not None:
        mean = Sampling(samples, sgd.batches, ring, inverse_batch_order)
    else:
        mean = Expectation(laws, ring, inverse_batch_order, monitor)
    directions = {label: -array for label, array in zip(system.weights, system.gradients, strict=True)}
    initial = Expectation(init_laws, ring, None, monitor) if init_laws else None
    if check:
        for label, gradient in zip(system.weights, system.gradients, strict=True):
            recheck_gradient(system.loss, label, gradient)
        checked = CheckedMean(mean)
        propagator = Propagator(CheckedUpdate(directions, ring), checked, ring, monitor)
        return Setting(system, ring, checked, CheckedMean(initial) if initial else None, propagator, known)
    propagator = Propagator(Update(directions, ring), mean, ring, monitor)
    return Setting(system, ring, mean, initial, propagator, known)


def _system(sgd: Run, letter: Callable[[str, Sequence[Dimension]], Label], taken: frozenset[str]) -> System:
    """The system of a run's model, kept with the run: `predict` is run on graphs once."""
    kept, system = sgd.memo.get("graphs", (None, None))
    if kept != taken:
        sgd.memo["graphs"] = taken, (system := system_of(sgd.model, letter, taken))
    found: System = system
    return found


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


def as_rates(setting: Setting, rates: tuple[Any, ...]) -> list[Polynomial]:
    """Learning rates as elements of the ring."""
    return [setting.ring(rate) for rate in rates]
