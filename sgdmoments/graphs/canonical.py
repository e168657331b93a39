"""The normal form of index graphs, as words and the branching vertices between them.

Chains of vertices of degree 2 become words. A cycle's normal form is the least rotation of its word over both
directions (reading backwards transposes each letter). The branching vertices that remain, few in practice, are
labelled by colour refinement with individualisation: refine colours by what meets at a vertex until stable;
where a colour class has more than one vertex, single each of them out in turn and keep the least result.

>>> from sgdmoments.graphs.labels import Label
>>> A, B = Label("A", (3, 3)), Label("B", (3, 3))
>>> components([(B, 1, 2), (A, 2, 1)]).cycles, least_rotation((B, A)) == least_rotation((A.T, B.T))
([(B, A)], True)
>>> components([(A, 5, 9), (A, 5, 7)]).branched             # the sum of the entries of A Aᵀ
[(2, (((A.T, A), (0, 1)),))]
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sgdmoments.budget import tick
from sgdmoments.graphs.labels import Edge, Word

Incidence = dict[int, list[tuple[int, int]]]
#: A word with the branching vertices at its ends: () for a closed chain (a trace), (a,) for a vector,
#: (a, b) for a chain from a to b, more for a tensor of higher order.
Part = tuple[Word, tuple[int, ...]]
#: The number of branching vertices of a connected graph, and its parts, sorted.
Form = tuple[int, tuple[Part, ...]]


class Components(NamedTuple):
    """The connected components of a graph: those with branching vertices in normal form, the cycles as one of their
    words, and the vertices without edges."""

    branched: list[Form]
    cycles: list[Word]
    free: tuple[int, ...]


def components(edges: Iterable[Edge], vertices: Iterable[int] = ()) -> Components:
    """The connected components of a graph.

    Args:
        edges: (label, end, ...) with untransposed labels and any ints for vertices.
        vertices: further vertices to look at; those on no edge are returned.
    """
    tick("graphs")
    edges = tuple(edges)
    incidence: Incidence = {}
    for k, edge in enumerate(edges):
        for place in range(1, len(edge)):
            found = incidence.get(edge[place])
            if found is None:
                incidence[edge[place]] = [(k, place)]
            else:
                found.append((k, place))
    free = tuple(v for v in vertices if v not in incidence)
    branching = [v for v, found in incidence.items()
                 if len(found) != 2 or len(edges[found[0][0]]) != 3 or len(edges[found[1][0]]) != 3]
    used = bytearray(len(edges))
    branched: list[Form] = []
    if branching:
        parts: list[Part] = [((edge[0],), edge[1:]) for k, edge in enumerate(edges) if len(edge) != 3]
        stops = set(branching)
        for v in branching:
            for k, place in incidence[v]:
                if not used[k] and len(edges[k]) == 3:
                    word, end = _walk(edges, incidence, stops, used, k, place)
                    parts.append((word, (v, end)))
        branched = [_branched(group, members) for group, members in _connected(branching, parts)]
    cycles = [_walk(edges, incidence, frozenset((edges[k][1],)), used, k, 1)[0]
              for k in range(len(edges)) if not used[k] and len(edges[k]) == 3]
    return Components(branched, cycles, free)


def _walk(edges: Sequence[Edge], incidence: Incidence, stops: Iterable[int], used: bytearray,
          k: int, place: int) -> tuple[Word, int]:
    """Follow the chain that enters edge k at `place` until a vertex in `stops`."""
    word = []
    while True:
        edge = edges[k]
        used[k] = 1
        if place == 1:
            word.append(edge[0])
            place = 2
        else:
            word.append(edge[0].T)
            place = 1
        vertex = edge[place]
        if vertex in stops:
            return tuple(word), vertex
        first, second = incidence[vertex]
        k, place = second if first == (k, place) else first


def reverse(word: Word) -> Word:
    """The word read backwards: the transpose of the product."""
    return tuple([letter.T for letter in reversed(word)])


@lru_cache(maxsize=2**12)
def orientation(word: Word) -> tuple[Word, bool, bool]:
    """The lesser of a word and its reverse, whether it is the reverse, and whether both are equal."""
    back = reverse(word)
    return (back, True, False) if back < word else (word, False, back == word)


def least_rotation(word: Word) -> Word:
    """The least among the rotations of a cyclic word and of its reverse."""
    back = reverse(word)
    least = min(min(word), min(back))
    length = len(word)
    candidates = []
    for reading in (word, back):
        twice = reading + reading
        candidates += [twice[i:i + length] for i in range(length) if reading[i] == least]
    return min(candidates)


def _connected(vertices: list[int], parts: list[Part]) -> list[tuple[list[int], list[Part]]]:
    """The connected groups of branching vertices with the parts between them."""
    if len(vertices) == 1:
        return [(vertices, parts)]
    root = {v: v for v in vertices}

    def find(v: int) -> int:
        while root[v] != v:
            root[v] = v = root[root[v]]
        return v

    for _, ends in parts:
        first = find(ends[0])
        for end in ends[1:]:
            root[find(end)] = first
    if len({find(v) for v in vertices}) == 1:
        return [(vertices, parts)]
    groups: dict[int, tuple[list[int], list[Part]]] = {}
    for v in vertices:
        groups.setdefault(find(v), ([], []))[0].append(v)
    for part in parts:
        groups[find(part[1][0])][1].append(part)
    return list(groups.values())


def _branched(vertices: list[int], parts: list[Part]) -> Form:
    """The normal form of a connected graph with branching vertices."""
    oriented: list[tuple[Word, tuple[int, ...], bool]] = []
    for word, ends in parts:
        if len(ends) == 2:
            least, turned, symmetric = orientation(word)
            oriented.append((least, ends[::-1] if turned else ends, symmetric))
        else:
            oriented.append((word, ends, False))
    if len(vertices) == 1:
        v = vertices[0]
        assert all(end == v for _, ends, _ in oriented for end in ends)
        return 1, tuple(sorted((word, (0,) * len(ends)) for word, ends, _ in oriented))
    return len(vertices), _Labelling(vertices, oriented).least()


class _Labelling:
    """The search for the least numbering of the branching vertices of one connected graph."""

    def __init__(self, vertices: list[int], parts: list[tuple[Word, tuple[int, ...], bool]]) -> None:
        place = {v: i for i, v in enumerate(vertices)}
        self.parts = [(word, tuple([place[v] for v in ends]), symmetric) for word, ends, symmetric in parts]
        kinds = {kind: i for i, kind in enumerate(sorted({(len(e), w) for w, e, _ in self.parts}))}
        #: For each vertex its incidences: (kind and position, the other ends).
        self.meets: list[list[tuple[int, tuple[int, ...]]]] = [[] for _ in vertices]
        width = max(len(ends) for _, ends, _ in self.parts)
        for word, ends, symmetric in self.parts:
            kind = kinds[len(ends), word] * width
            if len(ends) == 2:
                a, b = ends
                self.meets[a].append((kind, (b,)))
                self.meets[b].append((kind if symmetric else kind + 1, (a,)))
            else:
                for i, v in enumerate(ends):
                    self.meets[v].append((kind + i, ends[:i] + ends[i + 1:]))

    def least(self) -> tuple[Part, ...]:
        return self._search(self._refine([0] * len(self.meets)))

    def _refine(self, colours: list[int]) -> list[int]:
        tick("graphs")
        count = len(set(colours))
        while True:
            signatures: list[Any] = []
            for v, meets in enumerate(self.meets):
                seen = [(kind, colours[others[0]]) if len(others) == 1 else
                        (kind, *[colours[w] for w in others]) for kind, others in meets]
                seen.sort()
                signatures.append((colours[v], seen))
            order = sorted(range(len(signatures)), key=signatures.__getitem__)
            fresh, rank, previous = [0] * len(order), 0, None
            for position, v in enumerate(order):
                if signatures[v] != previous:
                    rank, previous = position, signatures[v]
                fresh[v] = rank
            found = len(set(fresh))
            colours = fresh
            if found == count or found == len(colours):
                return colours
            count = found

    def _search(self, colours: list[int]) -> tuple[Part, ...]:
        """The least form over all numberings that respect the stable `colours` (each the rank of its class)."""
        classes: dict[int, list[int]] = {}
        for v, colour in enumerate(colours):
            classes.setdefault(colour, []).append(v)
        if len(classes) == len(colours):
            return self._form(colours)
        cell = min((members for members in classes.values() if len(members) > 1),
                   key=lambda members: (len(members), colours[members[0]]))
        best: tuple[Part, ...] | None = None
        tried: list[int] = []
        for v in cell:
            if any(self._interchangeable(v, w) for w in tried):
                continue
            tried.append(v)
            single = [c + 1 if c == colours[v] and w != v else c for w, c in enumerate(colours)]
            form = self._search(self._refine(single))
            if best is None or form < best:
                best = form
        assert best is not None
        return best

    def _interchangeable(self, v: int, w: int) -> bool:
        """Whether swapping two vertices maps the graph to itself, so that one of them need not be tried."""
        def swapped(end: int) -> int:
            return w if end == v else v if end == w else end

        def meeting(mapped: bool) -> list[Any]:
            return sorted((word, tuple(sorted(ends)) if symmetric else ends) for word, ends, symmetric in (
                (word, tuple(map(swapped, ends)) if mapped else ends, symmetric)
                for word, ends, symmetric in self.parts if v in ends or w in ends))

        return meeting(False) == meeting(True)

    def _form(self, numbers: list[int]) -> tuple[Part, ...]:
        form = []
        for word, ends, symmetric in self.parts:
            new = tuple([numbers[v] for v in ends])
            form.append((word, new[::-1] if symmetric and new[0] > new[1] else new))
        form.sort()
        return tuple(form)
