"""The variance of a mini-batch gradient drawn without replacement from n samples, for any model:

    var(g_0) = c_b ((1/n) Σᵢ ‖∇Lᵢ‖² − ‖∇L‖²),    c_b = (n − b)/(b (n − 1)).

Source: P0, Lemma 3.1.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

import sgdmoments as sm

X = np.array([[1, 2], [2, 0], [0, 1], [3, 1], [1, 1]])
Y = np.array([1, 0, 2, 1, 5])
W = np.array([Fraction(1, 2), -1])


def example():
    """(computed, known): the coefficients in powers of c_b."""
    sgd = sm.SGD(sm.LinearRegression(X, Y), learning_rate=1, initial=W)
    computed = sgd.variance(sm.gradient(0)).in_cb()
    gradients = X * (X @ W - Y)[:, None]
    full = gradients.sum(0) / Fraction(len(X))
    known = (Fraction(0), (gradients**2).sum() / Fraction(len(X)) - (full**2).sum())
    return computed, known


if __name__ == "__main__":
    print("computed: {}\nknown:    {}".format(*example()))
