"""Second moments of single entries of the gradient of a two-layer linear network with one output; all entries of
weights (W), teacher (V) and data (x) are independent with mean zero and moments M_{v,2}, M_{v,4}.
With X₂ = (d − 1) M_{x,2}² + M_{x,4}:

    E(∂f/∂W_{1,pq})² = M_{1,2}((K−1)M_{2,2}² + M_{2,4}) X₂ + K M_{2*,2} M_{1*,2} M_{2,2} X₂
    E(∂f/∂W_{2,q})²  = M_{2,2}[(K−1)d M_{1,2}²(M_{x,4} + (d−1)M_{x,2}²) + d M_{1,4}M_{x,4} + 3d(d−1)M_{1,2}²M_{x,2}²]
                       + K M_{2*,2}M_{1*,2}M_{1,2}[d M_{x,4} + d(d−1)M_{x,2}²]

and, for two different samples,

    layer 1: M_{x,2}²[M_{1,2}((K−1)M_{2,2}² + M_{2,4}) + K M_{2*,2}M_{1*,2}M_{2,2}]
    layer 2: d M_{2,2}M_{x,2}²[(K−1)M_{1,2}² + M_{1,4} + (d−1)M_{1,2}²] + K d M_{2*,2}M_{1*,2}M_{1,2}M_{x,2}².

Source: 002, Lemmas 2 to 5, in corrected form (Lemma 2 prints M_{2*,2}² for M_{2*,2}M_{2,2}; Lemma 3 prints
M_{1,2}²M_{x,4} for M_{1,4}M_{x,4}).
"""

from __future__ import annotations

import sympy

import sgdmoments as sm

d, K = sympy.symbols("d K", integer=True, positive=True)
x2, x4, a2, a4, b2, b4, v2, v4, w2, w4 = sympy.symbols("M_x2 M_x4 M_12 M_14 M_22 M_24 V_12 V_14 V_22 V_24")


def example():
    """(computed, known): the square and the cross term of one entry, for layers 1 and 2."""
    law = {name: sm.IndependentInit((0, second, 0, fourth)) for name, second, fourth in (
        ("W1", a2, a4), ("W2", b2, b4), ("W1*", v2, v4), ("W2*", w2, w4))}
    sgd = sm.SGD(sm.Network((d, K, 1), data=sm.Coordinates((0, x2, 0, x4))), initial=law)
    computed = []
    for layer, entries in ((1, K * d), (2, K)):  # all entries of a layer have the same moments
        cross, rest = sgd.second_moment(sm.gradient(0, layer=layer)).coefficients
        computed.append((sympy.expand((cross + rest) / entries), sympy.expand(cross / entries)))
    X2 = (d - 1) * x2**2 + x4
    squares = (a2 * ((K - 1) * b2**2 + b4) * X2 + K * w2 * v2 * b2 * X2,
               b2 * ((K - 1) * d * a2**2 * (x4 + (d - 1) * x2**2) + d * a4 * x4 + 3 * d * (d - 1) * a2**2 * x2**2)
               + K * w2 * v2 * a2 * (d * x4 + d * (d - 1) * x2**2))
    crosses = (x2**2 * (a2 * ((K - 1) * b2**2 + b4) + K * w2 * v2 * b2),
               d * b2 * x2**2 * ((K - 1) * a2**2 + a4 + (d - 1) * a2**2) + K * d * w2 * v2 * a2 * x2**2)
    known = [(sympy.expand(square), sympy.expand(cross)) for square, cross in zip(squares, crosses, strict=True)]
    return computed, known


if __name__ == "__main__":
    print("computed: {}\nknown:    {}".format(*example()))
