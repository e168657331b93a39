"""The limit of a closed form: whether there is one, decided exactly, and its value.

With x = 1/z and in lowest terms the generating function is x N(x)/P(x), and the roots of P are the very bases
lambda that the answer carries: what the start does not reach, or the observable does not see, has cancelled. The
limit exists exactly if every root has |lambda| < 1 or is a simple 1, and is then the residue at 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import flint
import sympy

from sgdmoments.budget import tick
from sgdmoments.errors import BudgetExceeded, Diverges, RouteError
from sgdmoments.exact.conditional import Conditional
from sgdmoments.exact.linear import irreducible_blocks, rational_matrix, sub_matrix
from sgdmoments.exact.rational import RationalFunction
from sgdmoments.exact.ring import Polynomial, Ring, from_fmpq
from sgdmoments.exact.unit_circle import strictly_inside
from sgdmoments.longrun.closed_form.system import LARGEST_IN_NUMBERS, LinearSystem
from sgdmoments.longrun.stability.answer import stability

if TYPE_CHECKING:
    from sgdmoments.longrun.closed_form.answer import ClosedForm

#: The variable of generating functions whose limit is taken.
_Z = sympy.Dummy("z", dummy_index=1_000_011)

_ORDERS = {1: "means", 2: "second moments", 4: "fourth moments"}


class NoLimit(Exception):
    """Internal: a base of the sequence lies on or outside the unit circle."""


@dataclass(frozen=True)
class Convergence:
    """The condition that a closed form converges.

    Attributes:
        closed: the closed form.
        bases: the bases lambda that are polynomials in the letters.
        factors: polynomials in x, constant first, whose roots are the other bases.

    The simple base 1 of the limit itself is left out.
    """

    closed: ClosedForm
    bases: tuple[Polynomial, ...]
    factors: tuple[tuple[Polynomial, ...], ...]

    @property
    def letters(self) -> tuple[sympy.Symbol, ...]:
        """Every letter of the closed form."""
        return self.closed.letters

    @property
    def needed(self) -> frozenset[sympy.Symbol]:
        """The letters of the step: the bases depend on these."""
        return frozenset(s for system in self.closed.systems for row in system.matrix for entry in row
                         for s in entry.symbols)

    def decide(self, values: Mapping[sympy.Symbol, Fraction]) -> RationalFunction:
        """The limit at these numbers; `Diverges` where there is none."""
        ring = self.closed.systems[0].ring
        put = {s: ring(value) for s, value in values.items()}
        try:
            value, bases = limit_of([system.substituted(put) for system in self.closed.systems])
        except NoLimit:
            raise divergence(self.closed, values) from None
        if not all(map(is_inside, bases)):
            raise divergence(self.closed, values)
        return value

    def __str__(self) -> str:
        parts = [f"|{base.to_sympy(factored=True)}| < 1" for base in self.bases
                 if base.symbols or abs(base.to_fraction()) >= 1]
        parts += [f"all roots x of {sum((c.to_sympy() * _X**k for k, c in enumerate(factor)), sympy.Integer(0))} "
                  "have |x| < 1" for factor in self.factors]
        return f"{self.closed.question} converges where " + " and ".join(parts)


_X = sympy.Symbol("x")


def limit(closed: ClosedForm, b: Any = None) -> RationalFunction:
    """See `ClosedForm.limit`."""
    if b is not None:
        closed = closed.at_batch_size(b)
    known = {} if b is None else {closed.v: closed.noise(b)}
    try:
        value, bases = limit_of(closed.systems)
    except NoLimit:
        raise divergence(closed, known) from None
    condition = Convergence(closed, *_split(bases))
    if not condition.needed - set(known):
        if not all(map(is_inside, bases)):
            raise divergence(closed, known)
        return value
    if b is None and proved_for_every_batch_size(closed):
        return value
    if condition.needed == {closed.v} and not _holds_somewhere(condition):
        raise divergence(closed, known)
    found = Conditional.under(value, condition, direct=True)
    return found.substitute(known) if known else found


def limit_of(systems: Sequence[LinearSystem]) -> tuple[RationalFunction, list[list[Polynomial]]]:
    """The limit of the sum of the sequences if there is one, and the polynomials in x, constant first, whose roots
    are its bases without a simple 1: irreducible where there are letters.

    Raises `NoLimit` where 1 is a repeated base.
    """
    if all(entry.is_constant for s in systems for line in (s.row, s.start, *s.matrix) for entry in line):
        return _numbers(systems)
    total = RationalFunction(0)
    for system in sorted(systems, key=lambda s: s.size, reverse=True):  # what is too large is refused first
        total = total + system.generating_function(_Z)
    ring = Ring(g for g in total.denominator.ring.generators if g != _Z)
    top, bottom = (list(map(ring, p.coefficients(_Z))) for p in (total.numerator, total.denominator))
    rest = _without_one(bottom)
    if rest is None:
        limit, rest = RationalFunction(0), bottom
    else:
        if _without_one(rest) is not None:
            raise NoLimit
        limit = RationalFunction(_sum(top), _sum(rest))
    scale = rest[0].to_fraction()
    return limit, _factors([c / scale for c in reversed(rest)])


def _numbers(systems: Sequence[LinearSystem]) -> tuple[RationalFunction, list[list[Polynomial]]]:
    """The same for numbers, in FLINT's rational polynomials."""
    one, x = flint.fmpq_poly([1]), flint.fmpq_poly([0, 1])
    top, bottom = flint.fmpq_poly([0]), one
    reached = [s.restricted() for s in systems]
    size = max(s.size for s in reached)
    if size > LARGEST_IN_NUMBERS:
        raise BudgetExceeded(f"limit: a system of {size} moments is over the limit of {LARGEST_IN_NUMBERS}.",
                             {"moments": size}, "a given t: closed_form(...).value(t, b).")
    for system in reached:
        characteristic = one
        for block in irreducible_blocks(system.matrix):
            tick("a characteristic polynomial")
            characteristic *= rational_matrix(sub_matrix(system.matrix, block)).charpoly()
        numerator = _numerator(system, characteristic)
        top, bottom = top * characteristic + numerator * bottom, bottom * characteristic
        common = top.gcd(bottom)
        top, bottom = top / common, bottom / common
    limit = Fraction(0)
    if not bottom(1):
        bottom = bottom / (x - 1)
        if not bottom(1):
            raise NoLimit
        limit = from_fmpq(flint.fmpq(top(1)) / flint.fmpq(bottom(1)))
    ring = systems[0].ring
    return RationalFunction(ring(limit)), [[ring(from_fmpq(c)) for c in bottom.coeffs()]]


