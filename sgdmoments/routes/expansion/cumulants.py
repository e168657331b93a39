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
from sgdmoments.recursion.steps import Form, StateStep
from sgdmoments.routes.expansion.tables import Array, Table

#: cumulants[n][k]: the coefficient of u^k in the n-th joint cumulant of z, an array of n dimensions.
Cumulants = dict[int, dict[int, Array]]
#: For each block of a diagram, how many legs of each vertex it takes.
Diagram = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class PolynomialMap:
    """Polynomials of the state (or the weights) and the statistics of a step: value and derivatives about a point.

    Attributes:
        mean: the polynomials averaged over the batch.
        noise: the coefficients of the centred statistics: row = component * statistics + statistic.
        statistics: the number of statistics.
    """

    mean: Table
    noise: Table
    statistics: int

    @classmethod
    def of(cls, problem: Problem, components: Sequence[ByStatistic], letters: Sequence[Any]) -> PolynomialMap:
        """The map with the given components by statistics, as a function of the given letters."""
        count = len(problem.statistics)
        means = [(j, mean_over_batch(by, problem.moments, problem.ring)) for j, by in enumerate(components)]
        noise = [(j * count + i, c) for j, by in enumerate(components) for i, c in by.items() if i >= 0]
        return cls(Table(means, letters, len(components)),
                   Table(noise, letters, len(components) * count), count)

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
    gradient = PolynomialMap.of(problem, problem.gradient, problem.weights)
    output = PolynomialMap.of(problem, problem.outputs, problem.state)
    noise = statistic_cumulants(problem, order + 1)
    state = np.array([float(w.to_fraction()) for w in problem.start])
    width, count = len(state), len(problem.statistics)
    known: Cumulants = {}
    shift = order - (kind == "variance")  # a variance needs the mean to one order less
    for t, step in enumerate(problem.steps):
        monitor.update("steps", t, len(problem.steps), width ** (order + 1))
        moves = _Moves.of(step, width, count)
        places = moves.points @ state
        both = join(known, noise, width, count)
        grown: Cumulants = {}
        for n in range(1, order + 2):
            vertices = {r: moves.of_state(array, r, n > 1)
                        for r, array in _vertices(gradient, places, n, order if n > 1 else shift).items()}
            if 1 in vertices:
                vertices[1][:, :width] += moves.linear
            grown[n] = push(vertices, both if n > 1 else known, n, order if n > 1 else shift)
        known = grown
        state = moves.linear @ state + moves.gain @ gradient.mean.derivative(0, places)
    means = np.zeros((output.mean.rows, order + 1))
    means[:, 0] = output.mean.derivative(0, state)
    if kind != "variance":
        for k, part in push(_vertices(output, state, 1, order), known, 1, order).items():
            means[:, k] = part
    if kind == "mean":
        return means
    result = np.zeros(order + 1)
    both = join(known, noise, width, count)
    for k, part in push(_vertices(output, state, 2, order), both, 2, order, trace=True).items():
        result[k] += part
    if kind == "second_moment":
        for row in means:
            result += np.convolve(row, row)[: order + 1]
    return result


def _vertices(step: PolynomialMap, weights: Array, n: int, order: int) -> dict[int, Array]:
    """The arrays D^r that the diagrams of the n-th cumulant need; for the mean in the weights only."""
    table = step.mean if n == 1 else step
    return {r: table.derivative(r, weights) for r in range(1, highest_vertex(n, order, table.degree) + 1)}


@dataclass(frozen=True)
class _Moves:
    """A step's matrices in floats: s' = linear s + gain g(points s)."""

    linear: Array
    gain: Array
    points: Array
    statistics: int
    plain: float | None

    @classmethod
    def of(cls, step: StateStep, width: int, count: int) -> _Moves:
        gain = np.zeros((width, step.width))
        for j, value in enumerate(step.gain):
            gain[j, j % step.width] = _float(value)
        points = np.eye(step.width, width) if step.points is None else _rows(step.points, width)
        factors = set(map(_float, step.gain))
        one_slot = width == step.width and step.points is None and len(factors) == 1
        return cls(_rows(step.linear, width), gain, points, count, factors.pop() if one_slot else None)

    def of_state(self, array: Array, order: int, noisy: bool) -> Array:
        """D^r of the gradient as a part of D^r of the step: its legs on the state and the statistics."""
        if self.plain is not None:  # one slot: a factor is all
            return self.plain * array
        legs = self.points
        if noisy:
            legs = np.zeros((len(self.points) + self.statistics, self.points.shape[1] + self.statistics))
            legs[:len(self.points), :self.points.shape[1]] = self.points
            legs[len(self.points):, self.points.shape[1]:] = np.eye(self.statistics)
        for k in range(1, order + 1):
            array = np.moveaxis(np.tensordot(array, legs, axes=(k, 0)), -1, k)
        return np.asarray(np.tensordot(self.gain, array, axes=(1, 0)))


def _rows(forms: Sequence[Form], width: int) -> Array:
    matrix = np.zeros((len(forms), width))
    for j, form in enumerate(forms):
        for k, c in form:
            matrix[j, k] = _float(c)
    return matrix


def _float(value: Any) -> float:
    return float(value if isinstance(value, (int, Fraction)) else value.to_fraction())


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
