"""A model run once on numbers: what shape its prediction has, asked of the model itself."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from sgdmoments.errors import InputError, SgdMomentsError

#: With more weights than this floats are tried before fractions; with far more nothing is run at all.
MANY, MOST = 10**4, 10**7


def trial_prediction(model: Any) -> np.ndarray[Any, Any]:
    """The prediction at weights and inputs that are numbers, its shape checked to be that of a vector."""
    name = type(model).__name__
    if any(isinstance(s, sympy.Basic) for parameter in model.parameters for s in parameter.shape):
        raise InputError(f"{name}: the shapes hold letters, so the model must say the length of its prediction: give "
                         "it an attribute or property `outputs`.")
    shapes = {p.name: tuple(map(int, p.shape)) for p in model.parameters}
    said = f"x of shape ({model.inputs},) and weights of shapes {shapes}"
    failure: Exception | None = None
    kinds = (Fraction, float)  # a model for the simulator alone may take floats only
    for kind in kinds if size_of(model) <= MANY else kinds[::-1]:
        weights = {key: _numbers(shape, kind) for key, shape in shapes.items()}
        try:
            value = np.asarray(model.predict(weights, _numbers((int(model.inputs),), kind)))
        except SgdMomentsError:
            raise
        except Exception as error:
            failure = failure or error
            continue
        if value.ndim != 1:
            raise InputError(f"{name}.predict: a prediction is a vector, found shape {value.shape} for {said}.")
        return value
    raise InputError(f"{name}.predict: fails on numbers, with {said}: {type(failure).__name__}: {failure}."
                     ) from failure


def size_of(model: Any) -> int:
    """The number of weights of a model whose lengths are numbers."""
    return sum(int(parameter.size) for parameter in model.parameters)


def _numbers(shape: tuple[int, ...], kind: type) -> np.ndarray[Any, Any]:
    values = np.arange(2, 2 + int(np.prod(shape, dtype=int)))
    if kind is float:
        return values.reshape(shape).astype(float)
    out = np.empty(len(values), dtype=object)
    out[:] = [Fraction(int(v)) for v in values]
    return out.reshape(shape)
