"""Least positive roots: products of known factors, and NumPy's roots."""

import random
from fractions import Fraction as F

import flint
import numpy as np
import pytest

from sgdmoments.errors import InputError
from sgdmoments.exact.real_root import RealRoot, least_of, least_positive_root


def test_random_polynomials_against_numpy():
    draw = random.Random(2)
    for _ in range(800):
        coefficients = [draw.randint(-9, 9) for _ in range(draw.randint(1, 7))] + [draw.randint(1, 20)]
        found = least_positive_root(coefficients)
        positive = [r.real for r in np.roots(coefficients[::-1]) if abs(r.imag) < 1e-9 and r.real > 1e-9]
        if len({round(x, 4) for x in positive}) == len(positive) and positive:  # double roots are not for floats
            assert float(found) == pytest.approx(min(positive), rel=1e-6)


def test_double_roots_and_rational_ones():
    square = flint.fmpq_poly([-2, 0, 1]) ** 2 * flint.fmpq_poly([-3, 1])  # (x^2 - 2)^2 (x - 3)
    found = least_positive_root([F(int(c.p), int(c.q)) for c in square.coeffs()])
    assert found.polynomial == (-2, 0, 1)
    assert found.low**2 < 2 < found.high**2
    narrow = found.refine(F(1, 10**40))
    assert narrow.low**2 < 2 < narrow.high**2
    assert narrow.high - narrow.low <= F(1, 10**40)
    assert least_positive_root([0, 0, 2, -7]) == RealRoot((-2, 7), F(2, 7), F(2, 7))
    assert least_positive_root([1, 1]) is None
    assert least_positive_root([3]) is None


def test_roots_of_any_size():
    for scale in (F(10) ** 400, F(1, 10**400)):  # x = scale sqrt(2)
        found = least_positive_root([-2 * scale**2, 0, 1])
        assert found.low < found.high <= found.low * (1 + F(1, 10**12))
        assert found.low**2 < 2 * scale**2 < found.high**2


def test_least_of_several():
    roots = [least_positive_root([-k, 0, 1]) for k in (5, 2, 3, 2)]
    assert least_of(roots).polynomial == (-2, 0, 1)
    assert least_of([]) is None


def test_refusals():
    with pytest.raises(InputError, match="polynomial is zero"):
        least_positive_root([0, 0])
    with pytest.raises(InputError, match="width"):
        least_positive_root([-2, 0, 1]).refine(0)


def test_refining_by_hand():
    """sqrt 2 to 30 digits, and the least root of (x^2 - 2)(x^2 - 3)(x - 3/2)."""
    root = least_positive_root([-2, 0, 1])
    for width in (F(1, 10), F(1, 10**30)):
        found = root.refine(width)
        assert found.low**2 < 2 < found.high**2
        assert found.high - found.low <= max(width, root.high - root.low)
        assert root.low <= found.low < found.high <= root.high
    assert root.refine(F(1, 10**30)).high - root.refine(F(1, 10**30)).low <= F(1, 10**30)
    falling = least_positive_root([2, 0, -1])  # from + to -
    assert falling.refine(F(1, 10**20)).low ** 2 < 2 < falling.refine(F(1, 10**20)).high ** 2
    assert least_positive_root([-9, 6, F(15, 2), -5, F(-3, 2), 1]) == root


def test_roots_far_apart_and_close_together():
    """x^2 - 10^9 x + 1 has its roots near 10^-9 and 10^9; (x^2 - 2)^2 = 10^-20 two near sqrt 2."""
    low = least_positive_root([1, -(10**9), 1])
    assert 0 < low.low < F(1, 10**9) * (1 + F(1, 10**9))
    assert float(low) == pytest.approx(1e-9, rel=1e-9)
    close = least_positive_root([4 - F(1, 10**21), 0, -4, 0, 1])
    assert close.high**2 < 2
    assert (2 - close.low**2) ** 2 > F(1, 10**21) > (2 - close.high**2) ** 2
