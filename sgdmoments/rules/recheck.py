"""Rechecking rewrites: both sides evaluated at a random point modulo a prime; a failure names its rule.

* gradient: the linear coefficient of q(W + sΔ) in s, found from values at several s, is ⟨∂q/∂W, Δ⟩;
* update: the coefficient of α^k of q at the updated W, found from values at several α, is the part of order k;
* expectation: a law of independent entries is replaced by signed weights on 0, 1, …, D modulo the prime, with its
  moments up to the degree D, and the expectation becomes a finite sum over all values of the data;
* batch: every batch of a small data set is listed.

None of these uses cumulants of blocks, pairings or substitutions into graphs. Random points decide: two sides that
differ agree with probability about degree / 2^31.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, product
from math import comb, prod
from typing import Any

import numpy as np
import sympy

from sgdmoments.errors import RewriteError
from sgdmoments.exact.ring import INVERSE_BATCH, Ring
from sgdmoments.graphs.derived import definition
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.graph import Monomial
from sgdmoments.graphs.labels import BATCH, Label
from sgdmoments.graphs.modular import PRIME, RandomPoint
from sgdmoments.rules.batch import BATCH_RULE, Sampling
from sgdmoments.rules.expectation import EXPECTATION, EntryLaw, Expectation
from sgdmoments.rules.gradient import GRADIENT
from sgdmoments.rules.rule import Rule
from sgdmoments.rules.update import UPDATE, Image, Terms, Update

#: A finite sum over the values of the data has at most this many terms.
LARGEST_SUM = 300
_DIRECTION = "\x1edirection"


def recheck_gradient(expression: Expression, label: Label, derivative: Expression, seed: int = 0) -> None:
    """Raise `RewriteError` unless `derivative` (open ends 0, 1) is the derivative of a scalar by a matrix."""
    point = RandomPoint(seed)
    _fix_sizes(point, (expression, derivative))
    base = point.array(label)[0]
    step = RandomPoint(seed, point.sizes).array(Label(label.name + _DIRECTION, label.dimensions))[0]
    degree = max((_degree(monomial, label) for monomial in expression.raw), default=0)

    def value(s: int) -> int:
        return int(RandomPoint(seed, point.sizes, {label: (base + s * step) % PRIME})(expression))

    claimed = 0
    if derivative:
        claimed = int((np.asarray(point(derivative), dtype=object) * step.astype(object)).sum() % PRIME)
    _compare(GRADIENT, _coefficients(value, degree)[1] if degree else 0, claimed, repr(expression))


def recheck_update(images: Mapping[Label, Image], monomial: Monomial, order: int, after: Expression,
                   seed: int = 0) -> None:
    """Raise `RewriteError` unless `after` is the part of order α^order of a product of graphs after the update."""
    before = Expression({monomial: 1})
    point = RandomPoint(seed)
    _fix_sizes(point, (before, after, *(part for parts in images.values() for part in parts if part is not None)))
    moves = {label: [point.array(label)[0] if part is None else np.asarray(point(part)) if part else 0
                     for part in parts] for label, parts in images.items()}

    def value(s: int) -> Any:
        moved = {label: sum(pow(s, k, PRIME) * part for k, part in enumerate(parts)) % PRIME
                 for label, parts in moves.items()}
        return RandomPoint(seed, point.sizes, moved)(before)

    degree = max(order, sum(_degree(monomial, label) * (len(parts) - 1) for label, parts in images.items()))
    claimed = point(after) if after else 0
    _compare(UPDATE, _coefficients(value, degree)[order], claimed, repr(before))


def recheck_expectation(rule: Expectation, monomial: Monomial, terms: Mapping[Monomial, Any], seed: int = 0) -> bool:
    """Raise `RewriteError` unless `terms` is the expectation of a product of graphs.

    Returns:
        Whether it was checked: False where even the smallest sizes need a sum of more than `LARGEST_SUM` terms
        (dimensions that are numbers cannot be made small), or where powers of 1/b were dropped.
    """
    if rule.order is not None:
        return False
    before, after = Expression({monomial: 1}), Expression.from_raw(rule.ring, dict(terms))
    degrees = {label: count for label in rule.laws
               if (count := sum(edge[0] is label for graph in monomial for edge in graph.edges))}
    checked = False
    for sizes in _small_sizes(degrees):
        point = _law_point(rule.laws, degrees, seed, sizes)
        _fix_sizes(point, (before, after))
        total: Any = 0
        for weight, values in _outcomes(rule.laws, degrees, point):
            total = (total + weight * RandomPoint(seed, point.sizes, {**point.given, **values})(before)) % PRIME
        _compare(EXPECTATION, total, point(after) if after else 0, repr(before))
        checked = True
    return checked


def recheck_sampling(rule: Sampling, monomial: Monomial, terms: Mapping[Monomial, Any], seed: int = 0) -> bool:
    """Raise `RewriteError` unless `terms` is the expectation over a batch of the finite data set, at b = 1, 2.

    Returns whether it was checked: False where the data set is too large to list its batches, or where powers of 1/b
    were dropped.
    """
    if rule.order is not None or comb(rule.n + 1, 2) > LARGEST_SUM:
        return False
    before, after = Expression({monomial: 1}), Expression.from_raw(rule.ring, dict(terms))
    for b in (1, 2)[: rule.n]:
        point = RandomPoint(seed, {BATCH: b})
        _fix_sizes(point, (before, after))
        data = {drawn: point.array(source)[0] for drawn, source in rule.samples.items()}
        rows = range(rule.n)
        batches: list[Sequence[int]] = list(
            product(rows, repeat=b) if rule.batches.independent else combinations(rows, b))
        total: Any = 0
        for batch in batches:
            values = {drawn: array[list(batch)] for drawn, array in data.items()}
            total = (total + RandomPoint(seed, point.sizes, values)(before)) % PRIME
        _compare(BATCH_RULE, total * pow(len(batches), -1, PRIME), point(after) if after else 0, repr(before))
    return True


class CheckedUpdate(Update):
    """An `Update` whose every result is rechecked; `count` says how many were."""

    def __init__(self, images: Mapping[Label, Image], ring: Ring) -> None:
        super().__init__(images, ring)
        self.images = dict(images)
        self.count = 0

    def order(self, monomial: Monomial, order: int) -> Terms:
        terms = super().order(monomial, order)
        recheck_update(self.images, monomial, order, Expression.from_raw(self.ring, terms))
        self.count += 1
        return terms


class CheckedMean:
    """An `Expectation` or `Sampling` whose every result is rechecked; `count` of `asked` were small enough."""

    def __init__(self, mean: Expectation | Sampling) -> None:
        self.mean = mean
        self.asked = self.count = 0
        self._seen: set[Monomial] = set()

    def __call__(self, expression: Expression) -> Expression:
        """The expectation of an expression."""
        for monomial in expression.raw:
            self.monomial(monomial)
        return self.mean(expression)

    def monomial(self, monomial: Monomial) -> Mapping[Monomial, Any]:
        """The expectation of one product of graphs."""
        terms = self.mean.monomial(monomial)
        if monomial not in self._seen:
            self._seen.add(monomial)
            self.asked += 1
            if isinstance(self.mean, Expectation):
                self.count += recheck_expectation(self.mean, monomial, terms)
            else:
                self.count += recheck_sampling(self.mean, monomial, terms)
        return terms

    @property
    def memo_size(self) -> int:
        """The number of graph products whose expectation is known."""
        return self.mean.memo_size


# -- laws modulo the prime ----------------------------------------------------------------------------------


def _small_sizes(degrees: Mapping[Label, int]) -> Iterator[dict[sympy.Symbol, int]]:
    """Sizes 1 and 2 of the random letters' dimensions that are letters; the largest choices that can be summed."""
    letters = sorted({d for label in degrees for d in label.dimensions if not isinstance(d, int)}, key=str)
    found: list[dict[sympy.Symbol, int]] = []
    for choice in sorted(product((1, 2), repeat=len(letters)), key=lambda c: (-sum(c), c)):
        sizes = dict(zip(letters, choice, strict=True))
        terms = prod((degree + 1) ** prod(d if isinstance(d, int) else sizes[d] for d in label.dimensions)
                     for label, degree in degrees.items())
        if terms <= LARGEST_SUM and not any(all(sizes[d] <= larger[d] for d in letters) for larger in found):
            found.append(sizes)
    yield from found


