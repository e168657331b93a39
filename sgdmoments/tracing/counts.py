"""How many index graphs a model's prediction has: its methods run on counts, no graph is made.

A count is a number of graphs for each number of data edges. Powers of one array are told from products of different
ones: of N graphs there are C(N + k - 1, k) multisets of k. What is counted is an upper bound but for graphs of
different arrays that turn out to be equal.

>>> import sgdmoments as sm
>>> found = counts_of(sm.Network((2, 2, 2, 1), (0, 1, 1)))
>>> found.edges, found.degree, dict(found.graphs)
((4, 2, 1), 7, {1: 1, 2: 2, 3: 2, 4: 1})
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import comb
from typing import Any

import numpy as np

from sgdmoments.describe.model import Model
from sgdmoments.graphs.expression import Expression
from sgdmoments.tracing.arrays import Shape, TracedArray
from sgdmoments.tracing.run import run

#: Graphs by their number of data edges.
ByEdges = Counter[int]

#: More data edges than this, or more graphs, are not told apart: nothing of that size is ever affordable.
MOST_EDGES, MOST_GRAPHS = 400, 1e30


@dataclass(frozen=True)
class GraphCounts:
    """The graphs of f(x), as numbers.

    Attributes:
        graphs: how many there are, by their number of data edges.
        edges: for each weight array, how many of its edges the largest graph has.
        degree: the number of weight edges of the largest graph.
    """

    graphs: ByEdges
    edges: tuple[int, ...]
    degree: int


def counts_of(model: Model, method: str = "predict") -> GraphCounts:
    """The counts of what a method of a model gives; of `direction`, of all arrays together.

    Raises `RouteError` where it is no polynomial.
    """
    weights = {array.name: _letter(array.shape, Atom(Counter({0: 1}), Counter({k: 1}), 1))
               for k, array in enumerate(model.parameters)}
    constants = {array.name: _letter(array.shape, Atom(Counter({0: 1}))) for array in model.constants}
    sample = {part.name: _letter(part.shape, Atom(Counter({1: 1}))) for part in model.law.parts}
    found = run(model, method, COUNTS, weights, constants, sample)
    blocks = [block.collapsed for block in (found.values() if isinstance(found, dict) else [found])]
    graphs: ByEdges = sum((block.graphs for block in blocks), Counter())
    return GraphCounts(graphs, tuple(max(block.edges[k] for block in blocks) for k in range(len(weights))),
                       max(block.degree for block in blocks))


def _letter(shape: Shape, atom: Atom) -> TracedArray:
    return TracedArray(CountBlock(shape, _only(atom)), COUNTS)


@dataclass(frozen=True, eq=False)
class Atom:
    """An array whose powers are counted as such.

    Attributes:
        graphs: its graphs.
        edges: the edges of each weight array in its largest graph.
        degree: the weight edges of its largest graph.
    """

    graphs: ByEdges
    edges: Counter[int] = field(default_factory=Counter)
    degree: int = 0


#: Products of powers of arrays: a polynomial without its coefficients.
Terms = frozenset[frozenset[tuple[Atom, int]]]


@dataclass(frozen=True)
class CountBlock:
    """An array as a polynomial in atoms."""

    shape: Shape
    terms: Terms

    @property
    def collapsed(self) -> Atom:
        """All its graphs, as one array."""
        if len(self.terms) == 1:
            ((*factors,),) = self.terms
            if len(factors) == 1 and factors[0][1] == 1:
                return factors[0][0]
        total: ByEdges = Counter()
        edges: Counter[int] = Counter()
        degree = 0
        for term in self.terms:
            power: ByEdges = Counter({0: 1})
            share, own = Fraction(1), Counter[int]()
            for atom, k in term:
                kinds = sum(atom.graphs.values())
                for _ in range(k):
                    power = product(power, atom.graphs)
                if 0 < kinds < MOST_GRAPHS:
                    share *= Fraction(comb(kinds + k - 1, k), kinds**k)
                own.update({name: k * count for name, count in atom.edges.items()})
            for d, count in power.items():
                total[d] += max(1, round(count * share)) if count < MOST_GRAPHS else count
            edges |= own
            degree = max(degree, sum(k * atom.degree for atom, k in term))
        return Atom(Counter(dict(sorted(total.items()))), edges, degree)


class CountAlgebra:
    """Sums, products and contractions, as counts."""

    def number(self, value: Any) -> CountBlock:
        """One graph without edges; none for 0."""
        return CountBlock((), _ONE if Expression.scalar(value) else frozenset())

    def inverse(self, number: CountBlock) -> CountBlock:
        """One graph without edges."""
        return number

    def constant(self, values: Any) -> CountBlock:
        """One graph, without weights or data."""
        return CountBlock(np.shape(values), _only(Atom(Counter({0: 1}))))

    def ones(self, shape: Shape) -> CountBlock:
        """One graph without edges."""
        return CountBlock(shape, _ONE)

    def plus(self, a: CountBlock, b: CountBlock, shape: Shape) -> CountBlock:
        """All graphs of both; equal ones are not looked for beyond powers of the same arrays."""
        return CountBlock(shape, a.terms | b.terms)

    def times(self, a: CountBlock, b: CountBlock, shape: Shape) -> CountBlock:
        """Each graph of one with each of the other."""
        return CountBlock(shape, frozenset(
            frozenset((Counter(dict(m)) + Counter(dict(n))).items()) for m in a.terms for n in b.terms))

    def matmul(self, a: CountBlock, b: CountBlock) -> CountBlock:
        """Each graph of one at each of the other: a new array."""
        left, right = a.collapsed, b.collapsed
        made = Atom(product(left.graphs, right.graphs), left.edges + right.edges, left.degree + right.degree)
        return CountBlock((*a.shape[:-1], *b.shape[1:]), _only(made))

    def transposed(self, block: CountBlock) -> CountBlock:
        """As many graphs."""
        return CountBlock(block.shape[::-1], block.terms)

    def summed(self, block: CountBlock, axes: Sequence[int]) -> CountBlock:
        """As many graphs, of a new array."""
        return CountBlock(tuple(d for k, d in enumerate(block.shape) if k not in axes), _only(block.collapsed))

    def with_axis(self, block: CountBlock, axis: int) -> CountBlock:
        """As many graphs."""
        return CountBlock((*block.shape[:axis], 1, *block.shape[axis:]), block.terms)

    def entry(self, block: CountBlock, axis: int, place: int) -> CountBlock:
        """As many graphs, of a new array."""
        found = block.collapsed
        return CountBlock((*block.shape[:axis], *block.shape[axis + 1:]),
                          _only(Atom(found.graphs, found.edges, found.degree)))

    def stacked(self, numbers: Sequence[CountBlock]) -> CountBlock:
        """All graphs together."""
        return CountBlock((len(numbers),), frozenset(term for number in numbers for term in number.terms))


COUNTS = CountAlgebra()
_ONE: Terms = frozenset([frozenset()])


def _only(atom: Atom) -> Terms:
    return frozenset([frozenset([(atom, 1)])])


def product(a: ByEdges, b: ByEdges) -> ByEdges:
    """The graphs of a product, none merged; what is beyond `MOST_EDGES` is counted as one edge more than that."""
    total: ByEdges = Counter()
    for i, x in a.items():
        for j, y in b.items():
            total[min(i + j, MOST_EDGES + 1)] += min(x * y, 10**40)
    return total
