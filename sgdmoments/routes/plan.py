"""One door: which route answers a question, why, and at what price.

`answer` runs a question, `plan` says what each route would need without running it, `choose` takes one; none of them
knows more of a route than `base.Route` says, but for the rules of choice below.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import sympy

from sgdmoments.budget import Budget, allows, read_budget
from sgdmoments.derivation import regression
from sgdmoments.describe.quantities import check_moment, read_quantity
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.errors import BudgetExceeded, RouteError
from sgdmoments.options import call, check_options
from sgdmoments.reading import read_choice
from sgdmoments.routes.assemble import ask
from sgdmoments.routes.base import Route
from sgdmoments.routes.registry import ROUTES
from sgdmoments.routes.symbolic import derivation as graph_derivation


@dataclass(frozen=True, slots=True)
class RouteEstimate:
    """What one route would need for a question.

    Attributes:
        route: its name.
        reason: why it does not apply; empty where it does.
        needs: predicted sizes: terms, seconds, memory, as far as the route can tell.
        affordable: whether it applies and the prediction is within the budget.
    """

    route: str
    reason: str
    needs: dict[str, Any]
    affordable: bool


def answer(sgd: Run, moment: str, quantity: Quantity, route: str = "auto", **options: Any) -> Any:
    """The moment of the quantity by the named route, or by the one that "auto" chooses."""
    start = time.perf_counter()
    _check_question(quantity, route, options)
    check_moment(moment)
    name, reason = (route, "asked for by name") if route != "auto" else choose(sgd, moment, quantity, options)
    return ask(ROUTES[name], sgd, quantity, moment, _for_route(ROUTES[name], options), reason, start)


def choose(sgd: Run, moment: str, quantity: Quantity, options: dict[str, Any]) -> tuple[str, str]:
    """The route for a question and the reason for it; `BudgetExceeded` or `RouteError` where none will do."""
    if isinstance(quantity.step, sympy.Symbol) or options.get("learning_rate_order") is not None:
        return "symbolic", "a series in the learning rate is asked for"
    open_letters = any(value is None for value in sgd.initial.values())
    if options.get("inverse_batch_order") is not None:
        letters = open_letters or bool(symbolic_shapes(sgd))
        return ("symbolic", "the first coefficients in 1/b, with letters") if letters else \
            ("expansion", "the first coefficients in 1/b, with numbers")
    linear = not ROUTES["closure"].why_not(sgd, quantity)
    graphs = not ROUTES["symbolic"].why_not(sgd, quantity) and in_graphs(sgd)
    if linear and not graphs:
        return "closure", "the gradient is linear in the weights"
    if graphs:
        return "symbolic", "weights or widths are letters"
    budget = read_budget(options.get("budget"))
    estimates = plan(sgd, quantity, moment, budget=budget)
    for estimate in sorted(estimates, key=lambda e: open_letters and e.route == "symbolic"):
        if estimate.affordable and ROUTES[estimate.route].whole:
            return estimate.route, "the smallest estimate within the budget"
    table = "; ".join(f"{e.route}: {e.reason or ', '.join(f'{k} {_short(v)}' for k, v in e.needs.items())}"
                      for e in estimates)
    if all(e.reason for e in estimates):
        raise RouteError(f"no route answers the {moment} of {quantity}: {table}.")
    raise BudgetExceeded(f"the whole polynomial of the {moment} of {quantity} is over the budget ({table}).",
                         {e.route: e.needs for e in estimates},
                         "inverse_batch_order=1: the first coefficient in 1/b, at this step; or an earlier step.")


def plan(sgd: Run, quantity: Quantity, moment: str = "variance", budget: Budget | None = None, *,
         learning_rate_order: int | None = None) -> tuple[RouteEstimate, ...]:
    """What every route would need for the question, the cheapest first; nothing is run.

    With a `learning_rate_order` the symbolic route's needs are those of the series to that order.

    >>> import sgdmoments as sm
    >>> sgd = sm.SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]), learning_rate="1/10", initial=[0])
    >>> [estimate.route for estimate in plan(sgd, sm.gradient(5)) if estimate.affordable][0]
    'closure'
    """
    _check_question(quantity, "auto", {"learning_rate_order": learning_rate_order})
    limit = read_budget(budget)
    found = []
    for route in ROUTES.values():
        reason = route.why_not(sgd, quantity)
        if not reason and isinstance(quantity.step, sympy.Symbol) and learning_rate_order is None:
            reason = "t is a letter: give the order of a series in the learning rate"
        series = {"learning_rate_order": learning_rate_order} if "learning_rate_order" in route.takes else {}
        needs = {} if reason else route.needs(route.read(sgd, quantity, moment, series))
        found.append(RouteEstimate(route.name, reason, needs, not reason and allows(limit, needs)))
    return tuple(sorted(found, key=lambda e: (not e.affordable, e.needs.get("seconds", 0))))


def in_graphs(sgd: Run) -> bool:
    """Whether letters are answered in graphs where that can be: a matrix is a letter, or a width.

    The letters of vectors are written out, entry by entry.
    """
    arrays = (*sgd.model.parameters, *sgd.model.constants)
    return bool(symbolic_shapes(sgd)) or any(sgd.initial[p.name] is None and len(p.shape) > 1 for p in arrays)


def symbolic_shapes(sgd: Run) -> tuple[sympy.Symbol, ...]:
    """The widths that are letters."""
    return tuple(s for parameter in sgd.model.parameters for s in parameter.shape if isinstance(s, sympy.Symbol))


def derive(sgd: Run, quantity: Quantity, **options: Any) -> Any:
    """The derivation of E||q||^2 as a DAG; see `SGD.derivation`."""
    _check_question(quantity, "auto", options)
    if regression.applies(sgd, quantity) and "theorem" not in options:
        return call(graph_derivation.derivation, "the derivation on graphs", options, sgd, quantity)
    return call(regression.derive, "the derivation by Theorem 3.2", options, sgd, quantity)


def _check_question(quantity: Any, route: Any, options: dict[str, Any]) -> None:
    read_quantity(quantity)
    read_choice(route, "route", ("auto", *ROUTES))
    check_options(options)


def _for_route(route: Route[Any], options: dict[str, Any]) -> dict[str, Any]:
    """The options as a route takes them: what other routes have is left out where it is None."""
    others = {name for other in ROUTES.values() for name in other.takes} - route.takes
    return {name: value for name, value in options.items() if value is not None or name not in others}


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
