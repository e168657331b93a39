"""`ClosedForm`: a moment at every t at once, for a constant learning rate.

E||q_t||^2 = row T^t start with the step operator's matrix T on the monomials of degree <= 2 in the weights; the
squared mean is a product sequence of the same kind. The letters alpha, v and those of the problem stay; v is c_b
for batches without replacement and 1/b otherwise.

Source: P0, Theorem 3.2, corrected, as one linear recurrence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import sympy

from sgdmoments.budget import Budget, Monitor, tick
from sgdmoments.describe.batches import Batches
from sgdmoments.describe.quantities import Given, check_function, check_moment
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.errors import AssumptionError, InputError, RouteError
from sgdmoments.exact.numbers import fresh_symbol, to_exact
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.exact.provenance import Provenance
from sgdmoments.exact.rational import RationalFunction
from sgdmoments.exact.ring import Polynomial, Ring, ring_of
from sgdmoments.longrun.closed_form.limit import limit
from sgdmoments.longrun.closed_form.powers import PowerTerm, collected, power_terms, radical_formula
from sgdmoments.longrun.closed_form.system import LinearSystem, pairs
from sgdmoments.reading import read_flag, read_integer, read_symbol, shown
from sgdmoments.recursion.initial_moments import initial_moments
from sgdmoments.routes.closure.kept import RULES, operator_of
from sgdmoments.routes.closure.linear import require_linear
from sgdmoments.routes.closure.observables import degree_of, observables

CONVENTIONS = ("loss with the factor 1/2", "batch gradient = mean over the batch", "variance = trace of the covariance")


@dataclass(frozen=True)
class Recurrence:
    """s_t = sum_k coefficients[k] s_(t-1-k) for t >= first; `initial` holds s_0, ..., s_(first-1)."""

    coefficients: tuple[Polynomial, ...]
    initial: tuple[Polynomial, ...]

    @property
    def first(self) -> int:
        """The first t at which the recurrence holds."""
        return len(self.initial)


@dataclass(frozen=True)
class ClosedForm:
    """A moment of SGD with a constant learning rate, as a function of t.

    Attributes:
        systems: the moment is the sum of these sequences row @ matrix^t @ start.
        v: the letter of the batch size: c_b = (n-b)/(b(n-1)) without replacement, else 1/b.
        batches: how a batch is drawn.
        question: e.g. "variance of g_t".
        order: the order in the weights of the moments that it needs, 1, 2 or 4.
        sgd: the run, for naming its stability threshold.
        letters: every letter that occurs, v among them.
        budget: what each question about it may use.

    >>> import sgdmoments as sm
    >>> sgd = sm.SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]), learning_rate="1/10", initial=[0])
    >>> closed = closed_form(sgd, sm.gradient)
    >>> closed.at(3) == sgd.variance(sm.gradient(3))
    True
    """

    systems: tuple[LinearSystem, ...]
    v: sympy.Symbol
    batches: Batches
    question: str = ""
    order: int = 2
    sgd: Run | None = field(default=None, repr=False, compare=False)
    budget: Budget | None = field(default=None, repr=False, compare=False)

    @cached_property
    def letters(self) -> tuple[sympy.Symbol, ...]:
        """The letters, v last."""
        return self.systems[0].ring.generators

    def in_v(self, t: int) -> Polynomial:
        """The moment at t as a polynomial in v and the other letters."""
        t = read_integer(t, "t", 0, "a step is an integer >= 0")
        with Monitor(self.budget):
            return sum((s.at(t) for s in self.systems), self.systems[0].ring.zero)

    def at(self, t: int) -> BatchPolynomial:
        """The moment at t as a polynomial in 1/b."""
        polynomial = self.in_v(t)
        receipt = Provenance(
            question=f"{self.question} at t = {t}", route="closed form",
            reason="constant learning rate, gradient linear in the weights", conventions=CONVENTIONS,
            sizes=(("systems", len(self.systems)), ("monomials", max(s.size for s in self.systems))), rules=RULES)
        ring = Ring(g for g in polynomial.ring.generators if g != self.v)
        entries = [ring(c) for c in polynomial.coefficients(self.v)]
        return self.batches.polynomial(entries, receipt)

    def value(self, t: int, b: Any) -> Any:
        """The moment at t and b, t as large as one likes: a Fraction, or a polynomial in the letters."""
        t = read_integer(t, "t", 0, "a step is an integer >= 0")
        with Monitor(self.budget):
            return sum((s.far(t) for s in self.at_batch_size(b).systems), self.systems[0].ring.zero).simplest()

    def at_batch_size(self, b: Any) -> ClosedForm:
        """The same at one batch size, without the letter v."""
        fixed = {self.v: self.systems[0].ring(self.noise(b))}
        return replace(self, systems=tuple(s.substituted(fixed) for s in self.systems))

    def noise(self, b: Any) -> Fraction:
        """v at batch size b."""
        return self.batches.value(b)

    def batch_size_of(self, v: Fraction) -> Fraction | None:
        """The batch size at which the letter v has this value; None where there is none, or n is a letter."""
        return self.batches.size_at(v)

    def generating_function(self, z: sympy.Symbol | None = None) -> RationalFunction:
        """sum_t s_t z^t as a rational function of z, v and the letters.

        Raises `BudgetExceeded` where the operator with letters is too large for its characteristic polynomial.
        """
        variable = self._variable("z", z)
        total = RationalFunction(0)
        with Monitor(self.budget):
            for system in self.systems:
                total = total + system.generating_function(variable)
        return total

    def recurrence(self) -> Recurrence:
        """The shortest linear recurrence in t, read off the reduced generating function."""
        z = self._variable("z", None)
        function = self.generating_function(z)
        ring = Ring(g for g in function.denominator.ring.generators if g != z)
        bottom = [ring(c) for c in function.denominator.coefficients(z)]
        scale = bottom[0].to_fraction()
        first = max(function.numerator.degree(z) + 1, len(bottom) - 1)
        with Monitor(self.budget):
            values = [s.first(max(first, 1)) for s in self.systems]
        initial = tuple(sum(row[1:], row[0]) for row in zip(*values, strict=True))
        return Recurrence(tuple(-c / scale for c in bottom[1:]), initial[:first])

    @cached_property
    def terms(self) -> tuple[PowerTerm, ...]:
        """The moment as sum_i K_i rho_i^t (with C(t, k) rho^(t-k) where an eigenvalue is repeated).

        Raises `RouteError` where an eigenvalue is not rational in the letters.
        """
        with Monitor(self.budget):
            return collected([term for system in self.systems for term in power_terms(system)])

    def formula(self, t: sympy.Expr | None = None, *, b: Any = None, n: Any = None, radicals: bool = False
                ) -> sympy.Expr:
        """The moment as a sympy expression in t: a sum of K_i rho_i^t.

        The K_i are rational in the letters. Where numbers put in for these make two rho_i equal, the formula is 0/0
        and its limit is meant: use `value(t, b)` or `at(t)` there.

        Args:
            t: the letter for t, an expression, or an integer >= 0; by default a symbol called t that is no letter of
                the problem.
            b: the batch size, a letter or number; where None the letter `v` stays.
            n: in place of the population, where a batch size is given.
            radicals: also where eigenvalues are irrational, by sympy's roots (unsimplified).
        """
        step = self._variable("t", t) if t is None or isinstance(t, sympy.Symbol) else _step(t)
        if read_flag(radicals, "radicals"):
            with Monitor(self.budget):
                result = sympy.Add(*(radical_formula(system, step) for system in self.systems))
        else:
            result = sympy.Add(*(term.to_sympy(step) for term in self.terms))
        if b is None and n is not None:
            raise InputError(f"n: found {shown(n)} and no batch size; give b too, or neither.")
        return result if b is None else result.xreplace({self.v: self.batches.expression(b, n)})

    def limit(self, b: Any = None) -> RationalFunction:
        """The limit as t grows: the coefficient of 1^t, where every other base lies inside the unit circle.

        Only the bases that this answer carries count: what the start does not reach has no part in it. With numbers
        this is decided exactly. Where letters decide it (v among them), the result is a `Conditional`: it knows
        the condition, and putting in numbers at which the moment diverges is an error.

        Args:
            b: a batch size; where None the letter `v` stays.

        Raises `Diverges` where there is no limit (at any batch size, or at b); it names the threshold.

        >>> import sgdmoments as sm
        >>> sgd = sm.SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]), learning_rate="3/10", initial=[0])
        >>> closed_form(sgd, sm.gradient).limit(2)
        10/51
        >>> closed_form(sgd, sm.gradient).limit(1)
        Traceback (most recent call last):
        sgdmoments.errors.Diverges: variance of g_t at b = 1: diverges as t grows; second moments converge for \
