"""Exact moments of stochastic gradient descent, as polynomials in 1/b (b = batch size).

>>> import sgdmoments as sm
>>> sgd = sm.SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]), learning_rate="1/10", initial=[0])
>>> sgd.variance(sm.gradient(1)).degree
2
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sgdmoments.budget import Budget, Progress
from sgdmoments.describe.array import Array
from sgdmoments.describe.initial import GaussianInit, IndependentInit, RandomInit
from sgdmoments.describe.laws.base import Law
from sgdmoments.describe.laws.coordinates import Coordinates, Rademacher, Uniform
from sgdmoments.describe.laws.empirical import Empirical
from sgdmoments.describe.laws.entries import Entries
from sgdmoments.describe.laws.gaussian import Gaussian
from sgdmoments.describe.laws.product import Product
from sgdmoments.describe.laws.source import Source
from sgdmoments.describe.model import Model
from sgdmoments.describe.quantities import (
    average,
    full_gradient,
    gradient,
    hessian_trace,
    inner,
    loss,
    sample_gradients,
    squared_gradient,
    velocity,
    weights,
)
from sgdmoments.describe.update import LinearUpdate
from sgdmoments.errors import (
    AssumptionError,
    BudgetExceeded,
    DivergenceWarning,
    Diverges,
    FrozenError,
    InputError,
    MissingExtraError,
    NeverDecreases,
    RouteError,
    SgdMomentsError,
    Stopped,
    TruncationWarning,
)
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.graphs.query import diagonal, hadamard, identity, kron, matrix, squared_norm, trace, vector
from sgdmoments.graphs.run_letters import gradient_matrix, teacher_matrix, weights_matrix
from sgdmoments.models.moment_regression import MomentRegression
from sgdmoments.models.network import Network
from sgdmoments.models.regression import LinearRegression
from sgdmoments.rules.random_letters import expectation
from sgdmoments.sgd import SGD
from sgdmoments.show.printers import register_printers
from sgdmoments.sweep import Question, sweep

if TYPE_CHECKING:
    import sgdmoments.simulate as simulate
    from sgdmoments.simulate.check import check
    from sgdmoments.simulate.first_coefficient import first_coefficient
    from sgdmoments.simulate.losses import simulate_loss

__version__ = "0.1.0"

register_printers()

__all__ = [
    "SGD",
    "Array",
    "AssumptionError",
    "BatchPolynomial",
    "Budget",
    "BudgetExceeded",
    "Coordinates",
    "DivergenceWarning",
    "Diverges",
    "Empirical",
    "Entries",
    "FrozenError",
    "Gaussian",
    "GaussianInit",
    "IndependentInit",
    "InputError",
    "Law",
    "LinearRegression",
    "LinearUpdate",
    "MissingExtraError",
    "Model",
    "MomentRegression",
    "Network",
    "NeverDecreases",
    "Product",
    "Progress",
    "Question",
    "Rademacher",
    "RandomInit",
    "RouteError",
    "SgdMomentsError",
    "Source",
    "Stopped",
    "TruncationWarning",
    "Uniform",
    "average",
    "check",
    "diagonal",
    "expectation",
    "first_coefficient",
    "full_gradient",
    "gradient",
    "gradient_matrix",
    "hadamard",
    "hessian_trace",
    "identity",
    "inner",
    "kron",
    "loss",
    "matrix",
    "sample_gradients",
    "simulate",
    "simulate_loss",
    "squared_gradient",
    "squared_norm",
    "sweep",
    "teacher_matrix",
    "trace",
    "vector",
    "velocity",
    "weights",
    "weights_matrix",
]


#: Functions that need JAX, and their modules in `sgdmoments.simulate`.
_IN_JAX = {"check": "check", "first_coefficient": "first_coefficient", "simulate_loss": "losses"}


def __getattr__(name: str) -> Any:
    """What needs JAX is imported when it is first asked for, so that the core stays light."""
    if name == "simulate":
        return import_module("sgdmoments.simulate")
    if name in _IN_JAX:
        return getattr(import_module(f"sgdmoments.simulate.{_IN_JAX[name]}"), name)
    raise AttributeError(f"module 'sgdmoments' has no attribute {name!r}")
