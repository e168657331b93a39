"""Symbolic moments of networks: time and term counts, question by question, with peers beside them.

    python benchmarks/network_moments.py [--peers] [--only TEXT] [--write docs/benchmarks_networks.md]

Times are processor seconds of one process, so that other work on the machine counts little; each question starts
with empty memos. Peers are run where they are installed (tensorgrad: ``pip install tensorgrad``), each in a
process of its own with a limit of `LIMIT` seconds.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import sympy

import sgdmoments as sm
from sgdmoments.budget import Monitor
from sgdmoments.exact.ring import INVERSE_BATCH, Ring
from sgdmoments.graphs.derived import expand_derived, relabelled
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.graph import Label
from sgdmoments.graphs.join import inner_product
from sgdmoments.routes.symbolic import moment
from sgdmoments.routes.symbolic.setting import read_setting
from sgdmoments.rules.expectation import EntryLaw, Expectation

T = sympy.Symbol("t")
#: Seconds that a peer is given.
LIMIT = 600


@dataclass(frozen=True)
class Row:
    """One question: what is timed, and the target in seconds (None: reported only)."""

    name: str
    run: Callable[[], Any]
    target: float | None


def wishart(k: int) -> Expression:
    """E tr (GᵀG)^k for an n x p matrix of independent N(0, 1) entries."""
    n, p = sympy.symbols("n p")
    g = Label("G", (n, p), kind="data")
    edges = [edge for i in range(k) for edge in ((g, 2 * i, 2 * i + 1), (g, (2 * i + 2) % (2 * k), 2 * i + 1))]
    return Expectation({g: EntryLaw.gaussian()}, Ring((INVERSE_BATCH, n, p)))(Expression.from_edges(edges))


def network(depth: int = 2, activation: tuple[Any, ...] = (0, 1), **options: Any) -> sm.SGD:
    """A run with all letters kept."""
    widths = ("p", "p1", "p2", "p3")[: depth + 1]
    return sm.SGD(sm.Network(widths, activation=activation, **options))


def question(sgd: sm.SGD, t: Any, layer: int | None, order: int | None = None,
             kind: str = "variance") -> Callable[[], Any]:
    """One moment of the gradient."""
    return lambda: moment(sgd, sm.gradient(t, layer=layer), kind, learning_rate_order=order)


def at_initialisation(depth: int) -> Callable[[], Any]:
    """E‖g_0‖² with Gaussian weights and teacher: E⟨∇f_i, ∇f_j⟩ and E‖∇f_i‖² in one polynomial."""
    names = [f"W{k}{star}" for k in range(1, depth + 1) for star in ("", "*")]
    widths = (*("d", "K1", "K2", "K3")[:depth], 1)
    sgd = sm.SGD(sm.Network(widths), initial=dict.fromkeys(names, sm.GaussianInit(variance=1)))
    return question(sgd, 0, None, kind="second_moment")


def squared_products(samples: int) -> Expression:
    """E⟨∇f_i, ∇f_j⟩² over data, weights and teacher, depth 2 and one output (16 Gaussians a factor), i = j or not."""
    names = ("W1", "W2", "W1*", "W2*")
    sgd = sm.SGD(sm.Network(("d", "K", 1)), initial=dict.fromkeys(names, sm.GaussianInit(variance=1)))
    setting = read_setting(sgd, (), (), None, Monitor())
    (x,) = setting.system.data
    other = x if samples == 1 else Label("x'", x.dimensions, "data")
    product = sum((inner_product(g, relabelled(g, {x: other})) for g in setting.system.gradients), Expression())
    mean = Expectation(dict.fromkeys((x, other), EntryLaw.gaussian()), setting.ring)
    over_data = mean(product * product).substitute({INVERSE_BATCH: 1})  # batches of one sample each
    assert setting.initial is not None
    return setting.initial(expand_derived(over_data))


def evaluation() -> Any:
    """The value of var(g_(1,1)) at widths 64, 256, 128 in floats, all b; the derivation is not timed."""
    rng = np.random.default_rng(0)
    p, p1, p2 = 64, 256, 128
    values = {"W1": rng.normal(size=(p1, p)) / 8, "W2": rng.normal(size=(p2, p1)) / 16,
              "W1*": rng.normal(size=(p1, p)) / 8, "W2*": rng.normal(size=(p2, p1)) / 16, "alpha": 0.1}
    return lambda: EVALUATED.evaluate(values)


def rows() -> Iterator[Row]:
    """The questions, in the order of the table."""
    linear, sigma = network(), network(data=sm.Gaussian("Sigma"))
    regression = network(1, noise=sm.Gaussian())
    for t, target in ((1, 0.05), (2, 0.5), (3, None), (10, None)):
        yield Row(f"least squares with noise, E‖g_{t}‖²", question(regression, t, None, kind="second_moment"), target)
    for k, target in ((6, 0.05), (8, None), (10, None)):
        yield Row(f"real Wishart, E tr W^{k}", lambda k=k: wishart(k), target)
    for layer in (1, 2):
        yield Row(f"two layers, var(g_1,{layer}) whole", question(linear, 1, layer), 1)
    for layer in (1, 2):
        yield Row(f"two layers, N(0, Σ), var(g_1,{layer}) whole", question(sigma, 1, layer), 5)
    for order, target in ((5, 3), (6, None)):
        for layer in (1, 2):
            yield Row(f"two layers, var(g_t,{layer}) to α^{order}, t a letter", question(linear, T, layer, order),
                      target)
    for layer in (1, 2, 3):
        yield Row(f"three layers, var(g_1,{layer}) to α³", question(network(3), 1, layer, 3), 30)
    for layer in (1, 2):
        yield Row(f"σ quadratic, var(g_0,{layer}) whole", question(network(2, (0, 1, 1)), 0, layer), 1)
    for layer in (1, 2):
        yield Row(f"σ quadratic, var(g_1,{layer}) to α²", question(network(2, (0, 1, 1)), 1, layer, 2), 60)
    for layer in (1, 2):
        yield Row(f"σ cubic, var(g_0,{layer}) whole", question(network(2, (0, 1, 1, 1)), 0, layer), 10)
    for depth in (2, 3, 4):
        yield Row(f"random weights and teacher, depth {depth}, E‖g_0‖²", at_initialisation(depth), 2)
    for samples, name in ((1, "E‖∇f_i‖⁴"), (2, "E⟨∇f_i, ∇f_j⟩²")):
        yield Row(f"random weights and teacher, depth 2, {name}", lambda samples=samples: squared_products(samples), 60)
    yield Row("var(g_1,1) at widths 64-256-128 in floats, all b", evaluation(), 1)


EVALUATED = moment(network(), sm.gradient(1, layer=1), "variance")

PEERS = {
    "SymPy, scalar u·v network, var(g_1) by expansion": """
