"""Exact arithmetic of arrays never falls into 64-bit integers."""

import numpy as np

from sgdmoments.graphs.arithmetic import Integers


def test_a_sum_over_all_axes_stays_a_python_integer():
    total = Integers().sum(np.array([[2**40, 2**41]], dtype=object), (0, 1))
    assert total.dtype == object
    assert total * 2**40 == (2**40 + 2**41) * 2**40
