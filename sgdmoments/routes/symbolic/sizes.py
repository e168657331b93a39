"""How large a question will be, before it is started: arithmetic on the sizes of the model, no graph is made.

What can be counted at once is how many graphs there would be if none were merged: every way to replace edges times
every pairing of the data edges. Merging equal graphs leaves about the power `MERGED` of that number, an exponent
measured on two- and three-layer networks with linear, quadratic and cubic activations.
"""

from __future__ import annotations

from collections import Counter
from itertools import accumulate
from math import ceil, comb, prod
from typing import Any

from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.routes.symbolic.counts import Counts, read_counts

#: Products of graphs met are about the unmerged count to this power.
MERGED = 0.66
#: Seconds and bytes for each product of graphs met, measured on one core of a small machine.
SECONDS, BYTES = 2.5e-4, 6_000
#: Seconds to write one layer as graphs.
LEAST = 0.008
#: What is said of questions whose counts leave the range of the counting.
BEYOND = 1e40

#: Ways by (order in the learning rate, number of data edges).
Ways = Counter[tuple[int, int]]


def estimate(sgd: Run, quantity: Quantity, learning_rate_order: int | None = None) -> dict[str, Any]:
    """What any moment of a quantity would need: {"terms": products of graphs, "seconds": …, "memory": bytes}.

    >>> import sgdmoments as sm
    >>> sgd = sm.SGD(sm.Network(("p", "p1", "p2")))
    >>> estimate(sgd, sm.gradient(1, layer=1))["terms"] < 10**4 < 10**12 < \\
    ...     estimate(sgd, sm.gradient(2, layer=1))["terms"]
    True
    """
    terms = unmerged(sgd, quantity, learning_rate_order) ** MERGED
    depth = len(sgd.model.parameters)
    return {"terms": int(terms), "seconds": terms * SECONDS + LEAST * depth, "memory": int(terms * BYTES)}


def unmerged(sgd: Run, quantity: Quantity, order: int | None = None) -> float:
    """The number of graphs if no two of them were merged; the weight arrays of a quantity add up."""
    counts = read_counts(sgd)
    if counts.too_deep or counts.too_large:
        return BEYOND
    places = [k + 1 for k in sgd.model.places(quantity.layer)]
    if quantity.kind == "loss":
        places = [1]
    return min(sum(_of_array(sgd, counts, quantity, place, order) for place in places), BEYOND)


def _of_array(sgd: Run, counts: Counts, quantity: Quantity, place: int, order: int | None) -> float:
    finite = sgd.model.law.points is not None
    # a finite data set merges batch vertices, one for each factor; a law pairs data edges
    own: Counter[int] = Counter()
    if quantity.kind != "weights":
        array = counts.residual if quantity.kind == "loss" else counts.gradient
        for a, x in array.items():
            for b, y in array.items():
                own[2 if finite else a + b] += x * y
    blocks = _partitions if finite else _pairings
    total = float(sum(c * blocks(x) for x, c in own.items()) or 1)
    steps = quantity.step if isinstance(quantity.step, int) else order or 0
    if counts.degree <= 1:  # linear in the weights: the graphs of one step come back at the next
        steps = min(steps, 1)
    if not steps or total > BEYOND:
        return total
    ways = _replacements(counts, finite)
    edges = _edges(counts, quantity, place)
    if order is not None and steps > 1:
        return total * _one_by_one(edges, ways, order)
    for _ in range(steps):
        step: Ways = Counter({(0, 0): 1})
        for label, count in edges.items():
            for _ in range(count):
                step = _times(step, ways[label], order)
                if sum(step.values()) > 1e30 or max(x for _, x in step) > 300:
                    return BEYOND
        total *= max(1.0, sum(c * blocks(x) for (_, x), c in step.items()))
        edges = Counter({label: 3 * count for label, count in edges.items()})
    return total


def _edges(counts: Counts, quantity: Quantity, place: int) -> Counter[int]:
    """The edges of the largest graph of the squared norm, by weight array; 0 is a linear residual's named array."""
    if quantity.kind == "weights":
        return Counter({place: 2})
    if counts.is_linear:
        if quantity.kind == "loss":
            return Counter({0: 2})
        return Counter({0: 2} | {k: 2 for k, e in enumerate(counts.edges, 1) if e and k != place})
    residual = 0.5 if counts.teacher else 1.0  # half of its graphs are the teacher's: no edge moves
    copies = 2 * residual if quantity.kind == "loss" else 2 * (1 + residual)
    found = Counter({k: ceil(copies * e) for k, e in enumerate(counts.edges, 1)})
    if quantity.kind != "loss":
        found[place] -= 2
    return +found


def _replacements(counts: Counts, finite: bool) -> dict[int, Ways]:
    """For each weight array what may become of its edge in one step."""
    one: Ways = Counter({(1, 1 if finite else d): c for d, c in counts.gradient.items()})
    if finite:
        one = Counter({(1, 1): sum(counts.gradient.values())})
    ways = {k: Counter({(0, 0): 1}) + one for k in range(1, len(counts.edges) + 1)}
    if counts.is_linear:  # the named array is made of products of weights: any of them may move
        terms, size = sum(counts.gradient.values()), 1 if finite else 2
        ways[0] = Counter({(k, k * size): comb(counts.degree, k) * terms**k for k in range(counts.degree + 1)})
    return ways


def _one_by_one(edges: Counter[int], ways: dict[int, Ways], order: int) -> float:
    """The ways to replace `order` edges one after another, each of which brings in about two edges more."""
    first = sum(count * c for label, count in edges.items() for (k, _), c in ways[label].items() if k == 1)
    growth = 2.0 * first / max(sum(edges.values()), 1)
    return prod(first + k * growth for k in range(order))


def _times(a: Ways, b: Ways, order: int | None) -> Ways:
    product: Ways = Counter()
    for (i, x), c in a.items():
        for (j, y), d in b.items():
            if order is None or i + j <= order:
                product[i + j, x + y] += c * d
    return product


def _pairings(edges: int) -> float:
    """(edges − 1)!!, the number of ways to pair data edges."""
    return float(prod(range(1, edges + edges % 2, 2))) if edges < 60 else BEYOND


def _partitions(vertices: int) -> float:
    """The number of set partitions of the batch vertices."""
    row = [1]
    for _ in range(min(vertices, 60)):
        row = list(accumulate(row, initial=row[-1]))
    return float(row[0])
