"""What is read as a number, by hand."""

from fractions import Fraction as F

import flint
import mpmath
import numpy as np
import pytest
import sympy

from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import to_exact, to_exact_array, to_fraction
from sgdmoments.exact.ring import Ring


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


@pytest.mark.parametrize(("value", "exact"), [
    (sympy.Rational(2, 3), F(2, 3)), (flint.fmpq(-5, 7), F(-5, 7)), (flint.fmpz(12), 12), (sympy.Integer(4), 4)])
def test_quotients_of_other_libraries(value, exact):
    assert to_fraction(value) == exact


def test_elements_of_a_ring_are_read_as_what_they_write():
    x = sympy.Symbol("x")
    assert to_exact(Ring((x,)).generator(x) / 2 + 1) == x / 2 + 1


@pytest.mark.parametrize("value", [-sympy.oo, sympy.Symbol("x") - sympy.oo, sympy.zoo, sympy.I * 2])
def test_expressions_that_are_not_finite_and_real_are_refused(value):
    with pytest.raises(InputError, match="is not a finite real polynomial expression"):
        to_exact(value)


def test_the_place_of_a_bad_entry_is_named():
    with pytest.raises(InputError, match=r"^X\[1, 0\]: cannot read the text 'three'"):
        to_exact_array([[1, 2], ["three", 4]], "X")
    with pytest.raises(InputError, match=r"^y\[2\]: found nan"):
        to_exact_array([1.0, 2.0, float("nan")], "y")
    with pytest.raises(InputError, match=r"^c: cannot read the text 'x'"):
        to_exact_array("x", "c")
    masked = np.ma.array([[1, 2], [3, 4]], mask=[[False, True], [False, False]])
    with pytest.raises(InputError, match=r"^X\[0, 1\]: the entry is masked"):
        to_exact_array(masked, "X")
    assert to_exact_array(np.ma.array([1, 2]), "X").tolist() == [1, 2]
