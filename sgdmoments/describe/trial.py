"""A model run once on numbers: whether its methods work, and what shapes they give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmoments.describe.array import Array
from sgdmoments.errors import InputError, SgdMomentsError

#: With more weights than this floats are tried before fractions; with far more nothing is run at all.
MANY, MOST = 10**4, 10**7


def try_out(model: Any) -> None:
    """Runs the residual or the loss, and the direction where there is one; `InputError` where that fails."""
    if model.predicts:
        _run(model, "predict", model.residual)
    elif model.has_loss:
        value = _run(model, "loss", model.loss)
        if np.size(value) != 1:
            raise InputError(f"{type(model).__name__}.loss: the loss of a sample is a number, found shape "
                             f"{np.shape(value)}.")
    if model.has_direction:
        _check_direction(model, _run(model, "direction", model.direction))


def size_of(model: Any) -> int:
    """The number of weights of a model whose lengths are numbers."""
    return sum(int(array.size) for array in model.parameters)


def _run(model: Any, method: str, function: Any) -> Any:
    name = type(model).__name__
    groups = model.parameters, model.constants, model.law.parts
    failure: Exception | None = None
    kinds = (Fraction, float)  # a model for the simulator alone may take floats only
    for kind in kinds if size_of(model) <= MANY else kinds[::-1]:
        try:
            return function(*(_numbers(arrays, kind) for arrays in groups))
        except SgdMomentsError:
            raise
        except Exception as error:
            failure = failure or error
    shapes = {array.name: array.shape for arrays in groups for array in arrays}
    raise InputError(f"{name}.{method}: fails on numbers, with arrays of shapes {shapes}: {type(failure).__name__}: "
                     f"{failure}.") from failure


def _check_direction(model: Any, found: Any) -> None:
    name = type(model).__name__
    wanted = {array.name: array.shape for array in model.parameters}
    if not isinstance(found, Mapping):
        raise InputError(f"{name}.direction: expected a dict with an array for each parameter, found "
                         f"{type(found).__name__}.")
    shapes = {key: np.shape(value) for key, value in found.items()}
    if shapes != wanted:
        raise InputError(f"{name}.direction: expected arrays of the parameters' shapes {wanted}, found {shapes}.")


def _numbers(arrays: Iterable[Array], kind: type) -> dict[str, Any]:
    numbers: dict[str, Any] = {}
    for array in arrays:
        values = np.arange(2, 2 + int(array.size))
        if kind is float:
            numbers[array.name] = values.reshape(array.shape).astype(float)
            continue
        exact = np.empty(len(values), dtype=object)
        exact[:] = [Fraction(int(value)) for value in values]
        numbers[array.name] = exact.reshape(array.shape)
    return numbers
