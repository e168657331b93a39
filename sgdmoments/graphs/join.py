"""Joining open ends: matrix products, norms and traces of arrays that are expressions.

>>> from sgdmoments.graphs.graph import Label, open_end
>>> A = Label("A", (2, 3))
>>> array = Expression.from_edges([(A, 0, 1), (open_end(0, 2), 0), (open_end(1, 3), 1)])
>>> squared_norm(array)
(1) tr(A A.T)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sgdmoments.errors import InputError
from sgdmoments.graphs.canonical import normal_form
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.graph import Dimension, Edge, Monomial, open_end, open_number


def disjoint_edges(monomial: Monomial, start: int = 0) -> tuple[list[Edge], int]:
    """The edges of all graphs of a monomial with disjoint vertices from `start` on, and the next free vertex."""
    edges: list[Edge] = []
    for graph in monomial:
        edges.extend((edge[0], *[v + start for v in edge[1:]]) for edge in graph.edges)
        start += graph.vertices
    return edges, start


def join_open(expression: Expression, pairs: Iterable[tuple[int, int]]) -> Expression:
    """Identify open indices in pairs and sum over them: Σ_k expression[.., k, .., k, ..]."""
    pairs = tuple(pairs)
    return _identify(expression, pairs, frozenset(end for pair in pairs for end in pair))


def diagonal_open(expression: Expression, pairs: Iterable[tuple[int, int]]) -> Expression:
    """Identify open indices in pairs and keep the first of each open: a diagonal of the array."""
    pairs = tuple(pairs)
    return _identify(expression, pairs, frozenset(b for _, b in pairs))


def _identify(expression: Expression, pairs: Sequence[tuple[int, int]], closed: frozenset[int]) -> Expression:
    total = Expression()
    for monomial, coefficient in expression.terms():
        edges, _ = disjoint_edges(monomial)
        held = {open_number(edge[0]): edge for edge in edges if edge[0].kind == "open"}
        missing = {end for pair in pairs for end in pair} - held.keys()
        if missing:
            raise InputError(f"no open ends {sorted(missing)} in an array with open ends {sorted(held)}.")
        image: dict[int, int] = {}

        def find(v: int, image: dict[int, int] = image) -> int:
            while v in image:
                v = image[v]
            return v

        for a, b in pairs:
            (left, v), (right, w) = held[a], held[b]
            if left.dimensions != right.dimensions:
                raise InputError(f"open ends {a} and {b} have different dimensions {left.dimensions[0]} "
                                 f"and {right.dimensions[0]}.")
            v, w = find(v), find(w)
            if v != w:
                image[w] = v
        kept = [(edge[0], *map(find, edge[1:])) for edge in edges
                if edge[0].kind != "open" or open_number(edge[0]) not in closed]
        dimensions: dict[int, Dimension] = {find(held[k][1]): held[k][0].dimensions[0] for k in closed}
        total += Expression.from_edges(kept, coefficient, dimensions)
    return total


def renumber_open(expression: Expression, numbers: Mapping[int, int]) -> Expression:
    """The expression with its open ends numbered anew."""
    def renamed(edge: Edge) -> Edge:
        if edge[0].kind != "open":
            return edge
        number = open_number(edge[0])
        return (open_end(numbers.get(number, number), edge[0].dimensions[0]), edge[1])

    raw: dict[Monomial, Any] = {}
    for monomial, c in expression.raw.items():
        edges, _ = disjoint_edges(monomial)
        new, _ = normal_form(renamed(edge) for edge in edges)
        raw[new] = raw[new] + c if new in raw else c
    return Expression.from_raw(expression.ring, raw)


def inner_product(a: Expression, b: Expression) -> Expression:
    """Σ a[i, j, ...] b[i, j, ...] over all open ends."""
    ends = a.open_ends
    if a and b and ends != b.open_ends:
        raise InputError(f"arrays with open ends {ends} and {b.open_ends} have no inner product.")
    shift = max(ends, default=-1) + 1
    shifted = renumber_open(b, {k: k + shift for k in ends})
    return join_open(a * shifted, [(k, k + shift) for k in ends])


def squared_norm(array: Expression) -> Expression:
    """Σ array[i, j, ...]² over all open ends: two copies of each graph, joined."""
    return inner_product(array, array)


def matrix_product(a: Expression, b: Expression) -> Expression:
    """The product of two matrices with open ends 0 (row) and 1 (column)."""
    return renumber_open(join_open(a * renumber_open(b, {0: 2, 1: 3}), [(1, 2)]), {3: 1})


def hadamard_product(a: Expression, b: Expression) -> Expression:
    """The entrywise product of two arrays with the same open ends."""
    ends = a.open_ends
    shift = max(ends, default=-1) + 1
    return diagonal_open(a * renumber_open(b, {k: k + shift for k in ends}), [(k, k + shift) for k in ends])
