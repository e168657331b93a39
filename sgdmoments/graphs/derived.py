"""Derived letters: a letter that stands for an expression in other matrices.

The error matrix R = W₂W₁ − W₂*W₁* of a linear network is one: kept as a letter it shortens every formula, and as
the teacher occurs in it only, no two expressions in R, W₁, W₂ are equal unless they are the same. The text of
the definition is part of the label, so that two letters R of different networks are different labels.

>>> from sgdmoments.graphs.expression import Expression
>>> A, B = Label("A", (2, 3)), Label("B", (2, 3))
>>> array = sum((Expression.from_edges([(M, 0, 1), (open_end(0, 2), 0), (open_end(1, 3), 1)], c)
...              for M, c in ((A, 1), (B, -1))), Expression())
>>> R = derived_letter("R", array)
>>> R, R.dimensions, definition(R) == array, definition(A)
(R, (2, 3), True, None)
>>> expand_derived(Expression.from_edges([(R, 0, 1), (R, 0, 1)]))
(1) tr(A A.T) + (-2) tr(A B.T) + (1) tr(B B.T)
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sgdmoments.exact.ring import Polynomial
from sgdmoments.graphs.graph import IndexGraph, Monomial, disjoint_edges, monomial_product, normal_form
from sgdmoments.graphs.graph_sum import GraphSum
from sgdmoments.graphs.labels import Edge, Label, open_end, open_number

Sum = TypeVar("Sum", bound=GraphSum)


def derived_letter(name: str, array: GraphSum) -> Label:
    """A letter for an array with open ends 0, 1, ...."""
    dimensions = {}
    for graph in array.graphs:
        for edge in graph.edges:
            if edge[0].kind == "open":
                dimensions[open_number(edge[0])] = edge[0].dimensions[0]
    meaning = json.dumps(array.to_json(), sort_keys=True)
    return Label(name, [dimensions[k] for k in sorted(dimensions)], kind="derived", meaning=meaning)


@lru_cache(maxsize=256)
def definition(label: Label) -> GraphSum | None:
    """The array that a derived letter stands for; None for any other label."""
    return GraphSum.from_json(json.loads(label.meaning)) if label.kind == "derived" else None


def substitute_edge(graph: IndexGraph, place: int, array: Monomial,
                    renumber: Mapping[int, int] | None = None) -> GraphSum:
    """Replace one edge by a monomial with open ends 0, 1, ... at the edge's ends.

    Further open ends of the monomial stay open, with the numbers that `renumber` gives them.
    """
    edge = graph.edges[place]
    inner, _ = disjoint_edges(array, graph.vertices)
    image: dict[int, int] = {}

    def find(v: int) -> int:
        while v in image:
            v = image[v]
        return v

    kept: list[Edge] = []
    for e in inner:
        if e[0].kind != "open":
            kept.append(e)
            continue
        number = open_number(e[0])
        if number >= len(edge) - 1:
            assert renumber is not None
            kept.append((open_end(renumber[number], e[0].dimensions[0]), e[1]))
        else:
            v, end = find(e[1]), find(edge[1 + number])
            if v != end:  # two open ends on one vertex: the identity matrix, whose ends are one index
                image[v] = end
    edges: list[Edge] = [e for k, e in enumerate(graph.edges) if k != place]
    edges += kept
    dimensions = {find(v): d for v, d in zip(edge[1:], edge[0].dimensions, strict=True)}
    return GraphSum.from_edges([(e[0], *map(find, e[1:])) for e in edges], 1, dimensions)


def expand_derived(expression: Sum) -> Sum:
    """The expression with derived letters replaced by what they stand for."""
    while True:
        arrays = {label: definition(label) for label in expression.labels if label.kind == "derived"}
        if not arrays:
            return expression
        expression = substitute_letters(expression, {label: a for label, a in arrays.items() if a is not None})


def substitute_letters(expression: Sum, arrays: Mapping[Label, GraphSum]) -> Sum:
    """The expression with each edge of the given labels replaced by an array with open ends 0, 1, ....

    The replacement is done once: labels of `arrays` that come in with an array are left alone.
    """
    known = dict(expression.known)
    for array in arrays.values():
        known.update(array.known)
    plan = [(label, tuple(array.terms())) for label, array in arrays.items()]
    marked = {label: Label(label.name, label.dimensions, "marked", label.symmetric, str(label)) for label, _ in plan}
    expression = relabelled(expression, marked)
    for label, terms in plan:
        while marked[label] in expression.labels:
            expression = _substituted(expression, marked[label], terms)
    return expression.with_known(known) if known else expression


def relabelled(expression: Sum, labels: Mapping[Label, Label]) -> Sum:
    """The expression with labels exchanged for others of the same dimensions."""
    total: dict[Monomial, Any] = {}
    for monomial, c in expression.raw.items():
        edges, _ = disjoint_edges(monomial)
        new, _ = normal_form((labels.get(edge[0], edge[0]), *edge[1:]) for edge in edges)
        total[new] = total[new] + c if new in total else c
    known = {labels.get(label, label): value for label, value in expression.known.items()}
    return expression.from_raw(expression.ring, total, known)


def _substituted(expression: Sum, label: Label, terms: Sequence[tuple[Monomial, Polynomial]]) -> Sum:
    """One edge of the label replaced in every monomial that has one."""
    total: dict[Monomial, Polynomial] = {}

    def add(monomial: Monomial, coefficient: Polynomial) -> None:
        total[monomial] = total[monomial] + coefficient if monomial in total else coefficient

    for monomial, coefficient in expression.terms():
        hit = next(((i, k) for i, graph in enumerate(monomial) for k, edge in enumerate(graph.edges)
                    if edge[0] is label), None)
        if hit is None:
            add(monomial, coefficient)
            continue
        i, k = hit
        rest = monomial[:i] + monomial[i + 1:]
        for inner, c in terms:
            for new, factor in substitute_edge(monomial[i], k, inner).terms():
                add(monomial_product(rest, new), coefficient * c * factor)
    return type(expression)(total)
