"""Learning rates as text: exact, and never more than arithmetic."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgdmoments.cli.rate import parse_learning_rate
from sgdmoments.errors import InputError


@pytest.mark.parametrize(("text", "values"), [
    ("1/(2*(t+1))", [Fraction(1, 2), Fraction(1, 4), Fraction(1, 6)]),
    ("0.1*0.5**t", [Fraction(1, 10), Fraction(1, 20), Fraction(1, 40)]),
    ("(t+2)**-2 - -1", [Fraction(5, 4), Fraction(10, 9), Fraction(17, 16)]),
])
def test_functions_of_t(text: str, values: list[Fraction]) -> None:
    rate = parse_learning_rate(text)
    assert callable(rate)
    assert [rate(t) for t in range(3)] == values


def test_decimals_are_exact() -> None:
    assert parse_learning_rate("0.1") == Fraction(1, 10)
    assert parse_learning_rate("1e-3, 2.50") == [Fraction(1, 1000), Fraction(5, 2)]


@given(st.fractions(max_denominator=10**6), st.fractions(max_denominator=10**6))
def test_arithmetic_agrees_with_fractions(a: Fraction, b: Fraction) -> None:
    assert parse_learning_rate(f"({a}) + ({b})*3 - ({a})*({b})") == a + 3 * b - a * b


@pytest.mark.parametrize("text", [
    "", "  ", "1 +", "sqrt(t)", "__import__('os').system('true')", "x", "alpha", "True", "1j", "'1'", "[1]", "t[0]",
    "1 if t else 2", "lambda: 1", "1//2", "1^2", "1 % 2", "t,1", "(" * 500, "t := 1", "9**9**9**9", "1e999999999",
])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="learning rate"):
        parse_learning_rate(text)


@pytest.mark.parametrize(("text", "t"), [("1/(t-2)", 2), ("0**-t", 1), ("2**(1/(t+1))", 1), ("2**(10**t)", 9)])
def test_trouble_at_a_step_names_it(text: str, t: int) -> None:
    rate = parse_learning_rate(text)
    assert callable(rate)
    with pytest.raises(InputError, match=f"at t = {t}"):
        rate(t)
