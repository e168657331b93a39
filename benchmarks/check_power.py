"""Power and false alarms of `sgdmoments.check`, by the number of runs.

    python benchmarks/check_power.py [--output docs/benchmarks/check_power.md] [--seeds 200] [--wrong-seeds 50]

For each problem, number of runs and seed, one simulation is put beside the right polynomial and beside wrong ones.
Counted are the verdicts. What is promised: the right one is rejected with a probability of at most 1 %; a wrong one
that is off by 5 % of its values or more, as a whole or in one coefficient, passes with a probability of at most 5 %.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

import sgdmoments as sm
from sgdmoments.simulate.check import check
from sgdmoments.simulate.estimate import simulate

SAMPLES = (16, 64, 256, 1024, 2048, 4096, 16_384)
FACTORS = ("100", "-1", "21/20")


def problems() -> Iterator[tuple[str, sm.SGD, Any, list[int]]]:
    """Name, run, quantity and batch sizes."""
    rng = np.random.default_rng(3)
    X, y = rng.integers(-3, 4, size=(9, 2)), rng.integers(-3, 4, size=9)
    g = sm.gradient(1)
    yield ("regression, n = 4, without replacement",
           sm.SGD(sm.LinearRegression([[1, 2], [3, 4], [0, 1], [5, 5]], [1, 0, 2, 1]), "1/100", [0, 1]), g,
           [1, 2, 3, 4])
    yield ("regression, n = 9, with replacement",
           sm.SGD(sm.LinearRegression(X, y), "1/10", [1, -1], "with_replacement"), g, [1, 2, 3, 4, 8, 24])
    weights = {"W1": [[1, -1], [0, 2], [1, 1]], "W2": [[1, 2, -1]], "W1*": [[0, 1], [1, 1], [-1, 2]],
               "W2*": [[1, 0, 1]]}
    yield ("network 2-3-1 on Gaussian data, rate 1/100", sm.SGD(sm.Network((2, 3, 1)), "1/100", weights),
           sm.gradient(1, layer=1), [1, 2, 4, 8, 16])
    yield ("the same, rate 1/10: heavy tails", sm.SGD(sm.Network((2, 3, 1)), "1/10", weights), sm.gradient(1, layer=1),
           [1, 2, 4, 8, 16])
    outlier = rng.integers(-1, 2, size=(200, 2)), rng.integers(-1, 2, size=200)
    outlier[0][17], outlier[1][17] = (20, -30), 60
    yield ("regression, n = 200 with one large point, without replacement",
           sm.SGD(sm.LinearRegression(*outlier), "1/1000", [0, 1]), g, [1, 2, 4, 16, 100, 199, 200])


def claims(right: sm.BatchPolynomial) -> Iterator[tuple[str, Any]]:
    """The right polynomial, and wrong ones."""
    c = right.coefficients
    yield "right", right
    for factor in (*FACTORS, "1/100"):
        yield f"whole × {factor}", [Fraction(factor) * entry for entry in c]
    for k, entry in enumerate(c):
        for factor in FACTORS if entry else ():
            yield f"b^-{k} × {factor}", [*c[:k], Fraction(factor) * entry, *c[k + 1:]]
    yield "zero", [0]


def change(claim: Any, right: sm.BatchPolynomial, sizes: list[int]) -> float:
    """The root mean square of the claim's relative error, over the batch sizes with a variance."""
    other = claim if isinstance(claim, sm.BatchPolynomial) else sm.BatchPolynomial(tuple(claim), right.population)
    ratios = [float(other(b) / right(b)) - 1 for b in sizes if right(b)]
    return float(np.sqrt(np.mean(np.square(ratios))))


def count(sgd: sm.SGD, q: Any, sizes: list[int], seeds: int, wrong_seeds: int) -> dict[str, dict[int, list[str]]]:
    """The verdicts of each claim at each number of runs."""
    right = sgd.variance(q)
    found: dict[str, dict[int, list[str]]] = {name: {n: [] for n in SAMPLES} for name, _ in claims(right)}
    for samples in SAMPLES:
        for seed in range(seeds):
            run = simulate(sgd, q, None, sizes, samples, seed)
            for name, claim in claims(right):
                if name == "right" or seed < wrong_seeds:
                    report = check(sgd, q, claim=claim, run=run)
                    found[name][samples].append(report.verdict)
    return found


def cell(verdicts: list[str]) -> str:
    """passed / undecided / rejected, as counts."""
    return " / ".join(str(verdicts.count(word)) for word in ("passed", "undecided", "rejected"))


def table(name: str, sgd: sm.SGD, q: Any, sizes: list[int], seeds: int, wrong_seeds: int) -> str:
    right = sgd.variance(q)
    found = count(sgd, q, sizes, seeds, wrong_seeds)
    lines = [f"## {name}", "", f"{q}, b = {', '.join(map(str, sizes))}; the right claim with {seeds} seeds, each wrong "
             f"one with {wrong_seeds}. Cells: passed / undecided / rejected.", "",
             f"| claim | off by | {' | '.join(f'{n:,}' for n in SAMPLES)} |", f"|---|---|{'---|' * len(SAMPLES)}"]
    for claim_name, claim in claims(right):
        off = f"{100 * change(claim, right, sizes):.2g} %"
        lines.append(f"| {claim_name} | {off} | {' | '.join(cell(found[claim_name][n]) for n in SAMPLES)} |")
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--wrong-seeds", type=int, default=50)
    parser.add_argument("--problems", type=int, nargs="*", help="which of them, counted from 0; all by default")
    options = parser.parse_args()
    started = time.perf_counter()
    parts = []
    for k, problem in enumerate(problems()):
        if options.problems is None or k in options.problems:
            parts.append(table(*problem, options.seeds, options.wrong_seeds))
            print(parts[-1], flush=True)
    page = "\n".join([
        "# Checks: power and false alarms", "",
        f"`python benchmarks/check_power.py`, {time.perf_counter() - started:.0f} s on {platform.machine()}. An empty "
        "claim is an error, and has no row. \"Off by\": the root mean square of the relative error over the batch "
        "sizes; what is off by less than 5 % may pass. The columns are numbers of runs at each batch size.",
        "", *parts])
    if options.output:
        options.output.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
