"""Double precision, for speed; every rounding error is the machine's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sgdmoments.exact.backends.base import Backend, Row, Sparse

Array = NDArray[np.float64]


class FloatBackend(Backend[Array, Array]):
    """Scalars are floats; exact entries are rounded once, on entry."""

    name = "float"

    def matrix(self, parts: Sequence[tuple[Any, Sparse]], rows: int, columns: int) -> Array:
        total = np.zeros((rows, columns))
        for weight, part in parts:
            factor = float(weight)
            for place, entry in part.items():
                total[place] += factor * float(entry)
        return total

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

    def rows(self, table: Array) -> list[dict[int, Any]]:
        return [{j: float(entry) for j, entry in enumerate(row) if entry} for row in table]
