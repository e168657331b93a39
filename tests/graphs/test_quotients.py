"""Quotients by numbers and by letters: 1/n is a letter that knows n."""

import json
import pickle
from decimal import Decimal
from fractions import Fraction as F

import numpy as np
import pytest
import sympy

import sgdmoments as sm
from sgdmoments.exact.ring import INVERSE_BATCH, ring_of
from sgdmoments.graphs.expression import Expression

n = sympy.Symbol("n", integer=True, positive=True)
z = sympy.Symbol("z")
A, B = sm.matrix("A", n, n), sm.matrix("B", n, n)


def test_a_letter_times_its_reciprocal_is_one():
    ring = ring_of([1 / n, n])
    assert ring(1 / n) * ring(n) == 1
    assert ring(n**3 / n**2) == ring(n)
    assert ring_of([1 / z**2])(1 / z**2) * ring_of([z**3])(z**3) == z
    assert ring(1 / n).symbols == {n}
    assert hash(ring(1 / n)) == hash(ring_of([1 / n])(1 / n))
    assert pickle.loads(pickle.dumps(ring(1 / n))) == ring(1 / n)
    assert (ring(1 / n) + 2).to_sympy() == 2 + 1 / n
    assert ring(1 / n + n).substitute({n: F(3)}) == F(10, 3)
    assert ring(1 / n + n).substitute({n: ring_of([z])(z) / 2}) == z / 2 + 2 / z
    assert ring(1 / n).evaluate({n: 4.0}) == 0.25
    with pytest.raises(sm.InputError, match="zero"):
        ring(1 / n).evaluate({n: F(0)})


@pytest.mark.parametrize("divisor", [2, F(2), np.int64(2), sympy.Integer(2), 2.0, "2"])
def test_division_by_numbers(divisor):
    assert sm.trace(A) / divisor == F(1, 2) * sm.trace(A)
    assert sm.trace(A / divisor) == F(1, 2) * sm.trace(A)


@pytest.mark.parametrize("factor", [2, F(2), np.int64(2), sympy.Integer(2)])
def test_products_with_numbers_from_both_sides(factor):
    assert sm.trace(A) * factor == factor * sm.trace(A) == 2 * sm.trace(A)
    assert sm.trace(A * factor) == sm.trace(factor * A) == 2 * sm.trace(A)
    assert sm.trace(A) + factor == factor + sm.trace(A)
    assert factor - sm.trace(A) == -(sm.trace(A) - factor)


def test_division_by_letters():
    mean = sm.trace(A @ B) / n
    assert mean * n == sm.trace(A @ B)
    assert sm.trace(A @ (B / n)) == mean
    assert mean != sm.trace(A @ B)
    assert mean.evaluate({"A": [[1, 2], [3, 4]], "B": [[1, 0], [5, 1]]}) == F(15, 2)
    assert mean.evaluate({"A": [[1.0, 2], [3, 4]], "B": [[1, 0], [5, 1]]}) == pytest.approx(7.5)
    assert sm.identity(n).array / n * n == sm.identity(n).array
    assert sm.trace(sm.identity(n)) / n == 1
    assert (sm.trace(A) / (n * z**2)).evaluate({"A": [[1, 2], [3, 4]], "z": 3}) == F(5, 18)
    assert "n" in (sm.trace(A) / n).latex()
    assert str(sm.trace(A) / n)


def test_answers_with_reciprocals_are_saved_and_evaluated():
    """Wishart over n: E tr(X'X)/n = p for X n x p with unit entries."""
    X = sm.matrix("X", "n", "p")
    assert sm.expectation(sm.trace(X.T @ X), {"X": sm.GaussianInit()}) / n == sympy.Symbol("p", integer=True,
                                                                                        positive=True)
    second = sm.expectation(sm.trace(X.T @ X @ X.T @ X), {"X": sm.GaussianInit()}) / n**2
    p = sm.BatchPolynomial((second,))
    assert sm.BatchPolynomial.from_json(p.to_json()) == p
    assert p.evaluate({"n": 4, "p": 3})(1) == F(3 * (4 + 3 + 1), 4)  # (p/n) (n + p + 1)
    assert p.evaluate({"n": 4}, partial=True).evaluate({"p": 3})(1) == 6


@pytest.mark.parametrize("divisor", [0, F(0), None, "x", 1 + n, sm.trace(A), A, float("nan"), float("inf"), [1]])
def test_other_divisors_are_refused(divisor):
    for value in (sm.trace(A), A):
        with pytest.raises(sm.InputError):
            value / divisor


def test_rates_by_letters():
    """w_1 = w - (a/z) x (x w - y), fan-in and other quotients in a rate."""
    a = sympy.Symbol("a")
    sgd = sm.SGD(sm.LinearRegression([[1], [2]], [1, 3]), a / z, [0])
    whole = sm.SGD(sm.LinearRegression([[1], [2]], [1, 3]), a, [0])
    found, expected = sgd.variance(sm.gradient(1)), whole.variance(sm.gradient(1))
    for b in (1, 2):
        assert found.evaluate({"a": 6, "z": 4})(b) == expected.evaluate({"a": F(3, 2)})(b)
    assert found(1).subs({a: 6, z: 4}) == expected(1).subs({a: sympy.Rational(3, 2)})


k = sympy.Symbol("k")
T = sm.trace(A)
NA = np.array([[1, 2], [5, -4]], dtype=object)


