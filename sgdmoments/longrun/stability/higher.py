"""Stability of moments of an even order, for any update: the least positive root of det(1 - T(alpha)).

On the homogeneous polynomials of degree m in the state, restricted to the span of the data in each slot, one step is
T(alpha) q(s) = E q(A s + B H_B C s), H_B the mean Hessian of the batch; for plain SGD E q((1 - alpha H_B) w). For even
m it maps nonnegative polynomials to such, so its spectral radius is an eigenvalue (Krein, Rutman): it is 1 at the
threshold and at no smaller rate. Whether it is below 1 before that is decided at one rate, by Schur and Cohn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import flint
import sympy

from sgdmoments.budget import Budget, Monitor, tick
from sgdmoments.describe.update import PLAIN, Step
from sgdmoments.errors import BudgetExceeded, InputError, RouteError
from sgdmoments.exact.interpolation import interpolated
from sgdmoments.exact.linear import Matrix, determinant, matrix, rational_matrix
from sgdmoments.exact.numbers import fresh_symbol, to_fraction
from sgdmoments.exact.rational import RationalFunction
from sgdmoments.exact.real_root import least_positive_root
from sgdmoments.exact.ring import Exponents, Polynomial, Ring, from_fmpq, ring_of, to_fmpq
from sgdmoments.exact.unit_circle import strictly_inside
from sgdmoments.longrun.stability.pencil import Pencil
from sgdmoments.longrun.stability.threshold import Threshold, least_batch_size
from sgdmoments.reading import read_symbol
from sgdmoments.routes.closure.operator import StepOperator, monomials

#: The largest number of moments for which the determinant is a polynomial in alpha, and for which it holds letters.
_LARGEST, _LARGEST_WITH_LETTERS = 70, 5


#: A characteristic polynomial of N moments takes about _SECONDS N^_POWER seconds.
_SECONDS, _POWER = 3e-8, 3.7


@dataclass(frozen=True)
class HigherStability:
    """Convergence of the moments of one even order, for each batch size; it covers the lower orders.

    The batch size at which a rate is stable is well defined: a batch of b is the mean of its batches of b - 1, so that
    E f falls with b for every convex f of the gradient (Jensen), and with it the spectral radius.

    Attributes:
        pencil: the span of the data.
        order: m.
        ring: the letters of the problem and v.
        v: the letter of the batch size: c_b without replacement, else 1/b.
        steps: steps[j] is the coefficient of alpha^j in T.
        budget: what each question may use.

    >>> import sgdmoments as sm
    >>> sgd = sm.SGD(sm.Network((1, 1), noise=sm.Gaussian()), initial={"W1*": [[1]]})
    >>> found = sgd.stability(order=4).threshold(1)
    >>> round(float(found), 5), found.root.polynomial
    (0.38345, (-4, 18, -60, 105))
    """

    pencil: Pencil
    order: int
    ring: Ring
    v: sympy.Symbol
    steps: tuple[Matrix, ...]
    budget: Budget | None = field(default=None, repr=False, compare=False)

    @property
    def size(self) -> int:
        """The number of moments of this order."""
        return len(self.steps[0])

    def is_stable(self, learning_rate: Any, b: Any) -> bool:
        """Whether the moments of this order converge at this learning rate and batch size, on the span of the data."""
        return self.is_stable_at(to_fraction(learning_rate, "learning_rate"), self.pencil.noise(b))

    def is_stable_at(self, rate: Fraction, v: Fraction) -> bool:
        """The same at a value of the letter v."""
        monitor = Monitor(self.budget)
        monitor.require(f"the characteristic polynomial of {self.size} moments of order {self.order}",
                        {"seconds": _SECONDS * self.size**_POWER}, "fewer features, or a smaller order.")
        with monitor:
            alpha, steps = to_fmpq(rate), self._at(v)
            total = steps[-1]
            for step in steps[-2::-1]:
                total = total * alpha + step
            return alpha > 0 and strictly_inside(total.charpoly())

    def threshold(self, b: Any, width: Any = None) -> Threshold:
        """The learning rate below which the moments converge at batch size b; its `root` is the algebraic number.

        It is 0 where the system is not stable at small rates.

        Raises `InputError` where the problem has letters (see `boundary`), `BudgetExceeded` for many weights.
        """
        with Monitor(self.budget):
            root = least_positive_root(self.polynomial(b))
        if not self.is_stable(Fraction(1) if root is None else root.low / 2, b):
            low = high = Fraction(0)
        elif root is None:
            raise RouteError("moments of this order converge at every learning rate.")
        else:
            low, high = root.low, root.high
        found = Threshold(low, high, self.pencil.noise(b), to_fraction(b, "b"), self, root if low else None)
        return found if width is None else found.refine(width)

    def least_batch_size(self, learning_rate: Any) -> int | None:
        """The least b from which on the moments converge at this learning rate; None where there is none."""
        return least_batch_size(self, self.pencil, to_fraction(learning_rate, "learning_rate"))

    def polynomial(self, b: Any) -> tuple[Fraction, ...]:
        """det(1 - T(alpha)) at batch size b without its factors alpha, coefficients of 1, alpha, ..."""
        if self.size > _LARGEST:
            raise BudgetExceeded(
                f"threshold: {self.size} moments of order {self.order} are more than {_LARGEST}.",
                {"moments": self.size}, "one learning rate: stability(order=...).is_stable(learning_rate, b).")
        steps = self._at(self.pencil.noise(b))
        one = flint.fmpq_mat(self.size, self.size, [int(i == j) for i in range(self.size) for j in range(self.size)])
        rest = [one - steps[0], *(-1 * step for step in steps[1:])]
        if rest[0] == 0 * one:  # as of plain SGD: every row holds a factor alpha
            rest = rest[1:]

        def value(alpha: int) -> Fraction:
            tick("determinants of a step")
            total = rest[-1]
            for step in rest[-2::-1]:
                total = total * alpha + step
            return from_fmpq(total.det())

        found = interpolated(value, self.size * (len(rest) - 1))
        first = next((k for k, c in enumerate(found) if c), 0)
        return found[first:]

    def boundary(self, alpha: sympy.Symbol | None = None) -> Polynomial:
        """det(1 - T(alpha)) without factors alpha, a polynomial in alpha, v and the letters; for few moments."""
        if self.size > _LARGEST_WITH_LETTERS:
            raise RouteError(f"with {self.size} moments the polynomial is large; use polynomial(b) or threshold(b).")
        letter = fresh_symbol("alpha", set(self.ring.generators)) if alpha is None else read_symbol(alpha, "alpha")
        if letter in self.ring.generators:
            raise InputError(f"{letter} is a letter of the problem; use another one for the learning rate.")
        ring = self.ring.union(Ring((letter,)))
        rate = ring.generator(letter)
        span = range(self.size)

        def entry(i: int, j: int) -> Polynomial:
            total = ring.one * int(i == j)
            for k, step in enumerate(self.steps):
                total = total - ring(step[i][j]) * rate**k
            return total

        rows = [[entry(i, j) for j in span] for i in span]
        shared = [all(not e.coefficients(letter)[0] for e in row) for row in rows]
        found = determinant(tuple(tuple(e.exact_quotient(rate) if out and e else e for e in row)
                                  for row, out in zip(rows, shared, strict=True)))
        parts = found.coefficients(letter)
        first = next((k for k, c in enumerate(parts) if c), 0)
        return sum((c * rate**(k - first) for k, c in enumerate(parts) if k >= first), ring.zero)

    def formula(self) -> RationalFunction:
        """Not rational here: always `RouteError`, which names `boundary`."""
        raise RouteError(f"a threshold of order {self.order} is algebraic in v: use boundary() for its equation, or "
                         "threshold(b).")

    @cached_property
    def _letters(self) -> list[str]:
        found = {s for step in self.steps for row in step for entry in row for s in entry.symbols} - {self.v}
        return sorted(map(str, found))

    def _at(self, v: Fraction) -> list[flint.fmpq_mat]:
        if self._letters:
            raise InputError(f"the problem has the letters {', '.join(self._letters)}; numbers are needed here.")
        tick("numbers for letters")
        return [rational_matrix(tuple(tuple(entry.substitute({self.v: v}) for entry in row) for row in step))
                for step in self.steps]


def higher_stability(system: Pencil, operator: StepOperator, taken: frozenset[sympy.Symbol], step: Step = PLAIN,
                     ) -> HigherStability:
    """Stability of the operator's order, an even number.

    Args:
        system: the span of the data.
        operator: the closure operator of that order.
        taken: the user's symbols.
        step: the step of the slots.
    """
    parts, order = operator.parts(step), operator.order
    letters = ring_of([entry for by_v in parts for part in by_v for entry in part.values()]).generators
    v = system.batches.variable({*letters, *taken})
    ring = Ring((*letters, v))
    slots = len(step.B)
    local = [e for e in monomials(slots * system.rank, order) if sum(e) == order]
    place = {e: i for i, e in enumerate(local)}
    count = len(system.basis)
    rows: dict[int, int] = {}
    for i, e in enumerate(local):
        ambient = [0] * (slots * count)
        for k, power in enumerate(e):
            slot, direction = divmod(k, system.rank)
            ambient[slot * count + system.pivots[direction]] = power
        rows[operator.index[tuple(ambient)]] = i
    images: dict[int, list[tuple[int, Any]]] = {}
    steps = []
    for by_v in parts:
        rows_of = [[ring.zero] * len(local) for _ in local]
        for k, part in enumerate(by_v):
            for (row, column), entry in part.items():
                if row in rows and sum(operator.basis[column]) == order:
                    if column not in images:
                        images[column] = [(place[e], c) for e, c in _on_span(system, operator.basis[column])]
                    value = ring(entry) * ring.generator(v) ** k
                    for j, c in images[column]:
                        rows_of[rows[row]][j] = rows_of[rows[row]][j] + value * c
        steps.append(matrix(ring, rows_of))
    return HigherStability(system, order, ring, v, tuple(steps))


def _on_span(system: Pencil, exponents: Exponents) -> Iterator[tuple[Exponents, Any]]:
    """A monomial of the state, w = U theta in each slot, as a polynomial in the thetas."""
    count = len(system.basis)
    terms: dict[Exponents, Any] = {(0,) * (len(exponents) // count * system.rank): Fraction(1)}
    for place, power in enumerate(exponents):
        slot, i = divmod(place, count)
        for _ in range(power):
            grown: dict[Exponents, Any] = {}
            for e, c in terms.items():
                for k, factor in enumerate(system.basis[i], slot * system.rank):
                    if factor:
                        key = (*e[:k], e[k] + 1, *e[k + 1:])
                        grown[key] = grown.get(key, Fraction(0)) + factor * c
            terms = grown
    return iter(terms.items())
