"""The stationary law of the weights under a constant learning rate, to second order.

With w* the minimiser of L in the span of the data and N = mean_i grad L_i(w*) grad L_i(w*)^T, the stationary
covariance S solves (A1 - alpha (A2 + v A3)) S = alpha v N, and E w = w* + (1 - P) w_0 with P the projection onto
the span, outside of which the weights never move: rational functions of alpha and v, below the threshold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import sympy

from sgdmoments.budget import Budget, Monitor, tick
from sgdmoments.describe.quantities import check_function
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.describe.update import PLAIN
from sgdmoments.errors import AssumptionError, BudgetExceeded, InputError
from sgdmoments.exact.conditional import Conditional
from sgdmoments.exact.linear import solve
from sgdmoments.exact.numbers import to_fraction
from sgdmoments.exact.rational import RationalFunction
from sgdmoments.exact.ring import Exponents, Polynomial, ring_of
from sgdmoments.longrun.closed_form.system import pairs
from sgdmoments.longrun.stability.below import BelowThreshold
from sgdmoments.longrun.stability.pencil import Pencil, pencil
from sgdmoments.longrun.stability.unmoved import unmoved_start
from sgdmoments.reading import shown
from sgdmoments.routes.closure.observables import degree_of, observables

Vector = tuple[RationalFunction, ...]

#: The largest number of directions for which v (and alpha) may stay letters.
_DIRECTIONS = {1: 4, 2: 3}


@dataclass(frozen=True)
class Stationary:
    """Moments of the weights as t grows, where the learning rate is below the threshold.

    They are proved for every batch size, or for the one given; otherwise each result is a `Conditional`, and putting
    in numbers at which second moments diverge is an error.

    Attributes:
        learning_rate: the rate, a number or an expression in letters.
        batch_size: b where it was given, else None: then everything depends on the letter `v`.
        v: the letter of the batch size: c_b = (n-b)/(b(n-1)) without replacement, else 1/b.
        mean: E w, with the part of w_0 orthogonal to all x_i, which never moves (its mean where w_0 is random).
        noise: the covariance of w given w_0, without its condition; `covariance` has it.
        start: the covariance over a random w_0 of the part that never moves, by places; it adds to second moments.
        condition: what must hold; None where it is proved.
    """

    sgd: Run
    pencil: Pencil
    learning_rate: Any
    batch_size: Fraction | None
    mean: Vector
    noise: tuple[Vector, ...]
    start: tuple[Vector, ...] | None = None
    condition: BelowThreshold | None = None

    @property
    def v(self) -> sympy.Symbol:
        """The letter of the batch size."""
        return self.pencil.v

    @property
    def covariance(self) -> tuple[Vector, ...]:
        """The covariance of the weights given w_0."""
        return tuple(tuple(map(self._guarded, row)) for row in self.noise)

    def variance(self, quantity: Callable[[int], Quantity]) -> RationalFunction:
        """The stationary variance (trace of the covariance) of a quantity linear in the weights, e.g. `gradient`."""
        asked = check_function(quantity)(0)
        if degree_of(asked) > 1:
            raise InputError("the variance of the loss needs moments of order 4; use closed_form(loss).limit().")
        parts = observables(self.sgd, self.pencil.operator, asked)
        means = [self._expected(m) for m in parts.means]
        fixed = replace(self, start=None)  # given w_0, what never moves has no variance
        return self._guarded(fixed._second(parts.square) - sum((m * m for m in means), RationalFunction(0)))

    def second_moment(self, quantity: Callable[[int], Quantity]) -> RationalFunction:
        """The stationary E||q||^2 of a quantity linear in the weights."""
        asked = check_function(quantity)(0)
        if degree_of(asked) > 1:
            raise InputError("the second moment of the loss needs moments of order 4; use closed_form(loss).limit().")
        return self._guarded(self._second(observables(self.sgd, self.pencil.operator, asked).square))

    def expectation(self, quantity: Callable[[int], Quantity]) -> RationalFunction | Vector:
        """The stationary mean of a quantity, the loss among them."""
        parts = observables(self.sgd, self.pencil.operator, check_function(quantity)(0))
        means = tuple(self._guarded(self._expected(m)) for m in parts.means)
        return means[0] if parts.scalar else means

    def at(self, b: Any) -> Stationary:
        """The same at one batch size; `AssumptionError` where the learning rate is beyond the threshold there."""
        v = self.pencil.noise(b)
        condition = None
        if self.condition is not None:
            condition = replace(self.condition, noise=v)
            condition.check()
            condition = None if condition.proved else condition

        def put(vector: Vector) -> Vector:
            return tuple(entry.substitute({self.v: v}) for entry in vector)

        return replace(self, batch_size=to_fraction(b, "b"), mean=put(self.mean),
                       noise=tuple(map(put, self.noise)), condition=condition)

    def _guarded(self, value: RationalFunction) -> RationalFunction:
        """The value under the condition, where that is open."""
        return value if self.condition is None else Conditional.under(value, self.condition)

    def _second(self, square: list[Polynomial]) -> RationalFunction:
        v: Any = self.pencil.ring.generator(self.v) if self.batch_size is None else self.pencil.noise(self.batch_size)
        return sum((self._expected(part) * v**k for k, part in enumerate(square) if part), RationalFunction(0))

    def _expected(self, polynomial: Polynomial) -> RationalFunction:
        """E of a polynomial of degree <= 2 in the weights."""
        total = RationalFunction(0)
        for exponents, c in self.pencil.operator.collect(polynomial).items():
            total = total + self._moment(exponents) * c
        return total

    def _moment(self, exponents: Exponents) -> RationalFunction:
        places = [i for i, e in enumerate(exponents) for _ in range(e)]
        if not places:
            return RationalFunction(1)
        if len(places) == 1:
            return self.mean[places[0]]
        i, j = places
        second = self.noise[i][j] + self.mean[i] * self.mean[j]
        return second if self.start is None else second + self.start[i][j]


def stationary(sgd: Run, b: Any = None, budget: Budget | None = None) -> Stationary:
    """The stationary mean and covariance of the weights for a constant learning rate.

    Args:
        b: a batch size; where None, results are rational functions of v (few directions only).

    Raises `AssumptionError` where the learning rate varies, `Diverges` where it is not below the threshold at b (with
    a number for the rate and no b: at any batch size), `BudgetExceeded` where v cannot stay a letter.

    >>> import sgdmoments as sm
    >>> sgd = sm.SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]), learning_rate="1/10")
    >>> law = stationary(sgd)
    >>> law.mean[0], law.variance(sm.gradient), law.variance(sm.gradient).substitute({law.v: 1})
    (9/14, -10*c_b/(7*c_b - 46), 10/39)
    """
    with Monitor(budget):
        return _stationary(sgd, b, budget)


def _stationary(sgd: Run, b: Any, budget: Budget | None) -> Stationary:
    rate = sgd.schedule.constant
    if rate is None:
        raise AssumptionError(f"a stationary law needs a constant learning rate, found {shown(sgd.schedule)}.")
    if rate == 0:
        raise AssumptionError("the learning rate is 0: the weights never move.")
    system = pencil(sgd, budget, "a stationary law", "recurrence(...).stationary()")
    ring = system.ring.union(ring_of([rate]))
    letters = 1 + (not isinstance(rate, Fraction) or not system.is_rational)
    if b is None and system.rank > _DIRECTIONS[letters]:
        raise BudgetExceeded(
            f"stationary: {system.rank} directions with {letters} letters are more than the {_DIRECTIONS[letters]} "
            "that can be solved for.", {"directions": system.rank}, "the same at a given b: stationary(b=...).")
    condition: BelowThreshold | None = BelowThreshold(system, ring(rate), None if b is None else system.noise(b))
    assert condition is not None
    condition.check()
    if condition.proved:
        condition = None
    v: Any = ring.generator(system.v) if b is None else ring(system.noise(b))
    alpha = ring(rate)
    mean = _minimiser(system)
    noise = _noise(system, mean)
    scale = _common_denominator(noise)
    right = [alpha * v * ring(_numerator(entry, scale)) for entry in noise]
    growth = system.growth(system.ring.generator(system.v))
    chosen = {} if b is None else {system.v: system.noise(b)}
    left = tuple(tuple(ring(x) - alpha * ring(y.substitute(chosen)) for x, y in zip(r, s, strict=True))
                 for r, s in zip(system.first, growth, strict=True))
    z = [value / RationalFunction(scale) for value in solve(left, right)]
    covariance = system.covariance(z)
    unmoved, start = unmoved_start(sgd, system)
    return Stationary(sgd, system, rate, None if b is None else to_fraction(b, "b"),
                      tuple(x + y for x, y in zip(mean, unmoved, strict=True)),
                      tuple(tuple(RationalFunction(0) + entry for entry in row) for row in covariance), start,
                      condition)


def _minimiser(system: Pencil) -> Vector:
    """The minimiser of L in the span of the data: H U theta = k on the pivot rows."""
    parts, ring = system.operator.parts(PLAIN), system.ring
    zero = Fraction(0)

    def entry(i: int, column: int) -> Polynomial:
        return ring(parts[1][0].get((1 + i, column), zero))

    count, rank = len(system.basis), system.rank
    left = tuple(tuple(sum((-entry(i, 1 + a) * system.basis[a][k] for a in range(count)), ring.zero)
                       for k in range(rank)) for i in system.pivots)
    theta = solve(left, [entry(i, 0) for i in system.pivots])
    return tuple(sum((theta[k] * row[k] for k in range(rank) if row[k]), RationalFunction(0)) for row in system.basis)


def _noise(system: Pencil, mean: Vector) -> list[RationalFunction]:
    """N at the pivots: the coefficient of alpha^2 v in one step on the second moments of the point w*."""
    parts, operator = system.operator.parts(PLAIN), system.operator
    noise = parts[2][1] if len(parts[2]) > 1 else {}
    places = [(system.pivots[k], system.pivots[m]) for k, m in pairs(system.rank)]
    rows = {operator.index[tuple((a == i) + (a == j) for a in range(len(mean)))]: line
            for line, (i, j) in enumerate(places)}
    found = [RationalFunction(0)] * len(rows)
    for (row, column), value in noise.items():
        if row in rows:
            tick("the noise of a step")
            term = RationalFunction(system.ring(value))
            for w, e in zip(mean, operator.basis[column], strict=True):
                for _ in range(e):
                    term = term * w
            found[rows[row]] = found[rows[row]] + term
    return found


def _common_denominator(values: list[RationalFunction]) -> Polynomial:
    common = values[0].denominator
    for value in values[1:]:
        common = common * value.denominator.exact_quotient(common.gcd(value.denominator))
    return common


def _numerator(value: RationalFunction, common: Polynomial) -> Polynomial:
    return value.numerator * common.exact_quotient(value.denominator)
