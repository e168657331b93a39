"""Whether two expressions are the same function of their open letters.

Two answers may look different and be equal: one knows a covariance that is the identity, the other has none; one has
the error matrix R as a letter, the other is written out; one knows numbers that cancel. A random point modulo a prime
finds nearly every difference and proves it. Where it finds none, the difference is written out in the entries of the
matrices, which decides.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from sgdmoments.errors import InputError
from sgdmoments.exact.coefficients import read_entry
from sgdmoments.exact.ring import ring_of
from sgdmoments.graphs.contract import evaluate
from sgdmoments.graphs.derived import expand_derived
from sgdmoments.graphs.graph_sum import GraphSum
from sgdmoments.graphs.labels import Label
from sgdmoments.graphs.meaning import letters
from sgdmoments.graphs.modular import RandomPoint

#: Primes below 2^31; the second is for numbers whose denominator the first divides.
PRIMES = (2**31 - 1, 2**31 - 19)


def same_function(first: GraphSum, second: GraphSum) -> bool:
    """Whether two expressions have the same value at all values of their open letters and symbols.

    >>> from sgdmoments.graphs.labels import Label
    >>> A, S = Label("A", (2, 2)), Label("S", (2, 2), symmetric=True)
    >>> norm, weighed = (GraphSum.from_edges(edges) for edges in (
    ...     [(A, 0, 1), (A, 0, 1)], [(A, 0, 1), (S, 1, 2), (A, 0, 2)]))
    >>> same_function(norm, weighed.with_known({S: [[1, 0], [0, 1]]})), same_function(norm, weighed)
    (True, False)
    """
    if first and second and first.open_ends != second.open_ends:
        return False
    difference = _difference(first, second)
    if not difference:
        return True
    if not _irrational(difference) and np.any(_at_random_point(difference)):
        return False
    return _vanishes(difference)


def _difference(first: GraphSum, second: GraphSum) -> GraphSum:
    a, b = first.meet(second)
    total = dict(a.raw)
    for monomial, c in b.raw.items():
        total[monomial] = total[monomial] - c if monomial in total else -c
    return GraphSum.from_raw(a.ring, total, {**a.known, **b.known})


def fingerprint(expression: GraphSum) -> int:
    """A hash that is equal for equal functions, and the hash of the number or polynomial where it is one.

    It is that of the exact value at fixed small integers for the entries of the open letters.
    """
    sizes = {d: 2 + _digest(d.name)[0] % 3 for label in expression.labels for d in label.dimensions
             if not isinstance(d, int)}
    values: dict[Any, Any] = {s: s for s in expression.symbols - sizes.keys()}
    values |= sizes
    for label in _open_letters(expression):
        values[label] = _integers(label, [d if isinstance(d, int) else sizes[d] for d in label.dimensions])
    value = evaluate(expression, {**values, **expression.relevant})
    return hash(tuple(map(read_entry, value.flat)) if isinstance(value, np.ndarray) else read_entry(value))


def _integers(label: Label, shape: list[int]) -> np.ndarray[Any, Any]:
    """An array of small integers that depends on the letter alone."""
    array = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        place = tuple(sorted(index)) if label.symmetric else index
        array[index] = Fraction(1 + _digest(f"{label} {place}")[0] % 11)
    return array


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _open_letters(expression: GraphSum) -> frozenset[Label]:
    return letters(expression.labels) - expression.known.keys()


def _irrational(expression: GraphSum) -> bool:
    """Whether irrational numbers occur: they have no residues that know their powers."""
    rings = [expression.ring, ring_of(entry for value in expression.relevant.values() for entry in value.flat
                                      if not isinstance(entry, Fraction))]
    return any(ring.reduction is not None for ring in rings)


def _at_random_point(expression: GraphSum) -> Any:
    """The residue of an expression, or its array over the open ends, known letters at their numbers."""
    for prime in PRIMES:
        drawn = RandomPoint(prime=prime)
        try:
            given = {label: _residues(value, drawn) for label, value in expression.relevant.items()}
            return RandomPoint(letters=given, prime=prime)(expression)
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


def _vanishes(difference: GraphSum) -> bool:
    """Decide by writing the difference out in the entries of its open matrices.

    A dimension that is a letter is taken as large as there are indices of it in one monomial, so that all of them can
    differ: then different monomials are different functions. In coefficients it stays a letter, since a matrix may be
    padded with zeros: a sum over the graphs that vanishes at every size vanishes for every value of the coefficients.
    """
    expanded = expand_derived(difference).with_known(difference.known)
    known = dict(expanded.relevant)
    if expanded.is_constant or not (known or _has_numbers(expanded)):
        return not expanded
    sizes = _index_counts(expanded)
    apart = {d: sympy.Dummy(d.name) for d in sizes.keys() & expanded.symbols}
    values: dict[Any, Any] = {**known, **sizes, **{s: s for s in expanded.symbols - apart.keys()}}
    for label in _open_letters(expanded):
        values[label] = _entries(label, [sizes.get(d, d) for d in label.dimensions])
    values |= {letter: letter for letter in apart.values()}
    written = expanded.substitute({d: ring_of([letter])(letter) for d, letter in apart.items()})
    result = evaluate(written, values)
    return not any(bool(entry) for entry in np.ravel(np.asarray(result, dtype=object)))


def _has_numbers(expression: GraphSum) -> bool:
    """Whether a dimension is a number: then monomials may be related, as traces of small matrices are."""
    return any(isinstance(d, int) for label in expression.labels for d in label.dimensions)


def _index_counts(expression: GraphSum) -> dict[Any, int]:
    """For each dimension that is a letter the most indices of it in one monomial."""
    counts: dict[Any, int] = {}
    for monomial in expression.monomials:
        found = {(k, v): d for k, graph in enumerate(monomial) for edge in graph.edges
                 for v, d in zip(edge[1:], edge[0].dimensions, strict=True) if not isinstance(d, int)}
        for d, count in Counter(found.values()).items():
            counts[d] = max(counts.get(d, 0), count)
    return counts


def _entries(label: Label, shape: list[int]) -> np.ndarray[Any, Any]:
    """A symbol for each entry of a matrix."""
    array = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        place = tuple(sorted(index)) if label.symmetric else index
        array[index] = sympy.Symbol(f"\x1e{label}\x1e{place}")
    return array
