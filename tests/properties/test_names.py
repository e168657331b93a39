"""User symbols are letters of their own, whatever they are called and whatever is assumed of them."""

import pickle
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

import sgdmoments as sm
from sgdmoments.exact.ring import INVERSE_BATCH
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


# -- letters of queries: every name that the package gives to a letter of its own ---------------------------

#: Names of internal arrays and indices, of letters of a run, of symbols, and how labels and open ends are told apart.
INTERNAL = ("X", "y", "R", "W", "Sigma", "Sigma_noise", "W1", "W2", "W1*", "W2*", "w", "x", "ε", "g", "g1", "g1(1)",
            "W1(1)", "W1@0", "u", "b", "n", "alpha", "t", "p", "p1", "c_b", "I", "mu", "i", "open",
            "data", "run", "matrix", "derived", "block", "marked", "initial", "W1 ", "tr", "R_1", "\\u")
X, TEACHER = [[1, 2], [3, 1]], ((1, 0), (2, 1))
TARGETS = ((1, 2), (0, 3))
START = ((1, 2), (0, 1))
USERS = ((1, 2), (3, 5))


def exact(array):
    return np.array(array, dtype=object) * Fraction(1)


def listed_query(b, labels, start=START):
    """E[tr(C g) tr(gᵀ C g) + ‖g‖²] of g = g_1, over both batches, written out."""
    x, w, c = exact(X), exact(start), exact(USERS)

    def gradient(w, batch):
        return sum(np.outer(w @ x[i] - labels[i], x[i]) for i in batch) * Fraction(1, b)

    batches = list(combinations(range(2), b))
    values = []
    for first, second in product(batches, repeat=2):
        g = gradient(w - Fraction(1, 10) * gradient(w, first), second)
        values.append(np.trace(c @ g) * np.trace(g.T @ c @ g) + np.trace(g.T @ g))
    return sum(values) / Fraction(len(values))


def the_query(sgd, c):
    g = sm.gradient_matrix(sgd, 1, 1)
    return sm.trace(c @ g) * sm.trace(g.T @ c @ g) + sm.trace(g.T @ g)


@pytest.mark.parametrize("name", INTERNAL)
def test_a_users_matrix_of_any_name_is_a_letter_of_its_own(name):
    c = sm.matrix(name, 2, 2)
    for targets, labels in ((None, exact(X) @ exact(TEACHER).T), (TARGETS, exact(TARGETS))):
        initial = {"W1": START} if targets else {"W1": START, "W1*": TEACHER}
        sgd = sm.SGD(sm.Network((2, 2), data=sm.Empirical(X), targets=targets), "1/10", initial)
        answer = sgd.expectation(the_query(sgd, c))
        expected = [listed_query(b, labels) for b in (1, 2)]
        for letter in (name, c):
            found = answer.evaluate({letter: USERS})
            assert [found(b) for b in (1, 2)] == expected


@pytest.mark.parametrize("name", INTERNAL)
def test_a_users_matrix_beside_open_weights_of_any_name(name):
    """Where one name is borne by an open weight and by the user's matrix, each is given by its letter."""
    c = sm.matrix(name, 2, 2)
    sgd = sm.SGD(sm.Network((2, 2), data=sm.Empirical(X)), "1/10")
    answer = sgd.expectation(the_query(sgd, c))
    weight, teacher = sm.weights_matrix(sgd, 0, 1), sm.teacher_matrix(sgd, 1)
    expected = listed_query(1, exact(X) @ exact(TEACHER).T)
    assert answer.evaluate({c: USERS, weight: START, teacher: TEACHER})(1) == expected
    if name in ("W1", "W1*"):
        with pytest.raises(sm.InputError, match="two letters are called"):
            answer.evaluate({name: USERS, "W1": START, "W1*": TEACHER})
    else:
        assert answer.evaluate({name: USERS, "W1": START, "W1*": TEACHER})(1) == expected


@pytest.mark.parametrize("name", INTERNAL)
def test_a_users_matrix_of_any_name_over_random_weights_and_a_covariance(name):
    """E[tr(C g) | W ~ N(0, 1)] = 0, E[tr(C g)²] = tr(CᵀC) E … : with x ~ N(0, Σ), g = (W − V) x xᵀ at step 0."""
    c, covariance = sm.matrix(name, 2, 2), exact([[2, 1], [1, 3]])
    sgd = sm.SGD(sm.Network((2, 2), data=sm.Gaussian(covariance)), "1/10",
                 {"W1": sm.GaussianInit(), "W1*": ((0, 0), (0, 0))})
    g = sm.gradient_matrix(sgd, 0, 1)
    answer = sgd.expectation(sm.trace(c @ g) ** 2)
    # tr(C W S)² over W is ‖C S‖² entrywise, S = x xᵀ at b = 1: E = tr(C (ΣtrΣ + 2Σ²) Cᵀ), as E[x xᵀ x xᵀ] = that
    fourth = covariance * np.trace(covariance) + 2 * covariance @ covariance
    u = exact(USERS)
    assert answer.evaluate({name: USERS})(1) == np.trace(u.T @ fourth @ u)