def _law_point(laws: Mapping[Label, EntryLaw], degrees: Mapping[Label, int], seed: int,
               sizes: Mapping[sympy.Symbol, int]) -> RandomPoint:
    """A random point at which covariances Σ are F Fᵀ for a random F."""
    point = RandomPoint(seed, sizes)
    given = {}
    for label in degrees:
        covariance = laws[label].covariance
        if covariance is not None:
            factor = _factor(covariance, point)
            given[covariance] = point.arithmetic.matmul(factor, factor.T)
    return RandomPoint(seed, point.sizes, given)


def _factor(covariance: Label, point: RandomPoint) -> Any:
    return point.array(Label(covariance.name + _DIRECTION, covariance.dimensions))[0]


def _outcomes(laws: Mapping[Label, EntryLaw], degrees: Mapping[Label, int],
              point: RandomPoint) -> Iterator[tuple[int, dict[Label, Any]]]:
    """Values of the random letters with their weights modulo the prime."""
    lists = []
    for label, degree in degrees.items():
        shape = tuple(map(point.size, label.dimensions))
        weights = _weights(_moments(laws[label], degree, point))
        covariance = laws[label].covariance
        choices = []
        size = shape[0] * (shape[0] + 1) // 2 if label.symmetric else prod(shape)
        for values in product(range(degree + 1), repeat=size):
            weight = 1
            for value in values:
                weight = weight * weights[value] % PRIME
            if label.symmetric:  # the entries on and below the diagonal, and their mirror images
                array = np.zeros(shape, dtype=np.int64)
                array[np.tril_indices(shape[0])] = values
                array += np.tril(array, -1).T
            else:
                array = np.array(values, dtype=np.int64).reshape(shape)
            if covariance is not None:
                array = point.arithmetic.matmul(array, _factor(covariance, point).T)
            choices.append((weight, array))
        lists.append(choices)
    for outcome in product(*lists):
        weight = 1
        for factor, _ in outcome:
            weight = weight * factor % PRIME
        yield weight, {label: array for label, (_, array) in zip(degrees, outcome, strict=True)}


