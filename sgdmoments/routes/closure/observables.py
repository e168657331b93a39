"""The user's quantities as polynomials in the weights, before any step is undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.errors import AssumptionError, InputError, RouteError
from sgdmoments.exact.numbers import free_symbols
from sgdmoments.exact.ring import Polynomial, ring_of
from sgdmoments.recursion.numbers import number_of
from sgdmoments.recursion.places import coordinates, exact_entry, left_matrix
from sgdmoments.recursion.steps import step_now
from sgdmoments.routes.closure.operator import StepOperator, VPolynomial


@dataclass(frozen=True)
class Observables:
    """E_B of a quantity and of its squared norm, at the weights of the quantity's own step.

    Attributes:
        means: E_B[q_r | w], one polynomial in the weights for each component r.
        square: E_B[||q||^2 | w], one polynomial for each power of v.
        scalar: whether the quantity is a number rather than a vector.
    """

    means: tuple[Polynomial, ...]
    square: VPolynomial
    scalar: bool


def degree_of(quantity: Quantity) -> int:
    """The degree in the weights of the quantity, for a model linear in the weights; at least 1."""
    return 2 if quantity.is_number and quantity.kind != "hessian_trace" else 1


def components(sgd: Run, operator: StepOperator, quantity: Quantity) -> tuple[Polynomial, ...]:
    """E_B[q_r | w] for each component r of the quantity."""
    base = base_components(sgd, operator, quantity)
    if quantity.left is None:
        return base
    matrix = left_matrix(quantity, len(base))
    return tuple(sum((row[a] * base[a] for a in range(len(base)) if row[a]), operator.ring.zero) for row in matrix)


def observables(sgd: Run, operator: StepOperator, quantity: Quantity) -> Observables:
    """The mean and the squared norm of the quantity as polynomials in the weights."""
    if quantity.kind == "combination":
        raise RouteError(f"{quantity}: answers for all t at once are those of one quantity; ask at a given t.")
    means = components(sgd, operator, quantity)
    if quantity.kind != "gradient":
        return Observables(means, [sum((m * m for m in means), operator.ring.zero)], quantity.is_number)
    chosen = coordinates(sgd, quantity)
    weight = {(a, a): Fraction(1) for a in range(len(chosen))}
    if quantity.left is not None:
        matrix = np.array(left_matrix(quantity, len(chosen)), dtype=object)
        gram = matrix.T @ matrix
        weight = {place: gram[place] for place in np.ndindex(*gram.shape) if gram[place]}
    square: VPolynomial = []
    for (a, b), factor in weight.items():
        gamma = [0] * len(operator.gradient.weights)
        gamma[chosen[a]] += 1
        gamma[chosen[b]] += 1
        for k, part in enumerate(_at_places(sgd, operator, quantity, operator.batch_mean(tuple(gamma)))):
            while len(square) <= k:
                square.append(operator.ring.zero)
            square[k] = square[k] + factor * part
    return Observables(means, square or [operator.ring.zero], False)


def base_components(sgd: Run, operator: StepOperator, quantity: Quantity) -> tuple[Polynomial, ...]:
    """The components before the matrix on the left."""
    if quantity.is_number:
        return (_in_ring(operator, number_of(quantity, operator.gradient, sgd.model.law, coordinates(sgd, quantity))),)
    if quantity.kind == "sample_gradients":
        return _sample_gradients(sgd, operator, quantity)
    unit = np.eye(len(operator.gradient.weights), dtype=int)
    chosen = coordinates(sgd, quantity)
    if quantity.kind == "weights":
        return tuple(operator.ring.generator(operator.state[a]) * exact_entry(quantity.scale) for a in chosen)
    means = [operator.mean(tuple(map(int, unit[a]))) for a in chosen]
    return tuple(_at_places(sgd, operator, quantity, means) if quantity.kind == "gradient" else means)


def _at_places(sgd: Run, operator: StepOperator, quantity: Quantity, values: Sequence[Polynomial]) -> list[Polynomial]:
    """Polynomials in the weights where the batch gradient of the quantity's step is taken: at C s."""
    now = step_now(sgd, quantity)
    if now is None:
        return list(values)
    places = now.places([operator.ring.generator(s) for s in operator.state])
    images = dict(zip(operator.gradient.weights, places, strict=True))
    return [value.substitute(images) for value in values]


def _in_ring(operator: StepOperator, value: Polynomial) -> Polynomial:
    """A polynomial in the weights as one in the state; letters of the data that are not met yet come last."""
    return operator.ring.zero + value


def _sample_gradients(sgd: Run, operator: StepOperator, quantity: Quantity) -> tuple[Polynomial, ...]:
    law = sgd.model.law
    if law.points is None or len(law.factors) > 1:
        raise AssumptionError("sample_gradients(t, A) needs a finite data set without label noise: grad L_i "
                              "belongs to a data point i.")
    assert quantity.matrices is not None
    gradient = operator.gradient
    count = len(gradient.weights)
    shape = (len(quantity.matrices[0]), len(quantity.matrices[0][0]))
    if len(quantity.matrices) != law.n or shape[1] != count:
        raise InputError(f"sample_gradients: expected n = {law.n} matrices with {count} columns, found "
                         f"{len(quantity.matrices)} of shape {shape}.")
    total = [operator.ring.zero] * shape[0]
    for matrix, point in zip(quantity.matrices, law.points, strict=True):
        ring = ring_of(free_symbols(point))
        values = {s: ring(v) for s, v in zip(gradient.sample, point, strict=True)}
        parts = [g.substitute(values) for g in gradient.components]
        for r, row in enumerate(matrix):
            for a, entry in enumerate(row):
                if entry:
                    total[r] = total[r] + _without(parts[a], gradient.sample) * exact_entry(entry)
    return tuple(total)


def _without(polynomial: Polynomial, symbols: tuple[Any, ...]) -> Polynomial:
    """The same polynomial in a ring without the given generators, which do not occur."""
    ring = polynomial.ring
    keep = [i for i, g in enumerate(ring.generators) if g not in symbols]
    small = type(ring)(ring.generators[i] for i in keep)
    return small.from_terms({tuple(e[i] for i in keep): c for e, c in polynomial.terms()})
