"""What every route, the simulator, enumeration and the check see of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import sympy

from sgdmoments.describe.array import Array
from sgdmoments.describe.description import Description, default
from sgdmoments.describe.laws.base import Law
from sgdmoments.describe.values import symbols
from sgdmoments.errors import InputError
from sgdmoments.reading import shown

#: Arrays by name.
Arrays = Mapping[str, Any]


class Model(Description):
    """What is trained, and on what: arrays, the law of a sample, and a loss for each sample.

    A subclass ends its `__init__` with ``super().__init__(parameters=..., law=..., constants=...)`` and gives
    `predict`, or `loss`, or `direction`; from then on it is frozen, and equal to another of its class where all its
    attributes are equal (an attribute that is an object which may change makes it a model that equals itself only, and
    whose answers are computed anew each time).

    The methods are run in any arithmetic, on dicts of arrays by name: letters, index graphs, numbers with derivatives,
    JAX. They are polynomials, made of + - * of arrays and numbers, / by numbers, @, .T, integer powers and indices, and
    sums.

    Args:
        parameters: the trained arrays.
        law: the law of one sample; its parts are named arrays.
        constants: arrays that are fixed during training and given by `initial`, such as a teacher's.

    >>> import sgdmoments as sm
    >>> class Line(Model):
    ...     def __init__(self):
    ...         points = sm.Empirical(x=[1, 2, 3], label=[1, 1, 2])
    ...         super().__init__(parameters=(sm.Array("slope", ()),), law=points)
    ...     def predict(self, weights, constants, sample):
    ...         return weights["slope"] * sample["x"]
    >>> sm.SGD(Line(), "1/10", {"slope": 0}).variance(sm.gradient(0)).coefficients
    (Fraction(-7, 3), Fraction(7, 1))
    """

    parameters: tuple[Array, ...]
    constants: tuple[Array, ...]
    law: Law

    def __init__(self, parameters: Sequence[Array], law: Law, constants: Sequence[Array] = ()) -> None:
        name = type(self).__name__
        self.parameters = tuple(array if array.layer is not None else replace(array, layer=k) for k, array in enumerate(
            read_arrays(parameters, f"{name}.parameters"), 1))
        self.constants = read_arrays(constants, f"{name}.constants")
        self.law = read_law(law, f"{name}.law")

    def _seal(self) -> None:
        for cls in reversed(type(self).__mro__):  # what may change in the body of a user's class is copied from it
            if cls not in Model.__mro__:
                for name, value in vars(cls).items():
                    if isinstance(value, (np.ndarray, list, dict, set)) and name not in vars(self) and name[:2] != "__":
                        object.__setattr__(self, name, value)
        law = self._state().get("law")
        if isinstance(law, Law):
            object.__setattr__(self, "law", law.named("the data"))
        super()._seal()

    # -- what a model means ---------------------------------------------------------------------------------

    def predict(self, weights: Arrays, constants: Arrays, sample: Arrays) -> Any:
        """The prediction for a sample: a number or an array."""
        raise InputError(f"{type(self).__name__} has no method predict(weights, constants, sample).")

    def label(self, constants: Arrays, sample: Arrays) -> Any:
        """What the prediction should be; by default the sample's part of that name."""
        return sample["label"]

    def loss(self, weights: Arrays, constants: Arrays, sample: Arrays) -> Any:
        """The loss of a sample, a number; by default 1/2 ||prediction - label||^2."""
        residual = self.residual(weights, constants, sample)
        return (residual * residual).sum() / 2

    def direction(self, weights: Arrays, constants: Arrays, sample: Arrays) -> Arrays:
        """What a sample says is to be subtracted from the weights, arrays by name; by default the loss's gradient.

        One step is w - alpha times the mean over the batch of this; gradient(t) and full_gradient(t) are means of it.
        """
        raise InputError(f"{type(self).__name__} has no direction of its own: it follows the gradient of its loss, "
                         "which is derived, not called.")

    # -- what follows from it -------------------------------------------------------------------------------

    def residual(self, weights: Arrays, constants: Arrays, sample: Arrays) -> Any:
        """prediction - label, an array with at least one axis, their shapes checked to be the same."""
        prediction = as_array(self.predict(weights, constants, sample))
        label = as_array(self.label(constants, sample))
        if prediction.shape != label.shape:
            raise InputError(f"{type(self).__name__}: the residual is prediction - label, but the prediction has the "
                             f"shape {shape_text(prediction.shape)} and the label {shape_text(label.shape)}.")
        return prediction - label

    @property
    def predicts(self) -> bool:
        """Whether the loss is 1/2 ||prediction - label||^2."""
        return self._gives("predict") and not self._gives("loss")

    @property
    def has_loss(self) -> bool:
        """Whether there is a loss."""
        return self._gives("predict") or self._gives("loss")

    @property
    def has_direction(self) -> bool:
        """Whether steps follow a direction of the model's own in place of the gradient of its loss."""
        return self._gives("direction")

    def _gives(self, method: str) -> bool:
        return getattr(type(self), method) is not getattr(Model, method) or method in vars(self)

    @default
    def affine(self) -> bool | None:
        """Whether the prediction is affine in all weights together; None: the class does not say, it is tried."""
        return None

    @property
    def n(self) -> int | None:
        """The number of data points; None for a law that gives fresh samples."""
        return self.law.n

    @property
    def letters(self) -> frozenset[sympy.Symbol]:
        """Symbols of the description besides those in data points and shapes."""
        given = {"parameters", "constants", "law", *self._listed}
        fresh = [factor.law for factor in self.law.factors if factor.law.points is None]
        return symbols([fresh, *(value for name, value in self._state().items() if name not in given)])

    #: Names of attributes that say again what is in the law or in the shapes.
    _listed: frozenset[str] = frozenset()

    @property
    def layers(self) -> int:
        """The number of layers H."""
        return max(array.layer or 1 for array in self.parameters)

    def places(self, layer: int | str | None) -> list[int]:
        """Which of the parameters belong to a layer, or bear a name; all for None."""
        if isinstance(layer, str):
            found = [k for k, array in enumerate(self.parameters) if array.name == layer]
            if not found:
                raise InputError(f"layer: found {shown(layer)}, but the model has the parameters "
                                 f"{', '.join(array.name for array in self.parameters)}.")
            return found
        found = [k for k, array in enumerate(self.parameters) if layer in (None, array.layer)]
        if not found:
            raise InputError(f"layer: found {shown(layer)}, but the model has {self.layers} "
                             f"layer{'s' * (self.layers > 1)}.")
        return found

    @property
    def has_letter_shapes(self) -> bool:
        """Whether a dimension of an array is a letter."""
        return any(array.has_letters for array in (*self.parameters, *self.constants))


