"""Joining open ends: matrix products, norms and traces of arrays that are expressions.

>>> from sgdmoments.graphs.labels import Label, open_end
>>> A = Label("A", (2, 3))
>>> array = Expression.from_edges([(A, 0, 1), (open_end(0, 2), 0), (open_end(1, 3), 1)])
>>> squared_norm(array)
(1) tr(A A.T)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sgdmoments.errors import InputError
from sgdmoments.exact.ring import Polynomial, ring_of
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.graph import Monomial, disjoint_edges, normal_form
from sgdmoments.graphs.graph_sum import dimension_factor
from sgdmoments.graphs.labels import BATCH, Dimension, Edge, open_end, open_number


def join_open(expression: Expression, pairs: Iterable[tuple[int, int]]) -> Expression:
    """Identify open indices in pairs and sum over them: Σ_k expression[.., k, .., k, ..]."""
    pairs = tuple(pairs)
    return _identify(expression, pairs, frozenset(end for pair in pairs for end in pair))


def diagonal_open(expression: Expression, pairs: Iterable[tuple[int, int]]) -> Expression:
    """Identify open indices in pairs and keep the first of each open: a diagonal of the array."""
    pairs = tuple(pairs)
    return _identify(expression, pairs, frozenset(b for _, b in pairs))


def _identify(expression: Expression, pairs: Sequence[tuple[int, int]], closed: frozenset[int]) -> Expression:
    ring = expression.ring
    total: dict[Monomial, Any] = {}
    for monomial, coefficient in expression.raw.items():
        edges, _ = disjoint_edges(monomial)
        held = {open_number(edge[0]): edge for edge in edges if edge[0].kind == "open"}
        missing = {end for pair in pairs for end in pair} - held.keys()
        if missing:
            raise InputError(f"no open ends {sorted(missing)} in an array with open ends {sorted(held)}.")
        for a, b in pairs:
            if held[a][0].dimensions != held[b][0].dimensions:
                raise InputError(f"open ends {a} and {b} have different dimensions {held[a][0].dimensions[0]} "
                                 f"and {held[b][0].dimensions[0]}.")
        image = merged((held[a][1], held[b][1]) for a, b in pairs)
        kept = [(edge[0], *[image.get(v, v) for v in edge[1:]]) for edge in edges
                if edge[0].kind != "open" or open_number(edge[0]) not in closed]
        ends: list[tuple[int, Dimension]] = [(held[k][1], held[k][0].dimensions[0]) for k in closed]
        dimensions = {image.get(v, v): dimension for v, dimension in ends}
        graphs, free = normal_form(kept, dimensions)
        if free:
            value = Polynomial(ring, coefficient)
            for v in free:
                value = value * dimension_factor(dimensions[v])
            if value.ring is not ring:
                return _identify(expression.in_ring(value.ring), pairs, closed)
            coefficient = value.raw
        total[graphs] = total[graphs] + coefficient if graphs in total else coefficient
    return Expression.from_raw(ring, total, expression.known)


def merged(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Where each vertex goes when pairs of vertices become one."""
    image: dict[int, int] = {}

    def find(v: int) -> int:
        while v in image:
            v = image[v]
        return v

    for a, b in pairs:
        a, b = find(a), find(b)
        if a != b:
            image[b] = a
    return {v: find(v) for v in image}


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
    return Expression.from_raw(expression.ring, raw, expression.known)


def inner_product(a: Expression, b: Expression) -> Expression:
    """Σ a[i, j, ...] b[i, j, ...] over all open ends."""
    if not a or not b:
        return Expression({}, a.ring.union(b.ring))
    ends = a.open_ends
    if ends != b.open_ends:
        raise InputError(f"arrays with open ends {ends} and {b.open_ends} have no inner product.")
    a, b = a.meet(b)
    ring = a.ring.union(ring_of(d for graph in a.graphs for edge in graph.edges if edge[0].kind == "open"
                              for d in edge[0].dimensions if not isinstance(d, int) and d is not BATCH))
    left, right = a.in_ring(ring).raw, b.in_ring(ring).raw
    size = max((sum(graph.vertices for graph in m) for m in left), default=0)
    prepared = [(_opened(m, size), c) for m, c in right.items()]
    total: dict[Monomial, Any] = {}
    for m, c in left.items():
        edges, held, dimensions = _opened(m, 0)
        for (others, places, _), d in prepared:
            image = merged(zip(held, places, strict=True))
            kept = [(e[0], *[image.get(v, v) for v in e[1:]]) for e in edges + others]
            graphs, free = normal_form(kept, {image.get(v, v) for v in held})
            value = c * d
            for v in free:
                value = value * ring(dimension_factor(dimensions[v])).raw
            total[graphs] = total[graphs] + value if graphs in total else value
    return Expression.from_raw(ring, total, {**a.known, **b.known})


def _opened(monomial: Monomial, start: int) -> tuple[list[Edge], list[int], dict[int, Dimension]]:
    """The edges but for open ends; the vertices at open ends, by their numbers; and the dimensions of those."""
    edges, _ = disjoint_edges(monomial, start)
    opens = sorted((open_number(e[0]), e[1], e[0].dimensions[0]) for e in edges if e[0].kind == "open")
    return [e for e in edges if e[0].kind != "open"], [v for _, v, _ in opens], {v: d for _, v, d in opens}


def squared_norm(array: Expression) -> Expression:
    """Σ array[i, j, ...]² over all open ends: two copies of each graph, joined."""
    return inner_product(array, array)


def hadamard_product(a: Expression, b: Expression) -> Expression:
    """The entrywise product of two arrays with the same open ends."""
    ends = a.open_ends
    shift = max(ends, default=-1) + 1
    return diagonal_open(a * renumber_open(b, {k: k + shift for k in ends}), [(k, k + shift) for k in ends])
