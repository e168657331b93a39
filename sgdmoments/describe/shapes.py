"""The one place where a model's parts are checked against one another: lengths of x, of predictions and of labels."""

from __future__ import annotations

import numpy as np
import sympy

from sgdmoments.describe.laws.base import Law
from sgdmoments.describe.model import Model, Parameter
from sgdmoments.describe.trial import MOST, size_of, trial_prediction
from sgdmoments.errors import InputError
from sgdmoments.reading import shown


def check_model(model: Model) -> None:
    """Raises `InputError`, with names, where the parts of a model do not fit together."""
    name = type(model).__name__
    parameters, teacher = _parameters(model, "parameters"), _parameters(model, "teacher_parameters")
    if not parameters:
        raise InputError(f"{name}.parameters: a model has at least one weight array: Parameter(name, shape, layer).")
    names = [parameter.name for parameter in (*parameters, *teacher)]
    if len(set(names)) < len(names):
        raise InputError(f"{name}: two weight arrays have one name: {', '.join(names)}.")
    if not isinstance(getattr(model, "data", None), Law):
        raise InputError(f"{name}.data: expected a law such as Gaussian() or Empirical(points), found "
                         f"{getattr(model, 'data', None)!r}.")
    if model.noise is not None and not isinstance(model.noise, Law):
        raise InputError(f"{name}.noise: expected a law or None, found {shown(model.noise)}.")
    if teacher and [p.shape for p in teacher] != [p.shape for p in parameters]:
        raise InputError(f"{name}.teacher_parameters: the teacher's arrays have the shapes of the trained ones, in "
                         f"their order: expected {[p.shape for p in parameters]}, found {[p.shape for p in teacher]}.")
    labels = bool(teacher) + (model.targets is not None) + bool(model.joint)
    if labels != 1:
        raise InputError(f"{name}: labels come from a teacher (teacher_parameters), or from targets, or from a joint "
                         f"law (joint = True); found {labels} of these.")
    if model.data.points is not None:
        _check_points(model, name)
    elif model.targets is not None:
        raise InputError(f"{name}.targets: labels can only be listed for a finite data set: data = Empirical(points).")
    _check_lengths(model, name)


def _parameters(model: Model, attribute: str) -> tuple[Parameter, ...]:
    found = getattr(model, attribute, ())
    if not isinstance(found, tuple) or not all(isinstance(parameter, Parameter) for parameter in found):
        raise InputError(f"{type(model).__name__}.{attribute}: expected a tuple of Parameter(name, shape, layer), "
                         f"found {shown(found)}.")
    return found


def _check_points(model: Model, name: str) -> None:
    if model.n != model.data.n:
        raise InputError(f"{name}.n: found {model.n}, but the data set has {model.data.n} points.")
    targets = model.targets
    if targets is not None and (not isinstance(targets, np.ndarray) or targets.ndim != 2
                                or len(targets) != model.data.n):
        raise InputError(f"{name}.targets: expected an array of shape ({model.data.n}, outputs), found "
                         f"{np.shape(targets)}.")


def _check_lengths(model: Model, name: str) -> None:
    if any(isinstance(s, sympy.Basic) for parameter in model.parameters for s in parameter.shape):
        return
    x = model.data.dimension
    if x is not None and model.inputs + (model.outputs if model.joint else 0) != x:
        raise InputError(f"{name}.inputs: found {model.inputs}, but the data law has {x} coordinates.")
    prediction = trial_prediction(model) if size_of(model) <= MOST else None
    if prediction is not None and len(prediction) != model.outputs:
        where = "targets have" if model.targets is not None else "the model says outputs ="
        raise InputError(f"{name}: the residual is prediction - label, but the prediction has {len(prediction)} "
                         f"entries and {where} {model.outputs}.")
    if model.noise is not None and model.noise.dimension not in (None, model.outputs):
        raise InputError(f"{name}.noise: the law has {model.noise.dimension} coordinates, the label {model.outputs}.")
