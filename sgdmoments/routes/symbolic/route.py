"""The symbolic route: moments as polynomials in 1/b whose coefficients are graph expressions; letters are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import sympy

from sgdmoments.budget import Budget, Monitor, last_affordable
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.errors import InputError
from sgdmoments.graphs.collector import paused_collector
from sgdmoments.graphs.expression import Expression
from sgdmoments.routes.assemble import Moments
from sgdmoments.routes.base import Asked, Options, Route
from sgdmoments.routes.symbolic import reach, sizes
from sgdmoments.routes.symbolic.answers import filled, polynomial
from sgdmoments.routes.symbolic.question import GraphQuestion
from sgdmoments.routes.symbolic.saving import resumed

#: Where a whole polynomial is too much, series in the learning rate of an order below this one are thought of.
LARGEST_SERIES = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolicOptions(Options):
    """Options of the symbolic route, beside those of every route: given, budget, progress.

    Attributes:
        learning_rate_order: the order K of the series in the learning rates; needed where t is a letter.
        inverse_batch_order: keep powers of 1/b up to this order.
        check: whether to recheck every rewrite by random evaluation modulo a prime (seconds to minutes; for small
            widths, or widths that are letters). A failure is a `RewriteError`; what was checked is in the receipt.
        resume: a file that keeps what is known of the steps: read first where it exists, and written at the end,
            also where the work is stopped or runs out of its budget.
    """

    learning_rate_order: int | None = None
    inverse_batch_order: int | None = None
    check: bool = False
    resume: str | Path | None = None


class Symbolic(Route[SymbolicOptions]):
    """Graph expressions: weights, widths, the step and the learning rate may be letters.

    Coefficients are Fractions, ring elements or graph expressions; the mean of an array is a polynomial with open ends
    (an object array of polynomials where every letter is known).
    """

    name = "symbolic"
    Options = SymbolicOptions

    def why_not(self, sgd: Run, quantity: Quantity) -> str:
        """Why the model, the law or the quantity has no index graphs."""
        return reach.applies(sgd, quantity)

    def needs(self, asked: Asked[SymbolicOptions]) -> dict[str, Any]:
        """Products of graphs, seconds, memory; whatever the moment."""
        return sizes.estimate(asked.sgd, asked.quantity, asked.options.learning_rate_order)

    def nearest(self, asked: Asked[SymbolicOptions], budget: Budget) -> str:
        """The highest affordable order of a series in the learning rate, or an earlier step."""
        def series(order: int) -> dict[str, Any]:
            return self.needs(replace(asked, options=replace(asked.options, learning_rate_order=order)))

        order = asked.options.learning_rate_order
        last = last_affordable(budget, series, LARGEST_SERIES if order is None else order)
        if last is not None:
            return f"learning_rate_order={last}"
        step = None if isinstance(asked.quantity.step, sympy.Symbol) else self.earlier(asked, budget)
        return "a smaller network" if step is None else f"the same at t = {step}"

    @contextmanager
    def prepare(self, asked: Asked[SymbolicOptions], monitor: Monitor) -> Iterator[GraphMoments]:
        """The model as graphs, with the steps that a file knows of."""
        options = asked.options
        # where powers of 1/b are cut off the estimate is far too high, and the budget is left to the work itself
        if options.inverse_batch_order is None:
            self.require(asked, monitor)
        with paused_collector():
            graphs = GraphQuestion(asked.sgd, asked.quantity, options.learning_rate_order, options.inverse_batch_order,
                                   monitor, check=options.check)
            with resumed(graphs.setting, asked.sgd, options.resume):
                yield GraphMoments(asked, graphs)


class GraphMoments(Moments[Expression, Sequence[Expression], Sequence[Expression]]):
    """Observables are expressions in W_t; states and values those in W_0, by orders in the learning rate."""

    def __init__(self, asked: Asked[SymbolicOptions], graphs: GraphQuestion) -> None:
        self.asked, self.graphs, self.scalar = asked, graphs, asked.quantity.kind == "loss"

    def means(self) -> Sequence[Expression]:
        return self.graphs.arrays()

    def square(self) -> Expression:
        return self.graphs.second_moment_at_step()

    def back(self, observables: Sequence[Expression]) -> Iterable[Sequence[Expression]]:
        return map(self.graphs.back, observables)

    def at_start(self, state: Sequence[Expression]) -> Sequence[Expression]:
        return [self.graphs.over_initial(part) for part in state]

    def spread(self, square: Sequence[Expression], means: Sequence[Sequence[Expression]]) -> Sequence[Expression]:
        return [part - norm for part, norm in zip(square, self.graphs.sum_of_norms(means), strict=True)]

    def spread_of_values(self, square: Sequence[Expression], means: Sequence[Sequence[Expression]],
                         ) -> Sequence[Expression]:
        return self.spread(square, means)

    def polynomial(self, value: Sequence[Expression]) -> Any:
        return polynomial(self.asked.sgd, self.graphs, value, f"{self.asked.moment} of {self.asked.quantity}")

    def joined(self, answers: Sequence[Any]) -> Any:
        """Arrays one after another; an array with open ends stands for itself."""
        if self.scalar or self.asked.moment != "mean":
            return answers[0]
        weights = self.graphs.setting.system.weights
        arrays = [filled(answer, weights[k].dimensions)
                  for k, answer in zip(self.graphs.layers(), answers, strict=True)]
        if len(arrays) == 1:
            return arrays[0]
        if all(isinstance(array, np.ndarray) for array in arrays):
            return np.concatenate([array.ravel() for array in arrays])
        raise InputError("the mean over all layers is not one array; ask for one layer: gradient(t, layer=1).")
