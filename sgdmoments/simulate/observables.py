"""From replicates to independent values: what is estimated, and without bias.

Replicates come in groups of `GROUP`. A group gives one value for each moment, by an unbiased formula; groups
are independent, so the mean of their values estimates the moment, and their spread is an honest standard error:
no plug-in mean, no delta method. Within a group of G,

    variance        1/(G-1) sum_r ||q_r - mean q||^2     (second_moment: 1/G sum_r ||q_r||^2; mean: 1/G sum_r q_r)

costs, against one sample variance over all replicates, a factor of at most 1 + 2/(G-1) in the variance of the
estimate (attained by normal q; nothing for heavy tails).

Where replicates are antithetic pairs, ||E q||^2 is estimated from products of different pairs' means. With
`conditional`, the last batch is averaged exactly: var(g_t) = E var(g_t | w_t) + var(grad L(w_t)).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sgdmoments.describe.quantity import Quantity
from sgdmoments.errors import InputError
from sgdmoments.simulate.backend import jax, jnp
from sgdmoments.simulate.draws import to_floats
from sgdmoments.simulate.gradients import Gradients

GROUP = 16

#: Quantities with at most this many entries have their mean recorded unless told otherwise.
MEAN_LIMIT = 16


@dataclass(frozen=True, slots=True)
class Observable:
    """A quantity (its step set to 0) with the matrices in floats and the columns of its moments.

    Attributes:
        quantity: kind, layer and matrices.
        size: the number of entries.
        left, matrices: float arrays, or None.
        columns: for each moment the slice of columns that holds it.
    """

    quantity: Quantity
    size: int
    left: Any
    matrices: Any
    columns: dict[str, slice]

    @classmethod
    def read(cls, quantity: Quantity, gradients: Gradients, first: int, mean_limit: int) -> Observable:
        problem = gradients.problem
        if not quantity.is_along_the_run:
            raise InputError(f"{quantity!r}: simulations record gradients, weights, losses and sums of sample "
                             "gradients; combinations, other data and traces of the Hessian are answered exactly only.")
        template = replace(quantity, step=0)
        size = 1
        if quantity.kind != "loss":
            size = sum(s.stop - s.start for s in problem.layer_slices(quantity.layer))
        matrices = None
        if quantity.matrices is not None:
            matrices = to_floats(np.array(quantity.matrices, dtype=object), "matrices")
            if matrices.shape[0] != problem.n or matrices.shape[2] != size:
                raise InputError(f"matrices: expected n = {problem.n} matrices with {size} columns, found shape "
                                 f"{matrices.shape}.")
            size = matrices.shape[1]
        left = None
        if quantity.left is not None:
            left = to_floats(np.array(quantity.left, dtype=object), "A")
            if left.shape[1] != size:
                raise InputError(f"A: expected {size} columns (the entries of the vectorised quantity), found shape "
                                 f"{left.shape}.")
            size = left.shape[0]
        columns = {"variance": slice(first, first + 1), "second_moment": slice(first + 1, first + 2)}
        if size <= mean_limit:
            columns["mean"] = slice(first + 2, first + 2 + size)
        return cls(template, size, left, matrices, columns)

    @property
    def width(self) -> int:
        """The number of columns."""
        return sum(c.stop - c.start for c in self.columns.values())

    def project(self, gradients: Gradients, flat: Any) -> Any:
        """The layer's entries of flat weights or gradients (last axis), with A applied."""
        parts = [flat[..., s] for s in gradients.problem.layer_slices(self.quantity.layer)]
        part = parts[0] if len(parts) == 1 else jnp.concatenate(parts, axis=-1)
        return part if self.left is None else part @ self.left.T

    def entries(self, gradients: Gradients, constants: Any, slots: Mapping[str, Any], teacher: Any, g: Any,
                t: Any) -> Any:
        """The quantity at step t, shape (replicates, size), from the slots, weights first, and the gradient."""
        kind, w = self.quantity.kind, next(iter(slots.values()))
        if kind == "loss":
            return gradients.loss(constants, w, teacher)[:, None]
        if kind == "sample_gradients":
            flat = gradients.weighted_sum(constants, w, teacher, self.matrices[gradients.order])
            return flat if self.left is None else flat @ self.left.T
        if kind == "full_gradient":
            return self.project(gradients, gradients.full(constants, w, teacher))
        if kind == "gradient":
            return self.project(gradients, g)
        value = self.project(gradients, slots.get(self.quantity.slot_name or "", w))
        return value / (t + 1) if self.quantity.scale_by_steps else value

    def values(self, q: Any, paired: bool, extra: Any = None) -> Any:
        """The columns (groups, width) from q (groups * GROUP, size).

        extra: for each replicate a variance that q (a conditional mean) lacks, or None.
        """
        q = jax.lax.optimization_barrier(q).reshape(-1, GROUP, self.size)  # or XLA computes q anew for each use
        members = [q[:, r] for r in range(GROUP)]  # written out: XLA reduces a middle axis slowly on a CPU
        mean = _total(members) / GROUP
        squares = _total([(m - mean) ** 2 for m in members]).sum(axis=1)
        if paired:
            count = GROUP // 2
            pairs = [(members[2 * k] + members[2 * k + 1]) / 2 - mean for k in range(count)]
            within = _total([pair**2 for pair in pairs]).sum(axis=1)  # the pairs sum to zero
            variance = squares / GROUP + within / (count * (count - 1))
        else:
            variance = squares / (GROUP - 1)
        second = squares / GROUP + (mean * mean).sum(axis=1)
        if extra is not None:
            added = extra.reshape(-1, GROUP).mean(axis=1)
            variance, second = variance + added, second + added
        columns = [variance[:, None], second[:, None]]
        if "mean" in self.columns:
            columns.append(mean)
        return jnp.concatenate(columns, axis=1)


def _total(arrays: list[Any]) -> Any:
    """The sum, by halves."""
    while len(arrays) > 1:
        arrays = [a + b for a, b in zip(arrays[0::2], arrays[1::2], strict=True)]
    return arrays[0]


def conditional_variance(observable: Observable, gradients: Gradients, constants: Any, w: Any, teacher: Any,
                         full: Any, b: int) -> Any:
    """var(A g_t given w_t) for each replicate.

    P0, Lemma 3.1, c_b (mean ||a_i||^2 - ||mean a||^2), for the gradients a_i of samples; c_b = 1/b where samples are
    independent. Label noise without replacement: the lemma holds for the means of the a_i over their noise, and the
    noise of b samples comes to it, independent from sample to sample.
    """
    def squares(mean_noise: bool) -> Any:
        return gradients.sample_squares(constants, w, teacher, lambda flat: observable.project(gradients, flat),
                                        mean_noise)

    n = gradients.n
    norm = (full * full).sum(axis=1)
    if n is None or gradients.with_replacement:
        return (squares(False) - norm) / b
    scale = (n - b) / (b * (n - 1)) if n > 1 else 0.0
    if not gradients.problem.fresh:
        return scale * (squares(False) - norm)
    of_points = squares(True)
    return scale * (of_points - norm) + (squares(False) - of_points) / b
