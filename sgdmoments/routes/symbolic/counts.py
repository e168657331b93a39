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
    """

    prediction: GraphCounts
    teacher: bool
    further: int = 0

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
        return self.prediction.graphs.keys() == {1}

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
        if self.is_linear:
            return Counter({1: 1 + self.further})
        found = Counter({d: c * (1 + self.teacher) for d, c in self.prediction.graphs.items()})
        found[1] += self.further
        return +found

    @cached_property
    def gradient(self) -> ByEdges:
        """The graphs of the gradient by one weight array: the residual times one term of f with an edge less."""
        return product(self.residual, self.prediction.graphs)


def read_counts(sgd: Run) -> Counts:
    """The counts of a run's model, kept with the run; `RouteError` where `predict` is no polynomial."""
    if "graph counts" not in sgd.memo:
        model = sgd.model
        try:
            sgd.memo["graph counts"] = Counts(counts_of(model), bool(model.teacher_parameters),
                                              (model.targets is not None) + (model.noise is not None))
        except RouteError as error:
            sgd.memo["graph counts"] = error
    found = sgd.memo["graph counts"]
    if isinstance(found, RouteError):
        raise found
    counts: Counts = found
    return counts
