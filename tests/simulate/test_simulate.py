"""Simulated moments against enumeration of every batch sequence, for each family of models."""

import subprocess
import sys

import jax
import numpy as np
import pytest

import sgdmoments as sm
from sgdmoments.simulate.batches import listing_is_cheaper
from sgdmoments.simulate.estimate import simulate
from sgdmoments.testing.enumerate import enumerate_moment

RNG = np.random.default_rng(0)


def integers(*shape):
    return RNG.integers(-2, 3, size=shape)


CASES = {
    "regression": sm.SGD(sm.LinearRegression(integers(5, 2), integers(5)), ["1/10", "1/7"], [1, -1]),
    "regression with replacement": sm.SGD(sm.LinearRegression(integers(4, 3), integers(4)), ["1/10", "1/7"], [1, -1, 2],
                                          "with_replacement"),
    "finite data, quadratic activation": sm.SGD(
        sm.Network((2, 3, 1), (0, 1, "1/2"), sm.Empirical(integers(4, 2)), targets=integers(4)), ["1/200", "1/300"],
        {"W1": integers(3, 2), "W2": integers(1, 3)}),
    "teacher, with replacement": sm.SGD(
        sm.Network((2, 3, 2), data=sm.Empirical(integers(3, 2))), "1/20",
        {"W1": integers(3, 2), "W2": integers(2, 3), "W1*": integers(3, 2), "W2*": integers(2, 3)}, "with_replacement"),
    "Rademacher": sm.SGD(
        sm.Network((2, 2, 1), (1, 1, "1/2"), sm.Rademacher()), "1/20",
        {"W1": integers(2, 2), "W2": [[1, 2]], "W1*": integers(2, 2), "W2*": [[-1, 1]]}),
    "label noise": sm.SGD(sm.Network((2, 2), data=sm.Empirical(integers(3, 2)), noise=sm.Rademacher()), "1/20",
                          {"W1": integers(2, 2), "W1*": integers(2, 2)}),
}


def compare(sgd, batch_sizes, moments=("variance", "second_moment"), times=(0, 1), limit=4.0, **options):
    quantities = [sm.gradient, sm.full_gradient, sm.weights, sm.loss]
    run = simulate(sgd, quantities, list(times), batch_sizes, 30_000, seed=1, **options)
    for quantity in quantities:
        for moment in moments:
            exact = np.array([[float(enumerate_moment(sgd, quantity(t), b, moment)) for b in batch_sizes]
                              for t in times])
            z = run.estimates(moment, quantity).z(exact)
            assert np.abs(z).max() < limit, (quantity.__name__, moment, z)
    exact = np.array([[np.array(enumerate_moment(sgd, sm.weights(t), b, "mean"), dtype=float) for b in batch_sizes]
                      for t in times])
    assert np.abs(run.mean(sm.weights).z(exact)).max() < limit
    return run


@pytest.mark.parametrize("name", CASES)
def test_model_families(name):
    compare(CASES[name], [1, 2])


def test_large_batches_of_few_points():
    compare(CASES["regression"], [4, 5])
    compare(CASES["finite data, quadratic activation"], [3, 4])


def test_batches_drawn_as_bits():
    """Half the data and thereabouts, where a batch is a mask: against the closure route."""
    rng = np.random.default_rng(3)
    model = sm.LinearRegression(rng.integers(-3, 4, (90, 3)), rng.integers(-3, 4, 90))
    sgd = sm.SGD(model, ["1/20", "1/30"], [1, 0, -1])
    sizes = [30, 45, 60]
    assert not any(listing_is_cheaper(90, min(b, 90 - b)) for b in sizes)
    run = simulate(sgd, sm.gradient, 2, sizes, 30_000, seed=5)
    exact = [[float(sgd.variance(sm.gradient(t))(b)) for b in sizes] for t in range(3)]
    assert np.abs(run.variance(sm.gradient).z(np.array(exact))).max() < 4


@pytest.mark.parametrize("name", ["regression", "finite data, quadratic activation", "Rademacher", "label noise"])
def test_conditional_estimator_is_unbiased_and_gains(name):
    sgd = CASES[name]
    conditional = compare(sgd, [1, 2], estimator="conditional")
    plain = simulate(sgd, [sm.gradient], [0, 1], [1, 2], 30_000, seed=1)
    a, b = conditional.variance(sm.gradient), plain.variance(sm.gradient)
    assert (a.standard_error[0] <= 1e-9 * a.value[0]).all()  # at t = 0 nothing is left to chance
    assert (a.standard_error[1] < 0.7 * b.standard_error[1]).all()


def test_antithetic_pairs_are_unbiased_and_sharpen_means():
    for name in ("regression", "Rademacher"):
        sgd = CASES[name]
        pairs = compare(sgd, [1, 2], antithetic=True)
        plain = simulate(sgd, [sm.weights], [0, 1], [1, 2], 30_000, seed=1)
        ratio = pairs.mean(sm.weights(1)).standard_error / plain.mean(sm.weights(1)).standard_error
        assert np.sqrt((ratio**2).mean()) < 0.95, (name, ratio)


