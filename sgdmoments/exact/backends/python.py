"""The readable oracle: Fractions, or ring elements where there are symbols, in plain dictionaries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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
                row = total.setdefault(i, {})
                for j, entry in entries.items():
                    row[j] = row[j] + weight * entry if j in row else weight * entry
        return total

    def table(self, rows: Sequence[Row], columns: int) -> Table:
        return [{j: entry for j, entry in row.items() if entry} for row in rows]

    def multiply(self, table: Table, matrix: Matrix) -> Table:
        product: Table = []
        for row in table:
            out: dict[int, Any] = {}
            for i, a in row.items():
                for j, b in matrix.get(i, {}).items():
                    out[j] = out[j] + a * b if j in out else a * b
            product.append({j: entry for j, entry in out.items() if entry})
        return product

    def add_shifted(self, tables: Sequence[Table]) -> Table:
        total: Table = [{} for _ in range(max(len(t) + k for k, t in enumerate(tables)))]
        for k, table in enumerate(tables):
            for d, row in enumerate(table):
                target = total[d + k]
                for j, entry in row.items():
                    target[j] = target[j] + entry if j in target else entry
        return [{j: entry for j, entry in row.items() if entry} for row in total]

    def rows(self, table: Table) -> list[dict[int, Any]]:
        return table
