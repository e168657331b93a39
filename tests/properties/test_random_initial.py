"""Random initial weights: the moments given w_0, averaged, and the total ones, equal averages over a listing of w_0."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sgdmoments as sm
from sgdmoments.testing import enumerate_moment, strategies
from sgdmoments.testing.listing import quadrature


def averages(sgd, quantity, b, starts):
    """Second moment, variance given w_0 and total variance, over pairs (w_0, weight)."""
    second = within = 0
    mean = 0
    for start, weight in starts:
        run = sm.SGD(sgd.model, sgd.schedule, start, sgd.sampling)
        second += weight * enumerate_moment(run, quantity, b, "second_moment")
        within += weight * enumerate_moment(run, quantity, b, "variance")
        mean = mean + weight * np.ravel(enumerate_moment(run, quantity, b, "mean"))
    return second, within, second - sum(mean * mean)


def assert_equals_average(sgd, quantity, starts):
    for b in range(1, 3 if sgd.n > 1 else 2):
        second, within, total = averages(sgd, quantity, b, starts)
        assert sgd.second_moment(quantity)(b) == second
        assert sgd.variance(quantity)(b) == within
        assert sgd.variance(quantity, given="nothing")(b) == total


@st.composite
def models(draw, p):
    n = draw(st.integers(1, 3))
    return sm.LinearRegression(draw(strategies.designs(n, p)), draw(strategies.arrays(n)))


@settings(max_examples=15)
@given(st.data())
def test_independent_signs(data):
    p = data.draw(st.integers(1, 2))
    sgd = sm.SGD(data.draw(models(p)), data.draw(strategies.schedules(1)), sm.IndependentInit(sm.Rademacher()),
                 data.draw(strategies.samplings()))
    starts = [(list(w), Fraction(1, 2**p)) for w in product((1, -1), repeat=p)]
    assert_equals_average(sgd, data.draw(strategies.quantities(sgd, max_step=1)), starts)


@settings(max_examples=15)
@given(st.data())
def test_gaussian_with_mean_and_covariance(data):
    p = data.draw(st.integers(1, 2))
    root, mean = data.draw(strategies.arrays(p, p)), data.draw(strategies.arrays(p))
    sgd = sm.SGD(data.draw(models(p)), data.draw(strategies.schedules(1)),
                 sm.GaussianInit(mean=mean, covariance=root @ root.T), data.draw(strategies.samplings()))
    starts = [(mean + x, weight) for x, weight in quadrature(sm.Gaussian(root @ root.T), p, 4)]
    assert_equals_average(sgd, data.draw(strategies.quantities(sgd, max_step=1)), starts)


@settings(max_examples=15)
@given(st.data())
def test_only_mean_and_covariance_known(data):
    p = data.draw(st.integers(1, 2))
    points = [data.draw(strategies.arrays(p)) for _ in range(3)]
    mean = sum(points) / 3
    covariance = sum(np.outer(w - mean, w - mean) for w in points) / 3
    sgd = sm.SGD(data.draw(models(p)), data.draw(strategies.schedules(1)), sm.RandomInit(mean, covariance),
                 data.draw(strategies.samplings()))
    kinds = ("gradient", "weights", "full_gradient", "sample_gradients")
    quantity = data.draw(strategies.quantities(sgd, max_step=1, kinds=kinds))
    assert_equals_average(sgd, quantity, [(w, Fraction(1, 3)) for w in points])


@pytest.mark.parametrize("route", ["components", "symbolic"])
def test_three_random_layers_are_three_letters(route):
    """Signs for every weight of three layers, all eight starts listed."""
    points = sm.Empirical([[1], [2], [-1]])
    teacher = {"W1*": [[1]], "W2*": [[2]], "W3*": [[1]]}
    model = sm.Network((1, 1, 1, 1), data=points)
    signs = sm.IndependentInit(sm.Rademacher())
    random = sm.SGD(model, "1/5", {"W1": signs, "W2": signs, "W3": signs, **teacher})
    found = random.second_moment(sm.gradient(0), route=route)
    for b in (1, 2, 3):
        listed = [enumerate_moment(sm.SGD(model, "1/5", {"W1": [[u]], "W2": [[v]], "W3": [[w]], **teacher}),
                                   sm.gradient(0), b, "second_moment") for u, v, w in product((1, -1), repeat=3)]
        assert found(b) == sum(listed) / 8
