"""Exact arithmetic of arrays never falls into 64-bit integers."""

import numpy as np
import pytest
import sympy

from sgdmoments.errors import InputError
from sgdmoments.graphs.arithmetic import Integers, Modular
from sgdmoments.graphs.elimination import contract
from sgdmoments.graphs.modular import RandomPoint


def test_a_sum_over_all_axes_stays_a_python_integer():
    total = Integers().sum(np.array([[2**40, 2**41]], dtype=object), (0, 1))
    assert total.dtype == object
    assert total * 2**40 == (2**40 + 2**41) * 2**40


def test_residues_by_hand():
    """Modulo 101: 1/2 = 51, -1 = 100."""
    arithmetic = Modular(101)
    array, scale = arithmetic.letter([["1/2", 2, -1], [103, 0, "-1/2"]], "A")
    assert (array.tolist(), scale) == ([[51, 2, 100], [2, 0, 50]], 1)
    assert array.dtype == np.int64


def test_primes_whose_residues_do_not_fit_are_refused():
    assert Modular(2**31 - 1).prime == 2**31 - 1
    for prime in (1, 0, -7, 2**31, 2**31 + 11, 2**61 - 1):
        with pytest.raises(InputError, match="prime: found"):
            Modular(prime)


def test_an_index_that_an_array_has_twice_is_taken_once():
    """Sums over T_ijj, T_jij and T_jji by loops; the array is not symmetric in any two places."""
    array = np.arange(1, 28, dtype=object).reshape(3, 3, 3) ** 2
    span = range(3)
    for indices, entry in (((0, 1, 1), lambda i, j: array[i, j, j]), ((1, 0, 1), lambda i, j: array[j, i, j]),
                           ((1, 1, 0), lambda i, j: array[j, j, i])):
        found = contract([(array, indices)], (0,), Integers())
        assert found.tolist() == [sum(entry(i, j) for j in span) for i in span]
        both = contract([(array, indices)], (1, 0), Integers())
        assert both.tolist() == [[entry(i, j) for i in span] for j in span]
    assert contract([(array, (0, 0, 0))], (0,), Integers()).tolist() == [array[i, i, i] for i in span]


def test_dimensions_of_a_random_point_are_all_different_and_above_one():
    """So that an index in a wrong place shows."""
    point = RandomPoint()
    assert [point.size(sympy.Symbol(name)) for name in "pqrstp"] == [2, 3, 4, 5, 6, 2]
    assert point.size(7) == 7
