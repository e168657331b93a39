"""Linear systems s_t = row @ matrix^t @ start over a polynomial ring, and rational generating functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import sympy

from sgdmoments.budget import tick
from sgdmoments.errors import BudgetExceeded
from sgdmoments.exact.linear import (
    Matrix,
    Vector,
    characteristic_polynomial,
    dot,
    irreducible_blocks,
    power,
    rational_matrix,
    row_times,
    sub_matrix,
)
from sgdmoments.exact.rational import RationalFunction
from sgdmoments.exact.ring import Polynomial, Ring

#: The largest irreducible block whose characteristic polynomial is computed with letters in it.
_LARGEST_BLOCK = 12

#: The largest system whose numbers are put into a characteristic polynomial.
LARGEST_IN_NUMBERS = 300


@dataclass(frozen=True)
class LinearSystem:
    """The sequence s_t = row @ matrix^t @ start.

    Attributes:
        row: N polynomials: the observable.
        matrix: N x N polynomials: one step.
        start: N polynomials: the moments at t = 0.
    """

    row: Vector
    matrix: Matrix
    start: Vector

    @property
    def size(self) -> int:
        """N."""
        return len(self.row)

    @property
    def ring(self) -> Ring:
        """The ring of all entries."""
        return self.row[0].ring

    @cached_property
    def reached(self) -> tuple[int, ...]:
        """The places that the row reaches."""
        reached = {i for i, entry in enumerate(self.row) if entry}
        stack = list(reached)
        while stack:
            new = {j for j, entry in enumerate(self.matrix[stack.pop()]) if entry} - reached
            reached |= new
            stack += new
        return tuple(sorted(reached)) or (0,)

    def restricted(self) -> LinearSystem:
        """The same sequence on the places that the row reaches."""
        return LinearSystem(tuple(self.row[i] for i in self.reached), sub_matrix(self.matrix, self.reached),
                            tuple(self.start[i] for i in self.reached))

    def first(self, count: int) -> list[Polynomial]:
        """s_0, ..., s_(count-1)."""
        row, values = self.row, []
        for _ in range(count):
            values.append(dot(row, self.start))
            row = row_times(row, self.matrix)
        return values

    def at(self, t: int) -> Polynomial:
        """s_t: the row is moved step by step."""
        return self.first(t + 1)[-1]

    def squared(self, start: Sequence[Polynomial]) -> LinearSystem:
        """The sequence s_t^2, on the products of two places.

        Args:
            start: what stands for start[i] * start[j], for the pairs i <= j of `pairs(N)` (for a random start
                its mean).
        """
        places = pairs(self.size)
        index = {pair: k for k, pair in enumerate(places)}

        def product(x: Vector, y: Vector) -> Vector:
            tick("the square of a sequence")
            total: dict[int, Any] = {}  # in FLINT's values: there are many
            right = [(j, b.raw) for j, b in enumerate(y) if b]
            for i, a in enumerate(x):
                if a:
                    for j, b in right:
                        k, term = index[(i, j) if i < j else (j, i)], a.raw * b
                        total[k] = total[k] + term if k in total else term
            return tuple(Polynomial(self.ring, total[k]) if k in total else self.ring.zero for k in range(len(places)))

        return LinearSystem(product(self.row, self.row),
                            tuple(product(self.matrix[i], self.matrix[j]) for i, j in places), tuple(start))

    def substituted(self, values: dict[sympy.Symbol, Polynomial]) -> LinearSystem:
        """The system with letters replaced by elements of the same ring."""
        def put(row: Vector) -> Vector:
            tick("numbers for letters")
            return tuple(entry if entry.is_constant else entry.substitute(values) for entry in row)

        return LinearSystem(put(self.row), tuple(map(put, self.matrix)), put(self.start))

    def far(self, t: int) -> Polynomial:
        """s_t for large t: by repeated squaring; where all entries are numbers, in integers."""
        if not all(entry.is_constant for line in (self.row, self.start, *self.matrix) for entry in line):
            return dot(row_times(self.row, power(self.matrix, t)), self.start)
        (row, d_row), (a, d), (start, d_start) = (
            rational_matrix(m).numer_denom() for m in ((self.row,), self.matrix, (self.start,)))
        if t > self.size**2:
            row = row * a**t
        else:  # a vector step by step is cheaper than the matrix by squaring
            for _ in range(t):
                row = row * a
        return self.ring(Fraction(int((row * start.transpose())[0, 0]), int(d_row * d**t * d_start)))

    @cached_property
    def blocks(self) -> tuple[Vector, ...]:
        """The characteristic polynomials det(x - block) of the irreducible diagonal blocks, constant first."""
        places = irreducible_blocks(self.matrix)
        largest = max(map(len, places))
        if largest > _LARGEST_BLOCK:
            raise BudgetExceeded(
                f"closed form: an irreducible block of {largest} x {largest} entries with letters is over the limit "
                f"of {_LARGEST_BLOCK}.", {"block": largest}, "numbers for b: closed_form(...).value(t, b)" + (
                    " or .limit(b)." if self.size <= LARGEST_IN_NUMBERS else "."))
        return tuple(characteristic_polynomial(sub_matrix(self.matrix, block)) for block in places)

    def reversed_characteristic(self) -> list[Polynomial]:
        """det(1 - z matrix) as coefficients of 1, z, ..., z^N."""
        product = [self.ring.one]
        for block in self.blocks:
            factor = block[::-1]
            grown = [self.ring.zero] * (len(product) + len(factor) - 1)
            for i, a in enumerate(product):
                tick("a characteristic polynomial")
                for j, b in enumerate(factor):
                    grown[i + j] = grown[i + j] + a * b
            product = grown
        return product

    @cached_property
    def resolvent_numerator(self) -> tuple[Polynomial, ...]:
        """The numerator of sum_t s_t z^t over det(1 - z matrix): (sum_k s_k z^k) det(1 - z matrix) mod z^N."""
        characteristic = self.reversed_characteristic()  # first: it refuses what is too large
        values = self.first(self.size)
        numerator = []
        for k in range(self.size):
            tick("a generating function")
            numerator.append(sum((values[k - j] * characteristic[j] for j in range(k + 1)), self.ring.zero))
        return tuple(numerator)

    def generating_function(self, z: sympy.Symbol) -> RationalFunction:
        """sum_t s_t z^t."""
        ring = self.ring.union(Ring((z,)))
        variable = ring.generator(z)

        def polynomial(coefficients: Sequence[Polynomial]) -> Polynomial:
            total = ring.zero
            for c in reversed(coefficients):
                total = total * variable + ring(c)
            return total

        return RationalFunction(polynomial(self.resolvent_numerator), polynomial(self.reversed_characteristic()))

    def to_sympy(self) -> tuple[sympy.Matrix, sympy.Matrix, sympy.Matrix]:
        """(row, matrix, start) as sympy matrices."""
        return (sympy.Matrix([[c.to_sympy(True) for c in self.row]]),
                sympy.Matrix([[c.to_sympy(True) for c in row] for row in self.matrix]),
                sympy.Matrix([c.to_sympy(True) for c in self.start]))


def pairs(size: int) -> list[tuple[int, int]]:
    """The pairs i <= j below `size`.

    >>> pairs(2)
    [(0, 0), (0, 1), (1, 1)]
    """
    return [(i, j) for i in range(size) for j in range(i, size)]
