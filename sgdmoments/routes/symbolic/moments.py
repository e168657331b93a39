"""The symbolic route's answers: moments as polynomials in 1/b whose coefficients are graph expressions.

At step t the question is first averaged over the batch of step t, which leaves an expression in W_t; that is
propagated back to W_0 (`propagate`); random initial weights are integrated last. The mean of an array keeps its
open ends, so that ‖E g‖² is a graph like any other.

Source: P0, Theorems 3.6 to 3.9.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sympy

from sgdmoments.budget import Budget, Monitor, ProgressCallback
from sgdmoments.describe.quantities import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.errors import InputError, RouteError
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.exact.provenance import Provenance
from sgdmoments.exact.ring import INVERSE_BATCH, ring_of
from sgdmoments.graphs.collector import paused_collector
from sgdmoments.graphs.derived import definition, expand_derived
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.index_sum import array_of
from sgdmoments.graphs.join import inner_product, squared_norm
from sgdmoments.graphs.labels import Dimension
from sgdmoments.graphs.meaning import letters
from sgdmoments.options import check_order
from sgdmoments.reading import shown
from sgdmoments.routes.symbolic import reach
from sgdmoments.routes.symbolic.saving import resumed
from sgdmoments.routes.symbolic.setting import (
    Setting,
    as_rates,
    one_batch_mean,
    read_setting,
)
from sgdmoments.routes.symbolic.sizes import require_affordable
from sgdmoments.rules.batch import BATCH_RULE
from sgdmoments.rules.expectation import EXPECTATION
from sgdmoments.rules.gradient import GRADIENT
from sgdmoments.rules.rule import Rule
from sgdmoments.rules.update import UPDATE

CONVENTIONS = ("loss 1/2 ||f(x) - label||^2 per sample", "g_t is the mean over the batch of step t",
               "the norm of an array is the root of the sum of its squared entries")


class Question:
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
                                    taken)

    @property
    def cut_off(self) -> int | None:
        """The order of the series in the learning rates; None where the answer is whole."""
        return self.order if self.rates else None

    # -- what is asked, at step t ---------------------------------------------------------------------------

    def arrays(self) -> tuple[Expression, ...]:
        """E[q given W_t], an array for each layer asked for, as expressions in W_t."""
        setting, kind = self.setting, self.quantity.kind
        if self.quantity.left is not None or kind == "sample_gradients":
            raise RouteError(f"the symbolic route answers gradient, full_gradient, weights and loss, not "
                             f"{self.quantity}.")
        if kind == "loss":
            return (one_batch_mean(setting, setting.system.loss),)
        layers = self.layers()
        if kind == "weights":
            return tuple(array_of(setting.system.weights[k]) for k in layers)
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
        propagator, rates = self.setting.propagator, as_rates(self.setting, self.rates)
        if isinstance(self.step, sympy.Symbol):
            assert self.order is not None
            return propagator.series_in_t(expression, rates[0], self.step, self.order)
        if self.order is None:
            return [propagator.whole(expression, rates)]
        return propagator.series(expression, rates, self.order)

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


def moment(sgd: Run, quantity: Quantity, kind: str, *, given: str = "initial", learning_rate_order: int | None = None,
           inverse_batch_order: int | None = None, budget: Budget | None = None,
           progress: ProgressCallback | None = None, check: bool = False,
           resume: str | Path | None = None) -> Any:
    """A moment of a quantity, as a polynomial in u = 1/b.

    Args:
        sgd: the run; its model predicts a polynomial.
        quantity: gradient, full_gradient, weights or loss at a step t, an int or a letter.
        kind: "mean", "second_moment" or "variance" (the sum over the entries).
        given: for variances with random initial weights: "initial", the variance given them, averaged over
            them; or "nothing", the total variance.
        learning_rate_order: the order K of the series in the learning rates; needed where t is a letter.
        inverse_batch_order: keep powers of 1/b up to this order.
        budget: what the work may use.
        progress: called with a `Progress` now and then.
        check: whether to recheck every rewrite by random evaluation modulo a prime (seconds to minutes; for small
            widths, or widths that are letters). A failure is a `RewriteError`; what was checked is in the receipt.
        resume: a file that keeps what is known of the steps: read first where it exists, and written at the end,
            also where the work is stopped or runs out of its budget.

    Returns:
        A `BatchPolynomial` whose coefficients are Fractions, ring elements or graph expressions; the mean of an
        array is one with open ends (an object array of polynomials where every letter is known).
    """
    monitor = Monitor(budget, progress)
    check_order(learning_rate_order, "learning_rate_order")
    with monitor, paused_collector():
        # where powers of 1/b are cut off the estimate is far too high, and the budget is left to the work itself
        if inverse_batch_order is None and not reach.applies(sgd, quantity):
            require_affordable(sgd, quantity, learning_rate_order, monitor)
        asked = Question(sgd, quantity, learning_rate_order, inverse_batch_order, monitor, check=check)
        with resumed(asked.setting, sgd, resume):
            return _answer(sgd, asked, kind, given)


def _answer(sgd: Run, asked: Question, kind: str, given: str) -> Any:
    if kind == "mean":
        return _mean(sgd, asked)
    if kind not in ("second_moment", "variance"):
        raise InputError(f"kind: found {shown(kind)}; use 'mean', 'second_moment' or 'variance'.")
    square = asked.back(asked.second_moment_at_step())
    norms: list[Expression] = []
    if kind == "variance":
        means = asked.mean()
        if given == "nothing" and asked.setting.initial is not None:
            averaged = [[asked.over_initial(part) for part in orders] for orders in means]
            norms = asked.sum_of_norms(averaged)
            square = [asked.over_initial(part) for part in square]
        else:
            norms = asked.sum_of_norms(means)
    orders = [part - norm for part, norm in zip(square, norms, strict=True)] if norms else square
    if not (norms and given == "nothing"):
        orders = [asked.over_initial(part) for part in orders]
    return polynomial(sgd, asked, orders, f"{kind} of {asked.quantity}")


def _mean(sgd: Run, asked: Question) -> Any:
    results = [polynomial(sgd, asked, [asked.over_initial(part) for part in orders],
                          f"mean of {asked.quantity}") for orders in asked.mean()]
    if asked.quantity.kind == "loss":
        return results[0]
    results = [filled(result, asked.setting.system.weights[k].dimensions)
               for k, result in zip(asked.layers(), results, strict=True)]
    if all(isinstance(result, np.ndarray) for result in results):
        if len(results) == 1:
            return results[0]
        return np.concatenate([result.ravel() for result in results])
    if len(results) == 1:
        return results[0]
    raise InputError("the mean over all layers is not one array; ask for one layer: gradient(t, layer=1).")


def filled(result: Any, dimensions: Sequence[Dimension]) -> Any:
    """A zero as an array of the right shape, where that is known; any other answer as it is."""
    if isinstance(result, np.ndarray) or any(result.entries) or not all(isinstance(d, int) for d in dimensions):
        return result
    array = np.empty(dimensions, dtype=object)
    array[...] = result
    return array


def polynomial(sgd: Run, asked: Question, orders: Sequence[Expression], question: str) -> Any:
    """The sum of the orders in the learning rates, by powers of 1/b, with the values that the user gave put in."""
    setting = asked.setting
    expression = asked.total(orders)
    coefficients = _by_powers(asked, expression)
    sizes = (("graphs", len(expression)), ("coefficients", expression.size),
             ("memo", getattr(setting.mean, "memo_size", 0)))
    provenance = Provenance(
        question=question, route="symbolic", conventions=CONVENTIONS, sizes=sizes,
        rules=tuple(map(str, asked.rules)), checks=setting.checks, seconds=asked.monitor.seconds)
    memo: dict[Any, Any] = {}
    values = [_with_known(part, setting, memo) for part in coefficients]
    if any(isinstance(value, np.ndarray) for value in values):
        return _array_of_polynomials(values, asked, sgd, provenance)
    last = None
    if asked.cut_off is not None:
        last = tuple(_with_known(part, setting, memo) for part in _by_powers(asked, orders[-1]))
    return BatchPolynomial(tuple(values), sgd.population, asked.inverse_order, provenance, asked.cut_off,
                           last_order=last)


def _by_powers(asked: Question, expression: Expression) -> list[Expression]:
    """The coefficients of the powers of 1/b that are kept."""
    coefficients = list(expression.coefficients(INVERSE_BATCH))
    return coefficients if asked.inverse_order is None else coefficients[: asked.inverse_order + 1]


def _with_known(expression: Expression, setting: Setting, memo: dict[Any, Any]) -> Any:
    """The value where every matrix is known; else the expression, which remembers what is known."""
    expression = expression.compact()
    if expression.labels and letters(expression.labels) <= setting.known.keys():
        symbols = ring_of(s for label in expression.labels for inner in (definition(label),) if inner is not None
                          for s in inner.symbols)
        return expression.evaluate(setting.known, memo=memo, open_symbols=symbols)
    if expression.labels:
        return expression.with_known(setting.known)
    return expression if expression.open_ends else expression.simplest()


def _array_of_polynomials(values: Sequence[Any], asked: Question, sgd: Run, provenance: Provenance) -> Any:
    shape = next(value.shape for value in values if isinstance(value, np.ndarray))
    result = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        entries = tuple(value[index] if isinstance(value, np.ndarray) else value for value in values)
        result[index] = BatchPolynomial(entries, sgd.population, asked.inverse_order, provenance, asked.cut_off)
    return result
