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
from sgdmoments.describe.laws.base import Law
from sgdmoments.describe.update import VELOCITY, average_slot
from sgdmoments.describe.values import brief, show
from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import Exact, free_symbols, to_exact, to_exact_array
from sgdmoments.reading import read_choice, read_function, read_integer, read_sequence, read_symbol, read_text, shown

Kind = Literal["gradient", "full_gradient", "weights", "loss", "sample_gradients", "squared_gradient", "hessian_trace",
               "hessian_spread", "hessian_slope", "combination"]
#: Whether the initial weights are held fixed or averaged over.
Given = Literal["initial", "nothing"]
#: The moments of a quantity that can be asked for.
MOMENTS = ("variance", "second_moment", "mean")
Matrix = tuple[tuple[Exact, ...], ...]
#: The slot of averages of the weights.
AVERAGE = "average"
#: Operations that multiply their parts.
PRODUCTS = ("inner", "times", "outer")
#: Kinds of quantities that are numbers.
NUMBERS = frozenset({"loss", "squared_gradient", "hessian_trace", "hessian_spread", "hessian_slope"})
#: What a quantity of a slot is called.
_SLOTS = {VELOCITY: "velocity", AVERAGE: "average"}


@sealed
@dataclass(frozen=True, slots=True, repr=False)
class Quantity:
    """A random vector, matrix or number at step `step` of SGD.

    Attributes:
        kind: gradient (the mini-batch gradient g_t), full_gradient (gradient of L at w_t), weights (w_t),
            loss (L(w_t)), sample_gradients (sum_i A_i grad L_i(w_t)), combination (of other quantities), or a number
            made of the gradients l of one sample and the Hessian H of L at w_t: squared_gradient (E ||l||^2),
            hessian_trace (tr H^power), hessian_spread (E l'Hl), hessian_slope (grad L' H grad L).
        step: t >= 0, or a sympy symbol where a route keeps t as a letter.
        layer: 1, ..., H, or the name of a parameter; None for all parameters together.
        left: the matrix applied on the left, if any.
        matrices: the A_i of sample_gradients.
        slot: of kind weights, what else the update keeps beside them: "v" (the momentum buffer) or "average".
        decay: of an exponential average.
        power: of the Hessian.
        data: of a loss, the law of another sample than the one that trains.
        operation: of a combination: "sum", "times", "left", "entry", "inner", "outer", "array".
        parts: what is combined.
        numbers: the factors of a sum, the matrix on the left, the index of an entry, the entries of an array.
    """

    kind: Kind
    step: int | sympy.Symbol
    layer: int | str | None = None
    left: Matrix | None = None
    matrices: tuple[Matrix, ...] | None = None
    slot: str | None = None
    decay: Exact | None = None
    power: int = 1
    data: Law | None = None
    operation: str | None = None
    parts: tuple[Quantity, ...] = ()
    numbers: tuple[Any, ...] = ()

    #: A quantity is no list, although its entries have numbers.
    __iter__ = None
    #: numpy arrays and sympy matrices leave ``A @ quantity`` to `__rmatmul__`.
    __array_ufunc__ = None

    @property
    def symbols(self) -> frozenset[sympy.Symbol]:
        """The symbols in its matrices, its factors and its decay."""
        return free_symbols(*(e for e in self.expressions if isinstance(e, sympy.Basic)))

    @property
    def expressions(self) -> tuple[Any, ...]:
        """Every number and expression in it."""
        matrices = (self.left, *(self.matrices or ()))
        own = [entry for matrix in matrices if matrix is not None for row in matrix for entry in row]
        own += [number for number in _flat(self.numbers) if isinstance(number, (Fraction, sympy.Basic))]
        return (*own, *(() if self.decay is None else (self.decay,)),
                *(entry for part in self.parts for entry in part.expressions))

    @property
    def leaves(self) -> tuple[Quantity, ...]:
        """The quantities that it is made of, each once; itself where it is no combination."""
        if self.kind != "combination":
            return (self,)
        return tuple(dict.fromkeys(leaf for part in self.parts for leaf in part.leaves))

    @property
    def is_number(self) -> bool:
        """Whether it is a number by its kind: a loss, or what is made of the Hessian."""
        return self.kind in NUMBERS

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
        if self.is_number:
            name = "the loss" if self.kind == "loss" else f"{self}"
            raise InputError(f"A @ {self.kind}(t): {name} is a number; a matrix cannot be applied to it.")
        if self.kind == "combination":
            return _combined("left", (self,), tuple(map(tuple, matrix)))
        if self.left is not None:
            current = np.array(self.left, dtype=object)
            if matrix.shape[1] != current.shape[0]:
                raise InputError(f"A: shape {matrix.shape} does not fit the matrix of shape {current.shape} "
                                 "that is applied already.")
            matrix = matrix @ current
        return replace(self, left=tuple(map(tuple, matrix)))

    def __add__(self, other: Any) -> Quantity:
        return _sum((self, _operand(other)), (1, 1))

    def __radd__(self, other: Any) -> Quantity:
        return _sum((_operand(other), self), (1, 1))

    def __sub__(self, other: Any) -> Quantity:
        return _sum((self, _operand(other)), (1, -1))

    def __rsub__(self, other: Any) -> Quantity:
        return _sum((_operand(other), self), (1, -1))

    def __neg__(self) -> Quantity:
        return _sum((self,), (-1,))

    def __mul__(self, other: Any) -> Quantity:
        if isinstance(other, Quantity):
            return _combined("times", (self, other))
        return _sum((self,), (to_exact(_no_text(other), "factor"),))

    def __rmul__(self, other: Any) -> Quantity:
        return self * other

    def __truediv__(self, other: Any) -> Quantity:
        divisor = to_exact(_no_text(other), "divisor")
        if divisor == 0:
            raise InputError("a quantity cannot be divided by zero.")
        return _sum((self,), (1 / divisor,))

    def __getitem__(self, index: Any) -> Quantity:
        places = index if isinstance(index, tuple) else (index,)
        return _combined("entry", (self,), tuple(
            read_integer(place, "index", 0, "an entry has integers >= 0 for its place") for place in places))

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
        if self.kind == "combination":
            return _code(self)
        parts = [show(self.step) or ""]
        if self.matrices is not None:
            parts.append(show([[list(row) for row in matrix] for matrix in self.matrices]) or
                         f"<{len(self.matrices)} matrices>")
        parts += [f"data={show(self.data)}"] * (self.data is not None)
        parts += [f"power={self.power}"] * (self.power != 1)
        parts += [f"layer={self.layer!r}"] * (self.layer is not None)
        parts += [f"decay={show(self.decay)}"] * (self.decay is not None)
        name = _SLOTS.get(self.slot or "", self.kind)
        left = "" if self.left is None else show([list(row) for row in self.left]) or "<a matrix>"
        return f"{left}{' @ ' * bool(left)}{name}({', '.join(parts)})"

    def __str__(self) -> str:
        if self.kind == "combination":
            return _text(self)
        names = {"gradient": "g", "full_gradient": "∇L", "weights": "w", "loss": "L", "sample_gradients": "ΣA∇L",
                 "squared_gradient": "mean ‖∇ℓ‖²", "hessian_trace": "tr H" + f"^{self.power}" * (self.power > 1),
                 "hessian_spread": "mean ∇ℓ'H∇ℓ", "hessian_slope": "∇L'H∇L"}
        place = brief(Fraction(self.layer)) if isinstance(self.layer, int) else self.layer
        layer = "" if place is None else f",{place}"
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
    return _combined("inner", (read_quantity(first, "first"), read_quantity(second, "second")))


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
    return _combined("outer", (first, second))


