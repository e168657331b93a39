"""Update: each edge W of step t+1 becomes W − α g: the edge, or the gradient's graph between the same ends.

Identity: for a graph with weight edges e₁, …, eₘ, the substitution W → W − αg sums over all subsets of edges
replaced; the part of order k in α replaces k of them. A derived letter D is replaced by D + α D₁ + α² D₂ + …,
read off from what it stands for. Edges of other slots (a momentum buffer) may be replaced at order 0 as well.

Assumption: the slots move by a linear update, such as W_(t+1) = W_t − α_t g_t, with one batch a step.

Source: P0, Theorem 3.7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sgdmoments.exact.ring import Polynomial, Ring
from sgdmoments.graphs.derived import definition
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.graph import IndexGraph, Monomial, disjoint_edges, monomial_product, normal_form
from sgdmoments.graphs.graph_sum import GraphSum, dimension_factor
from sgdmoments.graphs.labels import Edge, Label, open_number
from sgdmoments.rules.rule import Rule

UPDATE = Rule(
    "update", "each edge W_(t+1) becomes W_t − α_t g_t: the edge, or the gradient's graph between its ends",
    "SGD with one batch a step (of other updates: their slots and g)", "P0, Theorem 3.7")

#: FLINT coefficients by monomial.
Terms = dict[Monomial, Any]


@dataclass(frozen=True, slots=True)
class Fragment:
    """A graph that replaces an edge: vertices −1, −2, … are the edge's ends, 0, 1, … are inner ones."""

    edges: tuple[Edge, ...]
    inner: int
    coefficient: Any


#: What an edge becomes, by orders in α: arrays (open ends 0, 1, …); None first: the edge itself.
Image = Sequence[Expression | None]


def along(directions: Mapping[Label, Expression]) -> dict[Label, Image]:
    """W → W + α·(direction): −g for SGD."""
    return {label: (None, array) for label, array in directions.items()}


