"""The gradient of a batch drawn with replacement, for any model: with ḡ = ∇L and S = Σ‖∇f_i‖²,

    E‖g_b‖² = ‖ḡ‖² + (1/b)(S/n − ‖ḡ‖²),

here for a two-layer network with a quadratic activation on listed data.

Source: 002, Lemma 1 (there for sums over the batch).
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

import sgdmoments as sm

POINTS, TARGETS = np.array([[1, 2], [0, 1], [3, -1]]), np.array([1, 0, 2])
W1, W2 = np.array([[1, 0], [-1, 2], [1, 1]]), np.array([[2, 1, -1]])


def gradients():
    """∇f_i by hand: f = W₂σ(W₁x), σ(z) = z + z²/2."""
    for x, y in zip(POINTS, TARGETS, strict=True):
        z = (W1 @ x).astype(object)
        hidden, slope = z + z**2 * Fraction(1, 2), 1 + z
        error = (W2 @ hidden)[0] - y
        yield np.concatenate([np.outer(W2[0] * slope, x).ravel() * error, hidden * error])


def example():
    """(computed, known): the coefficients of 1 and 1/b."""
    net = sm.Network((2, 3, 1), activation=(0, 1, "1/2"), data=sm.Empirical(POINTS), targets=TARGETS)
    sgd = sm.SGD(net, initial={"W1": W1, "W2": W2}, sampling="with_replacement")
    computed = sgd.second_moment(sm.gradient(0)).coefficients
    each = list(gradients())
    full = sum(each) * Fraction(1, len(each))
    mean_square = sum((g**2).sum() for g in each) * Fraction(1, len(each))
    return computed, ((full**2).sum(), mean_square - (full**2).sum())


if __name__ == "__main__":
    print("computed: {}\nknown:    {}".format(*example()))
