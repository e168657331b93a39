"""Whole runs against the polynomials of the closure route: floats within rounding, balls without exception."""

from fractions import Fraction as F

import numpy as np
import pytest

import sgdmoments as sm

X = [[1, 2], [-1, 3], [0, 1], [2, -2], [1, 1]]
Y = [1, 0, 2, -1, 3]


def problem(sampling=None, initial=None):
    return sm.SGD(sm.LinearRegression(X, Y), lambda t: F(1, 8 + t), [F(1, 2), -1] if initial is None else initial,
                  sampling)


CASES = [(sm.gradient, "variance"), (sm.full_gradient, "variance"), (sm.weights, "second_moment"),
         (lambda t: [[1, 3]] @ sm.gradient(t), "second_moment"), (sm.loss, "mean")]


@pytest.mark.parametrize("sampling", ["without_replacement", "with_replacement"])
@pytest.mark.parametrize(("quantity", "moment"), CASES, ids=lambda case: getattr(case, "__name__", str(case)))
def test_agrees_with_the_polynomials(sampling, quantity, moment):
    sgd = problem(sampling)
    batch_sizes = [1, 2, 3, 5]
    floats = sgd.trajectory(quantity, 6, batch_sizes, moment=moment)
    balls = sgd.trajectory(quantity, 6, batch_sizes, moment=moment, certified=True)
    for t in range(7):
        p = getattr(sgd, moment)(quantity(t))
        for column, b in enumerate(batch_sizes):
            assert balls.lower[t, column] <= p(b) <= balls.upper[t, column]
            assert floats.values[t, column] == pytest.approx(float(p(b)), rel=1e-12, abs=1e-14)
    assert floats.error_against(balls) < 1e-11


@pytest.mark.parametrize("given", ["initial", "nothing"])
def test_random_initial_weights(given):
    initial = sm.RandomInit(mean=[1, F(-1, 2)], covariance=[[2, F(1, 3)], [F(1, 3), 1]])
    sgd = problem(initial=initial)
    run = sgd.trajectory(sm.gradient, 3, [1, 2, 5], given=given, certified=True)
    for t in range(4):
        p = sgd.variance(sm.gradient(t), given=given)
        for column, b in enumerate([1, 2, 5]):
            assert run.lower[t, column] <= p(b) <= run.upper[t, column]


def test_precision_grows_with_a_divergent_run():
    sgd = sm.SGD(sm.LinearRegression(X, Y), F(1, 3), [F(1, 2), -1])
    run = sgd.trajectory(sm.gradient, 400, [2], certified=True, tolerance=1e-12)
    assert run.precision > 53
    width = (run.upper - run.lower)[:, 0]
    assert np.all(width <= 2e-12 * run.values[:, 0] + 1e-300)


def test_at_b_equal_to_n_nothing_is_random():
    run = problem().trajectory(sm.gradient, 3, [5], certified=True)
    assert np.all(run.values == 0)
    assert np.all(run.upper == 0)


@pytest.mark.parametrize(("change", "message"), [
    ({"batch_sizes": [6]}, "found 6 > n = 5"),
    ({"batch_sizes": [0]}, "positive integer"),
    ({"batch_sizes": []}, "empty"),
    ({"steps": -1}, "steps: found -1"),
    ({"moment": "mean"}, "found 'mean' of gradient"),
])
def test_refusals(change, message):
    arguments = {"steps": 2, "batch_sizes": [2], "moment": "variance", **change}
    with pytest.raises(sm.InputError, match=message):
        problem().trajectory(sm.gradient, **arguments)


def test_can_be_stopped():
    with pytest.raises(sm.Stopped):
        problem().trajectory(sm.gradient, 50, [2], progress=lambda report: report.done < 10)
