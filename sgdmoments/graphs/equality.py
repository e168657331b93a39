"""Whether two expressions are the same function of their open letters.

Two answers may look different and be equal: one knows a covariance that is the identity, the other has none; one has
the error matrix R as a letter, the other is written out; one knows numbers that cancel. A random point modulo a prime
finds nearly every difference and proves it. Where it finds none, the difference is written out in the entries of the
matrices, which decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from sgdmoments.errors import InputError
from sgdmoments.exact.coefficients import read_entry
from sgdmoments.exact.ring import ring_of
from sgdmoments.graphs.contract import evaluate
from sgdmoments.graphs.derived import expand_derived
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.graph import Dimension, Label
from sgdmoments.graphs.meaning import letters
from sgdmoments.graphs.modular import RandomPoint

#: Primes below 2^31; the second is for numbers whose denominator the first divides.
PRIMES = (2**31 - 1, 2**31 - 19)


def same_function(first: Expression, second: Expression) -> bool:
    """Whether two expressions have the same value at all values of their open letters and symbols.

    >>> from sgdmoments.graphs.graph import Label
    >>> A, S = Label("A", (2, 2)), Label("S", (2, 2), symmetric=True)
    >>> norm, weighed = (Expression.from_edges(edges) for edges in (
    ...     [(A, 0, 1), (A, 0, 1)], [(A, 0, 1), (S, 1, 2), (A, 0, 2)]))
    >>> same_function(norm, weighed.with_known({S: [[1, 0], [0, 1]]})), same_function(norm, weighed)
    (True, False)
    """
    if first and second and first.open_ends != second.open_ends:
        return False
    difference = first - second
    if not difference:
        return True
    if not _irrational(difference) and np.any(_at_random_point(difference, _small_sizes(difference, "first"), 1)):
        return False
    return _vanishes(difference)


def fingerprint(expression: Expression) -> int:
    """A hash that is equal for equal functions, and the hash of the number or polynomial where it is one.

    The value at a fixed point modulo a prime; where that is the value with all open letters zero, the hash of the
    latter (irrational numbers have no residues: there it always is).
    """
    sizes = _small_sizes(expression, "hash")
    if expression.open_ends:
        return 0 if _irrational(expression) else hash(tuple(map(int, np.ravel(_at_random_point(expression, sizes, 0)))))
    zeros = {label: np.zeros([_size(d, sizes) for d in label.dimensions], dtype=int)
             for label in _open_letters(expression)}
    if not _irrational(expression):
        whole = _at_random_point(expression, sizes, 0)
        if whole != _at_random_point(expression, sizes, 0, zeros):
            return hash(int(whole))
    sized = {d for label in expression.labels for d in label.dimensions}
    given = {s: s for s in expression.symbols - sized}
    return hash(read_entry(evaluate(expression, {**zeros, **expression.relevant, **given})))


def _open_letters(expression: Expression) -> frozenset[Label]:
    return letters(expression.labels) - expression.known.keys()


def _irrational(expression: Expression) -> bool:
    """Whether irrational numbers occur: they have no residues that know their powers."""
    rings = [expression.ring, ring_of(entry for value in expression.relevant.values() for entry in value.flat
                                      if not isinstance(entry, Fraction))]
    return any(ring.reduction is not None for ring in rings)


def _small_sizes(expression: Expression, salt: str) -> dict[Dimension, int]:
    """A small number for each dimension that is a letter; for a hash, for each symbol by its name alone."""
    symbols = expression.free_symbols
    if salt != "hash":
        symbols -= expression.symbols - {d for label in expression.labels for d in label.dimensions}
    return {s: 2 + hashlib.sha256(f"{salt} {s.name}".encode()).digest()[0] % 4 for s in symbols}


def _size(dimension: Dimension, sizes: Mapping[Dimension, int]) -> int:
    return dimension if isinstance(dimension, int) else sizes[dimension]


def _at_random_point(expression: Expression, sizes: Mapping[Dimension, int], seed: int,
                     letters: Mapping[Label, Any] | None = None) -> Any:
    """The residue of an expression, or its array over the open ends, known letters at their numbers."""
    for prime in PRIMES:
        drawn = RandomPoint(seed, sizes, prime=prime)
        try:
            given = {label: _residues(value, drawn) for label, value in expression.relevant.items()}
            return RandomPoint(seed, sizes, {**given, **(letters or {})}, prime)(expression)
        except ValueError as error:  # a denominator without an inverse
            if isinstance(error, InputError):
                raise
    raise InputError("a number has a denominator that two primes near 2^31 divide.")


def _residues(value: np.ndarray[Any, Any], point: RandomPoint) -> np.ndarray[Any, Any]:
    found = np.empty(value.shape, dtype=np.int64)
    for index in np.ndindex(value.shape):
        entry = read_entry(value[index])
        found[index] = point.arithmetic.residue(entry) if isinstance(entry, Fraction) else point.coefficient(entry)
    return found


def _vanishes(difference: Expression) -> bool:
    """Decide by writing the difference out in the entries of its open matrices."""
    expanded = expand_derived(difference).with_known(difference.known)
    if not expanded:
        return True
    size = max(len(graph.edges) for graph in expanded.graphs) if expanded.graphs else 1
    values: dict[Any, Any] = dict(expanded.relevant)
    for label in sorted(_open_letters(expanded)):
        values[label] = _entries(label, [d if isinstance(d, int) else size for d in label.dimensions])
    sized = {d for label in expanded.labels for d in label.dimensions}
    values |= {s: s for s in expanded.symbols - sized}
    result = evaluate(expanded, values)
    return not any(bool(entry) for entry in np.ravel(np.asarray(result, dtype=object)))


def _entries(label: Label, shape: list[int]) -> np.ndarray[Any, Any]:
    """A symbol for each entry of a matrix."""
    array = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        place = tuple(sorted(index)) if label.symmetric else index
        array[index] = sympy.Symbol(f"\x1e{label}\x1e{place}")
    return array
