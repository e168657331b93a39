"""What every route, the simulator, enumeration and the check see of a model."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import sympy

from sgdmoments.describe.description import Description, default, sealed
from sgdmoments.describe.laws.base import Law
from sgdmoments.describe.trial import trial_prediction
from sgdmoments.describe.values import symbols
from sgdmoments.errors import InputError
from sgdmoments.reading import LARGEST, is_integer, read_integer, read_name, shown

Dimension: TypeAlias = int | sympy.Symbol


@sealed
@dataclass(frozen=True, slots=True)
class Parameter:
    """A weight array: its name, its shape (integers, or symbols for dimensions left as letters), its layer."""

    name: str
    shape: tuple[Dimension, ...]
    layer: int

    def __post_init__(self) -> None:
        read_name(self.name, "Parameter: name", "expected a text such as 'W1'")
        if not isinstance(self.shape, (tuple, list)) or not all(map(_is_dimension, self.shape)):
            raise InputError(f"Parameter {self.name}: found the shape {shown(self.shape)}; expected a tuple of "
                             "integers >= 1 or symbols.")
        layer = read_integer(self.layer, f"Parameter {self.name}: layer", 1, "layers count from 1")
        shape = tuple(s if isinstance(s, sympy.Symbol) else int(s) for s in self.shape)
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "layer", layer)

    @property
    def size(self) -> Dimension:
        """The number of entries."""
        return sympy.Mul(*self.shape) if any(isinstance(s, sympy.Basic) for s in self.shape) \
            else int(np.prod(np.array(self.shape, dtype=object)))


def _is_dimension(size: Any) -> bool:
    return isinstance(size, sympy.Symbol) or (is_integer(size) and 1 <= int(size) <= LARGEST)


class Model(Description):
    """A parametric predictor trained on the loss 1/2 ||predict(w, x) - label||^2 per sample.

    The label of a sample is the teacher's prediction, or a target given with a finite data set, plus noise
    where there is any. A subclass sets the attributes in its `__init__` and gives `predict`; from then on it is
    frozen, and equal to another of its class where all its attributes are equal (an attribute that is an object
    which may change makes it a model that equals itself only, and whose answers are computed anew each time).

    Attributes:
        parameters: the trained arrays, layer by layer.
        teacher_parameters: the fixed arrays of the teacher; empty where targets are given.
        data: the law of x.
        targets: array (n, outputs) for a finite data set with targets, else None.
        noise: the law of the label noise (independent of x), or None.
    """

    parameters: tuple[Parameter, ...]
    teacher_parameters: tuple[Parameter, ...] = ()
    data: Law
    targets: np.ndarray[Any, Any] | None = None
    noise: Law | None = None
    #: Whether `data` is the law of (x, target) together.
    joint: bool = False

    def _seal(self) -> None:
        for cls in reversed(type(self).__mro__):  # what may change in the body of a user's class is copied from it
            if cls not in Model.__mro__:
                for name, value in vars(cls).items():
                    if isinstance(value, (np.ndarray, list, dict, set)) and name not in vars(self) and name[:2] != "__":
                        object.__setattr__(self, name, value)
        for name in ("data", "noise"):
            law = self._state().get(name)
            if isinstance(law, Law):
                object.__setattr__(self, name, law.named(f"the {name}"))
        super()._seal()

    @abstractmethod
    def predict(self, weights: Mapping[str, Any], x: Any) -> Any:
        """The prediction, a vector, in any arithmetic: entries may be Fractions, ring elements, JAX arrays.

        `weights` holds an array for each parameter (by the name of `parameters`, also when the teacher's
        values are passed).
        """

    @default
    def affine(self) -> bool | None:
        """Whether the prediction is affine in all weights together; None: the class does not say, it is tried."""
        return None

    @default
    def inputs(self) -> Any:
        """The length of x: that of the data law, or what the model says where the law has any length."""
        if self.data.dimension is None:
            raise InputError(f"{type(self).__name__}: the law {self.data} has any number of coordinates, so the model "
                             "must say the length of x: give it an attribute or property `inputs`.")
        return self.data.dimension - self.outputs if self.joint else self.data.dimension

    @default
    def outputs(self) -> Any:
        """The length of the prediction and of the label."""
        if self.targets is not None:
            return int(np.shape(self.targets)[-1])
        return 1 if self.joint else len(trial_prediction(self))

    @property
    def n(self) -> int | None:
        """The number of data points; None for a law that gives fresh samples."""
        return self.data.n

    @property
    def letters(self) -> frozenset[sympy.Symbol]:
        """Symbols of the description besides those in data points, targets and shapes."""
        lists = {"targets", "parameters", "teacher_parameters", "widths"}
        if self.data.points is not None:
            lists.add("data")
        return symbols([value for name, value in self._state().items() if name not in lists])

    @property
    def layers(self) -> int:
        """The number of layers H."""
        return max(parameter.layer for parameter in self.parameters)
