"""The symbolic route: networks as index graphs, dimensions and weights left as letters."""

from sgdmoments.routes.symbolic.derivation import derivation
from sgdmoments.routes.symbolic.moments import moment

__all__ = ["derivation", "moment"]
