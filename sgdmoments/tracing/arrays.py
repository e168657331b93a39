"""The array that a model's methods are given when they are run in another arithmetic than numbers.

`TracedArray` has Python's operators; an `Algebra` says what they mean: sums and products of index graphs
(`tracing.graphs`), or counts of them (`tracing.counts`). What they give may be made of what makes polynomials: +, -
and * of arrays (shapes as NumPy broadcasts them), numbers and symbols, / by these, @, .T, integer powers, indices and
sums; anything else is refused by its name.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any, NoReturn, Protocol

import numpy as np

from sgdmoments.describe.model import shape_text
from sgdmoments.errors import InputError, OperandError
from sgdmoments.graphs.labels import Dimension
from sgdmoments.reading import is_integer

ALLOWED = ("index graphs know +, - and * of arrays, numbers and symbols, / by numbers and symbols, @, .T, integer "
           "powers, x[None, :], integer indices and .sum()")
Shape = tuple[Dimension, ...]
#: What an algebra computes with; it has a `shape`.
Block = Any


class Algebra(Protocol):
    """The operations on blocks, whose shapes are checked before."""

    def number(self, value: Any) -> Block:
        """A number or symbol, without axes; `InputError` for anything else."""

    def inverse(self, number: Block) -> Block:
        """1 / a number; `InputError` where it is none."""

    def constant(self, values: Any) -> Block:
        """An array of numbers or symbols."""

    def ones(self, shape: Shape) -> Block:
        """An array of ones."""

    def plus(self, a: Block, b: Block, shape: Shape) -> Block:
        """a + b, broadcast to a shape."""

    def times(self, a: Block, b: Block, shape: Shape) -> Block:
        """a * b, entry by entry, broadcast to a shape."""

    def matmul(self, a: Block, b: Block) -> Block:
        """a @ b for vectors and matrices."""

    def transposed(self, block: Block) -> Block:
        """The array with its axes in reverse."""

    def summed(self, block: Block, axes: Sequence[int]) -> Block:
        """The sum over some axes."""

    def with_axis(self, block: Block, axis: int) -> Block:
        """The array with one more axis, of length 1, before the given one."""

    def entry(self, block: Block, axis: int, place: int) -> Block:
        """The part of an array at one place of an axis."""

    def stacked(self, numbers: Sequence[Block]) -> Block:
        """The vector of some numbers."""


class TracedArray:
    """A block of an algebra with Python's operators."""

    __slots__ = ("algebra", "block")

    #: sympy expressions leave the operators to this class.
    _op_priority = 100.0

    def __init__(self, block: Block, algebra: Algebra) -> None:
        self.block, self.algebra = block, algebra

    @property
    def shape(self) -> Shape:
        """The dimension of each axis."""
        shape: Shape = self.block.shape
        return shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def T(self) -> TracedArray:
        """The array with its axes in reverse."""
        return self._made(self.algebra.transposed(self.block))

    def sum(self, axis: int | None = None) -> TracedArray:
        """The sum over all entries, or over one axis."""
        if axis is not None and not -self.ndim <= axis < self.ndim:
            raise InputError(f"sum: there is no axis {axis} in an array of shape {shape_text(self.shape)}.")
        axes = range(self.ndim) if axis is None else [axis % self.ndim]
        return self._made(self.algebra.summed(self.block, axes))

    def __matmul__(self, other: Any) -> TracedArray:
        return _matmul(self, self._like(other, "@"))

    def __rmatmul__(self, other: Any) -> TracedArray:
        return _matmul(self._like(other, "@"), self)

    def __add__(self, other: Any) -> TracedArray:
        like = self._like(other, "+")
        return self._made(self.algebra.plus(self.block, like.block, _common(self, like, "+")))

    __radd__ = __add__

    def __neg__(self) -> TracedArray:
        return self * -1

    def __pos__(self) -> TracedArray:
        return self

    def __sub__(self, other: Any) -> TracedArray:
        return self + self._like(other, "-") * -1

    def __rsub__(self, other: Any) -> TracedArray:
        return -self + other

    def __mul__(self, other: Any) -> TracedArray:
        like = self._like(other, "*")
        return self._made(self.algebra.times(self.block, like.block, _common(self, like, "*")))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> TracedArray:
        if isinstance(other, (TracedArray, list, tuple)) or np.ndim(other):
            refuse("a division by an array")
        return self * self._made(self.algebra.inverse(self._like(other, "/").block))

    def __pow__(self, exponent: Any) -> TracedArray:
        if not is_integer(exponent) or exponent < 0:
            refuse(f"the power {exponent!r}")
        product = self._made(self.algebra.ones(self.shape))
        for _ in range(int(exponent)):
            product = product * self
        return product

    def __getitem__(self, place: Any) -> TracedArray:
        places = place if isinstance(place, tuple) else (place,)
        array, axis = self, 0
        for k in places:
            if k is None:
                array, axis = self._made(self.algebra.with_axis(array.block, axis)), axis + 1
            elif isinstance(k, slice) and k == slice(None) and axis < array.ndim:
                axis += 1
            elif isinstance(k, (int, np.integer)) and not isinstance(k, bool) and axis < array.ndim:
                at = _place(int(k), array.shape[axis])
                array = self._made(self.algebra.entry(array.block, axis, at))
            else:
                refuse(f"the index [{', '.join(map(str, places))}]")
        return array

    def __len__(self) -> int:
        if not self.shape or not isinstance(self.shape[0], int):
            raise TypeError("len() of a number, or of an array whose length is a letter")
        return self.shape[0]

    def _made(self, block: Block) -> TracedArray:
        return TracedArray(block, self.algebra)

    def _like(self, value: Any, operation: str) -> TracedArray:
        return self._made(read_block(value, self.algebra, operation))

    # -- what NumPy and Python ask -------------------------------------------------------------------------

    def __array_ufunc__(self, function: np.ufunc, method: str, *arguments: Any, **options: Any) -> TracedArray:
        if method != "__call__" or options or function.__name__ not in _UFUNCS:
            refuse(f"numpy.{function.__name__}")
        first, *others = arguments
        made: TracedArray = _UFUNCS[function.__name__](self._like(first, function.__name__), *others)
        return made

    def __array_function__(self, function: Callable[..., Any], *_: Any) -> NoReturn:
        refuse(f"numpy.{function.__name__}")

    def __array__(self, *_: Any, **__: Any) -> np.ndarray[Any, Any]:
        if self.shape:
            refuse("a conversion to a NumPy array")
        out = np.empty((), dtype=object)  # so that np.array([f, g]) holds numbers
        out[()] = self
        return out

    def _decided(self, *_: Any) -> Any:
        refuse("a comparison of numbers")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = _decided
    __hash__ = None  # type: ignore[assignment]

    def _no_number(self, *_: Any) -> Any:
        refuse("a conversion to a number")

    __float__ = __int__ = __complex__ = __index__ = __abs__ = _no_number

    def _divided(self, other: Any) -> NoReturn:
        refuse("a division by an array, or a power whose exponent is one")

    __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __rpow__ = _divided


