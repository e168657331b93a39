"""What can be asked for: the stochastic gradient, the full gradient, the weights, the loss, ..., at a step t."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Literal

import sympy

from sgdmoments.describe.laws.base import Law
from sgdmoments.describe.quantity import AVERAGE, Quantity, combination
from sgdmoments.describe.update import VELOCITY
from sgdmoments.describe.values import brief
from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import to_exact, to_exact_array
from sgdmoments.reading import read_choice, read_function, read_integer, read_sequence, read_symbol, read_text, shown

#: Whether the initial weights are held fixed or averaged over.
Given = Literal["initial", "nothing"]
#: The moments of a quantity that can be asked for.
MOMENTS = ("variance", "second_moment", "mean")


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


def loss(t: Any, data: Any = None) -> Quantity:
    """The loss L(w_t) over all data (or the data law), with the factor 1/2.

    With `data` the loss on another law of a sample, whose parts have the same shapes: the test loss.

    >>> import sgdmoments as sm
    >>> sgd = sm.SGD(sm.LinearRegression([[1], [2]], [1, 0]), "1/10", [0])
    >>> sgd.mean(loss(0, data=sm.Empirical(x=[[3]], label=[1])))(1)
    Fraction(1, 2)
    """
    if data is not None and not isinstance(data, Law):
        raise InputError(f"data: found {shown(data)}; a law of a sample is needed, such as Empirical(x=X, label=y).")
    return Quantity("loss", _step(t), data=data)


def squared_gradient(t: Any, layer: int | str | None = None) -> Quantity:
    """E ||grad l(w_t)||^2 over one sample: with ||grad L||^2 it gives the trace of a sample's covariance.

    >>> squared_gradient(2)
    squared_gradient(2)
    """
    return Quantity("squared_gradient", _step(t), _layer(layer))


def hessian_trace(t: Any, power: int = 1) -> Quantity:
    """tr H^power of the Hessian H of the loss L at w_t.

    >>> import sgdmoments as sm
    >>> sgd = sm.SGD(sm.LinearRegression([[1], [3]], [1, 0]), "1/10", [0])
    >>> sgd.mean(hessian_trace(1, power=2)).coefficients
    (Fraction(25, 1),)
    """
    power = read_integer(power, "power", 1, "a power of the Hessian is an integer >= 1", 8)
    return Quantity("hessian_trace", _step(t), power=power)


def inner(first: Any, second: Any) -> Quantity:
    """The inner product of two quantities, at one step or at two: the sum of the products of their entries.

    >>> inner(gradient(1), gradient(3))
    inner(gradient(1), gradient(3))
    """
    return combination("inner", (read_quantity(first, "first"), read_quantity(second, "second")))


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


def outer(first: Quantity, second: Quantity) -> Quantity:
    """The products of all entries of two quantities: a matrix."""
    return combination("outer", (first, second))


def hessian_spread(t: Any, layer: int | str | None = None) -> Quantity:
    """E l' H l over one sample's gradient l at w_t, H the Hessian of L."""
    return Quantity("hessian_spread", _step(t), _layer(layer))


def hessian_slope(t: Any, layer: int | str | None = None) -> Quantity:
    """grad L' H grad L at w_t."""
    return Quantity("hessian_slope", _step(t), _layer(layer))
