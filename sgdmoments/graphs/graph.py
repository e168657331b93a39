"""Index graphs: an index is a vertex, an entry of a matrix is an edge.

A product of matrix entries summed over its indices is a directed multigraph: tr(AᵀB) is two vertices with two
edges between them, a Hadamard product is a vertex where more than two edges meet. An `IndexGraph` is one
*connected* such graph in normal form; isomorphic graphs are one object, so that equality is identity. A product
of graphs is a `Monomial`: a sorted tuple of them. A vertex without edges is no graph but a number, its dimension.

Vertices are summed over, with two exceptions: a vertex of dimension `BATCH` is *averaged* over the batch (so that
merging two of them costs a factor 1/b and dropping one costs nothing), and a vertex with a unary `open_end` label
is held at that open index.

>>> A, B = Label("A", (2, 3)), Label("B", (2, 3))
>>> (gram,), free = normal_form([(A, 7, 8), (A, 7, 8)])
>>> gram.edges
((A, 0, 1), (A, 0, 1))
>>> gram is normal_form([(A, 1, 5), (A, 1, 5)])[0][0]
True
>>> normal_form([(A, 0, 1), (B, 2, 1), (B, 2, 3), (A, 0, 3)])[0]       # tr(A Bᵀ B Aᵀ)
(tr(A B.T B A.T),)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from operator import attrgetter
from typing import Any
from weakref import WeakValueDictionary

from sgdmoments.exact import display
from sgdmoments.graphs.canonical import Part, components, least_rotation
from sgdmoments.graphs.labels import Dimension, Edge, Word, label_from_json, label_to_json, open_number
from sgdmoments.graphs.labels import Label as Label  # where older pickles look for it


class IndexGraph:
    """A connected index graph in normal form. Made by `normal_form` only.

    The normal form keeps the vertices where branches meet (degree other than 2, or on a unary or higher edge)
    and writes the chains between them as words; a cycle has no branching vertex and one closed word.

    Attributes:
        branching: the number of branching vertices; they are numbered 0, 1, ....
        parts: the words with the branching vertices at their ends, sorted.
        edges: all edges, one for each letter; the inner vertices of chains are numbered after the branching ones.
        vertices: the number of vertices.
    """

    __slots__ = ("__weakref__", "_dimensions", "branching", "edges", "parts", "sort_key", "vertices")

    branching: int
    parts: tuple[Part, ...]
    edges: tuple[Edge, ...]
    vertices: int
    #: Orders graphs the same way in every process.
    sort_key: tuple[Any, ...]
    _dimensions: tuple[Dimension, ...] | None

    def __new__(cls, branching: int, parts: tuple[Part, ...]) -> IndexGraph:
        """The graph with these parts, which have to be in normal form already."""
        known = _GRAPHS.get(parts)
        if known is not None:
            return known
        graph = object.__new__(cls)
        graph.branching, graph.parts = branching, parts
        graph.edges, graph.vertices = _edges_of(branching, parts)
        graph.sort_key = (len(graph.edges), branching, parts)
        graph._dimensions = None
        _GRAPHS[parts] = graph
        return graph

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """The dimension of each vertex."""
        if self._dimensions is None:
            found: dict[int, Dimension] = {}
            for edge in self.edges:
                found.update(zip(edge[1:], edge[0].dimensions, strict=True))
            self._dimensions = tuple(found[v] for v in range(self.vertices))
        return self._dimensions

    @property
    def open_ends(self) -> tuple[int, ...]:
        """The numbers of the open indices, ascending."""
        return tuple(sorted(open_number(edge[0]) for edge in self.edges if edge[0].kind == "open"))

    @property
    def is_trace(self) -> bool:
        """Whether the graph is one cycle, the trace of a product of matrices."""
        return not self.branching

    def __lt__(self, other: IndexGraph) -> bool:
        return self.sort_key < other.sort_key

    def __repr__(self) -> str:
        if self.is_trace:
            return f"tr({' '.join(map(repr, self.parts[0][0]))})"
        shown = [f"{' '.join(map(repr, word))}[{','.join(map(str, ends))}]" if word[0].kind != "open"
                 else f"<{open_number(word[0])}|{ends[0]}]" for word, ends in self.parts]
        return " ".join(shown)

    def latex(self) -> str:
        """LaTeX on a blackboard: a trace where the graph is a cycle, an index sum elsewhere."""
        return display.latex(self)

    def _repr_latex_(self) -> str:
        return f"${self.latex()}$"

    def _repr_svg_(self) -> str:
        return display.svg(self)

    def to_json(self) -> dict[str, Any]:
        """Plain data that `from_json` reads back (into the same object)."""
        return {"edges": [[label_to_json(edge[0]), *edge[1:]] for edge in self.edges]}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> IndexGraph:
        """The graph that `to_json` wrote."""
        (graph,), _ = normal_form([(label_from_json(edge[0]), *edge[1:]) for edge in data["edges"]])
        return graph

    def __reduce__(self) -> tuple[Any, ...]:
        return IndexGraph._from_edges, (self.edges,)

    @staticmethod
    def _from_edges(edges: tuple[Edge, ...]) -> IndexGraph:
        (graph,), _ = normal_form(edges)
        return graph


#: The graphs that something holds: equal ones are one object for as long as it lives.
_GRAPHS: WeakValueDictionary[tuple[Part, ...], IndexGraph] = WeakValueDictionary()

#: Sorts graphs faster than ``<`` does.
SORT_KEY = attrgetter("sort_key")

#: A product of connected graphs, sorted; the empty tuple is the number 1.
Monomial = tuple[IndexGraph, ...]


def normal_form(edges: Iterable[Edge], vertices: Iterable[int] = ()) -> tuple[Monomial, tuple[int, ...]]:
    """The connected components of a graph, sorted and in normal form, and its vertices without edges.

    Args:
        edges: (label, end, ...) with untransposed labels and any ints for vertices.
        vertices: further vertices to look at; those on no edge are returned.
    """
    branched, cycles, free = components(edges, vertices)
    graphs = [IndexGraph(*form) for form in branched]
    graphs += map(_cycle, cycles)
    if len(graphs) > 1:
        graphs.sort(key=SORT_KEY)
    return tuple(graphs), free


@lru_cache(maxsize=2**12)
def _cycle(word: Word) -> IndexGraph:
    return IndexGraph(0, ((least_rotation(word), ()),))


def _edges_of(branching: int, parts: tuple[Part, ...]) -> tuple[tuple[Edge, ...], int]:
    edges: list[Edge] = []
    fresh = branching
    for word, ends in parts:
        if len(ends) == 1 or len(ends) > 2:
            edges.append((word[0], *ends))
            continue
        if ends:
            path = [ends[0], *range(fresh, fresh + len(word) - 1), ends[1]]
            fresh += len(word) - 1
        else:
            path = [*range(fresh, fresh + len(word)), fresh]
            fresh += len(word)
        for letter, start, end in zip(word, path, path[1:], strict=False):
            edges.append((letter.T, end, start) if letter.transposed else (letter, start, end))
    return tuple(edges), fresh


def monomial_key(monomial: Monomial) -> tuple[Any, ...]:
    """Orders monomials: fewer edges first."""
    return sum(len(g.edges) for g in monomial), [g.sort_key for g in monomial]


def monomial_product(a: Monomial, b: Monomial) -> Monomial:
    """The product of two monomials."""
    if not a:
        return b
    if not b:
        return a
    return tuple(sorted(a + b, key=SORT_KEY))


def disjoint_edges(monomial: Monomial, start: int = 0) -> tuple[list[Edge], int]:
    """The edges of all graphs of a monomial with disjoint vertices from `start` on, and the next free vertex."""
    edges: list[Edge] = []
    for graph in monomial:
        edges.extend((edge[0], *[v + start for v in edge[1:]]) for edge in graph.edges)
        start += graph.vertices
    return edges, start
