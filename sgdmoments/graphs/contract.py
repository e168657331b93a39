"""Numbers in: the value of an expression at given matrices.

`evaluate` reads the matrices, infers the dimensions from their shapes and evaluates each distinct graph once:
cycles and chains as products of words (`words.py`), graphs with branches by merging arrays (`elimination.py`).
Calls that share a `memo` share every product.

>>> from sgdmoments.graphs.graph import Label
>>> A = Label("A", sympy.symbols("m n"))
>>> norm = Expression.from_edges([(A, 0, 1), (A, 0, 1)])
>>> evaluate(norm, {"A": [[1, "1/2", 0], [0, 3, 2]]})
Fraction(57, 4)
>>> evaluate(norm, {"A": [[1.0, 0.5, 0], [0, 3, 2]]})
14.25
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import prod
from typing import Any, Protocol

import numpy as np
import sympy

from sgdmoments.budget import tick
from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import to_exact
from sgdmoments.exact.ring import INVERSE_BATCH, Polynomial, Ring, ring_of
from sgdmoments.graphs.arithmetic import Arithmetic, Array, Floats, Integers, RingElements
from sgdmoments.graphs.derived import definition
from sgdmoments.graphs.elimination import Factor, contract
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.graph import BATCH, Dimension, IndexGraph, Label, Monomial, open_number
from sgdmoments.graphs.meaning import leaves, of_size, resized
from sgdmoments.graphs.query import MatrixExpression
from sgdmoments.graphs.words import Words


def evaluate(expression: Expression, values: Mapping[Any, Any], *, dtype: type | None = None,
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
        partial: evaluate what the values determine and leave the rest: the result is an `Expression`.
        open_symbols: given, symbols of coefficients without a value stay (matrices must all have one); a ring that
            holds the symbols in the definitions of derived letters.
        memo: a dict that calls share: those with the same values (the same objects) form common products once.

    Returns:
        A Fraction (or ring element where values hold symbols), a float, or an array of them.

    Raises:
        InputError: a letter has no value, an array has the wrong shape, or dimensions disagree.
        BudgetExceeded: a graph needs too large an intermediate array.
    """
    if not any(dtype is known for known in (None, float, Fraction)):
        raise InputError(f"dtype: found {dtype!r}; use None, float or fractions.Fraction.")
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
    if not isinstance(values, Mapping):
        raise InputError(f"values: expected a dict of arrays and numbers by name, found {type(values).__name__}.")
    return dtype, frozenset((key, id(value)) for key, value in values.items())


class Source(Protocol):
    """Where a `Contraction` finds its numbers."""

    @property
    def arithmetic(self) -> Arithmetic:
        """How its numbers are multiplied."""

    def array(self, label: Label, contraction: Contraction) -> tuple[Array, int]:
        """The array of a label, times the integer that clears its denominators, and that integer."""

    def size(self, dimension: Dimension) -> int:
        """The number of values of an index."""

    def coefficient(self, polynomial: Polynomial) -> Any:
        """The value of a coefficient."""


