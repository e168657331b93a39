"""The routes, in the order in which "auto" tries them; a new one is added here."""

from __future__ import annotations

from typing import Any

from sgdmoments.routes.base import Route
from sgdmoments.routes.closure.route import Closure
from sgdmoments.routes.components.route import Components
from sgdmoments.routes.expansion.route import Expansion
from sgdmoments.routes.symbolic.route import Symbolic

_ROUTES: tuple[Route[Any], ...] = (
    Closure(),  # models linear in the weights: whole polynomials at any step
    Symbolic(),  # weights, widths or t left as letters: graph expressions
    Components(),  # small models with numbers: whole polynomials at the first steps
    Expansion(),  # models with numbers: the first coefficients in 1/b, at any step
)
#: Each route by its name.
ROUTES = {route.name: route for route in _ROUTES}
