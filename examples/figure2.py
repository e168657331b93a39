"""P0's Figure 2: var(g_t) and var(grad L(w_t)) of both layers of a two-layer linear network, by simulation.

Teacher and student of one shape, x ~ N(0, I), learning rate 1/10, 1/20, 1/30, ... Dashed: the first coefficient in
1/b alone, beta_1(t)/b, along the noiseless path (from 4,096 samples of the law), which the simulated variance of the
gradient approaches as b grows. By default a small network; --full is P0's 64-256-128, 1,000 steps and 1,000 runs.

    python examples/figure2.py [--full] [--runs N] [--steps T] [--out .]
"""

from __future__ import annotations

import argparse
import platform
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import sgdmoments as sm
from sgdmoments.cli.progress import progress_bar
from sgdmoments.show.plots import pyplot
from sgdmoments.simulate.estimate import simulate
from sgdmoments.simulate.first_coefficient import first_coefficient


def run(full: bool, out: Path, runs: int | None = None, steps: int | None = None) -> dict[str, Any]:
    """Draw the figure; returns the machine, the speed, and the ratio of simulation to beta_1/b at the largest b."""
    widths = (64, 256, 128) if full else (5, 8, 6)
    runs, steps = runs or (1000 if full else 512), steps or (1000 if full else 40)
    sizes = (4, 16, 64, 256) if full else (4, 16, 64)
    rng = np.random.default_rng(0)
    p, h, o = widths
    weights = {"W1": rng.normal(size=(h, p)) / np.sqrt(p), "W2": rng.normal(size=(o, h)) / np.sqrt(h)}
    teacher = {"W1*": rng.normal(size=(h, p)) / np.sqrt(p), "W2*": rng.normal(size=(o, h)) / np.sqrt(h)}
    rates = [0.1 / (t + 1) for t in range(steps + 1)]
    sgd = sm.SGD(sm.Network(widths), rates, {**weights, **teacher})
    times = sorted({0, steps} | {round(steps ** (k / 11)) for k in range(12)})
    quantities = [partial(kind, layer=k) for k in (1, 2) for kind in (sm.gradient, sm.full_gradient)]
    with progress_bar() as progress:
        found = simulate(sgd, quantities, times, sizes, runs, x64=not full, progress=progress)
    x = rng.normal(size=(4096, p))
    student_teacher = teacher["W2*"] @ teacher["W1*"]

    def loss(w: Any, x: Any) -> Any:
        return 0.5 * jnp.sum((w["W2"] @ (w["W1"] @ x) - student_teacher @ x) ** 2)

    places = times[::3]
    first = [first_coefficient(loss, weights, x, rates[:t], probes=4 if full else None).value for t in places]
    figure, axes = pyplot().subplots(1, 3, figsize=(12, 3.8), layout="constrained")
    for j, b in enumerate(sizes):
        total = 0.0
        for k, ax in ((1, axes[0]), (2, axes[1])):
            for kind, style in ((sm.gradient, "-"), (sm.full_gradient, "--")):
                estimate = found.variance(partial(kind, layer=k))
                shown = estimate.value[:, j] > 0
                ax.errorbar(np.array(times)[shown] + 1, estimate.value[shown, j], 2 * estimate.standard_error[shown, j],
                            color=f"C{j}", ls=style, label=f"b = {b}" if style == "-" else None)
            total = total + found.variance(partial(sm.gradient, layer=k)).value[:, j]
        axes[2].plot(np.array(times) + 1, total, color=f"C{j}", label=f"b = {b}")
        axes[2].plot(np.array(places) + 1, np.array(first) / b, color=f"C{j}", ls="--")
    axes[0].set_title("layer 1: var(g) solid, var(full gradient) dashed")
    axes[1].set_title("layer 2")
    axes[2].set_title("both layers: var(g), and beta_1/b dashed")
    for ax in axes:
        ax.set(xscale="log", yscale="log", xlabel="t + 1")
        ax.title.set_fontsize(9)
        ax.legend(fontsize=8)
    out.mkdir(parents=True, exist_ok=True)
    figure.savefig(out / "figure2.png", dpi=100)
    index = [times.index(t) for t in places]
    ratio = sum(found.variance(partial(sm.gradient, layer=k)).value[index, -1] for k in (1, 2)) * sizes[-1] / first
    return {"machine": f"{jax.devices()[0].device_kind}, {platform.machine()}", "runs": found.samples,
            "SGD steps per second": found.throughput.steps_per_second,
            "simulated over first coefficient, largest b": f"{ratio.min():.3f} to {ratio.max():.3f}"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="64-256-128, 1,000 steps, 1,000 runs")
    parser.add_argument("--runs", type=int)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--out", type=Path, default=Path())
    options = parser.parse_args()
    for name, value in run(options.full, options.out, options.runs, options.steps).items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
