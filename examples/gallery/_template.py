"""One sentence: the setting and the claim, with its formula.

Source: paper, theorem.
"""

from __future__ import annotations

import sgdmoments as sm


def example():
    """(computed, known): E‖g_0‖² of one-dimensional least squares with one data point, x² (xw − y)²."""
    sgd = sm.SGD(sm.LinearRegression([[2]], [3]), learning_rate=1, initial=[5])
    computed = sgd.second_moment(sm.gradient(0)).coefficients
    known = (2**2 * (2 * 5 - 3) ** 2,)
    return computed, known


if __name__ == "__main__":
    print("computed: {}\nknown:    {}".format(*example()))
