"""The first coefficient in 1/b of a variance along SGD, for any differentiable JAX model.

With v_0, v_1, ... the noiseless path (full-batch gradient descent), H_s the Hessian of the loss at v_s and
Sigma_s the covariance of one sample's gradient there,

    var(g_t)        = (1/b) (tr Sigma_t + tr(H_t C_t H_t)) + O(1/b^2),
    C_(s+1)         = (I - alpha_s H_s) C_s (I - alpha_s H_s) + alpha_s^2 Sigma_s,        C_0 = 0.

No matrix is formed. For a vector a_t at the end, a_s = (I - alpha_s H_s) a_(s+1) is one Hessian-vector product,
and a_t^T C_t a_t = sum_s alpha_s^2 var_i(<grad L_i(v_s), a_(s+1)>), one Jacobian-vector product of all samples'
losses a step. Summed over the unit vectors the trace is exact; over random signs it is unbiased.

Source: Theorem 3.8 (P0), restricted to the first power of 1/b; derived in `sgdmoments.routes.expansion`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from sgdmoments.budget import Budget, Monitor, read_budget, tick
from sgdmoments.errors import BudgetExceeded
from sgdmoments.exact.batch_size import inverse_of
from sgdmoments.reading import read_choice
from sgdmoments.simulate.arguments import whole_number
from sgdmoments.simulate.backend import jax, jnp, precision  # first: names the extra where JAX is missing

# isort: split
from jax.flatten_util import ravel_pytree

from sgdmoments.simulate.cost import check_memory
from sgdmoments.simulate.trees import check_loss, read_arrays, read_examples, read_rates

Kind = Literal["gradient", "full_gradient", "weights", "loss"]


@dataclass(frozen=True)
class FirstCoefficient:
    """beta_1 of var(q_t) = beta_1 / b + O(1/b^2).

    Attributes:
        value: the coefficient.
        standard_error: of the random probes; 0 where the trace is summed exactly.
        local: the part of the step's own batch, tr Sigma_t; 0 for quantities that hold no batch of step t.
        carried: the part that the noise of earlier steps carries in through the weights.
        probes: the number of vectors that the trace was taken over.
    """

    value: float
    standard_error: float
    local: float
    carried: float
    probes: int

    def __call__(self, b: float) -> float:
        """beta_1 / b."""
        return self.value * float(inverse_of(b, None))


def first_coefficient(loss: Callable[[Any, Any], Any], weights: Any, samples: Any, learning_rates: Sequence[float], *,
                      quantity: Kind = "gradient", probes: int | None = None, seed: int = 0,
                      chunk: int = 32, budget: Budget | None = None) -> FirstCoefficient:
    """beta_1 of the variance at step t = len(learning_rates), for batches of independent draws from the samples.

    Args:
        loss: ``loss(weights, sample)``, the loss of one sample, differentiable twice along the path (for ReLU:
            away from the kinks).
        weights: the initial weights, any pytree of arrays.
        samples: a pytree of arrays with one leading axis n: the equally likely samples. A data law is given by a
            large sample of it; the coefficient is then that of drawing from this sample.
        learning_rates: alpha_0, ..., alpha_(t-1).
        quantity: "gradient" (the mini-batch gradient g_t), "full_gradient", "weights" or "loss" (over all samples).
        probes: None: the trace over all N weights, exact up to rounding, N Hessian-vector products a step; a
            number: random signs, unbiased, with a standard error. The loss needs one vector and is always exact.
        seed: of the random signs.
        chunk: how many vectors are carried at a time.
        budget: the seconds and the memory that it may take: by a rough estimate before it starts, and watched from
            one chunk to the next.

    Returns:
        A `FirstCoefficient`. Everything is computed in 64-bit floats.

    Raises:
        InputError: an argument cannot be used, or the loss of one sample is not a number.
        BudgetExceeded: vectors x steps x samples x weights are beyond the budget.

    >>> found = first_coefficient(lambda w, x: 0.5 * (w - x) ** 2, 0.0, np.array([-1.0, 1.0]), [0.5])
    >>> round(found.value, 12), round(found.carried, 12)  # tr Sigma = 1, and H C H = alpha^2
    (1.25, 0.25)
    """
    read_choice(quantity, "quantity", get_args(Kind))
    if probes is not None:
        probes = whole_number(probes, "probes", 2, 2**31)
    chunk, seed = whole_number(chunk, "chunk", 1), whole_number(seed, "seed", 0)
    limit = read_budget(budget)
    with precision(True):
        rates = jnp.asarray(read_rates(learning_rates), dtype=float)
        arrays = read_arrays(weights, "weights", floats=True)
        start, unflatten = ravel_pytree(jax.tree.map(lambda leaf: leaf.astype(float), arrays))
        data = read_arrays(samples, "samples")
        n = read_examples(data, "samples")
        check_loss(loss, unflatten(start), jax.tree.map(lambda leaf: leaf[0], data))
        vectors = 1 if quantity == "loss" else probes or start.size
        _check_cost(vectors, len(rates), n, start.size, min(chunk, vectors), limit)

        # the data are an argument everywhere: as constants XLA would fold them into the programs
        def losses(w: Any, data: Any) -> Any:
            return jax.vmap(loss, (None, 0))(unflatten(w), data)

        slope: Any = jax.grad(lambda w, data: jnp.mean(losses(w, data)))

        def descend(start: Any, data: Any) -> Any:
            return jax.lax.scan(lambda w, rate: (w - rate * slope(w, data), w), start, rates)

        end, path = jax.jit(descend)(start, data)

        def product(w: Any, a: Any, data: Any) -> Any:
            return jax.jvp(lambda w: slope(w, data), (w,), (a,))[1]

        def spread(w: Any, a: Any, data: Any) -> Any:
            return jnp.var(jax.jvp(lambda w: losses(w, data), (w,), (a,))[1])

        def carried(a: Any, path: Any, data: Any) -> Any:
            """a^T C_t a."""
            def back(state: Any, step: Any) -> Any:
                (a, total), (rate, w) = state, step
                return (a - rate * product(w, a, data), total + rate**2 * spread(w, a, data)), None

            return jax.lax.scan(back, (a, jnp.zeros(())), (rates, path), reverse=True)[0][1]

        local = jax.jit(lambda w, data: _trace_of_covariance(loss, unflatten, data, w))(end, data) \
            if quantity == "gradient" else jnp.zeros(())
        if quantity == "loss":
            values = np.asarray([jax.jit(carried)(slope(end, data), path, data)])
            exact, count = True, 1
        else:
            def form(z: Any, path: Any, end: Any, data: Any) -> Any:
                return carried(z if quantity == "weights" else product(end, z, data), path, data)

            quadratic: Any = jax.jit(jax.vmap(form, (0, None, None, None)))
            size = start.size
            exact, count = probes is None, size if probes is None else probes
            signs = np.random.default_rng(seed).choice([-1.0, 1.0], (count, size)) if probes else None
            parts = []
            with Monitor(limit):
                for first in range(0, count, chunk):
                    tick("first_coefficient")
                    rows = np.arange(first, min(first + chunk, count))
                    vectors = jax.nn.one_hot(rows, size, dtype=float) if signs is None else jnp.asarray(signs[rows])
                    parts.append(np.asarray(quadratic(vectors, path, end, data)))
            values = np.concatenate(parts)
        total = float(values.sum()) if exact else float(values.mean())
        error = 0.0 if exact else float(values.std(ddof=1) / np.sqrt(count))
        return FirstCoefficient(total + float(local), error, float(local), total, count)


def _check_cost(vectors: int, steps: int, n: int, size: int, chunk: int, budget: Budget) -> None:
    """`BudgetExceeded` where the path, or the passes through all samples for all vectors, are too much."""
    check_memory(8 * (size * (steps + 1) * 2 + 8 * chunk * size), budget, "first_coefficient")
    passes = (vectors + 1) * (steps + 1)
    seconds = passes * (1e-6 + 2e-9 * n * size)
    if budget.seconds is not None and seconds > budget.seconds:
        share = budget.seconds / seconds
        nearest = f"probes={int(vectors * share)}." if vectors * share >= 2 else \
            f"at most {max(1, int(steps * vectors * share / 2)):,} steps with probes=2, or fewer samples."
        raise BudgetExceeded(
            f"first_coefficient: {vectors:,} vectors through {steps:,} steps over {n:,} samples and {size:,} weights "
            f"take about {seconds:.2g} s, the budget is {budget.seconds:g} s (budget=Budget(seconds=...)).",
            {"seconds": seconds, "passes": passes}, nearest)


def _trace_of_covariance(loss: Any, unflatten: Any, data: Any, w: Any) -> Any:
    """tr Sigma = mean_i ||grad L_i||^2 - ||mean_i grad L_i||^2, one sample at a time."""
    slope = jax.grad(lambda w, sample: loss(unflatten(w), sample))

    def add(state: Any, sample: Any) -> Any:
        g = slope(w, sample)
        return (state[0] + g, state[1] + g @ g), None

    count = jax.tree.leaves(data)[0].shape[0]
    (total, square), _ = jax.lax.scan(add, (jnp.zeros_like(w), jnp.zeros(())), data)
    return square / count - (total / count) @ (total / count)
