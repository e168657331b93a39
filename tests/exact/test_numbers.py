"""What is read as a number, by hand."""

from fractions import Fraction as F

import mpmath
import pytest
import sympy

from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import to_exact, to_fraction


@pytest.mark.parametrize(("value", "exact"), [
    (sympy.Float("0.5"), F(1, 2)), (sympy.Float("-0.75"), F(-3, 4)), (sympy.Float("0"), 0), (sympy.Float("3072"), 3072),
    (sympy.Float(2) ** 100, 2**100), (mpmath.mpf("-1.25"), F(-5, 4)), (mpmath.mpf(0), 0), (mpmath.mpf(2) ** -70,
                                                                                        F(1, 2**70)),
    (sympy.Float("0.1", 50), F(sympy.Float("0.1", 50)._mpf_[1], 2 ** -sympy.Float("0.1", 50)._mpf_[2]))])
def test_floats_of_other_libraries_have_their_exact_binary_value(value, exact):
    assert to_fraction(value) == exact


def test_floats_inside_an_expression_have_it_too():
    x = sympy.Symbol("x")
    assert to_exact(sympy.Float("0.5") * x - sympy.Float("0.25")) == x / 2 - sympy.Rational(1, 4)


@pytest.mark.parametrize("value", [mpmath.mpf("inf"), mpmath.mpf("-inf"), mpmath.mpf("nan"), sympy.oo, sympy.nan,
                                   float("nan"), float("inf")])
def test_what_is_not_finite_is_refused(value):
    with pytest.raises(InputError, match=r"^here: "):
        to_fraction(value, "here")


@pytest.mark.parametrize("value", [None, object(), {}, 1j, b"1", {1}])
def test_what_is_no_number_is_refused_with_what_would_be_one(value):
    with pytest.raises(InputError, match=r"^here: cannot read .* as an exact number; use an int, Fraction, float, "
                                         r"decimal string, or sympy expression\.$"):
        to_fraction(value, "here")


def test_floats_beyond_any_size_are_refused():
    for exponent in (500_000, -500_000):
        with pytest.raises(InputError, match=r"beyond 2\^400,000"):
            to_fraction(mpmath.mpf(2) ** exponent)
