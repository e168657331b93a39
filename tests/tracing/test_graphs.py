"""A model's own `predict` on index graphs has the values of `predict` on numbers; the rest is refused by its name."""

from fractions import Fraction as F

import numpy as np
import pytest
import sympy

import sgdmoments as sm
from sgdmoments.describe.model import as_array
from sgdmoments.graphs.derived import expand_derived
from sgdmoments.graphs.labels import BATCH, Label
from sgdmoments.tracing.graphs import GRAPHS, letter
from sgdmoments.tracing.run import run
from sgdmoments.tracing.system import system_of

A = np.array([[F(1), F(2)], [F(0), F(-1)]], dtype=object)
C = sympy.Symbol("c")


def own(predict, outputs=1, inputs=2, shapes=None):
    """A model with a matrix W, a square matrix S and a vector v, that predicts as told, and its teacher."""
    shapes = shapes or {"W": (3, 2), "S": (2, 2), "v": (2,)}

    class Own(sm.Model):
        def __init__(self):
            parameters = tuple(sm.Array(name, shape) for name, shape in shapes.items())
            super().__init__(parameters, sm.Product(x=(sm.Gaussian(), inputs), noise=(sm.Gaussian(), outputs)),
                             tuple(sm.Array(f"{q.name}*", q.shape) for q in parameters))

        def predict(self, weights, constants, sample):
            return predict(weights, sample["x"])

        def label(self, constants, sample):
            taught = predict({name: constants[f"{name}*"] for name in shapes}, sample["x"])
            return as_array(taught) + 0 * sample["noise"]

    return Own()


PREDICTIONS = {
    "matrix @ vector": (3, lambda w, x: w["W"] @ x),
    "matrix @ matrix": (3, lambda w, x: (w["W"] @ w["S"]) @ x),
    "matrix @ (matrix @ vector)": (3, lambda w, x: w["W"] @ (w["S"] @ x)),
    "transposes": (2, lambda w, x: (w["S"].T @ x) @ w["S"].T),
    "row @ vector": (1, lambda w, x: x[None, :] @ w["v"]),
    "a column": (2, lambda w, x: (x[:, None] @ w["v"][None, :]) @ x),
    "sums": (2, lambda w, x: w["S"] @ x + x - 2 * w["v"] + 1),
    "numbers on the left": (2, lambda w, x: 3 - F(1, 2) * x + sympy.Rational(1, 3) - (1 + x) * np.int64(2)),
    "quotients": (2, lambda w, x: (x + 1) / 3 - x / F(2, 5)),
    "elementwise": (2, lambda w, x: x * (w["S"] @ x) * w["v"]),
    "powers": (2, lambda w, x: (w["S"] @ x) ** 2 + x**3 + x**0 + w["v"] ** 2),
    "negatives": (2, lambda w, x: -(w["S"] @ x) + +x),
    "arrays of numbers": (2, lambda w, x: A @ x + x @ A - A[0] * x + np.square(x) + (w["S"] * A) @ x),
    "indices": (1, lambda w, x: [w["W"][0] @ x * x[1] + w["S"][0, -1]]),
    "a list of numbers": (2, lambda w, x: np.array([w["v"] @ x, sum(w["W"][2, k] * x[k] for k in range(2))])),
    "one number in a list": (1, lambda w, x: [w["v"] @ x]),
    "columns": (3, lambda w, x: sum(w["W"][:, k] * x[k] for k in range(2))),
    "sums over axes": (2, lambda w, x: w["W"].sum() * x + w["W"].sum(0) * x.sum() - w["S"].sum(axis=-1)),
    "an axis of length one beside a longer one": (2, lambda w, x: (x[None, :] @ w["v"]) * x + x[:, None][:, 0]),
    "no weights": (2, lambda w, x: x * x),
    "no data": (2, lambda w, x: w["v"]),
}


def numbers(shape, seed):
    rng = np.random.default_rng(seed)
    array = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        array[index] = F(int(rng.integers(-5, 6)), int(rng.integers(1, 4)))
    return array


@pytest.mark.parametrize("name", PREDICTIONS)
def test_the_values_are_those_of_predict_on_numbers(name):
    outputs, predict = PREDICTIONS[name]
    model = own(predict, outputs)
    weights = {q.name: numbers(q.shape, k) for k, q in enumerate(model.parameters)}
    x = numbers((2,), 9)
    given = {q.name: letter(Label(q.name, q.shape)) for q in model.parameters}
    graphs = run(model, "predict", GRAPHS, given, {}, {"x": letter(Label("x", (BATCH, 2), "data"), True)}).per_sample
    given = {**weights, "x": x[None, :], BATCH: 1, **{label.name: value for label, value in graphs.known.items()}}
    found = np.asarray(graphs.evaluate(given), dtype=object)  # a batch of one: its mean is its entry
    assert (found == np.array([list(predict(weights, x))], dtype=object)).all()


