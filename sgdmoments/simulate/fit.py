"""Coefficients of a polynomial in u = 1/b from estimates at several b, and the probabilities of tests.

The design matrix has rows (1, u, u^2, ...), and is as badly conditioned as such matrices are: the normal
equations are solved in as many digits as that takes, so what is reported is the data's uncertainty and not
the arithmetic's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Fit:
    """Generalised least squares: coefficients (constant first), standard errors, condition number."""

    coefficients: tuple[float, ...]
    standard_errors: tuple[float, ...]
    condition: float


def generalised_least_squares(batch_sizes: tuple[int, ...], values: Array, covariance: Array, degree: int) -> Fit:
    """Fit values = sum_k c_k b^-k + noise with the given covariance, k = 0, ..., degree.

    The condition number is that of the whitened design with columns scaled to length 1.
    Needs at least degree + 1 batch sizes.
    """
    u = 1 / np.array(batch_sizes, dtype=float)
    whitener = np.linalg.inv(np.linalg.cholesky(covariance))
    design = whitener @ u[:, None] ** np.arange(degree + 1)
    condition = float(np.linalg.cond(design / np.linalg.norm(design, axis=0)))
    with mpmath.workdps(30 + 4 * degree):
        x = mpmath.matrix([[mpmath.mpf(1) / mpmath.mpf(b) ** k for k in range(degree + 1)] for b in batch_sizes])
        weight = mpmath.matrix((whitener.T @ whitener).tolist())
        normal = x.T * weight * x
        inverse = normal**-1
        solution = inverse * (x.T * weight * mpmath.matrix(values.tolist()))
        errors = [float(mpmath.sqrt(abs(inverse[k, k]))) for k in range(degree + 1)]
        return Fit(tuple(float(c) for c in solution), tuple(errors), condition)


def normal_p(z: float) -> float:
    """P(|Z| >= |z|) for a standard normal Z.

    >>> round(normal_p(1.96), 4)
    0.05
    """
    return float(mpmath.erfc(abs(z) / mpmath.sqrt(2)))


def normal_quantile(p: float) -> float:
    """The z with normal_p(z) = p.

    >>> round(normal_quantile(0.05), 3)
    1.96
    """
    return float(mpmath.sqrt(2) * mpmath.erfinv(1 - mpmath.mpf(p)))


def chi_square_p(value: float, degrees: int) -> float:
    """P(X >= value) for a chi-square law.

    >>> round(chi_square_p(18.307, 10), 4)
    0.05
    """
    return float(mpmath.gammainc(degrees / 2, value / 2, regularized=True))


def hotelling_p(value: float, degrees: int, count: int) -> float:
    """P(T^2 >= value) for Hotelling's T^2 of that many means, their covariance estimated from `count` values.

    >>> round(hotelling_p(7.5, 2, 20), 4), round(hotelling_p(7.5, 2, 10**6), 4), round(chi_square_p(7.5, 2), 4)
    (0.0501, 0.0235, 0.0235)
    """
    rest = count - degrees
    if rest < 1:
        return 1.0
    f = value * rest / (degrees * (count - 1))
    return float(mpmath.betainc(rest / 2, degrees / 2, 0, rest / (rest + degrees * f), regularized=True))


def identifying_batch_sizes(degree: int, largest: int | None, extra: int = 3) -> tuple[int, ...]:
    """degree + 1 + extra batch sizes, small ones included, spread over u = 1/b as Chebyshev points are.

    largest: an upper bound, or None.

    >>> identifying_batch_sizes(2, None)
    (1, 2, 3, 4, 8, 24)
    """
    wanted = degree + 1 + extra
    top = max(8, 4 * wanted) if largest is None else min(largest, max(8, 4 * wanted))
    if top <= wanted:
        return tuple(range(1, top + 1))
    low = 1 / top
    nodes = low + (1 - low) * (1 + np.cos(np.pi * np.arange(wanted) / (wanted - 1))) / 2
    chosen = {1, top}
    for u in nodes[1:-1]:
        b = round(1 / float(u))
        while b in chosen and b < top:
            b += 1
        chosen.add(b)
    for b in range(1, top + 1):
        if len(chosen) >= wanted:
            break
        chosen.add(b)
    return tuple(sorted(chosen))