import sympy
w1, w2, v, a, s0, s1 = sympy.symbols('w1 w2 v a s0 s1')
r = w2*w1 - v
n1, n2 = w1 - a*w2*r*s0, w2 - a*r*w1*s0
g = n2*(n2*n1 - v)*s1
moments = lambda k: sympy.prod([1 + 2*j*sympy.Symbol('u') for j in range(k)])
second = sympy.Poly(sympy.expand(g**2), s0, s1)
print(len(sympy.Add(*[c*moments(i)*moments(j) for (i, j), c in second.terms()]).expand().args))
""",
    "tensorgrad, real Wishart E tr W^3": """
import sympy
from tensorgrad import Variable, Expectation, function
import tensorgrad.functions as F
n, p = sympy.symbols('n p')
G = Variable('G', n, p)
W = F.dot(G, G.rename(p='q'), dim='n')
product = F.dot(F.dot(W, W.rename(p='q', q='r'), dim='q'), W.rename(p='r', q='p'), dim=('p', 'r'))
print(len(str(Expectation(product, G).full_simplify())))
""",
}


def size_of(result: Any) -> str:
    """Graphs and coefficients of an answer."""
    if isinstance(result, Expression):
        return f"{len(result)} / {result.size}"
    sizes = dict(result.provenance.sizes)
    return f"{sizes.get('graphs', '')} / {sizes.get('coefficients', '')}"


def measure(only: str) -> Iterator[str]:
    """The lines of the table."""
    yield "| question | seconds | target | graphs / coefficients | degree in 1/b |"
    yield "|---|---|---|---|---|"
    for row in rows():
        if only not in row.name:
            continue
        start = time.process_time()
        result = row.run()
        seconds = time.process_time() - start
        degree = getattr(result, "degree", "")
        yield f"| {row.name} | {seconds:.3g} | {row.target or '–'} | {size_of(result)} | {degree} |"


def peers() -> Iterator[str]:
    """What peers need for the part that they can do."""
    yield "| peer | seconds | outcome |"
    yield "|---|---|---|"
    for name, code in PEERS.items():
        start = time.perf_counter()
        try:
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=LIMIT,
                                  check=False)
            outcome = f"{done.stdout.strip()} terms" if not done.returncode else done.stderr.strip().splitlines()[-1]
        except subprocess.TimeoutExpired:
            outcome = f"no answer in {LIMIT} s"
        yield f"| {name} | {time.perf_counter() - start:.3g} | {outcome} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="questions whose name contains this text")
    parser.add_argument("--peers", action="store_true", help="run the peers too")
    parser.add_argument("--write", type=Path, help="write the table to this file as well")
    options = parser.parse_args()
    lines = []
    for line in chain(measure(options.only), ["", *peers()] if options.peers else []):
        lines.append(line)
        print(line, flush=True)
    if options.write:
        options.write.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
