"""Double precision, for speed; every rounding error is the machine's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sgdmoments.exact.backends.base import PointBackend, PolynomialBackend, Row, Sparse

Array = NDArray[np.float64]


class FloatBackend(PolynomialBackend[Array, Array], PointBackend[Array, Array]):
    """Scalars are floats; exact entries are rounded once, on entry."""

    name = "float"

    def matrix(self, entries: Sparse, rows: int, columns: int) -> Array:
        matrix = np.zeros((rows, columns))
        for place, entry in entries.items():
            matrix[place] = float(entry)
        return matrix

    def combine(self, terms: Sequence[tuple[Any, Array]]) -> Array:
        return np.sum([float(weight) * matrix for weight, matrix in terms], axis=0)

    def table(self, rows: Sequence[Row], columns: int) -> Array:
        table = np.zeros((len(rows), columns))
        for d, row in enumerate(rows):
            for j, entry in row.items():
                table[d, j] = float(entry)
        return table

    def multiply(self, table: Array, matrix: Array) -> Array:
        return table @ matrix

    def add_shifted(self, tables: Sequence[Array]) -> Array:
        total = np.zeros((max(len(t) + k for k, t in enumerate(tables)), tables[0].shape[1]))
        for k, table in enumerate(tables):
            total[k:k + len(table)] += table
        return total

    def scale_rows(self, table: Array, factors: Sequence[Any]) -> Array:
        return np.array([float(f) for f in factors])[:, None] * table

    def add(self, first: Array, second: Array) -> Array:
        return first + second

    def rows(self, table: Array) -> list[dict[int, Any]]:
        return [{j: float(entry) for j, entry in enumerate(row) if entry} for row in table]
