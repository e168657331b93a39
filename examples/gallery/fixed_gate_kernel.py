"""A masked deep linear network: Wⁱ = B D_L W_L ⋯ D_1 W_1 D_0 C for example i, with 0/1 masks D fixed, entries N(0, 2/m)
(N(0, 2/d_x) in C, N(0, 2/d_y) in B), W_1, …, W_L trained. With I_l the units active for both examples in layer l,

    E K(x_i, x_j) per output = L · 4/(d_x d_y) · (x_i·x_j) |I_0| |I_L| Π_{l=1}^{L−1} (2|I_l|/m),
    E‖Wⁱxᵢ‖² = 4/d_x · |I_0| Π_{l=1}^{L} (2|I_l|/m)    at ‖xᵢ‖ = 1.

Source: 004. Computed for L = 2 and 3 with variances s_C, s_B, s as letters, and for any masks (|I_l| is the inner
product of the two masks' diagonals); K is summed over the d_y outputs.
"""

from __future__ import annotations

from functools import reduce

import sympy

import sgdmoments as sm
from sgdmoments import diagonal, matrix, squared_norm, vector
from sgdmoments.graphs.join import inner_product
from sgdmoments.rules.gradient import differentiate

m, dx, dy = sympy.symbols("m d_x d_y", integer=True, positive=True)
S, S_B, S_C = sympy.symbols("s s_B s_C")


def network(depth):
    """B, C and W_1, …, W_L."""
    return matrix("B", dy, m), matrix("C", m, dx), [matrix(f"W{k}", m, m) for k in range(1, depth + 1)]


def masks(example, depth):
    """The diagonals of D_0, …, D_L for an example."""
    return [vector(f"{example}{k}", m) for k in range(depth + 1)]


def output(depth, example):
    """Wⁱ xᵢ."""
    B, C, weights = network(depth)
    first, *rest = masks(example, depth)
    hidden = diagonal(first) @ C @ vector(f"x_{example}", dx)
    return B @ reduce(lambda h, layer: diagonal(layer[1]) @ layer[0] @ h, zip(weights, rest, strict=True), hidden)


def example():
    """(computed, known): d_y times the kernel and the mean square of the output, for L = 2 and 3."""
    computed, known = [], []
    for depth in (2, 3):
        _, _, weights = network(depth)
        variances = {"B": S_B, "C": S_C, **{f"W{k}": S for k in range(1, depth + 1)}}
        laws = {name: sm.GaussianInit(variance) for name, variance in variances.items()}
        at = {e: output(depth, e) for e in "ij"}
        kernel = sum(inner_product(*(differentiate(at[e].array, label, (1, 2)) for e in "ij"))
                     for w in weights for label in w.array.labels)
        computed += [sm.expectation(kernel, laws), sm.expectation(squared_norm(at["i"]), laws)]
        overlaps = [a.T @ b for a, b in zip(masks("i", depth), masks("j", depth), strict=True)]
        own = [a.T @ a for a in masks("i", depth)]
        x_i, x_j = vector("x_i", dx), vector("x_j", dx)
        known += [depth * dy * S_B * S_C * S ** (depth - 1) * (x_i.T @ x_j) * reduce(lambda a, b: a * b, overlaps),
                  dy * S_B * S_C * S**depth * (x_i.T @ x_i) * reduce(lambda a, b: a * b, own)]
    return computed, known


if __name__ == "__main__":
    print("computed: {}\nknown:    {}".format(*example()))
