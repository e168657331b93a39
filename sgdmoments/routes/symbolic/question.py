"""A question on index graphs: what is asked at step t, and its way back to the initial weights.

At step t the question is first averaged over the batch of step t, which leaves an expression in W_t; that is
propagated back to W_0 (`propagate`); random initial weights are integrated last. The mean of an array keeps its
open ends, so that ‖E g‖² is a graph like any other.

Source: P0, Theorems 3.6 to 3.9.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sympy

from sgdmoments.budget import Monitor
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.errors import InputError, RouteError
from sgdmoments.graphs.derived import expand_derived
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.index_sum import array_of
from sgdmoments.graphs.join import inner_product, squared_norm
from sgdmoments.options import check_order
from sgdmoments.routes.symbolic.propagate import series, whole
from sgdmoments.routes.symbolic.reach import has_graphs
from sgdmoments.routes.symbolic.setting import one_batch_mean, read_setting
from sgdmoments.rules.batch import BATCH_RULE
from sgdmoments.rules.expectation import EXPECTATION
from sgdmoments.rules.gradient import GRADIENT
from sgdmoments.rules.rule import Rule
from sgdmoments.rules.update import UPDATE


class GraphQuestion:
    """One question's way from step t back to the initial weights.

    Args:
        sgd: the run.
        quantity: what is asked for.
        learning_rate_order: the order K of a series in the learning rates, or None for whole polynomials.
        inverse_batch_order: powers of 1/b above this order are dropped.
        monitor: budget and progress.
        further: more letters for the ring of coefficients.
        check: whether each rewrite is rechecked modulo a prime.
        taken: names of letters of the user's in the question.
    """

    def __init__(self, sgd: Run, quantity: Quantity, learning_rate_order: int | None = None,
                 inverse_batch_order: int | None = None, monitor: Monitor | None = None,
                 further: Sequence[sympy.Symbol] = (), check: bool = False, taken: Collection[str] = ()) -> None:
        self.sgd = sgd
        self.quantity = quantity
        self.order = learning_rate_order
        self.inverse_order = check_order(inverse_batch_order, "inverse_batch_order")
        self.monitor = monitor or Monitor()
        self.step = quantity.step
        self.rates: tuple[Any, ...]
        if isinstance(self.step, sympy.Symbol):
            if self.order is None:
                raise InputError(f"t = {self.step} is a letter: give learning_rate_order=K for the series in the "
                                 "learning rate, whose coefficients are polynomials in t.")
            if sgd.schedule.constant is None:
                raise InputError(f"t = {self.step} is a letter: the learning rate has to be constant.")
            self.rates = (sgd.schedule.constant,)
            further = (self.step, *further)
        else:
            self.rates = sgd.schedule.rates(self.step)
        self.setting = read_setting(sgd, self.rates, tuple(further), self.inverse_order, self.monitor, check,
                                    taken, sgd.update_for(quantity))

    @property
    def cut_off(self) -> int | None:
        """The order of the series in the learning rates; None where the answer is whole."""
        return self.order if self.rates else None

    # -- what is asked, at step t ---------------------------------------------------------------------------

    def arrays(self) -> tuple[Expression, ...]:
        """E[q given W_t], an array for each layer asked for, as expressions in W_t."""
        setting, kind = self.setting, self.quantity.kind
        if not has_graphs(self.quantity):
            raise RouteError(f"the symbolic route answers gradient, full_gradient, weights and loss, not "
                             f"{self.quantity}.")
        if kind == "loss":
            return (one_batch_mean(setting, setting.system.loss),)
        layers = self.layers()
        if kind == "weights":
            slot = self.quantity.slot_name or next(iter(setting.slots))
            return tuple(array_of(setting.slots[slot][k]) * setting.ring(self.quantity.scale) for k in layers)
        return tuple(one_batch_mean(setting, setting.system.gradients[k]) for k in layers)

    def layers(self) -> Sequence[int]:
        """The places, from 0, of the weight arrays of the layer asked for."""
        return self.sgd.model.places(self.quantity.layer)

    def second_moment_at_step(self) -> Expression:
        """E[‖q‖² given W_t], an expression in W_t."""
        if self.quantity.kind == "gradient":
            total = Expression({}, self.setting.ring)
            for k in self.layers():
                total = total + one_batch_mean(self.setting, squared_norm(self.setting.system.gradients[k]))
            return total
        return self.sum_of_norms([[array] for array in self.arrays()])[0]

    # -- back to step 0 -------------------------------------------------------------------------------------

    def back(self, expression: Expression) -> list[Expression]:
        """E[expression in W_t given W_0]: one item, or the orders 0, …, K in the learning rates."""
        setting, steps = self.setting, self.setting.steps(self.rates)
        if isinstance(self.step, sympy.Symbol):
            assert self.order is not None
            propagator, rate = steps[0]
            return propagator.series_in_t(expression, rate, self.step, self.order)
        orders = [whole(expression, steps, setting.ring)] if self.order is None else (
            series(expression, steps, setting.ring, self.order))
        return list(map(setting.at_start, orders)) if len(setting.slots) > 1 else orders

    def mean(self) -> list[list[Expression]]:
        """E[q given W_0]: for each array its orders."""
        return [self.back(array) for array in self.arrays()]

    def over_initial(self, expression: Expression) -> Expression:
        """The expectation over random initial weights (and teacher), where there are any."""
        if self.setting.initial is None:
            return expression
        return self.setting.initial(expand_derived(expression))

    def sum_of_norms(self, arrays: Sequence[Sequence[Expression]]) -> list[Expression]:
        """Σ ‖array‖², by orders: the parts of order k of a product of two series."""
        count = len(arrays[0])
        totals = [Expression({}, self.setting.ring) for _ in range(count)]
        for orders in arrays:
            for k in range(count):
                for i in range(k // 2 + 1):
                    product = inner_product(orders[i], orders[k - i])
                    totals[k] = totals[k] + (product if 2 * i == k else product * 2)
        return totals

    def total(self, orders: Sequence[Expression]) -> Expression:
        total = Expression({}, self.setting.ring)
        for part in orders:
            total = total + part
        return total

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that the derivation uses."""
        mean = BATCH_RULE if self.setting.finite else EXPECTATION
        return (GRADIENT, *((UPDATE,) if self.rates else ()), mean)
