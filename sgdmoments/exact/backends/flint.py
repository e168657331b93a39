"""The fast exact arithmetic: integer matrices of FLINT with one common denominator.

A common denominator costs a few bits and saves the greatest common divisors, by far the larger part of the
time with numbers of ten thousand bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import Any

import flint

from sgdmoments.exact.backends.base import PolynomialBackend, Row, Sparse

#: Numerators and their common denominator.
Scaled = tuple[flint.fmpz_mat, int]


class FlintBackend(PolynomialBackend[Scaled, Scaled]):
    """Scalars are Fractions."""

    name = "exact"

    def matrix(self, entries: Sparse, rows: int, columns: int) -> Scaled:
        return _scaled(entries, rows, columns)

    def combine(self, terms: Sequence[tuple[Any, Scaled]]) -> Scaled:
        common = lcm(*(weight.denominator * denominator for weight, (_, denominator) in terms))
        first, *others = (numerators * (weight.numerator * (common // (weight.denominator * denominator)))
                          for weight, (numerators, denominator) in terms)
        for other in others:
            first += other
        return first, common

    def table(self, rows: Sequence[Row], columns: int) -> Scaled:
        return _scaled({(d, j): entry for d, row in enumerate(rows) for j, entry in row.items()}, len(rows), columns)

    def multiply(self, table: Scaled, matrix: Scaled) -> Scaled:
        return table[0] * matrix[0], table[1] * matrix[1]

    def add_shifted(self, tables: Sequence[Scaled]) -> Scaled:
        rows = max(t.nrows() + k for k, (t, _) in enumerate(tables))
        columns = tables[0][0].ncols()
        common = lcm(*(denominator for _, denominator in tables))
        total = flint.fmpz_mat(rows, columns)
        for k, (numerators, denominator) in enumerate(tables):
            factor = common // denominator
            moved = flint.fmpz_mat(rows, columns, [0] * (k * columns) + (numerators * factor).entries()
                                   + [0] * ((rows - k - numerators.nrows()) * columns))
            total += moved
        return total, common

    def rows(self, table: Scaled) -> list[dict[int, Any]]:
        numerators, denominator = table
        return [{j: Fraction(int(entry), denominator) for j, entry in enumerate(row) if entry}
                for row in numerators.tolist()]


def _scaled(entries: Sparse, rows: int, columns: int) -> Scaled:
    common = lcm(*(entry.denominator for entry in entries.values()))
    flat = [0] * (rows * columns)
    for (i, j), entry in entries.items():
        flat[i * columns + j] = entry.numerator * (common // entry.denominator)
    return flint.fmpz_mat(rows, columns, flat), common
