"""Every answer for linear regression equals the listing of all batch sequences, at every batch size."""

import pytest
from comparison import Numbers, assert_equals_listing
from hypothesis import given, settings
from hypothesis import strategies as st

import sgdmoments as sm
from sgdmoments.testing import strategies

SHAPES = ((1, 2), (2, 3), (3, 1), (3, 2), (4, 3), (5, 2), (5, 3))


@pytest.mark.parametrize("sampling", ["without_replacement", "with_replacement"])
@pytest.mark.parametrize(("n", "p"), SHAPES)
@pytest.mark.parametrize("kind", ["gradient", "weights", "full_gradient", "loss", "sample_gradients", "A @ gradient"])
def test_every_shape_and_quantity_at_two_steps(n, p, kind, sampling):
    numbers = Numbers(f"{n} {p} {kind} {sampling}")
    sgd = sm.SGD(sm.LinearRegression(numbers.array(n, p), numbers.array(n)), numbers.rates(2), numbers.array(p),
                 sampling)
    t = 1 if n == 5 and "gradient" in (kind, kind[4:]) else 2
    quantity = {
        "sample_gradients": lambda: sm.sample_gradients(t, [numbers.array(2, p) for _ in range(n)]),
        "A @ gradient": lambda: numbers.array(2, p) @ sm.gradient(t),
    }.get(kind) or (lambda: getattr(sm, kind)(t))
    assert assert_equals_listing(sgd, quantity()) >= min(n, 2)


@settings(max_examples=50)
@given(st.data())
def test_any_quantity_of_any_problem(data):
    sgd = data.draw(strategies.regression_sgds())
    assert_equals_listing(sgd, data.draw(strategies.quantities(sgd)))


@given(st.data())
def test_loss_needs_moments_of_order_four(data):
    sgd = data.draw(strategies.regression_sgds())
    assert_equals_listing(sgd, sm.loss(data.draw(st.integers(1, 2))))


@settings(max_examples=15)
@given(st.data())
def test_one_layer_networks_with_several_outputs(data):
    models = strategies.networks(max_layers=1, max_width=3, max_n=4, laws=False)
    sgd = data.draw(strategies.network_sgds(models, steps=2))
    assert_equals_listing(sgd, data.draw(strategies.quantities(sgd)))
