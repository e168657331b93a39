"""003's Table 4.1: smaller batches align the gradient outer product better with a rank-2 target, and test better.

The target is f*(x) = x_1 x_2 with x ~ N(0, I); the network m^(-1/2) sum_i v_i relu(u_i x / sqrt(d)) is trained on
the mean square error by SGD at half the critical rate n/lambda of the whole training set. AGOP is the mean of
grad f grad f^T over the training set; the alignment is its cosine with that of f*, diag(1, 1, 0, ...) for
Gaussian x. By default a small problem and a fixed number of steps; --full has 003's sizes (2,000 points, width
1,024, dimension 100) and wants a GPU.

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


def predict(params: Any, x: Any) -> Any:
    return jax.nn.relu(x @ params["u"].T / np.sqrt(x.shape[-1])) @ params["v"] / np.sqrt(params["v"].shape[0])


def loss(params: Any, batch: Any) -> Any:
    return jnp.mean((predict(params, batch[0]) - batch[1]) ** 2)


def critical_rate(params: Any, x: np.ndarray) -> float:
    """n / lambda_max of the tangent kernel."""
    rows = jax.vmap(lambda z: jax.flatten_util.ravel_pytree(jax.grad(lambda p: predict(p, z[None])[0])(params))[0])(x)
    return float(len(x) / np.linalg.eigvalsh(np.asarray(rows @ rows.T))[-1])


def run(full: bool, out: Path) -> dict[str, dict[int, float]]:
    """Write the table's plot; returns {measure: {batch size: value}}."""
    n, d, width, epochs, runs = (2000, 100, 1024, 400, 4) if full else (120, 10, 32, 40, 4)
    sizes = (n, 50, 10, 5)
    rng = np.random.default_rng(0)
    x, test = (rng.normal(size=(k, d)).astype(np.float32) for k in (n, 1000))
    params = {"u": rng.normal(size=(width, d)).astype(np.float32), "v": rng.normal(size=width).astype(np.float32)}
    target = np.zeros((d, d))
    target[[0, 1], [0, 1]] = 1

    def alignment(p: Any) -> Any:
        slopes = jax.vmap(jax.grad(lambda z: predict(p, z[None])[0]))(x)
        agop = slopes.T @ slopes
        return jnp.sum(agop * target) / (jnp.linalg.norm(agop) * np.linalg.norm(target))

    metrics = {"AGOP alignment": alignment, "test loss": lambda p: loss(p, (test, test[:, 0] * test[:, 1]))}
    rate = critical_rate(params, x) / 2
    figure, axes = pyplot().subplots(1, 2, figsize=(8, 3.4), layout="constrained")
    table: dict[str, dict[int, float]] = {name: {} for name in metrics}
    for k, b in enumerate(sizes):
        found = simulate_loss(loss, params, (x, x[:, 0] * x[:, 1]), optax.sgd(rate), [b], runs, epochs, metrics=metrics,
                              record=6)
        for ax, name in zip(axes, metrics, strict=True):
            mean = found.mean(name)
            ax.errorbar(found.epochs[0], mean.value[:, 0], 2 * mean.standard_error[:, 0], color=f"C{k}",
                        label=f"b = {b}")
            best = np.nanmax if name == "AGOP alignment" else np.nanmin
            table[name][b] = float(best(mean.value[:, 0]))
            ax.set(title=name, xlabel="epoch")
    axes[0].legend(fontsize=8)
    out.mkdir(parents=True, exist_ok=True)
    figure.savefig(out / "rank_two_task.png", dpi=100)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="003's sizes")
    parser.add_argument("--out", type=Path, default=Path())
    options = parser.parse_args()
    for name, values in run(options.full, options.out).items():
        print(name + ": " + ", ".join(f"b = {b}: {value:.3f}" for b, value in values.items()))


if __name__ == "__main__":
    main()
