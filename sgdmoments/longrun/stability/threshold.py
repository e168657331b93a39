"""The mean-square stability threshold: the learning rate from which second moments no longer converge.

The step on covariances T = 1 - alpha A1 + alpha^2 B, B = A2 + v A3, maps positive semidefinite matrices to such,
so its spectral radius is an eigenvalue (Perron, Frobenius, Krein, Rutman), and with A1^-1 positive as well

    second moments converge  <=>  alpha < 1/rho(A1^-1 B) = the smallest positive root of det(A1 - alpha B)
                             <=>  the solution of (A1 - alpha B) Z = 1 is positive definite.

The last line is an exact test at any rational alpha: two such tests prove an enclosure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal, localcontext
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING, Any

import flint
import numpy as np
import sympy

from sgdmoments.budget import Budget, Monitor, tick
from sgdmoments.errors import InputError, RouteError
from sgdmoments.exact.bernstein import bernstein, evaluate
from sgdmoments.exact.interpolation import interpolated
from sgdmoments.exact.linear import determinant
from sgdmoments.exact.numbers import fresh_symbol, to_fraction
from sgdmoments.exact.rational import RationalFunction
from sgdmoments.exact.real_root import RealRoot
from sgdmoments.exact.ring import Polynomial, Ring, from_fmpq, to_fmpq
from sgdmoments.longrun.closed_form.system import pairs
from sgdmoments.longrun.stability.pencil import Pencil, symmetric
from sgdmoments.reading import read_symbol

if TYPE_CHECKING:
    from sgdmoments.longrun.stability.higher import HigherStability

#: Batch sizes beyond this are not tried where there is no population.
_LARGEST_BATCH = 1 << 60

#: A linear system of N covariances takes about _SECONDS N^_POWER seconds; a threshold solves about _SOLUTIONS of them.
_SECONDS, _POWER, _SOLUTIONS = 2.7e-9, 3.7, 10

#: Relative width to which an enclosure is brought by default.
_WIDTH = Fraction(1, 10**12)


@dataclass(frozen=True)
class Threshold:
    """An enclosure of the threshold: stable at `low` (or equal to it), not stable at `high`.

    Attributes:
        low, high: rationals; equal where the threshold is known to be that rational number.
        noise: the value of the letter v there.
        batch_size: b; None where v belongs to no batch size.
        stability: the problem, for further tests.
        root: the threshold as an algebraic number, where it was found as the root of a polynomial.
    """

    low: Fraction
    high: Fraction
    noise: Fraction
    batch_size: Fraction | None
    stability: Stability | HigherStability = field(repr=False, compare=False)
    root: RealRoot | None = field(default=None, compare=False)

    @property
    def exact(self) -> Fraction | None:
        """The threshold where it was found to be rational, else None."""
        return self.low if self.low == self.high else None

    def __float__(self) -> float:
        return float((self.low + self.high) / 2)

    @property
    def text(self) -> str:
        """The fraction, or eight digits."""
        if self.exact is not None and self.exact.denominator < 10**12:
            return str(self.exact)
        with localcontext(prec=8):
            return f"{Decimal(self.low.numerator) / Decimal(self.low.denominator):.8g}"

    def refine(self, width: Any) -> Threshold:
        """A narrower enclosure, of at most the given absolute width: one exact test for each halving."""
        if self.root is not None:
            root = self.root.refine(width)
            return replace(self, low=root.low, high=root.high, root=root)
        target = to_fraction(width, "width")
        if target <= 0:
            raise InputError(f"width: found {width}; a width is positive.")
        low, high = _bisected(self.low, self.high, target,
                              lambda alpha: self.stability.is_stable_at(alpha, self.noise))
        return replace(self, low=low, high=high)


@dataclass(frozen=True)
class Stability:
    """Mean-square stability of SGD with a constant learning rate, for each batch size.

    Attributes:
        pencil: one step on covariances.
        budget: what each question may use.

    >>> import sgdmoments as sm
    >>> sgd = sm.SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]))
    >>> sgd.stability().threshold(1).exact, sgd.stability().formula()
    (Fraction(2, 7), 6/(7*(c_b + 2)))
    """

    pencil: Pencil
    budget: Budget | None = field(default=None, repr=False, compare=False)

    @property
    def v(self) -> sympy.Symbol:
        """The letter of the batch size: c_b without replacement, else 1/b."""
        return self.pencil.v

    def is_stable(self, learning_rate: Any, b: Any) -> bool:
        """Whether E||w_t - w*||^2 converges at this learning rate and batch size, on the span of the data."""
        return self.is_stable_at(to_fraction(learning_rate, "learning_rate"), self.pencil.noise(b))

    def is_stable_at(self, rate: Fraction, v: Fraction) -> bool:
        """The same at a value of the letter v."""
        with self._watched(2):
            first, growth = self.pencil.at(v)
            return _is_positive(first, self.pencil.rank) and _is_stable(first, growth, self.pencil.rank, rate)

    def threshold(self, b: Any, width: Any = None) -> Threshold:
        """The learning rate below which the second moments converge at batch size b, as a proved enclosure.

        Args:
            width: the greatest width of the enclosure; by default 10^-12 of the threshold.

        Raises `InputError` where the problem has letters (see `formula`).
        """
        found = self.threshold_at(self.pencil.noise(b))
        return found if width is None else found.refine(width)

    def threshold_at(self, v: Fraction) -> Threshold:
        """The same at a value of the letter v."""
        with self._watched(_SOLUTIONS):
            return self._threshold_at(v)

    def _threshold_at(self, v: Fraction) -> Threshold:
        first, growth = self.pencil.at(v)
        if not _is_positive(first, self.pencil.rank):  # not stable at small rates
            low = high = Fraction(0)
        elif self.pencil.rank == 1:
            low = high = from_fmpq(first[0, 0] / growth[0, 0])
        else:
            low, high = _enclosure(first, growth, self.pencil.rank)
        exact = None if low == high else _rational_root(first, growth, low, high)
        return Threshold(low if exact is None else exact, high if exact is None else exact, v,
                         self.pencil.batch_size_of(v), self)

    def least_batch_size(self, learning_rate: Any) -> int | None:
        """The least b from which on the second moments converge at this learning rate; None where there is none."""
        return least_batch_size(self, self.pencil, to_fraction(learning_rate, "learning_rate"))

    def polynomial(self, b: Any) -> tuple[Fraction, ...]:
        """det(A1 - alpha (A2 + v A3)) at batch size b, coefficients of 1, alpha, ...; its least positive root is
        the threshold."""
        with self._watched(1 + len(self.pencil.first) // 12):  # a determinant takes a twelfth of a solution
            return pencil_determinant(*self.pencil.at(self.pencil.noise(b)))

    def formula(self) -> RationalFunction:
        """The threshold as a function of v for one weight: 2a/(a^2 + v (q - a^2)), a = E x^2, q = E x^4.

        Raises `RouteError` for more weights; see `boundary`.
        """
        if self.pencil.rank > 1:
            raise RouteError(f"with {self.pencil.rank} directions the threshold is algebraic in v: use boundary() for "
                             "its equation, or threshold(b).")
        v = self.pencil.ring.generator(self.v)
        return RationalFunction(self.pencil.first[0][0], self.pencil.growth(v)[0][0])

    def boundary(self, alpha: sympy.Symbol | None = None) -> Polynomial:
        """det(A1 - alpha (A2 + v A3)) as a polynomial in alpha, v and the letters; up to 3 directions.

        The threshold is its smallest positive root in alpha at each v.
        """
        if self.pencil.rank > 3:
            raise RouteError(f"with {self.pencil.rank} directions the polynomial is large; use polynomial(b) or "
                             "threshold(b).")
        letter = fresh_symbol("alpha", set(self.pencil.ring.generators)) if alpha is None else \
            read_symbol(alpha, "alpha")
        if letter in self.pencil.ring.generators:
            raise InputError(f"{letter} is a letter of the problem; use another one for the learning rate.")
        ring = self.pencil.ring.union(Ring((letter,)))
        rate = ring.generator(letter)
        growth = self.pencil.growth(self.pencil.ring.generator(self.v))
        return determinant(tuple(tuple(ring(x) - rate * ring(y) for x, y in zip(r, s, strict=True))
                                 for r, s in zip(self.pencil.first, growth, strict=True)))


    def _watched(self, solutions: int) -> Monitor:
        """The budget of a question that takes this many linear systems, refused where they take longer."""
        monitor, size = Monitor(self.budget), len(self.pencil.first)
        if self.pencil.is_rational:
            monitor.require(f"{solutions} linear systems of {size} covariances",
                            {"seconds": solutions * _SECONDS * size**_POWER},
                            "is_stable(learning_rate, b) at one rate, or fewer features.")
        return monitor


def least_batch_size(problem: Stability | HigherStability, system: Pencil, rate: Fraction) -> int | None:
    """The least stable b: the spectral radius of a step on moments of even order falls with b."""
    low, high, largest = 0, 1, system.batches.population or _LARGEST_BATCH
    while not problem.is_stable(rate, min(high, largest)):
        if high >= largest:
            return None
        low, high = high, 2 * high
    high = min(high, largest)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if problem.is_stable(rate, middle) else (middle, high)
    return high


def _is_stable(first: flint.fmpq_mat, growth: flint.fmpq_mat, rank: int, alpha: Fraction) -> bool:
    """Whether (A1 - alpha B) Z = 1 has a positive definite solution, A1 being positive."""
    return alpha > 0 and _is_positive(first - to_fmpq(alpha) * growth, rank)


def _is_positive(step: flint.fmpq_mat, rank: int) -> bool:
    """Whether step Z = 1 has a positive definite solution."""
    tick("a linear system of covariances")
    identity = flint.fmpq_mat(step.nrows(), 1, [int(k == m) for k, m in pairs(rank)])
    try:
        z = step.solve(identity)
    except ZeroDivisionError:
        return False
    return is_positive_definite(symmetric([z[i, 0] for i in range(z.nrows())], rank))


def is_positive_definite(rows: list[list[Any]]) -> bool:
    """Sylvester's criterion in FLINT rationals."""
    return all(flint.fmpq_mat([row[:k] for row in rows[:k]]).det() > 0 for k in range(1, len(rows) + 1))


