"""The readable oracle: Fractions, or ring elements where there are symbols, in plain dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from sgdmoments.budget import tick
from sgdmoments.exact.backends.base import PolynomialBackend, Row, Sparse

Table = list[dict[int, Any]]
Matrix = dict[int, dict[int, Any]]


class PythonBackend(PolynomialBackend[Matrix, Table]):
    """Scalars are whatever the entries are: Fractions, or `exact.ring.Polynomial`s."""

    name = "fractions"

    def matrix(self, entries: Sparse, rows: int, columns: int) -> Matrix:
        matrix: Matrix = {}
        for (i, j), entry in entries.items():
            matrix.setdefault(i, {})[j] = entry
        return matrix

    def combine(self, terms: Sequence[tuple[Any, Matrix]]) -> Matrix:
        total: Matrix = {}
        for weight, matrix in terms:
            for i, entries in matrix.items():
                tick("combining matrices")
                row = total.setdefault(i, {})
                for j, entry in entries.items():
                    row[j] = row[j] + weight * entry if j in row else weight * entry
        return total

    def table(self, rows: Sequence[Row], columns: int) -> Table:
        return [{j: entry for j, entry in row.items() if entry} for row in rows]

    def step(self, table: Table, matrices: Sequence[Matrix]) -> Table:
        total: Table = [{} for _ in range(len(table) + len(matrices) - 1)]
        for k, matrix in enumerate(matrices):
            for d, row in enumerate(table):
                target = total[d + k]
                for i, a in row.items():
                    tick("undoing a step")
                    for j, b in matrix.get(i, {}).items():
                        target[j] = target[j] + a * b if j in target else a * b
        return [{j: entry for j, entry in row.items() if entry} for row in total]

    def dot(self, table: Table, column: Callable[[int], Any]) -> list[Any]:
        return [sum((entry * column(j) for j, entry in row.items()), Fraction(0)) for row in table]

    def rows(self, table: Table) -> list[dict[int, Any]]:
        return table
