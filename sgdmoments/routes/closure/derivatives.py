"""A step of SGD undone without a matrix: a Taylor sum in FLINT, for many monomials and few steps.

    (T q)(s) = sum_gamma (D^gamma q / gamma!)(A s) E_B[g_B^gamma](C s),    D_i = sum_slots B d/ds_(slot, i),

one product of polynomials for each gamma up to the degree of q. The matrix of T on N monomials has N^2 entries; here
nothing larger than the means E_B[g_B^gamma] is ever formed, and letters of the data or the rates are coefficients
like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import flint

from sgdmoments.budget import Monitor, tick
from sgdmoments.describe.initial import Init, is_random
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.exact.long_sum import LongSum
from sgdmoments.exact.ring import Exponents, Polynomial, Ring, to_fmpq
from sgdmoments.recursion.initial_moments import StartMoments, VScalar, to_scalar
from sgdmoments.recursion.steps import Form, StateStep
from sgdmoments.routes.closure.operator import StepOperator, VPolynomial


class Derivatives:
    """Steps undone by derivatives; a state is a polynomial in the weights for each power of v.

    Args:
        operator: gives E_B[g_B^gamma].
        steps: those that lead to the quantity's own.
        monitor: told of every step.
    """

    name = "exact"

    def __init__(self, sgd: Run, operator: StepOperator, steps: Sequence[StateStep], quantity: Quantity,
                 monitor: Monitor) -> None:
        self.sgd, self.operator, self.steps, self.quantity, self.monitor = sgd, operator, steps, quantity, monitor
        self._ring = operator.ring
        self._means: dict[tuple[Any, Exponents], list[Any]] = {}

    def pull_back(self, observable: VPolynomial) -> VPolynomial:
        """(T_0 ... T_(t-1) q), by powers of v."""
        degree = max(map(self._degree, observable))
        self.operator.prepare(degree)
        ring = self.operator.ring
        for value in (*observable, *(c for step in set(self.steps) for c in step.coefficients)):
            ring = ring.union(value.ring) if isinstance(value, Polynomial) else ring
        if ring is not self._ring:
            self._ring, self._means = ring, {}
        state = [ring(part).raw for part in observable]
        steps = len(self.steps)
        for done, step in enumerate(reversed(self.steps)):
            self.monitor.update("undoing steps", done, steps, sum(map(len, state)), f"t = {done}")
            state = self._step(state, step, degree)
        return [Polynomial(ring, part) for part in state]

    def _degree(self, polynomial: Polynomial) -> int:
        count = len(self.operator.state)
        return max((int(sum(e[:count])) for e in polynomial.raw.monoms()), default=0)

    def _step(self, state: list[Any], step: StateStep, degree: int) -> list[Any]:
        """T applied to a state."""
        count = len(self.operator.gradient.weights)
        gain = [self._raw(c) for c in step.gain]
        # of one slot whose gradient has one factor, that factor is multiplied at the end
        common = gain[0] if len(gain) == count and all(g == gain[0] for g in gain) else None
        sums: dict[tuple[int, int], LongSum] = {}
        moved = None if step.is_shift else [self._combined(form) for form in step.linear] + [
            self._ring.generator(g).raw for g in self._ring.generators[len(step.linear):]]

        def derivative(part: Any, i: int) -> Any:
            if common is not None:
                return part.derivative(i)
            total = self._ring.zero.raw
            for j in range(i, len(gain), count):
                if step.gain[j] != 0:
                    total = total + part.derivative(j) * gain[j]
            return total

        def at(part: Any) -> Any:
            return part if moved is None or part.is_constant() else part.compose(*moved, ctx=self._ring.context)

        def visit(gamma: list[int], first: int, order: int, derivatives: list[Any]) -> None:
            for i in range(first, count):
                gamma[i] += 1
                own = [derivative(part, i) / gamma[i] for part in derivatives]
                if any(own):
                    placed = list(map(at, own))
                    for power, mean in enumerate(self._mean(tuple(gamma), step)):
                        for k, part in enumerate(placed):
                            if part and mean:
                                sums.setdefault((order, k + power), LongSum()).add(part * mean)
                                tick("undoing a step")
                    if order < degree:
                        visit(gamma, i, order + 1, own)
                gamma[i] -= 1

        visit([0] * count, 0, 1, state)
        highest = max((k for _, k in sums), default=0)
        result = [*map(at, state), *[self._ring.zero.raw] * max(highest + 1 - len(state), 0)]
        for (order, k), found in sorted(sums.items(), key=lambda item: item[0]):
            value = found.value(self._ring.zero.raw)
            result[k] = result[k] + (value if common is None else value * common**order)
        return [self._ring.reduced(part) for part in result]

    def _raw(self, c: Any) -> Any:
        return self._ring(c).raw if isinstance(c, Polynomial) else to_fmpq(Fraction(c))

    def _combined(self, form: Form) -> Any:
        return sum((self._ring.generator(self.operator.state[k]).raw * self._raw(c) for k, c in form),
                   self._ring.zero.raw)

    def _mean(self, gamma: Exponents, step: StateStep) -> list[Any]:
        key = (step.points, gamma)
        known = self._means.get(key)
        if known is None:
            known = [self._ring(part).raw for part in self.operator.batch_mean(gamma)]
            if step.points is not None:
                images = [*map(self._combined, step.points), *(self._ring.generator(g).raw for g in
                                                               self._ring.generators[len(step.points):])]
                known = [part.compose(*images, ctx=self._ring.context) for part in known]
            if self._ring is not self.operator.ring or step.points is not None:
                self._means[key] = known  # else the operator keeps what is dear to make
        return known

    def at_start(self, state: VPolynomial) -> VScalar:
        """The mean over the initial weights of each power of v."""
        start = StartMoments(self.sgd, self.quantity)
        return [_mean_over_start(self._in_weights(part, start), self.operator.gradient.weights, start.arrays)
                for part in state]

    def _in_weights(self, value: Polynomial, start: StartMoments) -> Polynomial:
        """The value with every slot replaced by where it starts, in the initial weights."""
        operator = self.operator
        count = len(operator.gradient.weights)
        if len(operator.state) == count:
            return value
        images: dict[Any, Any] = {}
        for j, letter in enumerate(operator.state[count:], count):
            entries = start.slots[j // count]
            images[letter] = value.ring.generator(operator.state[j % count]) if entries is None else entries[j % count]
        return _without(value.substitute(images), operator.state[count:])

    def sum_of_squares(self, states: Sequence[VPolynomial]) -> VPolynomial:
        """The sum of the squares of the states, a state of twice the degree."""
        total: list[Polynomial] = []
        for state in states:
            for i, a in enumerate(state):
                for j, b in enumerate(state):
                    while len(total) <= i + j:
                        total.append(a.ring.zero)
                    total[i + j] = total[i + j] + a * b
                    tick("squaring the mean")
        return total


def _without(value: Polynomial, letters: Sequence[Any]) -> Polynomial:
    """The same polynomial in a ring without the given letters, which do not occur."""
    return Ring(g for g in value.ring.generators if g not in set(letters))(value)


def _mean_over_start(value: Polynomial, weights: Sequence[Any], arrays: Sequence[tuple[int, Any]]) -> Any:
    """E of a polynomial in the weights over the initial ones: fixed entries put in, random arrays by their moments."""
    ring = Ring(g for g in value.ring.generators if g not in set(weights))
    numbers: list[Any] = []
    drawn: list[tuple[int, int, Init]] = []
    for size, initial in arrays:
        if is_random(initial):
            drawn.append((len(numbers), len(numbers) + size, initial))
            numbers += [Fraction(1)] * size
        else:
            numbers += list(initial)
    for entry in numbers:
        ring = ring.union(entry.ring) if isinstance(entry, Polynomial) else ring
    others = value.ring.generators[len(weights):]
    images = [*(ring(entry).raw for entry in numbers), *(ring.generator(g).raw for g in others)]
    if not drawn:
        return Polynomial(ring, value.raw.compose(*images, ctx=ring.context)).simplest()
    parts: dict[tuple[Exponents, ...], dict[Exponents, flint.fmpq]] = {}
    for e, c in value.raw.to_dict().items():
        key = tuple(tuple(map(int, e[start:stop])) for start, stop, _ in drawn)
        kept = list(e)
        for start, stop, _ in drawn:
            kept[start:stop] = [0] * (stop - start)
        parts.setdefault(key, {})[tuple(kept)] = c
    total: Any = Fraction(0)
    for exponents, part in parts.items():
        tick("averaging over the initial weights")
        factor: Any = Fraction(1)
        for own, (_, _, law) in zip(exponents, drawn, strict=True):
            factor = factor * to_scalar(law.moment(own))
        if factor:
            inner = value.ring.context.from_dict(part).compose(*images, ctx=ring.context)
            total = total + factor * Polynomial(ring, inner).simplest()
    return total.simplest() if isinstance(total, Polynomial) else total
