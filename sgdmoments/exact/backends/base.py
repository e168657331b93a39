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
    def matrix(self, entries: Sparse, size: int) -> M:
        """The square matrix with these exact entries."""

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
    def add_shifted(self, tables: Sequence[T]) -> T:
        """sum_k tables[k] with its rows moved down by k: the product by sum_k v^k on rows that are powers of v."""

    @abstractmethod
    def rows(self, table: T) -> list[dict[int, Any]]:
        """The rows as sparse rows of scalars of this arithmetic."""
