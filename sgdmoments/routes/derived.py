"""What is made of several moments: covariance matrices, noise scales, the diversity of gradients."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from sgdmoments.describe.quantities import (
    full_gradient,
    hessian_slope,
    hessian_spread,
    outer,
    read_quantity,
    squared_gradient,
)
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.errors import AssumptionError
from sgdmoments.exact.batch_rational import BatchRational
from sgdmoments.reading import read_flag
from sgdmoments.routes.plan import answer


def covariance(sgd: Run, q: Quantity, r: Quantity | None = None, **options: Any) -> np.ndarray[Any, Any]:
    """E[q_i r_j] - E q_i E r_j for all entries, row by row; see `SGD.covariance`."""
    first = read_quantity(q, "q")
    second = first if r is None else read_quantity(r, "r")
    given = options.pop("given", "initial")
    if sgd.starts_at_random and given == "initial":
        return _given_start(sgd, first, second, options)
    products = answer(sgd, "mean", outer(first, second), **options)
    means = [np.ravel(np.array(answer(sgd, "mean", part, **options), dtype=object)) for part in (first, second)]
    result = np.empty((len(means[0]), len(means[1])), dtype=object)
    for i, j in np.ndindex(*result.shape):
        result[i, j] = products[i, j] - means[0][i] * means[1][j]
    return result


def _given_start(sgd: Run, first: Quantity, second: Quantity, options: dict[str, Any]) -> np.ndarray[Any, Any]:
    """The covariance given w_0, averaged over it: of two numbers a quarter of var(a + b) - var(a - b)."""
    places = [list(np.ndindex(*np.shape(np.array(answer(sgd, "mean", part, **options), dtype=object))))
              for part in (first, second)]
    result = np.empty((len(places[0]), len(places[1])), dtype=object)
    for i, place in enumerate(places[0]):
        for j, other in enumerate(places[1]):
            a, c = (part[index] if index else part for part, index in ((first, place), (second, other)))
            two = [answer(sgd, "variance", both, **options) for both in (a + c, a - c)]
            result[i, j] = (two[0] - two[1]) * Fraction(1, 4)
    return result


def noise_scale(sgd: Run, t: Any, layer: Any = None, hessian: Any = False, **options: Any) -> BatchRational:
    """E tr Sigma(w_t) / E ||grad L(w_t)||^2; see `SGD.noise_scale`."""
    if read_flag(hessian, "hessian"):
        every, mean = (answer(sgd, "mean", q(t, layer), **options) for q in (hessian_spread, hessian_slope))
    else:
        every = answer(sgd, "mean", squared_gradient(t, layer), **options)
        mean = answer(sgd, "second_moment", full_gradient(t, layer), **options)
    return BatchRational(every - mean, mean)


def diversity(sgd: Run, t: Any, **options: Any) -> BatchRational:
    """E sum ||grad l_i||^2 / E ||sum grad l_i||^2; see `SGD.diversity`."""
    if not isinstance(sgd.n, int):
        raise AssumptionError(f"the diversity of gradients is that of a finite data set, found {sgd.model.law}.")
    every = answer(sgd, "mean", squared_gradient(t), **options)
    return BatchRational(every, answer(sgd, "second_moment", full_gradient(t), **options) * sgd.n)
