"""The first coefficient of JAX models: against exact polynomials, dense Hessians, and listed batches."""

from __future__ import annotations

from itertools import combinations_with_replacement
from math import factorial, prod

import numpy as np
import pytest

import sgdmoments as sm
from sgdmoments.errors import InputError

jax = pytest.importorskip("jax")

from jax.flatten_util import ravel_pytree  # noqa: E402

from sgdmoments.simulate.first_coefficient import first_coefficient  # noqa: E402

POINTS = np.array([[1.0, 0.5], [-1.0, 2.0], [0.25, 0.0], [2.0, -1.0]])
TARGETS = np.array([1.0, 0.5, -2.0, 0.0])
START = {"W1": np.array([[1.0, 0.5], [-0.25, 2.0], [0.5, -1.0]]), "W2": np.array([[0.75, -1.0, 0.5]])}
RATES = [0.05, 0.04, 0.03]


def square_loss(w, sample):
    x, y = sample
    return 0.5 * (w["W2"] @ (w["W1"] @ x) - y)[0] ** 2


def cross_entropy(w, sample):
    x, label = sample
    logits = w["W2"] @ jax.nn.relu(w["W1"] @ x + w["b1"])
    return -jax.nn.log_softmax(logits)[label]


RELU = {"W1": np.array([[1.0, 0.5], [-0.3, 2.0], [0.6, -1.0]]), "b1": np.array([0.1, 0.2, -0.1]),
        "W2": np.array([[0.75, -1.0, 0.5], [0.2, 0.4, -0.3]])}
LABELS = np.array([0, 1, 1, 0])


@pytest.mark.parametrize(("name", "quantity"), [("gradient", sm.gradient), ("full_gradient", sm.full_gradient),
                                                ("weights", sm.weights), ("loss", sm.loss)])
@pytest.mark.parametrize("t", [0, 1, 2])
def test_it_is_the_coefficient_of_the_whole_polynomial(name, quantity, t):
    model = sm.Network((2, 3, 1), data=sm.Empirical(POINTS), teacher=False, targets=TARGETS)
    sgd = sm.SGD(model, learning_rate=RATES, initial=START, sampling="with_replacement")
    exact = sgd.variance(quantity(t), route="expansion")
    found = first_coefficient(square_loss, START, (POINTS, TARGETS), RATES[:t], quantity=name)
    truth = float(([*exact.coefficients, 0])[1])
    assert found.value == pytest.approx(truth, rel=1e-10)
    assert found.standard_error == 0
    assert found.local + found.carried == pytest.approx(found.value)


def listed_variance(loss, weights, samples, rates, b):
    """var(g_t) over every sequence of batches."""
    flat, unflatten = ravel_pytree(weights)
    n = len(jax.tree.leaves(samples)[0])
    slope = jax.jit(jax.vmap(jax.grad(lambda w, s: loss(unflatten(w), s)), (None, 0)))
    batches = [np.bincount(c, minlength=n) for c in combinations_with_replacement(range(n), b)]
    chances = [factorial(b) / prod(map(factorial, counts)) / n**b for counts in batches]
    mean, second = 0.0, 0.0
    states = [(1.0, np.asarray(flat))]
    for rate in rates:
        states = [(p * c, w - rate * (counts @ np.asarray(slope(w, samples))) / b)
                  for p, w in states for c, counts in zip(chances, batches, strict=True)]
    for p, w in states:
        g = np.asarray(slope(w, samples))
        for c, counts in zip(chances, batches, strict=True):
            value = counts @ g / b
            mean, second = mean + p * c * value, second + p * c * (value @ value)
    return second - mean @ mean


@pytest.mark.parametrize("loss", ["relu", "attention"])
def test_models_that_no_formula_covers(loss):
    if loss == "relu":
        function, weights = cross_entropy, RELU
        samples = (POINTS[:2] + 0.1, LABELS[:2])
    else:
        def function(w, sample):
            x, y = sample  # x: three tokens of two features
            scores = jax.nn.softmax((x @ w["Q"]) @ (x @ w["K"]).T, axis=-1)
            return 0.5 * ((scores @ (x @ w["V"])).mean() - y) ** 2

        draw = np.random.default_rng(1)
        weights = {k: draw.normal(size=(2, 2)) for k in "QKV"}
        samples = (draw.normal(size=(2, 3, 2)), draw.normal(size=2))
    with jax.enable_x64(True):
        found = first_coefficient(function, weights, samples, [0.05])
        scaled = [b * listed_variance(function, weights, samples, [0.05], b) for b in (8, 16, 32)]
    # beta_1 + beta_2 / b + ...: two Richardson steps
    once = [2 * scaled[1] - scaled[0], 2 * scaled[2] - scaled[1]]
    assert (4 * once[1] - once[0]) / 3 == pytest.approx(found.value, rel=2e-4)
    assert found.carried > 0


def test_dense_hessians_give_the_same_at_a_late_step():
    samples = (POINTS, LABELS)
    rates = [0.05] * 40
    found = first_coefficient(cross_entropy, RELU, samples, rates)
    with jax.enable_x64(True):
        flat, unflatten = ravel_pytree(RELU)
        slopes = jax.jit(jax.vmap(jax.grad(lambda w, s: cross_entropy(unflatten(w), s)), (None, 0)))
        hessian = jax.jit(jax.hessian(lambda w: jax.vmap(cross_entropy, (None, 0))(unflatten(w), samples).mean()))
        w, C = np.asarray(flat), np.zeros((flat.size, flat.size))
        for rate in rates:
            g, H = np.asarray(slopes(w, samples)), np.asarray(hessian(w))
            J = np.eye(len(w)) - rate * H
            C = J @ C @ J.T + rate**2 * np.cov(g.T, bias=True)
            w = w - rate * g.mean(0)
        g, H = np.asarray(slopes(w, samples)), np.asarray(hessian(w))
    assert found.value == pytest.approx(np.trace(np.cov(g.T, bias=True)) + np.trace(H @ C @ H.T), rel=1e-9)


def test_random_probes_are_unbiased_with_an_honest_error():
    samples = (POINTS, LABELS)
    exact = first_coefficient(cross_entropy, RELU, samples, [0.05] * 10)
    some = first_coefficient(cross_entropy, RELU, samples, [0.05] * 10, probes=400, seed=3)
    assert 0 < some.standard_error < 0.1 * exact.carried
    assert abs(some.value - exact.value) < 4 * some.standard_error
    again = first_coefficient(cross_entropy, RELU, samples, [0.05] * 10, probes=400, seed=3, chunk=7)
    assert again.value == pytest.approx(some.value, rel=1e-12)


def test_bad_arguments():
    with pytest.raises(InputError, match="quantity"):
        first_coefficient(square_loss, START, (POINTS, TARGETS), RATES, quantity="momentum")
    with pytest.raises(InputError, match="probes"):
        first_coefficient(square_loss, START, (POINTS, TARGETS), RATES, probes=1)