def test_paired_batch_sizes_sharpen_differences():
    sgd = CASES["Rademacher"]
    apart = simulate(sgd, sm.gradient, [1], [4, 5], 30_000, seed=2).variance(sm.gradient(1))
    together = simulate(sgd, sm.gradient, [1], [4, 5], 30_000, seed=2, paired=True).variance(sm.gradient(1))
    c = together.covariance
    paired_error = np.sqrt(c[0, 0] + c[1, 1] - 2 * c[0, 1])
    assert paired_error < 0.9 * np.hypot(*apart.standard_error)
    assert np.allclose(np.sqrt(np.diag(c)), together.standard_error)


def test_gaussian_network_with_covariance_and_uniform_data():
    weights = {"W1": integers(3, 2), "W2": integers(2, 3), "W1*": integers(3, 2), "W2*": integers(2, 3)}
    for law in (sm.Gaussian([[2, 1], [1, 3]]), sm.Uniform(-1, 2), sm.Coordinates((0, 1, 0, 2, 0, 5, 0, 15))):
        sgd = sm.SGD(sm.Network((2, 3, 2), data=law), "1/50", weights)
        q = [sm.gradient(0, layer=1), sm.gradient(0, layer=2), sm.full_gradient(0, layer=2), sm.loss(0)]
        run = simulate(sgd, q, None, [1, 3], 20_000, seed=5)
        for quantity in q[:2]:
            exact = [float(sgd.variance(quantity)(b)) for b in (1, 3)]
            assert np.abs(run.variance(quantity).z(exact)).max() < 4
        for quantity in q[2:]:
            assert np.abs(run.second_moment(quantity).z(float(sgd.second_moment(quantity)(1)))).max() < 1


def test_matrices_on_the_left_and_weighted_sums():
    sgd = CASES["regression"]
    a = np.array([[1, 2], [0, -1], [3, 1]])
    matrices = [integers(3, 2) for _ in range(5)]
    quantities = [a @ sm.gradient(1), sm.sample_gradients(1, matrices)]
    for options in ({}, {"antithetic": True}, {"estimator": "conditional"}):
        run = simulate(sgd, quantities, None, [2], 30_000, seed=2, **options)
        for q in quantities:
            assert abs(run.variance(q).z([float(enumerate_moment(sgd, q, 2))])[0]) < 4


def test_random_initial_weights_given_and_total():
    model = sm.LinearRegression([[1, 2], [0, 1], [3, -1], [1, 1]], [1, 0, 2, -1])
    sgd = sm.SGD(model, "1/10", sm.GaussianInit(variance=2, mean=[1, -1]))
    for given in ("initial", "nothing"):
        run = simulate(sgd, sm.gradient(1), None, [1, 3], 60_000, seed=3, given=given)
        exact = sgd.variance(sm.gradient(1), given=given)
        assert np.abs(run.variance(sm.gradient(1)).z([float(exact(b)) for b in (1, 3)])).max() < 4


def test_sparse_steps_are_the_same_runs():
    sgd = sm.SGD(CASES["regression"].model, lambda t: f"1/{10 + t}", [1, -1])
    dense = simulate(sgd, [sm.gradient, sm.loss], 7, [2], 1000, seed=4)
    sparse = simulate(sgd, [sm.gradient, sm.loss], [2, 3, 7], [2], 1000, seed=4)
    for q in (sm.gradient, sm.loss):
        np.testing.assert_allclose(sparse.variance(q).value, dense.variance(q).value[[2, 3, 7]], rtol=1e-12)


def test_random_numbers_do_not_depend_on_other_batch_sizes_or_chunks():
    sgd = CASES["finite data, quadratic activation"]
    both = simulate(sgd, sm.gradient, 1, [1, 3], 3000, seed=4)
    one = simulate(sgd, sm.gradient, 1, [3], 3000, seed=4)
    assert (both.variance(sm.gradient).value[:, 1] == one.variance(sm.gradient).value[:, 0]).all()
    small = simulate(sgd, sm.gradient, 1, [1, 3], 3000, seed=4, memory=200_000)
    a, b = small.variance(sm.gradient), both.variance(sm.gradient)  # equal but for XLA's choice of instructions
    np.testing.assert_allclose(a.value, b.value, rtol=1e-12)
    np.testing.assert_allclose(a.standard_error, b.standard_error, rtol=1e-12)
    other = simulate(sgd, sm.gradient, 1, [1, 3], 3000, seed=5)
    assert (other.variance(sm.gradient).value != both.variance(sm.gradient).value).all()


