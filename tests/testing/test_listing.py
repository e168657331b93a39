"""Signed measures with given moments, and degrees read off the model's own arithmetic."""

from fractions import Fraction as F
from itertools import product

import numpy as np
import pytest
import sympy

import sgdmoments as sm
from sgdmoments.testing.listing import Degree, Degrees, degrees, quadrature, support, support_size

LAWS = [
    (sm.Gaussian(), 1), (sm.Gaussian(), 3), (sm.Gaussian([[2, 1], [1, 3]]), 2), (sm.Uniform(F(-1, 2), 3), 2),
    (sm.Coordinates([F((-2) ** k + 2 + 3**k, 6) for k in range(1, 7)]), 2), (sm.Gaussian([[1, 2], [2, 4]]), 2)]


@pytest.mark.parametrize(("law", "size"), LAWS)
@pytest.mark.parametrize("degree", [0, 1, 4, 5])
def test_quadrature_has_every_moment_of_the_law(law, size, degree):
    nodes = quadrature(law, size, degree)
    assert len(nodes) <= support_size(law, size, degree)
    for e in product(range(degree + 1), repeat=size):
        if sum(e) <= degree:
            assert sum(w * np.prod(x ** np.array(e)) for x, w in nodes) == law.moment(e)


def test_laws_of_finite_support_are_listed_as_they_are():
    signs = support(sm.Rademacher(), 3, 0)
    assert len(signs) == support_size(sm.Rademacher(), 3, 0) == 8
    assert {w for _, w in signs} == {F(1, 8)}
    assert len({tuple(x) for x, _ in signs}) == 8
    points = support(sm.Empirical([[1, 2], [1, 2], [3, 4]]), 2, 0)
    assert [(tuple(x), w) for x, w in points] == [((1, 2), F(1, 3)), ((1, 2), F(1, 3)), ((3, 4), F(1, 3))]


@pytest.mark.parametrize(("model", "expected"), [  # of a step in weights, of the loss; by factors of a sample
    (sm.LinearRegression([[1, 2]], [3]), Degrees(1, 2, (2,), (2,))),
    (sm.Network((2, 3)), Degrees(1, 2, (2,), (2,))),
    (sm.Network((2, 3), noise=sm.Gaussian()), Degrees(1, 2, (2, 1), (2, 2))),
    (sm.Network((2, 3, 1)), Degrees(3, 4, (2,), (2,))),
    (sm.Network((2, 3, 1), activation=(1, 0, 5)), Degrees(5, 6, (4,), (4,))),
    (sm.Network((2, 2, 2, 1), activation=(0, sympy.Symbol("s"), 0, 1)), Degrees(25, 26, (18,), (18,))),
])
def test_degrees_of_models(model, expected):
    assert degrees(model) == expected


def test_degree_arithmetic():
    x, zero = Degree(1), Degree(None)
    assert (x * zero).value is None
    assert (zero + x * x * 2 + 1).value == 2
    assert (3 + 0 * x).value == 0
    assert (zero + zero).value is None
