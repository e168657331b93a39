"""A two-layer ReLU network g(x) = (md)^(−1/2) Σᵢ vᵢ σ(uᵢᵀx) at initialisation, uᵢ ~ N(0, I_d). Its tangent kernel is
λ₀ = (md)⁻¹ Σᵢ sᵢ ((uᵢᵀx)² + vᵢ²‖x‖²), where the gate sᵢ = [uᵢᵀx > 0] is a fair coin independent of (uᵢᵀx)²:

    E λ₀ = ‖x‖²/d,    Var λ₀ = 3‖x‖⁴/(m d²) for vᵢ ~ N(0, 1),  2‖x‖⁴/(m d²) for vᵢ = ±1,
    E g₀² = ‖x‖²/(2d).

Source: 003, Chapter 3. Computed without the factors (md)⁻¹ and (md)^(−1/2).
"""

from __future__ import annotations

import sympy

import sgdmoments as sm
from sgdmoments import diagonal, matrix, trace, vector

m, d = sympy.symbols("m d", integer=True, positive=True)
U, v, s, x = matrix("U", m, d), vector("v", m), vector("s", m), vector("x", d)
COIN = sm.IndependentInit(("1/2",) * 4)


def kernel():
    """md λ₀ as an expression in the letters U, v, s, x."""
    gates = diagonal(s)
    return x.T @ U.T @ gates @ U @ x + trace(gates @ diagonal(v) @ diagonal(v)) * (x.T @ x)


def mean(expression, output_law):
    """The expectation over first-layer weights, gates and output weights."""
    return sm.expectation(expression, {"U": sm.GaussianInit(), "v": output_law, "s": COIN})


def example():
    """(computed, known): md E λ₀ and (md)² Var λ₀ for both laws of v, and md E g₀²."""
    square = x.T @ x
    computed = []
    for law in (sm.GaussianInit(), sm.IndependentInit(sm.Rademacher())):
        first = mean(kernel(), law)
        computed += [first, mean(kernel() ** 2, law) - first**2]
    output = v.T @ diagonal(s) @ U @ x
    computed.append(mean(output**2, sm.GaussianInit()))
    known = [m * square, 3 * m * square**2, m * square, 2 * m * square**2, m * square / 2]
    return computed, known


if __name__ == "__main__":
    print("computed: {}\nknown:    {}".format(*example()))
