"""The fast exact arithmetic: integer polynomials in v of FLINT, one for each column, over one common denominator.

A common denominator costs a few bits and saves the greatest common divisors, by far the larger part of the
time with numbers of ten thousand bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import gcd, lcm
from typing import Any

import flint

from sgdmoments.budget import tick
from sgdmoments.exact.backends.base import PolynomialBackend, Report, Row, Sparse
from sgdmoments.exact.univariate import from_flint

#: Integer entries by column, then by row, and their common denominator.
Scaled = tuple[dict[int, dict[int, int]], int]
#: For each power of v the columns that are not empty, each with its entries by row.
Move = list[list[tuple[int, list[tuple[int, Any]]]]]
#: A polynomial in v for each column, and the common denominator.
Columns = tuple[list[flint.fmpz_poly], int]


class FlintBackend(PolynomialBackend[Scaled, Columns]):
    """Scalars are Fractions."""

    name = "exact"

    def matrix(self, entries: Sparse, rows: int, columns: int) -> Scaled:
        common = lcm(*(entry.denominator for entry in entries.values()))
        by_column: dict[int, dict[int, int]] = {}
        for (i, j), entry in entries.items():
            by_column.setdefault(j, {})[i] = entry.numerator * (common // entry.denominator)
        return by_column, common

    def combine(self, terms: Sequence[tuple[Any, Scaled]]) -> Scaled:
        common = lcm(*(weight.denominator * denominator for weight, (_, denominator) in terms))
        total: dict[int, dict[int, int]] = {}
        for weight, (by_column, denominator) in terms:
            factor = weight.numerator * (common // (weight.denominator * denominator))
            for j, column in by_column.items():
                tick("combining matrices")
                target = total.setdefault(j, {})
                for i, entry in column.items():
                    target[i] = target.get(i, 0) + factor * entry
        content = gcd(common, *(entry for column in total.values() for entry in column.values()))
        return {j: {i: entry // content for i, entry in column.items() if entry}
                for j, column in total.items()}, common // content

    def table(self, rows: Sequence[Row], columns: int) -> Columns:
        common = lcm(*(entry.denominator for row in rows for entry in row.values()))
        dense = [[0] * len(rows) for _ in range(columns)]
        for d, row in enumerate(rows):
            for j, entry in row.items():
                dense[j][d] = entry.numerator * (common // entry.denominator)
        return list(map(flint.fmpz_poly, dense)), common

    def step(self, table: Columns, matrices: Sequence[Scaled]) -> Columns:
        return self.run(table, [matrices])

    def run(self, table: Columns, steps: Sequence[Sequence[Scaled]], report: Report | None = None) -> Columns:
        """All steps on columns that are packed: each polynomial is one integer, its value at v = 2^width."""
        polynomials, denominator = table
        known = {id(matrices): _common(matrices) for matrices in {id(m): m for m in steps}.values()}
        moves = [known[id(matrices)] for matrices in steps]
        width = _width(polynomials, [move for move, _ in moves])
        columns = [pack(p, width) for p in polynomials]
        for done, (move, own) in enumerate(moves):
            if report is not None:
                report(done)
            moved = [flint.fmpz(0)] * len(columns)
            for k, by_column in enumerate(move):
                for j, column in by_column:
                    tick("undoing a step")
                    total = flint.fmpz(0)
                    for i, entry in column:
                        total += columns[i] * entry
                    moved[j] += total << (k * width)
            columns = moved
            denominator *= own
        return [unpack(column, width) for column in columns], denominator

    def dot(self, table: Columns, column: Callable[[int], Any]) -> list[Any]:
        polynomials, denominator = table
        used = {j: column(j) for j, p in enumerate(polynomials) if p}
        if not all(isinstance(value, Fraction) for value in used.values()):  # letters for the initial weights
            return [sum((entry * used[j] for j, entry in row.items()), Fraction(0)) for row in self.rows(table)]
        common = lcm(*(value.denominator for value in used.values()))
        total = flint.fmpz_poly()
        for j, value in used.items():
            total += polynomials[j] * (value.numerator * (common // value.denominator))
        return from_flint(total, denominator * common, total.length())

    def rows(self, table: Columns) -> list[dict[int, Any]]:
        polynomials, denominator = table
        length = max(p.length() for p in polynomials)
        return [{j: Fraction(int(p[d]), denominator) for j, p in enumerate(polynomials) if p[d]}
                for d in range(length)]


def pack(polynomial: flint.fmpz_poly, width: int) -> flint.fmpz:
    """The value at 2^width, by halves.

    >>> pack(flint.fmpz_poly([3, -1]), 8) == 3 - 2**8, unpack(pack(flint.fmpz_poly([3, -1]), 8), 8)
    (True, (-1)*x + 3)
    """
    parts, step = polynomial.coeffs() or [flint.fmpz(0)], width
    while len(parts) > 1:
        parts.append(flint.fmpz(0))
        parts = [low + (high << step) for low, high in zip(parts[::2], parts[1::2], strict=False)]
        step *= 2
    return parts[0]


def unpack(value: flint.fmpz, width: int) -> flint.fmpz_poly:
    """The polynomial with coefficients below 2^(width - 1) in absolute value whose value at 2^width is given."""
    count, size, half = int(value.bit_length()) // width + 1, width // 8, 1 << (width - 1)
    halves = int.from_bytes(half.to_bytes(size, "little") * count, "little")
    digits = (int(value) + halves).to_bytes(count * size + 1, "little")
    return flint.fmpz_poly([int.from_bytes(digits[k * size:(k + 1) * size], "little") - half for k in range(count)])


def _common(matrices: Sequence[Scaled]) -> tuple[Move, int]:
    """The same matrices over one denominator."""
    common = lcm(*(d for _, d in matrices))
    return [[(j, [(i, flint.fmpz(entry * (common // own))) for i, entry in column.items()])
             for j, column in by_column.items()] for by_column, own in matrices], common


def _width(polynomials: Sequence[flint.fmpz_poly], moves: Sequence[Move]) -> int:
    """A multiple of 8 bits that holds every coefficient of every step with its sign: bounds go through the steps."""
    bounds = [flint.fmpz(1) << int(p.height_bits()) if p else flint.fmpz(0) for p in polynomials]
    largest = max(bounds)
    sizes = {id(move): [(j, i, abs(entry)) for by_column in move for j, column in by_column for i, entry in column]
             for move in moves}
    for move in moves:
        tick("the length of the numbers")
        grown = [flint.fmpz(0)] * len(bounds)
        for j, i, entry in sizes[id(move)]:
            grown[j] += entry * bounds[i]
        bounds = grown
        largest = max(largest, *bounds)
    return (int(largest.bit_length()) + 2 + 7) // 8 * 8
