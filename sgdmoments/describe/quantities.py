"""What can be asked for: the stochastic gradient, the full gradient, the weights, the loss, at a step t.

A quantity is a description; `SGD.mean`, `SGD.second_moment` and `SGD.variance` answer it. ``A @ quantity``
applies a matrix on the left of the (vectorised) quantity.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import sympy

from sgdmoments.describe import saving
from sgdmoments.describe.description import sealed
from sgdmoments.describe.update import VELOCITY, average_slot
from sgdmoments.describe.values import brief, show
from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import Exact, free_symbols, to_exact, to_exact_array
from sgdmoments.reading import read_choice, read_function, read_integer, read_sequence, read_symbol, read_text, shown

Kind = Literal["gradient", "full_gradient", "weights", "loss", "sample_gradients"]
#: Whether the initial weights are held fixed or averaged over.
Given = Literal["initial", "nothing"]
#: The moments of a quantity that can be asked for.
MOMENTS = ("variance", "second_moment", "mean")
Matrix = tuple[tuple[Exact, ...], ...]
#: The slot of averages of the weights.
AVERAGE = "average"
#: What a quantity of a slot is called.
_SLOTS = {VELOCITY: "velocity", AVERAGE: "average"}


@sealed
@dataclass(frozen=True, slots=True, repr=False)
class Quantity:
    """A random vector, matrix or number at step `step` of SGD.

    Attributes:
        kind: gradient (the mini-batch gradient g_t), full_gradient (gradient of L at w_t), weights (w_t),
            loss (L(w_t)), or sample_gradients (sum_i A_i grad L_i(w_t)).
        step: t >= 0, or a sympy symbol where a route keeps t as a letter.
        layer: 1, ..., H, or the name of a parameter; None for all parameters together.
        left: the matrix applied on the left, if any.
        matrices: the A_i of sample_gradients.
        slot: of kind weights, what else the update keeps beside them: "v" (the momentum buffer) or "average".
        decay: of an exponential average.
    """

    kind: Kind
    step: int | sympy.Symbol
    layer: int | str | None = None
    left: Matrix | None = None
    matrices: tuple[Matrix, ...] | None = None
    slot: str | None = None
    decay: Exact | None = None

    #: numpy arrays and sympy matrices leave ``A @ quantity`` to `__rmatmul__`.
    __array_ufunc__ = None

    @property
    def symbols(self) -> frozenset[sympy.Symbol]:
        """The symbols in its matrices and its decay."""
        matrices = (self.left, *(self.matrices or ()))
        return free_symbols(self.decay, *(np.array(m, dtype=object) for m in matrices if m is not None))

    @property
    def slot_name(self) -> str | None:
        """The name of the slot that is read; None for the weights."""
        return average_slot(self.decay) if self.slot == AVERAGE else self.slot

    @property
    def scale_by_steps(self) -> bool:
        """Whether the slot is divided by t + 1: it holds the sum w_0 + ... + w_t."""
        return self.slot == AVERAGE and self.decay is None

    @property
    def scale(self) -> Exact:
        """What the slot is multiplied by."""
        return 1 / to_exact(self.step + 1, "t") if self.scale_by_steps else Fraction(1)

    def __rmatmul__(self, other: Any) -> Quantity:
        matrix = to_exact_array(other, "A", ndim=2)
        if self.kind == "loss":
            raise InputError("A @ loss(t): the loss is a number; a matrix cannot be applied to it.")
        if self.left is not None:
            current = np.array(self.left, dtype=object)
            if matrix.shape[1] != current.shape[0]:
                raise InputError(f"A: shape {matrix.shape} does not fit the matrix of shape {current.shape} "
                                 "that is applied already.")
            matrix = matrix @ current
        return replace(self, left=tuple(map(tuple, matrix)))

    def to_json(self) -> str:
        """A JSON text from which `from_json` rebuilds an equal quantity."""
        return saving.write(self)

    @staticmethod
    def from_json(text: str) -> Quantity:
        """The quantity that `to_json` wrote; `InputError` where the text is none."""
        found = saving.read(text)
        if not isinstance(found, Quantity):
            raise InputError(f"Quantity.from_json: found a {type(found).__name__}.")
        return found

    def __repr__(self) -> str:
        parts = [show(self.step) or ""]
        if self.matrices is not None:
            parts.append(show([[list(row) for row in matrix] for matrix in self.matrices]) or
                         f"<{len(self.matrices)} matrices>")
        parts += [f"layer={self.layer!r}"] * (self.layer is not None)
        parts += [f"decay={show(self.decay)}"] * (self.decay is not None)
        name = _SLOTS.get(self.slot or "", self.kind)
        left = "" if self.left is None else show([list(row) for row in self.left]) or "<a matrix>"
        return f"{left}{' @ ' * bool(left)}{name}({', '.join(parts)})"

    def __str__(self) -> str:
        names = {"gradient": "g", "full_gradient": "∇L", "weights": "w", "loss": "L", "sample_gradients": "ΣA∇L"}
        layer = "" if self.layer is None else f",{self.layer}"
        name = {None: names[self.kind], VELOCITY: "v", AVERAGE: "w̄"}[self.slot]
        return f"{'A ' * (self.left is not None)}{name}_{self.step}{layer}"


def check_moment(moment: Any) -> str:
    """The name of a moment as it was given; `InputError` where there is none of this name."""
    return read_choice(moment, "moment", MOMENTS)


def read_quantity(value: Any, name: str = "quantity") -> Quantity:
    """The quantity that a question asks for."""
    if not isinstance(value, Quantity):
        raise InputError(f"{name}: found {shown(value)}; use gradient(t), full_gradient(t), weights(t), loss(t) or "
                         "sample_gradients(t, matrices).")
    return value


def check_function(quantity: Any) -> Callable[[int], Quantity]:
    """A quantity as a function of t, such as `gradient` or ``lambda t: weights(t, layer=1)``.

    >>> check_function(weights)(3)
    weights(3)
    """
    function = read_function(quantity, "quantity", "for all t at once give a function of t: gradient, full_gradient, "
                                                   "weights, loss, or lambda t: gradient(t, layer=1)")

    def at(t: Any) -> Quantity:
        return read_quantity(function(t), f"quantity(t) at t = {t}")

    return at


def gradient(t: Any, layer: int | str | None = None) -> Quantity:
    """The mini-batch gradient g_t = mean over the batch of grad L_i(w_t); for one layer or all parameters.

    >>> gradient(3)
    gradient(3)
    """
    return Quantity("gradient", _step(t), _layer(layer))


def full_gradient(t: Any, layer: int | str | None = None) -> Quantity:
    """The gradient of the loss L (over all data, or the data law) at the random weights w_t."""
    return Quantity("full_gradient", _step(t), _layer(layer))


def weights(t: Any, layer: int | str | None = None) -> Quantity:
    """The weights w_t."""
    return Quantity("weights", _step(t), _layer(layer))


def velocity(t: Any, layer: int | str | None = None) -> Quantity:
    """The momentum buffer v_t before step t; v_0 = 0. For runs with momentum, or an update with a slot "v".

    >>> velocity(2, layer=1)
    velocity(2, layer=1)
    """
    return Quantity("weights", _step(t), _layer(layer), slot=VELOCITY)


def average(t: Any, layer: int | str | None = None, decay: Any = None) -> Quantity:
    """The average of the weights, (w_0 + ... + w_t)/(t + 1) (Polyak and Ruppert).

    With a decay d the exponential average e_t: e_0 = w_0, e_(t+1) = d e_t + (1 - d) w_(t+1).

    >>> average(3, decay="9/10")
    average(3, decay='9/10')
    """
    exact = None if decay is None else to_exact(decay, "decay")
    if isinstance(exact, Fraction) and not 0 <= exact < 1:
        raise InputError(f"decay: found {brief(exact)}; in an average d e + (1 - d) w the decay d "
                         "is at least 0 and below 1.")
    return Quantity("weights", _step(t), _layer(layer), slot=AVERAGE, decay=exact)


def loss(t: Any) -> Quantity:
    """The loss L(w_t) over all data (or the data law), with the factor 1/2."""
    return Quantity("loss", _step(t))


def sample_gradients(t: Any, matrices: Sequence[Any]) -> Quantity:
    """sum_i A_i grad L_i(w_t) over a finite data set, for matrices A_1, ..., A_n (Theorem 3.2's quantity)."""
    listed = read_sequence(matrices, "matrices", "a list of matrices is needed, one for each data point")
    parts = tuple(tuple(map(tuple, to_exact_array(a, f"matrices[{i}]", ndim=2))) for i, a in enumerate(listed))
    shapes = {(len(a), len(a[0]) if a else 0) for a in parts}
    if len(shapes) != 1:
        raise InputError(f"matrices: expected matrices of one shape, found {sorted(shapes) or 'none'}.")
    return Quantity("sample_gradients", _step(t), matrices=parts)


def _step(t: Any) -> int | sympy.Symbol:
    if isinstance(t, sympy.Symbol):
        return read_symbol(t, "t")
    return read_integer(t, "t", 0, "a step is an integer >= 0 (or a sympy symbol)")


def _layer(layer: Any) -> int | str | None:
    if isinstance(layer, str):
        return read_text(layer, "layer", "expected a number or the name of a parameter")
    return None if layer is None else read_integer(layer, "layer", 1, "layers count from 1")
