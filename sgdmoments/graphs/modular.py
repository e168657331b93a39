"""Random evaluation modulo a prime: how a rewrite is rechecked.

Two expressions of degree d that differ agree at a random point modulo a prime q with probability at most d/q
(Schwartz and Zippel); with q = 2^31 - 1 one point settles the matter for any rewrite that occurs here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy

from sgdmoments.exact.ring import INVERSE_BATCH, Polynomial
from sgdmoments.graphs.arithmetic import Array, Modular
from sgdmoments.graphs.contraction import Contraction
from sgdmoments.graphs.derived import definition
from sgdmoments.graphs.graph_sum import GraphSum
from sgdmoments.graphs.labels import BATCH, Dimension, Label

#: The default prime, 2^31 - 1.
PRIME = 2**31 - 1


class RandomPoint:
    """A random point modulo a prime: a number for every letter, drawn when it is first asked for.

    What is drawn depends on the seed and the letter only, so that two expressions meet the same numbers.
    Dimensions left as letters become 2, 3, 4, ... in the order in which they are met, unless given.

    Args:
        seed: chooses the point.
        sizes: dimensions by symbol, in place of the drawn ones; ``BATCH`` for the batch.
        letters: arrays or residues by `Label` or symbol, in place of the drawn ones; they fix the dimensions.
        prime: a prime below 2^31.

    >>> from sgdmoments.graphs.expression import Expression
    >>> A = Label("A", (2, 3))
    >>> norm = Expression.from_edges([(A, 0, 1), (A, 0, 1)])
    >>> point = RandomPoint(seed=1)
    >>> point(3 * norm) == 3 * point(norm) % PRIME, point(norm) == RandomPoint(seed=2)(norm)
    (True, False)
    """

    def __init__(self, seed: int = 0, sizes: Mapping[Any, int] | None = None,
                 letters: Mapping[Any, Any] | None = None, prime: int = PRIME) -> None:
        self.seed, self.prime = seed, prime
        self.arithmetic = Modular(prime)
        self._sizes: dict[Dimension, int] = dict(sizes or {})
        self._given = dict(letters or {})
        for letter, value in self._given.items():
            if isinstance(letter, Label):
                self._sizes.update(zip(letter.dimensions, np.shape(value), strict=True))
        self._residues: dict[sympy.Symbol, int] = {}
        self._contraction = Contraction(self)

    @property
    def sizes(self) -> dict[Dimension, int]:
        """The dimensions chosen so far; a point made with them and the same seed has the same numbers."""
        return dict(self._sizes)

    @property
    def given(self) -> dict[Any, Any]:
        """The letters that were given, not drawn."""
        return dict(self._given)

    def __call__(self, expression: GraphSum) -> Any:
        """The value: a residue, or an array of residues over the open ends."""
        for dimension in sorted({d for label in expression.labels for d in label.dimensions}, key=str):
            self.size(dimension)
        value = self._contraction.expression(expression) % self.prime
        return value if isinstance(value, np.ndarray) else int(value)

    def array(self, label: Label, contraction: Contraction | None = None) -> tuple[Array, int]:
        """The array of a letter (and 1: residues have no denominators)."""
        meaning = definition(label)
        if label in self._given:
            return self.arithmetic.letter(self._given[label], label.name)
        if meaning is not None:
            return self(meaning), 1
        shape = tuple(map(self.size, label.dimensions))
        array = self._draw(str(label)).integers(self.prime, size=shape, dtype=np.int64)
        return (np.tril(array) + np.tril(array, -1).T if label.symmetric else array), 1

    def size(self, dimension: Dimension) -> int:
        """The number of values of an index."""
        if isinstance(dimension, int):
            return dimension
        if dimension not in self._sizes:
            self._sizes[dimension] = 2 + len(self._sizes)
        return self._sizes[dimension]

    def coefficient(self, polynomial: Polynomial) -> int:
        return self.arithmetic.coefficient(polynomial, {s: self.residue(s) for s in polynomial.symbols})

    def residue(self, symbol: sympy.Symbol) -> int:
        """The residue of a symbol: its size for a dimension that has one, 1/b for u, else a drawn number."""
        if symbol in self._sizes:
            return self._sizes[symbol]
        if symbol == INVERSE_BATCH:
            return self.arithmetic.residue(1) * pow(self.size(BATCH), -1, self.prime) % self.prime
        if symbol in self._given:
            return self.arithmetic.residue(self._given[symbol])
        if symbol not in self._residues:
            key = f"{symbol.name} {sorted(symbol.assumptions0.items())} {getattr(symbol, 'dummy_index', '')}"
            self._residues[symbol] = int(self._draw(key).integers(self.prime))
        return self._residues[symbol]

    def _draw(self, key: str) -> np.random.Generator:
        digest = hashlib.sha256(f"{self.seed}\x1e{key}".encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:8], "big"))
