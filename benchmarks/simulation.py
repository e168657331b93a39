"""Benchmark of the simulator: SGD steps per second beside loops and a plain `jax.vmap`.

    python benchmarks/simulation.py [--output docs/benchmarks/simulation.md] [--seconds 3]

Every contestant estimates var(g_t) at every step, in 64-bit floats, for the same problem. A step is one batch
gradient and one update of one run. Set-up and compilation are reported apart. The loops are written as an experimenter
would: one run after another, `choice` for the batch, sums of g and ||g||^2 for the statistics. PyTorch takes part
where it is installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import sgdmoments as sm
from sgdmoments.simulate.estimate import simulate

STEPS = 40
Contestant = Callable[[int], tuple[int, float]]  # replicates -> (SGD steps, seconds of set-up and compilation)


def timed(sgd: sm.SGD, steps: int, b: int, replicates: int) -> tuple[int, float]:
    """Our simulation; reading the model's exact numbers is set-up, as the peers' arrays are."""
    start = time.perf_counter()
    run = simulate(sgd, sm.gradient, steps - 1, [b], replicates)
    return run.throughput.steps, time.perf_counter() - start - run.throughput.seconds


def rates() -> list[float]:
    return [0.5 / (t + 1) for t in range(STEPS)]


# -- linear regression ----------------------------------------------------------------------------------------------


def regression(n: int, p: int, b: int) -> dict[str, Contestant]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, p))
    y = X @ rng.normal(size=p) + rng.normal(size=n)
    alpha = np.array(rates())
    sgd = sm.SGD(sm.LinearRegression(X, y), rates(), np.zeros(p))

    def ours(replicates: int) -> tuple[int, float]:
        return timed(sgd, STEPS, b, replicates)

    def numpy_loop(replicates: int) -> tuple[int, float]:
        draw = np.random.default_rng(1)
        total, squares = np.zeros((STEPS, p)), np.zeros(STEPS)
        for _ in range(replicates):
            w = np.zeros(p)
            for t in range(STEPS):
                batch = draw.choice(n, b, replace=False)
                xb = X[batch]
                g = xb.T @ (xb @ w - y[batch]) / b
                total[t] += g
                squares[t] += g @ g
                w = w - alpha[t] * g
        return replicates * STEPS, 0.0

    def torch_loop(replicates: int) -> tuple[int, float]:
        import torch

        tx, ty = torch.tensor(X), torch.tensor(y)
        total, squares = torch.zeros(STEPS, p, dtype=tx.dtype), torch.zeros(STEPS, dtype=tx.dtype)
        for _ in range(replicates):
            w = torch.zeros(p, dtype=tx.dtype, requires_grad=True)
            for t in range(STEPS):
                batch = torch.randperm(n)[:b]
                loss = 0.5 * ((tx[batch] @ w - ty[batch]) ** 2).mean()
                (g,) = torch.autograd.grad(loss, w)
                total[t] += g
                squares[t] += g @ g
                w = (w - alpha[t] * g).detach().requires_grad_()
        return replicates * STEPS, 0.0

    compiled = {}

    def plain_vmap(replicates: int) -> tuple[int, float]:
        def run(key):
            xs, ys = jnp.asarray(X), jnp.asarray(y)

            def step(w, inputs):
                rate, key = inputs
                batch = jax.random.choice(key, n, (b,), replace=False)
                g = xs[batch].T @ (xs[batch] @ w - ys[batch]) / b
                return w - rate * g, g
            return jax.lax.scan(step, jnp.zeros(p), (alpha, jax.random.split(key, STEPS)))[1]
        chunk = min(replicates, 2048)
        spent = 0.0
        with jax.enable_x64(True):
            if chunk not in compiled:
                start = time.perf_counter()
                keys = jax.random.split(jax.random.key(0), chunk)
                compiled[chunk] = jax.jit(lambda k: jax.vmap(run)(k).var(axis=0).sum(axis=1)).lower(keys).compile()
                spent = time.perf_counter() - start
            for seed in range(-(-replicates // chunk)):
                jax.block_until_ready(compiled[chunk](jax.random.split(jax.random.key(seed), chunk)))
        return -(-replicates // chunk) * chunk * STEPS, spent

    return {"sgdmoments": ours, "plain jax.vmap": plain_vmap, "NumPy loop": numpy_loop, "PyTorch loop": torch_loop}


# -- the two-layer linear network -----------------------------------------------------------------------------------


def network(widths: tuple[int, int, int], b: int) -> dict[str, Contestant]:
    p, h, o = widths
    rng = np.random.default_rng(0)
    arrays = {"W1": rng.normal(size=(h, p)) / 8, "W2": rng.normal(size=(o, h)) / 16,
              "W1*": rng.normal(size=(h, p)) / 8, "W2*": rng.normal(size=(o, h)) / 16}
    steps = 5
    alpha = [0.1 / (t + 1) for t in range(steps)]
    sgd = sm.SGD(sm.Network(widths), alpha, arrays)
    w1, w2, v1, v2 = arrays.values()

    def ours(replicates: int) -> tuple[int, float]:
        return timed(sgd, steps, b, replicates)

    def numpy_loop(replicates: int) -> tuple[int, float]:
        draw = np.random.default_rng(1)
        total = [np.zeros((steps, h, p)), np.zeros((steps, o, h))]
        squares = np.zeros(steps)
        for _ in range(replicates):
            a1, a2 = w1, w2
            for t in range(steps):
                x = draw.normal(size=(b, p))
                hidden = x @ a1.T
                r = (hidden @ a2.T - x @ v1.T @ v2.T) / b
                g2, g1 = r.T @ hidden, (r @ a2).T @ x
                total[0][t] += g1
                total[1][t] += g2
                squares[t] += (g1**2).sum() + (g2**2).sum()
                a1, a2 = a1 - alpha[t] * g1, a2 - alpha[t] * g2
        return replicates * steps, 0.0

    compiled = {}

    def plain_vmap(replicates: int) -> tuple[int, float]:
        def loss(w, x):
            return 0.5 * jnp.mean(jnp.sum((x @ w[0].T @ w[1].T - x @ v1.T @ v2.T) ** 2, axis=1))

        def run(key):
            def step(w, inputs):
                rate, key = inputs
                g = jax.grad(loss)(w, jax.random.normal(key, (b, p)))
                return jax.tree.map(lambda a, d: a - rate * d, w, g), g
            return jax.lax.scan(step, (w1, w2), (jnp.array(alpha), jax.random.split(key, steps)))[1]
        spent, chunk = 0.0, min(replicates, 32)
        with jax.enable_x64(True):
            if chunk not in compiled:
                start = time.perf_counter()
                keys = jax.random.split(jax.random.key(0), chunk)
                moments = jax.jit(lambda k: jax.tree.map(lambda g: g.var(axis=0).sum((1, 2)), jax.vmap(run)(k)))
                compiled[chunk] = moments.lower(keys).compile()
                spent = time.perf_counter() - start
            for seed in range(-(-replicates // chunk)):
                jax.block_until_ready(compiled[chunk](jax.random.split(jax.random.key(seed), chunk)))
        return -(-replicates // chunk) * chunk * steps, spent

    return {"sgdmoments": ours, "plain jax.vmap": plain_vmap, "NumPy loop": numpy_loop}


# -- measuring ------------------------------------------------------------------------------------------------------


def measure(contestant: Contestant, seconds: float, first: int) -> tuple[float, float]:
    """(SGD steps per second, seconds of set-up and compilation): the best of several runs."""
    _, compiling = contestant(first)
    replicates, best = first, 0.0
    for _ in range(8):
        start = time.perf_counter()
        steps, more = contestant(replicates)
        spent = time.perf_counter() - start - more
        best = max(best, steps / spent)
        if spent >= seconds / 3:
            break
        replicates = max(replicates, min(64 * replicates, int(replicates * seconds / 2 / spent)))
    for _ in range(2):
        start = time.perf_counter()
        steps, more = contestant(replicates)
        best = max(best, steps / (time.perf_counter() - start - more))
    return best, compiling


def peak_gflops() -> float:
    """The rate of a large 64-bit matrix product in JAX on this machine."""
    with jax.enable_x64(True):
        a = jnp.ones((1536, 1536))
        product = jax.jit(lambda a: a @ a)
        product(a).block_until_ready()
        best = 0.0
        for _ in range(5):
            start = time.perf_counter()
            product(a).block_until_ready()
            best = max(best, 2 * 1536**3 / (time.perf_counter() - start) / 1e9)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, help="write the report (Markdown) to this file")
    parser.add_argument("--seconds", type=float, default=3.0, help="time for each contestant")
    options = parser.parse_args()
    has_torch = importlib.util.find_spec("torch") is not None
    lines = ["# Simulation: SGD steps per second", "",
             f"{platform.machine()}, {os.cpu_count()} cores, {jax.default_backend()}; "
             f"Python {platform.python_version()}, JAX {version('jax')}, NumPy {version('numpy')}, "
             + (f"PyTorch {version('torch')}" if has_torch else "PyTorch not installed: its rows are missing") + ". "
             "64-bit floats; set-up and compilation apart (seconds in brackets).", "",
             "| problem | b | sgdmoments | plain jax.vmap | NumPy loop | PyTorch loop | over vmap | over NumPy |",
             "|---|---|---|---|---|---|---|---|"]
    cases = [(f"regression n = {n}, p = {p}", b, regression(n, p, b), 64)
             for n, p, b in ((64, 8, 8), (500, 8, 8), (500, 8, 32), (500, 8, 100), (500, 8, 250), (500, 8, 492))]
    cases.append(("network 64-256-128", 8, network((64, 256, 128), 8), 32))
    achieved, small = "", {"NumPy loop": [], "PyTorch loop": []}
    for name, b, contestants, first in cases:
        speeds, cells = {}, []
        for contestant in ("sgdmoments", "plain jax.vmap", "NumPy loop", "PyTorch loop"):
            if contestant not in contestants or (contestant == "PyTorch loop" and not has_torch):
                cells.append("-")
                continue
            speed, compiling = measure(contestants[contestant], options.seconds, first)
            speeds[contestant] = speed
            cells.append(f"{speed:,.0f}" + (f" ({compiling:.1f})" if compiling else ""))
        ratios = [f"{speeds['sgdmoments'] / speeds[peer]:.1f}" for peer in ("plain jax.vmap", "NumPy loop")]
        lines.append(f"| {name} | {b} | " + " | ".join([*cells, *ratios]) + " |")
        print(lines[-1], flush=True)
        if name.startswith("regression"):
            for peer in speeds.keys() & small.keys():
                small[peer].append(speeds["sgdmoments"] / speeds[peer])
        if name.startswith("network"):
            # forward h p + o h, teacher the same, backward 2 o h + h p, for each of b samples; 2 flops each
            flops = 2 * b * (2 * (256 * 64 + 128 * 256) + 2 * 128 * 256 + 256 * 64)
            peak = peak_gflops()
            achieved = (f"Network: {flops / 1e6:.1f} Mflop a step, {speeds['sgdmoments'] * flops / 1e9:.1f} Gflop/s, "
                        f"{100 * speeds['sgdmoments'] * flops / 1e9 / peak:.0f} % of the {peak:.0f} Gflop/s of a large "
                        "matrix product on the same machine; drawing, the statistics of 49,152 gradient entries and "
                        "the update are the rest.")
    least = " and ".join(f"{min(ratios):.0f} (over the {peer})" for peer, ratios in small.items() if ratios)
    aim = (f"The aim at the small size is 50 times a loop in NumPy or PyTorch; the least ratios here are {least}. The "
           "loops use one core, one run after another. What this program cannot do: for a large network it is hardly "
           "faster than the loop in NumPy, whose products are as large; the gain is in many runs of small problems.")
    report = "\n".join([*lines, "", aim, "", achieved, ""])
    print(report)
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(report, encoding="utf-8")


if __name__ == "__main__":
    main()
