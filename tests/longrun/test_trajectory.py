"""Whole runs against the polynomials of the closure route: floats within rounding, balls without exception."""

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction as F

import flint
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


EXACT = ([[1, 2], [0, 1], [3, 1]], [3, 1, 4])  # interpolated by (1, 1)


@pytest.mark.parametrize("rate", [F(1, 10), lambda t: F(1, 10 + t)])
@pytest.mark.parametrize(("quantity", "moment"), [(sm.gradient, "variance"), (sm.loss, "mean")])
def test_an_exactly_zero_moment_is_zero(rate, quantity, moment):
    """No width is small against 0: zeros are proved by their denominators."""
    sgd = sm.SGD(sm.LinearRegression(*EXACT), rate, [1, 1])
    run = sgd.trajectory(quantity, 80, [1, 2, 3], moment=moment, certified=True)
    assert not run.values.any()
    assert not run.lower.any()
    assert not run.upper.any()


def test_a_moment_that_becomes_zero():
    run = sm.SGD(sm.LinearRegression([[2]], [1]), F(1, 4), [3]).trajectory(  # w_1 is the minimiser
        sm.loss, 500, [1], moment="mean", certified=True)
    assert run.values[:, 0].tolist() == [12.5] + [0] * 500


def test_small_is_not_zero():
    """Data in floats: y = X w but for rounding, so that the variance is 1e-31 and not 0."""
    sgd = sm.SGD(sm.LinearRegression([[0.1, 2.7], [0, 1.3], [3, 1.11]], [2.8, 1.3, 4.11]), 0.1, [1, 1])
    run = sgd.trajectory(sm.gradient, 10, [1], certified=True)
    exact = [sgd.variance(sm.gradient(t))(1) for t in (0, 1)]
    assert 0 < exact[0] < 1e-25
    assert all(run.lower[t, 0] <= exact[t] <= run.upper[t, 0] for t in (0, 1))
    assert run.lower.min() > 0


def test_numbers_beyond_floats():
    model = sm.LinearRegression([[1e308], [2]], [1, 2])
    with pytest.raises(sm.InputError, match="use certified=True"):
        sm.SGD(model, "1/10", [1]).trajectory(sm.gradient, 2, [1])
    assert np.all(sm.SGD(model, "1/10", [1]).trajectory(sm.gradient, 2, [1], certified=True).lower > 1e307)
    growing = sm.SGD(sm.LinearRegression(X, Y), 10, [F(1, 2), -1])
    with pytest.warns(sm.DivergenceWarning, match="from t = .* leave their range") as caught:
        growing.trajectory(sm.gradient, 400, [1])
    assert caught[0].filename == __file__
    small = growing.trajectory(sm.gradient, 5, [1])
    certified = growing.trajectory(sm.gradient, 5, [1], certified=True)
    assert small.error_against(certified) < 1e-10


def test_runs_in_threads_give_the_bounds_of_serial_ones():
    """FLINT's precision is one number for the process; each run has it for itself."""
    runs = [(sm.SGD(sm.LinearRegression(X, Y), F(1, 3 + k % 3), [F(1, 2), -1]), 40 + 25 * k, 10.0 ** -(9 + 12 * k))
            for k in range(6)]

    def bounds(run):
        sgd, steps, tolerance = run
        found = sgd.trajectory(sm.gradient, steps, [1, 2], certified=True, tolerance=tolerance)
        return found.lower.tolist(), found.upper.tolist(), found.precision

    before = flint.ctx.prec
    serial = [bounds(run) for run in runs]
    with ThreadPoolExecutor(6) as threads:
        for _ in range(3):
            assert list(threads.map(bounds, runs)) == serial
    assert flint.ctx.prec == before
    assert len({precision for *_, precision in serial}) > 1


def test_a_plot_has_a_curve_for_each_batch_size():
    pytest.importorskip("matplotlib")
    run = problem().trajectory(sm.gradient, 6, [1, 3])
    axes = run.plot()
    assert [line.get_ydata().tolist() for line in axes.lines] == run.values.T.tolist()
