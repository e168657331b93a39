"""Models linear in their weights: the finite recurrence equals the answer step by step."""

from fractions import Fraction

import pytest
import sympy

import sgdmoments as sm
from sgdmoments.exact.ring import INVERSE_BATCH, Ring
from sgdmoments.graphs.expression import Expression
from sgdmoments.routes.symbolic import moment
from sgdmoments.routes.symbolic.recurrence import recurrence

SIZE = {INVERSE_BATCH: Fraction(1, 3)}
COVARIANCE = [[2, 1], [1, 3]]
VALUES = {"W1": [[1, 2]], "W1*": [[3, -1]], "alpha": "1/7", "Sigma": COVARIANCE}


def value(polynomial):
    u = Ring((INVERSE_BATCH,)).generator(INVERSE_BATCH)
    return sum((Expression() + c * u**k for k, c in enumerate(polynomial.entries)), Expression())


@pytest.mark.parametrize("quantity", [sm.gradient, sm.full_gradient, sm.weights])
def test_letters(quantity):
    sgd = sm.SGD(sm.Network(("p", "p1"), noise=sm.Gaussian()))
    closed = recurrence(sgd, quantity)
    for t in (0, 1, 3):
        assert closed.at(t) == value(moment(sgd, quantity(t), "second_moment"))


@pytest.mark.parametrize("quantity", [sm.gradient, sm.weights])
def test_covariance_in_numbers_closes_by_its_minimal_polynomial(quantity):
    sgd = sm.SGD(sm.Network((2, 1), data=sm.Gaussian(COVARIANCE), noise=sm.Gaussian()))
    closed = recurrence(sgd, quantity)
    for t in (0, 2, 3):
        plain = value(moment(sgd, quantity(t), "second_moment"))
        assert closed.at(t).substitute(SIZE).evaluate(VALUES) == plain.substitute(SIZE).evaluate(VALUES)


def test_threshold_stationary_value_and_generating_function():
    sgd = sm.SGD(sm.Network(("p", 1), noise=sm.Gaussian()))
    closed = recurrence(sgd, sm.gradient)
    p = sympy.Symbol("p", integer=True, positive=True)
    u, alpha, z = INVERSE_BATCH, sympy.Symbol("alpha"), sympy.Symbol("z")
    growth = (1 - alpha) ** 2 + alpha**2 * u * (p + 1)
    assert sympy.simplify(closed.threshold().to_sympy() - 2 / (1 + u * (p + 1))) == 0
    noise = alpha**2 * u * p / (1 - growth)  # the stationary E‖R‖²
    assert sympy.simplify(closed.stationary().to_sympy() - (u * p + (1 + u * (p + 1)) * noise)) == 0
    sums = closed.generating_function(z)[closed.basis[1]].to_sympy()
    assert sympy.simplify(sums - (1 + u * (p + 1)) / (1 - z * growth)) == 0


def test_refusals():
    with pytest.raises(sm.RouteError, match="linear in their weights"):
        recurrence(sm.SGD(sm.Network(("p", "p1", "p2"))), sm.gradient)
    with pytest.raises(sm.AssumptionError, match="initial weights"):
        recurrence(sm.SGD(sm.Network(("p", 1), noise=sm.Gaussian())), sm.weights).stationary()
    with pytest.raises(sm.RouteError, match="as numbers"):
        recurrence(sm.SGD(sm.Network(("p", 1), data=sm.Gaussian("Sigma"))), sm.gradient)
