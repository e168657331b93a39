"""What a plan says before the work, beside what the work takes: every route, questions of many sizes.

    python benchmarks/plans.py [--only TEXT] [--seconds LIMIT]

For each question the program prints the predicted and the measured processor seconds, and their ratio. A prediction is
a bound from above where counts cannot be known. `LIMIT` leaves out what is predicted to take longer.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import sympy

import sgdmoments as sm
from sgdmoments.routes.registry import ROUTES

Question = tuple[str, str, sm.SGD, Any, str, dict[str, Any]]


def regression(n: int, p: int) -> sm.SGD:
    """Least squares on random integers."""
    draw = random.Random(10 * n + p)
    points = [[draw.randint(-9, 9) for _ in range(p)] for _ in range(n)]
    return sm.SGD(sm.LinearRegression(points, [draw.randint(-9, 9) for _ in range(n)]), Fraction(1, 100),
                  [draw.randint(-2, 2) for _ in range(p)])


def letters(n: int, p: int) -> sm.SGD:
    """Least squares on letters."""
    points = [[sympy.Symbol(f"x_{i}_{j}") for j in range(p)] for i in range(n)]
    return sm.SGD(sm.LinearRegression(points, sympy.symbols(f"y:{n}")), Fraction(1, 100), [0] * p)


def table(n: int, columns: int) -> sm.Empirical:
    """Random integers."""
    draw = random.Random(n)
    return sm.Empirical([[draw.randint(-5, 5) for _ in range(columns)] for _ in range(n)])


def network(*widths: Any, sampling: str | None = None, **options: Any) -> sm.SGD:
    """A network with random integer weights, or with letters where a width is one."""
    draw = random.Random(sum(widths)) if all(isinstance(w, int) for w in widths) else None
    initial = None if draw is None else {
        f"W{k}{star}": [[draw.choice((-2, -1, 1, 2)) for _ in range(widths[k - 1])] for _ in range(widths[k])]
        for k in range(1, len(widths)) for star in ("", "*")}
    return sm.SGD(sm.Network(widths, **options), Fraction(1, 10), initial, sampling=sampling)


def questions() -> Iterator[Question]:
    """(name, route, run, quantity, moment, options)."""
    for n, p, t in ((4, 2, 50), (4, 2, 200), (4, 2, 500), (4, 2, 1000), (10, 5, 20), (50, 12, 10), (50, 12, 50),
                    (50, 20, 10), (80, 32, 2)):
        yield f"n = {n}, p = {p}", "closure", regression(n, p), sm.gradient(t), "variance", {}
    for n, p, t in ((10, 3, 5), (50, 5, 2), (50, 8, 2)):
        yield f"n = {n}, p = {p}", "closure", regression(n, p), sm.loss(t), "variance", {}
    yield "letters, n = 3, p = 2", "closure", letters(3, 2), sm.gradient(1), "variance", {}
    yield "letters, n = 5, p = 3", "closure", letters(5, 3), sm.gradient(1), "variance", {}
    for widths, activation, t in (
            ((3, 3, 1), (0, 1), 0), (("p", "q", 1), (0, 1), 1), ((3, 3, 3, 3, 1), (0, 1), 0),
            ((2, 2, 2, 2, 2, 2, 1), (0, 1), 0), (("p", "q", 1), (0, 1, 1), 0), (("p", "q", "r", 1), (0, 1), 0)):
        run = network(*widths, activation=activation)
        yield _name(widths, activation), "symbolic", run, sm.gradient(t), "variance", {}
    yield "('p', 'q', 1)", "symbolic", network("p", "q", 1), sm.gradient(2), "variance", {"learning_rate_order": 2}
    for widths, t in (((1, 1, 1), 2), ((1, 1, 1), 3), ((2, 2, 1), 1), ((3, 3, 1), 0), ((3, 2, 1), 1), ((2, 2, 2, 1), 0),
                      ((3, 4, 1), 0), ((4, 4, 1), 0), ((5, 3, 2), 0), ((2, 5, 1), 0), ((5, 5, 1), 0), ((2, 5, 1), 1)):
        yield _name(widths, (0, 1)), "components", network(*widths), sm.gradient(t), "variance", {}
    for widths in ((2, 2, 1), (3, 2, 1)):
        run = network(*widths, activation=(0, 1, 1))
        yield _name(widths, (0, 1, 1)), "components", run, sm.gradient(0), "variance", {}
    for n, widths, t in ((4, (3, 3, 1), 0), (10, (3, 4, 1), 0), (10, (4, 4, 1), 0), (6, (2, 2, 1), 1)):
        for drawn in ("without_replacement", "with_replacement"):
            run = network(*widths, data=table(n, widths[0]), sampling=drawn)
            yield f"n = {n} {_name(widths, (0, 1))}, {drawn}", "components", run, sm.gradient(t), "variance", {}
    for n, p, t in ((10, 3, 3), (20, 8, 0), (40, 15, 0)):
        yield f"n = {n}, p = {p}", "components", regression(n, p), sm.gradient(t), "variance", {}
    for n, p, t in ((3, 2, 0), (3, 2, 1), (5, 3, 0)):
        yield f"letters, n = {n}, p = {p}", "components", letters(n, p), sm.gradient(t), "variance", {}
    for widths, t, options in (((2, 2, 1), 3, {}), ((3, 3, 1), 3, {}), ((2, 2, 1), 3, {"inverse_batch_order": 2}),
                               ((5, 5, 1), 4, {"arithmetic": "float"}), ((5, 5, 1), 5, {"arithmetic": "balls"})):
        yield _name(widths, (0, 1)), "expansion", network(*widths), sm.gradient(t), "variance", options


def measured(ask: Callable[[], Any]) -> tuple[float, Any]:
    """Processor seconds, and the answer or the package's own error."""
    start = time.process_time()
    try:
        answer = ask()
    except sm.SgdMomentsError as error:
        answer = error
    return time.process_time() - start, answer


def main() -> None:
    """Ask and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="routes and names with this text")
    parser.add_argument("--seconds", type=float, default=30.0, help="leave out what is predicted to take longer")
    chosen = parser.parse_args()
    print("| question | route | planned in | predicted | measured | predicted / measured |\n|---|---|---|---|---|---|")
    for name, route, sgd, quantity, moment, options in questions():
        if chosen.only not in f"{route} {name}":
            continue
        known = {k: v for k, v in options.items() if k in ("learning_rate_order", "inverse_batch_order", "arithmetic")}
        planning, needs = measured(lambda r=ROUTES[route], q=(sgd, quantity, moment, known): r.needs(r.read(*q)))
        said = needs["seconds"]
        text = f"| {name}, {quantity} {' '.join(f'{k} {v}' for k, v in options.items())} | {route} | {planning:.3f} s"
        if said > chosen.seconds:
            print(f"{text} | {said:.2g} s | – | – |", flush=True)
            continue
        seconds, answer = measured(lambda q=(route, sgd, quantity, moment, options): getattr(q[1], q[3])(
            q[2], route=q[0], **q[4]))
        remark = f" ({type(answer).__name__})" if isinstance(answer, Exception) else ""
        print(f"{text} | {said:.2g} s | {seconds:.2g} s{remark} | {said / seconds:.2g} |", flush=True)


def _name(widths: tuple[Any, ...], activation: tuple[int, ...]) -> str:
    return f"{widths}".replace("'", "") + (f", σ = {activation}" if activation != (0, 1) else "")


if __name__ == "__main__":
    main()
