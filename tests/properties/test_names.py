"""User symbols are letters of their own, whatever they are called and whatever is assumed of them."""

from fractions import Fraction

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

import sgdmoments as sm
from sgdmoments.testing import enumerate_moment, strategies

NAMES = ("e", "n", "t", "b", "I", "pi", "E", "S", "u", "alpha", "x0", "x1", "c_b", "w", "p", "oo", "Q", "gamma",
         "lambda")
ASSUMPTIONS = ({}, {"positive": True}, {"real": True}, {"integer": True}, {"nonzero": True}, {"negative": True})

#: Values that every assumption but its own sign allows: nonzero integers.
values = st.integers(1, 4)


@st.composite
def letters(draw):
    """A symbol and a number that satisfies its assumptions."""
    assumptions = draw(st.sampled_from(ASSUMPTIONS))
    value = draw(values)
    return sympy.Symbol(draw(st.sampled_from(NAMES)), **assumptions), -value if "negative" in assumptions else value


def numbers(array, at):
    return [[at.get(e, e) for e in row] if isinstance(row, list) else at.get(row, row) for row in array]


def assert_symbolic_answer_is_right(X, y, rate, initial, at, quantity, sampling):
    symbolic = sm.SGD(sm.LinearRegression(X, y), rate, initial, sampling)
    given_numbers = sm.SGD(sm.LinearRegression(numbers(X, at), numbers(y, at)), at.get(rate, rate),
                           numbers(initial, at), sampling)
    answer = symbolic.variance(quantity)
    assert answer.evaluate(at) == given_numbers.variance(quantity)
    for b in (1, 2):
        expected = enumerate_moment(given_numbers, quantity, b)
        assert answer.evaluate(at)(b) == expected
        exact = {s: sympy.Rational(str(v)) for s, v in at.items()}
        assert sympy.sympify(answer(b)).xreplace(exact) == sympy.Rational(str(expected))
        formula = answer.to_sympy().xreplace({answer.batch_size: sympy.Integer(b), **exact})
        assert formula == sympy.Rational(str(expected))


@given(st.data())
def test_random_names_and_assumptions(data):
    drawn = [data.draw(letters()) for _ in range(4)]
    at = dict(drawn)
    entries = st.one_of(st.sampled_from(sorted(at, key=str)), st.integers(-2, 2))
    X = [[data.draw(entries) for _ in range(2)] for _ in range(2)]
    y, initial = ([data.draw(entries) for _ in range(2)] for _ in range(2))
    rate = data.draw(st.one_of(st.sampled_from([s for s in at if not s.is_negative] or [1]), st.just(Fraction(1, 3))))
    quantity = data.draw(st.sampled_from([sm.gradient(1), sm.weights(1), sm.full_gradient(1), sm.gradient(0)]))
    assert_symbolic_answer_is_right(X, y, rate, initial, at, quantity, data.draw(strategies.samplings()))


@settings(max_examples=10)
@given(st.permutations(NAMES))
def test_several_different_names_at_once(names):
    s = [sympy.Symbol(name) for name in names[:5]]
    at = {symbol: (-1) ** k * Fraction(k + 1, k % 3 + 1) for k, symbol in enumerate(s)}
    X, y, initial = [[s[0], s[1]], [2, 1]], [s[3], 1], [s[0], s[4]]
    assert_symbolic_answer_is_right(X, y, s[2], initial, at, sm.gradient(1), "without_replacement")


@pytest.mark.parametrize("name", NAMES)
def test_each_name_as_data_target_weight_and_rate(name):
    s = sympy.Symbol(name)
    at = {s: Fraction(3, 2)}
    for X, y, rate, initial in (
        ([[s, 1], [2, 3]], [1, 2], Fraction(1, 2), [1, -1]),
        ([[1, 2], [0, 3]], [s, 2], Fraction(1, 2), [1, -1]),
        ([[1, 2], [0, 3]], [1, 2], s, [1, -1]),
        ([[1, 2], [0, 3]], [1, 2], Fraction(1, 2), [s, -1]),
        ([[s, 1], [s, 3]], [1, s], s, [1, s]),
    ):
        assert_symbolic_answer_is_right(X, y, rate, initial, at, sm.gradient(1), "with_replacement")


def test_equal_names_with_different_assumptions_are_different_letters():
    s, positive, integer = sympy.Symbol("e"), sympy.Symbol("e", positive=True), sympy.Symbol("e", integer=True)
    at = {s: -2, positive: Fraction(1, 2), integer: 3}
    assert_symbolic_answer_is_right([[s, positive], [integer, 1]], [positive, 2], Fraction(1, 4), [integer, s], at,
                                    sm.gradient(1), "without_replacement")


@pytest.mark.parametrize("letter", [sympy.Symbol("alpha"), sympy.Symbol("alpha", positive=True)])
def test_the_default_rate_steps_aside_for_a_user_letter_of_its_name(letter):
    symbolic = sm.SGD(sm.LinearRegression([[letter, 1], [2, 3]], [1, 2]), None, [1, -1])
    rate = symbolic.schedule.constant
    assert rate.name != "alpha"
    plain = sm.SGD(sm.LinearRegression([[5, 1], [2, 3]], [1, 2]), Fraction(1, 7), [1, -1])
    answer = symbolic.variance(sm.gradient(1))
    for values_by in ({letter: 5, rate: Fraction(1, 7)}, {"alpha": 5, rate.name: Fraction(1, 7)}):
        assert answer.evaluate(values_by) == plain.variance(sm.gradient(1))


@pytest.mark.parametrize("name", ["v", "w", "w_1", "w_2", "w1", "w_11", "w0"])
@pytest.mark.parametrize("place", ["data", "rate"])
def test_open_initial_weights_are_letters_apart_from_the_users(name, place):
    s = sympy.Symbol(name)
    X, y, rate = ([[s, 1], [2, 3]], [1, s], Fraction(1, 2)) if place == "data" else ([[4, 1], [2, 3]], [1, 4], s)
    value = 4 if place == "data" else Fraction(1, 2)
    answer = sm.SGD(sm.LinearRegression(X, y), rate).variance(sm.gradient(1))
    letters = sorted(answer.symbols - {s}, key=str)
    assert [letter.name[:3] for letter in letters] == ["w_1", "w_2"]
    plain = sm.SGD(sm.LinearRegression([[4, 1], [2, 3]], [1, 4]), Fraction(1, 2), [3, -1]).variance(sm.gradient(1))
    assert answer.evaluate({s: value, letters[0]: 3, letters[1]: -1}) == plain
    if name not in ("w_1", "w_2"):
        assert answer.evaluate({s: value, "w": [3, -1]}) == plain


def test_open_weights_step_aside_for_symbols_of_the_question():
    """A letter w_1 in a matrix on the left is another letter than the open weight."""
    w1 = sympy.Symbol("w_1")
    sgd = sm.SGD(sm.LinearRegression([[1, 2], [3, 5], [0, 1]], [1, 0, 2]), "1/10")
    for route in ("closure", "components"):
        answer = sgd.variance([[w1, 1]] @ sm.gradient(1), route=route)
        assert {s.name for s in answer.symbols} == {"w_1", "w_1_1", "w_2"}
        numbers = answer.evaluate({w1: 3, "w_1_1": 2, "w_2": -1})
        fixed = sm.SGD(sgd.model, "1/10", [2, -1])
        assert numbers == fixed.variance([[3, 1]] @ sm.gradient(1))
