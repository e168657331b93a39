"""What the doors are tried on: one small object of each public kind, and an argument that is right for each name."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import sympy
from kinds import regression

import sgdmoments as sm
import sgdmoments.data
import sgdmoments.testing


@dataclass(frozen=True)
class Make:
    """An argument that is made anew for each call."""

    make: Callable[[], Any]


class OwnLaw(sm.Law):
    """A law of a user's: standard Gaussian in R^1."""

    dimension = 1

    def moment(self, exponents: Any) -> Any:
        return sm.Gaussian().moment(exponents)

    def entries(self) -> sm.Entries:
        return sm.Entries.normal()

    def source(self) -> sm.Source:
        return sm.Source.normal()


def letters() -> sm.SGD:
    """A run with letters for widths, weights and the rate."""
    return sm.SGD(sm.Network(("p", 1)))


def network() -> sm.SGD:
    """A network with numbers, too small to be slow, not linear in its weights."""
    model = sm.Network((1, 1, 1), data=sm.Empirical([[1], [2]]), targets=[1, 3])
    return sm.SGD(model, "1/10", {"W1": [[1]], "W2": [[2]]})


def _x() -> Any:
    return sm.matrix("X", 2, 2)


@cache
def _simulation() -> Any:
    return sm.simulate(regression(), sm.gradient, 1, [1, 2], samples=64)


@cache
def _loss_simulation() -> Any:
    import optax

    return sm.simulate_loss(square, 0.0, np.array([-1.0, 1.0]), optax.sgd(0.1), [1, 2], samples=8, record=2)


def square(w: Any, x: Any) -> Any:
    """A loss that JAX differentiates, of one sample or of a batch."""
    return ((w - x) ** 2).mean()


#: What public functions and methods return, and what public classes make, by the name that tests show.
OBJECTS: dict[str, Callable[[], Any]] = {
    "regression": regression,
    "letters": letters,
    "network": network,
    "LinearRegression": lambda: regression().model,
    "Network": lambda: network().model,
    "MomentRegression": lambda: sm.MomentRegression({(2, 0): 1}, n=5),
    "Gaussian": lambda: sm.Gaussian([[2, 1], [1, 2]]),
    "Rademacher": sm.Rademacher,
    "Uniform": lambda: sm.Uniform(0, 1),
    "Coordinates": lambda: sm.Coordinates((0, 1, 0, 3)),
    "Empirical": lambda: sm.Empirical([[1, 2], [3, 4]]),
    "OwnLaw": OwnLaw,
    "Entries": lambda: OwnLaw().entries(),
    "Source": lambda: OwnLaw().source(),
    "GaussianInit": lambda: sm.GaussianInit(2, [1, 2]),
    "GaussianInit of one entry": lambda: sm.GaussianInit(covariance=[[2]]),
    "IndependentInit": lambda: sm.IndependentInit((0, 1, 0, 3)),
    "RandomInit": lambda: sm.RandomInit([1, 2], [[1, 0], [0, 1]]),
    "Quantity": lambda: sm.gradient(1),
    "combination": lambda: 2 * sm.gradient(1) - sm.weights(0),
    "BatchRational": lambda: regression().noise_scale(0),
    "sample_gradients": lambda: sm.sample_gradients(1, [[[1, 2]]] * 3),
    "Question": lambda: sm.Question(regression(), sm.gradient(1)),
    "Array": lambda: sm.Array("W", (2, 3), 1),
    "LinearUpdate": lambda: sm.LinearUpdate(A=[[1, "1/2"], [0, "1/3"]], B=[-1, 1]),
    "Momentum": lambda: regression().replace(momentum="1/2").update,
    "Budget": sm.Budget,
    "Progress": lambda: sm.Progress("work", 1, 2, 3, 0.5),
    "BatchPolynomial": lambda: sm.BatchPolynomial((1, 2, "1/2")),
    "answer": lambda: regression().variance(sm.gradient(1)),
    "answer in letters": lambda: letters().variance(sm.gradient(1)),
    "series": lambda: letters().variance(sm.gradient(1), learning_rate_order=1),
    "plan": lambda: regression().plan(sm.gradient(1))[0],
    "Expression": lambda: sm.trace(_x().T @ _x()) + 1,
    "MatrixExpression": lambda: _x().T @ _x(),
    "vector": lambda: sm.vector("v", 2),
    "ClosedForm": lambda: sm.SGD(sm.LinearRegression([[1], [2]], [1, 1]), "1/10", [0]).closed_form(
        sm.gradient),
    "GraphRecurrence": lambda: letters().recurrence(sm.gradient),
    "GraphThreshold": lambda: letters().recurrence(sm.gradient).threshold(),
    "Stability": lambda: regression().stability(),
    "Threshold": lambda: regression().stability().threshold(1),
    "HigherStability": lambda: regression().stability(4),
    "Stationary": lambda: regression().stationary(),
    "NoiseBound": lambda: regression().noise_bound(),
    "Trajectory": lambda: regression().trajectory(sm.gradient, 2, [1, 2], certified=True),
    "Derivation": lambda: regression().derivation(sm.gradient(1)),
    "GraphDerivation": lambda: letters().derivation(sm.gradient(0)),
    "Table": lambda: sgdmoments.data.load("longley"),
    "Design": lambda: sgdmoments.data.load("longley").design("employment", ["gnp"]),
}

