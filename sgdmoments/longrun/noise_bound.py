"""The constants of the usual noise assumption, var(g | w) <= M + M_V ||grad L(w)||^2 for all w: the best ones.

Given w, var(g | w) = v (mean_i ||grad L_i||^2 - ||grad L||^2) with v = c_b (1/b for independent draws), so the
difference of the two sides is a quadratic function w^T Q w + 2 l^T w + k. It is bounded above exactly if Q is
negative semidefinite and l lies in its range; the least M is then k - l^T Q^+ l. Q falls as M_V grows.
Source: the question is Section 5 of P0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import flint
import sympy

from sgdmoments.budget import Budget, Monitor, tick
from sgdmoments.describe.quantities import full_gradient, gradient
from sgdmoments.describe.run import Run
from sgdmoments.errors import AssumptionError, InputError
from sgdmoments.exact import display
from sgdmoments.exact.conditional import Conditional
from sgdmoments.exact.linear import Matrix, determinant, dot, rational_matrix, solve
from sgdmoments.exact.numbers import fresh_symbol, to_fraction
from sgdmoments.exact.rational import RationalFunction
from sgdmoments.exact.ring import Exponents, Polynomial, Ring, from_fmpq, to_fmpq
from sgdmoments.longrun.stability.pencil import Pencil, pencil
from sgdmoments.longrun.stability.threshold import is_positive_definite, simplest_between
from sgdmoments.reading import read_sequence, read_symbol, shown_fields
from sgdmoments.routes.closure.observables import observables

Quadratic = tuple[Matrix, tuple[Polynomial, ...], Polynomial]

#: Relative width to which the least M_V is enclosed by default.
_WIDTH = Fraction(1, 10**9)


@dataclass(frozen=True, slots=True)
class LeastConstant:
    """The least M for one M_V, attained at `maximiser`.

    Attributes:
        slope: M_V.
        value: M.
        maximiser: a point w (in the span of the data) at which both sides are equal.
    """

    slope: Fraction
    value: Fraction
    maximiser: tuple[Fraction, ...]

    def __repr__(self) -> str:
        return shown_fields(self)


@dataclass(frozen=True)
class NoiseBound:
    """The pairs (M_V, M) for which var(g | w) <= M + M_V ||grad L(w)||^2 holds for every w.

    Attributes:
        pencil: the span of the data and the letter v.
        variance: (Q, l, k) of var(g | w) / v on the span, in coordinates theta, w = U theta.
        gradient: (Q, l, k) of ||grad L(w)||^2.

    >>> import sgdmoments as sm
    >>> bound = noise_bound(sm.SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2])))
    >>> bound.least(1, b=1).value, bound.slope_threshold(b=1)
    (Fraction(1, 6), (Fraction(1, 2), Fraction(1, 2)))
    """

    pencil: Pencil
    variance: Quadratic
    gradient: Quadratic

    def least(self, slope: Any, b: Any) -> LeastConstant:
        """The least M for the given M_V = `slope` at batch size b.

        Raises `AssumptionError` where no M will do, M_V being too small; `InputError` for letters in the problem.
        """
        value = to_fraction(slope, "M_V")
        found = self.at_numbers(value, self.pencil.noise(b))
        if found is None:
            low, high = self.slope_threshold(b)
            raise AssumptionError(
                f"no M satisfies var(g | w) <= M + M_V ||grad L(w)||^2 for all w at b = {b} with M_V = {value}: M_V "
                f"must be at least about {float((low + high) / 2):.6g}.")
        top, point = found
        theta = [from_fmpq(point[i, 0]) for i in range(point.nrows())]
        rows = [[entry.to_fraction() for entry in row] for row in self.pencil.basis]
        return LeastConstant(value, top, tuple(
            sum((a * x for a, x in zip(row, theta, strict=True)), Fraction(0)) for row in rows))

    def slope_threshold(self, b: Any, width: Any = None) -> tuple[Fraction, Fraction]:
        """The infimum of the M_V for which an M exists, enclosed: none exists below low, one exists above high.

        It is the largest root of det(v V - M_V G), V and G the quadratic parts of var(g | w)/v and ||grad L||^2;
        low = high where it is found to be rational.

        Args:
            width: the greatest width of the enclosure; by default 10^-9 of the value.
        """
        v = self.pencil.noise(b)
        if not v:
            return Fraction(0), Fraction(0)
        upper = self._numbers(self.variance)[0] * to_fmpq(v)
        lower = self._numbers(self.gradient)[0]
        size = upper.nrows()

        def feasible(slope: Fraction) -> bool:
            difference = to_fmpq(slope) * lower - upper
            return is_positive_definite([[difference[i, j] for j in range(size)] for i in range(size)])

        if not any(upper[i, j] for i in range(size) for j in range(size)):
            return Fraction(0), Fraction(0)
        low, high = Fraction(0), Fraction(1)
        while not feasible(high):
            low, high = high, 2 * high
        while not low and feasible(high / 2**20):
            high /= 2**20
        target = None if width is None else to_fraction(width, "width")
        if target is not None and target <= 0:
            raise InputError(f"width: found {width}; a width is positive.")
        while high - low > (high * _WIDTH if target is None else target):
            middle = (low + high) / 2
            low, high = (low, middle) if feasible(middle) else (middle, high)
        value = simplest_between(low, high) if low else high
        at_value = upper - to_fmpq(value) * lower
        exact = at_value.det() == 0 and _is_negative_semidefinite(at_value)  # a root, and none above it
        return (value, value) if exact else (low, high)

    def curve(self, b: Any, slopes: Sequence[Any] | None = None) -> tuple[LeastConstant, ...]:
        """The least M for each M_V; by default 27 values above the least feasible M_V, to 65 times it."""
        if slopes is None:
            high = self.slope_threshold(b)[1] or Fraction(1)
            slopes = [high * (1 + Fraction(2) ** k) for k in range(-20, 7)]
        return tuple(self.least(slope, b) for slope in read_sequence(slopes, "slopes", "a list of M_V is needed"))

    def formula(self, slope: sympy.Symbol | None = None) -> RationalFunction:
        """The least M as a rational function of M_V, v and the letters; up to 3 directions.

        It is a `Conditional`: putting in numbers at which M_V is too small for any M is an error.
        """
        if self.pencil.rank > 3:
            raise InputError(f"formula: {self.pencil.rank} directions make a large formula; use least(M_V, b).")
        ring = self.pencil.ring
        letter = fresh_symbol("M_V", set(ring.generators)) if slope is None else read_symbol(slope, "slope")
        if letter in ring.generators:
            raise InputError(f"{letter} is a letter of the problem; use another one for M_V.")
        ring = ring.union(Ring((letter,)))
        v, m = ring.generator(self.pencil.v), ring.generator(letter)

        def mixed(x: Polynomial, y: Polynomial) -> Polynomial:
            return v * ring(x) - m * ring(y)

        q = tuple(tuple(map(mixed, r, s)) for r, s in zip(self.variance[0], self.gradient[0], strict=True))
        l = tuple(map(mixed, self.variance[1], self.gradient[1]))
        if not determinant(q):
            raise AssumptionError("the quadratic form is singular for every M_V.")
        theta = solve(q, l)
        k = RationalFunction(mixed(self.variance[2], self.gradient[2]))
        least = k - sum((x * y for x, y in zip(l, theta, strict=True)), RationalFunction(0))
        return Conditional.under(least, Feasible(self, letter), direct=True)

    def at_numbers(self, slope: Fraction, v: Fraction) -> tuple[Fraction, flint.fmpq_mat] | None:
        """The least M and the place on the span where it is attained; None where no M will do."""
        q, l, k = self._difference(slope, v)
        point = _maximiser(q, l)
        return None if point is None else (from_fmpq(k + (l.transpose() * point)[0, 0]), point)

    def substituted(self, values: Mapping[sympy.Symbol, Fraction]) -> NoiseBound:
        """The same with letters replaced by numbers."""
        def put(quadratic: Quadratic) -> Quadratic:
            q, l, k = quadratic
            return (tuple(tuple(x.substitute(values) for x in row) for row in q),
                    tuple(x.substitute(values) for x in l), k.substitute(values))

        return replace(self, pencil=self.pencil.substituted(values), variance=put(self.variance),
                       gradient=put(self.gradient))

    def plot(self, batch_sizes: Sequence[int], ax: Any = None) -> Any:
        """The curve M(M_V) for several batch sizes; see `sgdmoments.show.noise_plot.plot_noise_bound`."""
        return display.plot(self, batch_sizes, ax)

    def _numbers(self, quadratic: Quadratic) -> tuple[flint.fmpq_mat, flint.fmpq_mat, flint.fmpq]:
        q, l, k = quadratic
        found = {x for entry in (*(entry for row in q for entry in row), *l, k) for x in entry.symbols}
        if found:
            raise InputError(f"the problem has the letters {', '.join(sorted(map(str, found)))}; use formula(), or "
                             "give numbers.")
        return rational_matrix(q), rational_matrix((l,)).transpose(), to_fmpq(k.to_fraction())

    def _difference(self, slope: Fraction, v: Fraction) -> tuple[flint.fmpq_mat, flint.fmpq_mat, flint.fmpq]:
        above, below = self._numbers(self.variance), self._numbers(self.gradient)
        x, y = to_fmpq(v), to_fmpq(slope)
        return above[0] * x - below[0] * y, above[1] * x - below[1] * y, above[2] * x - below[2] * y


@dataclass(frozen=True)
class Feasible:
    """The condition that some M exists for M_V, the letter `slope`."""

    bound: NoiseBound
    slope: sympy.Symbol

    @property
    def letters(self) -> tuple[sympy.Symbol, ...]:
        """M_V, v and the letters of the two quadratic functions."""
        found = {self.slope, self.bound.pencil.v}
        for q, l, k in (self.bound.variance, self.bound.gradient):
            found |= {s for x in (*(x for row in q for x in row), *l, k) for s in x.symbols}
        return tuple(sorted(found, key=str))

    @property
    def needed(self) -> frozenset[sympy.Symbol]:
        """All of them."""
        return frozenset(self.letters)

    def decide(self, values: Mapping[sympy.Symbol, Fraction]) -> RationalFunction:
        """The least M at these numbers; `AssumptionError` where there is none."""
        found = self.bound.substituted(values).at_numbers(values[self.slope], values[self.bound.pencil.v])
        if found is None:
            raise AssumptionError(f"no M exists for M_V = {values[self.slope]} there: it is below the least feasible "
                                  "M_V; see slope_threshold(b).")
        return RationalFunction(found[0])

    def __str__(self) -> str:
        return f"{self.slope} is at least slope_threshold(b)"


def noise_bound(sgd: Run, budget: Budget | None = None) -> NoiseBound:
    """The noise assumption's constants for a model linear in its weights; rates and initial weights play no part."""
    with Monitor(budget):
        return _noise_bound(sgd, budget)


