"""The initial weights of a run, as a user gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy

from sgdmoments.describe.array import Array
from sgdmoments.describe.initial import Init, is_random
from sgdmoments.describe.model import Model
from sgdmoments.describe.values import FrozenDict
from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import to_exact_array


def read_initial(model: Model, initial: Any) -> FrozenDict:
    """For each weight array of the model, the constants included: an exact array, an `Init`, or None (letters)."""
    parameters = (*model.parameters, *model.constants)
    names = [parameter.name for parameter in parameters]
    if is_random(initial):
        initial = {parameter.name: initial for parameter in model.parameters}
    elif initial is not None and not isinstance(initial, Mapping):
        if len(names) != 1:
            raise InputError(f"initial: expected a dict with the names {', '.join(names)}, found "
                             f"{type(initial).__name__}.")
        initial = {names[0]: initial}
    unknown = set(initial or ()) - set(names)
    if unknown:
        raise InputError(f"initial: unknown names {sorted(map(str, unknown))}; the model has {', '.join(names)}.")
    return FrozenDict({parameter.name: _read((initial or {}).get(parameter.name), parameter)
                       for parameter in parameters})


def _read(value: Any, parameter: Array) -> np.ndarray[Any, Any] | Init | None:
    name = f"initial[{parameter.name!r}]"
    if value is None:
        return None
    if is_random(value):
        why_not = value.why_not(parameter.shape, parameter.size)
        if why_not:
            raise InputError(f"{name}: {why_not}.")
        return value.named(f"the initial weights {parameter.name}")
    array = to_exact_array(value, name)
    letters = [s for s in parameter.shape if isinstance(s, sympy.Symbol)]
    if letters:
        raise InputError(f"{name}: the widths {letters} are letters; leave the weights as letters too and give both to "
                         "evaluate(), or give integer widths.")
    if array.shape != parameter.shape:
        raise InputError(f"{name}: expected shape {parameter.shape}, found {array.shape}.")
    return array
