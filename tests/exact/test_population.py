"""Thresholds over the integers 1, ..., n against brute force, and certificates that must fail."""

from dataclasses import replace
from fractions import Fraction as F

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgdmoments.errors import CertificateError, NeverDecreases
from sgdmoments.exact.bernstein import evaluate
from sgdmoments.exact.population import decreasing_in_population
from sgdmoments.exact.roots import verify_decreasing

coefficients = st.lists(st.fractions(min_value=-9, max_value=9, max_denominator=5), min_size=1, max_size=7).map(tuple)


def listed(polynomial, n):
    """The least b_0 by comparing all neighbours; None where the last step increases."""
    values = [evaluate(polynomial, F(1, b)) for b in range(1, n + 1)]
    b0 = n
    while b0 > 1 and values[b0 - 2] >= values[b0 - 1]:
        b0 -= 1
    return None if b0 == n > 1 else b0


@given(coefficients, st.integers(1, 60))
@settings(deadline=None)
def test_threshold_is_the_least_integer(polynomial, n):
    expected = listed(polynomial, n)
    if expected is None:
        with pytest.raises(NeverDecreases, match=f"from b = {n - 1} to b = {n}"):
            decreasing_in_population(polynomial, n)
        return
    certificate = decreasing_in_population(polynomial, n)
    verify_decreasing(polynomial, certificate)
    assert certificate.batch_size == expected


def test_a_dip_between_two_integers_does_not_count():
    # u (u - 1)^2 + ...: p' = (u - 0.6)(u - 0.7), negative between b = 1/0.7 and 1/0.6 only, p(1) > p(1/2)
    polynomial = (F(0), F(42, 100), F(-13, 20), F(1, 3))
    certificate = decreasing_in_population(polynomial, 40)
    verify_decreasing(polynomial, certificate)
    assert certificate.batch_size == 1
    assert certificate.chain == (1, 2, 40)


def test_a_large_population_is_not_listed():
    # u - 1000 u^2: p' = 1 - 2000 u; 1/b + 1/(b + 1) <= 1/1000 first at b = 2000
    certificate = decreasing_in_population((F(0), F(1), F(-1000)), 10**12)
    verify_decreasing((F(0), F(1), F(-1000)), certificate)
    assert certificate.batch_size == 2000
    assert len(certificate.chain) < 100


@pytest.mark.parametrize(("change", "message"), [
    ({"batch_size": 1}, "does not lead"),
    ({"batch_size": 1, "chain": (1, 2, 5)}, "increases from b = 1 to b = 2"),
    ({"batch_size": 1, "chain": (1, 5)}, "is negative"),
    ({"batch_size": 3, "chain": (3, 5)}, "would do as well"),
    ({"batch_size": 5, "chain": (5,)}, "says nothing"),
])
def test_false_certificates_are_refused(change, message):
    polynomial = (F(0), F(1), F(-1))
    good = decreasing_in_population(polynomial, 5)
    verify_decreasing(polynomial, good)
    with pytest.raises(CertificateError, match=message):
        verify_decreasing(polynomial, replace(good, **change))


def test_one_point_and_constants():
    assert decreasing_in_population((F(0), F(-1)), 1).batch_size == 1
    assert decreasing_in_population((F(5),), 7).batch_size == 1
