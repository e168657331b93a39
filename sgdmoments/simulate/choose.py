"""Which implementation of gradients fits a problem."""

from __future__ import annotations

from sgdmoments.simulate.general import General
from sgdmoments.simulate.gradients import Gradients
from sgdmoments.simulate.least_squares import LeastSquares
from sgdmoments.simulate.problem import FloatRun


def gradients_of(problem: FloatRun) -> Gradients:
    """The cheapest implementation that fits a problem."""
    return LeastSquares(problem) if LeastSquares.fits(problem) else General(problem)