def hessian_spread(t: Any, layer: int | str | None = None) -> Quantity:
    """E l' H l over one sample's gradient l at w_t, H the Hessian of L."""
    return Quantity("hessian_spread", _step(t), _layer(layer))


def hessian_slope(t: Any, layer: int | str | None = None) -> Quantity:
    """grad L' H grad L at w_t."""
    return Quantity("hessian_slope", _step(t), _layer(layer))


def _combined(operation: str, parts: tuple[Quantity, ...], numbers: tuple[Any, ...] = ()) -> Quantity:
    steps = [leaf.step for part in parts for leaf in part.leaves]
    letters = [step for step in steps if isinstance(step, sympy.Symbol)]
    if letters:
        raise InputError(f"a combination of quantities needs numbers for its steps, found t = {letters[0]}.")
    return Quantity("combination", max(map(int, steps), default=0), operation=operation, parts=parts, numbers=numbers)


def _sum(parts: tuple[Quantity, ...], factors: tuple[Any, ...]) -> Quantity:
    """The sum of parts with factors; sums in it are merged."""
    terms: dict[Quantity, Exact] = {}
    for part, factor in zip(parts, factors, strict=True):
        inside = zip(part.parts, part.numbers, strict=True) if part.operation == "sum" else [(part, Fraction(1))]
        for term, c in inside:
            terms[term] = terms.get(term, Fraction(0)) + c * (Fraction(factor) if isinstance(factor, int) else factor)
    return _combined("sum", tuple(terms), tuple(terms.values()))


