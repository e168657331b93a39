"""Sums over indices of products of arrays, where an index may sit on any number of arrays.

Arrays are merged two at a time, the pair with the smallest result first; an index that no other array needs is
summed by a matrix product at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import prod

import numpy as np

from sgdmoments.errors import BudgetExceeded
from sgdmoments.graphs.arithmetic import Arithmetic, Array

#: An array with the index (a vertex) of each axis.
Factor = tuple[Array, tuple[int, ...]]

#: The largest number of entries of an intermediate array.
LARGEST = 2**27


def contract(factors: Sequence[Factor], kept: tuple[int, ...], arithmetic: Arithmetic) -> Array:
    """Σ over all indices not kept of the product of the factors; an array with the axes `kept`.

    Every kept index has to occur on a factor. Raises `BudgetExceeded` where an intermediate array would have
    more than `LARGEST` entries.
    """
    work = [_diagonal(array, indices) for array, indices in factors]
    sizes = {v: n for array, indices in work for v, n in zip(indices, array.shape, strict=True)}
    uses = Counter(v for _, indices in work for v in indices)
    uses.update(kept)
    work = [_sum_out(factor, uses, arithmetic) for factor in work]
    while len(work) > 1:
        i, j = _cheapest(work, uses, sizes)
        second, first = work.pop(j), work.pop(i)
        merged = _merge(first, second, uses, sizes, arithmetic)
        uses.subtract(first[1] + second[1])
        uses.update(merged[1])
        work.append(merged)
    array, indices = work[0]
    return array.transpose([indices.index(v) for v in kept])


def _diagonal(array: Array, indices: tuple[int, ...]) -> Factor:
    """The array with each repeated index taken once."""
    while len(set(indices)) < len(indices):
        a, b = next((a, b) for b in range(len(indices)) for a in range(b) if indices[a] == indices[b])
        array = np.diagonal(array, axis1=a, axis2=b)
        indices = (*(v for k, v in enumerate(indices) if k not in (a, b)), indices[a])
    return array, indices


def _sum_out(factor: Factor, uses: Counter[int], arithmetic: Arithmetic) -> Factor:
    """The factor summed over the indices that occur on it alone."""
    array, indices = factor
    alone = tuple(k for k, v in enumerate(indices) if uses[v] == 1)
    if not alone:
        return factor
    for k in alone:
        del uses[indices[k]]
    return arithmetic.sum(array, alone), tuple(v for k, v in enumerate(indices) if k not in alone)


def _result(first: Factor, second: Factor, uses: Counter[int]) -> tuple[list[int], list[int], list[int], list[int]]:
    """The indices of a merger: shared and still needed, shared and summed, only on the first, only on the second."""
    shared = set(first[1]) & set(second[1])
    return ([v for v in first[1] if v in shared and uses[v] > 2], [v for v in first[1] if v in shared and uses[v] == 2],
            [v for v in first[1] if v not in shared], [v for v in second[1] if v not in shared])


def _cheapest(work: list[Factor], uses: Counter[int], sizes: dict[int, int]) -> tuple[int, int]:
    """The pair whose merger grows the arrays least; pairs without a shared index last."""
    best: tuple[tuple[bool, int], int, int] | None = None
    for j, second in enumerate(work):
        for i in range(j):
            first = work[i]
            both, summed, left, right = _result(first, second, uses)
            growth = (prod(sizes[v] for v in both + left + right)
                      - prod(first[0].shape) - prod(second[0].shape))
            rank = (not both and not summed, growth)
            if best is None or rank < best[0]:
                best = rank, i, j
    assert best is not None
    return best[1], best[2]


def _merge(first: Factor, second: Factor, uses: Counter[int], sizes: dict[int, int],
           arithmetic: Arithmetic) -> Factor:
    both, summed, left, right = _result(first, second, uses)
    entries = prod(sizes[v] for v in both + left + right)
    if entries > LARGEST:
        raise BudgetExceeded(f"the evaluation of a graph needs an array of {entries:,} entries.",
                             {"entries": entries}, "smaller dimensions")
    a = first[0].transpose([first[1].index(v) for v in both + left + summed])
    b = second[0].transpose([second[1].index(v) for v in both + summed + right])
    outer = [sizes[v] for v in both]
    rows, inner, columns = (prod(sizes[v] for v in part) for part in (left, summed, right))
    if summed:
        value = arithmetic.matmul(a.reshape(*outer, rows, inner), b.reshape(*outer, inner, columns))
    else:
        value = arithmetic.multiply(a.reshape(*outer, rows, 1), b.reshape(*outer, 1, columns))
    indices = (*both, *left, *right)
    return value.reshape([sizes[v] for v in indices]), indices