def no_loss(model: Model) -> str:
    """What is said of a loss that is asked of a model without one."""
    return f"{type(model).__name__} gives a direction and no loss: it has gradients and weights to ask for"


def as_array(value: Any) -> Any:
    """A number as an array with one entry, a list as an array; anything else as it is."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return value if shape else value[None]
    entries = value if isinstance(value, (list, tuple)) else [value]
    listed = np.empty(len(entries), dtype=object)
    for k, entry in enumerate(entries):
        listed[k] = entry
    return listed


def shape_text(shape: Sequence[Any]) -> str:
    """A shape in messages."""
    return f"({', '.join(map(str, shape))}{',' * (len(shape) == 1)})"


def read_arrays(value: Any, name: str) -> tuple[Array, ...]:
    """Described arrays in order; `InputError` for anything else."""
    if not isinstance(value, (tuple, list)) or not all(isinstance(array, Array) for array in value):
        raise InputError(f"{name}: expected a tuple of Array(name, shape), found {shown(value)}.")
    return tuple(value)


def read_law(value: Any, name: str) -> Law:
    """The law of a sample; `InputError` for anything else."""
    if not isinstance(value, Law):
        raise InputError(f"{name}: expected a law such as Gaussian([[1]]) or Empirical(x=X, label=y), found "
                         f"{shown(value)}.")
    return value
