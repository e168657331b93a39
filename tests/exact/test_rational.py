"""Rational functions against sympy, and the laws of a field."""

import pickle
from fractions import Fraction as F

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from sgdmoments import InputError
from sgdmoments.exact.rational import RationalFunction
from sgdmoments.exact.ring import Ring, ring_of

x, y = sympy.symbols("x y")
RING = Ring((x, y))

polynomials = st.dictionaries(st.tuples(st.integers(0, 2), st.integers(0, 2)),
                              st.fractions(-3, 3, max_denominator=3), max_size=4).map(RING.from_terms)
functions = st.builds(RationalFunction, polynomials, polynomials.filter(bool))


@given(functions, functions, functions)
def test_field_laws(f, g, h):
    assert (f + g) + h == f + (g + h)
    assert f * (g + h) == f * g + f * h
    assert f - f == 0
    assert hash(f + g) == hash(g + f)
    if g:
        assert (f / g) * g == f
        assert 1 / g == RationalFunction(g.denominator, g.numerator)


@given(functions, functions)
def test_arithmetic_agrees_with_sympy(f, g):
    for result, expected in ((f + g, f.to_sympy() + g.to_sympy()), (f * g, f.to_sympy() * g.to_sympy())):
        assert sympy.cancel(result.to_sympy() - expected) == 0


def test_normal_form_does_not_depend_on_the_ring():
    f = RationalFunction(RING(2 * x - 2 * y), RING(4 * x + 2 * y))
    other = Ring((y, x))
    g = RationalFunction(other(y - x), other(-2 * x - y))
    assert f == g
    assert hash(f) == hash(g)
    assert (f.numerator, f.denominator) == (x - y, 2 * x + y)


def test_reading():
    f = RationalFunction(x**2 - y**2, 2 * x - 2 * y)
    assert f.simplest() == (x + y) / 2
    assert RationalFunction(3 * x, 6 * x).simplest() == F(1, 2)
    g = RationalFunction(x, x - y)
    assert g.evaluate({x: F(1, 2), y: F(1, 3)}) == 3
    assert g.evaluate({x: 0.5, y: 0.25}) == 2.0
    assert g.substitute({y: RationalFunction(1, x)}) == RationalFunction(x**2, x**2 - 1)
    assert g.substitute({y: F(2)}) == RationalFunction(x, x - 2)
    assert g.symbols == {x, y}
    assert str(g) == "x/(x - y)"
    assert "frac" in g.latex()
    assert pickle.loads(pickle.dumps(g)) == g


def test_symbols_of_one_name_stay_apart():
    positive = sympy.Symbol("x", positive=True)
    assert RationalFunction(x, positive) != 1


def test_bad_input():
    with pytest.raises(InputError, match="nonzero denominator"):
        RationalFunction(x, x - x)
    with pytest.raises(InputError, match="pole"):
        RationalFunction(1, x - y).evaluate({x: F(1), y: F(1)})
    with pytest.raises(InputError, match="not a rational number"):
        RationalFunction(1, x).to_fraction()
    with pytest.raises(AttributeError, match="immutable"):
        RationalFunction(1, x).numerator = ring_of([])(1)
