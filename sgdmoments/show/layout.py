"""Where the nodes of a small graph are drawn: distances on paper close to distances in the graph."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, sin
from typing import Any

import numpy as np

Point = tuple[float, float]
Array = np.ndarray[Any, Any]


def ring(count: int, radius: float, start: float = pi) -> list[Point]:
    """Points on a circle, clockwise on paper (y points down), the first at the angle `start`."""
    return [(radius * cos(start + 2 * pi * k / count), radius * sin(start + 2 * pi * k / count))
            for k in range(count)]


def spread(count: int, links: Sequence[tuple[int, int]], light: int = 0) -> list[Point]:
    """A layout of a connected graph by stress majorisation, the best of a few fixed starts; the same every time.

    Args:
        count: the number of nodes.
        links: pairs of nodes at distance 1.
        light: the last `light` nodes keep their distances from one another less strictly.
    """
    if count == 1:
        return [(0.0, 0.0)]
    target = _distances(count, links)
    weight = 1 / np.where(target > 0, target, 1) ** 2
    np.fill_diagonal(weight, 0)
    weight[count - light:, count - light:] *= 0.2
    solve = np.linalg.pinv(np.diag(weight.sum(1)) - weight)
    best: Array | None = None
    least = np.inf
    for seed in range(8):
        if seed:
            points = np.random.default_rng(seed).normal(size=(count, 2)) * target.max() / 2
        else:
            points = np.array(ring(count, max(count / pi, 1)))
        points = _majorise(points, target, weight, solve)
        stress = float((weight * (_lengths(points) - target) ** 2).sum())
        if stress < least - 1e-6:
            best, least = points, stress
    assert best is not None
    return [(float(x), float(y)) for x, y in _levelled(best)]


def _majorise(points: Array, target: Array, weight: Array, solve: Array) -> Array:
    for _ in range(150):
        lengths = _lengths(points)
        ratio = weight * target / np.where(lengths > 1e-9, lengths, 1)
        pull = np.diag(ratio.sum(1)) - ratio
        points = solve @ (pull @ points)
    return points


def _lengths(points: Array) -> Array:
    return np.sqrt(((points[:, None] - points[None]) ** 2).sum(-1))


def _distances(count: int, links: Sequence[tuple[int, int]]) -> Array:
    """The lengths of shortest paths."""
    far = float(count)
    distance = np.full((count, count), far)
    np.fill_diagonal(distance, 0)
    for a, b in links:
        distance[a, b] = distance[b, a] = 1
    for k in range(count):
        distance = np.minimum(distance, distance[:, k:k + 1] + distance[k:k + 1])
    return distance


def _levelled(points: Array) -> Array:
    """Turned so that the longest extent is horizontal, node 0 to the upper left."""
    centred = points - points.mean(0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    turned = centred @ axes.T
    signs = np.where(turned[0] > 1e-9, -1.0, 1.0)
    return turned * signs
