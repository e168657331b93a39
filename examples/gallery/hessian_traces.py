"""The Hessian H of f(x) = (md)^(−1/2) vᵀUx, a two-layer linear network with m hidden units, by its weights:

    Tr H² = 2‖x‖²/d,    Tr H⁴ = 2‖x‖⁴/(m d²),

so that ‖H‖ falls like m^(−1/2): transition to linearity. H has blocks 0, B, Bᵀ, 0 with B = ∂²f/∂v∂U, found here by
deleting edges.

Source: 003. Computed without the factor (md)^(−1/2).
"""

from __future__ import annotations

import sympy

from sgdmoments import matrix, vector
from sgdmoments.graphs.join import inner_product, join_open, renumber_open, squared_norm
from sgdmoments.rules.gradient import differentiate


def example():
    """(computed, known): md Tr H² and (md)² Tr H⁴."""
    m, d = sympy.symbols("m d", integer=True, positive=True)
    U, v, x = matrix("U", m, d), vector("v", m), vector("x", d)
    (by_u,), (by_v,) = U.array.labels, v.array.labels
    block = differentiate(differentiate(v.T @ U @ x, by_v, (0,)), by_u, (1, 2))  # B: open ends v; row, column of U
    copy = renumber_open(block, {0: 3, 1: 4, 2: 5})
    gram = renumber_open(join_open(block * copy, [(1, 4), (2, 5)]), {3: 1})  # B Bᵀ
    computed = [2 * squared_norm(block), 2 * inner_product(gram, gram)]
    square = x.T @ x
    return computed, [2 * m * square, 2 * m * square**2]


if __name__ == "__main__":
    print("computed: {}\nknown:    {}".format(*example()))