learning rates below 2/7.
        """
        with Monitor(self.budget):
            return limit(self, b)

    def _variable(self, name: str, given: Any) -> sympy.Symbol:
        if given is None:
            return fresh_symbol(name, set(self.letters))
        if read_symbol(given, name) in self.letters:
            raise InputError(f"{given} is a letter of the problem; use another one for {name}.")
        return given

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {sympy.latex(self.formula())}$"


def closed_form(sgd: Run, quantity: Callable[[int], Quantity], moment: str = "variance", *, given: Given = "initial",
                budget: Budget | None = None) -> ClosedForm | tuple[ClosedForm, ...]:
    """A moment as a function of t, for a constant learning rate and a model linear in its weights.

    Args:
        quantity: a function of t such as `gradient`, or ``lambda t: A @ weights(t)``.
        moment: "variance", "second_moment" or "mean"; the mean of an array is a tuple.
        given: as for `SGD.variance`, where the initial weights are random.

    Raises `AssumptionError` for a learning rate that varies, `RouteError` for a model not linear in its weights.
    """
    check_moment(moment)
    with Monitor(budget):
        return _closed_form(_Builder(sgd, check_function(quantity)(0), moment, budget), moment, given)


def _closed_form(builder: _Builder, moment: str, given: Given) -> ClosedForm | tuple[ClosedForm, ...]:
    if moment == "second_moment":
        return builder.closed([builder.system(builder.parts.square)])
    means = [builder.system([m]) for m in builder.parts.means]
    if moment == "mean":
        answers = tuple(builder.closed([system]) for system in means)
        return answers[0] if builder.parts.scalar else answers
    squares = [_negated(builder.squared(system, given)) for system in means]
    return builder.closed([builder.system(builder.parts.square), *squares])


def _step(t: Any) -> sympy.Expr:
    """A step as an expression: an integer >= 0, or an expression in letters."""
    if isinstance(t, sympy.Expr) and t.free_symbols:
        return to_exact(t, "t")
    return sympy.Integer(read_integer(t, "t", 0, "a step is an integer >= 0, a symbol or an expression in symbols"))


class _Builder:
    """The matrix, start and rows of one question, in one ring."""

    def __init__(self, sgd: Run, quantity: Quantity, moment: str, budget: Budget | None) -> None:
        rate = sgd.schedule.constant
        if rate is None:
            raise AssumptionError(f"a closed form in t needs a constant learning rate, found {sgd.schedule!r}; ask at "
                                  "a given t, or use trajectory().")
        update = sgd.update_for(quantity)
        if update.constant_from != 0:
            raise AssumptionError(f"a closed form in t needs the same step at every t, and {update} has others; ask at "
                                  "a given t, or use trajectory().")
        if quantity.scale_by_steps:
            raise RouteError("the closed form of an average with the divisor t + 1 is not made; ask at a given t, use "
                             "trajectory(), or average(t, decay=...).")
        require_linear(sgd, "a closed form in t", "recurrence(...), with at(t), generating_function(z) and limit()")
        self.question = f"{moment.replace('_', ' ')} of {str(quantity).replace('_0', '_t')}"
        degree = degree_of(quantity) * (1 if moment == "mean" else 2)
        with Monitor(budget) as monitor:
            operator = operator_of(sgd, degree, monitor.budget, quantity)
            by_rate = operator.parts(update.step(0))
        self.parts = observables(sgd, operator, quantity)
        self.operator = operator
        self.sgd, self.order, self.budget = sgd, degree, budget
        moments = initial_moments(sgd, operator.basis, quantity)
        start = [moments[e] for e in operator.basis]
        entries = [entry for by_v in by_rate for part in by_v for entry in part.values()]
        found = ring_of([rate, *start, *entries, *self.parts.means, *self.parts.square]).generators
        letters = tuple(s for s in found if s not in operator.state)
        self.v = sgd.batches.variable(letters)
        ring = self.ring = Ring((*letters, self.v))
        alpha, v = ring(rate), ring.generator(self.v)
        cells: dict[tuple[int, int], Any] = {}  # in FLINT's values: there are many
        for j, by_v in enumerate(by_rate):
            for k, part in enumerate(by_v):
                factor = (alpha**j * v**k).raw
                for place, entry in part.items():
                    tick("the matrix of a step")
                    term = ring(entry).raw * factor
                    cells[place] = cells[place] + term if place in cells else term
        rows = [[ring.zero] * operator.size for _ in range(operator.size)]
        for (row, column), value in cells.items():
            rows[row][column] = Polynomial(ring, value)
        self.matrix = tuple(map(tuple, rows))
        self.start = tuple(map(ring, start))

    def system(self, observable: list[Polynomial]) -> LinearSystem:
        """The sequence of an observable, given for each power of v."""
        row = [self.ring.zero] * self.operator.size
        for k, part in enumerate(observable):
            for exponents, value in self.operator.collect(part).items():
                place = self.operator.index[exponents]
                row[place] = row[place] + self.ring(value) * self.ring.generator(self.v) ** k
        return LinearSystem(tuple(row), self.matrix, self.start)

    def squared(self, system: LinearSystem, given: Given) -> LinearSystem:
        """The squared sequence; with random initial weights its mean over them where `given` is "initial"."""
        places, small = system.reached, system.restricted()
        basis, index = self.operator.basis, self.operator.index
        if given == "nothing":
            return small.squared([small.start[i] * small.start[j] for i, j in pairs(small.size)])
        sums = [tuple(a + b for a, b in zip(basis[places[i]], basis[places[j]], strict=True))
                for i, j in pairs(small.size)]
        return small.squared([self.start[index[exponents]] for exponents in sums])

    def closed(self, systems: list[LinearSystem]) -> ClosedForm:
        """The answer."""
        return ClosedForm(tuple(s.restricted() for s in systems), self.v, self.sgd.batches, self.question, self.order,
                          self.sgd, self.budget)


def _negated(system: LinearSystem) -> LinearSystem:
    return LinearSystem(tuple(-c for c in system.row), system.matrix, system.start)
