"""How many index graphs a model's residual and gradients have: counted on sizes, no graph is made.

A prediction whose graphs have one data edge each is one graph R x, whatever it is made of, because its array R is one
letter.

>>> import sgdmoments as sm
>>> quadratic = read_counts(sm.SGD(sm.Network((2, 2, 2, 1), (0, 1, 1))))
>>> quadratic.edges[-1], dict(quadratic.residual)
(1, {1: 2, 2: 4, 3: 4, 4: 2})
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from sgdmoments.describe.run import Run
from sgdmoments.errors import RouteError
from sgdmoments.tracing.counts import MOST_EDGES, MOST_GRAPHS, ByEdges, GraphCounts, counts_of, product


@dataclass(frozen=True)
class Counts:
    """A model with squared loss, as sizes.

    Attributes:
        prediction: the graphs of f(x).
        teacher: whether the label has a teacher's part.
        further: how many more parts the label has: targets, noise.
        is_square: whether the loss is that of the prediction; else `prediction` counts the loss or the direction.
    """

    prediction: GraphCounts
    teacher: bool
    further: int = 0
    is_square: bool = True

    @property
    def edges(self) -> tuple[int, ...]:
        """How many edges of each weight array the largest graph of f(x) has."""
        return self.prediction.edges

    @property
    def degree(self) -> int:
        """The number of weight edges of the largest graph of f(x)."""
        return self.prediction.degree

    @property
    def is_linear(self) -> bool:
        """Whether f(x) is an array times x."""
        return self.is_square and self.prediction.graphs.keys() == {1}

    @property
    def too_large(self) -> bool:
        """Whether the counts left the range in which they are told apart."""
        return max(self.residual, default=0) > MOST_EDGES or sum(self.residual.values()) > MOST_GRAPHS

    @property
    def too_deep(self) -> bool:
        """Whether the largest graph has more weight edges than are told apart."""
        return sum(self.edges) > MOST_EDGES

    @cached_property
    def residual(self) -> ByEdges:
        """The graphs of f(x) less the label."""
        if not self.is_square:
            return self.prediction.graphs
        if self.is_linear:
            return Counter({1: 1 + self.further})
        found = Counter({d: c * (1 + self.teacher) for d, c in self.prediction.graphs.items()})
        found[1] += self.further
        return +found

    @cached_property
    def gradient(self) -> ByEdges:
        """The graphs of the gradient by one weight array: the residual times one term of f with an edge less."""
        return product(self.residual, self.prediction.graphs) if self.is_square else self.residual


def read_counts(sgd: Run) -> Counts:
    """The counts of a run's model, kept with the run; `RouteError` where `predict` is no polynomial."""
    if "graph counts" not in sgd.memo:
        model = sgd.model
        try:
            square = model.predicts and not model.has_direction
            method = "predict" if square else "direction" if model.has_direction else "loss"
            sgd.memo["graph counts"] = Counts(counts_of(model, method), bool(model.constants),
                                              len(model.law.parts) - 1, square)
        except RouteError as error:
            sgd.memo["graph counts"] = error
    found = sgd.memo["graph counts"]
    if isinstance(found, RouteError):
        raise found
    counts: Counts = found
    return counts
