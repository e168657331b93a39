"""A quantity: a random vector, matrix or number at a step of SGD, or a combination of several.

A quantity is a description; `SGD.mean`, `SGD.second_moment` and `SGD.variance` answer it. ``A @ quantity`` applies a
matrix on the left of the (vectorised) quantity; sums, multiples, entries and products of quantities are quantities.
"""

from __future__ import annotations

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
from sgdmoments.reading import read_integer, shown

Kind = Literal["gradient", "full_gradient", "weights", "loss", "sample_gradients", "squared_gradient", "hessian_trace",
               "hessian_spread", "hessian_slope", "combination"]
Matrix = tuple[tuple[Exact, ...], ...]
#: The slot of averages of the weights.
AVERAGE = "average"
#: Operations that multiply their parts.
PRODUCTS = ("inner", "times", "outer")
#: Kinds of quantities that a run shows as it goes.
ALONG_THE_RUN = frozenset({"gradient", "full_gradient", "weights", "loss", "sample_gradients"})
#: Kinds of quantities that are numbers.
NUMBERS = frozenset({"loss", "squared_gradient", "hessian_trace", "hessian_spread", "hessian_slope"})
#: Characters of a layer's name that are shown to people.
_LONGEST_NAME = 60
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
    def is_along_the_run(self) -> bool:
        """Whether it is read off a run as it goes: gradients, weights, the loss that is trained, sums of gradients."""
        return self.kind in ALONG_THE_RUN and self.data is None

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
            return combination("left", (self,), tuple(map(tuple, matrix)))
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
            return combination("times", (self, other))
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
        return combination("entry", (self,), tuple(
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
        place = place if place is None or len(place) <= _LONGEST_NAME else f"{place[:_LONGEST_NAME]}…"
        layer = "" if place is None else f",{place}"
        name = {None: names[self.kind], VELOCITY: "v", AVERAGE: "w̄"}[self.slot]
        return f"{'A ' * (self.left is not None)}{name}_{self.step}{layer}"


def combination(operation: str, parts: tuple[Quantity, ...], numbers: tuple[Any, ...] = ()) -> Quantity:
    """The quantity that an operation makes of others; its step is their last."""
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
    return combination("sum", tuple(terms), tuple(terms.values()))


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
