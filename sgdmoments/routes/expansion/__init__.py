"""The first coefficients in 1/b at any step: cumulants about the noiseless path."""

from sgdmoments.routes.expansion.route import applies, estimate, moment

__all__ = ["applies", "estimate", "moment"]
