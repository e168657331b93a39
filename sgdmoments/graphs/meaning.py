"""What letters mean: which letters decide a value, the numbers known for them, new names where two meanings meet.

An answer may know the numbers of some of its letters (the data, a covariance, given weights). The same letter may
stand for other numbers in another answer; in a sum or a product of the two, one of them gets a new name.

>>> A, B = Label("A", (1, 1)), Label("B", (1, 1))
>>> (gram,), _ = normal_form([(A, 0, 1), (A, 0, 1)])
>>> renamed({(gram,): 1}, {A: B})
{(tr(B B.T),): 1}
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from sgdmoments.exact.coefficients import read_entry, user_form
from sgdmoments.exact.numbers import to_exact_array
from sgdmoments.exact.saving import entry_from_json, entry_to_json
from sgdmoments.graphs.graph import Monomial, disjoint_edges, normal_form
from sgdmoments.graphs.labels import Dimension, Label, label_from_json, label_to_json

#: The numbers of letters: read-only object arrays of exact scalars.
Known = Mapping[Label, np.ndarray[Any, Any]]


def read_known(values: Mapping[Label, Any]) -> Known:
    """The numbers of letters, as exact arrays that nobody can change."""
    return {label: value if _is_exact(value) else to_exact_array(value, label.name)
            for label, value in sorted(values.items())}


def _is_exact(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == object and not value.flags.writeable


def letters(labels: Iterable[Label]) -> frozenset[Label]:
    """The letters that decide the value of labels: a derived letter counts for those in its definition."""
    return frozenset(leaf for label in labels for leaf in leaves(label))


@lru_cache(maxsize=4096)
def leaves(label: Label) -> frozenset[Label]:
    """The letters of which a letter is made: those of its definition, or itself."""
    if label.kind != "derived":
        return frozenset((label,))
    inner = (label_from_json(edge[0]) for graph in json.loads(label.meaning)["graphs"] for edge in graph["edges"])
    return frozenset(leaf for part in inner if part.kind != "open" for leaf in leaves(part))


def same_numbers(first: Known, second: Known) -> bool:
    """Whether the same letters are known, by equal numbers."""
    return first.keys() == second.keys() and all(
        equal_arrays(value, second[label]) for label, value in first.items())


def equal_arrays(first: np.ndarray[Any, Any] | None, second: np.ndarray[Any, Any] | None) -> bool:
    """Whether two arrays of exact scalars (None: not known) are equal, entry by entry, as numbers or polynomials."""
    if first is None or second is None or first is second:
        return first is second
    return first.shape == second.shape and all(
        a == b or read_entry(a) == read_entry(b) for a, b in zip(first.flat, second.flat, strict=True))


def new_letters(first: Known, first_letters: frozenset[Label], second: Known, second_letters: frozenset[Label],
                ) -> tuple[dict[Label, Label], dict[Label, Label]]:
    """The letters that two expressions have to exchange, so that each letter has one meaning in both.

    A known letter makes way for an open one, the second's known letter for the first's; letters of equal numbers
    stay or become one.

    Args:
        first, second: the known numbers.
        first_letters, second_letters: all letters that occur.

    >>> S = Label("S", (1, 1))
    >>> a, b, both = read_known({S: [[1]]}), read_known({S: [[2]]}), frozenset((S,))
    >>> new_letters(a, both, b, both), new_letters(a, both, {}, both), new_letters(a, both, a, both)
    (({}, {S: S_2}), ({S: S_2}, {}), ({}, {}))
    """
    changes: tuple[dict[Label, Label], dict[Label, Label]] = ({}, {})
    occurring, known = [set(first_letters), set(second_letters)], (first, second)
    for label in sorted(first_letters & second_letters):
        if equal_arrays(first.get(label), second.get(label)):
            continue
        side = 1 if label in second else 0
        count = 2
        while (fresh := _called(label, f"{label.name}_{count}")) in occurring[side] or (
                fresh in occurring[1 - side] and not equal_arrays(known[1 - side].get(fresh), known[side][label])):
            count += 1
        changes[side][label] = fresh
        occurring[side].add(fresh)
    return changes


def _called(label: Label, name: str) -> Label:
    return Label(name, label.dimensions, label.kind, label.symmetric, label.meaning)


def renamed(raw: Mapping[Monomial, Any], changes: Mapping[Label, Label]) -> dict[Monomial, Any]:
    """The terms with other letters in place of some, those inside derived letters included."""
    return _mapped(raw, lambda label: changes.get(label, label))


def resized(raw: Mapping[Monomial, Any], sizes: Mapping[Dimension, int]) -> dict[Monomial, Any]:
    """The terms with numbers for dimensions that were letters."""
    return _mapped(raw, lambda label: of_size(label, sizes))


def of_size(label: Label, sizes: Mapping[Dimension, int]) -> Label:
    """The letter with numbers for dimensions that were letters."""
    dimensions = [sizes.get(d, d) for d in label.dimensions]
    return Label(label.name, dimensions, label.kind, label.symmetric, label.meaning)


def _mapped(raw: Mapping[Monomial, Any], new: Callable[[Label], Label]) -> dict[Monomial, Any]:
    """The terms with other letters; a derived letter stands for the same expression in them."""
    def image(label: Label) -> Label:
        if label.kind != "derived":
            return new(label)
        data = json.loads(label.meaning)
        for graph in data["graphs"]:
            for edge in graph["edges"]:
                edge[0] = label_to_json(image(label_from_json(edge[0])))
        meaning = json.dumps(data, sort_keys=True)
        return new(label) if meaning == label.meaning else Label(
            label.name, new(label).dimensions, label.kind, label.symmetric, meaning)

    images: dict[Label, Label] = {}
    total: dict[Monomial, Any] = {}
    for monomial, c in raw.items():
        edges = []
        for edge in disjoint_edges(monomial)[0]:
            if edge[0] not in images:
                images[edge[0]] = image(edge[0])
            edges.append((images[edge[0]], *edge[1:]))
        result, _ = normal_form(edges)
        total[result] = total[result] + c if result in total else c
    return total


def known_to_json(known: Known) -> list[Any]:
    """Plain data for known numbers."""
    return [[label_to_json(label), list(value.shape), [entry_to_json(read_entry(entry)) for entry in value.flat]]
            for label, value in known.items()]


def known_from_json(data: Iterable[Any]) -> Known:
    """The known numbers that `known_to_json` wrote."""
    result = {}
    for label, shape, entries in data:
        array = np.empty(len(entries), dtype=object)
        array[:] = [user_form(entry_from_json(entry)) for entry in entries]
        result[label_from_json(label)] = array.reshape(shape)
    return read_known(result)
