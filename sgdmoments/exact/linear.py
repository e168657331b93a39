"""Exact linear algebra over ring polynomials, without fractions: determinants, solutions, characteristic polynomials.

A matrix is a tuple of rows; entries are polynomials of one ring.

>>> import sympy
>>> from sgdmoments.exact.ring import ring_of
>>> a = sympy.Symbol("a")
>>> R = ring_of([a])
>>> A = matrix(R, [[a, 1], [2, a]])
>>> determinant(A), [str(c) for c in characteristic_polynomial(A)]
(a**2 - 2, ['a**2 - 2', '-2*a', '1'])
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import flint
import networkx

from sgdmoments.budget import tick
from sgdmoments.errors import AssumptionError
from sgdmoments.exact.rational import RationalFunction
from sgdmoments.exact.ring import Polynomial, Ring, from_fmpq, to_fmpq

Vector = tuple[Polynomial, ...]
Matrix = tuple[Vector, ...]

_SINGULAR = "the linear system has no unique solution: its determinant is zero."


def matrix(ring: Ring, rows: Iterable[Iterable[Any]]) -> Matrix:
    """The matrix with entries lifted to `ring`."""
    return tuple(tuple(ring(entry) for entry in row) for row in rows)


def row_times(row: Sequence[Polynomial], a: Matrix) -> Vector:
    """row @ a."""
    zero = row[0].ring.zero
    total = [zero] * len(a[0])
    for factor, line in zip(row, a, strict=True):
        if factor:
            tick("a product of matrices")
            for j, entry in enumerate(line):
                if entry:
                    total[j] = total[j] + factor * entry
    return tuple(total)


def dot(x: Sequence[Polynomial], y: Sequence[Polynomial]) -> Polynomial:
    """The sum of the products of the entries."""
    return sum((a * b for a, b in zip(x, y, strict=True) if a and b), x[0].ring.zero)


def times(a: Matrix, b: Matrix) -> Matrix:
    """a @ b."""
    return tuple(row_times(row, b) for row in a)


def power(a: Matrix, exponent: int) -> Matrix:
    """a^exponent by repeated squaring."""
    ring = a[0][0].ring
    result = matrix(ring, [[int(i == j) for j in range(len(a))] for i in range(len(a))])
    while exponent:
        if exponent % 2:
            result = times(result, a)
        exponent //= 2
        if exponent:
            a = times(a, a)
    return result


def irreducible_blocks(a: Matrix) -> tuple[tuple[int, ...], ...]:
    """The places of the diagonal blocks of the finest block-triangular form (a permutation, no arithmetic).

    They are the strongly connected components of the graph of nonzero entries; for a matrix that is triangular
    up to the order of its basis every block is one place.
    """
    graph = networkx.DiGraph()
    graph.add_nodes_from(range(len(a)))
    graph.add_edges_from((i, j) for i, row in enumerate(a) for j, entry in enumerate(row) if entry)
    return tuple(sorted(tuple(sorted(block)) for block in networkx.strongly_connected_components(graph)))


def sub_matrix(a: Matrix, places: Sequence[int]) -> Matrix:
    """The rows and columns at the given places."""
    return tuple(tuple(a[i][j] for j in places) for i in places)


def determinant(a: Matrix) -> Polynomial:
    """The determinant, by Bareiss' elimination: every division in it is exact."""
    size = len(a)
    rows = [list(row) for row in a]
    ring = rows[0][0].ring
    sign, previous = 1, ring.one
    for k in range(size - 1):
        pivot = _pivot(rows, k, size)
        if pivot is None:
            return ring.zero
        if pivot != k:
            rows[k], rows[pivot] = rows[pivot], rows[k]
            sign = -sign
        for i in range(k + 1, size):
            for j in range(k + 1, size):
                tick("a determinant")
                rows[i][j] = (rows[i][j] * rows[k][k] - rows[i][k] * rows[k][j]).exact_quotient(previous)
        previous = rows[k][k]
    return rows[-1][-1] * sign


def solve(a: Matrix, right: Sequence[Polynomial]) -> tuple[RationalFunction, ...]:
    """The x with a x = right, as rational functions.

    Fraction-free Gauss-Jordan elimination: after the last pivot each row reads det * x_i = number. Numbers are
    left to FLINT. Raises `AssumptionError` where the determinant is zero.
    """
    size = len(a)
    if all(entry.is_constant for row in (*a, right) for entry in row):
        return _solve_rational(a, right)
    rows = [[*row, value] for row, value in zip(a, right, strict=True)]
    previous = rows[0][0].ring.one
    for k in range(size):
        pivot = _pivot(rows, k, size)
        if pivot is None:
            raise AssumptionError(_SINGULAR)
        rows[k], rows[pivot] = rows[pivot], rows[k]
        for i in range(size):
            if i != k:
                for j in range(size, k, -1):
                    tick("a linear system")
                    rows[i][j] = (rows[i][j] * rows[k][k] - rows[i][k] * rows[k][j]).exact_quotient(previous)
                for j in range(k):
                    if i == j:
                        rows[i][j] = rows[k][k]
                rows[i][k] = rows[k][k].ring.zero
        previous = rows[k][k]
    return tuple(RationalFunction(row[size], previous) for row in rows)


def _solve_rational(a: Matrix, right: Sequence[Polynomial]) -> tuple[RationalFunction, ...]:
    try:
        x = rational_matrix(a).solve(rational_matrix((tuple(right),)).transpose())
    except ZeroDivisionError:
        raise AssumptionError(_SINGULAR) from None
    return tuple(RationalFunction(right[0].ring(from_fmpq(x[i, 0]))) for i in range(len(a)))


def rational_matrix(a: Matrix) -> flint.fmpq_mat:
    """FLINT's matrix of constant entries; `InputError` where one is not a number."""
    return flint.fmpq_mat(len(a), len(a[0]), [to_fmpq(entry.to_fraction()) for row in a for entry in row])


def characteristic_polynomial(a: Matrix) -> Vector:
    """det(x - a), coefficients of 1, x, ..., x^N; by Berkowitz' algorithm, which never divides."""
    ring = a[0][0].ring
    vector: list[Polynomial] = [ring.one, -a[0][0]]  # highest power first
    for k in range(1, len(a)):
        row, column = a[k][:k], tuple(a[i][k] for i in range(k))
        block = tuple(a[i][:k] for i in range(k))
        toeplitz = [ring.one, -a[k][k]]
        for _ in range(k):
            tick("a characteristic polynomial")
            toeplitz.append(-dot(row, column))
            column = tuple(dot(line, column) for line in block)
        vector = [sum((toeplitz[i - j] * vector[j] for j in range(min(i, k) + 1)), ring.zero) for i in range(k + 2)]
    return tuple(reversed(vector))


def _pivot(rows: list[list[Polynomial]], k: int, size: int) -> int | None:
    """The row from k on whose entry in column k is nonzero and has the fewest terms."""
    found = [i for i in range(k, size) if rows[i][k]]
    return min(found, key=lambda i: len(rows[i][k])) if found else None