class Contraction:
    """The values of graphs at one point, each graph and each product of matrices computed once."""

    def __init__(self, source: Source) -> None:
        self.source, self.arithmetic = source, source.arithmetic
        self._arrays: dict[Label, tuple[Array, int]] = {}
        self._graphs: dict[IndexGraph, Any] = {}
        self.words = Words(self.arithmetic, lambda label: self.arithmetic.matrix(self._array(label)), source.size)

    def expression(self, expression: Expression) -> Any:
        """The value of an expression: a number, or an array over its open ends."""
        ends = expression.open_ends
        total: Any = 0
        for monomial, coefficient in expression.terms():
            tick("the value of an expression")
            term = self.source.coefficient(coefficient) * self._monomial(monomial, ends)
            total = self.arithmetic.reduced(total + self.arithmetic.reduced(term))
        if ends and not expression:
            raise InputError("the expression is zero; the shape of an array of zeros is not known.")
        return total

    def _monomial(self, monomial: Monomial, ends: tuple[int, ...]) -> Any:
        value: Any = 1
        found: list[int] = []
        for graph in monomial:
            factor = self.graph(graph)
            product = np.multiply.outer(value, factor) if graph.open_ends else value * factor
            value = self.arithmetic.reduced(product)
            found += graph.open_ends
        if not ends:
            return value
        return np.asarray(value).transpose([found.index(n) for n in ends])

    def graph(self, graph: IndexGraph) -> Any:
        """The value of one connected graph: a number, or an array over its open ends."""
        value = self._graphs.get(graph)
        if value is None:
            value = self.words.trace(graph.parts[0][0]) if graph.is_trace else self._branched(graph)
            scale = prod(self._array_of(edge[0])[1] for edge in graph.edges if edge[0].kind != "open")
            scale *= prod(self.source.size(d) for d in graph.dimensions if d == BATCH)
            if scale != 1:
                value = self.arithmetic.divide(value, scale)
            value = self._graphs[graph] = self.arithmetic.reduced(value)
        return value

    def _branched(self, graph: IndexGraph) -> Any:
        factors: list[Factor] = []
        held: dict[int, list[int]] = {}
        for word, ends in graph.parts:
            if word[0].kind == "open":
                held.setdefault(ends[0], []).append(open_number(word[0]))
            elif len(ends) == 2:
                factors.append((self.arithmetic.array(self.words.chain(word)), ends))
            else:
                factors.append((self._array(word[0]), ends))
        kept: dict[int, int] = {}
        fresh = graph.branching
        for vertex, numbers in held.items():
            kept[numbers[0]] = vertex
            size = self.source.size(graph.dimensions[vertex])
            if len(numbers) == 1 and all(vertex not in indices for _, indices in factors):
                factors.append((self.arithmetic.letter(np.ones(size, dtype=np.int64), "1")[0], (vertex,)))
            for number in numbers[1:]:  # a Kronecker delta between two axes
                kept[number] = fresh
                factors.append((self.arithmetic.letter(np.eye(size, dtype=np.int64), "I")[0], (vertex, fresh)))
                fresh += 1
        value = contract(factors, tuple(kept[number] for number in sorted(kept)), self.arithmetic)
        return value if kept else value[()]

    def _array(self, label: Label) -> Array:
        return self._array_of(label)[0]

    def _array_of(self, label: Label) -> tuple[Array, int]:
        found = self._arrays.get(label)
        if found is None:
            found = self._arrays[label] = self.source.array(label, self)
        return found


