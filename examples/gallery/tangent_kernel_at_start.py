"""A two-layer ReLU network g(x) = (md)^(−1/2) Σᵢ vᵢ σ(uᵢᵀx) at initialisation, uᵢ ~ N(0, I_d). Its tangent kernel is
λ₀ = (md)⁻¹ Σᵢ sᵢ ((uᵢᵀx)² + vᵢ²‖x‖²), where the gate sᵢ = [uᵢᵀx > 0] is a fair coin independent of (uᵢᵀx)²:

    E λ₀ = ‖x‖²/d,    Var λ₀ = 3‖x‖⁴/(m d²) for vᵢ ~ N(0, 1),  2‖x‖⁴/(m d²) for vᵢ = ±1,
    E g₀² = ‖x‖²/(2d).

Source: 003, Chapter 3. Computed without the factors (md)⁻¹ and (md)^(−1/2).
"""

from __future__ import annotations

import sympy

from sgdmoments.exact.ring import ring_of
from sgdmoments.graphs.query import diagonal, matrix, trace, vector
from sgdmoments.models.laws import Coordinates, Rademacher
from sgdmoments.rules.expectation import EntryLaw, Expectation

m, d = sympy.symbols("m d", integer=True, positive=True)
U, v, s, x = matrix("U", m, d), vector("v", m), vector("s", m), vector("x", d)
COIN = Coordinates(moments=("1/2",) * 4)


def kernel():
    """md λ₀ as an expression in the letters U, v, s, x."""
    gates = diagonal(s)
    return x.T @ U.T @ gates @ U @ x + trace(gates @ diagonal(v) @ diagonal(v)) * (x.T @ x)


def expectation(output_law):
    """The expectation over first-layer weights, gates and output weights."""
    labels = {name: next(iter(a.array.labels)) for name, a in (("U", U), ("v", v), ("s", s))}
    laws = {labels["U"]: EntryLaw.gaussian(), labels["v"]: output_law, labels["s"]: EntryLaw(COIN.cumulant)}
    return Expectation(laws, ring_of([m, d]))


def example():
    """(computed, known): md E λ₀ and (md)² Var λ₀ for both laws of v, and md E g₀²."""
    square = x.T @ x
    computed = []
    for law in (EntryLaw.gaussian(), EntryLaw(Rademacher().cumulant)):
        mean = expectation(law)
        first = mean(kernel())
        computed += [first, mean(kernel() ** 2) - first**2]
    output = v.T @ diagonal(s) @ U @ x
    computed.append(expectation(EntryLaw.gaussian())(output**2))
    known = [m * square, 3 * m * square**2, m * square, 2 * m * square**2, m * square / 2]
    return computed, known


if __name__ == "__main__":
    print("computed: {}\nknown:    {}".format(*example()))
