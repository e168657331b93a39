"""Numbers that are moments of a law, and numbers that are not."""

from fractions import Fraction as F

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

import sgdmoments as sm
from sgdmoments.describe.moment_problem import refute, refute_joint

s = sympy.Symbol("s")


@pytest.mark.parametrize("moments", [
    (5,), (0, 0, 0, 0), (1, 1, 1, 1), (0, 1, 5), (0, 1, 0, 1), (0, 1, 0, 1, 0, 1, 0, 1),
    (0, 1, 1, 2), (0, 1, 1, 2, 3),  # mean 0, variance 1 on two points with x^2 = 1 + x
    (0, 1, 0, 3, 0, 15), (0, 1, 0, 3, 0, 9, 0, 27),  # 0 and +-sqrt(3), of probabilities 2/3, 1/6, 1/6
    (0, 1, 0, 3, 0, 9, 0), (0, 1, 0, 3, 7), (1, 2, 6, 24, 120, 720),
    (s, s**2, 0), (0, s, 0, 3), (0, s, 0, s)])
def test_moments_of_a_law(moments):
    assert refute([m if isinstance(m, sympy.Basic) else F(m) for m in moments]) == ""
    assert sm.Coordinates(moments).moments == moments


@pytest.mark.parametrize(("moments", "message"), [
    ((5, 1), r"E x\^2 = 1 is below \(E x\)\^2 = 25"),
    ((0, -1), r"E x\^2 = -1 is negative"),
    ((0, 0, 1), "law on 1 point, whose moment of order 3 is 0, not 1"),
    ((0, 0, 0, 1), "law on 1 point, whose moment of order 4 is 0, not 1"),
    ((1, 1, 2), "whose moment of order 3 is 1, not 2"),
    ((0, 1, 1, "3/2"), "up to order 4 has a negative determinant"),
    ((0, 1, 1, 2, 4), "law on 2 points, whose moment of order 5 is 3, not 4"),
    ((0, 1, 0, 1, 0, 2), "law on 2 points, whose moment of order 6 is 1, not 2"),
    ((0, 1, 0, 3, 0, 8), "up to order 6 has a negative determinant"),
    ((0, 1, 0, 3, 0, 9, 0, 28), "law on 3 points, whose moment of order 8 is 27, not 28"),
    ((5, 1, s), r"E x\^2 = 1 is below"), ((0, s, 0, -1), r"E x\^4 = -1 is negative"),
    ((0, sympy.Symbol("v", negative=True)), r"E x\^2 = v is negative")])
def test_moments_of_no_law(moments, message):
    for take in (sm.Coordinates, sm.IndependentInit):
        with pytest.raises(sm.InputError, match=f"no law has the moments .*{message}"):
            take(moments)


points = st.lists(st.tuples(st.fractions(-3, 3, max_denominator=4), st.integers(1, 5)), min_size=1, max_size=4,
                  unique_by=lambda p: p[0])


def moments_of(law, count):
    total = sum(weight for _, weight in law)
    return [sum((F(weight, total) * x**k for x, weight in law), F(0)) for k in range(1, count + 1)]


@given(points, st.integers(1, 10))
def test_every_law_on_points_passes(law, count):
    assert refute(moments_of(law, count)) == ""


@given(points, st.integers(0, 3), st.fractions(-2, 2, max_denominator=5).filter(bool))
def test_r_points_fix_what_follows_their_first_2r_moments(law, later, error):
    r = len(law)
    moments = moments_of(law, 2 * r + 1 + later)
    moments[-1] += error
    assert refute(moments) != ""
    moments[-1] -= error
    moments[2 * r - 1] -= abs(error)  # the least moment of even order with the ones before it
    assert refute(moments[:2 * r]) != ""


@given(points, st.fractions(max_denominator=5))
def test_below_that_a_moment_of_odd_order_is_free(law, value):
    moments = moments_of(law, 2 * len(law) - 2)
    assert refute([*moments, value]) == ""


@pytest.mark.parametrize(("moments", "message"), [
    ({(2, 0): 1, (1, 1): 2, (0, 2): 1}, "products of x1, x2 is not positive semidefinite"),
    ({(2, 0): 1, (1, 0): 2}, "products of x1 is not positive semidefinite"),
    ({(0, 2): -1}, r"the moment \(0, 2\) is a mean of squares"),
    ({(2, 0): 0, (1, 1): 1}, "has mean square 0, so its product with x2 has mean 0"),
    ({(4, 0): 3, (2, 2): 1, (0, 4): "1/4"}, "products of x1.2, x2.2 is not positive semidefinite"),
    ({(2, 0): 1, (1, 1): 1, (0, 2): 1, (3, 0): 1, (2, 1): 2}, "has mean square 0"),  # x = y, E x^3 = E x^2 y
    ({(0, 0): 2}, "the moment of order 0 is 1, not 2")])
def test_joint_moments_of_no_law(moments, message):
    with pytest.raises(sm.InputError, match=message):
        sm.MomentRegression(moments)


@given(st.lists(st.tuples(st.fractions(-2, 2, max_denominator=3), st.fractions(-2, 2, max_denominator=3)), min_size=1,
                max_size=4), st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12))
def test_joint_moments_of_every_law_on_points_pass(law, known):
    assert refute_joint({(i, j): sum((x**i * y**j for x, y in law), F(0)) / len(law) for i, j in known}) == ""


def test_letters_are_left_alone():
    assert sm.MomentRegression({(2, 0): s, (1, 1): 5, (0, 2): 1}).law.known[1, 1] == 5