class Update:
    """The substitution of a step, by orders in α.

    Args:
        images: for each matrix that moves what it becomes.
        ring: a ring that holds every coefficient.
    """

    def __init__(self, images: Mapping[Label, Image], ring: Ring) -> None:
        self.ring = ring
        self._one = ring.one.raw
        self._fragments: dict[Label, Sequence[Sequence[Fragment] | None]] = {
            label: tuple(None if part is None else tuple(_fragments(part.in_ring(ring))) for part in parts)
            for label, parts in images.items()}
        #: Whether every edge keeps itself at order 0: then the part of order 0 is the identity.
        self.keeps = all(parts[0] is None for parts in images.values())
        self.graph_orders = cache(self._graph_orders)

    def fragments(self, label: Label) -> Sequence[Sequence[Fragment] | None]:
        """What may replace an edge, by its order 0, 1, ... in α (None: the edge itself); empty for a constant."""
        known = self._fragments.get(label)
        if known is None:
            inner = definition(label)
            orders: list[Sequence[Fragment] | None] = []
            if inner is not None and self.degree_of(inner.in_ring(self.ring.union(inner.ring))):
                orders.append(None)
                inner = inner.in_ring(self.ring.union(inner.ring)).in_ring(self.ring)
                for k in range(1, self.degree_of(inner) + 1):
                    part = self.expression_order(inner, k)
                    orders.append(tuple(_fragments(part)))
            known = self._fragments[label] = tuple(orders)
        return known

    def degree(self, graph: IndexGraph) -> int:
        """The greatest order in α that the update of a graph has."""
        return sum(max(len(self.fragments(edge[0])) - 1, 0) for edge in graph.edges)

    def degree_of(self, expression: GraphSum) -> int:
        """The greatest order in α that the update of an expression has."""
        return max((sum(map(self.degree, monomial)) for monomial in expression.raw), default=0)

    def expression_order(self, expression: GraphSum, order: int) -> Expression:
        """The part of order α^order of the updated expression."""
        total: Terms = {}
        for monomial, c in expression.in_ring(self.ring).raw.items():
            for m, d in self.order(monomial, order).items():
                total[m] = total[m] + c * d if m in total else c * d
        return Expression.from_raw(self.ring, total)

    def order(self, monomial: Monomial, order: int) -> Terms:
        """The part of order α^order of a product of graphs."""
        orders: list[Terms] = [{(): self._one}, *({} for _ in range(order))]
        for graph in monomial:
            own = [self.graph_orders(graph, k) for k in range(min(order, self.degree(graph)) + 1)]
            grown: list[Terms] = [{} for _ in range(order + 1)]
            for i, left in enumerate(orders):
                if left:
                    for j, right in enumerate(own[: order + 1 - i]):
                        _add_product(grown[i + j], left, right)
            orders = grown
        return orders[order]

    def _graph_orders(self, graph: IndexGraph, order: int) -> Terms:
        """The part of order α^order of one connected graph."""
        places = [k for k, edge in enumerate(graph.edges) if self.fragments(edge[0])]
        if order == 0 and all(self.fragments(graph.edges[k][0])[0] is None for k in places):
            return {(graph,): self._one}
        total: Terms = {}
        for chosen in self._choices(graph, places, 0, order):
            edges = list(graph.edges)
            coefficient = self._one
            fresh = graph.vertices
            extra: list[Edge] = []
            for place, fragment in chosen:
                ends = graph.edges[place]
                edges[place] = ()
                for e in fragment.edges:
                    extra.append((e[0], *[v + fresh if v >= 0 else ends[-v] for v in e[1:]]))
                fresh += fragment.inner
                coefficient = coefficient * fragment.coefficient
            ends_touched = {v: d for place, _ in chosen
                            for v, d in zip(graph.edges[place][1:], graph.edges[place][0].dimensions, strict=True)}
            graphs, free = normal_form([e for e in edges if e] + extra, ends_touched)
            for v in free:
                coefficient = coefficient * self.ring(dimension_factor(ends_touched[v])).raw
            total[graphs] = total[graphs] + coefficient if graphs in total else coefficient
        return {m: c for m, c in total.items() if c}

    def _choices(self, graph: IndexGraph, places: Sequence[int], start: int,
                 order: int) -> Iterator[list[tuple[int, Fragment]]]:
        """All ways to replace edges from places[start:] on with total order `order`."""
        if start == len(places):
            if order == 0:
                yield []
            return
        for k, fragments in enumerate(self.fragments(graph.edges[places[start]][0])[:order + 1]):
            for rest in self._choices(graph, places, start + 1, order - k):
                if fragments is None:
                    yield rest
                for fragment in fragments or ():
                    yield [(places[start], fragment), *rest]


def _fragments(array: GraphSum) -> Iterator[Fragment]:
    """The terms of an array with open ends 0, 1, ... as graphs to put in place of an edge."""
    for monomial, c in array.raw.items():
        edges, count = disjoint_edges(monomial)
        ends = {edge[1]: -1 - open_number(edge[0]) for edge in edges if edge[0].kind == "open"}
        place = dict(ends)
        for v in range(count):
            if v not in place:
                place[v] = sum(1 for w in range(v) if w not in ends)
        assert len(set(ends.values())) == len(array.open_ends), "an array that holds the identity"
        yield Fragment(tuple((e[0], *[place[v] for v in e[1:]]) for e in edges if e[0].kind != "open"),
                       count - len(ends), c)


def _add_product(total: Terms, left: Terms, right: Terms) -> None:
    for m, c in left.items():
        for n, d in right.items():
            product = monomial_product(m, n)
            total[product] = total[product] + c * d if product in total else c * d


def update(expression: Expression, rule: Update, rate: Polynomial, orders: int) -> Expression:
    """The updated expression up to a given order, with α = `rate`."""
    total = expression.in_ring(rule.ring) if rule.keeps else rule.expression_order(expression, 0)
    for k in range(1, orders + 1):
        total = total + rule.expression_order(expression, k) * rate**k
    return total
