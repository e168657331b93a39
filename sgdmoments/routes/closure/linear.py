"""Which questions closure takes: those of models linear in their weights, with numbers for their dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from sgdmoments.describe.array import Array, arrays_of
from sgdmoments.describe.initial import is_random
from sgdmoments.describe.model import Model, as_array, no_loss
from sgdmoments.describe.quantities import weights
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.errors import RouteError


def why_not(sgd: Run, quantity: Quantity) -> str:
    """Why the route cannot answer; an empty text where it can."""
    if isinstance(quantity.step, sympy.Symbol):
        return "t is a letter; for a formula in t see closed_form"
    if sgd.model.has_letter_shapes or sgd.model.law.dimension is None:
        return "the widths are letters; closure needs numbers"
    if sgd.model.law.has_letter:
        return "the covariance of the data is a letter; closure needs a matrix"
    if any(is_random(sgd.initial[parameter.name]) for parameter in sgd.model.constants):
        return "the teacher is random; closure needs a fixed one"
    if len(sgd.model.law.factors) > 1 and not sgd.batches.independent:
        return ("the labels of a finite data set are noisy, and batches are drawn without replacement: the points are "
                "not independent but their noise is, so that one batch has no moments in c_b alone; "
                "route='components' answers moments at a step t")
    if quantity.kind == "combination":
        return "it undoes steps of one quantity, not of a combination of several"
    if quantity.is_number and not sgd.model.has_loss:
        return no_loss(sgd.model)
    if quantity.kind == "loss" and sgd.model.has_direction and not _loss_is_quadratic(sgd.model):
        return "the loss is not quadratic in the weights"
    return "" if is_linear_in_weights(sgd) else "the gradient is not linear in the weights"


def require_linear(sgd: Run, what: str, instead: str = "") -> None:
    """Raise `RouteError` where the moments of the model do not close, or its dimensions are letters.

    Args:
        what: the question, as the subject of the message.
        instead: what answers it on index graphs, for a network of one layer whose widths are letters.
    """
    if "closure refusal" not in sgd.memo:
        sgd.memo["closure refusal"] = why_not(sgd, weights(0))
    reason = sgd.memo["closure refusal"]
    if not reason:
        return
    text = f"{what} needs a model that is linear in its weights, in numbers: {reason}."
    if instead and "widths" in reason and len(sgd.model.parameters) == 1:
        text += f" On index graphs, letters kept: {instead}."
    raise RouteError(text)


def is_linear_in_weights(sgd: Run) -> bool:
    """Whether the gradient is linear in the weights, for a model whose dimensions are numbers."""
    if "linear" not in sgd.memo:
        sgd.memo["linear"] = not _bent(sgd)
    return bool(sgd.memo["linear"])


def _bent(sgd: Run) -> bool:
    """What the model says, or a quick exact test at points in a line: a linear map has no second difference."""
    model = sgd.model
    if model.has_direction:
        moves = _along_a_line(model, model.direction, 3)
        return any(not _vanishes(entry) for array in model.parameters
                   for entry in np.ravel(moves[0][array.name] - 2 * moves[1][array.name] + moves[2][array.name]))
    if not model.predicts:
        return not _loss_is_quadratic(model)
    if model.affine is not None:
        return not model.affine
    f, g, h = map(as_array, _along_a_line(model, model.predict, 3))
    return any(not _vanishes(entry) for entry in (f - 2 * g + h).flat)


def _loss_is_quadratic(model: Model) -> bool:
    """Whether the loss has no third difference along a line, exactly."""
    a, b, c, d = _along_a_line(model, model.loss, 4)
    return _vanishes(d - 3 * c + 3 * b - a)


def _along_a_line(model: Model, method: Any, points: int) -> list[Any]:
    """What a method gives at weights in a line of random integers, for one random sample."""
    rng = np.random.default_rng(0)
    constants, sample = (arrays_of(arrays, _integers(rng, arrays)) for arrays in (model.constants, model.law.parts))
    base, step = _integers(rng, model.parameters), _integers(rng, model.parameters)
    return [method(arrays_of(model.parameters, base + m * step), constants, sample) for m in range(points)]


def _integers(rng: np.random.Generator, arrays: Sequence[Array]) -> np.ndarray[Any, Any]:
    size = sum(int(array.size) for array in arrays)
    return np.array([Fraction(int(k)) for k in rng.integers(1, 1000, size=size)], dtype=object)


def _vanishes(entry: Any) -> bool:
    return sympy.expand(entry) == 0 if isinstance(entry, sympy.Basic) else bool(entry == 0)
