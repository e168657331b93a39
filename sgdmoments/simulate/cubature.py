"""Exact averages of polynomials over a law: points and weights, in floats."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, product
from typing import Any

import numpy as np

from sgdmoments.describe.laws.base import Law
from sgdmoments.describe.laws.source import Source
from sgdmoments.errors import AssumptionError
from sgdmoments.simulate.draws import shift, to_floats
from sgdmoments.simulate.quadrature import of_moments

Array = np.ndarray[Any, Any]

#: No cubature rule with more points than this is built.
CUBATURE_LIMIT = 20_000


def cubature(law: Law, dimension: int, degree: int) -> tuple[Array, Array]:
    """Points (m, dimension) and weights (m,) that integrate polynomials up to `degree` exactly under the law.

    The rows of a table; else a product rule, or for degree <= 5 and an even law a rule with 2 d^2 + 1 points (weights
    may be negative). Raises `AssumptionError` where more than `CUBATURE_LIMIT` points would be needed.
    """
    source = law.source()
    move = shift(source)
    if source.kind == "table":
        return move(to_floats(source.values, "values")), to_floats(source.chances, "chances")
    x, w = _RULES[source.kind](source, degree // 2 + 1)
    products, fewer = len(x) ** dimension, 2 * dimension**2 + 1
    if products > max(200, fewer) and degree <= 5 and law.is_even and fewer <= CUBATURE_LIMIT:
        points, weights = _fifth_degree(float(np.dot(w, x**2)), float(np.dot(w, x**4)), dimension)
    elif products <= max(200, fewer, CUBATURE_LIMIT):
        points = np.array(list(product(x, repeat=dimension))).reshape(-1, dimension)
        weights = np.array(list(map(np.prod, product(w, repeat=dimension))))
    else:
        raise AssumptionError(
            f"an exact average over {law} in dimension {dimension} of a polynomial of degree {degree} needs "
            f"{len(x)}^{dimension} points (limit {CUBATURE_LIMIT:,}); ask for gradient(t) or weights(t), which "
            "need no population average, or take a smaller input dimension.")
    return move(points), weights


def _normal(source: Source, nodes: int) -> tuple[Array, Array]:
    x, w = np.polynomial.hermite_e.hermegauss(nodes)
    return x, w / w.sum()


def _uniform(source: Source, nodes: int) -> tuple[Array, Array]:
    a, b = source.values
    x, w = np.polynomial.legendre.leggauss(nodes)
    return float(a) + float(b - a) * (x + 1) / 2, w / 2


def _atoms(source: Source, nodes: int) -> tuple[Array, Array]:
    return to_floats(source.values, "values"), to_floats(source.chances, "chances")


def _moments(source: Source, nodes: int) -> tuple[Array, Array]:
    return of_moments(tuple(to_floats([1, *source.values], "moments")), nodes)


#: (nodes, weights) of one coordinate, exact for polynomials of degree 2 nodes - 1.
_RULES: dict[str, Callable[[Source, int], tuple[Array, Array]]] = {
    "normal": _normal, "uniform": _uniform, "atoms": _atoms, "moments": _moments}


def _fifth_degree(second: float, fourth: float, d: int) -> tuple[Array, Array]:
    """0, +-r e_i and r(+-e_i +- e_j) with r^2 = m_4/m_2 (McNamee and Stenger's rule of degree 5)."""
    r2 = fourth / second
    pair = second**2 / (4 * r2**2)
    single = second / (2 * r2) - 2 * (d - 1) * pair
    centre = 1 - 2 * d * single - 2 * d * (d - 1) * pair
    points, weights = [np.zeros(d)], [centre]
    eye = np.eye(d) * np.sqrt(r2)
    for i in range(d):
        points += [eye[i], -eye[i]]
        weights += [single, single]
    for i, j in combinations(range(d), 2):
        points += [s * eye[i] + t * eye[j] for s in (1, -1) for t in (1, -1)]
        weights += [pair] * 4
    return np.array(points), np.array(weights)
