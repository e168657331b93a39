"""Graduate Admission: the variance of SGD's gradients against the step and the batch size, without a single run.

The data: a CSV file with the columns serial, gre, toefl, university_rating, sop, lor, cgpa, research, chance_of_admit
(500 rows in the published set). Features and target are standardised, an intercept is added, w_0 = 0, and the
learning rate is 1/2, 1/4, 1/6, ...: 1/(2(t + 1)) for steps counted from 0. P0 shows both figures from simulations
(1,000 and 200,000 runs); here

- Figure (a) has var(g_t) and var(grad L(w_t)) against t at four batch sizes, in certified intervals;
- Figure (b) has the exact polynomials var(g_t) at t = 10, 20, 30, 40, and beside them the polynomial of degree 6 in
  1/b that fits their values at 21 batch sizes best (relative least squares), with the fit's error.

    python examples/graduate_admission.py admission.csv --out figures
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

import sgdmoments as sm
from sgdmoments.data import read_csv
from sgdmoments.exact.roots import verify_decreasing
from sgdmoments.show.plots import new_axes, pyplot

TARGET, UNUSED = "chance_of_admit", ("serial",)


def problem(path: str | Path) -> tuple[sm.SGD, int]:
    """SGD on the standardised table, and n."""
    table = read_csv(path)
    features = [name for name in table.names if name not in (TARGET, *UNUSED)]
    design = table.design(TARGET, features, standardize=True, intercept=True)
    sgd = sm.SGD(design.model(), lambda t: Fraction(1, 2 * (t + 1)), initial=[0] * len(design.names))
    return sgd, design.n


def batch_sizes(n: int) -> list[int]:
    """Powers of two and multiples of 40 in [2, n]: 21 sizes for n = 500 (n itself included).

    >>> len(batch_sizes(500))
    21
    """
    return sorted({2**k for k in range(1, n.bit_length()) if 2**k <= n} | set(range(40, n + 1, 40)) | {n})


def figure_a(sgd: sm.SGD, n: int, steps: int, out: Path) -> dict[str, float]:
    """Both variances against t, on one pair of axes each; the greatest relative width of a bound."""
    sizes = [b for b in (8, 32, 128, 256) if b < n] or [1]
    axes = _two_axes()
    report = {}
    for ax, quantity, label in ((axes[0], sm.gradient, "var($g_t$)"),
                                (axes[1], sm.full_gradient, r"var($\nabla L(w_t)$)")):
        run = sgd.trajectory(quantity, steps, sizes, certified=True)
        assert run.lower is not None
        assert run.upper is not None
        width = run.upper - run.lower
        report[f"{label}: greatest relative width of a bound"] = float(
            np.divide(width, run.values, out=np.zeros_like(width), where=run.values > 0).max())
        for k, b in enumerate(sizes):
            values = np.where(run.values[:, k] > 0, run.values[:, k], np.nan)  # w_0 is fixed: no variance of grad L
            ax.plot(np.arange(steps + 1) + 1, values, color=_colour(k, len(sizes)), linewidth=1.5, label=f"$b = {b}$")
        ax.set_xscale("log")
        ax.set_xlim(1, steps + 1)
        ax.xaxis.set_major_formatter(lambda t, _: f"{t:g}")
        ax.set_yscale("log")
        ax.set_xlabel("step, counted from 1")
        ax.set_ylabel(label)
        ax.grid(True, which="major", alpha=0.3)
        ax.legend(frameon=False)
    _save(axes[0], out / "graduate_admission_a.png")
    return report


@dataclass(frozen=True)
class Fit:
    """The polynomial of degree 6 in 1/b nearest to the exact values, in relative least squares."""

    coefficients: Any

    @staticmethod
    def to(polynomial: sm.BatchPolynomial, sizes: list[int], degree: int = 6) -> Fit:
        values = np.array([float(polynomial(b)) for b in sizes])
        kept = values > 0
        powers = np.vander([1 / b for b in sizes], degree + 1, increasing=True)[kept]
        weights = 1 / values[kept]
        return Fit(np.linalg.lstsq(powers * weights[:, None], values[kept] * weights, rcond=None)[0])

    def __call__(self, b: Any) -> Any:
        return sum(c / b**k for k, c in enumerate(self.coefficients))


def figure_b(sgd: sm.SGD, n: int, steps: list[int], out: Path) -> dict[str, float]:
    """The exact polynomials with their degree-6 fits; for each t the fit's greatest relative error at b = 1..n-1."""
    axes = _two_axes()
    sizes = batch_sizes(n)
    report = {}
    grid = np.unique(np.geomspace(1, n - 1, 160).astype(int))
    for k, t in enumerate(steps):
        polynomial = sgd.variance(sm.gradient(t))
        certificate = polynomial.decreasing_certificate()
        verify_decreasing(polynomial.entries, certificate)
        fit = Fit.to(polynomial, sizes)
        exact = np.array([float(polynomial(int(b))) for b in grid])
        fitted = fit(grid.astype(float))
        axes[0].plot(grid, exact, color=_colour(k, len(steps)), linewidth=2,
                     label=f"$t = {t}$, degree {polynomial.degree}")
        axes[0].plot(grid, fitted, color="black", linewidth=0.9, linestyle=(0, (3, 4)),
                     label="fits of degree 6" if t == steps[-1] else None)
        error = np.abs(fitted - exact) / exact
        axes[1].plot(grid, error, color=_colour(k, len(steps)), linewidth=1.4, label=f"$t = {t}$")
        report[f"t = {t}: b_0 = {certificate.batch_size}, proved; the fit's relative error at b = 1"] = float(error[0])
        report[f"t = {t}: its greatest relative error for b >= 2"] = float(error[grid >= 2].max())
    axes[0].set_ylabel("var($g_t$)")
    axes[1].set_ylabel("relative error of the fit")
    for ax in axes:
        ax.set_xscale("log", base=2)
        ax.xaxis.set_major_formatter(lambda b, _: f"{b:g}")
        ax.set_yscale("log")
        ax.set_xlabel("batch size $b$")
        ax.grid(True, which="major", alpha=0.3)
        ax.legend(frameon=False)
    _save(axes[0], out / "graduate_admission_b.png")
    return report


def _two_axes() -> list[Any]:
    first = new_axes(11, 4.4)
    figure = first.figure
    first.remove()
    return list(figure.subplots(1, 2))


def _colour(k: int, count: int) -> Any:
    return pyplot().get_cmap("viridis")(0.85 * k / max(count - 1, 1))


def _save(ax: Any, path: Path) -> None:
    temporary = path.with_name(f".{path.stem}-partial{path.suffix}")
    ax.figure.savefig(temporary, dpi=150)
    temporary.replace(path)
    print(f"wrote {path}")


def main(arguments: list[str] | None = None) -> dict[str, float]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", help="the CSV file")
    parser.add_argument("--out", type=Path, default=Path(), help="folder for the figures")
    parser.add_argument("--steps", type=int, default=1999, help="the last step of figure (a), counted from 0")
    parser.add_argument("--at", type=lambda text: [int(t) for t in text.split(",")], default=[10, 20, 30, 40],
                        help="the t of figure (b), by commas")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    sgd, n = problem(options.path)
    report = {**figure_a(sgd, n, options.steps, options.out), **figure_b(sgd, n, options.at, options.out)}
    for name, value in report.items():
        print(f"{name}: {value:.2g}")
    print(f"{time.perf_counter() - start:.0f} s")
    return report


if __name__ == "__main__":
    main()
