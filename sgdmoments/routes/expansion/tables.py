"""Polynomials as tables of terms: values and dense derivative arrays at many points, in floats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import permutations
from typing import Any

import numpy as np
import sympy

from sgdmoments.errors import InputError
from sgdmoments.exact.ring import Polynomial

Array = np.ndarray[Any, Any]


class Table:
    """Several polynomials in the same weights, with float coefficients.

    Args:
        polynomials: pairs (row, polynomial): the rows of the results, and what stands in them.
        weights: the letters of the weights.
        rows: the number of rows.
    """

    def __init__(self, polynomials: Iterable[tuple[int, Polynomial]], weights: Sequence[sympy.Symbol],
                 rows: int) -> None:
        self.rows, self.width = rows, len(weights)
        place = {w: i for i, w in enumerate(weights)}
        found: dict[int, tuple[list[int], list[float], list[list[int]]]] = {}
        for row, polynomial in polynomials:
            generators = [place.get(g, -1) for g in polynomial.ring.generators]
            for e, c in polynomial.terms():
                factors: list[int] = []
                for i, power in zip(generators, e, strict=True):
                    if power and i < 0:
                        raise InputError("arithmetic='float' needs numbers, but the problem has letters "
                                         "(or random initial weights); use arithmetic='exact'.")
                    factors += [i] * power
                at, coefficient, indices = found.setdefault(len(factors), ([], [], []))
                at.append(row)
                coefficient.append(float(c))
                indices.append(factors)
        self._groups = [
            (degree, np.array(at), np.array(coefficient), np.array(indices, dtype=int).reshape(len(at), degree))
            for degree, (at, coefficient, indices) in sorted(found.items())]
        self._plans: dict[int, tuple[Array, list[tuple[Array, Array]]]] = {}

    @property
    def degree(self) -> int:
        """The degree of the polynomials."""
        return max((degree for degree, *_ in self._groups), default=0)

    @property
    def terms(self) -> int:
        """The number of terms."""
        return sum(len(at) for _, at, _, _ in self._groups)

    def derivative(self, order: int, weights: Array) -> Array:
        """The array of all derivatives of the order, shape (rows, width, ..., width); order 0: the values."""
        if order not in self._plans:
            self._plans[order] = self._plan(order)
        flat, parts = self._plans[order]
        shape = (self.rows, *(self.width,) * order)
        if not parts:
            return np.zeros(shape)
        values = np.concatenate([coefficient * np.prod(weights[rest], axis=1) for coefficient, rest in parts])
        return np.bincount(flat, values, int(np.prod(shape))).reshape(shape)

    def _plan(self, order: int) -> tuple[Array, list[tuple[Array, Array]]]:
        """Where each term's derivatives go, and the factors that are left of it."""
        places, parts = [], []
        for degree, at, coefficient, indices in self._groups:
            for chosen in permutations(range(degree), order):
                flat = at.copy()
                for k in chosen:
                    flat = flat * self.width + indices[:, k]
                places.append(flat)
                parts.append((coefficient, indices[:, [k for k in range(degree) if k not in chosen]]))
        return (np.concatenate(places) if places else np.zeros(0, dtype=int)), parts
