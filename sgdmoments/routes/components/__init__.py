"""Whole polynomials at explicit small dimensions, by polynomial arithmetic in components."""

from sgdmoments.routes.components.problem import applies
from sgdmoments.routes.components.route import estimate, moment

__all__ = ["applies", "estimate", "moment"]
