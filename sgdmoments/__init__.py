"""Exact moments of stochastic gradient descent, as polynomials in 1/b (b = batch size).

>>> import sgdmoments as sm
>>> sgd = sm.SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]), learning_rate="1/10", initial=[0])
>>> sgd.variance(sm.gradient(1)).degree
2
"""

from sgdmoments.budget import Budget, Progress
from sgdmoments.errors import (
    AssumptionError,
    BudgetExceeded,
    InputError,
    MissingExtraError,
    RouteError,
    SgdMomentsError,
    Stopped,
)
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.models.initial import GaussianInit, IndependentInit, RandomInit
from sgdmoments.models.laws import Coordinates, Empirical, Gaussian, Rademacher, Uniform
from sgdmoments.models.network import Network
from sgdmoments.models.quantities import full_gradient, gradient, loss, sample_gradients, weights
from sgdmoments.models.regression import LinearRegression
from sgdmoments.models.run import SGD

__version__ = "0.1.0"

__all__ = [
    "SGD",
    "AssumptionError",
    "BatchPolynomial",
    "Budget",
    "BudgetExceeded",
    "Coordinates",
    "Empirical",
    "Gaussian",
    "GaussianInit",
    "IndependentInit",
    "InputError",
    "LinearRegression",
    "MissingExtraError",
    "Network",
    "Progress",
    "Rademacher",
    "RandomInit",
    "RouteError",
    "SgdMomentsError",
    "Stopped",
    "Uniform",
    "full_gradient",
    "gradient",
    "loss",
    "sample_gradients",
    "weights",
]
