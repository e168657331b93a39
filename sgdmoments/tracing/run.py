"""A model's `predict`, run on traced arrays: what it returns, or which operation is none that index graphs know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sgdmoments.describe.model import Model
from sgdmoments.errors import RouteError, SgdMomentsError, Stopped
from sgdmoments.tracing.arrays import ALLOWED, TracedArray, read_vector, shape_text


def run(model: Model, weights: Sequence[TracedArray], x: TracedArray) -> Any:
    """The block of f(x), a vector of the model's number of outputs.

    Args:
        weights: an array for each of the model's parameters, the teacher's values perhaps.

    Raises `RouteError` with the operation's name where `predict` is no polynomial.
    """
    said = f"index graphs cannot follow {type(model).__name__}.predict"
    arrays = {p.name: array for p, array in zip(model.parameters, weights, strict=True)}
    try:
        found = read_vector(model.predict(arrays, x), x.algebra)
    except Stopped:
        raise
    except SgdMomentsError as error:
        raise RouteError(f"{said}: {str(error).rstrip('.')}") from error
    except AttributeError as error:
        raise RouteError(f"{said}: .{error.name}: {ALLOWED}") from error
    except Exception as error:
        raise RouteError(f"{said}: {type(error).__name__}: {error}; {ALLOWED}") from error
    if found.shape != (model.outputs,):
        raise RouteError(f"{said}: on them it has shape {shape_text(found.shape)}, but the model says outputs = "
                         f"{model.outputs}")
    return found
