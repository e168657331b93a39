"""Combinations of quantities, at one step or at several: their entries as polynomials in the entries of their parts.

E of a product over steps s < t is one more multiplication on the way back: the factor at t is pulled back to s, there
multiplied by the factor at s, before the batch of step s (which moves the weights and is in g_s) is averaged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import sympy

from sgdmoments.budget import Monitor
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.errors import InputError
from sgdmoments.exact.ring import Exponents, Polynomial, Ring
from sgdmoments.recursion.backward import in_statistics, integrate, pieces
from sgdmoments.recursion.components import ByStatistic, Problem, compose, gradient_at, statistic_letters
from sgdmoments.recursion.initial_moments import to_scalar

Array = np.ndarray[Any, Any]


def shape_of(sgd: Run, quantity: Quantity) -> tuple[int, ...]:
    """The shape of the mean of a quantity; `InputError` where the shapes in a combination do not fit."""
    def zeros(leaf: Quantity) -> Array:
        return np.zeros(leaf_shape(sgd, leaf), dtype=object)

    return combined(quantity, zeros).shape


def leaf_shape(sgd: Run, leaf: Quantity) -> tuple[int, ...]:
    """The shape of the mean of a quantity that is no combination: one array's own, or flat."""
    if leaf.is_number:
        return ()
    if leaf.left is not None or leaf.matrices is not None:
        return (len(leaf.left if leaf.left is not None else leaf.matrices[0]),)  # type: ignore[index]
    chosen = [sgd.model.parameters[k] for k in sgd.model.places(leaf.layer)]
    if len(chosen) == 1:
        return tuple(int(s) for s in chosen[0].shape)
    return (sum(int(array.size) for array in chosen),)


def combined(quantity: Quantity, leaf: Callable[[Quantity], Array]) -> Array:
    """The entries of a quantity from those of its leaves, in any arithmetic: an array, of no axes for a number."""
    if quantity.kind != "combination":
        return leaf(quantity)
    operation, numbers = quantity.operation, quantity.numbers
    if operation == "array":
        values = np.empty(len(numbers[1]), dtype=object)
        values[:] = [to_scalar(entry) for entry in numbers[1]]
        return values.reshape(numbers[0])
    parts = [combined(part, leaf) for part in quantity.parts]
    if operation == "sum":
        shapes = {part.shape for part in parts}
        if len(shapes) > 1:
            raise InputError(f"{quantity}: a sum of quantities of the shapes {', '.join(map(str, sorted(shapes)))}; "
                             "equal shapes are needed.")
        scaled = (part * to_scalar(c) for part, c in zip(parts, numbers, strict=True))
        return np.asarray(reduce(add, scaled), dtype=object)
    if operation == "inner":
        if parts[0].shape != parts[1].shape:
            raise InputError(f"{quantity}: the shapes are {parts[0].shape} and {parts[1].shape}; equal ones are "
                             "needed.")
        return np.array(reduce(add, (a * b for a, b in zip(parts[0].flat, parts[1].flat, strict=True))), dtype=object)
    if operation == "outer":
        return np.asarray(np.multiply.outer(parts[0].ravel(), parts[1].ravel()), dtype=object)
    if operation == "times":
        if all(part.shape for part in parts):
            raise InputError(f"{quantity}: a product needs a number among its factors, found the shapes "
                             f"{parts[0].shape} and {parts[1].shape}; for sums of products see inner(q, r).")
        return np.asarray(parts[0] * parts[1], dtype=object)
    if operation == "entry":
        if len(numbers) != parts[0].ndim or any(i >= n for i, n in zip(numbers, parts[0].shape, strict=False)):
            raise InputError(f"{quantity}: the shape is {parts[0].shape}; an entry needs {parts[0].ndim} indices "
                             "within it.")
        return np.array(parts[0][numbers], dtype=object)
    matrix, flat = numbers, parts[0].ravel()
    if len(matrix[0]) != len(flat):
        raise InputError(f"{quantity}: the matrix has {len(matrix[0])} columns, the quantity {len(flat)} entries.")
    rows = np.empty(len(matrix), dtype=object)
    rows[:] = [reduce(add, (to_scalar(c) * entry for c, entry in zip(row, flat, strict=True))) for row in matrix]
    return rows


