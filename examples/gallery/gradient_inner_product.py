"""C = E⟨∇f_i, ∇f_j⟩, i ≠ j, at initialisation; set-up as in `gradient_second_moment.py`:

    L = 2: d K (4K + d + 3)
    L = 3: K₀K₁K₂ (K₀K₁ + 2K₀K₂ + 3K₀ + 6K₁K₂ + 5K₁ + 4K₂ + 9).

E‖g_0‖² = C + (N − C)/b for fresh samples, so C is the constant term of the second moment.

Source: 002, Theorems 6 and 9.
"""

from __future__ import annotations

import sympy

import sgdmoments as sm


def example():
    """(computed, known) for L = 2 and L = 3, as factored polynomials in the widths."""
    computed = []
    for names in (("d", "K"), ("K0", "K1", "K2")):
        net = sm.Network((*names, 1))
        letters = [q.name for q in (*net.parameters, *net.constants)]
        sgd = sm.SGD(net, initial=dict.fromkeys(letters, sm.GaussianInit()))
        computed.append(sympy.factor(sgd.second_moment(sm.gradient(0)).coefficients[0]))
    d, K, K0, K1, K2 = sympy.symbols("d K K0 K1 K2", integer=True, positive=True)
    known = [d * K * (4 * K + d + 3),
             K0 * K1 * K2 * (K0 * K1 + 2 * K0 * K2 + 3 * K0 + 6 * K1 * K2 + 5 * K1 + 4 * K2 + 9)]
    return computed, [sympy.factor(value) for value in known]


if __name__ == "__main__":
    print("computed: {}\nknown:    {}".format(*example()))
