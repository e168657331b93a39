"""Linear regression on a finite data set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import to_exact_array
from sgdmoments.models.laws import Empirical
from sgdmoments.models.model import Model, Parameter


class LinearRegression(Model):
    """Least squares L_i(w) = 1/2 (x_i^T w - y_i)^2, L = mean of the L_i.

    Args:
        X: array (n, p): ints, Fractions, floats (taken as their exact dyadic values), decimal strings, or
            sympy expressions.
        y: array (n,).

    >>> LinearRegression([[1, 2], [3, 4], [5, 6]], [1, 0, 1])
    LinearRegression(n=3, p=2)
    """

    def __init__(self, X: Any, y: Any) -> None:
        self.X = to_exact_array(X, "X", ndim=2)
        self.y = to_exact_array(y, "y", ndim=1)
        n, p = self.X.shape
        if n == 0 or p == 0:
            raise InputError(f"X: the data set is empty (shape {self.X.shape}).")
        if self.y.shape != (n,):
            raise InputError(f"y: expected {n} entries, one for each row of X, found {self.y.shape[0]}.")
        self.data = Empirical(self.X)
        self.targets = self.y[:, None]
        self.parameters = (Parameter("w", (p,), 1),)

    def predict(self, weights: Mapping[str, Any], x: Any) -> Any:
        return x[None, :] @ weights["w"]

    def __repr__(self) -> str:
        return f"LinearRegression(n={self.X.shape[0]}, p={self.X.shape[1]})"
