"""Labels: what an edge of an index graph is an entry of, and the words that labels make along a path.

>>> A = Label("A", (2, 3))
>>> A.T.T is A, A.T.dimensions
(True, (3, 2))
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

import sympy

from sgdmoments.exact.saving import symbol_from_json, symbol_to_json

Dimension: TypeAlias = int | sympy.Symbol
#: An edge: its label, then the vertices at its ends (row first, column second, and so on).
Edge = tuple[Any, ...]
#: A chain of labels, each as it stands or transposed, read along a path.
Word = tuple["Label", ...]

#: The dimension of a batch vertex, which is averaged over instead of summed.
BATCH = sympy.Dummy("b", integer=True, positive=True, dummy_index=1_000_002)


class Label(str):
    """What an edge is an entry of: a matrix, vector or tensor with a name and the dimensions of its ends.

    A label is a string (its unambiguous key), which makes it cheap to hash and to order; labels with equal
    descriptions are one object. ``label.T`` is the transposed letter of a matrix, used in words only: edges
    always carry the untransposed label, and the order of their ends says the rest.

    Args:
        name: the name as the user writes it, e.g. ``"W1"`` or ``"W1*"``.
        dimensions: one for each end; ints or sympy symbols.
        kind: ``"matrix"`` for constants and open weights (these with a meaning), ``"run"`` for arrays of a run
            whose values or law are given, ``"data"`` for entries x of the batch and their labels, ``"open"`` for
            open ends, ``"derived"`` for a letter that stands for an expression in others. Labels of equal names
            and different kinds are different labels; only the kind "matrix" (without a meaning) can be made by
            `sgdmoments.matrix`.
        symmetric: whether a matrix equals its transpose.
        meaning: what a derived letter stands for, as text (see `sgdmoments.graphs.derived`); of a letter of a run
            the array and the step (see `sgdmoments.graphs.run_letters`).
    """

    __slots__ = ("T", "__weakref__", "dimensions", "kind", "meaning", "name", "symmetric", "transposed")

    name: str
    dimensions: tuple[Dimension, ...]
    kind: str
    symmetric: bool
    meaning: str
    #: Whether this is the transposed letter of a matrix.
    transposed: bool
    T: Label

    def __new__(cls, name: str, dimensions: Iterable[Dimension], kind: str = "matrix",
                symmetric: bool = False, meaning: str = "") -> Label:
        dims = tuple(dimensions)
        key = "\x1f".join((_plain(name), kind, "s" if symmetric else "", meaning, *map(_dimension_key, dims)))
        known = _LABELS.get(key)
        if known is None:
            known = cls._make(key, name, dims, kind, symmetric, meaning, False)
            if symmetric or len(dims) != 2:
                known.T = known
            else:
                known.T = cls._make(key + "\x1fT", name, dims[::-1], kind, symmetric, meaning, True)
                known.T.T = known
            _LABELS[key] = known
        return known

    @classmethod
    def _make(cls, key: str, name: str, dimensions: tuple[Dimension, ...], kind: str, symmetric: bool,
              meaning: str, transposed: bool) -> Label:
        label = str.__new__(cls, key)
        label.name, label.dimensions, label.kind = name, dimensions, kind
        label.symmetric, label.meaning, label.transposed = symmetric, meaning, transposed
        return label

    def __repr__(self) -> str:
        return self.name + (".T" if self.transposed else "")

    def __reduce__(self) -> tuple[Any, ...]:
        base = self.T if self.transposed else self
        arguments = (base.name, base.dimensions, base.kind, base.symmetric, base.meaning)
        return (_transposed_label if self.transposed else Label), arguments


#: The labels that something holds.
_LABELS: WeakValueDictionary[str, Label] = WeakValueDictionary()


def _transposed_label(*arguments: Any) -> Label:
    return Label(*arguments).T


def _plain(name: str) -> str:
    """The name without the separator of keys, so that no two descriptions have one key."""
    return name.replace("\\", "\\\\").replace("\x1f", "\\u") if "\\" in name or "\x1f" in name else name


def _dimension_key(dimension: Dimension) -> str:
    if isinstance(dimension, int):
        return str(dimension)
    return f"{_plain(dimension.name)} {sorted(dimension.assumptions0.items())} {getattr(dimension, 'dummy_index', '')}"


def open_end(number: int, dimension: Dimension) -> Label:
    """The unary label that holds a vertex at the open index `number`: entry i of it is 1 where i is that index."""
    return Label(f"{number:03d}", (dimension,), kind="open")


def open_number(label: Label) -> int:
    """The number of an `open_end`."""
    return int(label.name)


def label_to_json(label: Label) -> dict[str, Any]:
    """Plain data for a label."""
    dimensions = [d if isinstance(d, int) else symbol_to_json(d) for d in label.dimensions]
    return {"name": label.name, "dimensions": dimensions, "kind": label.kind, "symmetric": label.symmetric,
            "meaning": label.meaning}


def label_from_json(data: Mapping[str, Any]) -> Label:
    """The label that `label_to_json` wrote."""
    dimensions = [d if isinstance(d, int) else symbol_from_json(d) for d in data["dimensions"]]
    return Label(data["name"], dimensions, data["kind"], data["symmetric"], data["meaning"])


class Lettered(ABC):
    """What a user may type for a letter where values are given: ``{sm.matrix("A", "n", "n"): array}``."""

    __slots__ = ()

    @property
    @abstractmethod
    def label(self) -> Label | None:
        """The letter that it is; None where it is no single letter."""


def ends_of(shape: Sequence[Dimension]) -> tuple[Dimension, ...]:
    """The ends of the edge of an array: of a number one, of length 1, since a graph moves edges that have ends.

    >>> ends_of((2, 3)), ends_of(())
    ((2, 3), (1,))
    """
    return tuple(shape) or (1,)
