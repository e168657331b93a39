"""Certified enclosures: FLINT's real balls, a midpoint and a radius that holds every rounding error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import flint

from sgdmoments.exact.backends.base import PointBackend, Row, Sparse
from sgdmoments.exact.ring import to_fmpq

Table: TypeAlias = flint.arb_mat


class BallBackend(PointBackend[Table, Table]):
    """Scalars are balls at the working precision of FLINT's context when a method is called."""

    name = "balls"

    def matrix(self, entries: Sparse, rows: int, columns: int) -> Table:
        flat = [flint.arb(0)] * (rows * columns)
        for (i, j), entry in entries.items():
            flat[i * columns + j] = flint.arb(to_fmpq(entry))
        return flint.arb_mat(rows, columns, flat)

    def combine(self, terms: Sequence[tuple[Any, Table]]) -> Table:
        first, *others = (matrix * flint.arb(to_fmpq(weight)) for weight, matrix in terms)
        for other in others:
            first += other
        return first

    def table(self, rows: Sequence[Row], columns: int) -> Table:
        flat = [flint.arb(0)] * (len(rows) * columns)
        for d, row in enumerate(rows):
            for j, entry in row.items():
                flat[d * columns + j] = flint.arb(to_fmpq(entry))
        return flint.arb_mat(len(rows), columns, flat)

    def multiply(self, table: Table, matrix: Table) -> Table:
        return table * matrix

    def scale_rows(self, table: Table, factors: Sequence[Any]) -> Table:
        count = len(factors)
        scalars = [flint.arb(to_fmpq(factor)) for factor in factors]
        if table.nrows() == 1:
            return flint.arb_mat(count, 1, scalars) * table
        diagonal = [flint.arb(0)] * (count * count)
        diagonal[::count + 1] = scalars
        return flint.arb_mat(count, count, diagonal) * table

    def add(self, first: Table, second: Table) -> Table:
        return first + second

    def rows(self, table: Table) -> list[dict[int, Any]]:
        return [dict(enumerate(row)) for row in table.tolist()]
