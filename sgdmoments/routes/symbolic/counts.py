"""How many index graphs a network's residual and gradients have: counted on sizes, no graph is made.

A count is a number of graphs for each number of data edges. σ(z) = Σ_k c_k z^k turns N graphs into the multisets of k
of them; a linear network is one graph R x, whatever its depth, because its error matrix R is one letter.

>>> quadratic = Counts((2, 2, 2, 1), (0, 1, 1), teacher=True)
>>> quadratic.edges[-1], dict(quadratic.residual)
(1, {1: 2, 2: 4, 3: 4, 4: 2})
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import comb
from typing import Any

#: Graphs by their number of data edges.
ByEdges = Counter[int]

#: More data edges than this, or more graphs, are not told apart: nothing of that size is ever affordable.
MOST_EDGES, MOST_GRAPHS = 400, 1e30


@dataclass(frozen=True)
class Counts:
    """A fully connected network with squared loss, as sizes.

    Attributes:
        widths: (p, p_1, ..., p_H), of which only the number counts.
        activation: the coefficients of σ, constant first.
        teacher: whether the label has a teacher's part.
        further: how many more parts the label has: targets, noise.
    """

    widths: Sequence[Any]
    activation: Sequence[Any]
    teacher: bool
    further: int = 0

    @property
    def depth(self) -> int:
        """The number of layers."""
        return len(self.widths) - 1

    @property
    def is_linear(self) -> bool:
        """Whether σ is a multiple of the identity."""
        return all(c == 0 for k, c in enumerate(self.activation) if k != 1)

    @property
    def too_large(self) -> bool:
        """Whether the counts left the range in which they are told apart."""
        return max(self.residual) > MOST_EDGES or sum(self.residual.values()) > MOST_GRAPHS

    @property
    def too_deep(self) -> bool:
        """Whether the largest graph has more weight edges than are told apart."""
        return sum(self.edges) > MOST_EDGES

    @cached_property
    def prediction(self) -> ByEdges:
        """The graphs of f(x)."""
        found: ByEdges = Counter({1: 1})
        for _ in range(self.depth - 1):
            if not self.is_linear:
                found = activated(found, self.activation)
        return found

    @cached_property
    def residual(self) -> ByEdges:
        """The graphs of f(x) less the label."""
        if self.is_linear:
            return Counter({1: 1 + self.further})
        found = Counter({d: c * (1 + self.teacher) for d, c in self.prediction.items()})
        found[1] += self.further
        return +found

    @cached_property
    def gradient(self) -> ByEdges:
        """The graphs of the gradient by one layer's matrix: the residual times one term of f with an edge less."""
        own = Counter({1: 1}) if self.is_linear else self.prediction
        return product(self.residual, own)

    @cached_property
    def edges(self) -> tuple[int, ...]:
        """How many edges of each layer the largest graph of f(x) has."""
        degree = max((k for k, c in enumerate(self.activation) if c), default=0)
        return tuple(degree ** (self.depth - layer) if degree > 1 else 1 for layer in range(1, self.depth + 1))


def activated(array: ByEdges, activation: Sequence[Any]) -> ByEdges:
    """The graphs of σ of each entry."""
    total: ByEdges = Counter()
    power: ByEdges = Counter({0: 1})
    kinds = sum(array.values())
    for k, c in enumerate(activation):
        if k:
            power = product(power, array)
        if c:  # of N kinds there are C(N + k - 1, k) multisets of k, and N^k sequences
            share = comb(kinds + k - 1, k) / kinds**k if k and kinds < MOST_GRAPHS else 1.0
            for d, count in power.items():
                total[d] += max(1, round(count * share)) if count < MOST_GRAPHS else count
    return total


def product(a: ByEdges, b: ByEdges) -> ByEdges:
    """The graphs of a product, none merged; what is beyond `MOST_EDGES` is counted as one edge more than that."""
    total: ByEdges = Counter()
    for i, x in a.items():
        for j, y in b.items():
            total[min(i + j, MOST_EDGES + 1)] += min(x * y, 10**40)
    return total
