"""The tangent kernel after one step of size η of the quadratic model of a two-layer ReLU network with one example
(x, y), ‖x‖² = d, Gaussian output weights. With r = g − y, λ₁ = λ₀ − (4η/m) r g + (η²/m) r² λ₀, hence

    E λ₁ = 1 − 2η/m + (η²/m)(½ + 5/(2m) + y²).

Source: 003, Chapter 3. What is computed is E g₀² and E[g₀²λ₀] = ½ + 5/(2m) for any ‖x‖², without the factors 1/(md).
"""

from __future__ import annotations

from fractions import Fraction

import sympy
from tangent_kernel_at_start import U, diagonal, kernel, m, mean, s, v, x

import sgdmoments as sm


def example():
    """(computed, known): md E λ₀, md E g₀², (md)² E[g₀² λ₀], and E λ₁ at ‖x‖² = d."""
    output, square = v.T @ diagonal(s) @ U @ x, x.T @ x
    moments = [mean(q, sm.GaussianInit()) for q in (kernel(), output**2, output**2 * kernel())]
    eta, y = sympy.symbols("eta y")

    def normalised(expression, power):  # ‖x‖² = d, divided by (md)^power: ‖x‖² becomes 1/m
        value = sum(c.to_sympy() for _, c in expression.terms())
        return sympy.expand(value / m**power)

    kernel_0, output_2, mixed = (normalised(e, k) for e, k in zip(moments, (1, 1, 2), strict=True))
    after = kernel_0 - 4 * eta / m * output_2 + eta**2 / m * (mixed + y**2 * kernel_0)
    known = [m * square, m * square / 2, (Fraction(1, 2) * m**2 + Fraction(5, 2) * m) * square**2,
             sympy.expand(1 - 2 * eta / m + eta**2 / m * (sympy.Rational(1, 2) + 5 / (2 * m) + y**2))]
    return [*moments, sympy.expand(after)], known


if __name__ == "__main__":
    print("computed: {}\nknown:    {}".format(*example()))