def _noise_bound(sgd: Run, budget: Budget | None) -> NoiseBound:
    sgd = sgd.as_plain()  # the bound is about one gradient, whatever it moves
    system = pencil(sgd, budget, "the noise bound", "")
    total = observables(sgd, system.operator, gradient(0)).square
    mean = observables(sgd, system.operator, full_gradient(0)).square[0]
    variance = total[1] if len(total) > 1 else system.operator.ring.zero  # of order 1 in v; none where n = 1
    return NoiseBound(system, _quadratic(system, variance), _quadratic(system, mean))


def _quadratic(system: Pencil, polynomial: Polynomial) -> Quadratic:
    """(Q, l, k) of theta -> polynomial(U theta) = theta^T Q theta + 2 l^T theta + k."""
    ring, count = system.ring, len(system.basis)
    found: dict[Exponents, Any] = dict(system.operator.collect(polynomial))
    for value in found.values():
        if isinstance(value, Polynomial):
            ring = ring.union(value.ring)
    basis = tuple(tuple(ring(entry) for entry in row) for row in system.basis)

    def coefficient(*places: int) -> Polynomial:
        return ring(found.get(tuple(sum(p == a for p in places) for a in range(count)), Fraction(0)))

    q = [[coefficient(i, j) / (1 if i == j else 2) for j in range(count)] for i in range(count)]
    l = [coefficient(i) / 2 for i in range(count)]
    columns = [tuple(row[k] for row in basis) for k in range(system.rank)]
    images = []
    for column in columns:
        tick("a quadratic form on the span of the data")
        images.append([dot(row, column) for row in q])
    return (tuple(tuple(dot(x, image) for image in images) for x in columns),
            tuple(dot(l, column) for column in columns), coefficient())


def _maximiser(q: flint.fmpq_mat, l: flint.fmpq_mat) -> flint.fmpq_mat | None:
    """A maximiser of x^T q x + 2 l^T x, or None where it is unbounded: q must be <= 0 with l in its range."""
    size = q.nrows()
    if is_positive_definite([[-q[i, j] for j in range(size)] for i in range(size)]):
        return -1 * q.solve(l)
    if not _is_negative_semidefinite(q):
        return None
    extended = flint.fmpq_mat(size, size + 1, [q[i, j] if j < size else -l[i, 0] for i in range(size)
                                               for j in range(size + 1)])
    echelon, rank = extended.rref()
    point = flint.fmpq_mat(size, 1)
    for row in range(rank):
        pivot = next(j for j in range(size + 1) if echelon[row, j])
        if pivot == size:  # 0 = 1: l is not in the range
            return None
        point[pivot, 0] = echelon[row, size]
    return point


def _is_negative_semidefinite(q: flint.fmpq_mat) -> bool:
    """Every coefficient of det(x - q), constant first, has the sign of a polynomial without positive root."""
    return all(c >= 0 for c in q.charpoly().coeffs())  # q is symmetric: all its roots are real
