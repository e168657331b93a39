"""The derivation of a question on networks as a shared DAG of multiplicative terms.

Nodes are products of graphs, each at a step; the edges from step s+1 to step s are the coefficients of the map T
(update, then expectation over the batch of step s). With ``detail=True`` the products of graphs with data edges
between the two rules are nodes too.

Source: P0, Theorem 3.8; P1, Definition 1 (multiplicative terms).
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from sgdmoments.budget import Budget, Monitor, ProgressCallback
from sgdmoments.derivation.dag import Derivation
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.errors import InputError
from sgdmoments.exact.ring import Polynomial
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.graph import Monomial
from sgdmoments.routes.symbolic.question import GraphQuestion
from sgdmoments.rules.update import UPDATE


@dataclass(frozen=True, slots=True)
class GraphTerm:
    """A product of index graphs as a node of a derivation.

    Attributes:
        monomial: the graphs.
        random: whether it still has data edges (a node between the update and the expectation).
    """

    monomial: Monomial
    random: bool = False

    @property
    def key(self) -> Hashable:
        """Equal graphs are one object."""
        return self.random, self.monomial

    def latex(self) -> str:
        """LaTeX of the product."""
        return Expression({self.monomial: 1}).latex()

    def __str__(self) -> str:
        return str(Expression({self.monomial: 1}))


def derivation(sgd: Run, quantity: Quantity, *, detail: bool = False, budget: Budget | None = None,
               progress: ProgressCallback | None = None) -> Derivation:
    """The derivation of E‖q‖² given the initial weights.

    Args:
        sgd: the run; its model predicts a polynomial.
        quantity: gradient, full_gradient, weights or loss at an integer step.
        detail: whether the terms between update and expectation are nodes of their own.
        budget: what the work may use.
        progress: called with a `Progress` now and then.
    """
    with Monitor(budget, progress) as monitor:
        return _derivation(GraphQuestion(sgd, quantity, monitor=monitor), quantity, detail)


def _derivation(asked: GraphQuestion, quantity: Quantity, detail: bool) -> Derivation:
    if not isinstance(asked.step, int):
        raise InputError("a derivation goes from an integer step t to 0; give t as a number.")
    result = Derivation(f"E||{quantity}||^2")
    ring, monitor = asked.setting.ring, asked.monitor
    expectation = asked.rules[-1]
    level: dict[Monomial, int] = {}
    for monomial, c in asked.second_moment_at_step().terms():
        level[monomial] = result.node(asked.step, GraphTerm(monomial))
        result.begin(level[monomial], c)
    for step, (propagator, rate) in reversed(list(enumerate(asked.setting.steps(asked.rates)))):
        below: dict[Monomial, int] = {}

        def reach(monomial: Monomial, step: int = step, below: dict[Monomial, int] = below) -> int:
            if monomial not in below:
                below[monomial] = result.node(step, GraphTerm(monomial))
            return below[monomial]

        for count, (monomial, node) in enumerate(level.items()):
            monitor.update(f"derivation at step {step}", count, len(level), result.graph.number_of_nodes())
            for order in range(sum(map(propagator.update.degree, monomial)) + 1):
                scale = rate**order
                if not detail:
                    for m, c in sorted_terms(propagator.part(monomial, order)):
                        result.connect(node, reach(m), scale * Polynomial(ring, c),
                                       f"{UPDATE.name}; {expectation.name}" if order else UPDATE.name)
                    continue
                for updated, c in sorted_terms(propagator.update.order(monomial, order)):
                    between = result.node(step, GraphTerm(updated, random=True))
                    result.connect(node, between, scale * Polynomial(ring, c), UPDATE.name)
                    if not result.graph.out_degree(between):
                        for m, d in sorted_terms(propagator.mean.monomial(updated)):
                            result.connect(between, reach(m), Polynomial(ring, d), expectation.name)
        level = below
    return result


def sorted_terms(terms: Any) -> list[tuple[Monomial, Any]]:
    """The terms in an order that depends on nothing but themselves."""
    return sorted(terms.items(), key=lambda item: [graph.sort_key for graph in item[0]])
