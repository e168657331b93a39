"""Symbolic moments of networks: time and term counts, question by question, with peers beside them.

    python benchmarks/network_moments.py [--peers] [--only TEXT] [--write docs/benchmarks/network_moments.md]

Times are processor seconds, so that other work on the machine counts little. Each question, and each peer, runs in a
process of its own, which starts with empty memos; importing modules is not timed. tensorgrad is run where it is
installed (``pip install tensorgrad``); its answers and SymPy's are compared with ours at a point. A peer is given
`LIMIT` seconds of the clock.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import sympy

import sgdmoments as sm
from sgdmoments.budget import Monitor
from sgdmoments.exact.ring import INVERSE_BATCH, Ring
from sgdmoments.graphs.derived import expand_derived, relabelled
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.join import inner_product
from sgdmoments.graphs.labels import Label
from sgdmoments.routes.symbolic.setting import read_setting
from sgdmoments.rules.expectation import EntryLaw, Expectation

T = sympy.Symbol("t")
#: Seconds of the clock that a peer is given.
LIMIT = 120


@dataclass(frozen=True)
class Row:
    """One question: what is timed, and the target in seconds (None: reported only).

    With ``prepared`` set, ``run`` returns what is timed, and its own time is not counted.
    """

    name: str
    run: Callable[[], Any]
    target: float | None
    prepared: bool = False


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
    return lambda: getattr(sgd, kind)(sm.gradient(t, layer=layer), route="symbolic", learning_rate_order=order)


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


def evaluation() -> Callable[[], Any]:
    """The value of var(g_(1,1)) at widths 64, 256, 128 in floats, all b; the derivation is not timed."""
    derived = network().variance(sm.gradient(1, layer=1), route="symbolic")
    rng = np.random.default_rng(0)
    p, p1, p2 = 64, 256, 128
    values = {"W1": rng.normal(size=(p1, p)) / 8, "W2": rng.normal(size=(p2, p1)) / 16,
              "W1*": rng.normal(size=(p1, p)) / 8, "W2*": rng.normal(size=(p2, p1)) / 16, "alpha": 0.1}
    return lambda: derived.evaluate(values)


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
    for order, target in ((5, 3), (6, None), (7, None)):
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
    yield Row("var(g_1,1) at widths 64-256-128 in floats, all b", evaluation, 1, prepared=True)


# -- peers ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Peer:
    """A peer's part of a question: its code, ours for the same question, and a point at which both are compared.

    The code sets ``answer`` (an expression, or None where there is nothing to compare) and ``terms``; ``own`` is
    timed beside it, ``point`` holds the numbers of our letters and those of the peer's.
    """

    question: str
    tool: str
    code: str
    own: Callable[[], Any]
    point: tuple[dict[str, Any], dict[str, Any]] = ({}, {})


#: Put around a peer's code: imports first, then the timed part, then its answer as letters.
WRAPPER = """
import json, time
{imports}
start = time.process_time()
{code}
seconds = time.process_time() - start
print(json.dumps([seconds, terms, str(letters(answer)) if answer is not None else None]))
"""

TENSORGRAD = """
import sympy
import tensorgrad as tg
from sympy import symbols

def letters(tensor):
    # A closed diagram as a formula: a closed line is its dimension, a variable its name (all contractions alike).
    if isinstance(tensor, tg.Sum):
        return sum(weight * letters(term) for term, weight in zip(tensor.terms, tensor.weights))
    if isinstance(tensor, tg.Product):
        return sympy.prod([letters(factor) for factor in tensor.factors])
    if isinstance(tensor, tg.Delta):
        return sympy.Integer(1) if tensor.edges else tensor.size
    if isinstance(tensor, tg.Variable):
        return sympy.Symbol(tensor.name)
    if hasattr(tensor, 'mapping'):  # a renamed diagram
        return letters(tensor.tensor)
    return letters(tensor.inputs[0]) ** tensor.signature.k
"""

SYMPY = """
import sympy

def letters(expression):
    return expression

