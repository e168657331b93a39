"""Dual numbers against derivatives taken by sympy."""

from fractions import Fraction

import pytest
import sympy

from sgdmoments.testing.dual import Dual

X = sympy.symbols("x0:3")


def programme(x, y, z):
    return (2 - x * y) ** 3 * z + 5 * (x - 3) - (-y) * z**2 + Fraction(1, 2)


@pytest.mark.parametrize("point", [(1, 2, 3), (Fraction(1, 3), Fraction(-5, 2), 7), (0, 0, 0)])
def test_derivatives_match_sympy(point):
    result = programme(*(Dual(Fraction(v), {k: Fraction(1)}) for k, v in enumerate(point)))
    formula = programme(*X).subs(Fraction(1, 2), sympy.Rational(1, 2))
    at = {x: sympy.Rational(Fraction(v).numerator, Fraction(v).denominator) for x, v in zip(X, point, strict=True)}
    assert result.value == Fraction(str(formula.subs(at)))
    assert [result.tangent.get(k, 0) for k in range(3)] == [Fraction(str(formula.diff(x).subs(at))) for x in X]


def test_zeroth_power_and_constants_have_no_derivatives():
    x = Dual(7, {0: 1})
    assert ((x**0).value, dict((x**0).tangent)) == (1, {})
    assert dict((1 - Dual(2)).tangent) == {}
    assert Dual.lift(x) is x


def test_repr_shows_value_and_derivatives():
    assert repr(Dual(3, {0: 1})) == "Dual(3, {0: 1})"
