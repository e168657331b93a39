"""Every door of the simulator: an answer, or an error of the package's own."""

from fractions import Fraction

import numpy as np
import optax
import pytest

import sgdmoments as sm
from sgdmoments.simulate.arguments import sample_counts, whole_number, whole_numbers
from sgdmoments.simulate.estimate import simulate
from sgdmoments.simulate.first_coefficient import first_coefficient
from sgdmoments.simulate.losses import simulate_loss

SGD = sm.SGD(sm.LinearRegression([[1, 2], [0, 1], [3, -1], [1, 1]], [1, 0, 2, -1]), "1/10", [1, -1])
DATA = np.ones((4, 2)), np.ones(4)
ODD = [None, True, -1, 0.5, float("nan"), float("inf"), "1", b"1", [], {}, object(), 10**30, 10**5000, 1j,
       np.array([1, 2])]


def square(w, sample):
    return 0.5 * (sample[0] @ w - sample[1]) ** 2


def mean_square(w, batch):
    return 0.5 * ((batch[0] @ w - batch[1]) ** 2).mean()


def refused(call, **arguments):
    with pytest.raises(sm.SgdMomentsError) as error:
        call(**arguments)
    assert len(str(error.value)) < 600


def test_whole_numbers_of_every_kind():
    for value in (3, 3.0, np.int8(3), np.float32(3), Fraction(3), np.array(3)):
        assert whole_number(value, "x", 1) == 3
    for value in ODD:
        with pytest.raises(sm.InputError, match="x"):
            whole_number(value, "x", 1, 100)
    assert whole_numbers(np.array([2, 1]), "x", 1) == (2, 1)
    assert whole_numbers(range(1, 4), "x", 1) == (1, 2, 3)
    assert sample_counts((16, 64)) == (16, 64)


@pytest.mark.parametrize("name", ["samples", "seed", "memory", "mean_limit", "target_precision", "steps",
                                  "batch_sizes", "quantities", "x64", "paired", "antithetic", "estimator", "given",
                                  "devices", "budget", "resume"])
def test_simulate(name):
    good = {"sgd": SGD, "quantities": sm.gradient, "steps": 1, "batch_sizes": [1], "samples": 16}
    fine = {"seed": [10**30 % 2**64], "memory": [10**30, 10**5000], "mean_limit": [10**30, 10**5000],
            "target_precision": [None, 0.5, 10**30], "steps": [ODD[-1]], "batch_sizes": [ODD[-1]],
            "x64": [True], "paired": [True], "antithetic": [True], "devices": [None], "budget": [None],
            "resume": [None]}
    for value in ODD:
        if not any(value is f or (type(value) is type(f) and value == f) for f in fine.get(name, [])):
            refused(simulate, **{**good, name: value})
    for value in ("not an SGD", None, 3):
        refused(simulate, **{**good, "sgd": value})


@pytest.mark.parametrize("name", ["loss", "weights", "samples", "learning_rates", "quantity", "probes", "seed", "chunk",
                                  "budget"])
def test_first_coefficient(name):
    good = {"loss": square, "weights": np.zeros(2), "samples": DATA, "learning_rates": [0.1]}
    fine = {"probes": [None], "budget": [None], "learning_rates": [[], ODD[-1]], "samples": [ODD[-1]],
            "seed": [10**30, 10**5000], "chunk": [10**30, 10**5000]}
    odd = [v for v in ODD if name != "weights" or not isinstance(v, (bool, int, float, np.ndarray))]
    for value in odd:
        if not any(value is f or (type(value) is type(f) and value == f) for f in fine.get(name, [])):
            refused(first_coefficient, **{**good, name: value})


def test_first_coefficient_of_losses_that_are_no_numbers():
    for loss in (lambda w, x: w, lambda w, x: (1.0, 2.0), lambda w, x: None):
        refused(first_coefficient, loss=loss, weights=np.zeros(2), samples=DATA, learning_rates=[0.1])
    refused(first_coefficient, loss=square, weights=np.zeros(2), samples=(DATA[0], np.ones(3)), learning_rates=[0.1])
    refused(first_coefficient, loss=square, weights=np.zeros(2), samples=(np.ones((0, 2)), np.ones(0)),
            learning_rates=[])


@pytest.mark.parametrize("name", ["loss", "initial", "data", "optimiser", "batch_sizes", "samples", "epochs", "order",
                                  "record", "metrics", "full_gradient", "seed", "x64", "memory", "group", "devices",
                                  "budget"])
def test_simulate_loss(name):
    good = {"loss": mean_square, "initial": np.zeros(2), "data": DATA, "optimiser": optax.sgd(0.1), "batch_sizes": [1],
            "samples": 4}
    fine = {"metrics": [None, {}], "full_gradient": [True], "x64": [True], "memory": [10**30, 10**5000],
            "batch_sizes": [ODD[-1]], "data": [ODD[-1]],
            "devices": [None], "budget": [None], "record": [10**30, 10**5000], "epochs": [0.5]}
    odd = [v for v in ODD if name != "initial" or not isinstance(v, (bool, int, float, np.ndarray))]
    for value in odd:
        if not any(value is f or (type(value) is type(f) and value == f) for f in fine.get(name, [])):
            refused(simulate_loss, **{**good, name: value})
    refused(simulate_loss, **{**good, "metrics": {"loss": mean_square}})
    refused(simulate_loss, **{**good, "metrics": {"norm": 3}})
