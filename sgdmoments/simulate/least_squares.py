"""Gradients of least squares on finite data: predictions affine in the weights, one output, labels fixed."""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmoments.simulate import batches
from sgdmoments.simulate.backend import jax, jnp
from sgdmoments.simulate.gradients import Gradients, Projection
from sgdmoments.simulate.problem import Array, FloatRun

#: Points whose rows are fetched at once.
_BLOCK = 32


class LeastSquares(Gradients):
    """L_i(w) = 1/2 (phi_i^T w - r_i)^2 with the rows phi_i and right-hand sides r_i read off the model.

    grad L(w) = K w - c with K = mean phi_i phi_i^T, c = mean r_i phi_i, so a batch of nearly all points costs
    what the few points left out cost.
    """

    def __init__(self, problem: FloatRun) -> None:
        super().__init__(problem)
        assert problem.points is not None
        self.count = len(problem.points)
        zero = jnp.zeros(problem.size)

        teacher = problem.unflatten_constants(
            jnp.asarray(np.concatenate([np.zeros(0), *map(np.ravel, problem.teacher)])))  # type: ignore[arg-type]

        def residual(w: Any, z: Any) -> Any:
            return jnp.ravel(problem.model.residual(problem.unflatten(w), teacher, problem.sample(z)))[0]

        phi = np.asarray(jax.vmap(jax.grad(residual), (None, 0))(zero, problem.points))
        right = -np.asarray(jax.vmap(residual, (None, 0))(zero, problem.points))
        minimiser = np.linalg.lstsq(phi, right, rcond=None)[0]
        self.constants = {
            "phi": phi, "right": right, "K": phi.T @ phi / self.count,
            "c": phi.T @ right / self.count, "minimiser": minimiser,
            "minimum": np.array(0.5 * np.mean((phi @ minimiser - right) ** 2))}

    @staticmethod
    def fits(problem: FloatRun) -> bool:
        """Whether a problem is of this kind."""
        return (problem.points is not None and not problem.fresh
                and all(isinstance(a, np.ndarray) for a in problem.teacher) and problem.is_affine_in_weights()
                and problem.residuals == 1)

    def bytes_per_replicate(self, b: int) -> int:
        size = self.constants["K"].shape[0]
        few = b if self.with_replacement else min(b, self.count - b)
        if not self.with_replacement and not batches.listing_is_cheaper(self.count, few):
            return 8 * (8 * size + 3 * self.count + 16)
        return 8 * (8 * size + 2 * few + min(few, _BLOCK) * (size + 2) + 16)

    def seconds_per_update(self, b: int) -> float:
        size = self.constants["K"].shape[0]
        few = b if self.with_replacement else min(b, self.count - b)
        points = few if self.with_replacement or batches.listing_is_cheaper(self.count, few) else self.count / 10
        return 2e-8 + 2e-10 * size**2 + points * (4e-9 + 5e-10 * size)

    def batch(self, constants: Any, w: Any, teacher: Any, key: Any, replicates: Any, b: int, mirror: Any) -> Any:
        n = self.count
        if self.with_replacement:
            return self._sum(constants, w, _mirror(batches.draw_with_replacement(key, replicates, n, b), n, mirror)) / b
        few = min(b, n - b)
        if not batches.listing_is_cheaper(n, few):
            mask = batches.draw_mask(key, replicates, n, b)
            if mirror is not None:
                mask = jnp.where(mirror, mask[::-1], mask)
            return jnp.where(mask.T, self._residuals(constants, w), 0.0) @ constants["phi"] / b
        if few == 0:
            return self.full(constants, w, teacher)
        part = self._sum(constants, w, _mirror(batches.draw_subset(key, replicates, n, few), n, mirror))
        return part / b if few == b else (n * self.full(constants, w, teacher) - part) / b

    @staticmethod
    def _residuals(constants: Any, w: Any) -> Any:
        return w @ constants["phi"].T - constants["right"]

    @staticmethod
    def _sum(constants: Any, w: Any, indices: Any) -> Any:
        """The sum of the gradients of the listed points, a block of them at a time."""
        def add(indices: Any, total: Any) -> Any:
            phi = constants["phi"].at[indices.T].get(mode="promise_in_bounds")
            right = constants["right"].at[indices.T].get(mode="promise_in_bounds")
            return total + jnp.einsum("rb,rbk->rk", jnp.einsum("rbk,rk->rb", phi, w) - right, phi)

        count = indices.shape[0]
        blocks, rest = divmod(count, _BLOCK)

        def block(i: Any, total: Any) -> Any:
            return add(jax.lax.dynamic_slice_in_dim(indices, i * _BLOCK, _BLOCK), total)

        total = jnp.zeros_like(w)
        if blocks:
            total = jax.lax.fori_loop(0, blocks, block, total)
        return add(indices[count - rest:], total) if rest else total

    def full(self, constants: Any, w: Any, teacher: Any) -> Any:
        return w @ constants["K"] - constants["c"]

    def loss(self, constants: Any, w: Any, teacher: Any) -> Any:
        d = w - constants["minimiser"]
        return constants["minimum"] + 0.5 * jnp.einsum("ri,ij,rj->r", d, constants["K"], d)

    def sample_squares(self, constants: Any, w: Any, teacher: Any, project: Projection,
                       mean_noise: bool = False) -> Any:
        norms = (project(constants["phi"]) ** 2).sum(axis=1)
        return (self._residuals(constants, w) ** 2) @ norms / self.count

    def samples(self, constants: Any, w: Any, teacher: Any) -> Any:
        return self._residuals(constants, w)[:, :, None] * constants["phi"]

    def weighted_sum(self, constants: Any, w: Any, teacher: Any, matrices: Array) -> Any:
        return self._residuals(constants, w) @ jnp.einsum("nkd,nd->nk", matrices, constants["phi"])


def _mirror(indices: Any, n: int, mirror: Any) -> Any:
    return indices if mirror is None else jnp.where(mirror, n - 1 - indices, indices)
