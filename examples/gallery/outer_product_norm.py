"""For x ~ N(0, I_p) and any matrix A with p rows: E‖x xᵀ A‖² = (p + 2) ‖A‖², and
E‖(x xᵀ)² A‖² = (p + 2)(p + 4)(p + 6) ‖A‖².

Source: P1; the constant behind the variance of the first gradient.
"""

from __future__ import annotations

import sympy

import sgdmoments as sm


def example():
    """(computed, known), as expressions in the letters A and p: also for the second power of x xᵀ."""
    p = sympy.Symbol("p", integer=True, positive=True)
    x, A = sm.vector("x", p), sm.matrix("A", p, "q")
    outer = x @ x.T
    computed = [sm.expectation(sm.squared_norm(product @ A), {"x": sm.GaussianInit()})
                for product in (outer, outer @ outer)]
    return computed, [(p + 2) * sm.squared_norm(A), (p + 2) * (p + 4) * (p + 6) * sm.squared_norm(A)]


if __name__ == "__main__":
    print("computed: {}\nknown:    {}".format(*example()))
