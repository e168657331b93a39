"""Benchmark of the exact answers for linear regression, beside simulation and naive expansion, in one run.

    python benchmarks/regression.py [CSV --target COLUMN --features A,B,...] [--output docs/benchmarks/regression.md]

The problem: least squares on 500 rows, 7 standardised features and an intercept (floats taken as exact dyadic
numbers), learning rate 1/(2(t+1)), weights 0 at the start. With a CSV file its columns are used; without one, a
seeded synthetic table of the same shape. Each case runs in a process of its own, which reports its time and its
peak memory; importing modules and reading the file are not timed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from importlib.metadata import version
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import sympy

import sgdmoments as sm
from sgdmoments.data.reader import read_csv
from sgdmoments.models.moment_regression import MomentRegression

Result = dict[str, Any]

#: The 21 batch sizes: powers of two and multiples of 40 in [2, 500].
BATCH_SIZES = sorted({2**k for k in range(1, 9)} | {40 * k for k in range(1, 13)} | {500})

#: Runs of the simulation's pilot, and the longest simulation that is run in full, in seconds.
PILOT, LONGEST = 2000, 120.0


# -- problems ---------------------------------------------------------------------------------------------------


def synthetic(n: int) -> tuple[np.ndarray, np.ndarray]:
    """n rows of 7 correlated standardised features, an intercept, and a standardised target."""
    rng = np.random.default_rng(20)
    base = rng.standard_normal((n, 1))
    features = 0.8 * base + 0.6 * rng.standard_normal((n, 7))
    target = features @ rng.uniform(0, 0.3, 7) + 0.5 * rng.standard_normal(n)
    features, target = ((z - z.mean(0)) / z.std(0) for z in (features, target))
    return np.column_stack([features, np.ones(n)]), target


def problem(options: argparse.Namespace, n: int = 500) -> tuple[sm.LinearRegression, np.ndarray, np.ndarray]:
    """The model, and its numbers as floats."""
    if options.csv is None or n != 500:
        X, y = synthetic(n)
        return sm.LinearRegression(X, y), X, y
    names = options.features.split(",") if options.features else None
    design = read_csv(options.csv).design(options.target, names, standardize=True, intercept=True)
    return design.model(), np.array(design.X, dtype=float), np.array(design.y, dtype=float)


def rate(t: int) -> Fraction:
    """The learning rate 1/(2(t+1))."""
    return Fraction(1, 2 * (t + 1))


def start(model: sm.LinearRegression, learning_rate: Any = rate) -> sm.SGD:
    """SGD from weights 0; a new object knows nothing of earlier questions."""
    return sm.SGD(model, learning_rate, [0] * model.X.shape[1])


def run_of(options: argparse.Namespace, learning_rate: Any = rate, n: int = 500) -> sm.SGD:
    """SGD on the problem."""
    return start(problem(options, n)[0], learning_rate)


def timed(work: Callable[[], Any], repeats: int = 1) -> tuple[Result, Any]:
    """Wall-clock and CPU seconds (the least of some repeats, each from nothing), and the value."""
    wall, cpu = [], []
    for _ in range(repeats):
        start, start_cpu = time.perf_counter(), time.process_time()
        value = work()
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - start_cpu)
    return {"seconds": min(wall), "cpu": min(cpu)}, value


def warm_up() -> None:
    """A tiny problem through the same code, so that importing modules is not timed."""
    sgd = sm.SGD(sm.LinearRegression([[sympy.Symbol("a")], [1]], [1, 2]))
    sgd.variance(sm.gradient(1))
    sgd.closed_form(sm.gradient).formula()
    tiny = sm.SGD(sm.LinearRegression([[2], [1]], [1, 2]), "1/10", [0])
    tiny.trajectory(sm.gradient, 1, [1], certified=True)
    tiny.stability().threshold(1)
    tiny.stationary(1).variance(sm.gradient)
    tiny.noise_bound().least(9, 1)


# -- the exact answers ------------------------------------------------------------------------------------------


def exact_40(options: argparse.Namespace) -> Result:
    model = problem(options)[0]
    times, answer = timed(lambda: start(model).variance(sm.gradient(40)), 2)
    bits = max(c.denominator.bit_length() for c in answer.coefficients)
    return {**times, "note": f"{answer.degree + 1} rational numbers, denominators to {bits:,} bits"}


def floats_40(options: argparse.Namespace) -> Result:
    sgd = run_of(options)
    setup, _ = timed(lambda: sgd.variance(sm.gradient(0), arithmetic="float"))
    times, _ = timed(lambda: sgd.variance(sm.gradient(40), arithmetic="float"), 5)
    return {**times, "note": f"after {setup['cpu']:.2f} CPU s in which the data's moments are read, once per data set"}


def scalar_letters(options: argparse.Namespace) -> Result:
    t, b, n = sympy.symbols("t b n")

    def work() -> list[sympy.Expr]:
        sgd = sm.SGD(MomentRegression(n=n))
        return [sgd.closed_form(sm.weights, "mean")[0].formula(t, b=b),
                sgd.closed_form(sm.weights, "second_moment").formula(t, b=b),
                sgd.closed_form(sm.gradient).formula(t, b=b)]

    times, _ = timed(work, 5)
    return {**times, "note": "E w_t, E w_t^2, var(g_t); t, b, n, alpha, w_0 and the data's moments letters"}


def two_weights(options: argparse.Namespace) -> Result:
    def work() -> Any:
        model = sm.LinearRegression([[1, 2], [0, 1], [3, 1], [-1, 1]], [1, -1, 2, 0])
        return sm.SGD(model, initial=[Fraction(1, 2), -1]).closed_form(sm.gradient).generating_function()

    times, answer = timed(work, 3)
    terms = f"{len(answer.numerator):,} over {len(answer.denominator):,} terms"
    return {**times, "note": f"{terms} in z, alpha, c_b; numeric data, n = 4"}


def six_points(options: argparse.Namespace) -> Result:
    model = sm.LinearRegression([[1, 2], [0, 1], [3, 1], [-1, 1], [2, 2], [1, -3]], [1, -1, 2, 0, 1, 3])
    times, answer = timed(lambda: sm.SGD(model, "1/20", [1, -1]).variance(sm.gradient(5)), 5)
    return {**times, "note": f"a polynomial of degree {answer.degree} in 1/b: b = 3 and every other b"}


def long_floats(options: argparse.Namespace) -> Result:
    sgd = run_of(options)
    setup, _ = timed(lambda: sgd.trajectory(sm.gradient, 0, [1]))
    times, _ = timed(lambda: sgd.trajectory(sm.gradient, 2000, BATCH_SIZES), 3)
    return {**times, "note": f"every t from 0 to 2,000; after {setup['cpu']:.2f} CPU s of reading the data's moments"}


def long_certified(options: argparse.Namespace) -> Result:
    model = problem(options)[0]
    sgd = start(model)
    times, balls = timed(lambda: start(model).trajectory(sm.gradient, 2000, BATCH_SIZES, certified=True), 2)
    error = sgd.trajectory(sm.gradient, 2000, BATCH_SIZES).error_against(balls)
    return {**times, "note": f"{balls.precision} bits; the float run is within {error:.1e} of these bounds"}


def stability(options: argparse.Namespace) -> Result:
    model = problem(options)[0]
    times, limits = timed(lambda: [start(model).stability().threshold(b) for b in (1, 10, 100)], 2)
    return {**times, "note": "at b = 1, 10, 100: " + ", ".join(f"{float(x):.6f}" for x in limits)}


def long_run(options: argparse.Namespace) -> Result:
    sgd = run_of(options, None)
    fixed = run_of(options, (sgd.stability().threshold(10).low / 2).limit_denominator(100))
    times, value = timed(lambda: fixed.stationary(10).variance(sm.gradient).to_fraction())
    return {**times, "note": f"exact at b = 10, learning rate {fixed.schedule.constant}: {float(value):.6g}"}


def noise(options: argparse.Namespace) -> Result:
    bound = run_of(options).noise_bound()
    times, points = timed(lambda: bound.curve(10))
    return {**times, "note": f"{len(points)} exact pairs at b = 10, from M_V = {float(points[0].slope):.4g}"}


def steps(options: argparse.Namespace, n: int) -> Result:
    sgd = run_of(options, n=n)
    setup, _ = timed(lambda: sgd.variance(sm.gradient(0)))
    first, _ = timed(lambda: sgd.trajectory(sm.gradient, 200, BATCH_SIZES), 3)
    second, _ = timed(lambda: sgd.trajectory(sm.gradient, 1200, BATCH_SIZES), 3)
    return {**setup, "note": f"then {second['cpu'] - first['cpu']:.3f} CPU ms a step (21 batch sizes, floats)"}


# -- the other ways ---------------------------------------------------------------------------------------------


def simulate(X: np.ndarray, y: np.ndarray, b: int, t: int, runs: int, rng: np.random.Generator) -> np.ndarray:
    """g_t of independent runs of SGD, vectorised over runs; batches without replacement."""
    n = len(y)
    w = np.zeros((runs, X.shape[1]))
    for s in range(t + 1):
        batch = np.argpartition(rng.random((runs, n), dtype=np.float32), b - 1, axis=1)[:, :b]
        rows = X[batch]
        g = np.einsum("rbp,rb->rp", rows, np.einsum("rbp,rp->rb", rows, w) - y[batch]) / b
        w -= float(rate(s)) * g
    return g


def simulation(options: argparse.Namespace) -> Result:
    b, t = 40, 10
    model, X, y = problem(options)
    exact = float(start(model).variance(sm.gradient(t))(b))
    rng = np.random.default_rng(1)

    def squares(runs: int) -> np.ndarray:
        g = np.concatenate([simulate(X, y, b, t, min(500, runs - k), rng) for k in range(0, runs, 500)])
        return np.sum((g - g.mean(0)) ** 2, axis=1) * runs / (runs - 1)

    times, pilot = timed(lambda: squares(PILOT))
    runs = int(np.ceil((pilot.std() / pilot.mean() / 0.01) ** 2))
    scale = runs / PILOT
    if times["seconds"] * scale > LONGEST:
        return {**{k: v * scale for k, v in times.items()},
                "note": f"{runs:,} runs for a standard error of 1 %, extrapolated from {PILOT:,}"}
    times, values = timed(lambda: squares(runs))
    off = (values.mean() / exact - 1) * 100
    return {**times, "note": f"{runs:,} runs, one standard error 1 %; {off:+.2f} % from the exact value"}


def one_value(options: argparse.Namespace) -> Result:
    model = problem(options)[0]
    times, _ = timed(lambda: start(model).variance(sm.gradient(10)), 3)
    return {**times, "note": "var(g_10) at all 500 batch sizes, exact, reading the data's moments included"}


def figure(options: argparse.Namespace) -> Result:
    model = problem(options)[0]
    times, run = timed(lambda: start(model).trajectory(sm.gradient, 40, BATCH_SIZES), 3)
    return {**times, "note": f"{run.values.size} values, reading the data's moments included"}


def simulated_figure(options: argparse.Namespace) -> Result:
    _, X, y = problem(options)
    rng = np.random.default_rng(2)
    runs, steps = 200, 4
    times, _ = timed(lambda: [simulate(X, y, b, steps - 1, runs, rng) for b in BATCH_SIZES], 2)
    return {**{k: v * (200_000 / runs) * (41 / steps) for k, v in times.items()},
            "note": f"extrapolated from {runs} runs of {steps} steps at each batch size"}


def letters(n: int) -> tuple[list[sympy.Symbol], list[sympy.Symbol], sympy.Symbol, sympy.Symbol]:
    """Symbols for the data, the weight and the learning rate."""
    return ([sympy.Symbol(f"x{i}") for i in range(n)], [sympy.Symbol(f"y{i}") for i in range(n)],
            sympy.Symbol("w"), sympy.Symbol("alpha"))


def naive(options: argparse.Namespace, n: int, b: int, t: int) -> Result:
    x, y, w, alpha = letters(n)
    batches = list(combinations(range(n), b))

    def work() -> sympy.Expr:
        mean = second = sympy.Integer(0)
        for sequence in product(batches, repeat=t + 1):
            weight, g = w, sympy.Integer(0)
            for batch in sequence:
                weight = weight - alpha * g
                g = sympy.Add(*(x[i] * (x[i] * weight - y[i]) for i in batch)) / b
            mean, second = mean + g, second + g**2
        count = len(batches) ** (t + 1)
        return sympy.expand(second / count - (mean / count) ** 2)

    times, answer = timed(work)
    return {**times,
            "note": f"{len(batches) ** (t + 1)} sequences, {len(answer.args):,} terms, b = {b} only"}


def ours(options: argparse.Namespace, n: int, t: int) -> Result:
    x, y, w, alpha = letters(n)
    model = sm.LinearRegression([[v] for v in x], y)
    times, answer = timed(lambda: sm.SGD(model, alpha, [w]).variance(sm.gradient(t)), 3)
    return {**times, "note": f"{sum(map(len, answer.entries)):,} terms, every b at once"}


# -- the table --------------------------------------------------------------------------------------------------

#: name: (what, target in seconds or None, case).
CASES: dict[str, tuple[str, float | None, Callable[[argparse.Namespace], Result]]] = {
    "exact_40": ("all coefficients of var(g_40), exact rationals", 10.0, exact_40),
    "floats_40": ("all coefficients of var(g_40), floats", 0.1, floats_40),
    "scalar_letters": ("one weight, every letter kept: closed forms in t", 0.1, scalar_letters),
    "two_weights": ("two weights, rate a letter: generating function in t", None, two_weights),
    "six_points": ("n = 6, p = 2, t = 5, b a letter", 0.1, six_points),
    "long_floats": ("var(g_t), 2,000 steps, 21 batch sizes, floats", 1.0, long_floats),
    "long_certified": ("the same in certified balls", 60.0, long_certified),
    "stability": ("stability thresholds, enclosed to 10^-12", None, stability),
    "long_run": ("stationary var(g)", None, long_run),
    "noise": ("least M for each M_V in the noise assumption", None, noise),
    "setup_500": ("reading the data's moments, n = 500", None, lambda o: steps(o, 500)),
    "setup_50000": ("reading the data's moments, n = 50,000 (synthetic)", None, lambda o: steps(o, 50_000)),
    "one_value": ("this package: var(g_10)", None, one_value),
    "simulation": ("NumPy simulation: var(g_10) at b = 40 to 1 %", None, simulation),
    "figure": ("this package: var(g_t), t = 0, ..., 40, 21 batch sizes, floats", None, figure),
    "simulated_figure": ("NumPy simulation of the same, 200,000 runs", None, simulated_figure),
    "ours_2": ("this package: letters, n = 2, t = 2", None, lambda o: ours(o, 2, 2)),
    "naive_2": ("SymPy expansion: letters, n = 2, t = 2", None, lambda o: naive(o, 2, 1, 2)),
    "ours_3": ("this package: letters, n = 3, t = 2", None, lambda o: ours(o, 3, 2)),
    "naive_3": ("SymPy expansion: letters, n = 3, t = 2", None, lambda o: naive(o, 3, 2, 2)),
}

#: (name, the slower case, the quicker case) of the ratios in the text.
RATIOS = (("simulation", "simulation", "one_value"), ("figure", "simulated_figure", "figure"),
          ("n = 2", "naive_2", "ours_2"), ("n = 3", "naive_3", "ours_3"))


def child(options: argparse.Namespace) -> None:
    """One case, its result as JSON on standard output."""
    warm_up()
    result = CASES[options.case][2](options)
    result["mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(result))


def measure(options: argparse.Namespace, case: str) -> Result:
    """Run a case in a process of its own; a case over the time limit is reported as such."""
    command = [sys.executable, __file__, "--case", case]
    if options.csv is not None:
        command += [options.csv, "--target", options.target]
        command += ["--features", options.features] if options.features else []
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=options.limit, check=True)
    except subprocess.TimeoutExpired:
        endless = float("inf")
        return {"seconds": endless, "cpu": endless, "mib": endless, "note": f"stopped after {options.limit:.0f} s"}
    return json.loads(done.stdout.splitlines()[-1])


def report(options: argparse.Namespace, results: dict[str, Result]) -> str:
    """The page."""
    data = f"`{Path(options.csv).name}`" if options.csv else "a seeded synthetic table of the same shape"
    lines = ["# Benchmark: exact moments for linear regression", "",
             f"One run of `benchmarks/regression.py` on {os.cpu_count()}-core {platform.machine()}, Python "
             f"{platform.python_version()}, python-flint {version('python-flint')}, NumPy {np.__version__}, SymPy "
             f"{sympy.__version__}. Data: {data}, standardised, with intercept (500 rows, 8 weights, floats as exact "
             "dyadic numbers), learning rate 1/(2(t+1)), weights 0 at the start. Each case in a process of its own; "
             "imports and reading the file are not timed, their memory (about 80 MiB) is counted. "
             "Wall-clock times include waiting for other work on the machine; ratios below are of CPU times.", "",
             "| case | target | wall-clock s | CPU s | peak MiB | |", "|---|---|---|---|---|---|"]
    for case, (what, target, _) in CASES.items():
        r = results[case]
        limit = "" if target is None else f"{target:g} s"
        lines.append(f"| {what} | {limit} | {r['seconds']:.3g} | {r['cpu']:.3g} | {r['mib']:.0f} | {r['note']} |")
    ratio = {name: results[slow]["cpu"] / results[quick]["cpu"] for name, slow, quick in RATIOS}
    lines += ["", "## Beside it", "",
              f"- **Simulation** takes {ratio['simulation']:.3g} times as long for one batch size and a standard error "
              "of 1 %, which falls as the square root of the number of runs: 0.01 % costs ten thousand times that. For "
              f"41 steps at 21 batch sizes with a figure's 200,000 runs it takes {ratio['figure']:.3g} times as long. "
              "It gives no coefficients and proves nothing, but needs no assumption: any model, any optimiser.",
              f"- **SymPy expansion** over all batch sequences takes {ratio['n = 2']:.3g} times (n = 2) and "
              f"{ratio['n = 3']:.3g} times (n = 3) as long, for one batch size; the number of sequences is "
              "C(n, b)^(t+1), so n = 500 is out of reach at any t.",
              "- **This package** needs a model linear in its weights here (networks take other routes), and its exact "
              "rationals grow by a fixed number of bits a step: some hundreds of steps exactly, balls beyond.",
              "- The cost of a step does not depend on n: see the two rows with n = 500 and n = 50,000.", ""]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("csv", nargs="?", help="a CSV file; without it, synthetic data")
    parser.add_argument("--target", help="the column to predict")
    parser.add_argument("--features", help="the columns to predict from, with commas between; default: all others")
    parser.add_argument("--output", help="also write the page to this file")
    parser.add_argument("--limit", type=float, default=300.0, help="seconds for one case")
    parser.add_argument("--case", choices=CASES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.csv and not options.target:
        parser.error("a CSV file needs --target COLUMN")
    if options.case:
        child(options)
        return
    results = {}
    for case, (what, _, _) in CASES.items():
        r = results[case] = measure(options, case)
        print(f"{what}: {r['seconds']:.3g} s, {r['cpu']:.3g} CPU s, {r['mib']:.0f} MiB; {r['note']}", file=sys.stderr)
    page = report(options, results)
    print(page)
    if options.output:
        Path(options.output).write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