#: NumPy's names for what is allowed; an operator with a NumPy array on its left is one of them.
_UFUNCS: dict[str, Callable[..., Any]] = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "matmul": operator.matmul,
    "divide": operator.truediv, "negative": operator.neg, "power": operator.pow, "square": lambda a: a**2}


def read_block(value: Any, algebra: Algebra, operation: str) -> Block:
    """An operand: a traced array, a number, a symbol, or an array of these."""
    if isinstance(value, TracedArray):
        return value.block
    if isinstance(value, np.ndarray) and not value.ndim:
        value = value[()]
    if isinstance(value, (list, tuple, np.ndarray)):
        if any(isinstance(part, TracedArray) for part in value):
            numbers = [read_block(part, algebra, operation) for part in value]
            if any(number.shape for number in numbers):
                refuse(f"{operation} with a list of arrays")
            return algebra.stacked(numbers)
        return algebra.constant(value)
    if isinstance(value, (float, np.floating)):
        raise OperandError(f"{operation}: found the float {value!r}; index graphs are exact: write 1/2 as "
                           "Fraction(1, 2).")
    if isinstance(value, (str, bytes)):
        refuse(f"{operation} with a text")
    try:
        return algebra.number(value)
    except InputError:
        refuse(f"{operation} with {value!r}")


def refuse(operation: str) -> NoReturn:
    """Raises the error that names what makes no polynomial, and what is allowed."""
    raise OperandError(f"{operation}: {ALLOWED}.")


def _matmul(a: TracedArray, b: TracedArray) -> TracedArray:
    if a.ndim not in (1, 2) or b.ndim not in (1, 2) or a.shape[-1] != b.shape[0]:
        raise InputError(f"@: shapes {shape_text(a.shape)} and {shape_text(b.shape)} have no product.")
    return TracedArray(a.algebra.matmul(a.block, b.block), a.algebra)


def _common(a: TracedArray, b: TracedArray, operation: str) -> Shape:
    """The shape of an elementwise operation, as NumPy broadcasts."""
    shape: list[Dimension] = []
    for m, n in zip_longest(a.shape[::-1], b.shape[::-1], fillvalue=1):
        if m != n and 1 not in (m, n):
            raise InputError(f"{operation}: shapes {shape_text(a.shape)} and {shape_text(b.shape)} do not go together.")
        shape.append(n if m == 1 else m)
    return tuple(shape[::-1])


def _place(place: int, size: Dimension) -> int:
    if not isinstance(size, int):
        refuse(f"the index {place} of an axis whose length is the letter {size}")
    if not -size <= place < size:
        raise IndexError(f"index {place} is out of range for an axis of length {size}")
    return place % size
