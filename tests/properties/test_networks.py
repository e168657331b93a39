"""Answers for networks, route by route, equal the listing of all batch sequences."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, note, settings
from hypothesis import strategies as st

import sgdmoments as sm
from sgdmoments.testing import enumerate_moment, strategies

#: More sequences than these are not listed (other batch sizes are).
LISTED = 1_000
MOMENTS = ("mean", "second_moment", "variance")


def assert_equals_listing(sgd, quantity, route, batch_sizes=(1, 2, 3), moments=MOMENTS, limit=LISTED):
    """The moments against enumeration at each b that is small enough to list; says how many were listed."""
    note(f"{sgd}, {quantity}, initial = { {k: v.tolist() for k, v in sgd.initial.items()} }")
    listed = 0
    answers = {moment: getattr(sgd, moment)(quantity, route=route) for moment in moments}
    for b in batch_sizes:
        if sgd.population is not None and b > sgd.population:
            continue
        for moment, answer in answers.items():
            try:
                expected = enumerate_moment(sgd, quantity, b, moment, limit=limit)
            except sm.BudgetExceeded:
                continue
            listed += 1
            assert [entry(b) for entry in np.ravel(answer)] == np.ravel(expected).tolist()
    return listed


@given(st.data())
def test_components(data):
    sgd = data.draw(strategies.network_sgds())
    quantity = data.draw(strategies.quantities(sgd, max_step=1))
    assert_equals_listing(sgd, quantity, "components")


@given(st.data())
def test_symbolic(data):
    sgd = data.draw(strategies.network_sgds(strategies.networks(max_n=2)))
    kinds = [kind for kind in strategies.KINDS if kind != "sample_gradients"]
    quantity = data.draw(strategies.quantities(sgd, max_step=1, kinds=kinds))
    assume(quantity.left is None)
    assert_equals_listing(sgd, quantity, "symbolic", moments=("second_moment", "variance"))


@settings(max_examples=15)
@given(st.data())
def test_auto(data):
    sgd = data.draw(strategies.network_sgds(strategies.networks(max_n=2)))
    assert_equals_listing(sgd, data.draw(strategies.quantities(sgd, max_step=1)), "auto")


WEIGHTS = {
    (1, 2, 1): ([[1], [-2]], [[1, Fraction(1, 2)]], [[2], [1]], [[0, 1]]),
    (2, 2, 1): ([[1, -1], [2, 0]], [[1, 3]], [[0, 1], [1, 1]], [[2, -1]]),
    (2, 3, 2): ([[1, -1], [2, 0], [0, 1]], [[1, 3, 0], [1, 1, -1]], [[0, 1], [1, 1], [2, 1]], [[2, -1, 1], [0, 1, 0]]),
}
LAWS = {
    "gaussian": sm.Gaussian(), "rademacher": sm.Rademacher(), "uniform": sm.Uniform(-1, 2),
    "skewed": sm.Coordinates((0, 1, 1, 3, 5, 17, 40, 120, 300, 900, 2500, 7000)),
}
CASES = [(widths, t, batch_sizes) for widths, t, batch_sizes in (
    ((1, 2, 1), 0, (1, 2, 3, 4)), ((1, 2, 1), 1, (1, 2, 3)), ((2, 2, 1), 0, (1, 2, 3)), ((2, 2, 1), 1, (1,)),
    ((2, 3, 2), 0, (1, 2)))]


@pytest.mark.parametrize("route", ["components", "symbolic"])
@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize(("widths", "t", "batch_sizes"), CASES)
def test_two_layer_linear_on_laws(route, law, widths, t, batch_sizes):
    w1, w2, v1, v2 = WEIGHTS[widths]
    sgd = sm.SGD(sm.Network(widths, data=LAWS[law]), [Fraction(1, 7)], {"W1": w1, "W2": w2, "W1*": v1, "W2*": v2})
    for layer in (1, 2):
        assert assert_equals_listing(sgd, sm.gradient(t, layer), route, batch_sizes, ("variance",), 10_000)


@pytest.mark.parametrize("route", ["components", "symbolic"])
def test_correlated_gaussian_data_with_label_noise(route):
    w1, w2, v1, v2 = WEIGHTS[2, 2, 1]
    net = sm.Network((2, 2, 1), data=sm.Gaussian([[2, 1], [1, 3]]), noise=sm.Uniform(-1, 1))
    sgd = sm.SGD(net, Fraction(1, 7), {"W1": w1, "W2": w2, "W1*": v1, "W2*": v2})
    assert assert_equals_listing(sgd, sm.gradient(0), route, (1, 2), ("variance", "second_moment"), 10_000) >= 2


@pytest.mark.parametrize("route", ["components", "symbolic"])
def test_quadratic_activation_on_gaussian_data(route):
    w1, w2, v1, v2 = WEIGHTS[2, 2, 1]
    sgd = sm.SGD(sm.Network((2, 2, 1), activation=(1, 1, Fraction(1, 2))), Fraction(1, 7),
                 {"W1": w1, "W2": w2, "W1*": v1, "W2*": v2})
    assert assert_equals_listing(sgd, sm.gradient(0), route, (1, 2), ("variance", "second_moment"), 10_000) >= 2
