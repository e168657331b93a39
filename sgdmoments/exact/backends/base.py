"""What a linear recurrence needs of an arithmetic: tables of rows, and their products with fixed matrices."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

#: A sparse matrix of exact scalars, {(row, column): entry}.
Sparse = Mapping[tuple[int, int], Any]
#: A sparse row of exact scalars, {column: entry}.
Row = Mapping[int, Any]

#: Told how many steps are done.
Report = Callable[[int], object]

M = TypeVar("M")
T = TypeVar("T")


class Backend(ABC, Generic[M, T]):
    """An arithmetic: M is its type of fixed matrix, T its type of table (a list of rows)."""

    #: The name by which users ask for it.
    name: str

    @abstractmethod
    def matrix(self, entries: Sparse, rows: int, columns: int) -> M:
        """The matrix with these exact entries."""

    @abstractmethod
    def combine(self, terms: Sequence[tuple[Any, M]]) -> M:
        """sum_j weight_j * matrix_j, the weights being exact scalars; at least one term."""

    @abstractmethod
    def table(self, rows: Sequence[Row], columns: int) -> T:
        """A table from exact scalars."""

    @abstractmethod
    def rows(self, table: T) -> list[dict[int, Any]]:
        """The rows as sparse rows of scalars of this arithmetic."""


class PolynomialBackend(Backend[M, T]):
    """An arithmetic in which the rows of a table are the coefficients of 1, v, v^2, ..."""

    @abstractmethod
    def step(self, table: T, matrices: Sequence[M]) -> T:
        """The table, a row of polynomials in v, times the matrix sum_k v^k matrices[k]."""

    def run(self, table: T, steps: Sequence[Sequence[M]], report: Report | None = None) -> T:
        """One step after another, each with its own matrices."""
        for done, matrices in enumerate(steps):
            if report is not None:
                report(done)
            table = self.step(table, matrices)
        return table

    @abstractmethod
    def dot(self, table: T, column: Callable[[int], Any]) -> list[Any]:
        """Each row times a column whose entries, exact scalars, are asked for where needed: a polynomial in v."""


class PointBackend(Backend[M, T]):
    """An arithmetic in which each row of a table belongs to one value of v."""

    @abstractmethod
    def multiply(self, table: T, matrix: M) -> T:
        """The table with each row times the matrix."""

    @abstractmethod
    def scale_rows(self, table: T, factors: Sequence[Any]) -> T:
        """Row r times the exact scalar factors[r]; a table of one row gives one row for each factor."""

    @abstractmethod
    def add(self, first: T, second: T) -> T:
        """The sum of two tables of one shape."""
