"""Numbers drawn from a data law, and exact cubature of polynomials under it.

A law is known by its moments; what is drawn has those moments exactly (`Coordinates` becomes the discrete law
with the fewest points that has them: Gauss quadrature).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import combinations, product
from typing import Any

import numpy as np

from sgdmoments.describe.laws import Coordinates, Gaussian, IndependentCoordinates, Law, Rademacher, Uniform
from sgdmoments.errors import AssumptionError, InputError
from sgdmoments.simulate import counters
from sgdmoments.simulate.backend import jnp

Array = np.ndarray[Any, Any]

#: No cubature rule with more points than this is built.
CUBATURE_LIMIT = 20_000


def sampler(law: Law, dimension: int) -> Callable[[Any, Any, int], Any]:
    """draw(key, replicates, count) -> array (replicates, count, dimension) of samples of the law.

    The first samples do not depend on `count`.
    """
    draw = _entries(law)
    factor = None
    if isinstance(law, Gaussian) and law.covariance is not None:
        factor = square_root(to_floats(law.covariance, "covariance"))

    def samples(key: Any, replicates: Any, count: int) -> Any:
        flat = draw(key, replicates, count * dimension)
        x = jnp.moveaxis(flat.reshape(count, dimension, -1), 2, 0)
        return x if factor is None else x @ factor.T

    return samples


def _entries(law: Law) -> Callable[[Any, Any, int], Any]:
    if isinstance(law, Gaussian):
        if law.letter is not None:
            raise InputError(f"data: the covariance is the letter {law.letter!r}; simulation needs numbers.")
        return counters.normals
    if isinstance(law, Rademacher):
        return counters.signs
    if isinstance(law, Uniform):
        low, width = float(law.a), float(law.b - law.a)
        return lambda key, replicates, count: low + width * counters.uniforms(key, replicates, count)
    if isinstance(law, Coordinates):
        nodes, weights = coordinate_rule(law, (len(law.moments) + 2) // 2)
        edges = np.cumsum(weights)[:-1]

        def discrete(key: Any, replicates: Any, count: int) -> Any:
            u = counters.uniforms(key, replicates, count)
            value = jnp.full_like(u, nodes[0])
            for edge, step in zip(edges, np.diff(nodes), strict=True):
                value = value + step * (u > edge)
            return value

        return discrete
    raise InputError(f"data: cannot draw samples of {law}; use Gaussian, Rademacher, Uniform or Coordinates.")


def to_floats(array: Any, name: str) -> Array:
    """Exact numbers as float64; `InputError` where a symbol is left."""
    try:
        return np.asarray(array, dtype=object).astype(float)
    except (TypeError, ValueError):
        raise InputError(f"{name}: found symbols; simulation needs numbers for data, targets, weights and "
                         "learning rates.") from None


def square_root(covariance: Array) -> Array:
    """A matrix F with F F^T = covariance (symmetric, semidefinite)."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0))


def coordinate_rule(law: IndependentCoordinates | Gaussian, nodes: int) -> tuple[Array, Array]:
    """Gauss quadrature (nodes, weights) of one coordinate: exact for polynomials of degree 2 nodes - 1."""
    if isinstance(law, Rademacher):
        return np.array([-1.0, 1.0]), np.array([0.5, 0.5])
    if isinstance(law, Gaussian):
        x, w = np.polynomial.hermite_e.hermegauss(nodes)
        return x, w / w.sum()
    if isinstance(law, Uniform):
        x, w = np.polynomial.legendre.leggauss(nodes)
        return float(law.a) + float(law.b - law.a) * (x + 1) / 2, w / 2
    if not isinstance(law, Coordinates):
        raise InputError(f"no quadrature is known for {law}.")
    known = to_floats([1, *law.moments], "moments")
    if 2 * nodes - 1 > len(known):
        raise AssumptionError(f"simulation needs moments up to order {2 * nodes - 2} of the data, but "
                              f"{len(known) - 1} are given: Coordinates(moments=(...)).")
    return _quadrature(tuple(known), nodes)


