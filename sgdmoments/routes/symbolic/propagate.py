"""One step of SGD back: from an expression in W_(t+1) to its mean as an expression in W_t, by orders in α.

The step is the linear map T = Σ_k α^k T_k on expressions, T_k q = E[order k of q(W − αg)], and T₀ = 1 but for updates
with further slots. What is known of a product of graphs is kept, so that levels and questions share it. Over several
steps, each with its map and its rate:

* whole polynomials: T is applied step by step;
* series in the learning rates: the same, without what exceeds the order;
* constant α and any t: E[q(w_t)] = Σ_m C(t, m) (T − 1)^m q, where (T − 1)^m starts at α^m, so that to order K
  only m ≤ K matters and the coefficients are polynomials in t.

Source: P0, Theorems 3.7 and 3.8.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import sympy

from sgdmoments.budget import Monitor
from sgdmoments.exact.ring import Polynomial, Ring
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.graph import Monomial
from sgdmoments.rules.expectation import add_scaled
from sgdmoments.rules.update import Terms, Update

#: The orders 0, 1, ... in the learning rate of an expression, the rate itself left out.
Orders = list[Terms]


class BatchMean(Protocol):
    """The expectation over one step's batch: `Expectation` or `Sampling`, perhaps rechecked."""

    def __call__(self, expression: Expression) -> Expression:
        """The expectation of an expression."""
        ...

    def monomial(self, monomial: Monomial) -> Mapping[Monomial, Any]:
        """The expectation of one product of graphs."""
        ...


class Propagator:
    """The map T, with a memo.

    Args:
        update: the substitution of the step.
        mean: the expectation over the batch.
        ring: the ring of all coefficients; it holds the letters of the rates and of t.
        monitor: budget and progress.
    """

    def __init__(self, update: Update, mean: BatchMean, ring: Ring, monitor: Monitor | None = None) -> None:
        self.update = update
        self.mean = mean
        self.ring = ring
        self.monitor = monitor or Monitor()
        self._memo: dict[tuple[Monomial, int], Terms] = {}

    def part(self, monomial: Monomial, order: int) -> Terms:
        """T_order of one product of graphs."""
        known = self._memo.get((monomial, order))
        if known is None:
            known = {}
            for updated, c in self.update.order(monomial, order).items():
                add_scaled(known, self.mean.monomial(updated), c)
            self._memo[monomial, order] = known = {m: c for m, c in known.items() if c}
        return known

    def known_parts(self) -> Iterator[tuple[tuple[Monomial, int], Terms]]:
        """What has been computed: ((product of graphs, order), image)."""
        return iter(self._memo.items())

    def learn(self, monomial: Monomial, order: int, image: Terms) -> None:
        """Take an image that was computed before."""
        self._memo[monomial, order] = image

    def degree(self, terms: Terms) -> int:
        """The greatest order in α of T applied to `terms`."""
        return max((sum(map(self.update.degree, monomial)) for monomial in terms), default=0)

    def apply(self, terms: Terms, order: int) -> Terms:
        """T_order of a sum of terms."""
        total: Terms = {}
        for count, (monomial, c) in enumerate(terms.items()):
            if order <= sum(map(self.update.degree, monomial)):
                add_scaled(total, self.part(monomial, order), c)
            if not count % 64:
                self.monitor.update(f"order {order} in the learning rate", count, len(terms), len(total))
        return {m: c for m, c in total.items() if c}

    def kept(self, terms: Terms) -> Terms:
        """T₀ of a sum of terms."""
        return dict(terms) if self.update.keeps else self.apply(terms, 0)

    def series_in_t(self, expression: Expression, rate: Polynomial, step: sympy.Symbol,
                    order: int) -> list[Expression]:
        """Like `series` for this map at every step and any t: coefficients are polynomials in the letter t.

        T₀ = 1 is needed.
        """
        levels: Orders = [dict(expression.in_ring(self.ring).raw), *({} for _ in range(order))]
        total: Orders = [dict(level) for level in levels]
        for m in range(1, order + 1):
            grown: Orders = [{} for _ in range(order + 1)]
            for have, terms in enumerate(levels):
                if terms:
                    for k in range(1, min(order - have, self.degree(terms)) + 1):
                        add_scaled(grown[have + k], self.apply(terms, k), self.ring.one.raw)
            levels = [{mono: c for mono, c in level.items() if c} for level in grown]
            choose = self._binomial(step, m)
            for k, level in enumerate(levels):
                add_scaled(total[k], level, (choose * rate**k).raw)
        return [Expression.from_raw(self.ring, level) for level in total]

    def _binomial(self, step: sympy.Symbol, m: int) -> Polynomial:
        """C(t, m) as a polynomial in t."""
        t, product = self.ring.generator(step), self.ring.one
        for j in range(m):
            product = product * (t - j) / (j + 1)
        return product

    @property
    def memo_size(self) -> int:
        """The number of pairs (product of graphs, order) that are known."""
        return len(self._memo)


#: The steps 0, 1, …, t − 1: the map of each, and its learning rate.
Steps = Sequence[tuple[Propagator, Polynomial]]


def whole(expression: Expression, steps: Steps, ring: Ring) -> Expression:
    """E of an expression in W_t given W_0."""
    terms: Terms = dict(expression.in_ring(ring).raw)
    for propagator, rate in reversed(steps):
        total = propagator.kept(terms)
        for k in range(1, propagator.degree(terms) + 1):
            add_scaled(total, propagator.apply(terms, k), (rate**k).raw)
        terms = {m: c for m, c in total.items() if c}
    return Expression.from_raw(ring, terms)


def series(expression: Expression, steps: Steps, ring: Ring, order: int) -> list[Expression]:
    """The parts of total degree 0, 1, …, `order` in the rates; each contains its powers of the rates."""
    levels: Orders = [dict(expression.in_ring(ring).raw), *({} for _ in range(order))]
    for propagator, rate in reversed(steps):
        grown: Orders = [propagator.kept(level) for level in levels]
        for have, terms in enumerate(levels):
            if terms:
                for k in range(1, min(order - have, propagator.degree(terms)) + 1):
                    add_scaled(grown[have + k], propagator.apply(terms, k), (rate**k).raw)
        levels = [{m: c for m, c in level.items() if c} for level in grown]
    return [Expression.from_raw(ring, level) for level in levels]
