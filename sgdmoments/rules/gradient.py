"""Gradient: delete an edge; its two ends stay open.

Identity: ∂/∂W[i, j] of Σ ⋯ W[a, b] ⋯ is the sum over its edges W of the graph without that edge, with a held at i
and b held at j. A derived letter (an expression in W) is replaced by the derivative of what it stands for.

Assumption: the expression is a polynomial in the entries of W.

Source: P0, Section 3.2 and A.2 (where the gradients are written out by hand).

>>> from sgdmoments.graphs.labels import Label
>>> W, A = Label("W", (2, 3)), Label("A", (3, 3))
>>> differentiate(Expression.from_edges([(W, 0, 1), (A, 1, 2), (W, 0, 2)]), W)      # tr(W A Wᵀ)
(1) <0|0] <1|1] A W.T[1,0] + (1) <0|0] <1|1] A.T W.T[1,0]
"""

from __future__ import annotations

from collections.abc import Sequence

from sgdmoments.graphs.derived import definition, substitute_edge
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.graph_sum import GraphSum
from sgdmoments.graphs.labels import Label, open_end
from sgdmoments.rules.rule import Rule

GRADIENT = Rule(
    "gradient", "∂/∂W deletes an edge W and leaves its ends open",
    "the loss is a polynomial in the weights", "P0, Section 3.2")


def differentiate(expression: GraphSum, label: Label, ends: Sequence[int] | None = None) -> Expression:
    """The derivative by a matrix (or vector), an array with two more open ends (or one).

    Args:
        expression: a scalar, or an array without those open ends.
        label: the matrix W.
        ends: the numbers of the open ends for the row and column of W; 0, 1, … by default.
    """
    ends = range(len(label.dimensions)) if ends is None else ends
    total = Expression({}, expression.ring)
    for monomial, coefficient in expression.terms():
        for i, graph in enumerate(monomial):
            rest = Expression({monomial[:i] + monomial[i + 1:]: coefficient})
            for k, edge in enumerate(graph.edges):
                if edge[0] is label:
                    held = [(open_end(n, d), v) for n, d, v in zip(ends, label.dimensions, edge[1:], strict=True)]
                    kept = [e for j, e in enumerate(graph.edges) if j != k]
                    total += rest * Expression.from_edges(kept + held)
                    continue
                inner = definition(edge[0])
                if inner is not None:
                    arity = len(edge) - 1
                    inside = differentiate(inner, label, range(arity, arity + len(ends)))
                    for m, c in inside.terms():
                        total += rest * substitute_edge(graph, k, m, dict(zip(range(arity, arity + len(ends)), ends,
                                                                              strict=True))) * c
    return total
