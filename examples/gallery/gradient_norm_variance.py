"""Var ‖∇f_i‖² and Var ⟨∇f_i, ∇f_j⟩, i ≠ j, over weights, teacher and data, all N(0, 1), for a two-layer linear
network of widths d, K, 1: polynomials of degree 8 and 7 in d and K. They are compared with the plainest expansion into
monomials, at small d and K.

Source: 002, Theorem 5 (which gives orders only).
"""

from __future__ import annotations

from math import prod

import sympy

import sgdmoments as sm


def inner_product():
    """⟨∇f(x), ∇f(z)⟩ with f = ½ (w₂W₁x − v₂V₁x)², as a function of the two samples."""
    W1, V1, w2, v2 = sm.matrix("W1", "K", "d"), sm.matrix("V1", "K", "d"), sm.vector("w2", "K"), sm.vector("v2", "K")

    def error(x):
        return w2.T @ W1 @ x - v2.T @ V1 @ x

    return lambda x, z: error(x) * error(z) * ((w2.T @ w2) * (x.T @ z) + x.T @ W1.T @ W1 @ z)


def polynomials():
    """The two variances as polynomials in d and K."""
    inner, x, z = inner_product(), sm.vector("x", "d"), sm.vector("z", "d")
    found = []
    for q in (inner(x, x), inner(x, z)):
        laws = {label.name: sm.GaussianInit() for label in q.labels}
        found.append(sm.expectation(q * q, laws) - sm.expectation(q, laws) ** 2)
    return [variance.to_sympy() for variance in found]


def plain(d, K, same):
    """The variance by expanding into monomials in all entries, each with its Gaussian moment."""
    letters = sympy.symbols(f"w:{K * d} v:{K * d} a:{K} c:{K} x:{d} z:{d}")
    entries = iter(sympy.ring(letters, sympy.ZZ)[1:])
    W, V = ([[next(entries) for _ in range(d)] for _ in range(K)] for _ in range(2))
    a, c, x, z = ([next(entries) for _ in range(n)] for n in (K, K, d, d))
    z = x if same else z

    def dot(u, v):
        return sum(s * t for s, t in zip(u, v, strict=True))

    def error(y):
        return dot(a, [dot(row, y) for row in W]) - dot(c, [dot(row, y) for row in V])

    q = error(x) * error(z) * (dot(a, a) * dot(x, z) + sum(dot(row, x) * dot(row, z) for row in W))

    def mean(polynomial):
        return sum(int(coefficient) * prod(sympy.factorial2(e - 1) if e else 1 for e in powers)
                   for powers, coefficient in polynomial.terms() if not any(e % 2 for e in powers))

    return mean(q * q) - mean(q) ** 2


def example():
    """(computed, known) at (d, K) = (1, 1), (2, 1), (1, 2)."""
    d, K = sympy.symbols("d K", integer=True, positive=True)
    computed, known = [], []
    for same, variance in zip((True, False), polynomials(), strict=True):
        for sizes in ((1, 1), (2, 1), (1, 2)):
            computed.append(variance.subs({d: sizes[0], K: sizes[1]}))
            known.append(plain(*sizes, same))
    return computed, known


if __name__ == "__main__":
    print("computed: {}\nknown:    {}".format(*example()))
