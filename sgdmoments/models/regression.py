"""Linear regression on a finite data set."""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmoments.describe.array import Array
from sgdmoments.describe.laws.empirical import Empirical
from sgdmoments.describe.model import Arrays, Model
from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import to_exact_array


class LinearRegression(Model):
    """Least squares L_i(w) = 1/2 (x_i^T w - y_i)^2, L = mean of the L_i.

    Args:
        X: array (n, p): ints, Fractions, floats (taken as their exact dyadic values), decimal strings, or
            sympy expressions.
        y: array (n,).

    >>> LinearRegression([[1, 2], [3, 4], [5, 6]], [1, 0, "1/2"])
    LinearRegression([[1, 2], [3, 4], [5, 6]], [1, 0, '1/2'])
    """

    law: Empirical

    def __init__(self, X: Any, y: Any) -> None:
        points = to_exact_array(X, "X", ndim=2)
        labels = to_exact_array(y, "y", ndim=1)
        n, p = points.shape
        if n == 0 or p == 0:
            raise InputError(f"X: the data set is empty (shape {points.shape}).")
        if labels.shape != (n,):
            raise InputError(f"y: expected {n} entries, one for each row of X, found {labels.shape[0]}.")
        super().__init__(parameters=(Array("w", (p,)),), law=Empirical(x=points, label=labels[:, None]))

    @property
    def X(self) -> np.ndarray[Any, Any]:
        """The features, array (n, p)."""
        return self.law.part("x")

    @property
    def y(self) -> np.ndarray[Any, Any]:
        """The targets, array (n,)."""
        return self.law.part("label")[:, 0]

    def predict(self, weights: Arrays, constants: Arrays, sample: Arrays) -> Any:
        return sample["x"][None, :] @ weights["w"]

    def _summary(self) -> str:
        return "n={}, p={}".format(*self.X.shape)