@pytest.mark.parametrize("name", [name for name in INTERNAL if name not in ("W1", "W2", "W1*", "W2*")])
def test_a_covariance_of_any_name(name):
    """E‖g_0‖² at b = 1 with R = W₁ − W₁*: tr(R (Σ tr Σ + 2 Σ²) Rᵀ)."""
    covariance = exact([[2, 1], [1, 3]])
    fourth = covariance * np.trace(covariance) + 2 * covariance @ covariance
    r = exact(START) - exact(TEACHER)
    expected = np.trace(r @ fourth @ r.T)
    for widths in ((2, 2), ("p", "q"), (name, "q")):
        if not str(widths[0]).isidentifier() and isinstance(widths[0], str):
            continue
        answer = sm.SGD(sm.Network(widths, data=sm.Gaussian(name))).second_moment(sm.gradient(0))
        values = {name: covariance, "W1": START, "W1*": TEACHER}
        assert answer.evaluate(values)(1) == expected
        assert sm.BatchPolynomial.from_json(answer.to_json()).evaluate(values)(1) == expected
        assert pickle.loads(pickle.dumps(answer)).evaluate(values)(1) == expected


@pytest.mark.parametrize("name", [name for name in INTERNAL if name.isidentifier()])
def test_widths_of_any_name(name):
    """var(g_(0,1)) = (p + 1)/b ‖W₂ᵀR‖² of the two-layer linear network, whatever its widths are called."""
    sgd = sm.SGD(sm.Network((name, "other", name)))
    values = {"W1": ((1, 2), (0, 1), (1, 1)), "W2": ((1, 0, 2), (1, 1, 0)), "W1*": ((0, 1), (1, 1), (2, 0)),
              "W2*": ((1, 1, 0), (0, 0, 1))}
    w1, w2, v1, v2 = (exact(values[key]) for key in ("W1", "W2", "W1*", "W2*"))
    array = w2.T @ (w2 @ w1 - v2 @ v1)
    answer = sgd.variance(sm.gradient(0, layer=1))
    assert answer.evaluate(values).coefficients == (0, 3 * np.trace(array.T @ array))
    later = sgd.variance(sm.gradient(1, layer=1), learning_rate_order=1)
    plain = sm.SGD(sm.Network(("a", "c", "a"))).variance(sm.gradient(1, layer=1), learning_rate_order=1)
    rate = sgd.schedule.constant
    assert later.evaluate({**values, rate: "1/7"}) == plain.evaluate({**values, "alpha": "1/7"})
    data = sm.SGD(sm.Network((name, 1), noise=sm.Gaussian()))
    error = {"W1": [[1, 2]], "W1*": [[0, 4]]}
    closed = data.recurrence(sm.loss, "mean").at(1)
    assert closed.evaluate({**error, data.schedule.constant: "1/7", INVERSE_BATCH: "1/2"}) == LOSS_AT_STEP_ONE


#: E L(w_1), x ~ N(0, I_2), noise 1, R = (1, -2), rate 1/7, b = 2: ½ (1 + ‖R‖² (1 − 2α + α² (1 + (p + 1)/b)) + α² p/b).
LOSS_AT_STEP_ONE = Fraction(1, 2) * (1 + 5 * (1 - Fraction(2, 7) + Fraction(1, 49) * Fraction(5, 2)) + Fraction(1, 49))


@pytest.mark.parametrize("name", ["alpha", "u", "b", "t", "p"])
def test_a_symbol_of_a_law_or_an_activation_is_not_the_default_rate(name):
    s = sympy.Symbol(name)
    at = Fraction(3, 2)
    cases = [lambda a: sm.SGD(sm.Network((1, 1), data=sm.Coordinates((0, a, 0, 3 * a**2))), None, INIT),
             lambda a: sm.SGD(sm.Network((1, 1), noise=sm.Coordinates((0, a, 0, 3 * a**2))), None, INIT),
             lambda a: sm.SGD(sm.Network((1, 1, 1), activation=(0, 1, a)), None, DEEP),
             lambda a: sm.SGD(sm.Network((1, 1)), None, {"W1": sm.GaussianInit(variance=a), "W1*": [[1]]})]
    for make in cases:
        symbolic, numbers = make(s), make(at)
        rate = symbolic.schedule.constant
        assert rate != s
        answer = symbolic.variance(sm.weights(1))
        expected = numbers.variance(sm.weights(1))
        assert answer.evaluate({s: at, rate: Fraction(1, 7)})(2) == expected.evaluate({"alpha": Fraction(1, 7)})(2)


INIT = {"W1": [[2]], "W1*": [[-1]]}
DEEP = {"W1": [[2]], "W2": [[1]], "W1*": [[-1]], "W2*": [[3]]}
