"""003's Table 4.1: smaller batches align the gradient outer product better with a rank-2 target, and test better.

The target is f*(x) = x_1 x_2 with x ~ N(0, I); the network m^(-1/2) sum_i v_i relu(u_i x / sqrt(d)) is trained on
the mean square error by SGD at half the critical rate n/lambda of the whole training set, until the training loss is
below 1/1000 (points in the figure). AGOP is the mean of grad f grad f^T over the training set; the alignment is its
cosine with that of f*, diag(1, 1, 0, ...) for Gaussian x. Data and start are drawn anew a few times, the results
averaged. By default a small problem; --full has 003's sizes (2,000 points, width 1,024, three draws; dimension 100):
five minutes on two CPU cores.

    python examples/rank_two_task.py [--full] [--out .]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from sgdmoments.show.plots import pyplot
from sgdmoments.simulate.losses import simulate_loss

STOP = 1e-3  # training loss


def predict(params: Any, x: Any) -> Any:
    return jax.nn.relu(x @ params["u"].T / np.sqrt(x.shape[-1])) @ params["v"] / np.sqrt(params["v"].shape[0])


def loss(params: Any, batch: Any) -> Any:
    return jnp.mean((predict(params, batch[0]) - batch[1]) ** 2)


def critical_rate(params: Any, x: np.ndarray) -> float:
    """n / lambda_max of the tangent kernel."""
    rows = jax.vmap(lambda z: jax.flatten_util.ravel_pytree(jax.grad(lambda p: predict(p, z[None])[0])(params))[0])(x)
    return float(len(x) / np.linalg.eigvalsh(np.asarray(rows @ rows.T))[-1])


def measures(x: np.ndarray, test: np.ndarray) -> dict[str, Any]:
    target = np.zeros((x.shape[1], x.shape[1]))
    target[[0, 1], [0, 1]] = 1

    def alignment(params: Any) -> Any:
        slopes = jax.vmap(jax.grad(lambda z: predict(params, z[None])[0]))(x)
        agop = slopes.T @ slopes
        return jnp.sum(agop * target) / (jnp.linalg.norm(agop) * np.linalg.norm(target))

    return {"AGOP alignment": alignment, "test loss": lambda p: loss(p, (test, test[:, 0] * test[:, 1]))}


def run(full: bool, out: Path) -> dict[str, dict[int, float]]:
    """Write the table's plot; returns {measure: {batch size: value where training ends}}."""
    n, d, width, tests, draws = (2000, 100, 1024, 5000, 3) if full else (120, 10, 64, 1000, 2)
    epochs = {n: 5000, 50: 150, 10: 50, 5: 50} if full else {n: 400, 10: 100, 5: 60}
    figure, axes = pyplot().subplots(1, 2, figsize=(8, 3.4), layout="constrained")
    found: dict[str, dict[int, list[float]]] = {"AGOP alignment": {}, "test loss": {}}
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        x, test = (rng.normal(size=(k, d)).astype(np.float32) for k in (n, tests))
        params = {"u": rng.normal(size=(width, d)).astype(np.float32), "v": rng.normal(size=width).astype(np.float32)}
        optimiser = optax.sgd(critical_rate(params, x) / 2)
        for k, (b, limit) in enumerate(epochs.items()):
            history = simulate_loss(loss, params, (x, x[:, 0] * x[:, 1]), optimiser, [b], 2, limit, record=51, group=2,
                                    metrics=measures(x, test), seed=seed)
            trained = np.append(np.flatnonzero(history.mean("loss").value[:, 0] < STOP), -1)[0]
            for ax, name in zip(axes, found, strict=True):
                values = history.mean(name).value[:, 0]
                found[name].setdefault(b, []).append(float(values[trained]))
                steps = history.epochs[0] * (n // b) + 1
                ax.plot(steps, values, color=f"C{k}", lw=1, label=f"b = {b}" if seed == 0 else None)
                ax.plot(steps[trained], values[trained], "o", color=f"C{k}")
    for ax, name in zip(axes, found, strict=True):
        ax.set(title=name, xlabel="step", xscale="log")
    axes[0].legend(fontsize=8)
    out.mkdir(parents=True, exist_ok=True)
    figure.savefig(out / "rank_two_task.png", dpi=100)
    return {name: {b: float(np.mean(values)) for b, values in row.items()} for name, row in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="003's sizes")
    parser.add_argument("--out", type=Path, default=Path())
    options = parser.parse_args()
    for name, values in run(options.full, options.out).items():
        print(name + ": " + ", ".join(f"b = {b}: {value:.3f}" for b, value in values.items()))


if __name__ == "__main__":
    main()
