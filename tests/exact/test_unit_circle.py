"""Roots inside the unit circle: products of known factors, and NumPy's roots away from the circle."""

import random

import flint
import numpy as np

from sgdmoments.exact.unit_circle import strictly_inside


def test_random_polynomials_against_numpy():
    draw = random.Random(1)
    for _ in range(1500):
        coefficients = [draw.randint(-9, 9) for _ in range(draw.randint(1, 12))]
        coefficients.append(draw.choice([-1, 1]) * draw.randint(1, 20))
        radius = max(abs(np.roots(coefficients[::-1])), default=0)
        if abs(radius - 1) > 1e-3:
            assert strictly_inside(flint.fmpq_poly(coefficients)) == (radius < 1)


def test_on_the_circle_and_next_to_it():
    """Degree above 8 goes through balls first, which cannot decide a root on the circle."""
    inside = flint.fmpq_poly([1])
    for k in range(2, 12):
        inside *= flint.fmpq_poly([-1, k])
    assert strictly_inside(inside)
    for on_circle in ([-1, 1], [1, 1], [1, 0, 1], [5, -6, 5]):
        assert not strictly_inside(inside * flint.fmpq_poly(on_circle))
    near = 2**2000
    assert strictly_inside(inside * flint.fmpq_poly([1 - near, near]))
    assert not strictly_inside(inside * flint.fmpq_poly([1 + near, near]))
    assert strictly_inside(flint.fmpq_poly([3]))
