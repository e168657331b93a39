"""The arithmetic of index graphs, for `predict`: an entry of a weight array is an edge, of x an edge at the batch.

>>> W, x = letter(Label("W", (2, 3))), letter(Label("x", (BATCH, 3), "data"), sample=True)
>>> (W @ x).block.graphs
(1) <0|0] <1|1] W x.T[1,0]
>>> (2 * (W @ x) ** 2 - 1).shape
(2,)
>>> x > 0
Traceback (most recent call last):
    ...
sgdmoments.errors.OperandError: a comparison of numbers: index graphs know +, - and * of arrays, numbers and symbols, \
/ by numbers and symbols, @, .T, integer powers, x[None, :], integer indices and .sum().
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sgdmoments.exact.numbers import to_exact_array
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.index_sum import array_of, index_sum
from sgdmoments.graphs.labels import BATCH, Dimension, Label
from sgdmoments.tracing.arrays import Shape, TracedArray

#: The index of the batch vertex in sums over indices; those of the axes are 1, 2, ....
_BATCH = 0


@dataclass(frozen=True, slots=True)
class GraphBlock:
    """An array whose entries are sums of index graphs.

    Attributes:
        graphs: open ends: the batch vertex first, where the array belongs to one sample; then the axes.
        shape: the dimension of each axis.
        sample: whether it belongs to one sample: it depends on x.
    """

    graphs: Expression
    shape: Shape
    sample: bool = False

    @property
    def axes(self) -> range:
        """The indices of the axes."""
        return range(1, len(self.shape) + 1)

    @property
    def dimensions(self) -> dict[int, Dimension]:
        """The dimension of each index of the axes."""
        return dict(zip(self.axes, self.shape, strict=True))

    @property
    def per_sample(self) -> Expression:
        """The graphs with an open batch end, also where they do not depend on x."""
        if self.sample:
            return self.graphs
        dimensions: dict[int, Dimension] = {_BATCH: BATCH, **self.dimensions}
        return index_sum([(self.graphs, self.axes)], (_BATCH, *self.axes), dimensions)


class GraphAlgebra:
    """Sums and products of index graphs."""

    def number(self, value: Any) -> GraphBlock:
        """A number or symbol."""
        return GraphBlock(Expression.scalar(value), ())

    def inverse(self, number: GraphBlock) -> GraphBlock:
        """1 / a number."""
        return GraphBlock(number.graphs.inverse(), ())

    def constant(self, values: Any, name: str = "C") -> GraphBlock:
        """Numbers (or symbols) as a letter of known values."""
        array = to_exact_array(values, "a constant in predict")
        label = Label(name, array.shape, kind="run")
        return GraphBlock(array_of(label).with_known({label: array}), array.shape)

    def ones(self, shape: Shape) -> GraphBlock:
        """An array of ones."""
        axes = range(1, len(shape) + 1)
        return _made([(self.number(1), ())], axes, dict(zip(axes, shape, strict=True)))

    def plus(self, a: GraphBlock, b: GraphBlock, shape: Shape) -> GraphBlock:
        """The sum of both, once they have the same ends."""
        sample = a.sample or b.sample
        left, right = (block if block.shape == shape else self.times(block, self.ones(shape), shape)
                       for block in (a, b))
        if sample:
            return GraphBlock(left.per_sample + right.per_sample, shape, True)
        return GraphBlock(left.graphs + right.graphs, shape)

    def times(self, a: GraphBlock, b: GraphBlock, shape: Shape) -> GraphBlock:
        """Two graphs with their open ends identified."""
        if (not a.shape and a.graphs.is_constant) or (not b.shape and b.graphs.is_constant):
            return GraphBlock(a.graphs * b.graphs, shape, a.sample or b.sample)
        axes = tuple(range(1, len(shape) + 1))
        dimensions: dict[int, Dimension] = dict(zip(axes, shape, strict=True))
        places = []
        for block in (a, b):
            own = list(axes[len(axes) - len(block.shape):])
            for k, size in enumerate(block.shape):
                if size != dimensions[own[k]]:  # an axis of length 1 beside a longer one: its only entry
                    own[k] = max(dimensions) + 1
                    dimensions[own[k]] = size
            places.append((block, own))
        return _made(places, axes, dimensions)

    def matmul(self, a: GraphBlock, b: GraphBlock) -> GraphBlock:
        """Two graphs with an end of one at an end of the other."""
        left, right = ((2,), (1, 2))[len(a.shape) - 1], ((2,), (2, 3))[len(b.shape) - 1]
        dimensions = {**dict(zip(left, a.shape, strict=True)), **dict(zip(right, b.shape, strict=True))}
        return _made([(a, left), (b, right)], (*left[:-1], *right[1:]), dimensions)

    def transposed(self, block: GraphBlock) -> GraphBlock:
        """The open ends numbered in reverse."""
        return _made([(block, block.axes)], block.axes[::-1], block.dimensions)

    def summed(self, block: GraphBlock, axes: Sequence[int]) -> GraphBlock:
        """Open ends closed."""
        return _made([(block, block.axes)], [k for k in block.axes if k - 1 not in axes],
                     block.dimensions)

    def with_axis(self, block: GraphBlock, axis: int) -> GraphBlock:
        """One more open end, on a vertex of its own."""
        places = range(1, len(block.shape) + 2)
        own = [k for k in places if k != axis + 1]
        return _made([(block, own)], places, {axis + 1: 1, **dict(zip(own, block.shape, strict=True))})

    def entry(self, block: GraphBlock, axis: int, place: int) -> GraphBlock:
        """The product with a unit vector."""
        size = block.shape[axis]
        assert isinstance(size, int)
        if size == 1:
            return self.summed(block, [axis])
        return _made([(block, block.axes), (self._unit(place, size), (axis + 1,))],
                     [k for k in block.axes if k != axis + 1], block.dimensions)

    def stacked(self, numbers: Sequence[GraphBlock]) -> GraphBlock:
        """The sum of the numbers times unit vectors."""
        shape = (len(numbers),)
        if len(numbers) == 1:
            return self.times(numbers[0], self.ones(shape), shape)
        total = self.times(self.number(0), self.ones(shape), shape)
        for k, number in enumerate(numbers):
            total = self.plus(total, self.times(number, self._unit(k, len(numbers)), shape), shape)
        return total

    def _unit(self, place: int, size: int) -> GraphBlock:
        return self.constant([int(k == place) for k in range(size)], f"e{place + 1}")


GRAPHS = GraphAlgebra()


def letter(label: Label, sample: bool = False) -> TracedArray:
    """A letter in `predict`: a weight array, or (batch, ...) the data of one sample."""
    return TracedArray(GraphBlock(array_of(label), label.dimensions[sample:], sample), GRAPHS)


def _made(blocks: Sequence[tuple[GraphBlock, Sequence[int]]], kept: Sequence[int],
          dimensions: dict[int, Dimension]) -> GraphBlock:
    """A sum over indices of arrays of one sample and of constants; the batch vertex is shared and kept."""
    sample = any(block.sample for block, _ in blocks)
    terms = [(block.graphs, (*(_BATCH,) * block.sample, *axes)) for block, axes in blocks]
    batch: dict[int, Dimension] = {_BATCH: BATCH} if sample else {}
    return GraphBlock(index_sum(terms, (*batch, *kept), {**batch, **dimensions}),
                      tuple(dimensions[k] for k in kept), sample)
