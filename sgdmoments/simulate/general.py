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
from sgdmoments.simulate.problem import Array, FloatRun, on_rows

#: Models with at least this many weights are large.
_LARGE = 4096
#: Replicates of large models side by side in the code, so that XLA can run their products on several cores.
_UNROLL = 16


class General(Gradients):
    """The model's loss (or direction) averaged over batches, and exactly over the data or the data law.

    Population averages over a law are exact: closed form where the residual is affine in the sample, cubature of the
    right degree otherwise.
    """

    def __init__(self, problem: FloatRun) -> None:
        super().__init__(problem)
        self.model = problem.model
        #: Draws of what is fresh in each sample.
        self._draws = [sampler(factor.law, int(factor.size)) for factor in problem.fresh]
        self.constants = {} if problem.points is None else {"points": problem.points}
        self._degrees: dict[tuple[str, int | None], int] = {}
        #: Samples as the rows of a matrix make one matrix product where a model allows it.
        self._takes_rows = problem.takes_rows()

    def bytes_per_replicate(self, b: int) -> int:
        p = self.problem
        units = p.coordinates + sum(int((*q.shape, 1)[0]) for q in p.model.parameters)
        return 8 * (6 * p.size + 4 * b * units + 16)

    def seconds_per_update(self, b: int) -> float:
        return 2e-7 + b * (2e-7 + 5e-10 * self.problem.size)

    # -- one replicate ----------------------------------------------------------------------------------------

    def _arrays(self, w: Any, teacher: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return self.problem.unflatten(w), self.problem.unflatten_constants(teacher)

    def _residuals(self, w: Any, teacher: Any, z: Any) -> Any:
        """prediction - label of each sample, the rows of z."""
        weights, constants = self._arrays(w, teacher)
        if self._takes_rows:
            return self.model.residual(on_rows(weights), on_rows(constants), self.problem.sample(z))
        residuals = jax.vmap(lambda row: self.model.residual(weights, constants, self.problem.sample(row)))(z)
        return residuals.reshape(len(z), -1)

    def _losses(self, w: Any, teacher: Any, z: Any) -> Any:
        if self.model.predicts:
            return 0.5 * jnp.sum(self._residuals(w, teacher, z) ** 2, axis=-1)
        weights, constants = self._arrays(w, teacher)
        return jax.vmap(lambda row: self.model.loss(weights, constants, self.problem.sample(row)))(z).reshape(len(z))

    def _loss(self, w: Any, teacher: Any, z: Any, weights: Any) -> Any:
        return jnp.sum(weights * self._losses(w, teacher, z))

    def _step(self, w: Any, teacher: Any, z: Any, weights: Any) -> Any:
        """The weighted sum of what the samples say is to be subtracted from w."""
        if not self.model.has_direction:
            return jax.grad(self._loss)(w, teacher, z, weights)
        arrays = self._arrays(w, teacher)

        def direction(row: Any) -> Any:
            found = self.model.direction(*arrays, self.problem.sample(row))
            return jnp.concatenate([jnp.ravel(jnp.asarray(found[array.name])) for array in self.model.parameters])

        return jnp.broadcast_to(weights, len(z)) @ jax.vmap(direction)(z)

    # -- batches ----------------------------------------------------------------------------------------------

    def batch(self, constants: Any, w: Any, teacher: Any, key: Any, replicates: Any, b: int, mirror: Any) -> Any:
        fresh = []
        for k, draw in enumerate(self._draws, self.n is not None):
            own = key if k == 0 else step_key(jax.random.wrap_key_data(key), k)
            fresh.append(draw(own, replicates, b))
        if self.n is None:
            if mirror is not None:
                fresh[0] = jnp.where(mirror[:, None, None], -fresh[0], fresh[0])
            z = fresh[0] if len(fresh) == 1 else jnp.concatenate(fresh, axis=-1)
            return self._each(lambda w, z, teacher: self._step(w, teacher, z, 1 / b), w, z, teacher)
        n = self.n
        if self.with_replacement:
            indices = batches.draw_with_replacement(key, replicates, n, b)
        elif 2 * b <= n or fresh:
            indices = batches.draw_subset(key, replicates, n, b)
        else:
            mask = batches.draw_mask(key, replicates, n, b)
            if mirror is not None:
                mask = jnp.where(mirror, mask[::-1], mask)
            return self._each(lambda w, weights, teacher: self._step(w, teacher, constants["points"], weights),
                              w, mask.T / b, teacher)
        if mirror is not None:
            indices = jnp.where(mirror, n - 1 - indices, indices)
        return self._listed(constants, w, indices.T, jnp.concatenate(fresh, axis=-1) if fresh else None, teacher)

    def _listed(self, constants: Any, w: Any, indices: Any, fresh: Any, teacher: Any) -> Any:
        def single(w: Any, indices: Any, fresh: Any, teacher: Any) -> Any:
            z = constants["points"].at[indices].get(mode="promise_in_bounds")
            if fresh is not None:
                z = jnp.concatenate([z, fresh], axis=-1)
            return self._step(w, teacher, z, 1 / indices.shape[0])

        return self._each(single, w, indices, fresh, teacher)

    # -- population averages ----------------------------------------------------------------------------------

    def full(self, constants: Any, w: Any, teacher: Any) -> Any:
        if not self.model.has_direction:
            return self._each(jax.grad(self._population(constants)), w, teacher)
        z, weights = self._atoms(constants, 1)
        return self._each(lambda w, teacher: self._step(w, teacher, z, weights), w, teacher)

    def loss(self, constants: Any, w: Any, teacher: Any) -> Any:
        return self._each(self._population(constants), w, teacher)

    def sample_squares(self, constants: Any, w: Any, teacher: Any, project: Projection,
                       mean_noise: bool = False) -> Any:
        if mean_noise:
            gradients = project(self.samples(constants, w, teacher))
            return (gradients**2).sum(axis=2).mean(axis=1)
        z, weights = self._atoms(constants, 2)
        return self._each(lambda w, teacher: weights @ (project(self._gradients(w, teacher, z)) ** 2).sum(axis=1),
                          w, teacher)

    def samples(self, constants: Any, w: Any, teacher: Any) -> Any:
        n = len(constants["points"])
        z, weights = self._atoms(constants, 1)
        mean = (n * weights).reshape(n, -1, 1)
        return self._each(lambda w, teacher: (mean * self._gradients(w, teacher, z).reshape(*mean.shape[:2], -1)).sum(
            axis=1), w, teacher)

    def _gradients(self, w: Any, teacher: Any, z: Any) -> Any:
        return jax.vmap(lambda row: self._step(w, teacher, row[None], 1.0))(z)

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

    def _population(self, constants: Any) -> Any:
        """L as a function of flat weights and constants."""
        if self.n is None and self.model.predicts and self.degree("residual", None) <= 1:
            return self._affine_population()
        z, weights = self._atoms(constants, 0)
        return lambda w, teacher: self._loss(w, teacher, z, weights)

    def degree(self, method: str, factor: int | None) -> int:
        """The degree of what a method gives in the coordinates of a factor, or of all."""
        key = method, factor
        if key not in self._degrees:
            self._degrees[key] = self.problem.degree(method, factor)
        return self._degrees[key]

    def _affine_population(self) -> Any:
        """With the residual D z + e: 1/2 (||D E z + e||^2 + tr(D cov(z) D^T))."""
        size = self.problem.coordinates
        mean, covariance = _two_moments(self.model.law, size)
        probes = np.concatenate([np.eye(size), np.zeros((1, size))])

        def loss(w: Any, teacher: Any) -> Any:
            values = self._residuals(w, teacher, jnp.asarray(probes))
            matrix, offset = (values[:-1] - values[-1]).T, values[-1]
            centre = matrix @ mean + offset
            return 0.5 * (jnp.sum(centre**2) + jnp.sum((matrix @ covariance) * matrix))

        return loss

    def _atoms(self, constants: Any, steps: int) -> tuple[Any, Any]:
        """Samples with weights over which the average is exact of a product of so many directions, or of the loss.

        Args:
            steps: how many directions of the step are multiplied; 0: the loss.
        """
        z, weights = (np.zeros((1, 0)), np.ones(1)) if self.n is None else (
            constants["points"], np.full(self.n, 1 / self.n))
        for k, factor in enumerate(self.problem.fresh, self.n is not None):
            degree = steps * self._step_degree(k) if steps else self._loss_degree(k)
            x, own = cubature(factor.law, int(factor.size), degree) if degree > 1 else (
                _two_moments(factor.law, int(factor.size))[0][None], np.ones(1))
            count = len(own)
            z = jnp.concatenate([jnp.repeat(z, count, axis=0), jnp.tile(x, (len(weights), 1))], axis=1)
            weights = np.repeat(weights, count) * np.tile(own, len(weights))
        return z, weights

    def _step_degree(self, factor: int) -> int:
        """The degree of a step's direction in the coordinates of a factor."""
        if self.model.has_direction:
            return self.degree("direction", factor)
        if self.model.predicts:
            return self.degree("residual", factor) + self.degree("predict", factor)
        return self.degree("loss", factor)

    def _loss_degree(self, factor: int) -> int:
        return 2 * self.degree("residual", factor) if self.model.predicts else self.degree("loss", factor)


def _two_moments(law: Law, dimension: int) -> tuple[Array, Array]:
    """The mean and the covariance of a law, as floats."""
    mean, covariance = law.mean_and_covariance(dimension)
    return to_floats(mean, "mean"), to_floats(covariance, "covariance")
