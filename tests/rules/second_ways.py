"""Rechecking rewrites by random evaluation modulo a prime, so that a failure names its rule.

Each check computes the same number in a second way that shares no code with the rule:

* gradient: a derivative in a random direction is read off from values at enough points of a line;
* update: the updated graphs at weights W equal the old ones at W − αg, with g evaluated in numbers;
* expectation: over one sample of one feature (or two) the integral is a quadrature: a linear functional that has
  the law's moments, with as many nodes modulo the prime as the degree needs.

Two different polynomials agree at a random point modulo 2³¹ − 1 with a probability of about degree/2³¹ (Schwartz,
Zippel).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import sympy

from sgdmoments.errors import RewriteError
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.labels import Label
from sgdmoments.graphs.modular import PRIME, RandomPoint
from sgdmoments.rules.rule import Rule


def check_gradient(rule: Rule, before: Expression, label: Label, after: Expression, degree: int,
                   sizes: Mapping[Any, int], seed: int = 0) -> None:
    """Check that `after` (open ends 0, 1) is the derivative by `label` of `before`, of degree ≤ `degree` in it."""
    point = RandomPoint(seed, sizes=dict(sizes))
    w = point.array(label, None)[0].astype(object)
    direction = RandomPoint(seed + 1, sizes=dict(sizes)).array(label, None)[0].astype(object)
    values = [RandomPoint(seed, sizes=dict(sizes), letters={label: (w + k * direction) % PRIME})(before)
              for k in range(degree + 1)]
    slope = _derivative_at_zero(values)
    expected = int((point(after).astype(object) * direction).sum() % PRIME)
    _require(rule, slope == expected, before)


def check_update(rule: Rule, before: Expression, after: Expression, directions: Mapping[Label, Expression],
                 rate: sympy.Symbol, sizes: Mapping[Any, int], seed: int = 0) -> None:
    """Check that `after` is `before` with each W replaced by W + α · direction, all batch vertices of one batch."""
    point = RandomPoint(seed, sizes=dict(sizes))
    alpha = point.residue(rate)
    moved = {label: (point.array(label, None)[0].astype(object) + alpha * point(array)) % PRIME
             for label, array in directions.items()}
    there = RandomPoint(seed, sizes=dict(sizes), letters=moved)
    _require(rule, there(before) == point(after), before)


def check_expectation(rule: Rule, before: Expression, after: Expression,
                      moments: Mapping[Label, Callable[[int], Any]], degree: int, sizes: Mapping[Any, int],
                      seed: int = 0) -> None:
    """Check that `after` is the mean of `before` over independent entries with the given moments.

    Args:
        moments: E x^k of an entry, for each data label.
        degree: the greatest number of data edges in a product of graphs.
        sizes: values of the dimensions (and ``BATCH``); the number of data entries they give should be 1 to 3.
    """
    shapes = {label: tuple(d if isinstance(d, int) else sizes[d] for d in label.dimensions) for label in moments}
    entries = [(label, index) for label, shape in shapes.items() for index in np.ndindex(shape)]
    weights = {label: _quadrature([_residue(moment(k)) for k in range(degree + 1)])
               for label, moment in moments.items()}
    total = 0
    for nodes in product(range(degree + 1), repeat=len(entries)):
        letters = {label: np.zeros(shape, dtype=object) for label, shape in shapes.items()}
        weight = 1
        for (label, index), node in zip(entries, nodes, strict=True):
            letters[label][index] = node
            weight = weight * weights[label][node] % PRIME
        if weight:
            total += weight * RandomPoint(seed, sizes=dict(sizes), letters=letters)(before)
    _require(rule, total % PRIME == RandomPoint(seed, sizes={**sizes})(after), before)


def _derivative_at_zero(values: list[int]) -> int:
    """f'(0) modulo the prime of the polynomial with values f(0), f(1), …."""
    total, size = 0, len(values)
    for i in range(1, size):  # f'(0) = Σ_i (f(i) − f(0)) Π_{j ≠ 0, i} j / (j − i) / i
        weight = pow(i, -1, PRIME)
        for j in range(1, size):
            if j != i:
                weight = weight * j * pow(j - i, -1, PRIME) % PRIME
        total += (values[i] - values[0]) * weight
    return total % PRIME


def _quadrature(moments: list[int]) -> list[int]:
    """Weights on the nodes 0, 1, … that give x^k the k-th moment: Lagrange's polynomials, integrated."""
    size = len(moments)
    weights = []
    for i in range(size):
        coefficients, scale = [1], 1
        for j in range(size):
            if j != i:
                raised, lowered = [0, *coefficients], [*coefficients, 0]
                coefficients = [(a - j * c) % PRIME for a, c in zip(raised, lowered, strict=True)]
                scale = scale * (i - j) % PRIME
        value = sum(c * m for c, m in zip(coefficients, moments, strict=True))
        weights.append(value * pow(scale, -1, PRIME) % PRIME)
    return weights


def _residue(value: Any) -> int:
    fraction = Fraction(value)
    return fraction.numerator * pow(fraction.denominator, -1, PRIME) % PRIME


def _require(rule: Rule, holds: bool, before: Expression) -> None:
    if not holds:
        shown = repr(before)
        raise RewriteError(f"the rule {rule.name!r} changed the value of {shown[:200]}{'…' * (len(shown) > 200)} at a "
                           f"random point modulo {PRIME}: {rule.statement}.")


