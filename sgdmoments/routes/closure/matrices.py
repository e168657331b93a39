"""Steps undone by the matrix of T on the monomials, in any arithmetic: for few monomials and many steps."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from sgdmoments.budget import Monitor, tick
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.describe.update import Step
from sgdmoments.exact.backends.base import PolynomialBackend
from sgdmoments.exact.backends.choose import choose
from sgdmoments.exact.ring import Polynomial
from sgdmoments.recursion.initial_moments import StartMoments, VScalar, to_scalar
from sgdmoments.recursion.steps import StateStep
from sgdmoments.routes.closure.operator import StepOperator, VPolynomial, monomials

#: A table of a backend.
State = Any


class Matrices:
    """Steps undone by matrices; a state is a table whose rows are the powers of v.

    Args:
        operator: gives the matrices.
        steps: those that lead to the quantity's own.
        arithmetic: "exact", "fractions" or "float".
        monitor: told of every step.
    """

    def __init__(self, sgd: Run, operator: StepOperator, steps: Sequence[StateStep], quantity: Quantity,
                 arithmetic: str, monitor: Monitor) -> None:
        self.sgd, self.operator, self.quantity, self.monitor = sgd, operator, quantity, monitor
        symbolic = bool(quantity.symbols) or any(
            isinstance(c, Polynomial) for step in set(steps) for c in step.coefficients) or any(
            isinstance(entry, Polynomial) for own in {step.step for step in steps} or {sgd.update_for(quantity).step(0)}
            for by_v in operator.parts(own) for part in by_v for entry in part.values())
        self._backend: PolynomialBackend[Any, Any] = choose(arithmetic, symbolic)
        self._steps = steps
        self._made: dict[tuple[StateStep, int], list[Any]] = {}

    @property
    def name(self) -> str:
        """The name of the arithmetic."""
        return self._backend.name

    def pull_back(self, observable: VPolynomial) -> State:
        """The coefficients of (T_0 ... T_(t-1) q) on the monomials of w_0, by powers of v."""
        operator, backend = self.operator, self._backend
        count = len(operator.state)
        rows = [{operator.index[e]: c for e, c in operator.collect(part).items()} for part in observable]
        degree = max((sum(operator.basis[i]) for row in rows for i in row), default=0)
        size = len(monomials(count, degree))
        table = backend.table(rows, size)
        steps = len(self._steps)
        return backend.run(table, [self._matrices(step, size) for step in reversed(self._steps)],
                           lambda done: self.monitor.update("undoing steps", done, steps, size * (done + 1),
                                                            f"t = {done}"))

    def _matrices(self, step: StateStep, size: int) -> list[Any]:
        """T for one step on the first `size` monomials, by powers of v."""
        if (step, size) not in self._made:
            rate = to_scalar(step.rates[0])
            self._made[step, size] = [self._backend.combine([(rate**j, matrix) for j, matrix in terms])
                                      for terms in self._parts(step.step, size)]
        return self._made[step, size]

    def _parts(self, step: Step, size: int) -> list[list[tuple[int, Any]]]:
        """For each power of v, the matrices of the powers j of the learning rate on the first monomials."""
        memo = self.sgd.memo.setdefault("parts", {})
        key = self.operator.order, self.operator.size, size, self.name, step
        if key not in memo:
            by_rate = self.operator.parts(step)
            found = memo[key] = []
            for k in range(max(map(len, by_rate))):
                leading = [(j, {place: entry for place, entry in by_v[k].items() if place[0] < size})
                           for j, by_v in enumerate(by_rate) if k < len(by_v)]
                terms = [(j, self._backend.matrix(entries, size, size)) for j, entries in leading if entries]
                if terms:
                    found.append(terms)
        return memo[key]

    def at_start(self, state: State) -> VScalar:
        """The mean over the initial weights of each row's polynomial."""
        moment = StartMoments(self.sgd, self.quantity)
        return self._backend.dot(state, lambda i: moment(self.operator.basis[i])) or [Fraction(0)]

    def sum_of_squares(self, states: Sequence[State]) -> State:
        """The rows of sum_r E[q_r | w_0]^2, a polynomial of twice the degree."""
        basis, index = self.operator.basis, self.operator.index
        total: list[dict[int, Any]] = []
        for rows in map(self._backend.rows, states):
            for d1, first in enumerate(rows):
                for d2, second in enumerate(rows):
                    while len(total) <= d1 + d2:
                        total.append({})
                    target = total[d1 + d2]
                    for i, a in first.items():
                        tick("squaring the mean")
                        for j, b in second.items():
                            k = index[tuple(x + y for x, y in zip(basis[i], basis[j], strict=True))]
                            target[k] = target[k] + a * b if k in target else a * b
        return self._backend.table(total, self.operator.size)