@pytest.mark.parametrize(("predict", "operation"), [
    (lambda w, x: np.tanh(w["S"] @ x), r"numpy.tanh"),
    (lambda w, x: np.maximum(x, 0), r"numpy.maximum"),
    (lambda w, x: np.add.reduce(x), r"numpy.add"),
    (lambda w, x: np.dot(w["S"], x), r"numpy.dot"),
    (lambda w, x: (w["S"] @ x).max(), r"\.max"),
    (lambda w, x: x / w["v"], "a division by an array"),
    (lambda w, x: 1 / x, "a division by an array"),
    (lambda w, x: x / A[0], "a division by an array"),
    (lambda w, x: 2**x, "a power whose exponent is one"),
    (lambda w, x: x**-1, "the power -1"),
    (lambda w, x: x**0.5, "the power 0.5"),
    (lambda w, x: x if x[0] > 0 else -x, "a comparison of numbers"),
    (lambda w, x: x if x[0] else -x, "a comparison of numbers"),
    (lambda w, x: abs(x), "a conversion to a number"),
    (lambda w, x: x * float(x[0]), "a conversion to a number"),
    (lambda w, x: x * 0.5, "found the float 0.5"),
    (lambda w, x: np.asarray(x) * 2, "a conversion to a NumPy array"),
    (lambda w, x: x[0:1], r"the index \[slice"),
    (lambda w, x: x[2], "index 2 is out of range"),
    (lambda w, x: w["W"] @ w["W"], r"@: shapes \(3, 2\) and \(3, 2\) have no product"),
    (lambda w, x: w["W"] + x[None, :].T, r"\+: shapes \(3, 2\) and \(2, 1\) do not go together"),
    (lambda w, x: [x, x], "with a list of arrays"),
    (lambda w, x: w["U"] @ x, "KeyError: 'U'"),
])
def test_what_is_no_polynomial_is_refused_by_its_name(predict, operation):
    with pytest.raises(sm.RouteError, match=rf"cannot follow Own.predict: .*{operation}"):
        system_of(own(predict, 2))


def test_an_index_of_a_letter_is_refused():
    p = sympy.Symbol("p", integer=True, positive=True)
    with pytest.raises(sm.RouteError, match="the index 0 of an axis whose length is the letter p"):
        system_of(own(lambda w, x: [x[0]], 1, p, {"W": (1, p)}))


def test_symbols_are_coefficients_and_lengths_are_letters():
    p = sympy.Symbol("p", integer=True, positive=True)
    x = letter(Label("x", (BATCH, p), "data"), sample=True)
    assert (C * x + x * C - 2 * C * x).block.graphs == 0
    with pytest.raises(TypeError, match="length is a letter"):
        len(x)
    assert len(letter(Label("w", (4,)))) == 4


def test_the_named_array_is_that_of_a_linear_residual_only():
    def labels(model):
        return {(label.name, label.kind) for label in system_of(model).residual.labels}

    assert labels(sm.Network(("p", "q", 1))) == {("x", "data"), ("R", "derived")}
    skip = own(lambda w, x: w["W"] @ (w["S"] @ x + x), 3)
    assert labels(skip) == {("x", "data"), ("R", "derived")}
    squared = own(lambda w, x: w["W"] @ x + (w["W"] @ x) ** 2, 3)
    assert labels(squared) == {("x", "data"), ("W", "matrix"), ("W*", "matrix")}
    shifted = own(lambda w, x: w["S"] @ x + w["v"], 2)  # terms without data: not an array times x
    assert "R" not in {name for name, _ in labels(shifted)}
    points = sm.Empirical([[1, 2], [3, 4]])
    assert labels(sm.LinearRegression([[1, 2], [3, 4]], [1, 2])) == {("x", "data"), ("w", "matrix"), ("y", "data")}
    assert labels(sm.Network((2, 1), data=points, teacher=False, targets=[1, 2])) == {
        ("x", "data"), ("W1", "matrix"), ("y", "data")}
    assert ("W", "derived") in labels(sm.Network((2, 2, 1), data=points, teacher=False, targets=[1, 2]))


def test_the_named_array_avoids_the_names_of_the_model():
    model = own(lambda w, x: w["R"] @ (w["S"] @ x), 3, 2, {"R": (3, 2), "S": (2, 2)})
    assert "R_1" in {label.name for label in system_of(model).residual.labels}
    assert "R_2" in {label.name for label in system_of(model, taken=["R_1"]).residual.labels}


def test_the_named_array_stands_for_the_same_residual():
    for model in (sm.Network(("p", "q", "r", 2)), sm.Network((2, 3, 1), activation=(0, "1/3")),
                  own(lambda w, x: A @ (w["S"] @ x) + x, 2)):
        system, plain = system_of(model), system_of(model, plain=True)
        assert system.residual != plain.residual or system.residual.labels != plain.residual.labels
        assert expand_derived(system.residual) == plain.residual
