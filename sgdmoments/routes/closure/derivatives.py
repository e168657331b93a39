"""A step of SGD undone without a matrix: a Taylor sum in FLINT, for many monomials and few steps.

    (T q)(w) = sum_gamma (-alpha)^|gamma| (d^gamma q / gamma!)(w) E_B[g_B^gamma],

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
from sgdmoments.describe.quantities import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.exact.long_sum import LongSum
from sgdmoments.exact.ring import Exponents, Polynomial, Ring, to_fmpq
from sgdmoments.recursion.initial_moments import VScalar, initial_arrays, to_scalar
from sgdmoments.routes.closure.operator import StepOperator, VPolynomial


class Derivatives:
    """Steps undone by derivatives; a state is a polynomial in the weights for each power of v.

    Args:
        operator: gives E_B[g_B^gamma].
        rates: alpha_0, ..., alpha_(t-1), Fractions or ring elements.
        monitor: told of every step.
    """

    name = "exact"

    def __init__(self, sgd: Run, operator: StepOperator, rates: Sequence[Any], quantity: Quantity,
                 monitor: Monitor) -> None:
        self.sgd, self.operator, self.rates, self.quantity, self.monitor = sgd, operator, rates, quantity, monitor
        self._ring = operator.ring
        self._means: dict[Exponents, list[Any]] = {}

    def pull_back(self, observable: VPolynomial) -> VPolynomial:
        """(T_0 ... T_(t-1) q), by powers of v."""
        degree = max(map(self._degree, observable))
        self.operator.prepare(degree)
        ring = self.operator.ring
        for value in (*observable, *self.rates):
            ring = ring.union(value.ring) if isinstance(value, Polynomial) else ring
        if ring is not self._ring:
            self._ring, self._means = ring, {}
        state = [ring(part).raw for part in observable]
        steps = len(self.rates)
        for done, rate in enumerate(reversed(self.rates)):
            self.monitor.update("undoing steps", done, steps, sum(map(len, state)), f"t = {done}")
            state = self._step(state, ring(rate).raw if isinstance(rate, Polynomial) else to_fmpq(rate), degree)
        return [Polynomial(ring, part) for part in state]

    def _degree(self, polynomial: Polynomial) -> int:
        count = len(self.operator.gradient.weights)
        return max((int(sum(e[:count])) for e in polynomial.raw.monoms()), default=0)

    def _step(self, state: list[Any], rate: Any, degree: int) -> list[Any]:
        """T applied to a state."""
        count = len(self.operator.gradient.weights)
        sums: dict[tuple[int, int], LongSum] = {}

        def visit(gamma: list[int], first: int, order: int, derivatives: list[Any]) -> None:
            for i in range(first, count):
                gamma[i] += 1
                own = [part.derivative(i) / gamma[i] for part in derivatives]
                if any(own):
                    for power, mean in enumerate(self._mean(tuple(gamma))):
                        for k, part in enumerate(own):
                            if part and mean:
                                sums.setdefault((order, k + power), LongSum()).add(part * mean)
                                tick("undoing a step")
                    if order < degree:
                        visit(gamma, i, order + 1, own)
                gamma[i] -= 1

        visit([0] * count, 0, 1, state)
        highest = max((k for _, k in sums), default=0)
        result = [*state, *[self._ring.zero.raw] * max(highest + 1 - len(state), 0)]
        for (order, k), found in sorted(sums.items(), key=lambda item: item[0]):
            result[k] = result[k] + found.value(self._ring.zero.raw) * (-rate) ** order
        return [self._ring.reduced(part) for part in result]

    def _mean(self, gamma: Exponents) -> list[Any]:
        known = self._means.get(gamma)
        if known is None:
            known = [self._ring(part).raw for part in self.operator.batch_mean(gamma)]
            if self._ring is not self.operator.ring:  # else the operator keeps what is dear to make
                self._means[gamma] = known
        return known

    def at_start(self, state: VPolynomial) -> VScalar:
        """The mean over the initial weights of each power of v."""
        arrays = initial_arrays(self.sgd, self.quantity)
        result: VScalar = []
        for part in state:
            result.append(_mean_over_start(part, self.operator.gradient.weights, arrays))
        return result

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
