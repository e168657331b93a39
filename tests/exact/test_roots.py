"""Certified signs and thresholds against brute sampling, and certificates that must fail."""

from dataclasses import replace
from fractions import Fraction as F

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgdmoments.errors import CertificateError, NeverDecreases
from sgdmoments.exact.roots import (
    Certificate,
    _least_batch_size,
    bernstein,
    decreasing_from,
    evaluate,
    nonnegativity,
    verify,
    verify_decreasing,
)

coefficients = st.lists(st.fractions(min_value=-9, max_value=9, max_denominator=5), min_size=1, max_size=7).map(tuple)


@given(coefficients)
@settings(deadline=None)
def test_threshold_is_proved_and_least(polynomial):
    slope = [k * c for k, c in enumerate(polynomial)][1:]
    first = next((c for c in slope if c), F(0))
    if first < 0:
        with pytest.raises(NeverDecreases, match="no b_0 exists"):
            decreasing_from(polynomial)
        return
    certificate = decreasing_from(polynomial)
    verify_decreasing(polynomial, certificate)
    b0 = certificate.batch_size
    assert all(evaluate(slope, F(k, 97 * b0)) >= 0 for k in range(1, 98))
    values = [evaluate(polynomial, F(1, b)) for b in range(b0, b0 + 30)]
    assert values == sorted(values, reverse=True)


@given(coefficients)
@settings(deadline=None)
def test_nonnegativity_decides(polynomial):
    found = nonnegativity(polynomial, F(0), F(1))
    if isinstance(found, F):
        assert 0 <= found <= 1
        assert evaluate(polynomial, found) < 0
    else:
        verify(found)
        assert all(evaluate(polynomial, F(k, 50)) >= 0 for k in range(51))


def test_a_double_root_inside_is_no_change_of_sign():
    # derivative (1 - 3u)^2: touches zero at u = 1/3
    assert decreasing_from((F(0), F(1), F(-3), F(3))).batch_size == 1


def test_a_root_exactly_at_a_batch_size():
    assert decreasing_from((F(0), F(1), F(-1))).batch_size == 2  # derivative 1 - 2u


def test_an_irrational_peak():
    # derivative 1 - 8u^2, zero at u = 0.3535...: 1/3 is on the good side
    certificate = decreasing_from((F(0), F(1), F(0), F(-8, 3)))
    assert certificate.batch_size == 3
    assert certificate.witness is not None


def test_a_constant_never_increases():
    assert decreasing_from((F(5),)).batch_size == 1


def test_bernstein_coefficients_enclose():
    polynomial = (F(1), F(-3), F(2), F(5))
    low, high = min(bernstein(polynomial, F(0), F(2))), max(bernstein(polynomial, F(0), F(2)))
    assert all(low <= evaluate(polynomial, F(k, 20)) <= high for k in range(41))


@pytest.mark.parametrize(("change", "message"), [
    ({"polynomial": (F(1), F(-1), F(1))}, "not the square times the factor"),
    ({"square_root": (F(2),)}, "not the square times the factor"),
    ({"pieces": (F(0), F(1))}, "is negative"),
    ({"pieces": (F(1, 2), F(0))}, "do not form an interval"),
])
def test_false_certificates_are_refused(change, message):
    good = Certificate((F(1), F(-2)), (F(1),), (F(1), F(-2)), (F(0), F(1, 2)))
    verify(good)
    with pytest.raises(CertificateError, match=message):
        verify(replace(good, **change))


def test_false_thresholds_are_refused():
    polynomial = (F(0), F(1), F(-1))
    good = decreasing_from(polynomial)
    with pytest.raises(CertificateError, match="another polynomial"):
        verify_decreasing((F(0), F(2), F(-1)), good)
    with pytest.raises(CertificateError, match="does not cover"):
        verify_decreasing(polynomial, replace(good, batch_size=1, witness=None))
    with pytest.raises(CertificateError, match="too small"):
        verify_decreasing(polynomial, replace(good, witness=F(1, 2)))


@pytest.mark.parametrize("root", [F(3, 10), F(2, 5), F(1, 3), F(1, 2), F(7, 20), F(1), F(99, 100), F(1, 50)])
def test_the_least_batch_size_beside_a_root_by_hand(root):
    """Of root - u: the least b with 1/b <= root, from whatever interval around the root."""
    least = -(-1 // root)
    for left in (F(0), root / 2, root * F(14, 15), root):
        for right in (F(9, 10), F(1), root * F(16, 15), root):
            if left <= root <= right:
                assert _least_batch_size((root, F(-1)), left, right) == least


def test_a_negative_point_is_negative():
    """dp/du = (2/5 - u)(1/2 - u) is negative between its roots and 0 at 1/2: b_0 = 3, and 1/2 is no witness."""
    polynomial = (F(0), F(1, 5), F(-9, 20), F(1, 3))
    certificate = decreasing_from(polynomial)
    assert certificate.batch_size == 3
    assert F(2, 5) < certificate.witness < F(1, 2)
    verify_decreasing(polynomial, certificate)
