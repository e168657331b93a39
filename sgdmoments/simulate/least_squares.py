"""Gradients of least squares on finite data: predictions affine in the weights, one output, labels fixed."""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmoments.simulate import batches
from sgdmoments.simulate.backend import jax, jnp
from sgdmoments.simulate.gradients import Gradients, Projection
from sgdmoments.simulate.problem import Array, Problem


class LeastSquares(Gradients):
    """L_i(w) = 1/2 (phi_i^T w - r_i)^2 with the rows phi_i and right-hand sides r_i read off the model.

    grad L(w) = K w - c with K = mean phi_i phi_i^T, c = mean r_i phi_i, so a batch of nearly all points costs
    what the few points left out cost.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        assert problem.points is not None
        self.count = len(problem.points)
        zero = jnp.zeros(problem.size)

        def predict(w: Any, x: Any) -> Any:
            return problem.model.predict(problem.unflatten(w), x)[0]

        targets = problem.targets
        if targets is None:
            teacher = jnp.asarray(np.concatenate([np.ravel(a) for a in problem.teacher]))  # type: ignore[arg-type]
            targets = np.asarray(jax.vmap(predict, (None, 0))(teacher, problem.points))[:, None]
        phi = np.asarray(jax.vmap(jax.grad(predict), (None, 0))(zero, problem.points))
        right = targets[:, 0] - np.asarray(jax.vmap(predict, (None, 0))(zero, problem.points))
        minimiser = np.linalg.lstsq(phi, right, rcond=None)[0]
        self.constants = {
            "rows": np.concatenate([phi, right[:, None]], axis=1), "K": phi.T @ phi / self.count,
            "c": phi.T @ right / self.count, "minimiser": minimiser,
            "minimum": np.array(0.5 * np.mean((phi @ minimiser - right) ** 2))}

    @staticmethod
    def fits(problem: Problem) -> bool:
        """Whether a problem is of this kind."""
        return (problem.points is not None and problem.outputs == 1 and problem.model.noise is None
                and all(isinstance(a, np.ndarray) for a in problem.teacher) and problem.is_affine_in_weights())

    def bytes_per_replicate(self, b: int) -> int:
        masked = not self.with_replacement and not batches.floyd_is_cheap(self.count, min(b, self.count - b))
        return 8 * (8 * self.constants["K"].shape[0] + 2 * b + (3 * self.count if masked else 0) + 16)

    def batch(self, constants: Any, w: Any, teacher: Any, key: Any, replicates: Any, b: int, mirror: Any) -> Any:
        rows = constants["rows"]
        n = self.count
        if self.with_replacement:
            return self._sum(rows, w, _mirror(batches.draw_with_replacement(key, replicates, n, b), n, mirror)) / b
        few = min(b, n - b)
        if not batches.floyd_is_cheap(n, few):
            mask = batches.select_mask(key, replicates, n, b)
            if mirror is not None:
                mask = jnp.where(mirror, mask[::-1], mask)
            residuals = w @ rows[:, :-1].T - rows[:, -1]
            return jnp.where(mask.T, residuals, 0.0) @ rows[:, :-1] / b
        if few == 0:
            return self.full(constants, w, teacher)
        part = self._sum(rows, w, _mirror(batches.draw_subset(key, replicates, n, few), n, mirror))
        return part / b if few == b else (n * self.full(constants, w, teacher) - part) / b

    @staticmethod
    def _sum(rows: Any, w: Any, indices: Any) -> Any:
        def body(j: Any, total: Any) -> Any:
            row = rows.at[indices[j]].get(mode="promise_in_bounds")
            residual = (row[:, :-1] * w).sum(axis=1) - row[:, -1]
            return total + row[:, :-1] * residual[:, None]

        return jax.lax.fori_loop(0, indices.shape[0], body, jnp.zeros_like(w))

    def full(self, constants: Any, w: Any, teacher: Any) -> Any:
        return w @ constants["K"] - constants["c"]

    def loss(self, constants: Any, w: Any, teacher: Any) -> Any:
        d = w - constants["minimiser"]
        return constants["minimum"] + 0.5 * jnp.einsum("ri,ij,rj->r", d, constants["K"], d)

    def sample_squares(self, constants: Any, w: Any, teacher: Any, project: Projection) -> Any:
        rows = constants["rows"]
        norms = (project(rows[:, :-1]) ** 2).sum(axis=1)
        return ((w @ rows[:, :-1].T - rows[:, -1]) ** 2) @ norms / self.count

    def samples(self, constants: Any, w: Any, teacher: Any) -> Any:
        rows = constants["rows"]
        return (w @ rows[:, :-1].T - rows[:, -1])[:, :, None] * rows[:, :-1]

    def weighted_sum(self, constants: Any, w: Any, teacher: Any, matrices: Array) -> Any:
        rows = constants["rows"]
        applied = jnp.einsum("nkd,nd->nk", matrices, rows[:, :-1])
        return (w @ rows[:, :-1].T - rows[:, -1]) @ applied


def _mirror(indices: Any, n: int, mirror: Any) -> Any:
    return indices if mirror is None else jnp.where(mirror, n - 1 - indices, indices)
