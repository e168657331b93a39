"""Expectation: the independent random entries of a graph are grouped into blocks.

Identity: for independent entries of one law, with cumulants κ₁, κ₂, …,

    E[x_(e₁) x_(e₂) ⋯ x_(eₘ)] = Σ over set partitions of {e₁, …, eₘ} of Π over blocks B of κ_|B| · [all ends of B equal].

On the graph a block loses its edges and its first ends are merged, and its second ends. For N(0, 1) entries only
pairs have a cumulant (Isserlis' theorem, Wick's formula). For rows x ~ N(0, Σ) a pair merges its batch vertices
and puts an edge Σ between its feature vertices. The partitions are never listed: one edge is taken, its block
chosen, the graph brought to normal form, equal graphs added, and the rest done by recursion with a memo.

Assumptions: entries of different labels are independent; entries of one label are independent and identically
distributed (or, with a covariance, its rows are).

Source: P0, Lemma A.6 (any law) and P1, Lemmas 6 and 7 (Gaussian), where the pairings are listed.

>>> from sgdmoments.graphs.graph import BATCH, Label
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
from functools import cache
from itertools import combinations
from operator import attrgetter
from typing import Any

from sgdmoments.budget import Monitor
from sgdmoments.errors import AssumptionError
from sgdmoments.exact.ring import INVERSE_BATCH, Ring, Scalar
from sgdmoments.graphs.canonical import normal_form
from sgdmoments.graphs.expression import Expression, monomial_product
from sgdmoments.graphs.graph import BATCH, Dimension, Edge, IndexGraph, Label, Monomial
from sgdmoments.rules.rule import Rule

EXPECTATION = Rule(
    "expectation", "random edges are grouped into blocks, weighted by cumulants; a block merges its ends",
    "independent entries with known cumulants (Gaussian: pairs only)",
    "Isserlis' theorem; P0, Lemma A.6; P1, Lemmas 6 and 7")

_BY_KEY = attrgetter("sort_key")


@dataclass(frozen=True, slots=True)
class EntryLaw:
    """The law of the entries of one label.

    Attributes:
        cumulant: κ_k of an entry as a function of k = 1, 2, ...: numbers or ring elements.
        pairs_only: whether κ_k = 0 for k ≠ 2.
        covariance: a symmetric label Σ when rows are N(0, Σ) in place of independent entries.
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
        self._factors = cache(self._factor)

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
        constant, random = [], []
        for graph in graphs:
            known = self._random.get(graph)
            if known is None:
                known = self._random[graph] = any(edge[0] in self.laws for edge in graph.edges)
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
        """(new product, batch vertices merged, coefficient) for each block of one chosen random edge."""
        graph = state[0]
        place = next(k for k, edge in enumerate(graph.edges) if edge[0] in self.laws)
        label = graph.edges[place][0]
        law = self.laws[label]
        others = [(i, k) for i, other in enumerate(state) for k, edge in enumerate(other.edges)
                  if edge[0] is label and not (i == 0 and k == place)]
        if law.pairs_only:
            previous, repeats = None, 1
            outcome: list[tuple[Monomial, int, Any]] = []
            for i, k in others:
                if i and state[i] is previous and state[i - 1] is previous:
                    continue  # a copy of the graph before: the same choices again, counted below
                previous = state[i] if i else None
                repeats = sum(g is state[i] for g in state[1:]) if i else 1
                outcome.append(self._block(state, label, [(0, place), (i, k)], law, repeats))
            yield from outcome
            return
        for size in range(1, len(others) + 2):
            if self._cumulants(label, size):
                for block in combinations(others, size - 1):
                    yield self._block(state, label, [(0, place), *block], law, 1)

    def _block(self, state: Monomial, label: Label, block: Sequence[tuple[int, int]], law: EntryLaw,
               repeats: int) -> tuple[Monomial, int, Any]:
        """Remove the edges of a block and merge their ends."""
        touched = sorted({i for i, _ in block})
        if len(touched) == 1:
            edges: Sequence[Edge] = state[0].edges
            removed = [k for _, k in block]
        else:
            edges, removed, start = [], [], 0
            for i in touched:
                removed += [len(edges) + k for j, k in block if j == i]
                edges.extend([(e[0], *[v + start for v in e[1:]]) for e in state[i].edges] if start
                             else state[i].edges)
                start += state[i].vertices
        gone = set(removed)
        image: dict[int, int] = {}
        merges = 0
        for position, dimension in enumerate(label.dimensions, 1):
            if law.covariance is not None and position == 2:
                continue
            target = _find(image, edges[removed[0]][position])
            for k in removed[1:]:
                v = _find(image, edges[k][position])
                if v != target:
                    image[v] = target
                    merges += dimension is BATCH
        kept = [e for k, e in enumerate(edges) if k not in gone]
        if image:
            full = {v: _find(image, v) for v in image}
            get = full.get
            kept = [(e[0], get(e[1], e[1]), get(e[2], e[2])) if len(e) == 3 else
                    (e[0], *[get(v, v) for v in e[1:]]) for e in kept]
        if law.covariance is not None:
            kept.append((law.covariance, edges[removed[0]][2], edges[removed[1]][2]))
        ends = {_find(image, v): d for v, d in zip(edges[removed[0]][1:], label.dimensions, strict=True)}
        graphs, free = normal_form(kept, ends)
        rest = tuple([g for i, g in enumerate(state) if i not in touched]) if len(state) > len(touched) else ()
        if rest:
            graphs = tuple(sorted(graphs + rest, key=_BY_KEY))
        factor = self._factors(label, len(removed), merges, repeats, tuple([ends[v] for v in free]))
        return graphs, merges, factor

    def _cumulant(self, label: Label, order: int) -> Any:
        return self.ring(self.laws[label].cumulant(order)).raw

    def _factor(self, label: Label, size: int, merges: int, repeats: int, free: tuple[Dimension, ...]) -> Any:
        """The cumulant, a power of 1/b, the dimensions of vertices left without edges, and a multiplicity."""
        value = self.ring(repeats) * self.ring(self.laws[label].cumulant(size))
        if merges:
            value = value * self.ring.generator(INVERSE_BATCH) ** merges
        for dimension in free:
            if dimension is not BATCH:
                value = value * (dimension if isinstance(dimension, int) else self.ring.generator(dimension))
        return self.ring(value).raw


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
