"""JSON and pickle give back equal values."""

import pickle

import numpy as np
import sympy
from hypothesis import given
from hypothesis import strategies as st

import sgdmoments as sm
from sgdmoments.testing import strategies


def assert_round_trips(p):
    for again in (sm.BatchPolynomial.from_json(p.to_json()), pickle.loads(pickle.dumps(p))):
        assert again == p
        assert hash(again) == hash(p)
        assert again.coefficients == p.coefficients
        assert (again.population, again.truncated, again.provenance) == (p.population, p.truncated, p.provenance)


@given(strategies.batch_polynomials(), strategies.batch_polynomials(population=5))
def test_polynomials(p, q):
    assert_round_trips(p)
    assert_round_trips(q)
    assert_round_trips(p * q)


@given(st.data())
def test_answers(data):
    sgd = data.draw(strategies.regression_sgds())
    quantity = data.draw(strategies.quantities(sgd))
    assert_round_trips(sgd.variance(quantity))
    for entry in np.ravel(sgd.mean(quantity)):
        assert_round_trips(entry)


def test_answers_with_symbols():
    x, w = sympy.Symbol("x", positive=True), sympy.Symbol("w")
    sgd = sm.SGD(sm.LinearRegression([[x, 1], [2, x], [0, 1]], [1, w, 0]), None, [w, 1])
    assert_round_trips(sgd.variance(sm.gradient(1)))


@given(st.data())
def test_a_pickled_problem_gives_the_same_answer(data):
    sgd = data.draw(strategies.regression_sgds())
    quantity = data.draw(strategies.quantities(sgd))
    again, question = pickle.loads(pickle.dumps((sgd, quantity)))
    assert question == quantity
    assert again.second_moment(question) == sgd.second_moment(quantity)


@given(strategies.batch_polynomials(), strategies.batch_polynomials(), strategies.batch_polynomials(),
       st.integers(1, 9))
def test_algebra(p, q, r, b):
    assert p * (q + r) == p * q + p * r
    assert (p - q) + q == p
    assert (p * q)(b) == p(b) * q(b)
    assert (p + q)(b) == p(b) + q(b)


@given(strategies.batch_polynomials(population=6))
def test_powers_of_c_b_are_another_basis(p):
    assert sm.BatchPolynomial.from_cb(p.in_cb(), 6) == p
