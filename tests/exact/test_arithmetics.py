"""The arithmetics of matrices by hand: two rows of powers of v, two matrices, three columns."""

from fractions import Fraction as F

import pytest

from sgdmoments.exact.backends.choose import choose
from sgdmoments.exact.linear import characteristic_polynomial, matrix, power
from sgdmoments.exact.ring import Ring

ROWS = [{0: F(1), 1: F(2)}, {1: F(3), 2: F(1, 2)}]
FIRST, SECOND = {(0, 0): F(1), (0, 2): F(4), (1, 1): F(5), (2, 0): F(2)}, {(0, 1): F(-1), (1, 0): F(3), (1, 1): F(2)}


@pytest.mark.parametrize("name", ["exact", "fractions", "float"])
def test_one_step_by_hand(name):
    """(a + b v)(A + B v) with a = (1, 2, 0), b = (0, 3, 1/2): aA + (aB + bA) v + bB v^2."""
    backend = choose(name, False)
    table = backend.table(ROWS, 3)
    matrices = [backend.matrix(entries, 3, 3) for entries in (FIRST, SECOND)]
    found = backend.step(table, matrices)
    rows = [{j: c for j, c in row.items() if c} for row in backend.rows(found)]
    assert rows == [{0: 1, 1: 10, 2: 4}, {0: 6 + 1, 1: -1 + 4 + 15}, {0: 9, 1: 6}]
    column = {0: F(2), 1: F(-1), 2: F(3)}
    assert list(backend.dot(found, column.__getitem__)) == [2 - 10 + 12, 14 - 18, 18 - 6]
    both = backend.combine([(F(2), matrices[0]), (F(-1), matrices[1])])
    twice = backend.rows(backend.step(table, [both]))
    assert [{j: c for j, c in row.items() if c} for row in twice] == [{0: 2 - 6, 1: 20 + 1 - 4, 2: 8},
                                                                     {0: 2 - 9, 1: 30 - 6}]


def test_powers_and_characteristic_polynomials_by_hand():
    ring = Ring(())
    shear = matrix(ring, [[1, 1], [0, 1]])
    assert power(shear, 5) == matrix(ring, [[1, 5], [0, 1]])
    assert power(shear, 1) == shear
    assert power(matrix(ring, [[2, 1], [1, 3]]), 3) == matrix(ring, [[15, 20], [20, 35]])
    assert characteristic_polynomial(matrix(ring, [[2, 1], [1, 3]])) == (5, -5, 1)
    assert characteristic_polynomial(matrix(ring, [[7]])) == (-7, 1)