def test_jax_settings_stay_as_they_were():
    before = jax.config.jax_enable_x64
    run = simulate(CASES["regression"], sm.gradient, 1, [2], 64, x64=True)
    assert run.variance(sm.gradient).value.dtype == np.float64
    assert jax.config.jax_enable_x64 == before
    single = simulate(CASES["regression"], sm.gradient, 1, [2], 4096, x64=False)
    double = simulate(CASES["regression"], sm.gradient, 1, [2], 4096, x64=True)
    a, b = single.variance(sm.gradient), double.variance(sm.gradient)
    assert (np.abs(a.value - b.value) < 1e-3 * b.value).all()


def test_schedule_of_samples_and_target_precision():
    sgd = CASES["regression"]
    run = simulate(sgd, sm.gradient, 1, [2], [1000, 5000])
    assert [stage.samples for stage in run.stages] == [1008, 5008]
    precise = simulate(sgd, sm.gradient, 1, [2], 10**7, target_precision=0.02)
    assert precise.samples < 10**6
    assert precise.relative_precision() <= 0.02


@pytest.mark.parametrize(("change", "error", "message"), [
    ({"batch_sizes": [6]}, sm.AssumptionError, "at most 5"),
    ({"batch_sizes": [0]}, sm.InputError, "batch"),
    ({"batch_sizes": []}, sm.InputError, "batch_sizes"),
    ({"samples": 1}, sm.InputError, "samples"),
    ({"seed": -1}, sm.InputError, "seed"),
    ({"estimator": "clever"}, sm.InputError, "estimator"),
    ({"quantities": sm.gradient, "steps": None}, sm.InputError, "steps"),
    ({"quantities": sm.gradient(0, layer=2)}, sm.InputError, "layer"),
    ({"steps": 5}, sm.InputError, "learning_rate"),
])
def test_bad_input(change, error, message):
    arguments = {"quantities": sm.gradient, "steps": 1, "batch_sizes": [2], "samples": 100, **change}
    with pytest.raises(error, match=message):
        simulate(CASES["regression"], **arguments)


def test_letters_are_refused():
    with pytest.raises(sm.InputError, match="numbers"):
        simulate(sm.SGD(sm.Network((2, 1))), sm.gradient, 1, [2], 100)
    with pytest.raises(sm.InputError, match="numbers"):
        simulate(sm.SGD(sm.LinearRegression([[1]], [1]), None, [1]), sm.gradient, 1, [1], 100)


def test_options_that_would_change_the_answer_are_refused():
    with pytest.raises(sm.AssumptionError, match="symmetric"):
        simulate(sm.SGD(sm.Network((1, 1), data=sm.Uniform(0, 1)), 1, {"W1": [[1]], "W1*": [[0]]}), sm.gradient, 0, [1],
                 100, antithetic=True)


def test_the_package_is_the_function():
    import sgdmoments.simulate as package

    sgd = CASES["regression"]
    assert package(sgd, sm.gradient(0), None, [2], 64).samples == 64
    code = "import sys, sgdmoments.simulate; assert 'jax' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_huge_and_tiny_memory_give_the_same():
    sgd = CASES["Rademacher"]
    a = simulate(sgd, sm.gradient(1), None, [3], 500, memory=1).variance(sm.gradient(1))
    b = simulate(sgd, sm.gradient(1), None, [3], 500, memory=2**34).variance(sm.gradient(1))
    np.testing.assert_allclose(a.value, b.value, rtol=1e-12)


def test_divergence_is_told():
    sgd = sm.SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]), learning_rate=10**60, initial=[0])
    with pytest.warns(sm.DivergenceWarning, match=r"b = 1 from step \d, b = 3"):
        run = simulate(sgd, sm.gradient, 8, [1, 3], 64)
    assert np.isfinite(run.variance(sm.gradient(1)).value).all()
    assert not np.isfinite(run.variance(sm.gradient(8)).value).any()


def test_samples_as_rows_where_a_model_allows_it():
    from sgdmoments.simulate.problem import FloatRun

    network = sm.Network((2, 3, 1), activation=(0, 1, 1))
    student = {"W1": np.ones((3, 2)), "W2": np.ones((1, 3))}
    teacher = {"W1*": np.ones((3, 2)), "W2*": np.ones((1, 3))}

    class ByEntries(sm.Network):
        """The same predictions, without matrix products."""

        def predict(self, weights, constants, sample):
            x = sample["x"]
            hidden = self._activate(sum(weights["W1"][:, k] * x[k] for k in range(2)))
            return sum(weights["W2"][:, k] * hidden[k] for k in range(3))

    runs = []
    for model, rows in ((network, True), (ByEntries((2, 3, 1), activation=(0, 1, 1)), False)):
        sgd = sm.SGD(model, "1/100", {**student, **teacher})
        assert FloatRun.read(sgd).takes_rows() is rows
        runs.append(simulate(sgd, sm.gradient, 1, [2], 64).moments.mean)
    np.testing.assert_allclose(*runs, rtol=1e-12)
