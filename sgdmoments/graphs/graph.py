"""Index graphs: an index is a vertex, an entry of a matrix is an edge.

A product of matrix entries summed over its indices is a directed multigraph: tr(AᵀB) is two vertices with two
edges between them, a Hadamard product is a vertex where more than two edges meet. An `IndexGraph` is one
*connected* such graph in normal form; isomorphic graphs are one object, so that equality is identity. A product
of graphs is a `Monomial`: a sorted tuple of them. A vertex without edges is no graph but a number, its dimension.

Vertices are summed over, with two exceptions: a vertex of dimension `BATCH` is *averaged* over the batch (so that
merging two of them costs a factor 1/b and dropping one costs nothing), and a vertex with a unary `open_end` label
is held at that open index.

>>> A = Label("A", (2, 3))
>>> A.T.T is A, A.T.dimensions
(True, (3, 2))
>>> from sgdmoments.graphs.canonical import normal_form
>>> (gram,), free = normal_form([(A, 7, 8), (A, 7, 8)])
>>> gram.edges
((A, 0, 1), (A, 0, 1))
>>> gram is normal_form([(A, 1, 5), (A, 1, 5)])[0][0]
True
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

import sympy

from sgdmoments.exact.saving import symbol_from_json, symbol_to_json

Dimension: TypeAlias = int | sympy.Symbol
#: An edge: its label, then the vertices at its ends (row first, column second, and so on).
Edge = tuple[Any, ...]
#: A chain of labels, each as it stands or transposed, read along a path.
Word = tuple["Label", ...]
#: A word with the branching vertices at its ends: () for a closed chain (a trace), (a,) for a vector,
#: (a, b) for a chain from a to b, more for a tensor of higher order.
Part = tuple[Word, tuple[int, ...]]

#: The dimension of a batch vertex, which is averaged over instead of summed.
BATCH = sympy.Dummy("b", integer=True, positive=True, dummy_index=1_000_002)


class Label(str):
    """What an edge is an entry of: a matrix, vector or tensor with a name and the dimensions of its ends.

    A label is a string (its unambiguous key), which makes it cheap to hash and to order; labels with equal
    descriptions are one object. ``label.T`` is the transposed letter of a matrix, used in words only: edges
    always carry the untransposed label, and the order of their ends says the rest.

    Args:
        name: the name as the user writes it, e.g. ``"W1"`` or ``"W1*"``.
        dimensions: one for each end; ints or sympy symbols.
        kind: ``"matrix"`` for constants and open weights (these with a meaning), ``"run"`` for arrays of a run
            whose values or law are given, ``"data"`` for entries x of the batch and their labels, ``"open"`` for
            open ends, ``"derived"`` for a letter that stands for an expression in others. Labels of equal names
            and different kinds are different labels; only the kind "matrix" (without a meaning) can be made by
            `sgdmoments.matrix`.
        symmetric: whether a matrix equals its transpose.
        meaning: what a derived letter stands for, as text (see `sgdmoments.graphs.derived`); of a letter of a run
            the array and the step (see `sgdmoments.graphs.run_letters`).
    """

    __slots__ = ("T", "__weakref__", "dimensions", "kind", "meaning", "name", "symmetric", "transposed")

    name: str
    dimensions: tuple[Dimension, ...]
    kind: str
    symmetric: bool
    meaning: str
    #: Whether this is the transposed letter of a matrix.
    transposed: bool
    T: Label

    def __new__(cls, name: str, dimensions: Iterable[Dimension], kind: str = "matrix",
                symmetric: bool = False, meaning: str = "") -> Label:
        dims = tuple(dimensions)
        key = "\x1f".join((_plain(name), kind, "s" if symmetric else "", meaning, *map(_dimension_key, dims)))
        known = _LABELS.get(key)
        if known is None:
            known = cls._make(key, name, dims, kind, symmetric, meaning, False)
            if symmetric or len(dims) != 2:
                known.T = known
            else:
                known.T = cls._make(key + "\x1fT", name, dims[::-1], kind, symmetric, meaning, True)
                known.T.T = known
            _LABELS[key] = known
        return known

    @classmethod
    def _make(cls, key: str, name: str, dimensions: tuple[Dimension, ...], kind: str, symmetric: bool,
              meaning: str, transposed: bool) -> Label:
        label = str.__new__(cls, key)
        label.name, label.dimensions, label.kind = name, dimensions, kind
        label.symmetric, label.meaning, label.transposed = symmetric, meaning, transposed
        return label

    def __repr__(self) -> str:
        return self.name + (".T" if self.transposed else "")

    def __reduce__(self) -> tuple[Any, ...]:
        base = self.T if self.transposed else self
        arguments = (base.name, base.dimensions, base.kind, base.symmetric, base.meaning)
        return (_transposed_label if self.transposed else Label), arguments


#: The labels that something holds.
_LABELS: WeakValueDictionary[str, Label] = WeakValueDictionary()


def _transposed_label(*arguments: Any) -> Label:
    return Label(*arguments).T


def _plain(name: str) -> str:
    """The name without the separator of keys, so that no two descriptions have one key."""
    return name.replace("\\", "\\\\").replace("\x1f", "\\u") if "\\" in name or "\x1f" in name else name


def _dimension_key(dimension: Dimension) -> str:
    if isinstance(dimension, int):
        return str(dimension)
    return f"{_plain(dimension.name)} {sorted(dimension.assumptions0.items())} {getattr(dimension, 'dummy_index', '')}"


def open_end(number: int, dimension: Dimension) -> Label:
    """The unary label that holds a vertex at the open index `number`: entry i of it is 1 where i is that index."""
    return Label(f"{number:03d}", (dimension,), kind="open")


def open_number(label: Label) -> int:
    """The number of an `open_end`."""
    return int(label.name)


class IndexGraph:
    """A connected index graph in normal form. Made by `sgdmoments.graphs.canonical.normal_form` only.

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
        from sgdmoments.show.graph_latex import graph_latex

        return graph_latex(self)

    def _repr_latex_(self) -> str:
        return f"${self.latex()}$"

    def _repr_svg_(self) -> str:
        from sgdmoments.show.diagrams import graph_svg

        return graph_svg(self)

    def to_json(self) -> dict[str, Any]:
        """Plain data that `from_json` reads back (into the same object)."""
        return {"edges": [[label_to_json(edge[0]), *edge[1:]] for edge in self.edges]}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> IndexGraph:
        """The graph that `to_json` wrote."""
        from sgdmoments.graphs.canonical import normal_form

        (graph,), _ = normal_form([(label_from_json(edge[0]), *edge[1:]) for edge in data["edges"]])
        return graph

    def __reduce__(self) -> tuple[Any, ...]:
        return IndexGraph._from_edges, (self.edges,)

    @staticmethod
    def _from_edges(edges: tuple[Edge, ...]) -> IndexGraph:
        from sgdmoments.graphs.canonical import normal_form

        (graph,), _ = normal_form(edges)
        return graph


#: The graphs that something holds: equal ones are one object for as long as it lives.
_GRAPHS: WeakValueDictionary[tuple[Part, ...], IndexGraph] = WeakValueDictionary()

#: Sorts graphs faster than ``<`` does.
SORT_KEY = attrgetter("sort_key")

#: A product of connected graphs, sorted; the empty tuple is the number 1.
Monomial = tuple[IndexGraph, ...]


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


def label_to_json(label: Label) -> dict[str, Any]:
    """Plain data for a label."""
    dimensions = [d if isinstance(d, int) else symbol_to_json(d) for d in label.dimensions]
    return {"name": label.name, "dimensions": dimensions, "kind": label.kind, "symmetric": label.symmetric,
            "meaning": label.meaning}


def label_from_json(data: Mapping[str, Any]) -> Label:
    """The label that `label_to_json` wrote."""
    dimensions = [d if isinstance(d, int) else symbol_from_json(d) for d in data["dimensions"]]
    return Label(data["name"], dimensions, data["kind"], data["symmetric"], data["meaning"])
