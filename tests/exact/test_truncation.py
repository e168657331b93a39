"""Truncated answers say so where their last term is not small; what they know of the next one."""

import warnings
from fractions import Fraction as F

import pytest
import sympy

import sgdmoments as sm

WEIGHTS = {"W1": [[1]], "W2": [[1]], "W1*": [[1]], "W2*": [[2]]}


def run(rate="1/10", weights=WEIGHTS):
    return sm.SGD(sm.Network((1, 1, 1)), rate, weights)


def silent(call):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return call()


def test_the_last_kept_term_is_compared_with_the_sum():
    p = sm.BatchPolynomial((0, 10, 1), truncated=2)
    with pytest.warns(sm.TruncationWarning, match="1/b to order 2 was evaluated at b = 1,"):
        sm.BatchPolynomial((0, 8, 1), truncated=2)(1)  # 1/9 of the sum
    assert silent(lambda: p(1)) == 11  # 1/11 of the sum
    assert silent(lambda: p(float("inf"))) == 0
    with pytest.warns(sm.TruncationWarning):
        sm.BatchPolynomial((0, 1, -1), truncated=2)([5, 1])
    assert silent(lambda: sm.BatchPolynomial((0, 1, -1))(1)) == 0  # whole


def test_each_evaluation_says_so():
    p = sm.BatchPolynomial((0, 1), truncated=1)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always", sm.TruncationWarning)
        for _ in range(3):
            p(2)
    assert len(found) == 3
    assert found[0].filename == __file__


def test_the_next_coefficient_is_better_than_the_last():
    p = sm.BatchPolynomial((0, 3), truncated=1, next_coefficient=F(6))
    with pytest.warns(sm.TruncationWarning, match="the first term left out"):
        p(2)
    assert silent(lambda: p(100)) == F(3, 100)
    assert sm.BatchPolynomial.from_json(p.to_json()).next_coefficient == 6


def test_arithmetic_carries_the_next_coefficient():
    p, q = sm.BatchPolynomial((1, 3), truncated=1, next_coefficient=F(6)), sm.BatchPolynomial((2, 5, 7))
    assert (p + q).next_coefficient == 13
    assert (p * q).next_coefficient == 1 * 7 + 3 * 5 + 6 * 2
    assert (-p).next_coefficient == -6
    assert (p * p).next_coefficient == 6 + 9 + 6
    assert (p + sm.BatchPolynomial((0, 1), truncated=1)).next_coefficient is None


@pytest.mark.parametrize("arithmetic", ["exact", "float"])
def test_the_expansion_knows_the_next_coefficient(arithmetic):
    whole = run(1).variance(sm.gradient(1, layer=1))
    series = run(1).variance(sm.gradient(1, layer=1), route="expansion", inverse_batch_order=1, arithmetic=arithmetic)
    assert float(series.next_coefficient) == pytest.approx(float(whole.entries[2]))
    with pytest.warns(sm.TruncationWarning, match="the first term left out"):
        series(1)
    silent(lambda: series(1_000_000))


def test_a_series_in_the_learning_rate():
    whole = run().second_moment(sm.gradient(1, layer=1), route="symbolic")
    series = run().second_moment(sm.gradient(1, layer=1), learning_rate_order=1)
    assert series.last_order is not None
    below = run().second_moment(sm.gradient(1, layer=1), learning_rate_order=0)
    assert sm.BatchPolynomial(series.last_order) == sm.BatchPolynomial((series - below).entries)
    with pytest.warns(sm.TruncationWarning, match="the learning rate to order 1 was evaluated at b = 1,"):
        series(1)
    small = run(F(1, 10**6)).second_moment(sm.gradient(1, layer=1), learning_rate_order=1)
    silent(lambda: small(1))
    assert whole.last_order is None


def test_letters_are_compared_once_they_have_values():
    alpha = sympy.Symbol("alpha")
    series = run(alpha, None).second_moment(sm.gradient(1, layer=1), learning_rate_order=2)
    silent(lambda: series(1))
    silent(lambda: series.evaluate({"alpha": F(1, 10**6), **WEIGHTS})(2))
    with pytest.warns(sm.TruncationWarning, match="evaluated at these values"):
        series.evaluate({"alpha": 3, **WEIGHTS})
    again = sm.BatchPolynomial.from_json(series.to_json())
    assert again == series
    assert again.last_order == series.last_order


def test_the_next_coefficient_is_evaluated_too():
    letter = sympy.Symbol("a")
    p = sm.BatchPolynomial((1, letter), truncated=1, next_coefficient=2 * letter)
    assert p.evaluate({"a": 3}).next_coefficient == 6
    assert p.evaluate({"a": 3}).coefficients == (1, 3)
    assert sm.BatchPolynomial((1, letter), truncated=1).evaluate({"a": 3}).next_coefficient is None


def test_the_shorter_of_two_answers_decides():
    """1 + 2u + 3u^2 with 1 + u + O(u^2): what is known of the sum ends at u, of the product too."""
    whole, short = sm.BatchPolynomial((1, 2, 3)), sm.BatchPolynomial((1, 1), truncated=1)
    for found, coefficients in ((whole + short, (2, 3)), (short + whole, (2, 3)), (whole * short, (1, 3)),
                                (short * whole, (1, 3)), (whole - short, (0, 1)), (short - whole, (0, -1))):
        assert (found.coefficients, found.truncated) == (coefficients, 1)
    shorter = sm.BatchPolynomial((5,), truncated=0)
    assert (short + shorter).truncated == (shorter + short).truncated == (short * shorter).truncated == 0


def test_the_last_order_is_carried_by_a_product():
    """alpha u of order 1 in the rate, times 3."""
    series = sm.BatchPolynomial((1, 2), learning_rate_order=1, last_order=(0, 2))
    assert (series * 3).last_order == (0, 6)
    assert (3 * series).last_order == (0, 6)
    assert (series + series).last_order == (0, 4)


def test_the_warning_says_what_to_ask_for():
    with pytest.warns(sm.TruncationWarning, match=r"Ask for a higher order or for the whole polynomial\.$"):
        sm.BatchPolynomial((1, 100), truncated=1)(1)
