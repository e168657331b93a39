"""Gauss quadrature of one coordinate of a law, in floats."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from sgdmoments.errors import AssumptionError, InputError

Array = np.ndarray[Any, Any]


def of_moments(moments: tuple[float, ...], nodes: int) -> tuple[Array, Array]:
    """(nodes, weights) from E z^0, E z, ..., exact for polynomials of degree 2 nodes - 1."""
    if 2 * nodes - 1 > len(moments):
        raise AssumptionError(f"simulation needs moments up to order {2 * nodes - 2} of the data, but "
                              f"{len(moments) - 1} are given: Coordinates(moments=(...)).")
    return _quadrature(moments, nodes)


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
