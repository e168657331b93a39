"""How far each route reaches: named questions, each in a process of its own, with sizes, times and peak memory.

    python benchmarks/reach.py [--output docs/benchmarks/reach.md] [--long] [--only TEXT]

``--long`` adds the questions that take more than about a minute. Importing modules is not timed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import sympy

import sgdmoments as sm

#: (question, target in words, run) by name; names in order of the table.
Case = tuple[str, str, Callable[[], Any]]
WITHOUT_LIMIT = sm.Budget(seconds=None, terms=None, memory=None)


def start(widths: tuple[int, ...], scale: Fraction = Fraction(1)) -> dict[str, list[list[Fraction]]]:
    """Weights and teacher, multiples of 1/10 (times the scale) between -1 and 1, unsymmetric."""
    draw = random.Random(sum(widths))
    return {f"W{k}{star}": [[scale * Fraction(draw.choice([*range(-9, 0), *range(1, 10)]), 10)
                             for _ in range(widths[k - 1])] for _ in range(widths[k])]
            for star in ("", "*") for k in range(1, len(widths))}


def run(widths: tuple[int, ...], rate: Any = "1/20", scale: Fraction = Fraction(1), **options: Any) -> sm.SGD:
    """A run with numbers everywhere."""
    return sm.SGD(sm.Network(widths, **options), learning_rate=rate, initial=start(widths, scale))


def whole(sgd: sm.SGD, quantity: Any, kind: str = "variance") -> dict[str, Any]:
    """The components route: measured beside its own estimate."""
    predicted = next(estimate.needs for estimate in sgd.plan(quantity, kind) if estimate.route == "components")
    held = []
    p = getattr(sgd, kind)(quantity, route="components", budget=WITHOUT_LIMIT,
                           progress=lambda report: held.append(report.terms))
    return {"size": f"degree {p.degree}; {max(held, default=0):,} monomials (predicted {predicted['terms']:,})"}


def both_layers(sgd: sm.SGD, t: int) -> dict[str, Any]:
    """var(g_t) of layer 1 and of layer 2."""
    return {"size": "; ".join(whole(sgd, sm.gradient(t, layer=k))["size"] for k in (1, 2))}


def short(sgd: sm.SGD, t: int, order: int, arithmetic: str) -> dict[str, Any]:
    """The expansion route."""
    p = sgd.variance(sm.gradient(t), route="expansion", inverse_batch_order=order, arithmetic=arithmetic,
                     budget=WITHOUT_LIMIT)
    size = sum(int(q.size) for q in sgd.model.parameters)
    first = p.entries[1]
    return {"size": f"{size} weights; coefficient of 1/b: {float(first.mid() if arithmetic == 'balls' else first):.6g}"}


def remainder(order: int) -> dict[str, Any]:
    """The least b from which the sum to the given order stays within 1 % of the whole polynomial."""
    sgd = run((2, 2, 1), "1/4")
    p = sgd.variance(sm.gradient(2), route="components")
    q = sgd.variance(sm.gradient(2), route="expansion", inverse_batch_order=order)
    b = next((b for b in range(2**11, 0, -1) if abs(p(b) - q(b)) * 100 > abs(p(b))), 0) + 1
    return {"size": f"within 1 % from b = {b}"}


def regression() -> dict[str, Any]:
    """The closure route."""
    draw = random.Random(1)
    X = [[draw.randint(-9, 9) for _ in range(4)] for _ in range(30)]
    y = [draw.randint(-9, 9) for _ in range(30)]
    sgd = sm.SGD(sm.LinearRegression(X, y), learning_rate="1/500", initial=[0] * 4)
    return {"size": f"degree {sgd.variance(sm.gradient(60), route='closure').degree}"}


def letters(**options: Any) -> dict[str, Any]:
    """The symbolic route: weights, widths and rate left as letters."""
    sgd = sm.SGD(sm.Network(("p", "p1", "p2")))
    p = sgd.variance(sm.gradient(options.pop("t", 1), layer=1), route="symbolic", **options)
    return {"size": dict(p.provenance.sizes) and "; ".join(f"{k} {v:,}" for k, v in p.provenance.sizes)}


def relu(probes: int | None) -> dict[str, Any]:
    """The first coefficient of a ReLU network with cross-entropy."""
    import jax

    from sgdmoments.simulate.first_coefficient import first_coefficient

    draw = np.random.default_rng(0)
    samples = (draw.normal(size=(200, 16)), draw.integers(0, 4, 200))
    weights = {"W1": draw.normal(size=(20, 16)) / 4, "W2": draw.normal(size=(4, 20)) / 4}

    def loss(w: Any, sample: Any) -> Any:
        x, label = sample
        return -jax.nn.log_softmax(w["W2"] @ jax.nn.relu(w["W1"] @ x))[label]

    found = first_coefficient(loss, weights, samples, [0.05] * 100, probes=probes)
    return {"size": f"400 weights; beta_1 = {found.value:.6g} +- {found.standard_error:.2g}"}


SCALAR = sm.Network((1, 1, 1))
HALF = Fraction(1, 2)
CASES: dict[str, Case] = {
    "closure": ("least squares, n = 30, p = 4, numbers: var(g_60), whole", "", regression),
    "symbolic-1": ("two-layer linear, all letters: var(g_1), layer 1, whole", "", letters),
    "symbolic-t": ("the same, to order 4 in the learning rate, t a letter", "",
                   lambda: letters(t=sympy.Symbol("t"), learning_rate_order=4)),
    "letters-2": ("1-1-1 linear, letters: var(g_2), whole", "", lambda: whole(sm.SGD(SCALAR), sm.gradient(2))),
    "letters-w3": ("1-1-1 linear, letters: var(w_3), whole", "0.5 s", lambda: whole(sm.SGD(SCALAR), sm.weights(3))),
    "scalar-3": ("1-1-1 linear, numbers: var(g_3), whole", "", lambda: whole(run((1, 1, 1)), sm.gradient(3))),
    "scalar-4": ("1-1-1 linear, numbers: var(g_4), whole", "reach", lambda: whole(run((1, 1, 1)), sm.gradient(4))),
    "221-1": ("2-2-1 linear, numbers: var(g_1), both layers", "", lambda: both_layers(run((2, 2, 1)), 1)),
    "221-2": ("2-2-1 linear, numbers: var(g_2), both layers", "20 s", lambda: both_layers(run((2, 2, 1)), 2)),
    "221-signs": ("the same on signs", "reach", lambda: both_layers(run((2, 2, 1), data=sm.Rademacher()), 2)),
    "221-uniform": ("2-2-1 linear, uniform data: var(g_1), both layers", "reach",
                    lambda: both_layers(run((2, 2, 1), data=sm.Uniform(-1, 2)), 1)),
    "321-1": ("3-2-1 linear, numbers: var(g_1), whole", "", lambda: whole(run((3, 2, 1)), sm.gradient(1))),
    "bent-gauss": ("1-2-1 quadratic: var(g_1), whole", "reach",
                   lambda: whole(run((1, 2, 1), activation=(HALF, 1, 1)), sm.gradient(1))),
    "bent-uniform": ("the same on uniform data", "reach",
                     lambda: whole(run((1, 2, 1), activation=(HALF, 1, 1), data=sm.Uniform(-1, 2)), sm.gradient(1))),
    "bent-signs": ("1-2-1 quadratic on signs: var(g_2), whole", "reach",
                   lambda: whole(run((1, 2, 1), activation=(HALF, 1, 1), data=sm.Rademacher()), sm.gradient(2))),
    "exact-1": ("2-2-1 linear: var(g_6), order 1, exact", "", lambda: short(run((2, 2, 1)), 6, 1, "exact")),
    "exact-2": ("2-2-1 linear: var(g_5), order 2, exact", "", lambda: short(run((2, 2, 1)), 5, 2, "exact")),
    "exact-3": ("1-2-1 linear: var(g_4), order 3, exact", "", lambda: short(run((1, 2, 1)), 4, 3, "exact")),
    "balls-1": ("4-4-1 linear: var(g_1000), order 1, balls", "",
               lambda: short(run((4, 4, 1), "1/50", HALF), 1000, 1, "balls")),
    "float-1": ("6-8-4 linear: var(g_1000), order 1, floats", "",
               lambda: short(run((6, 8, 4), "1/50", HALF), 1000, 1, "float")),
    "float-2": ("4-4-1 linear: var(g_300), order 2, floats", "",
               lambda: short(run((4, 4, 1), "1/50", HALF), 300, 2, "float")),
    "float-3": ("2-2-1 linear: var(g_300), order 3, floats", "",
               lambda: short(run((2, 2, 1), "1/50", HALF), 300, 3, "float")),
    "relu": ("16-20-4 ReLU, cross-entropy, n = 200: var(g_100), order 1, JAX", "", lambda: relu(None)),
    "relu-probes": ("the same, 64 random vectors for the trace", "", lambda: relu(64)),
    **{f"remainder-{k}": (f"2-2-1 linear, var(g_2): sum to order {k} against the whole", "",
                          lambda k=k: remainder(k)) for k in (1, 2, 3)},
}
LONG: dict[str, Case] = {
    "letters-3": ("1-1-1 linear, letters: var(g_3), whole", "0.5 s", lambda: whole(sm.SGD(SCALAR), sm.gradient(3))),
    "float-200": ("10-10-10 linear: var(g_1000), order 1, floats", "",
                  lambda: short(run((10, 10, 10), "1/50", Fraction(1, 3)), 1000, 1, "float")),
    "float-28": ("5-4-2 linear: var(g_200), order 2, floats", "",
                lambda: short(run((5, 4, 2), "1/50", HALF), 200, 2, "float")),
}


def measure(name: str) -> dict[str, Any]:
    """Run one case here."""
    began, busy = time.perf_counter(), time.process_time()
    result = {**CASES, **LONG}[name][2]()
    return {**result, "seconds": time.perf_counter() - began, "cpu": time.process_time() - busy,
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def table(names: list[str], limit: float) -> str:
    """The measured table in Markdown."""
    head = (f"One run of `benchmarks/reach.py`: Python {platform.python_version()}, python-flint "
            f"{version('python-flint')}, numpy {version('numpy')}, "
            f"{os.cpu_count()} cores, one BLAS thread. Each row in a process of its own; "
            "seconds of the clock and of the processor.")
    lines = [head, "", "| question | target | seconds | CPU | peak memory | size |", "|---|---|---|---|---|---|"]
    for name in names:
        question, target, _ = {**CASES, **LONG}[name]
        try:
            done = subprocess.run([sys.executable, __file__, "--case", name], capture_output=True, text=True,
                                  timeout=limit, check=False, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
        except subprocess.TimeoutExpired:
            row = f"| {question} | {target} | over {limit:.0f} | | | |"
        else:
            if done.returncode:
                row = f"| {question} | {target} | failed | | | {done.stderr.strip().splitlines()[-1]} |"
            else:
                found = json.loads(done.stdout)
                row = (f"| {question} | {target} | {found['seconds']:.3g} | {found['cpu']:.3g} | "
                       f"{found['memory'] / 2**20:.0f} MiB | {found['size']} |")
        print(row, file=sys.stderr, flush=True)
        lines.append(row)
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, help="write the table here; else print it")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds for one case")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(measure(options.case)))
        return
    names = [name for name in {**CASES, **(LONG if options.long else {})} if options.only in name]
    text = table(names, options.limit)
    if options.output is None:
        print(text)
    else:
        title = "---\norphan: true\n---\n\n# Benchmark: the reach of the routes\n\n<!-- table -->\n\n"
        options.output.write_text(title + text)


if __name__ == "__main__":
    main()
