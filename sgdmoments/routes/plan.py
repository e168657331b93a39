"""One door: which route answers a question."""

from __future__ import annotations

import inspect
from typing import Any

from sgdmoments.errors import InputError, RouteError
from sgdmoments.models.quantities import Quantity
from sgdmoments.models.run import SGD
from sgdmoments.routes.closure import answer as closure

ROUTES = ("auto", "closure")


def answer(sgd: SGD, moment: str, quantity: Quantity, route: str = "auto", **options: Any) -> Any:
    """The moment of the quantity by the named route, or by the one that can answer."""
    if not isinstance(quantity, Quantity):
        raise InputError(f"quantity: found {quantity!r}; use gradient(t), full_gradient(t), weights(t), loss(t) or "
                         "sample_gradients(t, matrices).")
    if route not in ROUTES:
        raise InputError(f"route: found {route!r}; use one of {', '.join(ROUTES)}.")
    if options.get("given", "initial") not in ("initial", "nothing"):
        raise InputError(f"given: found {options['given']!r}; use 'initial' or 'nothing'.")
    if not closure.is_linear_in_weights(sgd):
        raise RouteError("the closure route needs a model that is linear in its weights.")
    _check_options(closure.moment, options, "closure")
    return closure.moment(sgd, quantity, moment, **options)


def _check_options(function: Any, options: dict[str, Any], route: str) -> None:
    known = [name for name, p in inspect.signature(function).parameters.items() if p.kind is p.KEYWORD_ONLY]
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise InputError(f"the {route} route has no option {', '.join(unknown)}; it takes {', '.join(known)}.")


def derive(sgd: SGD, quantity: Quantity, **options: Any) -> Any:
    """The derivation of E||q||^2 as a DAG; see `SGD.derivation`."""
    from sgdmoments.derivation import regression

    return regression.derive(sgd, quantity, **options)
