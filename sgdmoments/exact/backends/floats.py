"""Double precision, for speed; every rounding error is the machine's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

    def step(self, table: Array, matrices: Sequence[Array]) -> Array:
        total = np.zeros((len(table) + len(matrices) - 1, table.shape[1]))
        for k, matrix in enumerate(matrices):
            total[k:k + len(table)] += table @ matrix
        return total

    def dot(self, table: Array, column: Callable[[int], Any]) -> list[Any]:
        dense = np.array([float(column(j)) if table[:, j].any() else 0.0 for j in range(table.shape[1])])
        return list(map(float, table @ dense))

    def scale_rows(self, table: Array, factors: Sequence[Any]) -> Array:
        return np.array([float(f) for f in factors])[:, None] * table

    def add(self, first: Array, second: Array) -> Array:
        return first + second

    def rows(self, table: Array) -> list[dict[int, Any]]:
        return [{j: float(entry) for j, entry in enumerate(row) if entry} for row in table]