def _bisected(low: Fraction, high: Fraction, width: Fraction, test: Callable[[Fraction], bool]
              ) -> tuple[Fraction, Fraction]:
    """Neighbours in [low, high] at most `width` apart, the test true at the first and false at the second."""
    while high - low > width:
        middle = simplest_between(low + (high - low) / 4, high - (high - low) / 4)
        if test(middle):
            low = middle
        else:
            high = middle
    return low, high


def _enclosure(first: flint.fmpq_mat, growth: flint.fmpq_mat, rank: int) -> tuple[Fraction, Fraction]:
    """A guess in floats, then exact tests on both sides of it."""
    def test(alpha: Fraction) -> bool:
        return _is_stable(first, growth, rank, alpha)

    guess = _guess(first, growth)
    margin = _WIDTH / 4
    low, high = simplest_between(guess * (1 - margin), guess), simplest_between(guess, guess * (1 + margin))
    while not test(low):
        margin *= 16
        low, high = (guess * (1 - margin) if margin < 1 else low / 2), low
    while test(high):
        margin *= 16
        low, high = high, guess * (1 + margin)
    return _bisected(low, high, low * _WIDTH, test)


def _guess(first: flint.fmpq_mat, growth: flint.fmpq_mat) -> Fraction:
    size = first.nrows()

    def floats(a: flint.fmpq_mat, scale: Fraction) -> np.ndarray[Any, Any]:
        return np.array([[float(from_fmpq(a[i, j]) / scale) for j in range(size)] for i in range(size)])

    scales = [max(abs(from_fmpq(entry)) for entry in a.entries()) for a in (first, growth)]
    try:
        ratio = np.linalg.solve(floats(first, scales[0]), floats(growth, scales[1]))
        radius = float(max(abs(np.linalg.eigvals(ratio))))
        guess = Fraction(1.0 / radius) if radius else Fraction(1)
    except (np.linalg.LinAlgError, OverflowError, ValueError):  # it is but a guess: the exact tests do without it
        guess = Fraction(1)
    return guess * scales[0] / scales[1]


