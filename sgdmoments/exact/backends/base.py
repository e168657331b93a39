"""What a linear recurrence needs of an arithmetic: tables of rows, and their products with fixed matrices."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

#: A sparse matrix of exact scalars, {(row, column): entry}.
Sparse = Mapping[tuple[int, int], Any]
#: A sparse row of exact scalars, {column: entry}.
Row = Mapping[int, Any]

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
    def multiply(self, table: T, matrix: M) -> T:
        """The table with each row times the matrix."""

    @abstractmethod
    def rows(self, table: T) -> list[dict[int, Any]]:
        """The rows as sparse rows of scalars of this arithmetic."""


class PolynomialBackend(Backend[M, T]):
    """An arithmetic in which the rows of a table are the coefficients of 1, v, v^2, ..."""

    @abstractmethod
    def add_shifted(self, tables: Sequence[T]) -> T:
        """sum_k tables[k] with its rows moved down by k: multiplication by sum_k v^k tables[k]."""


class PointBackend(Backend[M, T]):
    """An arithmetic in which each row of a table belongs to one value of v."""

    @abstractmethod
    def scale_rows(self, table: T, factors: Sequence[Any]) -> T:
        """Row r times the exact scalar factors[r]; a table of one row gives one row for each factor."""

    @abstractmethod
    def add(self, first: T, second: T) -> T:
        """The sum of two tables of one shape."""
