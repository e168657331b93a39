"""Kinds of things that a user may give where something else was meant: one maker for each, as some are used up."""

import itertools
import math
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

import sgdmoments as sm


class _Raising:
    """Whatever it is asked, it raises."""

    def _raise(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("an object of the user's")


class NoRepr(_Raising):
    __repr__ = __str__ = _Raising._raise


class NoLength(_Raising):
    __len__ = __iter__ = __getitem__ = _Raising._raise


class NoArray(_Raising):
    __array__ = __float__ = __index__ = _Raising._raise


class NoEquality(_Raising):
    __eq__ = __bool__ = __hash__ = _Raising._raise


class NoAttribute(_Raising):
    __getattr__ = _Raising._raise


class Word(str):
    __slots__ = ()


class Whole(int):
    pass


class Real(float):
    pass


def _raises(*_: Any, **__: Any) -> Any:
    raise RuntimeError("a function of the user's")


def _deep() -> Any:
    nested: Any = 1
    for _ in range(5000):
        nested = [nested]
    return nested


def regression() -> sm.SGD:
    """A small run with numbers."""
    return sm.SGD(sm.LinearRegression([[1, 2], [3, 4], [0, 1]], [1, 0, 2]), "1/100", [0, 1])


KINDS: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "True": lambda: True,
    "NumPy's False": lambda: np.False_,
    "0": lambda: 0,
    "-1": lambda: -1,
    "1.5": lambda: 1.5,
    "2.0": lambda: 2.0,
    "nan": lambda: math.nan,
    "inf": lambda: math.inf,
    "complex": lambda: 1 + 2j,
    "empty text": lambda: "",
    "text": lambda: "x",
    "text of a fraction": lambda: "1/3",
    "text of digits": lambda: "12",
    "text 1/0": lambda: "1/0",
    "text of a huge power": lambda: "1e999999999",
    "5,000 digits": lambda: "7" * 5000,
    "markup and control characters": lambda: "[/]\x00\x1b[31m",
    "lone surrogate": lambda: "\ud800",
    "superscript": lambda: "²",
    "text subclass": lambda: Word("x"),
    "10^5 bits": lambda: 1 << 100_000,
    "bytes": lambda: b"1",
    "bytearray": lambda: bytearray(b"12"),
    "memoryview": lambda: memoryview(b"12"),
    "empty list": list,
    "nested empty list": lambda: [[]],
    "empty tuple in a tuple": lambda: ((),),
    "ragged lists": lambda: [[1, 2], [3]],
    "list of a truth value": lambda: [True],
    "list of None": lambda: [None, None],
    "list of texts": lambda: ["a", "b"],
    "list of NaN": lambda: [math.nan, 1],
    "deeply nested list": _deep,
    "empty dict": dict,
    "dict": lambda: {"w": 1},
    "dict of numbers": lambda: {1: 2, 0: 1},
    "set": lambda: {1, 2},
    "frozenset": lambda: frozenset((1, 2)),
    "generator": lambda: (k for k in (1, 2)),
    "iterator": lambda: iter([1, 2]),
    "range": lambda: range(1, 3),
    "deque": lambda: deque((1, 2)),
    "values of a dict": lambda: {1: 2, 2: 3}.values(),
    "endless iterator": itertools.count,
    "object": object,
    "lambda": lambda: lambda t: t,
    "lambda of nothing": lambda: lambda: None,
    "function that raises": lambda: _raises,
    "type": lambda: int,
    "module": lambda: math,
    "ellipsis": lambda: ...,
    "Fraction": lambda: Fraction(1, 3),
    "Decimal": lambda: Decimal("0.5"),
    "Decimal NaN": lambda: Decimal("NaN"),
    "Decimal sNaN": lambda: Decimal("sNaN"),
    "Decimal of a huge power": lambda: Decimal("1e999999999"),
    "int subclass": lambda: Whole(2),
    "float subclass": lambda: Real(1.5),
    "NumPy integer": lambda: np.int8(2),
    "NumPy text": lambda: np.str_("x"),
    "array without axes": lambda: np.array(3),
    "array without rows": lambda: np.empty((0, 2)),
    "masked array": lambda: np.ma.masked_array([1, 2], mask=[False, True]),
    "array of truth values": lambda: np.array([True, False]),
    "array of texts": lambda: np.array(["a", "b"]),
    "array of dates": lambda: np.array(["2020-01-01"], dtype="datetime64[D]"),
    "date": lambda: np.datetime64("2020-01-01"),
    "span of time": lambda: np.timedelta64(3),
    "structured array": lambda: np.zeros(2, dtype=[("a", "i4"), ("b", "f8")]),
    "array of two axes": lambda: np.array([[1, 2], [3, 4]]),
    "array of bytes": lambda: np.array([b"1", b"2"]),
    "array of complex numbers": lambda: np.array([1 + 2j, 3]),
    "array of NaN": lambda: np.array([math.nan, 1.0]),
    "array of objects": lambda: np.array([object(), None], dtype=object),
    "symbol": lambda: sympy.Symbol("x"),
    "symbol that does not commute": lambda: sympy.Symbol("A", commutative=False),
    "sympy nan": lambda: sympy.nan,
    "sympy zoo": lambda: sympy.zoo,
    "sympy oo": lambda: sympy.oo,
    "sympy I": lambda: sympy.I,
    "sympy Float": lambda: sympy.Float("0.1", 40),
    "sympy Integer": lambda: sympy.Integer(2),
    "sympy Matrix": lambda: sympy.Matrix([[1, 2], [3, 4]]),
    "list of a MatrixSymbol": lambda: [sympy.MatrixSymbol("M", 2, 2)],
    "sympy set": lambda: sympy.FiniteSet(1, 2),
    "repr raises": NoRepr,
    "len and iter raise": NoLength,
    "float, index and array raise": NoArray,
    "==, bool and hash raise": NoEquality,
    "getattr raises": NoAttribute,
    "Quantity": lambda: sm.gradient(0),
    "function of t": lambda: sm.gradient,
    "model": lambda: sm.LinearRegression([[1, 2], [3, 4]], [1, 2]),
    "run": regression,
    "law": sm.Gaussian,
    "class of laws": lambda: sm.Gaussian,
    "random weights": sm.GaussianInit,
    "BatchPolynomial": lambda: sm.BatchPolynomial((1, 2)),
    "matrix of a query": lambda: sm.matrix("A", 2, 2),
    "Expression": lambda: sm.trace(sm.matrix("A", 2, 2)),
    "Budget": sm.Budget,
}