@dataclass(frozen=True)
class Entries:
    """The entries of a combination as polynomials in letters for the entries of its leaves.

    Attributes:
        values: in `ring`.
        ring: u and the letters of the problem, then a letter for each entry of a leaf.
        atoms: the step of each of these letters, and what it stands for.
    """

    values: tuple[Polynomial, ...]
    ring: Ring
    atoms: Mapping[sympy.Symbol, tuple[int, ByStatistic]]


def entries_of(sgd: Run, problem: Problem, quantity: Quantity) -> Entries:
    """The entries of the problem's quantity."""
    atoms: dict[sympy.Symbol, tuple[int, ByStatistic]] = {}
    letters: dict[Quantity, list[sympy.Symbol]] = {}
    for leaf, parts in problem.leaves.items():
        letters[leaf] = [sympy.Dummy(f"a{len(atoms) + i}", dummy_index=8_000_000 + len(atoms) + i)
                         for i in range(len(parts))]
        atoms |= {letter: (int(leaf.step), by) for letter, by in zip(letters[leaf], parts, strict=True)}
    ring = Ring((*problem.moments.ring.generators, *atoms))

    def values(leaf: Quantity) -> Array:
        flat = np.empty(len(letters[leaf]), dtype=object)
        flat[:] = [ring.generator(letter) for letter in letters[leaf]]
        return flat.reshape(leaf_shape(sgd, leaf))

    found = combined(quantity, values)
    values_in_ring = (ring(entry if isinstance(entry, Polynomial) else Fraction(entry)) for entry in found.flat)
    return Entries(tuple(values_in_ring), ring, atoms)


def expectation_across(problem: Problem, value: Polynomial, entries: Entries, monitor: Monitor) -> Polynomial:
    """E of a polynomial in the entries of leaves at several steps, in u and the letters of the problem."""
    ring, letters = problem.ring, statistic_letters(0, len(problem.statistics))
    wide = Ring((*ring.generators, *letters))
    names = list(entries.atoms)
    known = len(entries.ring.generators) - len(names)
    padding = (0,) * len(problem.state)
    states: dict[Exponents, Polynomial] = {}
    for e, c in value.raw.to_dict().items():
        rest = tuple(map(int, e[known:]))
        term = Polynomial(ring, ring.context.from_dict({(*map(int, e[:known]), *padding): c}))
        states[rest] = states[rest] + term if rest in states else term
    values = {name: in_statistics(by, letters, wide) for name, (_, by) in entries.atoms.items()}
    for t in range(len(problem.steps), -1, -1):
        moved = _moved(problem, t, wide, letters)
        here = [k for k, name in enumerate(names) if entries.atoms[name][0] == t]
        grown: dict[Exponents, Polynomial] = {}
        for rest, state in states.items():
            factor = reduce(lambda a, b: a * b, (values[names[k]] ** rest[k] for k in here if rest[k]), wide.one)
            left = tuple(0 if k in here else power for k, power in enumerate(rest))
            for part in pieces(state):
                image = (wide(part) if moved is None else compose(part, moved, wide)) * factor
                found = integrate(image, letters, problem.moments, ring)
                grown[left] = grown[left] + found if left in grown else found
        states = grown
        monitor.update("steps taken backward", len(problem.steps) - t, len(problem.steps),
                       sum(map(len, states.values())), "an earlier step, or smaller widths")
    images = dict(zip(problem.state, problem.start, strict=True))
    small = problem.moments.ring
    return sum((compose(state, images, small) for state in states.values()), small.zero)


def _moved(problem: Problem, t: int, ring: Ring, letters: Sequence[sympy.Symbol],
           ) -> dict[sympy.Symbol, Polynomial] | None:
    """The state after step t in that before it; None at the last step, where nothing has been moved."""
    if t == len(problem.steps):
        return None
    step = problem.steps[t]
    moves = [in_statistics(g, letters, ring) for g in gradient_at(problem, step, None, ring)]
    return dict(zip(problem.state, step.moved([ring.generator(s) for s in problem.state], moves), strict=True))