def _numerator(system: LinearSystem, characteristic: flint.fmpq_poly) -> flint.fmpq_poly:
    """N with sum_t s_t x^-t = x N(x)/P(x): the polynomial part of (sum_t s_t x^-(t+1)) P(x)."""
    row, step = rational_matrix((system.row,)), rational_matrix(system.matrix)
    start = rational_matrix((system.start,)).transpose()
    values = []
    for _ in range(system.size):
        tick("the first values of a sequence")
        values.append((row * start)[0, 0])
        row = row * step
    coefficients = characteristic.coeffs()
    return flint.fmpq_poly([sum((coefficients[k + 1 + j] * values[j] for j in range(system.size - k)), flint.fmpq(0))
                            for k in range(system.size)])


def divergence(closed: ClosedForm, values: Mapping[sympy.Symbol, Fraction]) -> Diverges:
    """The error that says that there is no limit, and the threshold where that is cheap to know."""
    order = closed.order + closed.order % 2
    place, known = "", {**values}
    b = closed.batch_size_of(known[closed.v]) if closed.v in known else None
    if b is not None:
        place = f" at b = {b}"
        del known[closed.v]
    if known:
        place += (", " if place else " at ") + ", ".join(f"{s} = {x}" for s, x in sorted(known.items(), key=str))
    text = f"{closed.question}{place}: diverges as t grows"
    if b is None and closed.order == 1 and isinstance(closed.batches.population, int):
        b, order = Fraction(closed.batches.population), 1  # the mean is that of the whole data set at each step
    names = f"{_ORDERS.get(order, f'moments of order {order}')} converge for learning rates below "
    found: Any = None
    if b is not None and closed.sgd is not None:
        try:
            found = stability(closed.sgd, order).threshold(b)
        except (RouteError, BudgetExceeded, ValueError):  # letters, or too large: the message does without it
            found = None
    if found is None:
        return Diverges(f"{text}; {names}stability(order={order}).threshold(b).")
    return Diverges(f"{text}; {names}{found.text}.", found)


def proved_for_every_batch_size(closed: ClosedForm) -> bool:
    """Whether the moments of the order needed converge at b = 1: then they do at every b.

    With H_b the mean Hessian of a batch, E f((1 - alpha H_b) w) falls with b for every convex f (Jensen: a batch of
    b is the mean of its batches of b - 1), so the operator of even order falls with b in the order of its cone.
    """
    if closed.sgd is None:
        return False
    rate = closed.sgd.schedule.constant
    if not isinstance(rate, Fraction) or any(s != closed.v for s in closed.letters):
        return False
    try:
        return bool(stability(closed.sgd, closed.order + closed.order % 2).is_stable(rate, 1))
    except (RouteError, BudgetExceeded):
        return False


def _holds_somewhere(condition: Convergence) -> bool:
    """Whether the limit exists at some batch size: those tried are n and below, or the powers of 2."""
    n = condition.closed.batches.population
    sizes = [2**k for k in range(64)] if not isinstance(n, int) else sorted({n, *(max(1, n >> k) for k in range(9))})
    for b in sorted(sizes, reverse=True):
        try:
            condition.decide({condition.closed.v: condition.closed.noise(b)})
        except Diverges:
            continue
        return True
    return False


def _without_one(coefficients: list[Polynomial]) -> list[Polynomial] | None:
    """The polynomial over (1 - z), constant first; None where 1 is no root."""
    quotient, carry = [], coefficients[0].ring.zero
    for c in coefficients:
        carry = carry + c
        quotient.append(carry)
    return None if quotient.pop() else quotient


def _sum(coefficients: Sequence[Polynomial]) -> Polynomial:
    return sum(coefficients, coefficients[0].ring.zero)


def _factors(coefficients: list[Polynomial]) -> list[list[Polynomial]]:
    """The monic irreducible factors in x, constant first."""
    ring = coefficients[0].ring
    big = ring.union(Ring((_Z,)))
    x = big.generator(_Z)
    _, found = sum((big(c) * x**k for k, c in enumerate(coefficients)), big.zero).factor()
    factors = []
    for factor, _ in found:
        parts = [ring(c) for c in factor.coefficients(_Z)]
        if len(parts) > 1:
            factors.append([c / parts[-1].to_fraction() for c in parts])
    return factors


def _split(factors: list[list[Polynomial]]) -> tuple[tuple[Polynomial, ...], tuple[tuple[Polynomial, ...], ...]]:
    """The roots of the factors of degree 1, and the other factors."""
    return tuple(-f[0] for f in factors if len(f) == 2), tuple(tuple(f) for f in factors if len(f) > 2)


def is_inside(factor: Sequence[Polynomial]) -> bool:
    """Whether a factor without letters has all its roots inside the unit circle."""
    return strictly_inside(flint.fmpq_poly([rational_matrix(((c,),))[0, 0] for c in factor]))
