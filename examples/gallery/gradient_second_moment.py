"""N = E‖∇f_i‖² at initialisation: linear networks of widths K_0, …, K_L = 1, all entries of weights, teacher and data
N(0, 1), f_i = ½ (W x_i − W* x_i)²:

    N = L K_0 (K_0 + 2) [ Π_{l<L} K_l (K_l + 2) + Π_{l<L} K_l² ]    (l = 1, …, L − 1).

It is the second moment of the gradient of one sample, b = 1.

Source: 002, Theorem 8.
"""

from __future__ import annotations

from math import prod

import sympy

import sgdmoments as sm


def example():
    """(computed, known) for L = 2, 3, 4 and 5, as factored polynomials in the widths."""
    computed, known = [], []
    for depth in (2, 3, 4, 5):
        widths = sympy.symbols(f"K0:{depth}", integer=True, positive=True)
        net = sm.Network((*widths, 1))
        names = [q.name for q in (*net.parameters, *net.constants)]
        sgd = sm.SGD(net, initial=dict.fromkeys(names, sm.GaussianInit()))
        computed.append(sympy.factor(sum(sgd.second_moment(sm.gradient(0)).coefficients)))
        d, *hidden = widths
        sums = prod(k * (k + 2) for k in hidden) + prod(k**2 for k in hidden)
        known.append(sympy.factor(depth * d * (d + 2) * sums))
    return computed, known


if __name__ == "__main__":
    print("computed: {}\nknown:    {}".format(*example()))
