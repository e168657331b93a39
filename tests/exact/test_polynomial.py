"""BatchPolynomial: arithmetic, bases, evaluation, saving, and what it refuses."""

import pickle
from fractions import Fraction as F

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

import sgdmoments as sm
from sgdmoments.exact.roots import verify_decreasing

rationals = st.fractions(min_value=-9, max_value=9, max_denominator=7)
polynomials = st.lists(rationals, min_size=1, max_size=6).map(lambda c: sm.BatchPolynomial(tuple(c)))


@given(polynomials, polynomials, st.integers(1, 9))
def test_arithmetic_is_pointwise(p, q, b):
    assert (p + q)(b) == p(b) + q(b)
    assert (p - q)(b) == p(b) - q(b)
    assert (p * q)(b) == p(b) * q(b)
    assert (2 * p - 1)(b) == 2 * p(b) - 1


@given(st.lists(rationals, min_size=1, max_size=6), st.integers(2, 9))
def test_the_two_bases_agree(coefficients, n):
    p = sm.BatchPolynomial.from_cb(coefficients, n)
    for b in range(1, n + 1):
        c_b = F(n - b, b * (n - 1))
        assert p(b) == sum(c * c_b**k for k, c in enumerate(coefficients))
    back = p.in_cb()
    assert list(back) == coefficients[:len(back)]
    assert not any(coefficients[len(back):])


@given(polynomials)
def test_saving(p):
    assert sm.BatchPolynomial.from_json(p.to_json()) == p
    assert pickle.loads(pickle.dumps(p)) == p
    assert hash(sm.BatchPolynomial.from_json(p.to_json())) == hash(p)


def test_symbols_survive_saving():
    x = sympy.Symbol("x", positive=True)
    p = sm.BatchPolynomial((0, x**2 + sympy.Rational(1, 3), sympy.Symbol("e")))
    again = sm.BatchPolynomial.from_json(p.to_json())
    assert again == p
    assert again.symbols == {x, sympy.Symbol("e")}


def test_to_sympy_keeps_the_users_b_apart():
    b = sympy.Symbol("b")
    p = sm.BatchPolynomial((0, b))
    assert p.to_sympy().subs(p.batch_size, 5) == b / 5
    with pytest.raises(sm.InputError, match="occurs in the coefficients"):
        p.to_sympy(b)
    assert sm.BatchPolynomial((1, 2)).to_sympy(b) == 1 + 2 / b


def test_evaluate_by_name_and_symbol():
    x, y = sympy.symbols("x y")
    p = sm.BatchPolynomial((x, x * y))
    assert p.evaluate({"x": 2, y: "1/3"}) == sm.BatchPolynomial((2, "2/3"))
    assert p.evaluate({"x": 0.5, "y": 4}).entries == (F(1, 2), 2)
    with pytest.raises(sm.InputError, match="no value given for 'y'"):
        p.evaluate({"x": 1})
    twins = sm.BatchPolynomial((x + sympy.Symbol("x", positive=True),))
    with pytest.raises(sm.InputError, match="two symbols are called 'x'"):
        twins.evaluate({"x": 1})


def test_truncated_polynomials_prove_nothing_about_the_whole():
    p = sm.BatchPolynomial((0, 1), truncated=1)
    with pytest.raises(sm.AssumptionError, match="known to order 1"):
        p.decreasing_from()
    assert (p * p).truncated == 1
    assert p * p == sm.BatchPolynomial((0,), truncated=1)


def test_certificate_of_a_result():
    sgd = sm.SGD(sm.LinearRegression([[1, 2], [3, 1], [0, 2], [1, 1]], [1, 0, 2, 1]), "1/7", [1, 0])
    p = sgd.variance(sm.gradient(3))
    verify_decreasing(p.entries, p.decreasing_certificate())
    assert p.decreasing_from() == 1
    assert p.is_nonnegative_in_cb()


def test_refusals():
    p = sm.BatchPolynomial((0, 1), population=4)
    with pytest.raises(sm.InputError, match="without replacement"):
        p(5)
    with pytest.raises(sm.InputError, match="positive integer"):
        p(0)
    with pytest.raises(sm.InputError, match="do not mix"):
        p + sm.BatchPolynomial((1,), population=5)
    with pytest.raises(sm.AssumptionError, match="c_b belongs to"):
        sm.BatchPolynomial((0, 1)).in_cb()
    with pytest.raises(sm.InputError, match="needs rational coefficients"):
        sm.BatchPolynomial((0, sympy.Symbol("x"))).decreasing_from()
    for text in ("", "{}", '{"format": "other"}', "[1]"):
        with pytest.raises(sm.InputError, match="from_json"):
            sm.BatchPolynomial.from_json(text)


def test_series_in_the_learning_rate_prove_nothing_about_the_whole():
    weights = {"W1": [[1, 2, 3], [0, 1, 1]], "W2": [[1, 1]], "W1*": [[1, 0, 0], [0, 0, 1]], "W2*": [[1, 2]]}
    sgd = sm.SGD(sm.Network((3, 2, 1)), "1/10", weights)
    series = sgd.variance(sm.gradient(1, layer=2), learning_rate_order=1)
    assert series.learning_rate_order == 1
    assert "O(learning rate^2)" in str(series)
    assert sm.BatchPolynomial.from_json(series.to_json()) == series
    assert series != sm.BatchPolynomial(series.entries)
    assert (series + sm.BatchPolynomial((1,))).learning_rate_order == 1
    for p in (series, 2 * series, -series):
        with pytest.raises(sm.AssumptionError, match="series in the learning rate to order 1"):
            p.decreasing_from()
    assert sgd.variance(sm.gradient(0, layer=2), learning_rate_order=1).learning_rate_order is None


def test_repr_of_short_and_long_coefficients():
    p = sm.BatchPolynomial((0, "1/3"), population=4)
    assert repr(p) == "BatchPolynomial((Fraction(0, 1), Fraction(1, 3)), population=4)"
    assert repr(sm.BatchPolynomial((F(1, 3**20_000),))) == "BatchPolynomial(<1 coefficients, 31,701 bits>)"


def test_the_mean_of_a_matrix_is_evaluated_entry_by_entry():
    """E g_0 = W1 - W1* for x ~ N(0, I); with the points (1, 2), (3, 1) it is (W1 - W1*) X'X/2."""
    values = {"W1": [[1, 2], [0, 1]], "W1*": [[1, 0], [2, 1]]}
    points = sm.Empirical([[1, 2], [3, 1]])
    for data, second in ((sm.Gaussian(), [[1, 0], [0, 1]]), (points, [[5, 2.5], [2.5, 2.5]])):
        mean = sm.SGD(sm.Network((2, 2), data=data), "1/10").mean(sm.gradient(0)).evaluate(values)
        expected = (np.array(values["W1"]) - np.array(values["W1*"])) @ np.array(second)
        assert mean.shape == (2, 2)
        assert all(p(1) == F(e) for p, e in zip(mean.flat, expected.flat, strict=True))


def test_a_plot_takes_its_options():
    pytest.importorskip("matplotlib")
    axes = sm.BatchPolynomial((0, 1)).plot(batch_sizes=[1, 2, 4])
    (line,) = axes.lines
    assert line.get_ydata().tolist() == [1, 0.5, 0.25]
