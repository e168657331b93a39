"""Moments of the real Wishart law: W = XᵀX with X (n, p) of independent N(0, 1) entries,

    E tr W  = n p
    E tr W² = n p (n + p + 1)
    E tr W³ = n p (n² + p² + 3 n p + 3 n + 3 p + 4)
    E tr W⁴ = n p (n³ + p³ + 6 n² p + 6 n p² + 6 n² + 6 p² + 17 n p + 21 n + 21 p + 20).

Source: e.g. Letac and Massam, All invariant moments of the Wishart distribution, Scand. J. Statist. 31 (2004).
"""

from __future__ import annotations

import sympy

import sgdmoments as sm


def example():
    """(computed, known), as polynomials in n and p."""
    n, p = sympy.symbols("n p", integer=True, positive=True)
    X = sm.matrix("X", n, p)
    moments = [sm.expectation(sm.trace((X.T @ X) ** k), {"X": sm.GaussianInit()}) for k in (1, 2, 3, 4)]
    computed = [sympy.factor(moment.to_sympy()) for moment in moments]
    known = [sympy.factor(n * p * polynomial) for polynomial in (
        1, n + p + 1, n**2 + p**2 + 3 * n * p + 3 * n + 3 * p + 4,
        n**3 + p**3 + 6 * n**2 * p + 6 * n * p**2 + 6 * n**2 + 6 * p**2 + 17 * n * p + 21 * n + 21 * p + 20)]
    return computed, known


if __name__ == "__main__":
    print("computed: {}\nknown:    {}".format(*example()))