@lru_cache(maxsize=64)
def _quadrature(moments: tuple[float, ...], nodes: int) -> tuple[Array, Array]:
    """Golub-Welsch from moments m_0 .. m_(2 nodes - 2) or further, by the Cholesky factor of the Hankel matrix.

    Where the moment of order 2 nodes - 1 is not given, the last diagonal entry repeats the one before.
    """
    size = nodes
    hankel = np.array([[moments[i + j] for j in range(size)] for i in range(size)])
    pivots = [float(np.linalg.det(hankel[:k, :k])) for k in range(1, size + 1)]
    scale = [float(np.prod(np.abs(np.diag(hankel))[:k])) or 1.0 for k in range(1, size + 1)]
    rank = next((k for k in range(size) if pivots[k] <= 1e-12 * scale[k]), size)
    if rank < size:
        if pivots[rank] < -1e-12 * scale[rank] or rank == 0:
            raise InputError(f"moments: no law has the moments {moments[1:]} (their Hankel matrix is not positive).")
        return _quadrature(moments, rank)
    upper = np.linalg.cholesky(hankel).T
    beta = np.diag(upper)[1:] / np.diag(upper)[:-1]
    alpha = np.zeros(size)
    for k in range(size - 1):
        alpha[k] = upper[k, k + 1] / upper[k, k] - (upper[k - 1, k] / upper[k - 1, k - 1] if k else 0)
    if len(moments) >= 2 * size:  # the next column of the Cholesky factor fixes the last entry
        column = np.linalg.solve(upper.T, np.array([moments[i + size] for i in range(size)]))
        alpha[-1] = column[-1] / upper[-1, -1] - (upper[-2, -1] / upper[-2, -2] if size > 1 else 0)
    elif size > 1:
        alpha[-1] = alpha[-2]
    x, vectors = np.linalg.eigh(np.diag(alpha) + np.diag(beta, 1) + np.diag(beta, -1))
    return x, vectors[0] ** 2


def cubature(law: Law, dimension: int, degree: int) -> tuple[Array, Array]:
    """Points (m, dimension) and weights (m,) that integrate polynomials up to `degree` exactly under the law.

    A product rule, or for degree <= 5 and a symmetric law a rule with 2 d^2 + 1 points (weights may be
    negative). Raises `AssumptionError` where more than `CUBATURE_LIMIT` points would be needed.
    """
    base = law if isinstance(law, (IndependentCoordinates, Gaussian)) else None
    if base is None:
        raise InputError(f"no cubature is known for {law}.")
    factor = None
    if isinstance(law, Gaussian):
        if law.letter is not None:
            raise InputError(f"data: the covariance is the letter {law.letter!r}; simulation needs numbers.")
        if law.covariance is not None:
            factor = square_root(to_floats(law.covariance, "covariance"))
    nodes = degree // 2 + 1
    x, w = coordinate_rule(base, nodes)
    if len(x) ** dimension <= max(200, 2 * dimension**2 + 1):
        points = np.array(list(product(x, repeat=dimension))).reshape(-1, dimension)
        weights = np.array(list(map(np.prod, product(w, repeat=dimension))))
    elif degree <= 5 and _is_symmetric(base, degree) and 2 * dimension**2 + 1 <= CUBATURE_LIMIT:
        points, weights = _fifth_degree(float(np.dot(w, x**2)), _fourth_moment(base), dimension)
    elif len(x) ** dimension <= CUBATURE_LIMIT:
        points = np.array(list(product(x, repeat=dimension)))
        weights = np.array([float(np.prod(c)) for c in product(w, repeat=dimension)])
    else:
        raise AssumptionError(
            f"an exact average over {law} in dimension {dimension} of a polynomial of degree {degree} needs "
            f"{len(x)}^{dimension} points (limit {CUBATURE_LIMIT:,}); ask for gradient(t) or weights(t), which "
            "need no population average, or take a smaller input dimension.")
    return (points if factor is None else points @ factor.T), weights


def _is_symmetric(law: IndependentCoordinates | Gaussian, degree: int) -> bool:
    return isinstance(law, Gaussian) or all(law.coordinate_moment(k) == 0 for k in range(1, degree + 1, 2))


def _fourth_moment(law: IndependentCoordinates | Gaussian) -> float:
    return 3.0 if isinstance(law, Gaussian) else float(law.coordinate_moment(4))


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
