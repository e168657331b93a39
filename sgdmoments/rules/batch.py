"""Batch: a finite data set is sampled; the data edges stay and batch vertices become sample vertices.

Identity: for batch means of functions f₁, …, f_j of a sample drawn from n points,

    E[mean_B f₁ ⋯ mean_B f_j] = Σ over set partitions ρ of {1..j} of W_ρ(1/b) Π over blocks of the data's mean of Π f,

so the batch vertices of a block merge into one sample vertex of dimension n. For independent draws
W_ρ = b^−j (b)_|ρ|; without replacement the sums over distinct samples are turned into free ones by Möbius inversion,
and a partition into more than n blocks has weight 0, as so many distinct samples do not exist.

Assumption: each step's batch is drawn anew, independent of the steps before.

Source: P0, Lemma 3.1 (two functions) and Theorem A.8 (with falling factorials in place of digits in base b).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

from sgdmoments.describe.batches import Batches
from sgdmoments.exact.ring import INVERSE_BATCH, Ring
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.graph import Monomial, disjoint_edges, normal_form
from sgdmoments.graphs.labels import BATCH, Edge, Label
from sgdmoments.rules.expectation import add_scaled
from sgdmoments.rules.rule import Rule

BATCH_RULE = Rule(
    "batch", "batch vertices merge into sample vertices, partition by partition, with weights W_ρ(1/b)",
    "a finite data set, each step's batch drawn independently of the others", "P0, Lemma 3.1 and Theorem A.8")


class Sampling:
    """The expectation over the draw of a batch from a finite data set.

    Args:
        samples: the constant label (sample, ...) that each data label (batch, ...) turns into.
        batches: how a batch is drawn from the n points.
        ring: a ring that holds every coefficient and INVERSE_BATCH.
        inverse_batch_order: keep powers of 1/b up to this order only.
    """

    def __init__(self, samples: Mapping[Label, Label], batches: Batches, ring: Ring,
                 inverse_batch_order: int | None = None) -> None:
        assert isinstance(batches.n, int)
        self.samples = dict(samples)
        self.n: int = batches.n
        self.batches = batches
        self.ring = ring
        self.order = inverse_batch_order
        self._memo: dict[Monomial, Mapping[Monomial, Any]] = {}
        self._weights = cache(self._weight)

    def __call__(self, expression: Expression) -> Expression:
        """The expectation of an expression (its graphs may have open ends)."""
        total: dict[Monomial, Any] = {}
        for monomial, coefficient in expression.in_ring(self.ring).raw.items():
            add_scaled(total, self.monomial(monomial), coefficient)
        return Expression.from_raw(self.ring, total)

    @property
    def memo_size(self) -> int:
        """The number of graph products whose expectation is known."""
        return len(self._memo)

    def monomial(self, monomial: Monomial) -> Mapping[Monomial, Any]:
        """The expectation of one product of graphs, as FLINT coefficients by monomial."""
        known = self._memo.get(monomial)
        if known is None:
            known = self._memo[monomial] = self._sampled(monomial)
        return known

    def _sampled(self, monomial: Monomial) -> Mapping[Monomial, Any]:
        edges, _ = disjoint_edges(monomial)
        drawn = [edge for edge in edges if edge[0] in self.samples]
        vertices = sorted({edge[1] for edge in drawn})
        total: dict[Monomial, Any] = {}
        for partition in self.batches.partitions(len(vertices)):
            image = {vertices[i]: vertices[block[0]] for block in partition for i in block}
            graphs, _ = normal_form(self._merged(edges, image))
            weight = self._weights(tuple(sorted(map(len, partition))))
            total[graphs] = total[graphs] + weight if graphs in total else weight
        return {m: c for m, c in total.items() if c}

    def _merged(self, edges: Iterable[Edge], image: Mapping[int, int]) -> Iterable[Edge]:
        for edge in edges:
            sample = self.samples.get(edge[0])
            yield edge if sample is None else (sample, image[edge[1]], *edge[2:])

    def _weight(self, block_sizes: tuple[int, ...]) -> Any:
        """W_ρ(u) n^−|ρ|: sample vertices are summed, not averaged."""
        scale = Fraction(1, self.n ** len(block_sizes))
        u = self.ring.generator(INVERSE_BATCH)
        total = self.ring.zero
        for power, c in enumerate(self.batches.partition_weight(block_sizes)):
            if self.order is None or power <= self.order:
                total = total + u**power * (c * scale)
        return total.raw


def sample_label(name: str, n: int, label: Label) -> Label:
    """The constant array (n, ...) of which a data label (batch, ...) draws rows."""
    assert label.dimensions[0] is BATCH
    return Label(name, (n, *label.dimensions[1:]), kind="run")
