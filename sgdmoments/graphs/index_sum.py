"""Sums over indices of products of arrays that are expressions: what `einsum` is for arrays of numbers.

>>> A, x = Label("A", (2, 3)), Label("x", (3,))
>>> index_sum([(array_of(A), (0, 1)), (array_of(x), (1,))], (0,), {0: 2, 1: 3})        # A x
(1) <0|0] A[0,1] x[1]
>>> index_sum([(array_of(x), (1,)), (array_of(x), (1,))], (), {1: 3})                  # the squared norm
(1) x[0] x[0]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sgdmoments.exact.ring import Polynomial
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.graph import Monomial, disjoint_edges, normal_form
from sgdmoments.graphs.graph_sum import dimension_factor
from sgdmoments.graphs.join import merged
from sgdmoments.graphs.labels import Dimension, Edge, Label, open_end, open_number


def array_of(label: Label) -> Expression:
    """A letter as an array: one open end for each of its dimensions.

    >>> array_of(Label("A", (2, 3)))
    (1) <0|0] <1|1] A[0,1]
    """
    ends = range(len(label.dimensions))
    return Expression.from_edges([(label, *ends), *((open_end(k, label.dimensions[k]), k) for k in ends)])


def index_sum(arrays: Sequence[tuple[Expression, Sequence[int]]], kept: Sequence[int],
              dimensions: Mapping[int, Dimension]) -> Expression:
    """Σ over the indices that are not kept of the product of one or two arrays.

    Args:
        arrays: each with an index for each of its open ends, in their order; an index may occur in both arrays,
            and more than once in one.
        kept: the indices of the result; one that occurs in no array makes an array that does not depend on it.
        dimensions: the dimension of each index. A batch index that is not kept is averaged over.
    """
    (left, left_indices), (right, right_indices) = (*arrays, (Expression.constant(1), ()))[:2]
    left, right = left.meet(right)
    summed = {k: d for k, d in dimensions.items() if k not in kept}
    ring = left.ring
    start = max(dimensions, default=-1) + 1
    total: dict[Monomial, Any] = {}
    for m, c in left.raw.items():
        edges, pairs, free = _opened(m, left_indices, start)
        for n, d in right.raw.items():
            more, others, _ = _opened(n, right_indices, free)
            image = merged((*pairs, *others))
            product: list[Edge] = [(e[0], *[image.get(v, v) for v in e[1:]]) for e in (*edges, *more)]
            product += [(open_end(place, dimensions[k]), image.get(k, k)) for place, k in enumerate(kept)]
            graphs, bare = normal_form(product, {image.get(k, k) for k in summed})
            value = c * d
            for v in bare:
                factor = dimension_factor(next(d for k, d in summed.items() if image.get(k, k) == v))
                if isinstance(factor, Polynomial) and factor.ring.generators[0] not in ring.generators:
                    wider = ring.union(factor.ring)
                    return index_sum([(left.in_ring(wider), left_indices), (right, right_indices)], kept, dimensions)
                value = value * ring(factor).raw
            total[graphs] = total[graphs] + value if graphs in total else value
    return Expression.from_raw(ring, total, {**left.known, **right.known})


def _opened(monomial: Monomial, indices: Sequence[int], start: int) -> tuple[list[Edge], list[tuple[int, int]], int]:
    """The edges but for open ends, with vertices from `start` on; what index meets what vertex; the next vertex."""
    edges, free = disjoint_edges(monomial, start)
    opens = sorted((open_number(e[0]), e[1]) for e in edges if e[0].kind == "open")
    return [e for e in edges if e[0].kind != "open"], [(k, v) for k, (_, v) in zip(indices, opens, strict=True)], free