def gaussian(polynomial):
    # The mean over independent N(0, 1) letters, from E z^(2k) = (2k - 1)!!.
    return sympy.factor(sum(c * sympy.prod([0 if k % 2 else sympy.factorial2(k - 1) for k in powers])
                            for powers, c in polynomial.terms()))
"""

TENSORGRAD_WISHART = """
n, p = symbols('n p')
G = tg.Variable('G', n, p)
trace = tg.Product([factor for i in range({k}) for factor in
                    (G.rename(n=f'n{{i}}', p=f'p{{i}}'), G.rename(n=f'n{{i}}', p=f'p{{(i + 1) % {k}}}'))])
answer = tg.Expectation(trace, G).full_simplify()
terms = len(answer.terms)
"""

TENSORGRAD_LEAST_SQUARES = """
b, p, q = symbols('b p q')
u, a, D = tg.Variable('u'), tg.Variable('a'), tg.Variable('D', q, p)
random = []
for step in range({t} + 1):
    X, noise = tg.Variable(f'X{{step}}', b, p), tg.Variable(f'E{{step}}', b, q)
    residual = X @ D - noise if {noise} else X @ D
    random += [X, noise] if {noise} else [X]
    g = u @ (X @ residual)
    D = D - a @ g
answer = g @ g
for variable in reversed(random):
    answer = tg.Expectation(answer, variable).full_simplify()
terms = len(answer.terms)
"""

SYMPY_WISHART = """
G = sympy.Matrix(4, 4, sympy.symbols('g:16'))
polynomial = sympy.Poly(((G.T * G)**3).trace(), *G)
answer, terms = gaussian(polynomial), len(polynomial.terms())
"""

SYMPY_LEAST_SQUARES = """
a, D = sympy.Symbol('a'), sympy.Matrix(sympy.symbols('d:3'))
X, Z = (sympy.Matrix(3, 3, sympy.symbols(f'{name}:9')) for name in 'xz')
g = Z.T * Z * (D - a * X.T * X * D / 3) / 3
polynomial = sympy.Poly((g.T * g)[0], *X, *Z)
answer, terms = gaussian(polynomial), len(polynomial.terms())
"""

SYMPY_TWO_LAYERS = """
w1, w2, v, a, b, s, z = sympy.symbols('w1 w2 v a b s z')
residual = w2*w1 - v
n1, n2 = w1 - a*w2*residual*s, w2 - a*residual*w1*s
polynomial = sympy.Poly((n2*(n2*n1 - v)*z)**2, s, z)
gamma = lambda k: sympy.prod([1 + 2*sympy.Integer(j)/b for j in range(k)])
answer = sympy.factor(sum(c*gamma(i)*gamma(j) for (i, j), c in polynomial.terms()))
terms = len(polynomial.terms())
"""

SYMPY_WORDS = """
W1, W2, V, W1t, W2t, Vt, S, Z = sympy.symbols('W1 W2 V W1t W2t Vt S Z', commutative=False)
a = sympy.Symbol('a')
R, Rt = W2*W1 - V, W1t*W2t - Vt
N1, N2, N1t, N2t = W1 - a*W2t*R*S, W2 - a*R*S*W1t, W1t - a*S*Rt*W2, W2t - a*W1*S*Rt
words = sympy.expand(sympy.expand(N2t*(N2*N1 - V)*Z) * sympy.expand(Z*(N1t*N2t - Vt)*N2))
answer, terms = None, len(words.args)
"""

POINT = ({"W1": [[1, 2], [0, 1], [3, 1]], "W1*": [[0, 0], [0, 0], [0, 0]], "alpha": Fraction(1, 5), "b": 3},
         {"p": 2, "q": 3, "u": "1/3", "a": "1/5", "b": 3, "D": "4"})  # the squares of the entries sum to 4²


def least_squares(t: int, **options: Any) -> Callable[[], Any]:
    """E‖g_t‖² for depth 1."""
    return lambda: question(network(1, **options), t, None, kind="second_moment")()


PEERS = (
    *(Peer(f"real Wishart, E tr W^{k}", "tensorgrad", TENSORGRAD_WISHART.format(k=k), lambda k=k: wishart(k),
           ({"n": 3, "p": 5}, {"n": 3, "p": 5})) for k in (2, 3)),
    *(Peer(f"least squares, E‖g_{t}‖²", "tensorgrad", TENSORGRAD_LEAST_SQUARES.format(t=t, noise=False),
           least_squares(t), POINT) for t in (1, 2)),
    Peer("least squares with noise, E‖g_1‖²", "tensorgrad", TENSORGRAD_LEAST_SQUARES.format(t=1, noise=True),
         least_squares(1, noise=sm.Gaussian()), POINT),
    Peer("real Wishart, E tr W^3 (SymPy: n = p = 4 only)", "SymPy, entries expanded", SYMPY_WISHART,
         lambda: wishart(3), ({"n": 4, "p": 4}, {})),
    Peer("least squares, E‖g_1‖² (SymPy: p = b = 3, one output only)", "SymPy, entries expanded",
         SYMPY_LEAST_SQUARES, least_squares(1),
         ({"W1": [[1, 2, 4]], "W1*": [[0, 0, 0]], "alpha": Fraction(1, 5), "b": 3},
          {"d0": 1, "d1": 2, "d2": 4, "a": "1/5"})),
    Peer("two layers, E‖g_1,1‖² (SymPy: widths 1 only)", "SymPy, entries expanded", SYMPY_TWO_LAYERS,
         lambda: question(network(), 1, 1, kind="second_moment")(),
         ({"W1": [[2]], "W2": [[3]], "W1*": [[1]], "W2*": [[1]], "alpha": Fraction(1, 5), "b": 3},
          {"w1": 2, "w2": 3, "v": 1, "a": "1/5", "b": 3})),
    Peer("two layers, E‖g_1,1‖² (SymPy: ‖g_1,1‖² in words, no mean)", "SymPy, noncommutative", SYMPY_WORDS,
         lambda: question(network(), 1, 1, kind="second_moment")()),
)

CANNOT = """## What each cannot do

