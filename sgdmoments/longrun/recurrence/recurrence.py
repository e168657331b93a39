"""Models linear in their weights: the worklist of graphs closes, and the derivation is a finite recurrence.

With a basis of products of graphs m₁, …, m_N the step back is a matrix A over ℚ[α, u, dimensions],

    E[m_i(W_(t+1)) given W_t] = Σ_j A_ij m_j(W_t),    E[q_t given W_0] = row · A^t · (m_1, …, m_N)(W_0),

so any t is a power of one matrix, and the generating function, the stationary value and the stability threshold
are rational in α and u. A covariance given as numbers satisfies its minimal polynomial, which closes the basis.

Assumptions: the gradient is linear in the weights (depth 1); a constant learning rate; fresh samples.

>>> import sgdmoments as sm
>>> least_squares = recurrence(sm.SGD(sm.Network(("p", 1), noise=sm.Gaussian())), sm.loss, "mean")
>>> least_squares.basis
((), (tr(R R.T),))
>>> least_squares.stationary()       # with u = 1/b
(_u*alpha/2 + alpha/2 - 1)/(_u*alpha*p + _u*alpha + alpha - 2)
>>> least_squares.threshold()
2/(_u*p + _u + 1)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from typing import Any

import flint
import sympy

from sgdmoments.budget import Budget, Monitor
from sgdmoments.describe.quantities import check_function, check_moment
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.errors import AssumptionError, InputError, RouteError
from sgdmoments.exact.conditional import Conditional
from sgdmoments.exact.linear import Matrix, Vector, determinant, irreducible_blocks, power, row_times, sub_matrix
from sgdmoments.exact.numbers import to_fraction
from sgdmoments.exact.rational import RationalFunction
from sgdmoments.exact.ring import INVERSE_BATCH, Polynomial, Ring, from_fmpq, to_fmpq
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.graph import Monomial, monomial_key, normal_form
from sgdmoments.graphs.labels import Dimension, Label
from sgdmoments.longrun.closed_form.limit import NoLimit, is_inside, limit_of
from sgdmoments.longrun.closed_form.system import LinearSystem
from sgdmoments.longrun.recurrence.convergence import GraphConvergence
from sgdmoments.longrun.recurrence.few_inputs import threshold_of_few_inputs
from sgdmoments.longrun.recurrence.threshold import GraphThreshold
from sgdmoments.reading import read_integer, read_symbol, shown
from sgdmoments.routes.symbolic.counts import read_counts
from sgdmoments.routes.symbolic.question import GraphQuestion
from sgdmoments.routes.symbolic.setting import Setting

#: A basis larger than this is taken for one that does not close.
LARGEST_BASIS = 400


@dataclass(frozen=True)
class GraphRecurrence:
    """E[q_t given W_0] = row · matrix^t · basis.

    Attributes:
        basis: products of graphs; the empty one, the number 1, comes first where it occurs.
        row: the coefficients of the question in the basis.
        matrix: one step, A.
        rate: the learning rate.
        sgd: the run.
        order: the order in the weights of the moments.
    """

    basis: tuple[Monomial, ...]
    row: Vector
    matrix: Matrix
    rate: Polynomial
    sgd: Run = field(repr=False, compare=False)
    order: int = 2

    @property
    def width(self) -> Dimension:
        """The number of inputs."""
        return self.sgd.model.law.parts[0].size

    @property
    def ring(self) -> Ring:
        """The ring of all entries."""
        return self.row[0].ring

    def at(self, t: int) -> Expression:
        """The moment at step t as an expression in the initial weights."""
        t = read_integer(t, "t", 0, "a step is an integer >= 0")
        row = row_times(self.row, power(self.matrix, t)) if t else self.row
        return Expression(dict(zip(self.basis, row, strict=True)), self.ring)

    def system(self, place: int) -> LinearSystem:
        """The coefficient of one basis element as a sequence in t."""
        start = tuple(self.ring.one if j == place else self.ring.zero for j in range(len(self.basis)))
        return LinearSystem(self.row, self.matrix, start)

    def generating_function(self, z: sympy.Symbol) -> dict[Monomial, RationalFunction]:
        """Σ_t z^t (coefficient at step t), for each product of graphs."""
        z = read_symbol(z, "z")
        return {m: self.system(k).generating_function(z) for k, m in enumerate(self.basis)}

    def limit(self, b: Any = None) -> dict[Monomial, RationalFunction]:
        """The limit as t → ∞, the coefficient of each product of graphs of the initial weights (zeros left out).

        With letters each is a `Conditional`: putting in numbers at which the moment diverges is an error.

        Raises `Diverges` where there is no limit.
        """
        size = None if b is None else to_fraction(b, "b")
        if size is not None and size < 1:
            raise InputError(f"b: found {b}; a batch size is at least 1.")
        condition = GraphConvergence(self)
        found = {}
        for k, m in enumerate(self.basis):
            try:
                value, bases = limit_of([self.system(k).restricted()])
            except NoLimit:
                raise condition.refusal({}) from None
            if not all(map(is_inside, (base for base in bases if not any(c.symbols for c in base)))):
                raise condition.refusal({})
            guarded = Conditional.under(value, replace(condition, place=k), direct=True)
            if value:
                found[m] = guarded if size is None else guarded.substitute({INVERSE_BATCH: 1 / size})
        return found

    def stationary(self, b: Any = None) -> RationalFunction:
        """The limit as t → ∞ where it is the same from all initial weights, and for all teachers.

        Raises `AssumptionError` where the limit depends on these, `Diverges` where there is none.
        """
        limit = self.limit(b)
        if any(limit):
            raise AssumptionError("the limit depends on the initial weights (or the teacher); limit() gives it by "
                                  "products of graphs.")
        return limit.get((), RationalFunction(self.ring.zero))

    def moving_blocks(self) -> tuple[Matrix, ...]:
        """The irreducible diagonal blocks of A but for the ones that are 1: graphs that the steps do not move."""
        blocks = (sub_matrix(self.matrix, block) for block in irreducible_blocks(self.matrix))
        return tuple(block for block in blocks if block != ((self.ring.one,),))

    def boundary(self) -> Polynomial:
        """det(1 − A) on the graphs that move: zero where the recurrence loses its stability.

        The map of second moments is positive, so its spectral radius is an eigenvalue, and the threshold is the
        least positive learning rate at which this determinant vanishes.
        """
        product = self.ring.one
        for block in self.moving_blocks():
            product = product * determinant(_one_minus(block))
        return product

    def threshold(self) -> GraphThreshold:
        """The stability threshold in α: the least positive root of the boundary, over all its factors."""
        (symbol,) = self.rate.symbols or (None,)
        if symbol is None or self.rate != self.ring.generator(symbol):
            raise AssumptionError(f"the threshold is found for a symbolic learning rate; found {self.rate}. Leave "
                                  "learning_rate out.")
        boundary = self.boundary()
        if not boundary:
            raise RouteError("the boundary vanishes: some combination of graphs is not moved by the steps.")
        factors = tuple(f for f, _ in boundary.factor()[1] if symbol in f.symbols and f != self.rate)
        return GraphThreshold(symbol, factors, self.moving_blocks(),
                              partial(threshold_of_few_inputs, self.sgd, self.order), self.width, self.order)


def _one_minus(a: Matrix) -> Matrix:
    return tuple(tuple(-entry + int(i == j) for j, entry in enumerate(row)) for i, row in enumerate(a))


def recurrence(sgd: Run, quantity: Callable[[int], Quantity], moment: str = "second_moment", *,
               budget: Budget | None = None) -> GraphRecurrence:
    """The finite recurrence of a moment of a model that is linear in its weights.

    Args:
        sgd: the run, with a constant learning rate, a network of depth 1 and fresh samples.
        quantity: a function of t: `gradient`, `full_gradient`, `weights` or `loss`.
        moment: "second_moment", or "mean" for the loss.
        budget: what the work may use.
    """
    if sgd.schedule.constant is None:
        raise AssumptionError("a recurrence with one matrix needs a constant learning rate.")
    if not sgd.update_for(check_function(quantity)(1)).is_plain:
        raise RouteError(f"a recurrence on graphs is made for plain SGD, not for {sgd.update_for(quantity(1))}; try "
                         "closed_form(...), for models of numbers.")
    with Monitor(budget) as monitor:
        return _recurrence(sgd, GraphQuestion(sgd, check_function(quantity)(1), monitor=monitor), check_moment(moment))


def _recurrence(sgd: Run, asked: GraphQuestion, moment: str) -> GraphRecurrence:
    degree = read_counts(sgd).degree
    if degree > 1:
        raise RouteError("the worklist closes for models linear in their weights only; the prediction of this one has "
                         f"degree {degree} in its weights. Try learning_rate_order=K for a series.")
    if asked.setting.finite:
        raise RouteError("the worklist of a finite data set does not close: each step adds products of its points. "
                         "Use closed_form(...), which has any t too.")
    if moment == "second_moment":
        expression = asked.second_moment_at_step()
    elif moment == "mean" and asked.quantity.kind == "loss":
        (expression,) = asked.arrays()
    else:
        raise RouteError(f"moment: found {shown(moment)}; a recurrence is made for second moments and the mean loss.")
    ring, propagator = asked.setting.ring, asked.setting.propagator(0)
    rate = ring(sgd.schedule.constant)
    reduced = PowersOfCovariance(asked.setting).reduced
    start = reduced(expression.in_ring(ring))
    images: dict[Monomial, Expression] = {}
    waiting = list(start.raw)
    while waiting:
        monomial = waiting.pop()
        if monomial in images:
            continue
        terms = Expression.from_raw(ring, {})
        for order in range(sum(map(propagator.update.degree, monomial)) + 1):
            terms = terms + Expression.from_raw(ring, propagator.part(monomial, order)) * rate**order
        images[monomial] = reduced(terms)
        waiting += images[monomial].raw
        propagator.monitor.update("worklist", len(images), terms=len(images))
        if len(images) > LARGEST_BASIS:
            raise RouteError(f"the worklist did not close within {LARGEST_BASIS} products of graphs; a covariance left "
                             "as a letter has infinitely many powers: give it as numbers.")
    basis = tuple(sorted(images, key=monomial_key))
    return GraphRecurrence(basis, tuple(start.coefficient(m) for m in basis),
                           tuple(tuple(images[m].coefficient(k) for k in basis) for m in basis), rate, sgd,
                           2 if moment == "mean" or asked.quantity.kind != "loss" else 4)


class PowersOfCovariance:
    """Σ^r in lower powers, by the minimal polynomial of a covariance that is known; nothing without one."""

    def __init__(self, setting: Setting) -> None:
        self.label = setting.covariance
        if self.label is not None:
            values = setting.known[self.label]
            size = len(values)
            matrix = flint.fmpq_mat([[to_fmpq(entry) for entry in row] for row in values])
            lead = [from_fmpq(flint.fmpq(c)) for c in matrix.minpoly().coeffs()]
            self.relation = [-c / lead[-1] for c in lead[:-1]]
            self._traces = [from_fmpq(sum(((matrix**k)[i, i] for i in range(size)), flint.fmpq(0)))
                            for k in range(len(self.relation))]

    def reduced(self, expression: Expression) -> Expression:
        """The expression with every power of Σ below the degree of its minimal polynomial, traces as numbers."""
        if self.label is None:
            return expression
        total = Expression({}, expression.ring)
        for monomial, c in expression.terms():
            product = Expression({(): c}, expression.ring)
            for graph in monomial:
                word = graph.parts[0][0] if graph.is_trace else ()
                product = product * (self._trace(word) if word else Expression({(graph,): 1}))
            total = total + product
        return total

    def _trace(self, word: tuple[Label, ...]) -> Expression:
        """tr of a cyclic word."""
        if all(letter is self.label for letter in word):
            powers = self._power(len(word))
            return Expression.constant(sum((c * t for c, t in zip(powers, self._traces, strict=True)), Fraction(0)))
        start = next(k for k in range(len(word)) if word[k] is not self.label)
        word = word[start:] + word[:start]
        terms: Mapping[tuple[Label, ...], Fraction] = {(): Fraction(1)}
        k = 0
        while k < len(word):
            run = 0
            while k + run < len(word) and word[k + run] is self.label:
                run += 1
            if run:
                assert self.label is not None
                terms = {(*w, *(self.label,) * j): c * d for w, c in terms.items()
                         for j, d in enumerate(self._power(run)) if d}
            else:
                terms = {(*w, word[k]): c for w, c in terms.items()}
            k += run or 1
        total = Expression()
        for w, c in terms.items():
            edges: list[Any] = [(x.T, (i + 1) % len(w), i) if x.transposed else (x, i, (i + 1) % len(w))
                                for i, x in enumerate(w)]
            total = total + Expression({normal_form(edges)[0]: c})
        return total

    def _power(self, exponent: int) -> list[Fraction]:
        """Σ^exponent in the powers 0, 1, … below the degree."""
        degree = len(self.relation)
        current = [Fraction(int(k == 0)) for k in range(degree)]
        for _ in range(exponent):
            top = current[-1]
            current = [(current[k - 1] if k else Fraction(0)) + top * self.relation[k] for k in range(degree)]
        return current
