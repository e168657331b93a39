"""A table of text cells, its columns read as exact numbers, and the regression problem made of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from typing import Any

from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import parse_number, to_exact_array
from sgdmoments.models.regression import LinearRegression
from sgdmoments.reading import read_flag, read_integer, read_sequence, read_text, shortened, shown

#: A list of rows that goes on beyond this never ends.
_MOST_ROWS = 10**7


@dataclass(frozen=True, slots=True)
class Design:
    """The numbers of a least-squares problem.

    Attributes:
        X, y: exact numbers, row by row.
        names: the columns of X, the intercept included.
        target: the column y comes from.
        standardized: whether X and y were standardised (then the values are dyadic: see `Table.design`).
    """

    X: tuple[tuple[Fraction, ...], ...]
    y: tuple[Fraction, ...]
    names: tuple[str, ...]
    target: str
    standardized: bool

    def __post_init__(self) -> None:
        X, y = to_exact_array(self.X, "X", ndim=2), to_exact_array(self.y, "y", ndim=1)
        if X.shape[0] != y.shape[0]:
            raise InputError(f"y: expected {X.shape[0]} entries, one for each row of X, found {y.shape[0]}.")
        names = _texts(self.names, "names")
        if len(names) != X.shape[1]:
            raise InputError(f"names: expected {X.shape[1]}, one for each column of X, found {len(names)}.")
        for name, value in (("X", tuple(map(tuple, X))), ("y", tuple(y)), ("names", names),
                            ("target", read_text(self.target, "target", "the name of a column is needed")),
                            ("standardized", read_flag(self.standardized, "standardized"))):
            object.__setattr__(self, name, value)

    @property
    def n(self) -> int:
        """The number of rows."""
        return len(self.y)

    def model(self) -> LinearRegression:
        """The regression model of these numbers."""
        return LinearRegression(self.X, self.y)


@dataclass(frozen=True, slots=True)
class Table:
    """Cells of text under named columns.

    Attributes:
        names: the columns.
        rows: the cells as written.
        source: what messages call the table.
        lines: the line of the file that each row comes from.

    >>> Table(("x", "y"), (("0.1", "1"), ("1/3", "2")), "a table", (2, 3)).column("x")
    (Fraction(1, 10), Fraction(1, 3))
    """

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    source: str
    lines: tuple[int, ...]

    def __post_init__(self) -> None:
        names = _texts(self.names, "names")
        rows = tuple(_texts(row, f"rows[{i}]") for i, row in enumerate(read_sequence(
            self.rows, "rows", "a list of rows of cells is needed", _MOST_ROWS)))
        lines = tuple(read_integer(line, "lines", 0, "numbers of lines are needed") for line in read_sequence(
            self.lines, "lines", "a list of numbers of lines is needed", _MOST_ROWS))
        if any(len(row) != len(names) for row in rows) or len(lines) != len(rows):
            raise InputError(f"rows: each needs {len(names)} cells, and a line of the file.")
        for name, value in (("names", names), ("rows", rows), ("lines", lines),
                            ("source", read_text(self.source, "source", "a text is needed"))):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> tuple[Fraction, ...]:
        """The numbers of a column: decimals are exact (0.1 is 1/10).

        Raises `InputError` for an unknown column, and for a cell that is not a finite number; the message names
        its row, column and line.
        """
        return self._columns([name])[0]

    def _columns(self, chosen: Sequence[str]) -> list[tuple[Fraction, ...]]:
        """The numbers of several columns, each place looked up once."""
        places = {name: k for k, name in enumerate(self.names)}
        for name in chosen:
            if not isinstance(name, str) or name not in places:
                raise InputError(f"{self.source}: there is no column {shown(name)}; the columns are "
                                 f"{shortened(', '.join(self.names), 500)}.")
        return [tuple(self._number(row[places[name]], i, name) for i, row in enumerate(self.rows)) for name in chosen]

    def design(self, target: str, features: Sequence[str] | None = None, *, standardize: bool = False,
               intercept: bool = False) -> Design:
        """The least-squares problem of predicting `target` from `features` (all other columns where None).

        Args:
            standardize: subtract the mean of each column (target included) and divide by its standard deviation
                (with 1/n). The square root is not rational: each value is computed to double precision and
                taken as that exact dyadic number from there on.
            intercept: append a column of ones.
        """
        standardize, intercept = read_flag(standardize, "standardize"), read_flag(intercept, "intercept")
        if not isinstance(target, str):
            raise InputError(f"target: found {shown(target)}; the name of a column is needed.")
        chosen = tuple(n for n in self.names if n != target) if features is None else \
            read_sequence(features, "features", "a list of names of columns is needed")
        if not all(isinstance(name, str) for name in chosen):
            raise InputError(f"features: found {shown(chosen)}; names of columns are needed.")
        if not chosen and not intercept:
            raise InputError(f"{self.source}: no features are left beside the target {target!r}.")
        for name, count in Counter(chosen).items():
            if count > 1:
                raise InputError(f"the feature {name!r} is given twice.")
        if target in chosen:
            raise InputError(f"the target {target!r} is among the features.")
        columns = self._columns((target, *chosen))
        if standardize:
            columns = [standardized(values, name, self.source)
                       for values, name in zip(columns, (target, *chosen), strict=True)]
        if intercept:
            columns.append((Fraction(1),) * len(self))
        y, *xs = columns
        return Design(tuple(zip(*xs, strict=True)), y, (*chosen, *(("intercept",) * intercept)), target, standardize)

    def _number(self, cell: str, row: int, name: str) -> Fraction:
        place = f"{self.source}: row {row + 1} (line {self.lines[row]}), column {shown(name)}"
        if not cell:
            raise InputError(f"{place}: the cell is empty.")
        return parse_number(cell, place)


def _texts(values: Any, name: str) -> tuple[str, ...]:
    found = read_sequence(values, name, "a list of texts is needed")
    for text in found:
        if not isinstance(text, str):
            raise InputError(f"{name}: found {shown(text)}; a list of texts is needed.")
    return found


def standardized(values: Sequence[Fraction], name: str, source: str) -> tuple[Fraction, ...]:
    """(value - mean)/standard deviation, computed in double precision; the exact dyadic numbers of that.

    Raises `InputError` where all values are equal.
    """
    n = len(values)
    mean = sum(values, Fraction(0)) / n
    centred = [v - mean for v in values]
    variance = sum((c * c for c in centred), Fraction(0)) / n
    if not variance:
        raise InputError(f"{source}: column {name!r} is constant (every value is {values[0]}), so it cannot be "
                         "standardised; leave it out (intercept=True, --intercept, adds a column of ones).")
    largest = max(map(abs, centred))
    scale = sqrt(variance / largest**2)  # in [1/sqrt(n), 1]: no overflow whatever the units
    return tuple(Fraction(*(float(c / largest) / scale).as_integer_ratio()) for c in centred)
