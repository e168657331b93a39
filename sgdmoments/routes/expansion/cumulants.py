"""The first K coefficients in floats: cumulants of the weights, pushed through the polynomial step.

Let z = (d, s): the fluctuation of the weights about the noiseless path, and the centred batch statistics. A
joint cumulant of n components of z is O(u^(n-1)), the mean O(u). The step d' = sum_r D^r(z, ..., z)/r! has the
cumulants

    kappa(d'_1, ..., d'_n) = sum over connected diagrams: a vertex D^r for each d'_i, its r legs distributed over
    blocks, a block of m legs carrying kappa_m(z),

and a diagram's order in u is the sum over its blocks of m - 1 (1 where m = 1). To order K only the cumulants up
to n = K + 1 and finitely many diagrams are left.

Source: Leonov and Shiryaev's formula for cumulants of products; Theorem 3.8 (P0) restricted to powers of 1/b.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import combinations_with_replacement, product
from math import factorial, prod
from typing import Any

import numpy as np

from sgdmoments.budget import Monitor, tick
from sgdmoments.describe.batch_weights import set_partitions
from sgdmoments.recursion.components import ByStatistic, Problem, mean_over_batch
from sgdmoments.routes.expansion.tables import Array, Table

#: cumulants[n][k]: the coefficient of u^k in the n-th joint cumulant of z, an array of n dimensions.
Cumulants = dict[int, dict[int, Array]]
#: For each block of a diagram, how many legs of each vertex it takes.
Diagram = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class PolynomialMap:
    """Polynomials of the weights and the statistics of a step: value and derivatives about a point.

    Attributes:
        mean: the polynomials averaged over the batch.
        noise: the coefficients of the centred statistics: row = component * statistics + statistic.
        statistics: the number of statistics.
    """

    mean: Table
    noise: Table
    statistics: int

    @classmethod
    def of(cls, problem: Problem, components: Sequence[ByStatistic]) -> PolynomialMap:
        """The map with the given components by statistics."""
        count = len(problem.statistics)
        means = [(j, mean_over_batch(by, problem.moments, problem.ring)) for j, by in enumerate(components)]
        noise = [(j * count + i, c) for j, by in enumerate(components) for i, c in by.items() if i >= 0]
        return cls(Table(means, problem.weights, len(components)),
                   Table(noise, problem.weights, len(components) * count), count)

    @property
    def degree(self) -> int:
        """The degree in weights and statistics together."""
        return max(self.mean.degree, self.noise.degree + (self.noise.terms > 0))

    def derivative(self, order: int, weights: Array) -> Array:
        """D^order, of shape (components, width + statistics, ...)."""
        width, count = self.mean.width, self.statistics
        result = np.zeros((self.mean.rows, *(width + count,) * order))
        inner = (slice(None), *(slice(0, width),) * order)
        result[inner] = self.mean.derivative(order, weights)
        if order and self.noise.terms:
            part = self.noise.derivative(order - 1, weights).reshape(
                (self.mean.rows, count, *(width,) * (order - 1)))
            for k in range(order):
                place = [slice(None), *(slice(0, width),) * order]
                place[1 + k] = slice(width, width + count)
                result[tuple(place)] += np.moveaxis(part, 1, 1 + k)
        return result


def expansion(problem: Problem, kind: str, order: int, monitor: Monitor) -> Array:
    """The coefficients of u^0, ..., u^order of the variance or second moment; for "mean" one row a component."""
    step = PolynomialMap.of(problem, problem.gradient)
    output = PolynomialMap.of(problem, problem.outputs)
    noise = statistic_cumulants(problem, order + 1)
    weights = np.array([float(w.to_fraction()) for w in problem.start])
    width = len(weights)
    known: Cumulants = {}
    shift = order - (kind == "variance")  # a variance needs the mean to one order less
    for t, rate in enumerate(problem.rates):
        monitor.update("steps", t, len(problem.rates), width ** (order + 1))
        alpha = float(rate.to_fraction() if not isinstance(rate, Fraction) else rate)
        both = join(known, noise, width, len(problem.statistics))
        grown: Cumulants = {}
        for n in range(1, order + 2):
            vertices = _vertices(step, weights, n, order if n > 1 else shift, -alpha)
            if 1 in vertices:
                vertices[1][:, :width] += np.eye(width)
            grown[n] = push(vertices, both if n > 1 else known, n, order if n > 1 else shift)
        known = grown
        weights = weights - alpha * step.mean.derivative(0, weights)
    means = np.zeros((output.mean.rows, order + 1))
    means[:, 0] = output.mean.derivative(0, weights)
    if kind != "variance":
        for k, part in push(_vertices(output, weights, 1, order, 1.0), known, 1, order).items():
            means[:, k] = part
    if kind == "mean":
        return means
    result = np.zeros(order + 1)
    both = join(known, noise, width, len(problem.statistics))
    for k, part in push(_vertices(output, weights, 2, order, 1.0), both, 2, order, trace=True).items():
        result[k] += part
    if kind == "second_moment":
        for row in means:
            result += np.convolve(row, row)[: order + 1]
    return result


def _vertices(step: PolynomialMap, weights: Array, n: int, order: int, factor: float) -> dict[int, Array]:
    """The arrays D^r that the diagrams of the n-th cumulant need; for the mean in the weights only."""
    table = step.mean if n == 1 else step
    return {r: factor * table.derivative(r, weights) for r in range(1, highest_vertex(n, order, table.degree) + 1)}


@cache
def highest_vertex(n: int, order: int, degree: int) -> int:
    """The most legs of a vertex in the diagrams of the n-th cumulant to the given order."""
    return max((sum(block[i] for block in diagram) for diagram in diagrams(n, order, degree) for i in range(n)),
               default=0)


def statistic_cumulants(problem: Problem, highest: int) -> dict[int, Array]:
    """The joint cumulants of one sample's statistics, as arrays of 2, ..., highest dimensions."""
    count = len(problem.statistics)
    known: dict[tuple[int, ...], float] = {}
    result = {}
    for n in range(2, highest + 1):
        array = np.zeros((count,) * n)
        for index in product(range(count), repeat=n):
            key = tuple(sorted(index))
            if key not in known:
                tick("cumulants of the statistics")
                total = Fraction(0)
                for partition in set_partitions(n):
                    term = Fraction((-1) ** (len(partition) - 1) * factorial(len(partition) - 1))
                    for block in partition:
                        exponents = [0] * count
                        for k in block:
                            exponents[key[k]] += 1
                        term *= problem.moments.sample_moment(tuple(exponents))
                    total += term
                known[key] = float(total)
            array[index] = known[key]
        result[n] = array
    return result


