import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import sgdmoments as sm
from sgdmoments.simulate.losses import simulate_loss

RNG = np.random.default_rng(0)
X, Y = RNG.integers(-2, 3, size=(6, 2)), RNG.integers(-2, 3, size=6)


def least_squares(w, batch):
    x, y = batch
    return 0.5 * jnp.mean((x @ w - y) ** 2)


@pytest.mark.parametrize("order", ["without_replacement", "with_replacement"])
def test_plain_sgd_is_the_exact_sgd(order):
    sgd = sm.SGD(sm.LinearRegression(X, Y), "1/10", [1, -1], order)
    data = X.astype(float), Y.astype(float)
    run = simulate_loss(least_squares, np.array([1.0, -1.0]), data, optax.sgd(0.1), [2, 3], 40_000, order=order,
                        record=2, full_gradient=True, x64=True)
    for column, b in enumerate((2, 3)):
        for row, t in enumerate(run.steps[column]):
            for name, q in (("gradient", sm.gradient), ("full_gradient", sm.full_gradient), ("loss", sm.loss)):
                z = run.variance(name).z(float(sgd.variance(q(int(t)))(b)))[row, column]
                assert abs(z) < 4, (name, t, b)
            assert abs(run.mean("loss").z(float(sgd.mean(sm.loss(int(t)))(b)))[row, column]) < 4


@pytest.mark.parametrize("order", ["shuffled", "cyclic"])
def test_epochs_use_each_point_once(order):
    """With gradients that count the points, one epoch of b = 2 adds up to every point once."""
    eye = np.eye(6)

    def count(w, rows):
        return -jnp.mean(rows @ w)

    metrics = {"uneven": lambda w: jnp.max(w) - jnp.min(w), "sum": jnp.sum}
    run = simulate_loss(count, np.zeros(6), eye, optax.sgd(2.0), [2], 64, epochs=3, order=order, record=9,
                        metrics=metrics, x64=True)
    assert run.epochs[0].tolist() == [k / 3 for k in range(9)]
    uneven = run.mean("uneven").value[:, 0]
    assert uneven[[0, 3, 6]] == pytest.approx([0, 0, 0])
    assert uneven[[1, 2, 4, 5]] == pytest.approx([1, 1, 1, 1])
    assert run.mean("sum").value[:, 0] == pytest.approx(2 * np.arange(9))


def test_cyclic_order_repeats_and_shuffled_order_does_not():
    values = {}
    for order in ("cyclic", "shuffled"):
        run = simulate_loss(lambda w, rows: jnp.mean(rows @ w), np.zeros(6), np.eye(6), optax.sgd(1.0), [3], 64,
                            epochs=2, order=order, record=4, metrics={"first": lambda w: w[0]}, x64=True)
        values[order] = run.variance("first").value[:, 0]
    # after 3 half epochs the first weight is -1/3 or -2/3; after the second half it is -2/3 for certain
    assert values["cyclic"][1] > 0.01
    assert values["cyclic"][2] < 1e-12
    assert values["cyclic"][3] == pytest.approx(values["cyclic"][1], rel=0.5)
    assert values["shuffled"][2] < 1e-12


def test_relu_cross_entropy_and_adam():
    images, labels = RNG.normal(size=(40, 5)).astype(np.float32), RNG.integers(0, 3, size=40)
    start = {"a": RNG.normal(size=(5, 8)).astype(np.float32), "b": RNG.normal(size=(8, 3)).astype(np.float32)}

    def loss(params, batch):
        x, y = batch
        logits = jax.nn.relu(x @ params["a"]) @ params["b"]
        return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()

    run = simulate_loss(loss, start, (images, labels), optax.adam(1e-2), [4, 20], 32, epochs=8, record=4,
                        metrics={"norm": lambda p: jnp.sum(p["a"] ** 2)})
    losses = run.mean("loss").value
    assert (losses[-1] < 0.9 * losses[0]).all()
    gradients = run.variance("gradient").value
    assert (gradients[:, 0] > gradients[:, 1]).all()
    assert run.samples == 32
    stopped = simulate_loss(loss, start, (images, labels), optax.adam(1e-2), [4], 4000, epochs=1, record=2,
                            memory=100_000, progress=lambda p: False)
    assert stopped.interrupted
    assert 0 < stopped.samples < 4000


def test_few_steps_are_all_recorded():
    data = X.astype(float), Y.astype(float)
    run = simulate_loss(least_squares, np.zeros(2), data, optax.sgd(0.1), [1, 3], 8, record=5)
    assert run.steps.tolist() == [[0, 5], [0, 1]]
    assert run.mean("loss").value.shape == (2, 2)


def test_bad_input():
    data = (X.astype(float), Y.astype(float))
    for change, message in (({"batch_sizes": [7]}, "batch_sizes"), ({"order": "sorted"}, "order"),
                            ({"epochs": 0.1}, "epochs"), ({"data": (X, Y[:3])}, "lengths")):
        arguments = {"data": data, "batch_sizes": [2], "epochs": 1, "order": "shuffled", **change}
        with pytest.raises(sm.InputError, match=message):
            simulate_loss(least_squares, np.zeros(2), optimiser=optax.sgd(0.1), samples=4, **arguments)
