"""Classes of numbers that stand in NumPy arrays, and beside them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import numpy as np

C = TypeVar("C", bound=type)


def beside_arrays(cls: C) -> C:
    """Lets a class of numbers stand on the left of a NumPy array: `number + array` is left to the array."""
    for name in ("__add__", "__sub__", "__mul__"):
        setattr(cls, name, _leaving_arrays(getattr(cls, name)))
    return cls


def _leaving_arrays(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    @wraps(operation)
    def operate(self: Any, other: Any) -> Any:
        return NotImplemented if type(other) is np.ndarray else operation(self, other)

    return operate
