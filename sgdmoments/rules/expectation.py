"""Expectation: the independent random entries of a graph are grouped into blocks.

Identity: for independent entries of one law, with cumulants κ₁, κ₂, …,

    E[x_(e₁) ⋯ x_(eₘ)] = Σ over set partitions of {e₁, …, eₘ} of Π over blocks B of κ_|B| · [all ends of B equal].

On the graph a block loses its edges and its first ends are merged, and its second ends. For N(0, 1) entries only
pairs have a cumulant (Isserlis' theorem, Wick's formula). For rows x ~ N(0, Σ) a pair merges its batch vertices
and puts an edge Σ between its feature vertices. The partitions are never listed: one edge is taken, its block
grown edge by edge, the graph brought to normal form, equal graphs added, and the rest done by recursion with a memo.

Assumptions: entries of different labels are independent; entries of one label are independent and identically
distributed (or, with a covariance, its rows are). Of a symmetric label the entries on and above the diagonal are;
those below are their mirror images, so that an entry x_ab is x_cd where {a, b} = {c, d}.

Source: P0, Lemma A.6 (any law) and P1, Lemmas 6 and 7 (Gaussian), where the pairings are listed.

>>> from sgdmoments.graphs.labels import BATCH, Label
>>> from sgdmoments.exact.ring import INVERSE_BATCH, Ring
>>> import sympy
>>> p = sympy.Symbol("p")
>>> x, A = Label("x", (BATCH, p), "data"), Label("A", (p, p))
>>> mean = Expectation({x: EntryLaw.gaussian()}, Ring((INVERSE_BATCH, p)))
>>> mean(Expression.from_edges([(x, 0, 1), (x, 0, 2), (A, 1, 3), (A, 2, 4), (x, 5, 3), (x, 5, 4)]))  # tr SASAᵀ
(_u) tr(A) tr(A) + (_u) tr(A A) + (1) tr(A A.T)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import combinations, product
from typing import Any

from sgdmoments.budget import Monitor
from sgdmoments.errors import AssumptionError
from sgdmoments.exact.ring import INVERSE_BATCH, Ring, Scalar
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.graph import SORT_KEY, IndexGraph, Monomial, monomial_product, normal_form
from sgdmoments.graphs.graph_sum import dimension_factor
from sgdmoments.graphs.labels import BATCH, Dimension, Edge, Label
from sgdmoments.rules.rule import Rule

EXPECTATION = Rule(
    "expectation", "random edges are grouped into blocks, weighted by cumulants; a block merges its ends",
    "independent entries with known cumulants (Gaussian: pairs only)",
    "Isserlis' theorem; P0, Lemma A.6; P1, Lemmas 6 and 7")

#: Up to this many partners of an edge, the blocks of a law with all cumulants are made at once; half as many where
#: edges also meet crosswise.
LISTED_BLOCKS = 13


@dataclass(frozen=True, slots=True)
class EntryLaw:
    """The law of the entries of one label.

    Attributes:
        cumulant: κ_k of an entry as a function of k = 1, 2, ...: numbers or ring elements.
        pairs_only: whether κ_k = 0 for k ≠ 2.
        covariance: a symmetric label Σ when rows are N(0, Σ) in place of independent entries; or a label with
            twice the ends of the random one, the covariance of any two entries.
    """

    cumulant: Callable[[int], Scalar]
    pairs_only: bool = False
    covariance: Label | None = None

    @staticmethod
    def gaussian(variance: Scalar = 1) -> EntryLaw:
        """Independent N(0, variance) entries."""
        return EntryLaw(lambda k: variance if k == 2 else 0, pairs_only=True)

    @staticmethod
    def gaussian_rows(covariance: Label) -> EntryLaw:
        """Independent rows N(0, Σ)."""
        if not covariance.symmetric:
            raise AssumptionError(f"the covariance {covariance!r} has to be a symmetric label.")
        return EntryLaw(lambda k: int(k == 2), pairs_only=True, covariance=covariance)

    @staticmethod
    def gaussian_entries(covariance: Label) -> EntryLaw:
        """Jointly Gaussian entries with mean zero; entry (i, j, k, l) of `covariance` is E x_ij x_kl."""
        return EntryLaw(lambda k: int(k == 2), pairs_only=True, covariance=covariance)


class Expectation:
    """The expectation over all entries of the labels in `laws`, with one memo for all its uses.

    Args:
        laws: the law of each random label; every other edge is a constant.
        ring: a ring that holds every coefficient, the letters of dimensions and INVERSE_BATCH.
        inverse_batch_order: keep powers of 1/b up to this order only.
        monitor: told about the growth of the memo.
    """

    def __init__(self, laws: Mapping[Label, EntryLaw], ring: Ring, inverse_batch_order: int | None = None,
                 monitor: Monitor | None = None) -> None:
        self.laws = dict(laws)
        self.ring = ring
        self.order = inverse_batch_order
        self._monitor = monitor
        self._memo: dict[tuple[Monomial, int | None], dict[Monomial, Any]] = {}
        self._random: dict[IndexGraph, bool] = {}
        self._one = ring.one.raw
        self._cumulants = cache(self._cumulant)
        self._dimension = cache(self._dimension_value)
        self._powers = cache(self._power)
        #: Labels of growing blocks: what they are made of and how many edges they stand for.
        self._blocks: dict[Label, tuple[Label, int]] = {}

    def __call__(self, expression: Expression) -> Expression:
        """The expectation of an expression (its graphs may have open ends)."""
        expression = expression.in_ring(self.ring)
        total: dict[Monomial, Any] = {}
        for monomial, coefficient in expression.raw.items():
            add_scaled(total, self.monomial(monomial), coefficient)
        result = Expression.from_raw(self.ring, total)
        return result if self.order is None else truncated(result, self.order)

    @property
    def memo_size(self) -> int:
        """The number of graph products whose expectation is known."""
        return len(self._memo)

    def monomial(self, monomial: Monomial) -> Mapping[Monomial, Any]:
        """The expectation of one product of graphs, as FLINT coefficients by monomial."""
        constant, random = self._split(monomial)
        found = self._state(random, self.order)
        if not constant:
            return found
        return {monomial_product(constant, m): c for m, c in found.items()}

    def _split(self, graphs: Iterable[IndexGraph]) -> tuple[Monomial, Monomial]:
        """The constant and the random graphs of a product; both stay sorted."""
        constant: list[IndexGraph] = []
        random: list[IndexGraph] = []
        for graph in graphs:
            known = self._random.get(graph)
            if known is None:
                known = self._random[graph] = any(edge[0] in self.laws or edge[0] in self._blocks
                                                  for edge in graph.edges)
            (random if known else constant).append(graph)
        return tuple(constant), tuple(random)

    def _state(self, state: Monomial, remaining: int | None) -> Mapping[Monomial, Any]:
        """E of a product of random graphs, sorted; powers of 1/b up to `remaining`."""
        if not state:
            return {(): self._one}
        known = self._memo.get((state, remaining))
        if known is not None:
            return known
        choices: dict[tuple[Monomial, Monomial, int], Any] = {}
        for graphs, merges, coefficient in self._choices(state):
            if remaining is not None and merges > remaining:
                continue
            constant, random = self._split(graphs)
            key = constant, random, merges
            before = choices.get(key)
            choices[key] = coefficient if before is None else before + coefficient
        total: dict[Monomial, Any] = {}
        for (constant, random, merges), coefficient in choices.items():
            rest = self._state(random, None if remaining is None else remaining - merges)
            if not constant:
                add_scaled(total, rest, coefficient)
                continue
            for m, c in rest.items():
                product = monomial_product(constant, m)
                before = total.get(product)
                total[product] = coefficient * c if before is None else before + coefficient * c
        result = {m: c for m, c in total.items() if c}
        self._memo[state, remaining] = result
        if self._monitor is not None and not len(self._memo) % 1000:
            self._monitor.update("expectation", len(self._memo), terms=len(self._memo))
        return result

    def _choices(self, state: Monomial) -> Iterator[tuple[Monomial, int, Any]]:
        """(new product, batch vertices merged, coefficient) for what may happen to one chosen random edge.

        A Gaussian block is a pair. For other laws, with few edges left, each block is made at once; with many, it
        grows edge by edge so that equal graphs meet early: an edge that stands for k merged ones is closed with
        weight κ_k, or joined with one more, with weight 1/k as the order of joining does not matter.
        """
        chosen, place, size = self._next_edge(state)
        label = state[chosen].edges[place][0]
        base = self._blocks.get(label, (label, 1))[0]
        law = self.laws[base]
        others = [[k for k, edge in enumerate(graph.edges) if edge[0] is base and not (i == chosen and k == place)]
                  for i, graph in enumerate(state)]
        if law.pairs_only:
            kept, weight = None, self._cumulants(base, 2)
        else:
            if size == 1 and sum(map(len, others)) <= (LISTED_BLOCKS // 2 if base.symmetric else LISTED_BLOCKS):
                candidates = [(i, k) for i, places in enumerate(others) for k in places]
                for extra in range(len(candidates) + 1):
                    weight = self._cumulants(base, extra + 1)
                    if weight:
                        for turned, share in _matchings(base, extra):
                            for block in combinations(candidates, extra):
                                yield self._joined(state, [(chosen, place), *block], base, None, None,
                                                   weight * share, turned)
                return
            if self._cumulants(base, size):
                yield self._joined(state, [(chosen, place)], base, None, None, self._cumulants(base, size))
            if not any(self._cumulants(base, k) for k in range(size + 1, size + 1 + sum(map(len, others)))):
                return
            kept, weight = self._block_label(base, size + 1), self.ring(Fraction(1, size)).raw
        seen: set[IndexGraph] = set()
        for i, places in enumerate(others):
            if i == chosen:
                repeats = 1
            elif state[i] in seen:  # a copy of a graph before: the same choices again, counted there
                continue
            else:
                seen.add(state[i])
                repeats = sum(graph is state[i] for k, graph in enumerate(state) if k != chosen)
            for k in places:
                for turned, share in _matchings(base, 1):
                    yield self._joined(state, [(chosen, place), (i, k)], base, kept, law.covariance,
                                       weight if repeats == share == 1 else weight * (repeats * share), turned)

    def _next_edge(self, state: Monomial) -> tuple[int, int, int]:
        """The graph and place of the edge to treat next, and how many edges it stands for."""
        if self._blocks:
            for i, graph in enumerate(state):
                for k, edge in enumerate(graph.edges):
                    if edge[0] in self._blocks:
                        return i, k, self._blocks[edge[0]][1]
        return 0, next(k for k, edge in enumerate(state[0].edges) if edge[0] in self.laws), 1

    def _block_label(self, label: Label, size: int) -> Label:
        """The label of an edge that stands for `size` merged edges of one label."""
        block = Label(label.name, label.dimensions, "block", label.symmetric, f"{label.kind} {label.meaning} {size}")
        self._blocks[block] = label, size
        return block

    def _joined(self, state: Monomial, block: Sequence[tuple[int, int]], base: Label, kept: Label | None,
                covariance: Label | None, weight: Any,
                turned: Sequence[bool] | None = ()) -> tuple[Monomial, int, Any]:
        """Merge the ends of the edges (graph, place) of a block and remove them, or keep one with a new label.

        turned: for each edge after the first whether its ends meet those of the first crosswise; None: all ends of
            the block meet in one vertex.
        """
        first = block[0][0]
        if len(block) == 2 and block[1][0] == first:
            (_, k), (_, m) = block
            edges: Sequence[Edge] = state[first].edges
            removed = [edges[k], edges[m]]
            edges = [e for n, e in enumerate(edges) if n != k and n != m]
            touched = 1
        else:
            edges, removed, touched = self._cut(state, block)
        image: dict[int, int] = {}
        merges = 0
        a = removed[0]
        if turned is None:
            removed = [a, *((e[0], v, v) for e in removed for v in e[1:])]
        elif any(turned):
            removed[1:] = [(e[0], e[2], e[1]) if turn else e for e, turn in zip(removed[1:], turned, strict=True)]
        joint = covariance is not None and len(covariance.dimensions) == 2 * len(base.dimensions)
        for position, dimension in enumerate(base.dimensions, 1):
            if joint or (covariance is not None and position == 2):
                continue
            for b in removed[1:]:
                v, w = _find(image, a[position]), _find(image, b[position])
                if v != w:
                    image[w] = v
                    merges += dimension is BATCH
        if joint:
            edges = [*edges, (covariance, *a[1:], *removed[1][1:])]
        elif covariance is not None:
            edges = [*edges, (covariance, a[2], removed[1][2])]
        if kept is not None:
            edges = [*edges, (kept, *a[1:])]
        if image:
            get = {v: _find(image, v) for v in image}.get
            edges = [(e[0], get(e[1], e[1]), get(e[2], e[2])) if len(e) == 3 else
                     (e[0], *[get(v, v) for v in e[1:]]) for e in edges]
        ends = {_find(image, v): d for v, d in zip(a[1:], base.dimensions, strict=True)}
        graphs, free = normal_form(edges, ends)
        for v in free:
            weight = weight * self._dimension(ends[v])
        if merges:
            weight = weight * self._powers(merges)
        if len(state) > touched:
            gone = {i for i, _ in block}
            rest = tuple([g for n, g in enumerate(state) if n not in gone])
            graphs = tuple(sorted(graphs + rest, key=SORT_KEY))
        return graphs, merges, weight

    @staticmethod
    def _cut(state: Monomial, block: Sequence[tuple[int, int]]) -> tuple[list[Edge], list[Edge], int]:
        """The edges of the graphs that a block touches, with disjoint vertices: kept ones, and those of the block."""
        places: dict[int, list[int]] = {}
        for i, k in block:
            places.setdefault(i, []).append(k)
        kept: list[Edge] = []
        removed: list[Edge] = []
        shift = 0
        for i, chosen in places.items():
            edges: Sequence[Edge] = state[i].edges
            if shift:
                edges = [(e[0], *[v + shift for v in e[1:]]) for e in edges]
            removed += [edges[k] for k in chosen]
            kept += [e for k, e in enumerate(edges) if k not in chosen]
            shift += state[i].vertices
        return kept, removed, len(places)

    def _cumulant(self, label: Label, order: int) -> Any:
        return self.ring(self.laws[label].cumulant(order)).raw

    def _dimension_value(self, dimension: Dimension) -> Any:
        """What a vertex without edges is worth."""
        return self.ring(dimension_factor(dimension)).raw

    def _power(self, merges: int) -> Any:
        """1/b for each pair of batch vertices merged."""
        return (self.ring.generator(INVERSE_BATCH) ** merges).raw


def _matchings(label: Label, extra: int) -> Iterator[tuple[Sequence[bool] | None, int]]:
    """How the ends of `extra` edges may meet those of a first one, with signs.

    The edges of a symmetric matrix are one entry where {a, b} = {c, d}: crosswise or not for each edge, less the
    2^extra − 1 times that a = b = c = d is counted too often.
    """
    if not label.symmetric or not extra:
        yield (), 1
        return
    for turned in product((False, True), repeat=extra):
        yield turned, 1
    yield None, 1 - 2**extra


def _find(image: Mapping[int, int], v: int) -> int:
    while v in image:
        v = image[v]
    return v


def add_scaled(total: dict[Monomial, Any], terms: Mapping[Monomial, Any], factor: Any) -> None:
    """total += factor * terms, in place, on FLINT coefficients."""
    for monomial, c in terms.items():
        before = total.get(monomial)
        total[monomial] = factor * c if before is None else before + factor * c


def truncated(expression: Expression, order: int) -> Expression:
    """The expression without the powers of 1/b above `order`."""
    u = expression.ring.generator(INVERSE_BATCH)
    total = Expression({}, expression.ring)
    for power, part in enumerate(expression.coefficients(INVERSE_BATCH)[: order + 1]):
        total = total + part * u**power
    return total
