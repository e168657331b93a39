"""Polynomials as text and LaTeX."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

import sgdmoments as sm
from sgdmoments import BatchPolynomial
from sgdmoments.show.latex import batch_polynomial_latex
from sgdmoments.show.numbers import is_short, mantissa_exponent, number_latex, number_text, to_decimal
from sgdmoments.show.text import batch_polynomial_text

LONG = Fraction(10**5000 + 1, 7**9000)


@given(st.fractions(), st.integers(1, 17))
def test_rounding_is_within_half_a_unit(value: Fraction, digits: int) -> None:
    rounded = Fraction(to_decimal(value, digits))
    assert 2 * abs(rounded - value) * 10 ** (digits - 1) <= abs(value) * (1 + Fraction(1, 10**12))


def test_numbers_beyond_doubles_and_beyond_python_s_printing_limit() -> None:
    mantissa, exponent = number_text(LONG).split("e")
    assert math.log10(float(mantissa)) + int(exponent) == pytest.approx(5000 - 9000 * math.log10(7), abs=1e-5)
    assert number_text(Fraction(7, 3) * 10**400) == "2.33333e+400"
    assert number_text(Fraction(-1, 3 * 10**400)) == "-3.33333e-401"
    assert number_latex(Fraction(7, 3) * 10**400) == "2.33333 \\cdot 10^{400}"


@pytest.mark.parametrize(("value", "text"), [
    (Fraction(0), "0"), (Fraction(-3), "-3"), (Fraction(1, 3), "1/3"), (0.1, "0.1"), (123456.7, "123457"),
    (1234567.0, "1.23457e+06"), (1e-5, "1e-05"), (float("nan"), "nan"), (float("inf"), "inf"),
    (Fraction(123456789, 1000000007), "0.123457"),
])
def test_number_text(value: Fraction | float, text: str) -> None:
    assert number_text(value) == text


def test_short_means_digits_of_numerator_and_denominator_together() -> None:
    assert is_short(Fraction(10**17))
    assert not is_short(Fraction(10**18))
    assert is_short(Fraction(10**8, 3**17))
    assert not is_short(LONG)
    assert mantissa_exponent(0.0) == ("0", None)


@pytest.mark.parametrize(("coefficients", "text", "latex"), [
    ((0,), "0", "0"),
    ((0, -1), "-1/b", r"-\frac{1}{b}"),
    ((1, 0, "-2/3"), "1 - (2/3)/b^2", r"1 - \frac{2}{3 b^{2}}"),
    ((0.5, -2e-9), "≈ 0.5 - 2e-09/b", r"\approx 0.5 - \frac{2 \cdot 10^{-9}}{b}"),
])
def test_rational_and_float_coefficients(coefficients: tuple[object, ...], text: str, latex: str) -> None:
    polynomial = BatchPolynomial(coefficients)
    assert str(polynomial) == text
    assert polynomial.latex() == latex


def test_long_coefficients_are_rounded_and_marked() -> None:
    polynomial = BatchPolynomial((Fraction(1, 2), LONG))
    assert str(polynomial).startswith("≈ 1/2 + ")
    assert len(str(polynomial)) < 40
    assert polynomial.latex().startswith(r"\approx \frac{1}{2} + \frac{")


def test_truncated_polynomials_say_so() -> None:
    assert str(BatchPolynomial((0, 2), truncated=1)) == "2/b + O(1/b^2)"
    assert BatchPolynomial((0,), truncated=0).latex() == r"O\!\left(\frac{1}{b}\right)"


def test_symbols_are_factored() -> None:
    a, x = sympy.symbols("alpha x")
    polynomial = BatchPolynomial((a**2 + a * x, -a * x / 2))
    assert str(polynomial) == "alpha*(alpha + x) - (alpha*x/2)/b"
    assert polynomial.latex() == r"\alpha \left(\alpha + x\right) - \frac{\alpha x}{2 b}"


def test_a_letter_b_of_the_user_is_not_the_batch_size() -> None:
    polynomial = BatchPolynomial((sympy.Symbol("b"), 1))
    assert str(polynomial) == "b + 1/batch"
    assert polynomial.latex() == r"b + \frac{1}{\mathrm{batch}}"


@given(st.lists(st.fractions(max_denominator=99, min_value=-99, max_value=99), min_size=1, max_size=4))
def test_short_text_can_be_read_back(coefficients: list[Fraction]) -> None:
    polynomial = BatchPolynomial(tuple(coefficients))
    b = sympy.Symbol("b")
    expected = sum((sympy.Rational(c.numerator, c.denominator) / b**k for k, c in enumerate(polynomial.coefficients)),
                   sympy.Integer(0))
    text = str(polynomial).replace("^", "**")
    assert sympy.expand(sympy.sympify(text, rational=True) - expected) == 0


def test_graph_expressions() -> None:
    polynomial = sm.SGD(sm.Network(("p", "p1", "p2"))).variance(sm.gradient(1, layer=1), learning_rate_order=1)
    whole, cut = batch_polynomial_text(polynomial), batch_polynomial_text(polynomial, limit=1)
    assert whole.endswith("; R = W2 W1 - W2* W1*")
    assert whole.count("alpha") == 3
    assert "(3 more terms)" in cut
    assert batch_polynomial_latex(polynomial).endswith(r",\quad R = W_{2} W_{1} - W_{2}^{*} W_{1}^{*}")
