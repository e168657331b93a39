"""Products of bilinear forms in independent x, y ~ N(0, I), by pairings:

    E[xᵀAx · xᵀBx] = tr A tr B + tr AB + tr ABᵀ,
    E[(xᵀAy)² (xᵀBy)²] = ‖A‖²‖B‖² + 2 (tr AᵀB)² + 2 ‖AᵀB‖² + 2 ‖ABᵀ‖² + 2 tr(ABᵀABᵀ).

Source: P0, Lemma A.6; P1, Lemmas 6 and 7.
"""

from __future__ import annotations

import sgdmoments as sm
from sgdmoments import matrix, squared_norm, trace, vector


def example():
    """(computed, known) for both products."""
    x, y = vector("x", 3), vector("y", 4)
    A, B = matrix("A", 3, 3), matrix("B", 3, 3)
    C, D = matrix("C", 3, 4), matrix("D", 3, 4)
    normal = sm.GaussianInit()
    computed = [sm.expectation((x.T @ A @ x) * (x.T @ B @ x), {"x": normal}),
                sm.expectation((x.T @ C @ y) ** 2 * (x.T @ D @ y) ** 2, {"x": normal, "y": normal})]
    known = [trace(A) * trace(B) + trace(A @ B) + trace(A @ B.T),
             squared_norm(C) * squared_norm(D) + 2 * trace(C.T @ D) ** 2 + 2 * squared_norm(C.T @ D)
             + 2 * squared_norm(C @ D.T) + 2 * trace(C @ D.T @ C @ D.T)]
    return computed, known


if __name__ == "__main__":
    print("computed: {}\nknown:    {}".format(*example()))
