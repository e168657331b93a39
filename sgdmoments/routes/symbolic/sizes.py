"""How large a question will be, before it is started.

What can be counted at once is how many graphs there would be if none were merged: every way to replace edges times
every pairing of the data edges. Merging equal graphs leaves about the power `MERGED` of that number, an exponent
measured on two- and three-layer networks with linear, quadratic and cubic activations.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import accumulate
from math import prod
from typing import Any

import sympy

from sgdmoments.budget import Budget
from sgdmoments.errors import BudgetExceeded
from sgdmoments.graphs.expression import Expression
from sgdmoments.models.quantities import Quantity
from sgdmoments.models.run import SGD
from sgdmoments.routes.symbolic.moments import Question
from sgdmoments.routes.symbolic.setting import Setting
from sgdmoments.rules.update import Update

#: Products of graphs met are about the unmerged count to this power.
MERGED = 0.66
#: Seconds and bytes for each product of graphs met, measured on one core of a small machine.
SECONDS, BYTES = 2.5e-4, 6_000

#: Ways by (order in the learning rate, number of data edges).
Ways = Counter[tuple[int, int]]


def estimate(sgd: SGD, quantity: Quantity, kind: str, *, learning_rate_order: int | None = None) -> dict[str, Any]:
    """What a question would need: {"terms": products of graphs, "seconds": …, "memory": bytes}.

    >>> import sgdmoments as sm
    >>> sgd = sm.SGD(sm.Network(("p", "p1", "p2")))
    >>> estimate(sgd, sm.gradient(1, layer=1), "variance")["terms"] < 10**4 < 10**12 < \\
    ...     estimate(sgd, sm.gradient(2, layer=1), "variance")["terms"]
    True
    """
    terms = unmerged(Question(sgd, quantity, learning_rate_order)) ** MERGED
    return {"terms": int(terms), "seconds": terms * SECONDS, "memory": int(terms * BYTES)}


def unmerged(asked: Question) -> float:
    """The number of graphs if no two of them were merged; the layers of a quantity add up."""
    if asked.quantity.kind != "loss" and len(asked.layers()) > 1:
        return sum(unmerged(Question(asked.sgd, replace(asked.quantity, layer=k + 1), asked.order))
                   for k in asked.layers())
    setting, update = asked.setting, asked.setting.propagator.update
    arrays = [setting.system.gradients[k] for k in asked.layers()]
    if asked.quantity.kind == "loss":
        arrays = [setting.system.residual]
    elif asked.quantity.kind == "weights":
        arrays = []
    own: Ways = Counter()
    edges: Counter[Any] = Counter()
    for array in arrays:
        counts = _data_edges(setting, array)
        for a, x in counts.items():
            for b, y in counts.items():
                own[0, a + b] += x * y
        for graph in max(array.raw, key=lambda m: sum(len(g.edges) for g in m), default=()):
            edges.update(edge[0] for edge in graph.edges for _ in (0, 1))
    if asked.quantity.kind == "weights":
        edges.update({setting.system.weights[k]: 2 for k in asked.layers()})
    blocks = _partitions if setting.finite else _pairings
    total = float(sum(c * blocks(x) for (_, x), c in own.items()) or 1)
    steps = asked.step if isinstance(asked.step, int) else asked.order or 0
    order = asked.order
    if len(setting.system.weights) == 1:  # linear in the weights: the graphs of one step come back at the next
        steps = min(steps, 1)
    if order is not None and steps > 1:
        return total * _one_by_one(update, edges, order)
    for _ in range(steps):
        ways: Ways = Counter({(0, 0): 1})
        for label, count in edges.items():
            for _ in range(count):
                ways = _times(ways, _edge_ways(setting, update, label), order)
                if sum(ways.values()) > 1e30:
                    return 1e40
        total *= max(1.0, sum(c * blocks(x) for (_, x), c in ways.items()))
        edges = Counter({label: 3 * count for label, count in edges.items()})
    return total


def _one_by_one(update: Update, edges: Counter[Any], order: int) -> float:
    """The ways to replace `order` edges one after another, each of which brings in more edges."""
    first = [fragment for label, count in edges.items() for fragments in update.fragments(label)[:1]
             for fragment in fragments for _ in range(count)]
    growth = sum(len(fragment.edges) for fragment in first) / max(sum(edges.values()), 1)
    ways = 1.0
    for k in range(order):
        ways *= len(first) + k * growth
    return ways


def _edge_ways(setting: Setting, update: Update, label: Any) -> Ways:
    """What may become of one edge."""
    ways: Ways = Counter({(0, 0): 1})
    for k, fragments in enumerate(update.fragments(label), 1):
        for fragment in fragments:
            ways[k, sum(edge[0] in setting.system.data for edge in fragment.edges)] += 1
    return ways


def _times(a: Ways, b: Ways, order: int | None) -> Ways:
    product: Ways = Counter()
    for (i, x), c in a.items():
        for (j, y), d in b.items():
            if order is None or i + j <= order:
                product[i + j, x + y] += c * d
    return product


def _data_edges(setting: Setting, array: Expression) -> Counter[int]:
    """How many terms of an array have how many data edges."""
    return Counter(sum(edge[0] in setting.system.data for graph in monomial for edge in graph.edges)
                   for monomial in array.raw)


def _pairings(edges: int) -> int:
    """(edges − 1)!!, the number of ways to pair data edges."""
    return prod(range(1, edges + edges % 2, 2))


def _partitions(edges: int) -> int:
    """The number of set partitions of the batch vertices, each of which has about two data edges."""
    row = [1]
    for _ in range(edges // 2):
        row = list(accumulate(row, initial=row[-1]))
    return row[0]


def require_affordable(asked: Question, budget: Budget) -> None:
    """Refuse before the work starts where the estimate is over the budget; the nearest affordable order is named.

    Where powers of 1/b are cut off the estimate is far too high, and the budget is left to the work itself.
    """
    if asked.inverse_order is not None:
        return
    terms = unmerged(asked) ** MERGED
    needs = {"terms": int(terms), "seconds": terms * SECONDS, "memory": int(terms * BYTES)}
    limits = {"terms": budget.terms, "seconds": budget.seconds, "memory": budget.memory}
    over = [name for name, limit in limits.items() if limit is not None and needs[name] > limit]
    if not over:
        return
    start = asked.order if asked.order is not None else 8
    nearest = "an earlier step"
    for order in range(start, -1, -1):
        smaller = unmerged(Question(asked.sgd, asked.quantity, order)) ** MERGED
        if all(limit is None or smaller * scale <= limit
               for limit, scale in ((budget.terms, 1), (budget.seconds, SECONDS), (budget.memory, BYTES))):
            nearest = f"learning_rate_order={order}"
            break
    step = asked.step if isinstance(asked.step, sympy.Symbol) else f"t = {asked.step}"
    raise BudgetExceeded(
        f"{asked.quantity} at {step}: about {needs['terms']:.2g} products of graphs, {needs['seconds']:.2g} s, "
        f"{needs['memory']:.2g} bytes; over the budget in {', '.join(over)} (budget=Budget(...)).", needs, nearest)