def _operand(value: Any) -> Quantity:
    """A quantity as it is; a number or an array as a quantity that is not random."""
    if isinstance(value, Quantity):
        return value
    array = to_exact_array(_no_text(value), "array")
    return Quantity("combination", 0, operation="array", numbers=(tuple(array.shape), tuple(array.flat)))


def _no_text(value: Any) -> Any:
    """The value; `InputError` for a text, which beside an operator is more likely a slip than a number."""
    if isinstance(value, str):
        raise InputError(f"found the text {shown(value)} beside a quantity; use a number, a symbol or an array.")
    return value


def _flat(numbers: Any) -> list[Any]:
    return [entry for number in numbers for entry in _flat(number)] if isinstance(numbers, tuple) else [numbers]


def _code(quantity: Quantity) -> str:
    """A combination as code."""
    operation, parts, numbers = quantity.operation, quantity.parts, quantity.numbers
    if operation == "array":
        return f"<an array of shape {numbers[0]}>" if len(numbers[1]) > 1 else show(numbers[1][0]) or "<a number>"
    inside = [repr(part) for part in parts]
    if operation == "inner":
        return f"inner({', '.join(inside)})"
    if operation == "sum":
        terms = [text if c == 1 else f"{show(c)} * ({text})" for text, c in zip(inside, numbers, strict=True)]
        return f"({' + '.join(terms)})"
    if operation == "entry":
        return f"{inside[0]}[{', '.join(map(str, numbers))}]"
    if operation in ("times", "outer"):
        return (" * " if operation == "times" else " ⊗ ").join(inside)
    return f"{show([list(row) for row in numbers]) or '<a matrix>'} @ {inside[0]}"


def _text(quantity: Quantity) -> str:
    """A combination for people."""
    operation, parts, numbers = quantity.operation, quantity.parts, quantity.numbers
    inside = [str(part) for part in parts]
    if operation == "array":
        return brief(numbers[1][0]) if len(numbers[1]) == 1 else "c"
    if operation == "inner":
        return f"⟨{', '.join(inside)}⟩"
    if operation == "sum":
        text = " + ".join(name if c == 1 else f"{brief(c)} {name}" for name, c in zip(inside, numbers, strict=True))
        return f"({text.replace('+ -1 ', '− ')})"
    if operation == "entry":
        return f"{inside[0]}[{', '.join(map(str, numbers))}]"
    return f"A {inside[0]}" if operation == "left" else " ".join(inside)