#: The same for what needs JAX: compiled, so slow.
IN_JAX: dict[str, Callable[[], Any]] = {
    "Simulation": _simulation,
    "Estimates": lambda: _simulation().variance(sm.gradient),
    "LossSimulation": lambda: _loss_simulation(),
    "CheckReport": lambda: sm.check(regression(), sm.gradient(1), samples=64),
    "FirstCoefficient": lambda: sm.first_coefficient(lambda w, x: (w - x) ** 2, 0.0, np.array([-1.0, 1.0]), [0.5]),
}

#: A right argument for each name that parameters have; "door.parameter" where one door needs another.
ARGUMENTS: dict[str, Any] = {
    "parameters": (sm.Array("w", (2,)),), "constants": (), "Model.law": sm.Empirical([[1, 2]]),
    "a": 0, "b": 2, "t": 1, "z": sympy.Symbol("z"), "n": 3, "v": None, "values": {"x": 2}, "partial": True,
    "sgd": Make(regression), "model": Make(lambda: regression().model), "quantity": sm.gradient(1), "q": sm.gradient(1),
    "learning_rate": "1/100", "initial": [0, 1], "sampling": "with_replacement", "moment": "variance",
    "layer": 1, "matrices": [[[1, 2]]] * 3, "X": [[1, 2], [3, 4]], "y": [1, 2], "widths": (2, 1),
    "activation": (0, 1), "data": sm.Gaussian(), "teacher": True, "targets": None, "noise": None,
    "moments": (0, 1), "features": 1, "covariance": [[1, 0], [0, 1]], "mean": [0, 1], "variance": 1,
    "points": [[1, 2]], "law": (0, 1), "exponents": (1, 1), "order": 2, "options": {}, "questions": (),
    "executor": None, "progress": None, "budget": None, "entries": (1, 2), "population": 5, "truncated": 2,
    "provenance": sm.BatchPolynomial((1,)).provenance, "learning_rate_order": 1, "next_coefficient": 1,
    "last_order": (1,), "coefficients": (1, 2), "text": sm.BatchPolynomial((1, 2)).to_json(),
    "seconds": 10, "terms": 10**6, "memory": 10**9, "stage": "work", "done": 1, "total": 2, "name": "A",
    "shape": (2, 3), "rows": 2, "columns": 2, "symmetric": True, "dimension": 2, "expression": Make(_x), "laws": {},
    "slot": "w", "slots": ("w", "v"), "A": [[1, 0], [0, 1]], "B": [0, 1], "C": [1, 0], "start": {"v": "w"},
    "momentum": "1/2", "nesterov": False, "dampening": 0, "weight_decay": "1/10", "update": None, "decay": "1/2",
    "r": sm.weights(1), "first": sm.gradient(1), "second": sm.weights(0), "power": 2,
    "hessian": False, "loss.data": None,
    "steps": 1, "batch_sizes": [1, 2], "certified": False, "given": "initial", "route": "auto", "batch_size": 1,
    "limit": 50, "radicals": False, "slope": 1, "slopes": [1], "width": "1/10", "alpha": sympy.Symbol("beta"),
    "factors": Make(_x), "query": Make(lambda: sm.trace(_x())),
    "target": "employment", "standardize": True, "intercept": True,
    "path": "/nonexistent/file", "lines": (2,), "source": "a table", "names": ("a", "b"), "standardized": False,
    "samples": 64, "claim": None, "seed": 0, "false_alarm_rate": 0.01, "tolerance": 0.05, "run": None,
    "loss": square, "weights": {"w": [0, 1]}, "learning_rates": [0.5], "probes": None,
    "chunk": 32, "epochs": 1, "record": 1, "metrics": None, "full_gradient": False, "x64": False, "group": 4,
    "devices": None, "quantities": sm.gradient, "target_precision": None, "estimator": "plain", "paired": False,
    "antithetic": False, "mean_limit": 10, "resume": None, "other": None, "ax": None, "label": "a", "x": [1, 2],
    "inverse_batch_order": 1, "arithmetic": "exact", "theorem": "corrected", "exact": 1.0,
    "certified_run": None, "exponent": 2, "scalar": 2, "letters": {}, "symbol": sympy.Symbol("x"),
    "Table.rows": (("1", "2"),), "Table.names": ("a", "b"), "Design.X": ((Fraction(1),),), "Design.y": (Fraction(1),),
    "Design.names": ("a",), "Design.target": "b", "load.name": "longley", "Table.column.name": "gnp",
    "Table.design.features": ["gnp"],
    "SGD.initial": [0, 1], "MomentRegression.moments": {(2, 0): 1}, "Uniform.b": 1, "Uniform.a": 0,
    "RandomInit.mean": [0, 1], "GaussianInit.covariance": None, "Gaussian.covariance": [[1, 0], [0, 1]],
    "teacher_matrix.sgd": Make(letters), "weights_matrix.sgd": Make(letters), "gradient_matrix.sgd": Make(letters),
    **{f"{kind}.quantity": sm.gradient for kind in ("trajectory", "closed_form", "recurrence", "Stationary.variance",
                                                   "Stationary.second_moment", "Stationary.expectation")},
    "Expression.scalar.value": 2, "derivation.quantity": sm.gradient(0),
    "optimiser": Make(lambda: import_module("optax").sgd(0.1)),
    "Trajectory.error_against.certified": Make(
        lambda: regression().trajectory(sm.gradient, 2, [1, 2], certified=True)),
    "diagonal.v": Make(lambda: sm.vector("v", 2)), "expectation.laws": {},
    "trace.a": Make(_x), "squared_norm.a": Make(_x),
    "vector.name": "v", "BatchPolynomial.evaluate.values": {"x": 2}, "simulate_loss.initial": 0.0,
    "simulate_loss.data": Make(lambda: np.array([-1.0, 1.0])), "first_coefficient.weights": 0.0,
    "first_coefficient.samples": Make(lambda: np.array([-1.0, 1.0])), "first_coefficient.quantity": "gradient",
    "first_coefficient.learning_rates": [0.5],
    "size": 2, "degree": 4, "OwnLaw.moment.exponents": (2,),
    **{f"OwnLaw.{name}.size": 1 for name in ("mean_and_covariance", "support", "support_size")},
    "kind": "atoms", "cumulant": lambda order: 1, "gaussian": False, "by_rows": False, "chances": ("1/2", "1/2"),
    "Source.values": (1, 2), "Source.covariance": None, "Source.mean": None, "Entries.covariance": None,
    "Entries.mean": None, "Entries.normal.covariance": None, "Entries.normal.mean": None,
    "Source.normal.covariance": None, "Source.normal.mean": None, "Source.uniform.a": 0, "Source.uniform.b": 1,
    "Source.atoms.values": (1, 2), "Source.moments.values": (0, 1), "Source.table.rows": [[1, 2], [3, 4]],
    "sweep.questions": Make(lambda: [sm.Question(regression(), sm.gradient(1))]),
}
