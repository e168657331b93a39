"""The plainest evaluation of a list of edges: a nested loop over all indices. Shares nothing with the package."""

from __future__ import annotations

from fractions import Fraction
from itertools import product


def naive_value(edges, sizes, arrays, kept=()):
    """Σ over the vertices not kept of the product of the entries.

    edges: (name, vertex, ...); sizes: the size of each vertex; arrays: nested lists by name; kept: vertices in the
    order of the axes of the result, which is a dict from index tuples to numbers (a number where kept is empty).
    """
    vertices = sorted(sizes)
    totals = {}
    for index in product(*(range(sizes[v]) for v in vertices)):
        place = dict(zip(vertices, index, strict=True))
        value = Fraction(1)
        for name, *ends in edges:
            entry = arrays[name]
            for v in ends:
                entry = entry[place[v]]
            value *= entry
        key = tuple(place[v] for v in kept)
        totals[key] = totals.get(key, 0) + value
    return totals if kept else totals[()]
