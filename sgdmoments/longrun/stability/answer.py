"""`SGD.stability`: the learning rates at which moments of a given order converge."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sgdmoments.budget import Budget, Monitor
from sgdmoments.describe.run import Run
from sgdmoments.errors import AssumptionError
from sgdmoments.longrun.stability.higher import HigherStability, higher_stability
from sgdmoments.longrun.stability.pencil import pencil
from sgdmoments.longrun.stability.threshold import Stability
from sgdmoments.options import LARGEST_ORDER
from sgdmoments.reading import read_integer
from sgdmoments.routes.closure.kept import operator_of


def stability(sgd: Run, order: Any = 2, budget: Budget | None = None) -> Stability | HigherStability:
    """Stability of the moments of a model linear in its weights; the learning rate of `sgd` plays no part.

    Args:
        order: 2 for second moments (the variance of a gradient, the mean loss), 4 for fourth moments (the variance
            of the loss). An odd order is answered by the next even one, which covers it.

    With momentum or another update the answer is for that update, at every order; the slots are taken in the span of
    the data, where weight decay moves them no less than outside it.

    Raises `RouteError` for a model that is not linear in its weights, or has letters for widths.
    """
    order = read_integer(order, "order", 1, f"the order of moments is an integer from 1 to {LARGEST_ORDER}, such as 2 "
                                            "or 4", LARGEST_ORDER)
    even, update = order + order % 2, sgd.update
    system = pencil(sgd.as_plain(), budget)
    if even == 2 and update.is_plain:
        return Stability(system, budget)
    if update.constant_from is None:
        raise AssumptionError(f"stability needs the same step at every t, and {update} has others.")
    key = f"stability {even}"
    if key not in sgd.memo:
        with Monitor(budget) as monitor:
            sgd.memo[key] = higher_stability(system, operator_of(sgd, even, monitor.budget), sgd.symbols(),
                                             update.step(update.constant_from))
    return replace(sgd.memo[key], budget=budget)
