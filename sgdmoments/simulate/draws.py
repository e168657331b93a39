"""Numbers drawn from a law's `Source`.

A law is known by its moments; what is drawn has those moments exactly (of moments alone the discrete law with the
fewest points that has them is drawn: Gauss quadrature).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sgdmoments.describe.laws.base import Distribution
from sgdmoments.describe.laws.source import Source
from sgdmoments.errors import InputError
from sgdmoments.simulate import counters
from sgdmoments.simulate.backend import jnp
from sgdmoments.simulate.quadrature import of_moments

Array = np.ndarray[Any, Any]
#: draw(key, replicates, count) -> array (count, replicates).
Draw = Callable[[Any, Any, int], Any]


def sampler(law: Distribution, dimension: int) -> Callable[[Any, Any, int], Any]:
    """draw(key, replicates, count) -> array (replicates, count, dimension) of samples of the law.

    The first samples do not depend on `count`. Raises `AssumptionError` where the law has no source.
    """
    source = law.source()
    move = shift(source)
    if source.kind == "table":
        rows = to_floats(source.values, "values")
        if rows.shape[1] != dimension:
            raise InputError(f"{law}.source: the rows have {rows.shape[1]} entries, a sample has {dimension}.")
        edges = np.cumsum(to_floats(source.chances, "chances"))[:-1]
        return lambda key, replicates, count: move(
            jnp.asarray(rows)[jnp.searchsorted(edges, counters.uniforms(key, replicates, count)).T])
    draw = _DRAWS[source.kind](source)

    def samples(key: Any, replicates: Any, count: int) -> Any:
        flat = draw(key, replicates, count * dimension)
        return move(jnp.moveaxis(flat.reshape(count, dimension, -1), 2, 0))

    return samples


def shift(source: Source) -> Callable[[Any], Any]:
    """What is made of standard samples (on the last axis): z -> mean + F z with F F^T = covariance."""
    mean = 0.0 if source.mean is None else to_floats(source.mean, "mean")
    if source.covariance is None:
        return lambda z: z if source.mean is None else mean + z
    if np.ndim(source.covariance) == 0:
        deviation = float(np.sqrt(to_floats(source.covariance, "variance")))
        return lambda z: mean + z * deviation
    factor = square_root(to_floats(source.covariance, "covariance"))
    return lambda z: z @ factor.T if source.mean is None else mean + z @ factor.T


def _uniform(source: Source) -> Draw:
    a, b = source.values
    low, width = float(a), float(b - a)
    return lambda key, replicates, count: low + width * counters.uniforms(key, replicates, count)


def _atoms(source: Source) -> Draw:
    if source.values == (-1, 1) and source.chances[0] == source.chances[1]:
        return counters.signs
    return _discrete(to_floats(source.values, "values"), to_floats(source.chances, "chances"))


def _moments(source: Source) -> Draw:
    return _discrete(*of_moments(tuple(to_floats([1, *source.values], "moments")), (len(source.values) + 2) // 2))


_DRAWS: dict[str, Callable[[Source], Draw]] = {
    "normal": lambda source: counters.normals, "uniform": _uniform, "atoms": _atoms, "moments": _moments}


def _discrete(nodes: Array, weights: Array) -> Draw:
    edges = np.cumsum(weights)[:-1]

    def discrete(key: Any, replicates: Any, count: int) -> Any:
        u = counters.uniforms(key, replicates, count)
        value = jnp.full_like(u, nodes[0])
        for edge, step in zip(edges, np.diff(nodes), strict=True):
            value = value + step * (u > edge)
        return value

    return discrete


def to_floats(array: Any, name: str) -> Array:
    """Exact numbers as float64; `InputError` where a symbol is left, or a number is beyond floats."""
    try:
        return np.asarray(array, dtype=object).astype(float)
    except OverflowError:
        raise InputError(f"{name}: found a number beyond floating-point numbers (1.8e308), so there is no simulating "
                         "it.") from None
    except (TypeError, ValueError):
        raise InputError(f"{name}: found symbols; simulation needs numbers for data, targets, weights and "
                         "learning rates.") from None


def square_root(covariance: Array) -> Array:
    """A matrix F with F F^T = covariance (symmetric, semidefinite)."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0))
