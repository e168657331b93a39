"""003's Figure 3.3: a quadratic model (ReLU gates fixed at the start) above its critical learning rates.

128 points in one dimension, x ~ N(2, 1) with label 1 and x ~ N(-2, 1) with label -1. The model is
g(x) = m^(-1/2) sum_i v_i u_i x 1{u_i(0) x > 0}, the loss (1/n) sum (g - y)^2, trained by gradient descent. In one
dimension the two sign classes decouple, each with an eigenvalue lambda of the tangent kernel and a critical rate
n/lambda: below both the kernel stays; between them one class is thrown and its eigenvalue falls; above both, both.

    python examples/catapult.py [--full] [--out .]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from sgdmoments.show.plots import pyplot


def descend(width: int, rate_between: float, steps: int) -> dict[str, np.ndarray]:
    """Loss and both eigenvalues at each step, at a rate given relative to the critical rates.

    rate_between: 0.5 is half the lower critical rate, 1.5 is half way between the two, 2.1 is above both.
    """
    rng = np.random.default_rng(1)
    y = np.repeat([1.0, -1.0], 64)
    x = rng.normal(size=128) + 2 * y
    n = len(x)
    u, v = rng.normal(size=width), rng.normal(size=width)
    gates = np.stack([u > 0, u <= 0]).astype(float)
    side = (x <= 0).astype(int)
    squares = np.array([(x[side == s] ** 2).sum() for s in (0, 1)])

    def eigenvalues() -> np.ndarray:
        return gates @ (u**2 + v**2) / width * squares

    critical = np.sort(n / eigenvalues())
    if rate_between <= 1:
        rate = rate_between * critical[0]
    elif rate_between <= 2:
        rate = critical[0] + (rate_between - 1) * (critical[1] - critical[0])
    else:
        rate = rate_between / 2 * critical[1]
    losses, values = [], []
    for _ in range(steps):
        slopes = gates @ (u * v) / np.sqrt(width)
        residuals = slopes[side] * x - y
        losses.append((residuals**2).mean())
        values.append(eigenvalues())
        pull = np.array([(residuals * x)[side == s].sum() for s in (0, 1)]) * 2 / n / np.sqrt(width)
        along = pull @ gates
        u, v = u - rate * along * v, v - rate * along * u
    return {"loss": np.array(losses), "eigenvalues": np.array(values), "critical": critical, "rate": np.array(rate)}


def run(full: bool, out: Path) -> dict[str, float]:
    """Draw the figure; returns critical rates, and how much of each eigenvalue is left in each regime."""
    width, steps = (5000, 100) if full else (1000, 60)
    figure, axes = pyplot().subplots(1, 3, figsize=(11, 3.4), layout="constrained")
    report: dict[str, float] = {}
    for k, (place, regime) in enumerate(((0.7, "below both"), (1.6, "between"), (2.3, "above both"))):
        found = descend(width, place, steps)
        label = f"{regime}: rate {float(found['rate']):.3f}"
        axes[0].plot(found["loss"], color=f"C{k}", label=label)
        order = np.argsort(-found["eigenvalues"][0])
        for j in (0, 1):
            series = found["eigenvalues"][:, order[j]]
            axes[1 + j].plot(series, color=f"C{k}", label=label)
            report[f"{regime}: eigenvalue {j + 1}, last over first"] = float(series[-1] / series[0])
        report |= {f"critical rate {j + 1}": float(found["critical"][j]) for j in (0, 1)}
    axes[0].set(yscale="log", title="loss", xlabel="step")
    axes[1].set(title="first eigenvalue of the tangent kernel", xlabel="step")
    axes[2].set(title="second eigenvalue", xlabel="step")
    axes[0].legend(fontsize=8)
    out.mkdir(parents=True, exist_ok=True)
    figure.savefig(out / "catapult.png", dpi=100)
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="003's width, 5,000")
    parser.add_argument("--out", type=Path, default=Path())
    options = parser.parse_args()
    for name, value in run(options.full, options.out).items():
        print(f"{name}: {value:.4g}")


if __name__ == "__main__":
    main()
