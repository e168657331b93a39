"""Any model with a polynomial prediction has all that networks have of the symbolic route."""

from fractions import Fraction as F

import numpy as np
import pytest
import sympy

import sgdmoments as sm
from sgdmoments.testing import enumerate_moment

T = sympy.Symbol("t")
X, Y = [[1, 2], [2, 0], [0, 1]], [1, 0, 2]
POINTS = sm.Empirical(X)
A = np.array([[F(1), F(2)], [F(0), F(-1)]], dtype=object)


class Quadratic(sm.Model):
    """f(x) = w.x + (v.x)²/2 + w.(A x) + 3: vectors for weights, a matrix of numbers, a constant."""

    def __init__(self):
        self.matrix = A
        super().__init__((sm.Array("w", (2,)), sm.Array("v", (2,))), sm.Empirical(x=X, label=Y))

    def predict(self, weights, constants, sample):
        w, v, x = weights["w"], weights["v"], sample["x"]
        return x @ w + (x[None, :] @ v) ** 2 / 2 + (self.matrix @ x)[None, :] @ w + 3


class Named(sm.Model):
    """Weights whose names are those of the data, with their shapes."""

    def __init__(self):
        super().__init__((sm.Array("X", (3, 2), 1), sm.Array("y", (3, 2), 1)),
                         sm.Empirical(x=X, label=[[1, 0], [0, 1], [2, 1]]))

    def predict(self, weights, constants, sample):
        x = sample["x"]
        return weights["X"][0] * x + weights["y"][1] @ x + weights["y"].T @ (weights["X"] @ x)


class Taught(sm.Model):
    """A model whose teacher is one of its own form, with noise perhaps."""

    def __init__(self, parameters, law):
        super().__init__(parameters, law, tuple(sm.Array(f"{q.name}*", q.shape) for q in parameters))

    def label(self, constants, sample):
        taught = self.predict({q.name: constants[f"{q.name}*"] for q in self.parameters}, constants, sample)
        return taught + sample["noise"] if "noise" in sample else taught


class Product(Taught):
    """f(x) = (v_1 + v_2) W x with a teacher and noise, on a law."""

    def __init__(self, data, noise):
        super().__init__((sm.Array("W", (1, 2)), sm.Array("v", (2, 1))), sm.Product(x=(data, 2), noise=(noise, 1)))

    def predict(self, weights, constants, sample):
        return (weights["W"] @ sample["x"]) * (weights["v"][0] + weights["v"][1])


class Wide(Taught):
    """f(x) = W (S x + x) with lengths that are letters, or a number."""

    def __init__(self, p=sympy.Symbol("p", integer=True, positive=True)):  # noqa: B008
        super().__init__((sm.Array("W", (1, p)), sm.Array("S", (p, p))), sm.Product(x=(sm.Gaussian(), p)))

    def predict(self, weights, constants, sample):
        return weights["W"] @ (weights["S"] @ sample["x"] + sample["x"])


START = {"W": [[1, 2]], "v": [[1], [2]], "W*": [[0, 1]], "v*": [[1], [1]]}
RUNS = {
    "quadratic": sm.SGD(Quadratic(), "1/10", {"w": [1, 2], "v": [1, -1]}),
    "named as the data": sm.SGD(Named(), "1/10", {"X": [[1, 2], [0, 1], [1, 1]], "y": [[1, 0], [2, 1], [0, 3]]}),
    "regression": sm.SGD(sm.LinearRegression(X, Y), "1/10", [1, 3]),
    "regression, with replacement": sm.SGD(sm.LinearRegression(X, Y), "1/10", [1, 3], "with_replacement"),
}


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("quantity", [sm.gradient(0), sm.gradient(0, layer=1), sm.loss(0), sm.weights(1)])
def test_the_symbolic_route_is_the_listing(name, quantity):
    sgd = RUNS[name]
    for moment in ("variance", "second_moment"):
        answer = getattr(sgd, moment)(quantity, route="symbolic")
        assert [answer(b) for b in (1, 2)] == [enumerate_moment(sgd, quantity, b, moment) for b in (1, 2)]


@pytest.mark.parametrize(("data", "noise"), [(sm.Rademacher(), sm.Rademacher()), (sm.Gaussian(), sm.Gaussian([[2]]))])
def test_laws_teachers_and_noise(data, noise):
    sgd = sm.SGD(Product(data, noise), "1/10", START)
    for quantity in (sm.gradient(0), sm.gradient(0, layer=2), sm.loss(0), sm.weights(1)):
        assert sgd.variance(quantity, route="symbolic") == sgd.variance(quantity, route="components")


