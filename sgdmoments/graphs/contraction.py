"""The values of graphs: each distinct graph once, cycles and chains as products of words, branches by elimination.

What the numbers are, a `Source` says: a user's values, exact or in floats (`given.py`), or residues modulo a prime
(`modular.py`).
"""

from __future__ import annotations

from math import prod
from typing import Any, Protocol

import numpy as np

from sgdmoments.budget import tick
from sgdmoments.errors import InputError
from sgdmoments.exact.ring import Polynomial
from sgdmoments.graphs.arithmetic import Arithmetic, Array
from sgdmoments.graphs.elimination import Factor, contract
from sgdmoments.graphs.graph import IndexGraph, Monomial
from sgdmoments.graphs.graph_sum import GraphSum
from sgdmoments.graphs.labels import BATCH, Dimension, Label, open_number
from sgdmoments.graphs.words import Words


class Source(Protocol):
    """Where a `Contraction` finds its numbers."""

    @property
    def arithmetic(self) -> Arithmetic:
        """How its numbers are multiplied."""

    def array(self, label: Label, contraction: Contraction) -> tuple[Array, int]:
        """The array of a label, times the integer that clears its denominators, and that integer."""

    def size(self, dimension: Dimension) -> int:
        """The number of values of an index."""

    def coefficient(self, polynomial: Polynomial) -> Any:
        """The value of a coefficient."""


class Contraction:
    """The values of graphs at one point, each graph and each product of matrices computed once."""

    def __init__(self, source: Source) -> None:
        self.source, self.arithmetic = source, source.arithmetic
        self._arrays: dict[Label, tuple[Array, int]] = {}
        self._graphs: dict[IndexGraph, Any] = {}
        self.words = Words(self.arithmetic, lambda label: self.arithmetic.matrix(self._array(label)), source.size)

    def expression(self, expression: GraphSum) -> Any:
        """The value of an expression: a number, or an array over its open ends."""
        ends = expression.open_ends
        total: Any = 0
        for monomial, coefficient in expression.terms():
            tick("the value of an expression")
            term = self.source.coefficient(coefficient) * self._monomial(monomial, ends)
            total = self.arithmetic.reduced(total + self.arithmetic.reduced(term))
        if ends and not expression:
            raise InputError("the expression is zero; the shape of an array of zeros is not known.")
        return total

    def _monomial(self, monomial: Monomial, ends: tuple[int, ...]) -> Any:
        value: Any = 1
        found: list[int] = []
        for graph in monomial:
            factor = self.graph(graph)
            product = np.multiply.outer(value, factor) if graph.open_ends else value * factor
            value = self.arithmetic.reduced(product)
            found += graph.open_ends
        if not ends:
            return value
        return np.asarray(value).transpose([found.index(n) for n in ends])

    def graph(self, graph: IndexGraph) -> Any:
        """The value of one connected graph: a number, or an array over its open ends."""
        value = self._graphs.get(graph)
        if value is None:
            value = self.words.trace(graph.parts[0][0]) if graph.is_trace else self._branched(graph)
            scale = prod(self._array_of(edge[0])[1] for edge in graph.edges if edge[0].kind != "open")
            scale *= prod(self.source.size(d) for d in graph.dimensions if d == BATCH)
            if scale != 1:
                value = self.arithmetic.divide(value, scale)
            value = self._graphs[graph] = self.arithmetic.reduced(value)
        return value

    def _branched(self, graph: IndexGraph) -> Any:
        factors: list[Factor] = []
        held: dict[int, list[int]] = {}
        for word, ends in graph.parts:
            if word[0].kind == "open":
                held.setdefault(ends[0], []).append(open_number(word[0]))
            elif len(ends) == 2:
                factors.append((self.arithmetic.array(self.words.chain(word)), ends))
            else:
                factors.append((self._array(word[0]), ends))
        kept: dict[int, int] = {}
        fresh = graph.branching
        for vertex, numbers in held.items():
            kept[numbers[0]] = vertex
            size = self.source.size(graph.dimensions[vertex])
            if len(numbers) == 1 and all(vertex not in indices for _, indices in factors):
                factors.append((self.arithmetic.letter(np.ones(size, dtype=np.int64), "1")[0], (vertex,)))
            for number in numbers[1:]:  # a Kronecker delta between two axes
                kept[number] = fresh
                factors.append((self.arithmetic.letter(np.eye(size, dtype=np.int64), "I")[0], (vertex, fresh)))
                fresh += 1
        value = contract(factors, tuple(kept[number] for number in sorted(kept)), self.arithmetic)
        return value if kept else value[()]

    def _array(self, label: Label) -> Array:
        return self._array_of(label)[0]

    def _array_of(self, label: Label) -> tuple[Array, int]:
        found = self._arrays.get(label)
        if found is None:
            found = self._arrays[label] = self.source.array(label, self)
        return found
