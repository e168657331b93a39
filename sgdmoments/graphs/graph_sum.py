"""Sums of products of index graphs, as data: coefficients in a polynomial ring by monomial.

A `GraphSum` is read only and has no operators: that is what products, values and definitions of letters need.
`sgdmoments.graphs.expression.Expression`, on top, adds the arithmetic, equality and values that users see.

>>> from sgdmoments.graphs.labels import Label
>>> A = Label("A", (2, 3))
>>> norm = GraphSum.from_edges([(A, 0, 1), (A, 0, 1)], 3)
>>> norm, norm.open_ends, len(norm)
((3) tr(A A.T), (), 1)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any, Self

import sympy

from sgdmoments.errors import InputError
from sgdmoments.exact.ring import Polynomial, Ring, Scalar, ring_of
from sgdmoments.exact.saving import symbol_from_json, symbol_to_json
from sgdmoments.graphs.graph import SORT_KEY, IndexGraph, Monomial, monomial_key, normal_form
from sgdmoments.graphs.labels import BATCH, Dimension, Edge, Label
from sgdmoments.graphs.meaning import (
    Known,
    known_from_json,
    known_to_json,
    letters,
    new_letters,
    read_known,
    renamed,
)

_NOTHING: Known = {}


class GraphSum:
    """An immutable sum of products of index graphs; coefficients are elements of ``ring``.

    Where its graphs have open ends it is an array with one axis for each open number.

    Args:
        terms: coefficients (int, Fraction, ring element) by monomial; the zero ones are dropped.
        ring: the ring of the coefficients; by default the smallest that holds them.
    """

    __slots__ = ("known", "raw", "ring")

    ring: Ring
    #: FLINT's coefficients by monomial: to be read, never changed.
    raw: dict[Monomial, Any]
    #: The numbers of letters that are known: they take part in == and `evaluate`.
    known: Known

    def __init__(self, terms: Mapping[Monomial, Scalar] | None = None, ring: Ring | None = None) -> None:
        terms = terms or {}
        self.ring = ring_of(terms.values()) if ring is None else ring
        self.raw = {m: self.ring(c).raw for m, c in terms.items() if c}
        self.known = _NOTHING

    @classmethod
    def from_raw(cls, ring: Ring, raw: Mapping[Monomial, Any], known: Known = _NOTHING) -> Self:
        """The sum with FLINT coefficients of ``ring.context``; for code in a hot loop."""
        made = cls.__new__(cls)
        if ring.reduction is not None:
            raw = {m: ring.reduced(c) for m, c in raw.items()}
        made.ring, made.raw = ring, {m: c for m, c in raw.items() if c}
        made.known = known
        return made

    @classmethod
    def from_edges(cls, edges: Iterable[Edge], coefficient: Scalar = 1,
                   vertices: Mapping[int, Dimension] | None = None) -> Self:
        """One graph, connected or not, times a coefficient.

        Args:
            edges: (label, end, ...) with any ints as vertices; vertices on no open end are summed.
            vertices: the dimensions of vertices that may be without edges: each such one is a factor.
        """
        monomial, free = normal_form(edges, vertices or ())
        value: Any = coefficient
        for v in free:
            assert vertices is not None
            value = value * dimension_factor(vertices[v])
        return cls({monomial: value})

    # -- reading --------------------------------------------------------------------------------------------

    def terms(self) -> Iterator[tuple[Monomial, Polynomial]]:
        """Monomials with their coefficients, in an order that depends on nothing but the sum."""
        for monomial in sorted(self.raw, key=monomial_key):
            yield monomial, Polynomial(self.ring, self.raw[monomial])

    def coefficient(self, monomial: Monomial) -> Polynomial:
        """The coefficient of one monomial, zero where it does not occur."""
        raw = self.raw.get(monomial)
        return self.ring.zero if raw is None else Polynomial(self.ring, raw)

    @property
    def monomials(self) -> tuple[Monomial, ...]:
        """The monomials, in order."""
        return tuple(sorted(self.raw, key=monomial_key))

    @property
    def graphs(self) -> tuple[IndexGraph, ...]:
        """The distinct connected graphs that occur, in order."""
        return tuple(sorted({graph for monomial in self.raw for graph in monomial}, key=SORT_KEY))

    @property
    def labels(self) -> frozenset[Label]:
        """The labels of all edges, open ends left out."""
        graphs = {graph for monomial in self.raw for graph in monomial}
        return frozenset(edge[0] for graph in graphs for edge in graph.edges if edge[0].kind != "open")

    @property
    def symbols(self) -> frozenset[sympy.Symbol]:
        """The generators that occur in coefficients."""
        return frozenset(s for _, c in self.terms() for s in c.symbols)

    @property
    def free_symbols(self) -> frozenset[sympy.Symbol]:
        """The symbols in coefficients and in the dimensions of labels."""
        return self.symbols | {d for label in self.labels for d in label.dimensions if isinstance(d, sympy.Symbol)}

    @property
    def open_ends(self) -> tuple[int, ...]:
        """The numbers of the open indices, the same in every monomial; () for a scalar."""
        found = {tuple(sorted(n for graph in monomial for n in graph.open_ends)) for monomial in self.raw}
        if len(found) > 1:
            raise InputError(f"the terms have different open ends: {sorted(found)}.")
        return found.pop() if found else ()

    @property
    def is_constant(self) -> bool:
        """Whether no graph occurs."""
        return not any(self.raw)

    @property
    def size(self) -> int:
        """The number of coefficients: terms of all ring elements together."""
        return sum(len(c) for c in self.raw.values())

    @property
    def relevant(self) -> Known:
        """The known numbers of the letters that occur."""
        if not self.known:
            return self.known
        occurring = letters(self.labels)
        return {label: value for label, value in self.known.items() if label in occurring}

    def __len__(self) -> int:
        """The number of monomials."""
        return len(self.raw)

    def __bool__(self) -> bool:
        return bool(self.raw)

    def __repr__(self) -> str:
        if not self.raw:
            return "0"
        return " + ".join(f"({c})" + "".join(f" {graph!r}" for graph in monomial) for monomial, c in self.terms())

    # -- the same sum, written otherwise ----------------------------------------------------------------------

    def in_ring(self, ring: Ring) -> Self:
        """The same sum with coefficients in a ring that holds them."""
        if ring is self.ring:
            return self
        return self.from_raw(ring, {m: ring(Polynomial(self.ring, c)).raw for m, c in self.raw.items()}, self.known)

    def compact(self) -> Self:
        """The same sum over the smallest ring that holds its coefficients."""
        occurring = {g for _, c in self.terms() for g in c.occurring}
        return self.in_ring(ring_of(sorted(occurring, key=lambda s: (s.name, s.sort_key()))))

    def meet(self, other: Self) -> tuple[Self, Self]:
        """Both over one ring, each letter with one meaning."""
        first, second = self, other
        if self.known or other.known:
            changes = new_letters(self.relevant, letters(self.labels), other.relevant, letters(other.labels))
            first, second = self._renamed(changes[0]), other._renamed(changes[1])
        if first.ring is second.ring:
            return first, second
        ring = first.ring.union(second.ring)
        return first.in_ring(ring), second.in_ring(ring)

    def _renamed(self, changes: Mapping[Label, Label]) -> Self:
        if not changes:
            return self
        known = {changes.get(label, label): value for label, value in self.known.items()}
        return self.from_raw(self.ring, renamed(self.raw, changes), known)

    def with_known(self, known: Mapping[Label, Any]) -> Self:
        """The sum with numbers for some of its letters: `evaluate` and == use them, sums and products keep them.

        Where two expressions disagree in the numbers of a letter, their sum or product gives one of the letters a new
        name (Sigma_2), so that both keep their meaning.
        """
        occurring = letters(self.labels)
        return self.from_raw(self.ring, self.raw, read_known({k: v for k, v in known.items() if k in occurring}))

    def coefficients(self, symbol: sympy.Symbol) -> tuple[Self, ...]:
        """The coefficients of the powers 0, 1, ..., degree of a generator (at least one)."""
        parts: list[dict[Monomial, Any]] = [{}]
        for monomial, c in self.raw.items():
            for power, part in enumerate(Polynomial(self.ring, c).coefficients(symbol)):
                if power == len(parts):
                    parts.append({})
                parts[power][monomial] = part.raw
        return tuple(self.from_raw(self.ring, part, self.known) for part in parts)

    def substitute(self, values: Mapping[sympy.Symbol, Scalar]) -> Self:
        """The sum with generators of the ring replaced by numbers or ring elements.

        Dimensions that occur in labels are not changed.
        """
        result = type(self)({m: Polynomial(self.ring, c).substitute(values) for m, c in self.raw.items()})
        result.known = self.known
        return result

    # -- JSON -------------------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """Plain data that `from_json` reads back."""
        graphs = self.graphs
        place = {graph: i for i, graph in enumerate(graphs)}
        return {
            "kind": "expression",
            "generators": [symbol_to_json(generator) for generator in self.ring.generators],
            "graphs": [graph.to_json() for graph in graphs],
            "terms": [[[place[graph] for graph in monomial], [[list(e), str(q)] for e, q in c.terms()]]
                      for monomial, c in self.terms()],
            "known": known_to_json(self.relevant),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The sum that `to_json` wrote."""
        ring = Ring(symbol_from_json(generator) for generator in data["generators"])
        graphs = [IndexGraph.from_json(graph) for graph in data["graphs"]]
        result = cls({
            tuple(sorted(graphs[i] for i in places)): ring.from_terms({tuple(e): Fraction(q) for e, q in terms})
            for places, terms in data["terms"]}, ring)
        result.known = known_from_json(data["known"])
        return result


def dimension_factor(dimension: Dimension) -> Scalar:
    """What a vertex without edges is worth: its dimension, or 1 for a batch vertex, which is averaged."""
    if isinstance(dimension, int):
        return dimension
    if dimension == BATCH:
        return 1
    return Ring((dimension,)).generator(dimension)
