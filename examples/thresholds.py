"""Does the variance of the gradient always fall with the batch size? Counterexamples, a family, and a proof.

Theorem 3.10 (P0) says that var(g_t | F_0) falls from some batch size b_0 on; experiments suggested b_0 = 1.

1. `counterexample`: false. Two data points, two weights, one step: var(g_1) is 3 at b = 1 and 13/4 at b = 2.
   The start has a small sample variance, and so has the point where the batch {1} leads; between them, where the
   average batch leads, it is large. Less noise then means more variance.
2. `family`: no bound on b_0 holds for all laws: with x = 1 once in n = 16 k^2 samples, b_0 = 2k for this network.
3. `gaussian_proof`: for x ~ N(0, s^2), any linear network of depth 2 or 3 with all widths 1, any weights, teacher
   and rate, b_0 = 1 at t = 1. Certified here.
4. `search`: random small networks under several laws; how many have b_0 > 1.

Run ``python examples/thresholds.py [--draws 40] [--workers 2]``.

The proof of 3. At t = 1 all randomness is in s, the batch mean of x^2 (put E x^2 = 1). With k = b/2 it has the
Gamma density f(s) = k^k s^(k-1) e^(-ks) / Gamma(k); and g_1 = s' h(w_1(s)), s' the next batch mean, so that

    var(g_1) = 2u E||h(w_1(s))||^2 + sum_j var(h_j(w_1(s))),    u = 1/b.

First part: d/dk log(f(s)/k) = log k - psi(k) + 1 + log s - s - 1/k <= log k - psi(k) - 1/k <= 0, so u f(s) rises
with u at every s, and with it u E P(s) for every P >= 0. Second part: h_j(w_1(s)) is a polynomial in s of degree
d = 2H - 1 without conditions; its variance is a quadratic form in its coefficients with the matrix
M_ij(u) = Cov(s^i, s^j), and dM/du is positive definite on 0 < u <= 1 by Sylvester's criterion: its leading minors
are polynomials without roots there, which is decided exactly.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction

import sympy

import sgdmoments as sm
from sgdmoments.testing import enumerate_moment

LAWS = {
    "Gaussian": sm.Gaussian(), "signs": sm.Rademacher(), "uniform on [0, 1]": sm.Uniform(0, 1),
    "fair {0, 1}": sm.Coordinates([Fraction(1, 2)] * 60),
    "{0, 1} with P(1) = 1/10": sm.Coordinates([Fraction(1, 10)] * 60),
    "exponential": sm.Coordinates([sympy.factorial(k) for k in range(1, 60)]),
    "three points": sm.Empirical([[0], [1], [-2]]),
}
NETWORKS = (((1, 1, 1), (0, 1)), ((1, 2, 1), (0, 1)), ((1, 1, 1), (0, 1, 1)))


def counterexample() -> tuple[sm.SGD, sm.BatchPolynomial]:
    """The smallest case found: x in {0, 1}, f(x) = W2 W1 x, label 4x, W1 = 0, W2 = 1, learning rate 1."""
    model = sm.Network((1, 1, 1), data=sm.Empirical([[0], [1]]))
    sgd = sm.SGD(model, learning_rate=1, sampling="with_replacement",
                 initial={"W1": [[0]], "W2": [[1]], "W1*": [[1]], "W2*": [[4]]})
    return sgd, sgd.variance(sm.gradient(1), route="components")


def family(k: int) -> sm.BatchPolynomial:
    """var(g_1) for x in {0, 1} with P(1) = 1/(16 k^2), label 64 k^2 x, W1 = 0, W2 = 1, learning rate k."""
    n = 16 * k * k
    sgd = sm.SGD(sm.Network((1, 1, 1), data=sm.Coordinates([Fraction(1, n)] * 20)), learning_rate=k,
                 initial={"W1": [[0]], "W2": [[1]], "W1*": [[1]], "W2*": [[4 * n]]})
    return sgd.variance(sm.gradient(1), route="components")


def gaussian_proof(depth: int) -> list[sympy.Poly]:
    """The leading minors of dM/du, without their factors u; each is checked to be positive on 0 < u <= 1."""
    u = sympy.Symbol("u")
    moments = [sympy.Integer(1)]  # E s^k = (1 + 2u)(1 + 4u) ...
    for k in range(4 * depth):
        moments.append(sympy.expand(moments[-1] * (1 + 2 * k * u)))
    minors = []
    for size in range(1, 2 * depth):
        slope = sympy.Matrix(size, size, lambda i, j: sympy.diff(
            sympy.expand(moments[i + j + 2] - moments[i + 1] * moments[j + 1]), u))
        minor = sympy.Poly(slope.det(method="berkowitz"), u)
        while minor.eval(0) == 0:
            minor = sympy.Poly(minor.quo(sympy.Poly(u, u)), u)
        if minor.eval(0) <= 0 or minor.count_roots(0, 1):
            raise ArithmeticError(f"the minor of size {size} is not positive on 0 < u <= 1")
        minors.append(minor)
    return minors


@dataclass(frozen=True)
class Finding:
    """One random case of the search: the threshold, and the largest b with var(b) > var(b - 1)."""

    law: str
    widths: tuple[int, ...]
    activation: tuple[int, ...]
    threshold: int
    last_rise: int


def cases(draws: int, seed: int) -> Iterator[tuple[str, tuple[int, ...], tuple[int, ...], int]]:
    """The questions of the search; each is answered from its own seed, however the work is spread."""
    number = seed
    for law in LAWS:
        for widths, activation in NETWORKS:
            for _ in range(draws):
                number += 1
                yield law, widths, activation, number


def investigate(case: tuple[str, tuple[int, ...], tuple[int, ...], int]) -> Finding:
    """Draw weights, teacher, rate and layer; find b_0 of var(g_1), exactly."""
    law, widths, activation, number = case
    draw = random.Random(number)

    def matrix(rows: int, columns: int) -> list[list[Fraction]]:
        return [[Fraction(draw.randint(-8, 8), 4) for _ in range(columns)] for _ in range(rows)]

    shapes = [(f"W{k}", widths[k], widths[k - 1]) for k in range(1, len(widths))]
    initial = {name + star: matrix(rows, columns) for star in ("", "*") for name, rows, columns in shapes}
    model = sm.Network(widths, activation=activation, data=LAWS[law])
    sampling = "with_replacement" if isinstance(model.data, sm.Empirical) else "fresh"
    sgd = sm.SGD(model, learning_rate=Fraction(2) ** draw.randint(-5, 2), initial=initial, sampling=sampling)
    p = sgd.variance(sm.gradient(1, layer=draw.choice([None, 1, 2])), route="components")
    threshold = p.decreasing_from()
    last = max((b for b in range(2, threshold + 1) if p(b) > p(b - 1)), default=1)
    return Finding(law, widths, activation, threshold, last)


def search(draws: int = 40, seed: int = 0, executor: Executor | None = None) -> list[Finding]:
    """All findings, in the order of `cases`."""
    run = map if executor is None else executor.map
    return list(run(investigate, cases(draws, seed)))


def example():
    """(computed, known): the counterexample at b = 1, 2, 3 by formula and by listing every batch; the family's b_0."""
    sgd, p = counterexample()
    known = [enumerate_moment(sgd, sm.gradient(1), b) for b in (1, 2, 3)]
    return [p(1), p(2), p(3), *(family(k).decreasing_from() for k in (2, 4, 8))], [*known, 4, 8, 16]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=40, help="random cases for each law and network")
    parser.add_argument("--workers", type=int, default=1, help="processes for the search")
    options = parser.parse_args()

    sgd, p = counterexample()
    print("1. counterexample: var(g_1) =", ", ".join(map(str, p.coefficients)), "(coefficients of 1, 1/b, ...)")
    for b in (1, 2, 3, 4):
        print(f"   b = {b}: {p(b)} by formula, {enumerate_moment(sgd, sm.gradient(1), b)} by listing every batch")
    print(f"   b_0 = {p.decreasing_from()}")
    print("2. family:", ", ".join(f"k = {k}: b_0 = {family(k).decreasing_from()}" for k in (1, 2, 4, 8, 16, 32)))
    for depth in (2, 3):
        degrees = [minor.degree() for minor in gaussian_proof(depth)]
        print(f"3. Gaussian data, depth {depth}, widths 1, t = 1: b_0 = 1; minors of degrees {degrees} are positive")
    if options.workers > 1:
        with ProcessPoolExecutor(options.workers) as executor:
            findings = search(options.draws, executor=executor)
    else:
        findings = search(options.draws)
    print("4. search: cases, of these with b_0 > 1, of these rising between integers, largest b_0")
    for law in LAWS:
        for widths, activation in NETWORKS:
            own = [f for f in findings if (f.law, f.widths, f.activation) == (law, widths, activation)]
            print(f"   {law:26} {widths} {activation}: {len(own)}, {sum(f.threshold > 1 for f in own)}, "
                  f"{sum(f.last_rise > 1 for f in own)}, {max((f.threshold for f in own), default=1)}")


if __name__ == "__main__":
    main()