def test_numbers_of_numpy_and_sympy_on_the_left():
    for scalar in (np.int64(3), np.float64(0.5), sympy.Integer(3), sympy.Rational(1, 3), z, 1 / n, Decimal("0.2")):
        assert scalar * T == T * scalar
        assert scalar * A == A * scalar
        assert scalar + T == T + scalar
        assert scalar - T == -(T - scalar)


def test_letters_below_the_line_by_numbers():
    values = {"A": NA, "k": 5}
    cases = [(T / n, F(-3, 2)), (T / k, F(-3, 5)), (n**-2 * T, F(-3, 4)), ((T / n) ** 3, F(-27, 8)),
             (1 / Expression.scalar(n) + T, F(1, 2) - 3), (sm.trace(sm.identity("n")) ** -1 * T, F(-3, 2)),
             (sm.trace(A / n @ A), F(int(np.trace(NA @ NA)), 2)), (sm.squared_norm(A / k), F(int((NA**2).sum()), 25)),
             (sm.trace(sm.identity("n") / n), 1), (sm.trace(sm.hadamard(A / k, A)), F(17, 5)),
             (sm.trace(sm.kron(A / k, A / n)), F(9, 10)), (Expression.scalar(k) ** -2, F(1, 25))]
    for made, expected in cases:
        assert made.evaluate(values) == expected, made
        assert Expression.from_json(json.loads(json.dumps(made.to_json()))) == made
        assert pickle.loads(pickle.dumps(made)) == made
        assert made.evaluate({"k": 5}, partial=True).evaluate({"A": NA}) == expected
        assert made.substitute({k: F(5)}).evaluate({"A": NA}) == expected
    assert hash(T / n * n) == hash(T)
    assert T / n != T / k


def test_how_quotients_are_written():
    assert (str(T / n), (T / n).latex()) == ("1/n tr(A)", r"\frac{1}{n} \operatorname{tr}(A)")
    assert str(-2 * T / (3 * n)) == "-2/(3 n) tr(A)"
    assert (-2 * T / (3 * n)).latex() == r"-\frac{2}{3 n} \operatorname{tr}(A)"
    assert str(k * T / n**2) == "k/n^2 tr(A)"
    assert (k * T / n**2).latex() == r"\frac{k}{n^{2}} \operatorname{tr}(A)"
    assert (str(A / n), Expression.scalar(1 / n).to_sympy()) == ("1/n A", 1 / n)
    assert (T / n).draw().startswith("<svg")


def test_a_users_letter_b_is_not_the_batch_size_in_a_formula():
    """b/b + 1 where one b is the user's: not 2."""
    shown = str(T * (sympy.Symbol("b") * INVERSE_BATCH + 1))
    assert "2" not in shown
    assert shown.count("b") == 2


def test_wishart_means_with_the_usual_normalisation():
    """S = XᵀX/n: E S = I, E tr S² = p (n + p + 1)/n; weights of variance 1/fan-in keep the mean of ‖W x‖²."""
    X, x, p = sm.matrix("X", "n", "p"), sm.vector("x", "p"), sympy.Symbol("p", integer=True, positive=True)
    S, law = X.T @ X / n, {"X": sm.GaussianInit()}
    assert sm.expectation(S, law) == sm.identity("p")
    assert sm.expectation(sm.trace(S @ S), law) == p * (n + p + 1) / n
    assert sm.expectation((X @ x).T @ X @ x / p, law) == n * (x.T @ x) / p
    assert sm.expectation((X @ x).T @ X @ x, {"X": sm.GaussianInit(variance=1 / p)}) == n * (x.T @ x) / p


def test_a_question_about_a_run_in_quotients():
    sgd = sm.SGD(sm.Network(("p", "q", "r")), "1/10")
    g = sm.gradient_matrix(sgd, 1, 1)
    p = sympy.Symbol("p", integer=True, positive=True)
    plain, divided = sgd.expectation(sm.trace(g.T @ g)), sgd.expectation(sm.trace(g.T @ g) / p / k)
    assert len(plain.entries) == len(divided.entries)
    assert all(a / (p * k) == b for a, b in zip(plain.entries, divided.entries, strict=True))
    assert sm.BatchPolynomial.from_json(divided.to_json()) == divided
    one = sm.SGD(sm.Network((1, 1)), "1/10", {"W1": [[2]], "W1*": [[1]]})
    answer = one.expectation(sm.trace(sm.gradient_matrix(one, 1, 1)) / k)
    assert answer.evaluate({"k": 2})(3) == F(9, 20)


@pytest.mark.parametrize("make", [
    lambda: T / (n - n), lambda: T / (n + 1), lambda: 1 / T, lambda: 1 / A, lambda: T**-1, lambda: A**-1,
    lambda: T ** F(1, 2), lambda: T * sympy.exp(k), lambda: T / sympy.sqrt(k), lambda: T * float("nan"),
    lambda: T + "x", lambda: A + 1, lambda: 1 - A, lambda: T @ T, lambda: A @ 3, lambda: 3 @ A, lambda: 2**T,
    lambda: 2**A, lambda: A * [1], lambda: T * None, lambda: np.ones(2) * T, lambda: sympy.Matrix([[1]]) * A,
    lambda: sympy.Matrix([[1]]) * T, lambda: T * True, lambda: A**1.5, lambda: A * A, lambda: A + T,
    lambda: T * sm.BatchPolynomial((1,)), lambda: T + sm.gradient(1)])
def test_what_has_no_meaning_is_refused(make):
    with pytest.raises(sm.InputError):
        make()


def test_what_is_no_number_is_not_equal():
    assert not any(other == T for other in ("x", None, [], object(), True, float("nan"), sympy.exp(k)))
