"""Every answer for linear regression equals the listing of all batch sequences, at every batch size."""

import numpy as np
from hypothesis import given, note, settings
from hypothesis import strategies as st

import sgdmoments as sm
from sgdmoments.testing import enumerate_moment, strategies

#: More sequences than these are not listed (the next smaller batch sizes are).
LISTED = 3_000


def assert_equals_listing(sgd, quantity):
    """Mean, second moment and variance against enumeration at each b that is small enough to list."""
    note(f"{quantity}, X = {sgd.model.data.points.tolist()}, targets = {sgd.model.targets}")
    mean, second, variance = sgd.mean(quantity), sgd.second_moment(quantity), sgd.variance(quantity)
    for b in range(1, (sgd.population or 4) + 1):
        try:
            expected = enumerate_moment(sgd, quantity, b, "mean", limit=LISTED)
        except sm.BudgetExceeded:
            continue
        assert [entry(b) for entry in np.ravel(mean)] == np.ravel(expected).tolist()
        assert second(b) == enumerate_moment(sgd, quantity, b, "second_moment")
        assert variance(b) == enumerate_moment(sgd, quantity, b, "variance")


@settings(max_examples=60)
@given(st.data())
def test_any_quantity_of_any_problem(data):
    sgd = data.draw(strategies.regression_sgds())
    assert_equals_listing(sgd, data.draw(strategies.quantities(sgd)))


@given(st.data())
def test_two_steps_of_the_gradient(data):
    sgd = data.draw(strategies.regression_sgds(max_n=4))
    assert_equals_listing(sgd, sm.gradient(2))


@given(st.data())
def test_loss_needs_moments_of_order_four(data):
    sgd = data.draw(strategies.regression_sgds())
    assert_equals_listing(sgd, sm.loss(data.draw(st.integers(1, 2))))


@settings(max_examples=15)
@given(st.data())
def test_more_weights_than_samples(data):
    n, p = data.draw(st.sampled_from([(1, 2), (1, 3), (2, 3)]))
    model = sm.LinearRegression(data.draw(strategies.designs(n, p)), data.draw(strategies.arrays(n)))
    sgd = sm.SGD(model, data.draw(strategies.schedules(2)), data.draw(strategies.arrays(p)),
                 data.draw(strategies.samplings()))
    assert_equals_listing(sgd, data.draw(strategies.quantities(sgd)))


@settings(max_examples=15)
@given(st.data())
def test_one_layer_networks_with_several_outputs(data):
    models = strategies.networks(max_layers=1, max_width=3, max_n=4, laws=False)
    sgd = data.draw(strategies.network_sgds(models, steps=2))
    assert_equals_listing(sgd, data.draw(strategies.quantities(sgd)))
