"""The steps of a run on its state: all slots in order, each the flattened weights.

    s' = A s + B g(C s),

one row for each coordinate of the state. Every route reads its steps here, so that none knows the update.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.describe.update import Powers, Step, Update, at_rate
from sgdmoments.recursion.initial_moments import to_scalar

#: (place in the state, coefficient) for each term of a linear form.
Form = tuple[tuple[int, Any], ...]


@dataclass(frozen=True, eq=False)
class StateStep:
    """One step of the state, its entries Fractions or ring elements. Equal steps of a run are one object.

    Attributes:
        linear: for each coordinate the linear form of the state before.
        gain: for each coordinate the factor of its component of the gradient.
        points: for each weight where the gradient is taken, a linear form of the state; None: at the weights.
        width: the number of weights; coordinate j goes with component j mod width of the gradient.
        step: what it was made from.
        rates: the learning rate of each array.
    """

    linear: tuple[Form, ...]
    gain: tuple[Any, ...]
    points: tuple[Form, ...] | None
    width: int
    step: Step
    rates: tuple[Any, ...]

    @property
    def coefficients(self) -> tuple[Any, ...]:
        """All coefficients."""
        forms = (*self.linear, *(self.points or ()))
        return (*(c for form in forms for _, c in form), *self.gain)

    def mapped(self, convert: Callable[[Any], Any]) -> StateStep:
        """The same step with other coefficients: those that `convert` makes of them."""
        def forms(rows: Sequence[Form]) -> tuple[Form, ...]:
            return tuple(tuple((k, convert(c)) for k, c in row) for row in rows)

        return replace(self, linear=forms(self.linear), gain=tuple(map(convert, self.gain)),
                       points=None if self.points is None else forms(self.points))

    @property
    def is_shift(self) -> bool:
        """Whether every coordinate keeps its value and only the gradient moves it."""
        return all(form == ((j, 1),) for j, form in enumerate(self.linear))

    def moved(self, state: Sequence[Any], gradient: Sequence[Any]) -> list[Any]:
        """A s + B g for values of the state and of the gradient."""
        result = []
        for j, (form, gain) in enumerate(zip(self.linear, self.gain, strict=True)):
            value = _combined(form, state)
            if gain != 0:
                move = gain * gradient[j % self.width]
                value = move if value is None else value + move
            result.append(0 * state[0] if value is None else value)
        return result

    def places(self, state: Sequence[Any]) -> list[Any]:
        """C s: where the gradient is taken."""
        if self.points is None:
            return list(state[:self.width])
        found = [_combined(form, state) for form in self.points]
        return [0 * state[0] if value is None else value for value in found]


def _combined(form: Form, state: Sequence[Any]) -> Any:
    """The value of a linear form, None where it is empty."""
    total = None
    for place, c in form:
        term = state[place] if c == 1 else c * state[place]
        total = term if total is None else total + term
    return total


def state_steps(sgd: Run, quantity: Quantity, scalar: Callable[[Any], Any] = to_scalar, first: int = 0,
                ) -> tuple[StateStep, ...]:
    """The steps that lead to the quantity's own, from step `first` on."""
    made: dict[Any, StateStep] = {}
    found = []
    for t in range(first, int(quantity.step)):
        step, rates = sgd.update_for(quantity).step(t), sgd.rates(t)
        key = (step, rates)
        if key not in made:
            made[key] = state_step(sgd, step, rates, scalar)
        found.append(made[key])
    return tuple(found)


def state_step(sgd: Run, step: Step, rates: tuple[Any, ...], scalar: Callable[[Any], Any] = to_scalar) -> StateStep:
    """One step of the slots, for all weights."""
    sizes = [int(array.size) for array in sgd.model.parameters]
    width, count = sum(sizes), len(step.B)

    def values(powers: Powers) -> list[Any]:
        """The entry for each weight: arrays may have rates of their own."""
        if len(powers) < 2:
            return [scalar(powers[0]) if powers else Fraction(0)] * width
        return [entry for size, rate in zip(sizes, rates, strict=True)
                for entry in [scalar(_exact(at_rate(powers, rate)))] * size]

    linear = [[values(powers) for powers in row] for row in step.A]
    gain = [values(powers) for powers in step.B]
    points = None if step.at_weights else [values(powers) for powers in step.C]

    def form(entries: Sequence[Sequence[Any]], i: int) -> Form:
        return tuple((k * width + i, entries[k][i]) for k in range(count) if entries[k][i] != 0)

    return StateStep(tuple(form(linear[j], i) for j in range(count) for i in range(width)),
                     tuple(gain[j][i] for j in range(count) for i in range(width)),
                     None if points is None else tuple(form(points, i) for i in range(width)), width, step, rates)


def _exact(value: Any) -> Any:
    return sympy.expand(value) if isinstance(value, sympy.Basic) else Fraction(value)


def step_now(sgd: Run, quantity: Quantity, update: Update | None = None) -> StateStep | None:
    """The quantity's own step, for where its batch gradient is taken; None: at the weights.

    Args:
        update: what moves the state; by default the one that the quantity needs.
    """
    step = (update or sgd.update_for(quantity)).step(int(quantity.step))
    return None if step.at_weights else state_step(sgd, step, sgd.rates(int(quantity.step)))


def start_of_slots(sgd: Run, quantity: Quantity, weights: Sequence[Any]) -> list[Any]:
    """The state at the start from the entries of w_0, slot by slot."""
    update = sgd.update_for(quantity)
    state: list[Any] = []
    for slot in update.slots:
        start = update.start_of(slot)
        if isinstance(start, np.ndarray):
            state += list(start.flat)
        else:
            state += list(weights) if start is not None else [Fraction(0)] * len(weights)
    return state