- **tensorgrad** takes Gaussian means of diagrams with all dimensions letters. Its answer is a flat sum of diagrams,
  with the batch size a dimension like the others: to read it as a polynomial in 1/b is left to the user. It knows no
  data but Gaussian, no batches without replacement, no series in the learning rate, no step that is a letter, and no
  limit on work that is set beforehand. It does what this package does not: derivatives and diagrams of any
  functions, compiled to PyTorch.
- **SymPy** has no means over random matrices. Expanded by entries, it answers for one set of dimensions, and the
  number of monomials grows steeply with them; in noncommutative letters it expands products for all dimensions, but
  does not know that a trace is cyclic or what a transpose does to a word, and takes no means.
- **This package**, by the symbolic route, needs polynomial activations, the square loss, and data whose moments
  exist. For two linear layers whole polynomials end at t = 1 (the degree in 1/b is 3^(t+1) - t - 2); later steps are
  series in the learning rate, or need numbers. It takes no exact means of ReLU, exponentials or inverses.
"""


# -- the page ---------------------------------------------------------------------------------------------------


def size_of(result: Any) -> str:
    """Graphs and coefficients of an answer."""
    if isinstance(result, Expression):
        return f"{len(result)} / {result.size}"
    sizes = dict(result.provenance.sizes)
    return f"{sizes.get('graphs', '')} / {sizes.get('coefficients', '')}"


def value_of(result: Any, point: dict[str, Any]) -> str:
    """The exact value of an answer at a point."""
    if isinstance(result, Expression):
        return str(result.to_sympy().subs(point))
    return str(result.evaluate({k: v for k, v in point.items() if k != "b"})(point["b"]))


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Processor seconds and the result of work, after a tiny question that imports what is imported late."""
    question(network(1), 0, None)()
    wishart(1)
    gc.collect()  # what the imports have left is not counted
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def row_in_this_process(index: int) -> str:
    """A line of the first table."""
    row = list(rows())[index]
    seconds, result = timed(row.run() if row.prepared else row.run)
    degree = getattr(result, "degree", "")
    return f"| {row.name} | {row.target or ''} | {seconds:.3g} | {size_of(result)} | {degree} |"


