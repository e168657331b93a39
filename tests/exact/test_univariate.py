"""Products and changes of basis of rational polynomials, against Horner's scheme in Fractions; packed integers."""

from fractions import Fraction

import flint
from hypothesis import given
from hypothesis import strategies as st

from sgdmoments.exact.backends.flint import pack, unpack
from sgdmoments.exact.univariate import compose_linear, product

rationals = st.fractions(min_value=-9, max_value=9, max_denominator=12)
polynomials = st.lists(rationals, min_size=1, max_size=6)


def value(coefficients, x):
    total = Fraction(0)
    for c in reversed(coefficients):
        total = total * x + c
    return total


@given(polynomials, polynomials, rationals)
def test_a_product_has_the_product_of_the_values(a, b, x):
    found = product(a, b)
    assert len(found) == len(a) + len(b) - 1
    assert value(found, x) == value(a, x) * value(b, x)


@given(polynomials, rationals, rationals, rationals)
def test_a_composition_has_the_values_at_the_line(a, constant, slope, x):
    found = compose_linear(a, constant, slope)
    assert len(found) == len(a)
    assert value(found, x) == value(a, constant + slope * x)


@given(st.lists(st.integers(-127, 127), min_size=1, max_size=9))
def test_packed_polynomials_come_back(coefficients):
    polynomial = flint.fmpz_poly(coefficients)
    packed = pack(polynomial, 8)
    assert packed == sum(c * 2 ** (8 * k) for k, c in enumerate(coefficients))
    assert unpack(packed, 8) == polynomial
