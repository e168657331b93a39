"""A product of traces with stochastic gradients of a two-layer linear network, x ~ N(0, I), and any matrix C. With
M = C W₂ᵀR, R = W₂W₁ − W₂*W₁*, so that tr(C g_{0,1}) = mean over the batch of xᵀMx:

    E[tr(C g_{0,1})²] = (tr M)² + (1/b)(tr M Mᵀ + tr M²),
    E[tr(C g_{0,1}) g_{0,2}] = tr(M) R W₁ᵀ + (1/b) R (M + Mᵀ) W₁ᵀ.

Source: P0, Theorem 3.6 (what it says is that there is such a polynomial, of degree 2).
"""

from __future__ import annotations

import sgdmoments as sm
from sgdmoments.graphs.derived import expand_derived


def example():
    """(computed, known): the coefficients of 1 and 1/b of both; the second is a matrix."""
    net = sm.Network(("p", "p1", "p2"))
    sgd = sm.SGD(net)
    C = sm.matrix("C", "p", "p1")
    g1, g2 = (sm.gradient_matrix(net, 0, layer) for layer in (1, 2))
    scalar = sgd.expectation(sm.trace(C @ g1) ** 2)
    array = sgd.expectation((sm.trace(C @ g1) * g2).array)
    computed = [expand_derived(c) for c in (*scalar.coefficients, *array.coefficients)]
    W1, W2 = (sm.weights_matrix(net, 0, layer) for layer in (1, 2))
    R = W2 @ W1 - sm.teacher_matrix(net, 2) @ sm.teacher_matrix(net, 1)
    M = C @ W2.T @ R
    known = [sm.trace(M) ** 2, sm.trace(M @ M.T) + sm.trace(M @ M),
             (sm.trace(M) * (R @ W1.T)).array, (R @ (M + M.T) @ W1.T).array]
    return computed, known


if __name__ == "__main__":
    print("computed: {}\nknown:    {}".format(*example()))
