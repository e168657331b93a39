"""A user's values for letters: found by letter, symbol or name, checked, and read in the right arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import to_exact
from sgdmoments.exact.ring import INVERSE_BATCH, Polynomial, Ring, ring_of
from sgdmoments.graphs.arithmetic import Arithmetic, Array, Floats, Integers, RingElements
from sgdmoments.graphs.contraction import Contraction
from sgdmoments.graphs.derived import definition
from sgdmoments.graphs.labels import BATCH, Dimension, Label, Lettered


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
        value = polynomial.evaluate({s: self.scalar(s) for s in polynomial.symbols})
        return float(value) if self._floating else value

    def scalar(self, symbol: sympy.Symbol) -> Any:
        """The value of a symbol of the coefficients; itself where it may stay."""
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
    if not isinstance(key, Lettered):
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
