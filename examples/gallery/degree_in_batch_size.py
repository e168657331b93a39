"""The variance of the stochastic gradient of a two-layer linear network, given the initial weights, is a polynomial in
1/b of degree 3^(t+1) − t − 2 without a constant term, for generic weights.

Source: P0, Theorem 3.9 (which prints the bound 3^(t+1) − 1).
"""

from __future__ import annotations

import sgdmoments as sm


def example():
    """(computed, known): (constant term, degree) for t = 0, 1 and both layers."""
    sgd = sm.SGD(sm.Network(("p", "p1", "p2")))
    computed = []
    for t in (0, 1):
        for layer in (1, 2):
            variance = sgd.variance(sm.gradient(t, layer=layer))
            computed.append((variance.coefficients[0], variance.degree))
    known = [(0, 3 ** (t + 1) - t - 2) for t in (0, 1) for _ in (1, 2)]
    return computed, known


if __name__ == "__main__":
    print("computed: {}\nknown:    {}".format(*example()))
