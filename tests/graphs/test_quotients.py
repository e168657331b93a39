"""Quotients by numbers and by letters: 1/n is a letter that knows n."""

import pickle
from fractions import Fraction as F

import numpy as np
import pytest
import sympy

import sgdmoments as sm
from sgdmoments.exact.ring import ring_of

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
