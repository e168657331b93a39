"""Laws that every polynomial of the components route obeys, on random small networks and data laws."""

from __future__ import annotations

from fractions import Fraction as F
from math import factorial

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import sgdmoments as sm

NUMBERS = st.builds(F, st.integers(-4, 4), st.integers(1, 3))
LAWS = st.sampled_from([
    sm.Gaussian(), sm.Rademacher(), sm.Uniform(-1, 2), sm.Coordinates([F(1, 3)] * 60),
    sm.Coordinates([factorial(k) for k in range(1, 61)])])


@st.composite
def runs(draw, laws=LAWS):
    widths, activation = draw(st.sampled_from([
        ((1, 1, 1), (0, 1)), ((2, 1, 1), (0, 1)), ((1, 2, 1), (0, 1)), ((2, 1), (0, 1)), ((1, 1, 1), (1, 1, "1/2"))]))
    initial = {}
    for star in ("", "*"):
        for k in range(1, len(widths)):
            entries = draw(st.lists(NUMBERS, min_size=widths[k] * widths[k - 1], max_size=widths[k] * widths[k - 1]))
            initial[f"W{k}{star}"] = np.array(entries, dtype=object).reshape(widths[k], widths[k - 1])
    rates = draw(st.lists(st.builds(F, st.integers(0, 4), st.just(4)), min_size=2, max_size=2))
    return sm.SGD(sm.Network(widths, activation=activation, data=draw(laws)), learning_rate=rates, initial=initial)


QUANTITIES = st.sampled_from([sm.gradient(0), sm.gradient(1), sm.gradient(1, layer=1), sm.full_gradient(1),
                              sm.weights(2), sm.loss(1)])


@settings(max_examples=25, deadline=None, derandomize=True)
@given(runs(), QUANTITIES)
def test_a_variance_is_never_negative(sgd, quantity):
    p = sgd.variance(quantity, route="components")
    assert all(p(b) >= 0 for b in (*range(1, 40), 10**3, 10**6))
    second = sgd.second_moment(quantity, route="components")
    assert all((second - p)(b) >= 0 for b in (1, 2, 5))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(runs(), QUANTITIES)
def test_no_constant_term_and_the_same_first_coefficient(sgd, quantity):
    p = sgd.variance(quantity, route="components")
    assert p.coefficients[0] == 0
    short = sgd.variance(quantity, route="expansion", inverse_batch_order=1)
    assert (*p.coefficients, 0)[1] == (*short.coefficients, 0)[1]
    assert (*short.coefficients, 0)[1] >= 0


@settings(max_examples=15, deadline=None, derandomize=True)
@given(runs(laws=st.just(sm.Gaussian())))
def test_scalar_linear_networks_on_gaussian_data_fall_from_the_start(sgd):
    """What examples/thresholds.py proves for widths 1, seen on random cases."""
    if sgd.model.widths == (1, 1, 1) and sgd.model.is_linear:
        p = sgd.variance(sm.gradient(1), route="components")
        assert p.decreasing_from() == 1