def own_in_this_process(index: int) -> tuple[float, str]:
    """Our seconds for a peer's question, and our value at its point."""
    peer = PEERS[index]
    seconds, result = timed(peer.own)
    return seconds, value_of(result, peer.point[0]) if peer.point[0] else ""


def apart(work: Callable[[int], Any], index: int) -> Any:
    """The work in a new process."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, index).result()


def measure(only: str) -> Iterator[str]:
    """The lines of the first table."""
    yield "| question | target, s | seconds | graphs / coefficients | degree in 1/b |"
    yield "|---|---|---|---|---|"
    for index, row in enumerate(rows()):
        if only in row.name:
            yield apart(row_in_this_process, index)


def answer_of(peer: Peer) -> tuple[float | None, str, str | None]:
    """A peer's seconds (None: no answer), the outcome in words, and its formula."""
    if peer.tool == "tensorgrad" and not find_spec("tensorgrad"):
        return None, "not installed", None
    code = WRAPPER.format(imports=TENSORGRAD if peer.tool == "tensorgrad" else SYMPY, code=peer.code)
    try:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return None, f"over {LIMIT} s", None
    if done.returncode:
        return None, f"breaks: {done.stderr.strip().splitlines()[-1]}", None
    seconds, terms, formula = json.loads(done.stdout)
    return seconds, f"{terms:,} terms", formula


def peers(only: str) -> Iterator[str]:
    """The lines of the second table."""
    yield "| question | peer | peer, s | this package, s | ratio | outcome |"
    yield "|---|---|---|---|---|---|"
    for index, peer in enumerate(PEERS):
        if only not in peer.question:
            continue
        seconds, outcome, formula = answer_of(peer)
        own_seconds, own_value = apart(own_in_this_process, index)
        if formula is not None:
            value = sympy.sympify(formula).subs({k: sympy.sympify(v) for k, v in peer.point[1].items()})
            outcome += ", equal to ours" if value == sympy.Rational(own_value) else f", NOT OURS: {value}, {own_value}"
        shown = ("–", "–") if seconds is None else (f"{seconds:.3g}", f"{float(f'{seconds / own_seconds:.2g}'):,.0f}")
        yield f"| {peer.question} | {peer.tool} | {shown[0]} | {own_seconds:.3g} | {shown[1]} | {outcome} |"


def page(only: str, with_peers: bool) -> Iterator[str]:
    """The lines of the page."""
    installed = ", ".join(f"{name} {version(name)}" for name in ("tensorgrad", "torch") if find_spec(name))
    yield "# Benchmark: symbolic moments of networks\n"
    yield (f"One run of `benchmarks/network_moments.py` on {os.cpu_count()}-core {platform.machine()}, Python "
           f"{platform.python_version()}, python-flint {version('python-flint')}, NumPy {np.__version__}, SymPy "
           f"{sympy.__version__}{', ' + installed if installed else ''}. Dimensions, weights, learning rate and batch "
           "size are letters, data N(0, I) where nothing is said. Times are processor seconds, each question in a "
           "process of its own with empty memos; imports are not timed. Where no target stands, the time is "
           "reported only.\n")
    yield from measure(only)
    if with_peers:
        yield "\n## Peers\n"
        yield (f"Each in a process of its own, limited to {LIMIT} seconds of the clock. \"Equal to ours\": the same "
               "exact value at a point (unequal dimensions where they are letters). The ratio is the peer's time "
               "over ours for the question with all letters, even where the peer answers for one size only.\n")
        yield from peers(only)
        yield "\n" + CANNOT.rstrip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="questions whose name contains this text")
    parser.add_argument("--peers", action="store_true", help="run the peers too")
    parser.add_argument("--write", type=Path, help="write the page to this file as well")
    options = parser.parse_args()
    lines = []
    for line in page(options.only, options.peers):
        lines.append(line)
        print(line, flush=True)
    if options.write:
        options.write.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
