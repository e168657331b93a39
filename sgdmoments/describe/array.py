"""A named array of a model: a weight array, a constant, or a part of a sample."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import sympy

from sgdmoments.describe.description import sealed
from sgdmoments.errors import InputError
from sgdmoments.reading import LARGEST, is_integer, read_integer, read_name, shown

Dimension: TypeAlias = int | sympy.Symbol


@sealed
@dataclass(frozen=True, slots=True)
class Array:
    """A name with a shape: integers, or symbols for dimensions left as letters.

    Attributes:
        name: by which the methods of a model find it.
        shape: () for a number.
        layer: of a trained array, its layer: 1, 2, ...; None: its place among the model's parameters.

    >>> Array("W1", (2, 3), layer=1).size
    6
    """

    name: str
    shape: tuple[Dimension, ...]
    layer: int | None = None

    def __post_init__(self) -> None:
        read_name(self.name, "Array: name", "expected a text such as 'W1'")
        if not isinstance(self.shape, (tuple, list)) or not all(map(is_dimension, self.shape)):
            raise InputError(f"Array {self.name}: found the shape {shown(self.shape)}; expected a tuple of "
                             "integers >= 1 or symbols.")
        shape = tuple(s if isinstance(s, sympy.Symbol) else int(s) for s in self.shape)
        object.__setattr__(self, "shape", shape)
        if self.layer is not None:
            layer = read_integer(self.layer, f"Array {self.name}: layer", 1, "layers count from 1")
            object.__setattr__(self, "layer", layer)

    @property
    def size(self) -> Dimension:
        """The number of entries."""
        return sympy.Mul(*self.shape) if self.has_letters else int(np.prod(np.array(self.shape, dtype=object)))

    @property
    def has_letters(self) -> bool:
        """Whether a dimension is a letter."""
        return any(isinstance(s, sympy.Basic) for s in self.shape)


def is_dimension(size: Any) -> bool:
    """Whether a value may be a dimension: an integer from 1 on, or a symbol."""
    return isinstance(size, sympy.Symbol) or (is_integer(size) and 1 <= int(size) <= LARGEST)


def arrays_of(arrays: Iterable[Array], flat: Any) -> dict[str, Any]:
    """The arrays by name from their entries, flat, one array after another: along the last axis of `flat`.

    >>> arrays_of((Array("x", (2,)), Array("label", ())), np.array([1, 2, 3]))["x"]
    array([1, 2])
    """
    found, at = {}, 0
    for array in arrays:
        size = int(array.size)
        shape = tuple(map(int, array.shape))
        found[array.name] = flat[..., at:at + size].reshape((*flat.shape[:-1], *shape))
        at += size
    return found
