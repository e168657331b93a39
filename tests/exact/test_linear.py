"""Fraction-free linear algebra against sympy's."""

import random
import time
from collections.abc import Callable
from typing import Any

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from sgdmoments import AssumptionError, Budget, BudgetExceeded
from sgdmoments.budget import Monitor
from sgdmoments.exact import linear
from sgdmoments.exact.ring import Ring

a, c, x = sympy.symbols("a c x")
RING = Ring((a, c))
ENTRIES = st.sampled_from((0, 0, 1, -2, sympy.Rational(1, 3), a, c, a * c - 1, a + 2 * c, c**2))


@st.composite
def matrices(draw, columns=0):
    size = draw(st.integers(1, 4))
    return [[draw(ENTRIES) for _ in range(size + columns)] for _ in range(size)]


@given(matrices())
def test_determinant_and_characteristic_polynomial(rows):
    expected = sympy.Matrix(rows)
    lifted = linear.matrix(RING, rows)
    assert linear.determinant(lifted) == sympy.expand(expected.det())
    coefficients = linear.characteristic_polynomial(lifted)
    found = sum(k.to_sympy() * x**i for i, k in enumerate(coefficients))
    assert sympy.expand(found - (x * sympy.eye(len(rows)) - expected).det()) == 0


@given(matrices(columns=1))
def test_solve(rows):
    left, right = [row[:-1] for row in rows], [row[-1] for row in rows]
    lifted = linear.matrix(RING, left)
    if not linear.determinant(lifted):
        with pytest.raises(AssumptionError, match="determinant is zero"):
            linear.solve(lifted, list(map(RING, right)))
        return
    found = linear.solve(lifted, list(map(RING, right)))
    for row, value in zip(left, right, strict=True):
        assert sum(RING(entry) * f for entry, f in zip(row, found, strict=True)) == value


@given(matrices(), st.integers(0, 5))
def test_power(rows, exponent):
    expected = (sympy.Matrix(rows) ** exponent).expand()
    found = linear.power(linear.matrix(RING, rows), exponent)
    assert all(entry == expected[i, j] for i, row in enumerate(found) for j, entry in enumerate(row))


def test_irreducible_blocks_of_a_hidden_triangular_form():
    rows = [[a, 0, 1, 0], [2, 1, 0, c], [0, 0, 3, 0], [0, a, c, 1]]
    assert linear.irreducible_blocks(linear.matrix(RING, rows)) == ((0,), (1, 3), (2,))


@pytest.mark.parametrize("work", [linear.determinant, linear.characteristic_polynomial,
                                  lambda m: linear.power(m, 60), lambda m: linear.solve(m, m[0])])
def test_linear_algebra_keeps_the_budget(work: Callable[[Any], object]) -> None:
    rng = random.Random(1)
    entries = linear.matrix(RING, [[rng.randint(1, 9) * a + rng.randint(1, 9) * c + rng.randint(1, 9)
                                    for _ in range(40)] for _ in range(40)])
    start = time.process_time()
    with pytest.raises(BudgetExceeded), Monitor(Budget(seconds=0.1)):
        work(entries)
    assert time.process_time() - start < 1
