"""One step of SGD on the covariance of the weights: T = 1 - alpha A1 + alpha^2 (A2 + v A3).

With the Hessians H_B of the batches and H their mean, S -> E[(1 - alpha H_B) S (1 - alpha H_B)], so that
A1 S = H S + S H and (A2 + v A3) S = E[H_B S H_B]: both map positive semidefinite matrices to such, A1 by its
inverse. All of it lives on the span of the data (the range of H); outside it the weights never move.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import flint
import sympy

from sgdmoments.budget import Budget, Monitor, tick
from sgdmoments.describe.batches import Batches
from sgdmoments.describe.run import Run
from sgdmoments.describe.update import PLAIN
from sgdmoments.errors import AssumptionError, InputError, RouteError
from sgdmoments.exact.linear import Matrix, determinant, matrix, rational_matrix
from sgdmoments.exact.ring import Polynomial, Ring, from_fmpq, ring_of, to_fmpq
from sgdmoments.longrun.closed_form.system import pairs
from sgdmoments.routes.closure.kept import operator_of
from sgdmoments.routes.closure.linear import require_linear
from sgdmoments.routes.closure.operator import StepOperator


@dataclass(frozen=True)
class Pencil:
    """A1, A2, A3 on symmetric matrices Z, where S = U Z U^T is a covariance in the span of the data.

    Attributes:
        operator: the closure operator of order 2 it is read from.
        batches: how a batch is drawn.
        v: the letter of the batch size in `ring`: c_b, or 1/b.
        basis: U, one column for each of the r directions; its rows at `pivots` are the identity.
        pivots: r places among the weights.
        first, second, third: A1, A2, A3 on the pairs k <= l of 0..r-1, without v.
    """

    operator: StepOperator
    batches: Batches
    v: sympy.Symbol
    ring: Ring
    basis: Matrix
    pivots: tuple[int, ...]
    first: Matrix
    second: Matrix
    third: Matrix

    @property
    def rank(self) -> int:
        """r, the dimension of the span of the data."""
        return len(self.pivots)

    @property
    def is_rational(self) -> bool:
        """Whether the problem holds numbers only."""
        return self.ring.generators == (self.v,)

    @property
    def letters(self) -> frozenset[sympy.Symbol]:
        """The letters in the step, v aside: those of the targets are not among them."""
        matrices = (self.first, self.second, self.third)
        return frozenset(s for m in matrices for row in m for entry in row for s in entry.symbols)

    def noise(self, b: Any) -> Fraction:
        """v at batch size b."""
        return self.batches.value(b)

    def batch_size_of(self, v: Fraction) -> Fraction | None:
        """The batch size at which the letter v has this value; None where there is none, or n is a letter."""
        return self.batches.size_at(v)

    def substituted(self, values: Mapping[sympy.Symbol, Any]) -> Pencil:
        """The matrices with letters other than v replaced by numbers."""
        known = {s: x for s, x in values.items() if s != self.v}
        ring = Ring(s for s in self.ring.generators if s not in known)

        def put(a: Matrix) -> Matrix:
            return tuple(tuple(ring(entry.substitute(known)) for entry in row) for row in a)

        return replace(self, ring=ring, basis=put(self.basis), first=put(self.first), second=put(self.second),
                       third=put(self.third))

    def growth(self, v: Polynomial) -> Matrix:
        """A2 + v A3."""
        return tuple(tuple(x + v * y for x, y in zip(r, s, strict=True))
                     for r, s in zip(self.second, self.third, strict=True))

    def at(self, v: Fraction) -> tuple[flint.fmpq_mat, flint.fmpq_mat]:
        """A1 and A2 + v A3 as rational matrices."""
        if self.letters:
            raise InputError(f"the problem has the letters {', '.join(sorted(map(str, self.letters)))}; numbers are "
                             "needed here.")
        return rational_matrix(self.first), rational_matrix(self.second) + to_fmpq(v) * rational_matrix(self.third)

    def covariance(self, z: Any) -> list[list[Any]]:
        """S = U Z U^T from the entries of Z at the pairs."""
        full = symmetric(z, self.rank)
        span = range(self.rank)
        return [[sum((full[k][m] * (a[k] * b[m]) for k in span for m in span if a[k] and b[m]), 0 * full[0][0])
                 for b in self.basis] for a in self.basis]


def symmetric(z: Any, size: int) -> list[list[Any]]:
    """The symmetric matrix with the given entries at the pairs k <= l."""
    full: list[list[Any]] = [[None] * size for _ in range(size)]
    for (k, m), value in zip(pairs(size), z, strict=True):
        full[k][m] = full[m][k] = value
    return full


def pencil(sgd: Run, budget: Budget | None = None, what: str = "stability",
           instead: str = "recurrence(weights).threshold()") -> Pencil:
    """The matrices of one step on covariances, for a model linear in its weights; kept with the SGD object.

    Args:
        what, instead: for the refusal, see `require_linear`.

    Raises `RouteError` for another model, `AssumptionError` where the gradient does not depend on the weights.
    """
    if "pencil" not in sgd.memo:
        require_linear(sgd, what, instead)
        if not sgd.update.is_plain:
            raise RouteError(f"{what} is made for plain SGD, not for {sgd.update}; closed_form(...).limit(b) decides "
                             "whether a moment converges at one learning rate.")
        with Monitor(budget) as monitor:
            sgd.memo["pencil"] = _build(sgd, operator_of(sgd, 2, monitor.budget))
    return sgd.memo["pencil"]


def _build(sgd: Run, operator: StepOperator) -> Pencil:
    parts = operator.parts(PLAIN)
    count = len(operator.gradient.weights)
    letters = ring_of([entry for by_v in parts for part in by_v for entry in part.values()]).generators
    v = sgd.batches.variable({*letters, *sgd.symbols()})
    ring = Ring((*letters, v))
    zero = Fraction(0)
    hessian = matrix(ring, [[-parts[1][0].get((1 + i, 1 + j), zero) for j in range(count)] for i in range(count)])
    basis, pivots = _span(hessian, ring)
    directions = pairs(len(pivots))

    index = {pair: i for i, pair in enumerate(directions)}
    rows = {operator.index[tuple((a == i) + (a == j) for a in range(count))]: line
            for line, (i, j) in enumerate((pivots[k], pivots[m]) for k, m in directions)}
    sparse = [[(k, entry.to_fraction()) for k, entry in enumerate(row) if entry] for row in basis]
    images: dict[int, dict[int, Fraction]] = {}

    def image(column: int) -> dict[int, Fraction]:
        """A product of two weights in products of two directions."""
        if column not in images:
            a, b = (place for place, power in enumerate(operator.basis[column]) for _ in range(power))
            found = images[column] = {}
            for k, x in sparse[a]:
                for m, y in sparse[b]:
                    i = index[min(k, m), max(k, m)]
                    found[i] = found.get(i, zero) + x * y
        return images[column]

    def restricted(entries: Any, sign: int) -> Matrix:
        lines: list[list[Any]] = [[zero] * len(directions) for _ in directions]
        for (row, column), value in entries.items():
            if row in rows and sum(operator.basis[column]) == 2:
                tick("one step on covariances")
                line = lines[rows[row]]
                for i, factor in image(column).items():
                    line[i] = line[i] + (value if factor == 1 else value * factor)
        return matrix(ring, [[sign * entry for entry in line] for line in lines])

    return Pencil(operator, sgd.batches, v, ring, basis, pivots, restricted(parts[1][0], -1),
                  restricted(parts[2][0], 1), restricted(parts[2][1] if len(parts[2]) > 1 else {}, 1))


def _span(hessian: Matrix, ring: Ring) -> tuple[Matrix, tuple[int, ...]]:
    """A basis of the range of the (symmetric) mean Hessian, with an identity at the pivots."""
    count = len(hessian)
    if all(entry.is_constant for row in hessian for entry in row):
        echelon, rank = rational_matrix(hessian).rref()
        if not rank:
            raise AssumptionError("the gradient does not depend on the weights (every x_i is zero): there is nothing "
                                  "to be stable or not.")
        rows = [[from_fmpq(echelon[k, i]) for i in range(count)] for k in range(rank)]
        pivots = tuple(next(i for i, entry in enumerate(row) if entry) for row in rows)
        return matrix(ring, [[rows[k][i] for k in range(rank)] for i in range(count)]), pivots
    if not determinant(hessian):
        raise RouteError("X has linearly dependent columns and letters in it; leave the redundant features out.")
    return matrix(ring, [[int(i == j) for j in range(count)] for i in range(count)]), tuple(range(count))
