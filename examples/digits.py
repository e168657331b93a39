"""P0's Figures 3 and 4 on scikit-learn's digits: a ReLU network with cross-entropy, trained in epochs.

Outside exactness, so simulated: the variance of the gradient for five initial points and two batch sizes (Figure 3,
left), training and validation loss and error for the first initial point (Figure 4), and the gap between training
error and error on distorted images (Figure 3, right). Each run goes through its own fixed order of the data (cyclic).
By default small widths and few epochs and runs; --full has P0's widths (1024, 512), 1,000 epochs and 50 runs, and
wants a GPU (--runs and --epochs make it smaller). P0 uses MNIST; digits are 8 x 8 images that need no download.

    python examples/digits.py [--full] [--runs N] [--epochs N] [--out .]
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from sklearn.datasets import load_digits

from sgdmoments.cli.progress import progress_bar
from sgdmoments.show.plots import pyplot
from sgdmoments.simulate.losses import simulate_loss

BATCH_SIZES = (64, 128)


def images(rng: np.random.Generator) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Training, validation and distorted validation sets, pixels in [-1, 1]."""
    x, y = load_digits(return_X_y=True)
    order = rng.permutation(len(x))
    x, y = (x[order] / 8 - 1).astype(np.float32), y[order]
    held = x[1280:].reshape(-1, 8, 8)
    shifted = np.stack([np.roll(a, tuple(rng.integers(-1, 2, size=2)), axis=(0, 1)) for a in held])
    noisy = shifted.reshape(len(held), -1) + rng.normal(scale=0.3, size=(len(held), 64))
    return {"train": (x[:1280], y[:1280]), "validation": (x[1280:], y[1280:]),
            "distorted": (np.clip(noisy, -1, 1).astype(np.float32), y[1280:])}


def start(rng: np.random.Generator, widths: tuple[int, ...]) -> list[dict[str, np.ndarray]]:
    """He-scaled weights and zero biases."""
    return [{"W": (rng.normal(size=(m, n)) * np.sqrt(2 / m)).astype(np.float32), "b": np.zeros(n, np.float32)}
            for m, n in pairwise(widths)]


def logits(params: list[dict[str, Any]], x: Any) -> Any:
    for layer in params[:-1]:
        x = jax.nn.relu(x @ layer["W"] + layer["b"])
    return x @ params[-1]["W"] + params[-1]["b"]


def loss(params: Any, batch: Any) -> Any:
    return optax.softmax_cross_entropy_with_integer_labels(logits(params, batch[0]), batch[1]).mean()


def measures(sets: dict[str, Any]) -> dict[str, Any]:
    """What is recorded beside the loss and the gradient."""
    def error(which: str) -> Any:
        x, y = sets[which]
        return lambda p: jnp.mean(jnp.argmax(logits(p, x), axis=1) != y)

    return {"validation loss": lambda p: loss(p, sets["validation"]), "error": error("train"),
            "validation error": error("validation"), "distorted error": error("distorted")}


def run(full: bool, out: Path, runs: int | None = None, epochs: int | None = None) -> dict[str, float]:
    """Draw both figures; returns some of their numbers."""
    rng = np.random.default_rng(0)
    sets = images(rng)
    widths, rate = ((64, 1024, 512, 10), 3e-3) if full else ((64, 24, 16, 10), 3e-2)
    epochs, runs = epochs or (1000 if full else 12), runs or (50 if full else 4)
    metrics, optimiser = measures(sets), optax.sgd(rate)
    results = []
    for seed in range(5):
        with progress_bar() as progress:
            results.append(simulate_loss(loss, start(rng, widths), sets["train"], optimiser, BATCH_SIZES, runs, epochs,
                                         order="cyclic", record=16 if full else 8, metrics=metrics, seed=seed,
                                         progress=progress))
    first = results[0]
    figure, axes = pyplot().subplots(2, 2, figsize=(9, 7), layout="constrained")
    for k, b in enumerate(BATCH_SIZES):
        epoch, colour = first.epochs[k], f"C{k}"
        variances = np.array([r.variance("gradient").value[:, k] for r in results])
        axes[0, 0].plot(epoch, np.median(variances, axis=0), color=colour, label=f"b = {b}")
        axes[0, 0].fill_between(epoch, variances.min(axis=0), variances.max(axis=0), color=colour, alpha=0.2)
        gap = first.mean("distorted error").value[:, k] - first.mean("error").value[:, k]
        axes[0, 1].plot(epoch, gap, color=colour, label=f"b = {b}")
        for ax, kind in ((axes[1, 0], "loss"), (axes[1, 1], "error")):
            for name, style in ((kind, "-"), (f"validation {kind}", "--")):
                found = first.mean(name)
                ax.errorbar(epoch, found.value[:, k], 2 * found.standard_error[:, k], color=colour, ls=style,
                            label=f"b = {b}, {'validation' if style == '--' else 'training'}")
    axes[0, 0].set(yscale="log", title="var of the gradient: median and range of 5 starts")
    axes[0, 1].set(title="error on distorted images minus training error")
    axes[1, 0].set(yscale="log", title="loss", xlabel="epoch")
    axes[1, 1].set(yscale="log", title="error", xlabel="epoch")
    for ax in axes.flat:
        ax.legend(fontsize=8)
    out.mkdir(parents=True, exist_ok=True)
    figure.savefig(out / "digits.png", dpi=100)
    report = {"runs": first.samples, "epochs": epochs,
              "SGD steps per second": sum(r.throughput.steps for r in results)
              / sum(r.throughput.seconds for r in results)}
    for k, b in enumerate(BATCH_SIZES):
        for name, found in (("var of the gradient", first.variance("gradient")), ("loss", first.mean("loss")),
                            ("validation error", first.mean("validation error"))):
            report[f"{name}, b = {b}"] = float(found.value[-1, k])
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="P0's widths, 1,000 epochs, 50 runs")
    parser.add_argument("--runs", type=int)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--out", type=Path, default=Path())
    options = parser.parse_args()
    for name, value in run(options.full, options.out, options.runs, options.epochs).items():
        print(f"{name}: {value:.4g}")


if __name__ == "__main__":
    main()
