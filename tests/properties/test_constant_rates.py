"""Closed forms, thresholds and noise constants of random problems against enumeration."""

from fractions import Fraction as F

from hypothesis import assume, given, settings
from hypothesis import strategies as st

import sgdmoments as sm
from sgdmoments.testing import enumerate_moment
from sgdmoments.testing import strategies as shipped

RATES = st.builds(F, st.integers(1, 4), st.integers(1, 5))


@settings(max_examples=30)
@given(st.data())
def test_closed_forms_equal_enumeration(data):
    model = data.draw(shipped.regressions(max_n=4, max_p=2))
    sgd = sm.SGD(model, data.draw(RATES), data.draw(shipped.initial_weights(model)), data.draw(shipped.samplings()))
    quantity = data.draw(st.sampled_from((sm.gradient, sm.full_gradient, sm.weights, sm.loss)))
    b = data.draw(shipped.batch_sizes(sgd, 2))
    closed = sgd.closed_form(quantity)
    for step in (0, 2):
        assert closed.value(step, b) == enumerate_moment(sgd, quantity(step), b)
        assert closed.at(step) == sgd.variance(quantity(step))


@settings(max_examples=30)
@given(shipped.regressions(max_n=4, max_p=2), st.integers(1, 3))
def test_threshold_separates_shrinking_from_growing(model, b):
    """With y = 0 the second moments shrink below the threshold; above it they grow from one of the x_i at least."""
    n = len(model.y)
    assume(b <= n and any(model.X.flat))
    plain = sm.LinearRegression(model.X, [0] * n)
    limit = sm.SGD(plain).stability().threshold(b)
    for rate, stable in ((limit.low * F(9, 10), True), (limit.high * F(11, 10), False)):
        rate = rate.limit_denominator(10**4)
        shrinks = []
        for w in map(list, model.X):
            first, last = (sm.SGD(plain, rate, w).trajectory(sm.weights, 500, [b], moment="second_moment")
                           .values[[0, 500], 0])
            shrinks.append(last <= first)
        assert all(shrinks) == stable
        assert sm.SGD(plain).stability().is_stable(rate, b) == stable


@settings(max_examples=30)
@given(shipped.regressions(max_n=4, max_p=2), st.integers(1, 3), st.data())
def test_noise_constants_bound_every_point(model, b, data):
    n, p = model.X.shape
    assume(b <= n and any(model.X.flat))
    bound = sm.SGD(model).noise_bound()
    slope = bound.slope_threshold(b)[1] * F(3, 2) + 1
    found = bound.least(slope, b)
    for w in (data.draw(shipped.arrays(p)), list(found.maximiser)):
        sgd = sm.SGD(model, 0, w)
        gap = enumerate_moment(sgd, sm.gradient(0), b) - slope * enumerate_moment(
            sgd, sm.full_gradient(0), b, "second_moment")
        assert gap <= found.value
    assert gap == found.value
