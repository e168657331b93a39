"""Numbers in: the value of an expression at given matrices.

`evaluate` reads the matrices, infers the dimensions from their shapes (`given.py`) and evaluates each distinct graph
once (`contraction.py`). Calls that share a `memo` share every product.

>>> import sympy
>>> from sgdmoments.graphs.labels import Label
>>> A = Label("A", sympy.symbols("m n"))
>>> norm = GraphSum.from_edges([(A, 0, 1), (A, 0, 1)])
>>> evaluate(norm, {"A": [[1, "1/2", 0], [0, 3, 2]]})
Fraction(57, 4)
>>> evaluate(norm, {"A": [[1.0, 0.5, 0], [0, 3, 2]]})
14.25
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np

from sgdmoments.errors import InputError
from sgdmoments.exact.ring import Polynomial, Ring
from sgdmoments.graphs.arithmetic import Array, Floats
from sgdmoments.graphs.contraction import Contraction
from sgdmoments.graphs.given import GivenValues
from sgdmoments.graphs.graph import Monomial
from sgdmoments.graphs.graph_sum import GraphSum
from sgdmoments.graphs.labels import Dimension
from sgdmoments.graphs.meaning import leaves, of_size, resized
from sgdmoments.reading import read_flag, read_values, shown

Sum = TypeVar("Sum", bound=GraphSum)


def evaluate(expression: GraphSum, values: Mapping[Any, Any], *, dtype: type | None = None,
             partial: bool = False, open_symbols: Ring | None = None, memo: dict[Any, Any] | None = None) -> Any:
    """The value of an expression at given matrices and numbers.

    Args:
        expression: a number, or an array with one axis for each open end (in ascending order of their numbers).
        values: arrays and numbers by name ("W1", "W1*", "p", "alpha"), by sympy symbol, or by letter where two
            have one name: ``{sm.matrix("A", "n", "n"): array}`` (or its `Label`). Dimensions are inferred from the
            shapes; a derived letter that is not given is evaluated from its definition.
        dtype: None: exact, unless some value is a float or an array of floats; then in floats throughout (the one
            place where a float is not taken for its exact dyadic value). ``fractions.Fraction``: always exact.
            ``float``: always floats.
        partial: evaluate what the values determine and leave the rest: the result is an expression.
        open_symbols: given, symbols of coefficients without a value stay (matrices must all have one); a ring that
            holds the symbols in the definitions of derived letters.
        memo: a dict that calls share: those with the same values (the same objects) form common products once.

    Returns:
        A Fraction (or ring element where values hold symbols), a float, or an array of them.

    Raises:
        InputError: a letter has no value, an array has the wrong shape, or dimensions disagree.
        BudgetExceeded: a graph needs too large an intermediate array.
    """
    partial = read_flag(partial, "partial")
    if not any(dtype is known for known in (None, float, Fraction)):
        raise InputError(f"dtype: found {shown(dtype)}; use None, float or fractions.Fraction.")
    if expression.known and isinstance(values, Mapping):
        values = {**expression.known, **values}
    key = _identity(values, dtype), open_symbols
    memo = {} if memo is None else memo
    if key not in memo:
        given = GivenValues(values, dtype, open_symbols)
        memo[key] = given, Contraction(given)
    given, contraction = memo[key]
    if partial:
        return _partial(expression, given, contraction)
    given.read(expression.labels)
    return _simplest(contraction.expression(expression))


def zeros(dimensions: Iterable[Dimension], values: Mapping[Any, Any]) -> Array:
    """The array of zeros of the given dimensions, where letters have values."""
    given = GivenValues(values)
    array = np.empty([given.size(dimension) for dimension in dimensions], dtype=object)
    array[...] = Fraction(0)
    return array


def _identity(values: Mapping[Any, Any], dtype: type | None) -> Any:
    """Equal for mappings that give the same objects to the same keys."""
    return dtype, frozenset((key, id(value)) for key, value in read_values(values).items())


def _simplest(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        if value.dtype != object:
            return value
        simple = np.empty(value.shape, dtype=object)
        for index in np.ndindex(value.shape):
            simple[index] = _simplest(value[index])
        return simple
    if isinstance(value, Polynomial):
        return value.simplest()
    return float(value) if isinstance(value, (float, np.floating)) else Fraction(value)


def _partial(expression: Sum, given: GivenValues, contraction: Contraction) -> Sum:
    if isinstance(contraction.arithmetic, Floats):
        raise InputError("partial=True: an expression is exact; give exact numbers, or dtype=Fraction.")
    known = frozenset(label for label in expression.labels if given.knows(label))
    given.read(known)
    numbers = {s: given.scalar(s) for s in expression.symbols if given.knows_symbol(s)}
    total: dict[Monomial, Any] = {}
    for monomial, coefficient in expression.terms():
        value: Any = coefficient.substitute(numbers)
        left = []
        for graph in monomial:
            if not graph.open_ends and all(edge[0] in known for edge in graph.edges):
                value = value * contraction.graph(graph)
            else:
                left.append(graph)
        rest = tuple(left)
        total[rest] = total[rest] + value if rest in total else value
    return _remembering(type(expression)(total), given)


def _remembering(expression: Sum, given: GivenValues) -> Sum:
    """The expression with what was given for the letters that are left: their sizes and their numbers."""
    sizes = {d: given.size(d) for label in expression.labels for d in label.dimensions
             if not isinstance(d, int) and given.knows_symbol(d)}
    found = {of_size(letter, sizes): value for label in expression.labels for letter in leaves(label)
             if (value := given.lookup(letter)) is not None}
    if sizes:
        expression = expression.from_raw(expression.ring, resized(expression.raw, sizes))
    return expression.with_known(found) if found else expression