def test_regression_of_later_steps_and_random_weights():
    sgd = RUNS["regression"]
    for quantity in (sm.gradient(2), sm.loss(1), sm.weights(2), sm.full_gradient(1)):
        assert sgd.variance(quantity, route="symbolic") == sgd.variance(quantity, route="closure")
    assert (sgd.mean(sm.weights(1), route="symbolic") == sgd.mean(sm.weights(1), route="closure")).all()
    for law in (sm.GaussianInit(variance=2), sm.IndependentInit(sm.Uniform(0, 1))):
        random = sgd.replace(initial=law)
        for given in ("initial", "nothing"):
            assert random.variance(sm.gradient(1), route="symbolic", given=given) == random.variance(
                sm.gradient(1), route="closure", given=given)


def test_regression_in_letters_is_a_one_layer_network():
    sgd = sm.SGD(sm.LinearRegression(X, Y), "1/10")
    net = sm.SGD(sm.Network((2, 1), data=POINTS, teacher=False, targets=Y), "1/10")
    graphs = sgd.variance(sm.gradient(1), route="symbolic")
    assert graphs.evaluate({"w": [1, 3]}) == RUNS["regression"].variance(sm.gradient(1))
    assert graphs.evaluate({"w": [1, 3]}) == net.variance(sm.gradient(1)).evaluate({"W1": [[1, 3]]})
    entries = sgd.variance(sm.gradient(1))  # the letters of a vector are written out, those of a matrix are not
    assert (entries.provenance.route, net.variance(sm.gradient(1)).provenance.route) == ("closure", "symbolic")
    assert entries.evaluate({"w_1": 1, "w_2": 3}) == graphs.evaluate({"w": [1, 3]})


def test_regression_as_a_series_with_t_a_letter():
    for sgd in (RUNS["regression"], RUNS["regression, with replacement"]):
        sgd = sgd.replace(learning_rate="1/1000")
        series = sgd.variance(sm.gradient(T), learning_rate_order=2)
        for t in (1, 3):
            assert series.evaluate({"t": t}) == sgd.variance(sm.gradient(t), learning_rate_order=2)
    rate = sympy.Symbol("alpha")
    letters = sm.SGD(sm.LinearRegression(X, Y), initial=[1, 3])
    whole = letters.variance(sm.gradient(1))
    series = letters.variance(sm.gradient(1), learning_rate_order=2)
    for k, c in enumerate(series.coefficients):
        whole_k = sympy.expand(sympy.sympify(whole.coefficients[k]))
        assert sympy.expand(sympy.sympify(c) - sum(whole_k.coeff(rate, j) * rate**j for j in range(3))) == 0


def test_queries_of_regression():
    sgd = sm.SGD(sm.LinearRegression(X, Y), "1/10")
    moved = sm.weights_matrix(sgd, 1, 1) - sm.weights_matrix(sgd, 0, 1)
    g = sm.gradient_matrix(sgd, 0, 1)
    assert (g.rows, g.columns) == ((2,), ())
    found = sgd.expectation(moved.T @ g)
    number = RUNS["regression"].second_moment(sm.gradient(0))
    assert [found.evaluate({"w": [1, 3]})(b) for b in (1, 2)] == [-number(b) / 10 for b in (1, 2)]


def test_the_recurrence_of_finite_data_does_not_close_for_either():
    net = sm.SGD(sm.Network((2, 1), data=POINTS, teacher=False, targets=Y), "1/10", [[1, 3]])
    for sgd in (RUNS["regression"], net):
        with pytest.raises(sm.RouteError, match="closed_form"):
            sgd.recurrence(sm.gradient)


def test_letters_for_the_lengths():
    sgd = sm.SGD(Wide())
    answer = sgd.variance(sm.gradient(0, layer=1))
    assert answer.provenance.route == "symbolic"
    letters = {"W": [[1, 2]], "S": [[1, 0], [1, 2]], "W*": [[0, 1]], "S*": [[0, 1], [1, 0]], "alpha": F(1, 10)}

    two = sm.SGD(Wide(2), "1/10", {name: value for name, value in letters.items() if name != "alpha"})
    assert answer.evaluate(letters) == two.variance(sm.gradient(0, layer=1), route="components")


def test_layers_of_several_arrays():
    sgd = RUNS["named as the data"]
    answer = sgd.second_moment(sm.gradient(0, layer=1), route="symbolic")
    assert answer == sgd.second_moment(sm.gradient(0), route="symbolic")


def test_a_joint_law_is_refused_by_its_name():
    with pytest.raises(sm.RouteError, match="the law of one array, but MomentRegression has one of x and label"):
        sm.SGD(sm.MomentRegression(), "1/10", [1]).variance(sm.gradient(0), route="symbolic")
