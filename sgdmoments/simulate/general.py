"""Gradients of any model of the package by automatic differentiation, one replicate at a time under vmap."""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmoments.describe.laws.base import Law
from sgdmoments.simulate import batches
from sgdmoments.simulate.backend import jax, jnp
from sgdmoments.simulate.counters import step_key
from sgdmoments.simulate.cubature import cubature
from sgdmoments.simulate.draws import sampler, to_floats
from sgdmoments.simulate.gradients import Gradients, Projection
from sgdmoments.simulate.problem import ActsOnRows, Array, Problem

#: Models with at least this many weights are large.
_LARGE = 4096
#: Replicates of large models side by side in the code, so that XLA can run their products on several cores.
_UNROLL = 16


class General(Gradients):
    """1/2 ||f(w, x) - label||^2 averaged over batches, and exactly over the data or the data law.

    Population averages over a law are exact: closed form where f is affine in x, cubature of the right degree
    otherwise.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.noise = problem.model.noise
        self._draw_x = None if self.n else sampler(problem.model.data, problem.dimension)
        self._draw_noise = sampler(self.noise, problem.outputs) if self.noise else None
        self.constants = {}
        if problem.points is not None:
            self.constants["points"] = problem.points
            if problem.targets is not None:
                self.constants["targets"] = problem.targets
        self._degree: int | None = None
        #: Samples as the rows of a matrix make one matrix product where a model allows it.
        self._takes_rows = problem.predicts_rows()

    def bytes_per_replicate(self, b: int) -> int:
        p = self.problem
        units = p.dimension + sum(int((*q.shape, 1)[0]) for q in p.model.parameters)
        return 8 * (6 * p.size + 4 * b * units + 16)

    def seconds_per_update(self, b: int) -> float:
        return 2e-7 + b * (2e-7 + 5e-10 * self.problem.size)

    # -- one replicate ----------------------------------------------------------------------------------------

    def _predict(self, w: Any, x: Any) -> Any:
        weights = self.problem.unflatten(w)
        if self._takes_rows:
            return self.problem.model.predict({k: ActsOnRows(matrix) for k, matrix in weights.items()}, x)
        return jax.vmap(self.problem.model.predict, (None, 0))(weights, x)

    def _labels(self, constants: Any, teacher: Any, x: Any, indices: Any) -> Any:
        if "targets" in constants:
            targets = constants["targets"]
            return targets if indices is None else targets[indices]
        return self._predict(teacher, x)

    def _loss(self, w: Any, x: Any, labels: Any, weights: Any) -> Any:
        return 0.5 * jnp.sum(weights * jnp.sum((self._predict(w, x) - labels) ** 2, axis=-1))

    # -- batches ----------------------------------------------------------------------------------------------

    def batch(self, constants: Any, w: Any, teacher: Any, key: Any, replicates: Any, b: int, mirror: Any) -> Any:
        noise = None
        if self._draw_noise is not None:
            noise_key = step_key(jax.random.wrap_key_data(key), 1)
            noise = self._draw_noise(noise_key, replicates, b)
        if self._draw_x is not None:
            x = self._draw_x(key, replicates, b)
            if mirror is not None:
                x = jnp.where(mirror[:, None, None], -x, x)
            return self._fresh(constants, w, x, noise, teacher)
        n = self.n
        assert n is not None
        if self.with_replacement:
            indices = batches.draw_with_replacement(key, replicates, n, b)
        elif 2 * b <= n or noise is not None:
            indices = batches.draw_subset(key, replicates, n, b)
        else:
            mask = batches.draw_mask(key, replicates, n, b)
            if mirror is not None:
                mask = jnp.where(mirror, mask[::-1], mask)
            return self._masked(constants, w, mask.T / b, teacher)
        if mirror is not None:
            indices = jnp.where(mirror, n - 1 - indices, indices)
        return self._listed(constants, w, indices.T, noise, teacher)

    def _fresh(self, constants: Any, w: Any, x: Any, noise: Any, teacher: Any) -> Any:
        def single(w: Any, x: Any, noise: Any, teacher: Any) -> Any:
            labels = self._labels(constants, teacher, x, None) + (0.0 if noise is None else noise)
            return jax.grad(self._loss)(w, x, labels, 1 / x.shape[0])

        return self._each(single, w, x, noise, teacher)

    def _listed(self, constants: Any, w: Any, indices: Any, noise: Any, teacher: Any) -> Any:
        def single(w: Any, indices: Any, noise: Any, teacher: Any) -> Any:
            x = constants["points"].at[indices].get(mode="promise_in_bounds")
            labels = self._labels(constants, teacher, x, indices) + (0.0 if noise is None else noise)
            return jax.grad(self._loss)(w, x, labels, 1 / indices.shape[0])

        return self._each(single, w, indices, noise, teacher)

    def _masked(self, constants: Any, w: Any, weights: Any, teacher: Any) -> Any:
        def single(w: Any, weights: Any, teacher: Any) -> Any:
            x = constants["points"]
            return jax.grad(self._loss)(w, x, self._labels(constants, teacher, x, None), weights)

        return self._each(single, w, weights, teacher)

    # -- population averages ----------------------------------------------------------------------------------

    def full(self, constants: Any, w: Any, teacher: Any) -> Any:
        return self._each(jax.grad(self._population(constants, 2)), w, teacher)

    def loss(self, constants: Any, w: Any, teacher: Any) -> Any:
        return self._each(self._population(constants, 2), w, teacher)

    def sample_squares(self, constants: Any, w: Any, teacher: Any, project: Projection,
                       mean_noise: bool = False) -> Any:
        if mean_noise:
            gradients = project(self.samples(constants, w, teacher))
            return (gradients**2).sum(axis=2).mean(axis=1)
        x, shift, weights = self._atoms(constants, 4)
        indices = self._atom_indices(len(weights))

        def single(w: Any, teacher: Any) -> Any:
            labels = self._labels(constants, teacher, x, indices) + shift
            return weights @ (project(self._gradients(w, x, labels)) ** 2).sum(axis=1)

        return self._each(single, w, teacher)

    def samples(self, constants: Any, w: Any, teacher: Any) -> Any:
        x = constants["points"]
        shift = 0.0 if self.noise is None else _two_moments(self.noise, self.problem.outputs)[0]

        def single(w: Any, teacher: Any) -> Any:
            return self._gradients(w, x, self._labels(constants, teacher, x, None) + shift)

        return self._each(single, w, teacher)

    def _gradients(self, w: Any, x: Any, labels: Any) -> Any:
        return jax.vmap(jax.grad(self._loss), (None, 0, 0, None))(w, x[:, None], labels[:, None], 1.0)

    def _each(self, single: Any, *arrays: Any) -> Any:
        """single(...) for every replicate. The last array is the teacher's weights, shared where flat; None stays.

        Large weights on a CPU: one replicate after another, since XLA's batched products of matrices are slow there.
        """
        shared = [a is None or (k == len(arrays) - 1 and a.ndim == 1) for k, a in enumerate(arrays)]
        if self.problem.size < _LARGE or jax.default_backend() != "cpu":
            return jax.vmap(single, [None if s else 0 for s in shared])(*arrays)

        def one(_: None, own: Any) -> Any:
            rest = iter(own)
            return None, single(*(a if s else next(rest) for a, s in zip(arrays, shared, strict=True)))

        own = [a for a, s in zip(arrays, shared, strict=True) if not s]
        return jax.lax.scan(one, None, own, unroll=_UNROLL)[1]

    def _population(self, constants: Any, power: int) -> Any:
        if self.n is None and self.degree <= 1:
            return self._affine_population()
        x, shift, weights = self._atoms(constants, power)
        indices = self._atom_indices(len(weights))

        def loss(w: Any, teacher: Any) -> Any:
            return self._loss(w, x, self._labels(constants, teacher, x, indices) + shift, weights)

        return loss

    @property
    def degree(self) -> int:
        """The degree of the prediction in x."""
        if self._degree is None:
            self._degree = self.problem.degree_in_x()
        return self._degree

    def _affine_population(self) -> Any:
        """With f - label = D x + e: 1/2 (||D E x + e||^2 + tr(D cov(x) D^T) + tr cov(noise))."""
        p = self.problem.dimension
        mean, covariance = _two_moments(self.problem.model.data, p)
        noise_mean: Any = 0.0
        spread = 0.0
        if self.noise is not None:
            noise_mean, noise_covariance = _two_moments(self.noise, self.problem.outputs)
            spread = float(np.trace(noise_covariance))
        probes = np.concatenate([np.eye(p), np.zeros((1, p))])

        def loss(w: Any, teacher: Any) -> Any:
            values = self._predict(w, probes) - self._predict(teacher, probes)
            matrix, offset = (values[:-1] - values[-1]).T, values[-1] - noise_mean
            centre = matrix @ mean + offset
            return 0.5 * (jnp.sum(centre**2) + jnp.sum((matrix @ covariance) * matrix) + spread)

        return loss

    def _atoms(self, constants: Any, power: int) -> tuple[Any, Any, Any]:
        """(x, label noise, weight) over which an average of that power of f is exact.

        power 2: losses and gradients; 4: squares of gradients. They are of degree 2 at most in the noise.
        """
        outputs = self.problem.outputs
        if self.n is None:
            x, weights = cubature(self.problem.model.data, self.problem.dimension, power * self.degree)
        else:
            x, weights = constants["points"], np.full(self.n, 1 / self.n)
        if self.noise is None:
            return x, np.zeros((1, outputs)), weights
        shift, chances = cubature(self.noise, outputs, 2)
        count = len(weights)
        return (jnp.repeat(x, len(chances), axis=0), np.tile(shift, (count, 1)),
                np.repeat(weights, len(chances)) * np.tile(chances, count))

    def _atom_indices(self, atoms: int) -> Any:
        if self.n is None or atoms == self.n:
            return None
        return np.repeat(np.arange(self.n), atoms // self.n)


def _two_moments(law: Law, dimension: int) -> tuple[Array, Array]:
    """The mean and the covariance of a law, as floats."""
    mean, covariance = law.mean_and_covariance(dimension)
    return to_floats(mean, "mean"), to_floats(covariance, "covariance")