def _moments(law: EntryLaw, degree: int, point: RandomPoint) -> list[int]:
    """E 1, E x, …, E x^degree from the cumulants, modulo the prime."""
    cumulants = [0] + [point.coefficient(Ring(())(0) + law.cumulant(k)) for k in range(1, degree + 1)]
    moments = [1]
    for n in range(1, degree + 1):
        moments.append(sum(comb(n - 1, k - 1) * cumulants[k] * moments[n - k] for k in range(1, n + 1)) % PRIME)
    return moments


def _weights(moments: Sequence[int]) -> list[int]:
    """Weights of 0, 1, … with the given moments: the moments of Lagrange's polynomials."""
    weights = []
    for j in range(len(moments)):
        coefficients, scale = [1], 1
        for i in range(len(moments)):
            if i != j:  # times (x - i)
                shifted = [0, *coefficients]
                coefficients = [(a - i * c) % PRIME for a, c in zip(shifted, [*coefficients, 0], strict=True)]
                scale = scale * (j - i) % PRIME
        total = sum(c * m for c, m in zip(coefficients, moments, strict=True))
        weights.append(total * pow(scale, -1, PRIME) % PRIME)
    return weights


# -- comparing ----------------------------------------------------------------------------------------------


def _coefficients(value: Callable[[int], Any], degree: int) -> list[Any]:
    """The coefficients of a polynomial of the given degree from its values at 0, 1, …, degree."""
    values = [np.asarray(value(s), dtype=object) for s in range(degree + 1)]
    basis = [_weights([0] * k + [1] + [0] * (degree - k)) for k in range(degree + 1)]  # Σ_j w_j j^n = [n = k]
    return [sum((w * v for w, v in zip(row, values, strict=True)), 0 * values[0]) % PRIME for row in basis]


def _degree(monomial: Monomial, label: Label) -> int:
    """An upper bound for the degree of a product of graphs in a matrix, derived letters included."""
    return sum(_edge_degree(edge[0], label) for graph in monomial for edge in graph.edges)


def _edge_degree(letter: Label, label: Label) -> int:
    """The degree of one letter in a matrix: 1 for the matrix itself, that of its definition for a derived letter."""
    if letter is label:
        return 1
    inner = definition(letter)
    return 0 if inner is None else max((_degree(m, label) for m in inner.raw), default=0)


def _fix_sizes(point: RandomPoint, expressions: Sequence[Expression]) -> None:
    """Give every dimension of the expressions its size, so that points made later agree."""
    for symbol in sorted({s for e in expressions for s in e.free_symbols} - {INVERSE_BATCH}, key=str):
        if any(symbol in label.dimensions for e in expressions for label in e.labels):
            point.size(symbol)
    if any(BATCH in label.dimensions for e in expressions for label in e.labels):
        point.size(BATCH)


def _compare(rule: Rule, found: Any, claimed: Any, term: str) -> None:
    difference = (np.asarray(found, dtype=object) - np.asarray(claimed, dtype=object)) % PRIME
    if np.any(difference):
        raise RewriteError(f"the rule {rule.name!r} changed the value of {term}: its result is wrong at a random point "
                           f"modulo {PRIME}. This is an error of the package; please report it.")
