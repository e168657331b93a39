"""Letters of a run in products of matrices: W_{t,k}, g_{t,k} and the teacher's W_k*.

They stand for random matrices; the symbolic route rewrites them, step by step, into initial weights.

>>> import sgdmoments as sm
>>> net = sm.Network(("p", "p1", "p2"))
>>> W, g = weights_matrix(net, 0, 2), gradient_matrix(net, 1, 2)
>>> W.shape == g.shape
True
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sgdmoments.errors import InputError
from sgdmoments.graphs.labels import Dimension, Label, ends_of
from sgdmoments.graphs.matrices import MatrixExpression, letter
from sgdmoments.reading import attribute, read_integer, shown


def step_letter(kind: str, name: str, dimensions: Iterable[Dimension], step: int) -> Label:
    """The letter of a trained matrix ("weights") or of the batch gradient by it ("gradient") at a step.

    >>> step_letter("gradient", "W1", (2, 3), 4), step_of(step_letter("weights", "W1", (2, 3), 4))
    (g1(4), 4)
    """
    shown = "g" + name.removeprefix("W") if kind == "gradient" else name
    return Label(f"{shown}({step})", dimensions, kind=kind, meaning=f"{name}@{step}")


def initial_letter(name: str, dimensions: Iterable[Dimension]) -> Label:
    """The letter of an array of a run at step 0: another one than a user's letter of its name.

    >>> initial_letter("W1", (2, 3)) == Label("W1", (2, 3)), base_of(initial_letter("W1", (2, 3)))
    (False, 'W1')
    """
    return Label(name, dimensions, meaning=f"{name}@0")


def is_initial(label: Label) -> bool:
    """Whether a label is an `initial_letter`."""
    return label.kind == "matrix" and label.meaning.endswith("@0")


def step_of(label: Label) -> int:
    """The step of a `step_letter`."""
    return int(label.meaning.rpartition("@")[2])


def base_of(label: Label) -> str:
    """The name of the array of the run that a letter belongs to."""
    return label.meaning.rpartition("@")[0] or label.name


def weights_matrix(sgd: Any, t: int, layer: int) -> MatrixExpression:
    """W_{t,k}, the weights of layer k at step t of a run, as a matrix for queries.

    Args:
        sgd: an `SGD` (or its model).
        t: the step, an integer >= 0; at t = 0 the initial weights themselves.
        layer: k = 1, ..., H.
    """
    parameter = _parameter(sgd, layer)
    if _step(t) == 0:
        return letter(initial_letter(parameter.name, ends_of(parameter.shape)))
    return letter(step_letter("weights", parameter.name, ends_of(parameter.shape), t))


def gradient_matrix(sgd: Any, t: int, layer: int) -> MatrixExpression:
    """g_{t,k}, the mini-batch gradient by layer k at step t of a run, as a matrix for queries.

    Arguments as for `weights_matrix`.
    """
    parameter = _parameter(sgd, layer)
    return letter(step_letter("gradient", parameter.name, ends_of(parameter.shape), _step(t)))


def teacher_matrix(sgd: Any, layer: int) -> MatrixExpression:
    """W_k*, the teacher's weights of layer k, as a matrix for queries."""
    _parameter(sgd, layer)
    teachers = attribute(_model(sgd), "constants") or ()
    if not teachers:
        raise InputError("teacher_matrix: the model has no teacher.")
    return letter(initial_letter(teachers[layer - 1].name, ends_of(teachers[layer - 1].shape)))


def _parameter(sgd: Any, layer: int) -> Any:
    parameters = attribute(_model(sgd), "parameters")
    if not isinstance(parameters, tuple):
        raise InputError(f"sgd: expected a run or a model, found {shown(sgd)}.")
    k = read_integer(layer, "layer", 1, f"the model has the layers 1, ..., {len(parameters)}", len(parameters))
    return parameters[k - 1]


def _model(sgd: Any) -> Any:
    """The model of a run, or the model itself."""
    model = attribute(sgd, "model")
    return sgd if model is None else model


def _step(t: Any) -> int:
    return read_integer(t, "t", 0, "a step in a product of matrices is an integer >= 0")