class GivenValues:
    """A user's values: looked up by `Label`, symbol or name, checked, and read in the right arithmetic."""

    def __init__(self, values: Mapping[Any, Any], dtype: type | None = None, open_symbols: Ring | None = None) -> None:
        self._values = {_key(key): value for key, value in values.items()}
        self._open_symbols = open_symbols
        self._raw: dict[Label, Any] = {}
        self._owner: dict[str, Label] = {}
        self._symbols: dict[str, sympy.Symbol] = {}
        self._sizes: dict[Dimension, tuple[int, str]] = {}
        self._scalars: dict[sympy.Symbol, Any] = {}
        arrays = [value for value in values.values() if _is_array(value)]
        self._floating = dtype is float or (dtype is None and any(map(_has_floats, values.values())))
        if self._floating:
            self.arithmetic: Arithmetic = Floats()
        else:
            symbolic = any(isinstance(entry, sympy.Basic) and not entry.is_Rational
                           for array in arrays for entry in np.asarray(array, dtype=object).flat)
            self.arithmetic = RingElements.over(arrays) if symbolic else Integers()
            if open_symbols is not None and open_symbols.generators:
                self.arithmetic = RingElements(RingElements.over(arrays).ring.union(open_symbols))

    def read(self, labels: Iterable[Label]) -> None:
        """Look every label up, definitions of derived letters included, and bind the dimensions."""
        missing = []
        for label in sorted(labels):
            if label in self._raw:
                continue
            found = self.lookup(label)
            if found is not None:
                self._bind(label, found)
            elif (meaning := definition(label)) is not None:
                self.read(meaning.labels)
            else:
                missing.append(label.name)
        if missing:
            raise InputError(f"evaluate: no value given for {', '.join(map(repr, sorted(set(missing))))}; "
                             f"the values given are {self._shown()}.")

    def _shown(self) -> str:
        """The keys of the values, for messages."""
        return ", ".join(sorted(key.name if isinstance(key, Label) else str(key) for key in self._values)) or "none"

    def knows(self, label: Label) -> bool:
        """Whether the values determine the array of a label."""
        meaning = definition(label)
        return self.lookup(label) is not None or (meaning is not None and all(map(self.knows, meaning.labels)))

    def knows_symbol(self, symbol: sympy.Symbol) -> bool:
        """Whether the values determine a symbol of the coefficients."""
        return symbol in self._sizes or any(key in self._values for key in _names(symbol))

    def lookup(self, label: Label) -> Any:
        """The array that was given for a label, or None."""
        if label in self._values:
            return self._values[label]
        found = self._values.get(label.name)
        if found is None or not _is_array(found):
            return None
        owner = self._owner.setdefault(label.name, label)
        if owner != label:
            raise InputError(f"evaluate: two letters are called {label.name!r} (of dimensions {owner.dimensions} and "
                             f"{label.dimensions}); give them by letter: {{sm.matrix(...): array}}, and those of a run "
                             "by weights_matrix(sgd, 0, layer) or teacher_matrix(sgd, layer).")
        return found

    def _bind(self, label: Label, value: Any) -> None:
        shape = np.shape(value)
        if len(shape) != len(label.dimensions):
            expected = ", ".join(map(str, label.dimensions))
            raise InputError(f"{label.name}: expected an array of shape ({expected}), found shape {shape}.")
        for dimension, n in zip(label.dimensions, shape, strict=True):
            if isinstance(dimension, int):
                if dimension != n:
                    raise InputError(f"{label.name}: expected shape {label.dimensions}, found {shape}.")
                continue
            known, where = self._sizes.setdefault(dimension, (n, label.name))
            if known != n:
                raise InputError(f"{label.name}: shape {shape} means {dimension} = {n}, but {where} means "
                                 f"{dimension} = {known}.")
        if label.symmetric and not np.array_equal(np.asarray(value), np.asarray(value).T):
            raise InputError(f"{label.name}: expected a symmetric matrix.")
        self._raw[label] = value

    def array(self, label: Label, contraction: Contraction) -> tuple[Array, int]:
        self.read([label])
        if label in self._raw:
            return self.arithmetic.letter(self._raw[label], label.name)
        meaning = definition(label)
        assert meaning is not None
        return self.arithmetic.letter(contraction.expression(meaning), label.name)

    def size(self, dimension: Dimension) -> int:
        if isinstance(dimension, int):
            return dimension
        if dimension in self._sizes:
            return self._sizes[dimension][0]
        value = to_exact(self._given(dimension), dimension.name)
        if not isinstance(value, Fraction) or value.denominator != 1 or value < 1:
            raise InputError(f"{dimension.name}: found {value}; a dimension is a positive integer.")
        self._sizes[dimension] = int(value), dimension.name
        return int(value)

    def coefficient(self, polynomial: Polynomial) -> Any:
        value = polynomial.evaluate({s: self._scalar(s) for s in polynomial.symbols})
        return float(value) if self._floating else value

    def _scalar(self, symbol: sympy.Symbol) -> Any:
        if symbol not in self._scalars:
            stays = self._open_symbols is not None and not self.knows_symbol(symbol)
            self._scalars[symbol] = Ring((symbol,)).generator(symbol) if stays else self._read_scalar(symbol)
        return self._scalars[symbol]

    def _read_scalar(self, symbol: sympy.Symbol) -> Any:
        if symbol in self._sizes:
            n, where = self._sizes[symbol]
            if where != symbol.name and any(not _is_array(self._values.get(key, ())) for key in _names(symbol)):
                said = to_exact(self._given(symbol), symbol.name)
                if said != n:
                    raise InputError(f"{symbol.name}: found {said}, but the shape of {where} means "
                                     f"{symbol.name} = {n}.")
            return float(n) if self._floating else Fraction(n)
        if symbol == INVERSE_BATCH and BATCH in self._sizes:
            value: Any = Fraction(1, self._sizes[BATCH][0])
        else:
            value = to_exact(self._given(symbol), symbol.name)
        if self._floating:
            if not isinstance(value, Fraction):
                raise InputError(f"{symbol.name}: the symbolic value {value} does not go with values in floats.")
            return float(value)
        return value if isinstance(value, Fraction) else ring_of([value])(value)

    def _given(self, symbol: sympy.Symbol) -> Any:
        for key in _names(symbol):
            if key in self._values and not _is_array(self._values[key]):
                if key is not symbol and self._symbols.setdefault(symbol.name, symbol) != symbol:
                    raise InputError(f"evaluate: two symbols are called {symbol.name!r}; give them as symbols.")
                return self._values[key]
        raise InputError(f"evaluate: no value given for {symbol.name!r}; the values given are {self._shown()}.")


