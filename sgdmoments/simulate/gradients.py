"""What the simulator needs of a model: gradients of batches, and averages over all data or the data law."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from sgdmoments.errors import AssumptionError
from sgdmoments.simulate.arguments import whole_number
from sgdmoments.simulate.backend import jnp
from sgdmoments.simulate.problem import Array, FloatRun

#: Samples of a batch are numbered by 32-bit words.
MOST_BATCH = 2**31

#: A linear map applied along the last axis, from all weights to what is asked for.
Projection = Callable[[Any], Any]


class Gradients(ABC):
    """Batch gradients and population averages for many replicates at once.

    Arrays: w (replicates, d); teacher (d,) or (replicates, d); `constants` are the arrays of the attribute of
    that name, handed to every compiled function.
    """

    constants: dict[str, Any]
    #: The entries of `constants` that are listed by data point.
    data_names = frozenset({"points", "phi", "right"})

    def __init__(self, problem: FloatRun) -> None:
        self.problem = problem
        self.n = problem.n
        self.order = np.arange(problem.n or 0)
        self.with_replacement = problem.sgd.batches.independent

    @abstractmethod
    def batch(self, constants: Any, w: Any, teacher: Any, key: Any, replicates: Any, b: int, mirror: Any) -> Any:
        """g (replicates, d): the mean gradient of a random batch at w.

        mirror: None, or booleans (replicates,): where true, x is replaced by -x, or point i of finite data
        by n-1-i.
        """

    @abstractmethod
    def full(self, constants: Any, w: Any, teacher: Any) -> Any:
        """grad L(w), shape (replicates, d)."""

    @abstractmethod
    def loss(self, constants: Any, w: Any, teacher: Any) -> Any:
        """L(w), shape (replicates,)."""

    @abstractmethod
    def sample_squares(self, constants: Any, w: Any, teacher: Any, project: Projection,
                       mean_noise: bool = False) -> Any:
        """The average of ||project(grad of one sample's loss)||^2, shape (replicates,).

        mean_noise: for finite data, of the gradients with the label noise at its mean.
        """

    @abstractmethod
    def samples(self, constants: Any, w: Any, teacher: Any) -> Any:
        """grad L_i(w) for each point of finite data, shape (replicates, n, d)."""

    def weighted_sum(self, constants: Any, w: Any, teacher: Any, matrices: Array) -> Any:
        """sum_i A_i grad L_i(w), shape (replicates, k); matrices (n, k, d) in the order of `order`."""
        return jnp.einsum("nkd,rnd->rk", matrices, self.samples(constants, w, teacher))

    @abstractmethod
    def bytes_per_replicate(self, b: int) -> int:
        """A guess of the memory that a replicate takes."""

    @abstractmethod
    def seconds_per_update(self, b: int) -> float:
        """A guess of the time that a step of a replicate takes on one device."""

    def sort(self, order: Array) -> None:
        """Renumber the data points: point i is from now on what point order[i] was."""
        self.order = order
        for name in self.data_names & set(self.constants):
            self.constants[name] = self.constants[name][order]

    def check_batch_size(self, b: Any) -> int:
        """b as an int; an error where there are no batches of that size."""
        b = whole_number(b, "batch_sizes", 1, MOST_BATCH)
        if self.n and not self.with_replacement and b > self.n:
            raise AssumptionError(f"b = {b}: batches without replacement from {self.n} points have at most "
                                  f"{self.n}; use sampling='with_replacement' for larger ones.")
        return b