def _rational_root(first: flint.fmpq_mat, growth: flint.fmpq_mat, low: Fraction, high: Fraction) -> Fraction | None:
    """The simplest fraction in the enclosure, where it is proved to be the threshold."""
    value = simplest_between(low, high)
    if (first - to_fmpq(value) * growth).det() != 0:
        return None
    rest = list(pencil_determinant(first, growth))
    while not evaluate(rest, value):  # divide by x - value
        quotient = [rest[-1]]
        for c in reversed(rest[1:-1]):
            quotient.append(c + value * quotient[-1])
        rest = quotient[::-1]
    signs = {(c > 0) - (c < 0) for c in bernstein(rest, low, value)}
    return value if signs in ({1}, {-1}) else None  # then no root lies between a stable rate and this one


def pencil_determinant(first: flint.fmpq_mat, growth: flint.fmpq_mat) -> tuple[Fraction, ...]:
    """det(first - x growth), constant first."""
    return interpolated(lambda k: from_fmpq((first - k * growth).det()), first.nrows())


def simplest_between(low: Fraction, high: Fraction) -> Fraction:
    """The fraction of least denominator in [low, high], 0 < low.

    >>> simplest_between(Fraction(5, 16), Fraction(3, 8))
    Fraction(1, 3)
    """
    whole = floor(low)
    if whole == low:
        return Fraction(whole)
    if whole + 1 <= high:
        return Fraction(whole + 1)
    return whole + 1 / simplest_between(1 / (high - whole), 1 / (low - whole))
