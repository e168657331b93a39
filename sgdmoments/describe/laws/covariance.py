"""Variances, means and covariances as a user gives them: exact, and of a law that there is."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from sgdmoments.describe.moment_problem import is_semidefinite
from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import Exact, to_exact, to_exact_array


def read_variance(value: Any) -> Exact:
    """A number or expression that is not negative."""
    variance = to_exact(value, "variance")
    if (isinstance(variance, Fraction) and variance < 0) or (isinstance(variance, sympy.Expr) and variance.is_negative):
        raise InputError(f"variance: found {variance}; a variance cannot be negative.")
    return variance


def read_mean(value: Any) -> np.ndarray[Any, Any]:
    """An array of exact numbers, of any shape but an empty one."""
    mean = to_exact_array(value, "mean")
    if not mean.size:
        raise InputError(f"mean: the array is empty (shape {mean.shape}).")
    return mean


def scaled_identity(size: int, variance: Exact) -> np.ndarray[Any, Any]:
    """The covariance of independent entries of one variance: exact zeros beside the diagonal.

    >>> scaled_identity(2, Fraction(1, 2)).tolist()
    [[Fraction(1, 2), Fraction(0, 1)], [Fraction(0, 1), Fraction(1, 2)]]
    """
    matrix = np.full((size, size), Fraction(0), dtype=object)
    np.fill_diagonal(matrix, variance)
    return matrix


def read_covariance(value: Any) -> np.ndarray[Any, Any]:
    """A symmetric positive semidefinite matrix; where it holds letters, as far as its numbers decide it."""
    matrix = to_exact_array(value, "covariance", ndim=2)
    if matrix.shape[0] != matrix.shape[1] or not (matrix == matrix.T).all():
        raise InputError(f"covariance: expected a symmetric matrix, found shape {matrix.shape}"
                         f"{' that is not symmetric' * (matrix.shape[0] == matrix.shape[1])}.")
    if matrix.size == 0:
        raise InputError("covariance: the matrix is empty.")
    numbers = [i for i, row in enumerate(matrix) if all(isinstance(entry, Fraction) for entry in row)]
    diagonal = [entry for entry in matrix.diagonal() if isinstance(entry, Fraction)]
    if not is_semidefinite(matrix[np.ix_(numbers, numbers)]) or any(entry < 0 for entry in diagonal) or any(
            entry.is_negative for entry in matrix.diagonal() if isinstance(entry, sympy.Expr)):
        raise InputError("covariance: the matrix is not positive semidefinite.")
    return matrix
