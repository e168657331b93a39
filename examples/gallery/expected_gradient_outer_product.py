"""The expected gradient outer product E ∇f ∇fᵀ at x ~ N(0, I):

    f = x₁x₂: diag(1, 1);    f = x₁ + x₁x₂ + x₁x₂x₃ + x₁x₂x₃x₄: diag(4, 3, 2, 1).

Source: 003, Chapter 4.
"""

from __future__ import annotations

from math import prod

import sympy

import sgdmoments as sm
from sgdmoments.exact.ring import Ring


def gradient_outer_product(f, ring):
    """E ∇f ∇fᵀ of a polynomial, entry by entry, from the moments of the data law."""
    law = sm.Gaussian()
    slopes = [f.derivative(x) for x in ring.generators]
    return [[sum(c * law.moment(powers) for powers, c in (a * b).terms()) for b in slopes] for a in slopes]


def example():
    """(computed, known) for both functions."""
    ring = Ring(sympy.symbols("x1:5"))
    x = [ring.generator(symbol) for symbol in ring.generators]
    computed = [gradient_outer_product(x[0] * x[1], ring),
                gradient_outer_product(sum(prod(x[:j]) for j in range(1, 5)), ring)]
    known = [[[value * (i == j) for j in range(4)] for i, value in enumerate(diagonal)]
             for diagonal in ((1, 1, 0, 0), (4, 3, 2, 1))]
    return computed, known


if __name__ == "__main__":
    print("computed: {}\nknown:    {}".format(*example()))
