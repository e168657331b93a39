"""The first mini-batch gradient of a two-layer linear network, x ~ N(0, I), error R = W₂W₁ − W₂*W₁*:

    var(g_{0,1}) = (p + 1)/b · ‖W₂ᵀR‖²,    var(g_{0,2}) = (‖R‖² ‖W₁‖² + ‖R W₁ᵀ‖²)/b.

Source: P0, Section 3.2, and P1 (first layer); the second layer by the same pairings.
"""

from __future__ import annotations

import sympy

import sgdmoments as sm
from sgdmoments.graphs.derived import expand_derived


def example():
    """(computed, known): the coefficients of 1, 1/b for both layers, as sums of traces."""
    net = sm.Network(("p", "p1", "p2"))
    sgd = sm.SGD(net)
    computed = []
    for layer in (1, 2):
        constant, slope = sgd.variance(sm.gradient(0, layer=layer)).coefficients
        computed.append((constant, expand_derived(slope)))
    W1, W2 = (sm.weights_matrix(net, 0, layer) for layer in (1, 2))
    R = W2 @ W1 - sm.teacher_matrix(net, 2) @ sm.teacher_matrix(net, 1)
    p = sympy.Symbol("p", integer=True, positive=True)
    known = [(0, (p + 1) * sm.squared_norm(W2.T @ R)),
             (0, sm.squared_norm(R) * sm.squared_norm(W1) + sm.squared_norm(R @ W1.T))]
    return computed, known


if __name__ == "__main__":
    print("computed: {}\nknown:    {}".format(*example()))
