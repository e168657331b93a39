"""How the ratio of expectations ρ = N/C falls with depth at a fixed number of weights: about 16,000 weights, d = 100
inputs, one output, hidden layers of equal width K: 88.3 with one hidden layer, 49.1 with three.

Source: 002, Figure 2(a) at initialisation.
"""

from __future__ import annotations

import sgdmoments as sm


def width(hidden, weights=16_000, d=100):
    """The K for which K (d + 1) + (hidden − 1) K² is nearest to the number of weights."""
    return min(range(1, weights), key=lambda K: abs(K * (d + 1) + (hidden - 1) * K**2 - weights))


def ratio(hidden):
    """N/C at that width."""
    K = width(hidden)
    net = sm.Network((100, *[K] * hidden, 1))
    names = [q.name for q in (*net.parameters, *net.constants)]
    sgd = sm.SGD(net, initial=dict.fromkeys(names, sm.GaussianInit()))
    moment = sgd.second_moment(sm.gradient(0), route="symbolic")
    return float(sum(moment.coefficients) / moment.coefficients[0])


def example():
    """(computed, known), to one decimal."""
    return [round(ratio(hidden), 1) for hidden in (1, 3)], [88.3, 49.1]


if __name__ == "__main__":
    print("computed: {}\nknown:    {}".format(*example()))
