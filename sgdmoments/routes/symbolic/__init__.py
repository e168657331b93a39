"""The symbolic route: networks as index graphs, dimensions and weights left as letters."""

from sgdmoments.routes.symbolic.derivation import derivation
from sgdmoments.routes.symbolic.moments import moment
from sgdmoments.routes.symbolic.queries import expectation
from sgdmoments.routes.symbolic.reach import applies
from sgdmoments.routes.symbolic.recurrence import recurrence
from sgdmoments.routes.symbolic.sizes import estimate

__all__ = ["applies", "derivation", "estimate", "expectation", "moment", "recurrence"]
