"""The one place where a model's parts are checked against one another."""

from __future__ import annotations

import inspect

from sgdmoments.describe.array import Array
from sgdmoments.describe.model import Model, read_arrays, read_law
from sgdmoments.describe.trial import MOST, size_of, try_out
from sgdmoments.errors import InputError
from sgdmoments.reading import shown

_NEW_FORM = ("the methods of a model are predict(self, weights, constants, sample), where sample[\"x\"] is x, "
             "label(self, constants, sample), loss(self, weights, constants, sample) and direction(self, weights, "
             "constants, sample)")


def check_model(model: Model) -> None:
    """Raises `InputError`, with names, where the parts of a model do not fit together."""
    name = type(model).__name__
    if not hasattr(model, "law") or not hasattr(model, "constants"):
        raise InputError(f"{name}: its __init__ must end in super().__init__(parameters=(Array(name, shape), ...), "
                         f"law=..., constants=()); {_NEW_FORM}.")
    parameters = read_arrays(model.parameters, f"{name}.parameters")
    constants = read_arrays(model.constants, f"{name}.constants")
    if not parameters:
        raise InputError(f"{name}.parameters: a model has at least one weight array: Array(name, shape).")
    names = [array.name for array in (*parameters, *constants)]
    if len(set(names)) < len(names):
        raise InputError(f"{name}: two arrays have one name: {', '.join(names)}.")
    read_law(model.law, f"{name}.law")
    _check_parts(model, name)
    _check_methods(model, name)
    if not model.has_letter_shapes and not any(part.has_letters for part in model.law.parts) and size_of(model) <= MOST:
        try_out(model)


def _check_parts(model: Model, name: str) -> None:
    parts = model.law.parts
    if not isinstance(parts, tuple) or not all(isinstance(part, Array) for part in parts):
        raise InputError(f"{model.law}.parts: expected a tuple of Array(name, shape), found {shown(parts)}.")
    dimension = model.law.dimension
    if dimension is not None and dimension != sum(int(part.size) for part in parts):
        raise InputError(f"{name}.law: the parts {', '.join(map(str, parts))} do not make up the {dimension} "
                         "coordinates of the law.")
    if model.law.points is not None and model.n != model.law.n:
        raise InputError(f"{name}.n: found {model.n}, but the data set has {model.law.n} points.")


def _check_methods(model: Model, name: str) -> None:
    if not (model.has_loss or model.has_direction):
        raise InputError(f"{name}: a model gives predict, loss or direction; {_NEW_FORM}.")
    for method, arguments in (("predict", 3), ("label", 2), ("loss", 3), ("direction", 3)):
        if not callable(getattr(model, method)):
            raise InputError(f"{name}.{method}: expected a method, found {shown(getattr(model, method))}; {_NEW_FORM}.")
        try:
            inspect.signature(getattr(model, method)).bind(*(None,) * arguments)
        except TypeError:
            found = str(inspect.signature(getattr(model, method)))
            raise InputError(f"{name}.{method}{found} is not called so: {_NEW_FORM}.") from None
        except ValueError:  # a callable whose signature is not known
            continue
