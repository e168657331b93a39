"""P0's Figure 1(a) as P0 made it, by simulation, on top of the exact curves.

var(g_t) and var(grad L(w_t)) of linear regression against t: lines are exact (no run), points are simulated with
bars of two standard errors. By default a small table that comes with the package (Longley's, 16 rows) and 40 steps;
with a CSV file of the Graduate Admission data (see graduate_admission.py) and --full, 2,000 steps and 1,000 runs.

    python examples/figure1_simulated.py [admission.csv] [--full] [--out .]
"""

from __future__ import annotations

import argparse
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

import sgdmoments as sm
from sgdmoments.data import load, read_csv
from sgdmoments.show.plots import pyplot
from sgdmoments.simulate.estimate import simulate

QUANTITIES = ((sm.gradient, "var($g_t$)"), (sm.full_gradient, r"var($\nabla L(w_t)$)"))


def problem(csv: str | None) -> tuple[sm.SGD, int]:
    """SGD on a standardised table with an intercept, w_0 = 0, rates 1/2, 1/4, 1/6, ... (1/10 of it for Longley)."""
    table, target = (load("longley"), "employment") if csv is None else (read_csv(csv), "chance_of_admit")
    features = [name for name in table.names if name not in (target, "serial")]
    design = table.design(target, features, standardize=True, intercept=True)
    scale = 10 if csv is None else 1
    sgd = sm.SGD(design.model(), lambda t: Fraction(1, 2 * scale * (t + 1)), initial=[0] * len(design.names))
    return sgd, design.n


def run(csv: str | None, full: bool, out: Path) -> dict[str, Any]:
    """Draw the figure; returns the greatest |z| and the speed."""
    sgd, n = problem(csv)
    steps, samples = (2000, 1000) if full else (40, 2000)
    sizes = [b for b in (8, 32, 128, 256) if b < n] if n > 64 else [2, 4, 8, 12]
    times = sorted({0, steps} | {round(steps ** (k / 9)) for k in range(10)})
    simulated = simulate(sgd, [q for q, _ in QUANTITIES], times, sizes, samples)
    figure, axes = pyplot().subplots(1, 2, figsize=(9, 3.8), layout="constrained")
    worst = 0.0
    for ax, (quantity, label) in zip(axes, QUANTITIES, strict=True):
        exact = sgd.trajectory(quantity, steps, sizes)
        values = np.asarray(exact.values, dtype=float)
        found = simulated.variance(quantity)
        for k, b in enumerate(sizes):
            shown = np.where(values[:, k] > 0, values[:, k], np.nan)  # the axis is logarithmic, and w_0 is not random
            ax.plot(np.arange(steps + 1) + 1, shown, color=f"C{k}", label=f"b = {b}, exact")
            some = found.value[:, k] > 0
            ax.errorbar(np.array(times)[some] + 1, found.value[some, k], 2 * found.standard_error[some, k], fmt="o",
                        ms=3, color=f"C{k}")
        z = found.z(values[times])
        worst = max(worst, float(np.abs(z).max()))
        ax.set(xscale="log", yscale="log", xlabel="t + 1", title=label)
    axes[0].legend()
    out.mkdir(parents=True, exist_ok=True)
    figure.savefig(out / "figure1_simulated.png", dpi=110)
    return {"worst |z|": worst, "comparisons": 2 * len(times) * len(sizes), "samples": simulated.samples,
            "SGD steps per second": simulated.throughput.steps_per_second}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("csv", nargs="?", help="the Graduate Admission table; without it Longley's data")
    parser.add_argument("--full", action="store_true", help="2,000 steps")
    parser.add_argument("--out", type=Path, default=Path())
    options = parser.parse_args()
    for name, value in run(options.csv, options.full, options.out).items():
        print(f"{name}: {value:,.4g}")


if __name__ == "__main__":
    main()