def _key(key: Any) -> Any:
    """A letter typed as a matrix as its label; any other key as it is."""
    if not isinstance(key, MatrixExpression):
        return key
    found = key.label
    if found is None:
        raise InputError(f"evaluate: found a value for {key}; values are given for single letters.")
    return found


def _names(symbol: sympy.Symbol) -> tuple[Any, ...]:
    """The keys under which a symbol's value is found: itself and its name, but for the batch size of the package."""
    return (symbol,) if symbol in (BATCH, INVERSE_BATCH) else (symbol, symbol.name)


def _is_array(value: Any) -> bool:
    return isinstance(value, (list, tuple)) or bool(getattr(value, "shape", ()))


def _has_floats(value: Any) -> bool:
    if isinstance(value, (float, np.floating)):
        return True
    if not _is_array(value):
        return False
    array = np.asarray(value)
    return array.dtype.kind == "f" or (array.dtype == object and any(isinstance(e, float) for e in array.flat))


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


def _partial(expression: Expression, given: GivenValues, contraction: Contraction) -> Expression:
    if isinstance(contraction.arithmetic, Floats):
        raise InputError("partial=True: an expression is exact; give exact numbers, or dtype=Fraction.")
    known = frozenset(label for label in expression.labels if given.knows(label))
    given.read(known)
    numbers = {s: given._scalar(s) for s in expression.symbols if given.knows_symbol(s)}
    total = Expression()
    for monomial, coefficient in expression.terms():
        value: Any = coefficient.substitute(numbers)
        left = []
        for graph in monomial:
            if not graph.open_ends and all(edge[0] in known for edge in graph.edges):
                value = value * contraction.graph(graph)
            else:
                left.append(graph)
        total += Expression({tuple(left): value})
    return _remembering(total, given)


def _remembering(expression: Expression, given: GivenValues) -> Expression:
    """The expression with what was given for the letters that are left: their sizes and their numbers."""
    sizes = {d: given.size(d) for label in expression.labels for d in label.dimensions
             if not isinstance(d, int) and given.knows_symbol(d)}
    found = {of_size(letter, sizes): value for label in expression.labels for letter in leaves(label)
             if (value := given.lookup(letter)) is not None}
    if sizes:
        expression = Expression.from_raw(expression.ring, resized(expression.raw, sizes))
    return expression.with_known(found) if found else expression