def join(weights: Cumulants, noise: dict[int, Array], width: int, count: int) -> Cumulants:
    """The cumulants of z = (d, s): d and the statistics of the next step are independent."""
    result: Cumulants = {}
    for n in {*weights, *noise}:
        for k in {*weights.get(n, {}), *([n - 1] if n in noise else [])}:
            array = np.zeros((width + count,) * n)
            if k in weights.get(n, {}):
                array[(slice(0, width),) * n] = weights[n][k]
            if k == n - 1 and n in noise:
                array[(slice(width, None),) * n] = noise[n]
            result.setdefault(n, {})[k] = array
    return result


def push(vertices: dict[int, Array], cumulants: Cumulants, n: int, order: int, trace: bool = False) -> dict[int, Any]:
    """The n-th joint cumulant of the map's components by orders in u; `trace`: contracted over the components."""
    result: dict[int, Any] = {}
    for diagram in diagrams(n, order, max(vertices, default=0)):
        legs = [sum(block[i] for block in diagram) for i in range(n)]
        weight = 1.0 / prod(factorial(c) for block in diagram for c in block) / prod(
            factorial(diagram.count(block)) for block in set(diagram))
        choices = [sorted(cumulants.get(sum(block), {})) for block in diagram]
        for orders in product(*choices):
            if sum(orders) > order:
                continue
            operands: list[Any] = []
            free: list[list[int]] = [[] for _ in range(n)]
            label = n
            for block, k in zip(diagram, orders, strict=True):
                own = list(range(label, label + sum(block)))
                label += len(own)
                operands += [cumulants[len(own)][k], own]
                position = 0
                for i, c in enumerate(block):
                    free[i] += own[position:position + c]
                    position += c
            tick("a step of the expansion")
            for i in range(n):
                operands += [vertices[legs[i]], [0 if trace else i, *free[i]]]
            value = weight * np.einsum(*operands, [] if trace else list(range(n)), optimize="greedy")
            total = sum(orders)
            result[total] = value if total not in result else result[total] + value
    return result


@cache
def diagrams(n: int, order: int, degree: int) -> tuple[Diagram, ...]:
    """The connected diagrams of n vertices of 1 to `degree` legs whose order in u is at most `order`."""
    blocks = [block for block in product(range(degree + 1), repeat=n)
              if 1 <= sum(block) <= order + 1]
    return tuple(diagram for diagram in _multisets(sorted(blocks), order)
                 if all(1 <= sum(block[i] for block in diagram) <= degree for i in range(n)) and _connected(diagram, n))


def _multisets(blocks: list[tuple[int, ...]], order: int) -> Iterator[Diagram]:
    for size in range(1, order + 1):
        for diagram in combinations_with_replacement(blocks, size):
            if sum(max(sum(block) - 1, 1) for block in diagram) <= order:
                yield diagram


def _connected(diagram: Diagram, n: int) -> bool:
    reached, grown = {0}, True
    while grown:
        grown = False
        for block in diagram:
            support = {i for i, c in enumerate(block) if c}
            if support & reached and not support <= reached:
                reached |= support
                grown = True
    return len(reached) == n
