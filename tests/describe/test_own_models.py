"""Models of a user's own: asked for their lengths, checked with names, never answered as another model."""

from fractions import Fraction as F

import numpy as np
import pytest
import sympy

import sgdmoments as sm
from sgdmoments.describe.laws.coordinates import IndependentCoordinates
from sgdmoments.testing import enumerate_moment

POINTS = sm.Empirical([[1, 2], [2, 0], [0, 1]])
START = {"W1": [[1, 0], [0, 2]], "W2": [[1, -1]]}


class Skip(sm.Network):
    """f(x) = W2 (W1 x + x)."""

    def predict(self, weights, constants, sample):
        return weights["W2"] @ (weights["W1"] @ sample["x"] + sample["x"])


class Doubled(sm.Network):
    """The activation twice as large."""

    def _activate(self, z):
        return 2 * z


class Renamed(sm.Network):
    """A network as it is, under another name."""

    def __init__(self, hidden, **options):
        super().__init__((2, hidden, 1), **options)

    def describe(self):
        return "a network"


class Gated(sm.LinearRegression):
    """f(x) = 3 x^T w."""

    def predict(self, weights, constants, sample):
        return 3 * (sample["x"][None, :] @ weights["w"])


def run(cls, initial=START):
    return sm.SGD(cls((2, 2, 1), data=POINTS, teacher=False, targets=[1, 0, 2]), "1/10", initial)


@pytest.mark.parametrize("cls", [Skip, Doubled])
@pytest.mark.parametrize("quantity", [sm.gradient(0, layer=1), sm.gradient(1, layer=2), sm.loss(1)])
def test_an_overridden_network_is_answered_as_it_predicts(cls, quantity):
    sgd = run(cls)
    answer = sgd.variance(quantity)
    for b in (1, 2):
        assert answer(b) == enumerate_moment(sgd, quantity, b)
    if not quantity.step:
        assert sgd.variance(quantity, route="symbolic") == answer


def test_an_activation_of_a_subclass_s_own_decides_the_route():
    squared = type("Squared", (sm.Network,), {"_activate": lambda self, z: z * z})
    sgd = sm.SGD(squared((2, 2, 1), (1,), POINTS, targets=[1, 0, 2]), "1/10", START)  # σ = 1 says nothing here
    answer = sgd.variance(sm.gradient(1))
    assert answer.provenance.route == "components"
    assert [answer(b) for b in (1, 2)] == [enumerate_moment(sgd, sm.gradient(1), b) for b in (1, 2)]


def test_by_hand():
    # the listing of the three batches of two points: 68/3
    assert run(Skip).variance(sm.gradient(0, layer=1))(2) == F(68, 3)
    letters = run(Skip, {"W2": [[1, -1]]}).variance(sm.gradient(0, layer=1))
    assert letters.provenance.route == "symbolic"
    assert letters.evaluate({"W1": [[1, 0], [0, 2]]})(2) == F(68, 3)
    entries = run(Skip, {"W2": [[1, -1]]}).variance(sm.gradient(0, layer=1), route="components")
    assert entries.evaluate({"W1_11": 1, "W1_12": 0, "W1_21": 0, "W1_22": 2})(2) == F(68, 3)


def test_every_door_of_the_graphs_follows_its_own_prediction():
    sgd = run(Skip)
    g, t = sm.gradient_matrix(sgd, 0, 1), sympy.Symbol("t")
    assert sgd.expectation(sm.squared_norm(g))(2) == enumerate_moment(sgd, sm.gradient(0, layer=1), 2, "second_moment")
    assert sgd.derivation(sm.gradient(0)).counts()[0]
    sgd = sgd.replace(learning_rate="1/1000")
    series = sgd.mean(sm.loss(t), learning_rate_order=1)
    for step in (1, 2):
        assert series.evaluate({"t": step}) == sgd.mean(sm.loss(step), learning_rate_order=1)
    with pytest.raises(sm.RouteError, match="degree 2 in its weights"):
        sgd.recurrence(sm.gradient)


class Kink(sm.Network):
    """f(x) = W2 max(W1 x, 0): no polynomial."""

    def predict(self, weights, constants, sample):
        return weights["W2"] @ np.maximum(weights["W1"] @ sample["x"], 0)


def test_every_door_of_the_graphs_refuses_what_is_no_polynomial():
    sgd = run(Kink)
    g, t = sm.gradient_matrix(sgd, 0, 1), sympy.Symbol("t")
    for door in (lambda: sgd.expectation(sm.squared_norm(g)), lambda: sgd.derivation(sm.gradient(1)),
                 lambda: sgd.recurrence(sm.gradient), lambda: sgd.variance(sm.gradient(1), learning_rate_order=1),
                 lambda: sgd.variance(sm.gradient(t), learning_rate_order=1),
                 lambda: sgd.variance(sm.gradient(0), route="symbolic")):
        with pytest.raises(sm.RouteError, match=r"index graphs cannot follow Kink.predict: numpy.maximum"):
            door()


def test_a_regression_that_predicts_otherwise():
    sgd = sm.SGD(Gated([[1], [2], [3]], [1, 1, 2]), "1/100", [1])
    plain = sm.SGD(sm.LinearRegression([[3], [6], [9]], [1, 1, 2]), "1/100", [1])
    assert sgd.variance(sm.gradient(2)) == plain.variance(sm.gradient(2))
    assert sgd.variance(sm.gradient(1), route="symbolic") == plain.variance(sm.gradient(1))


def test_a_network_that_changes_nothing_keeps_its_graphs():
    model = Renamed(3)
    assert sm.SGD(model).variance(sm.gradient(0, layer=2)) == sm.SGD(sm.Network((2, 3, 1))).variance(
        sm.gradient(0, layer=2))
    pointless = type("Pointless", (sm.Network,), {"predict": lambda self, weights, constants, sample: sample["x"]})
    with pytest.raises(sm.InputError, match=r"the prediction has the shape \(2,\) and the label \(1,\)"):
        sm.SGD(pointless((2, 1), data=POINTS, targets=[1, 0, 2]))


@pytest.mark.parametrize("law", [sm.Gaussian, sm.Rademacher, sm.Uniform, sm.Coordinates, sm.Empirical, sm.GaussianInit,
                                 sm.IndependentInit, sm.RandomInit])
def test_a_law_whose_formulas_are_used_cannot_be_changed(law):
    with pytest.raises(sm.InputError, match=f"{law.__name__} is answered by its formulas, so a subclass cannot change"):
        type("Mine", (law,), {"moment": lambda self, exponents: 1})
    type("Named", (law,), {"__doc__": "The same by another name.", "colour": "red"})


class Own(sm.Model):
    """f(x) = (v_1 + v_2) W x; where the law has no labels, those of a teacher of the same form, plus noise."""

    def __init__(self, law, out=1, parameters=None, constants=None):
        own = (sm.Array("W", (out, 2)), sm.Array("v", (2, 1)))
        named = getattr(law, "parts", ())
        taught = all(part.name != "label" for part in named)
        super().__init__(own if parameters is None else parameters, law, constants if constants is not None else tuple(
            sm.Array(f"{q.name}*", q.shape) for q in own) if taught else ())

    def predict(self, weights, constants, sample):
        return (weights["W"] @ sample["x"]) * (weights["v"][0] + weights["v"][1])

    def label(self, constants, sample):
        if "label" in sample:
            return sample["label"]
        taught = self.predict({"W": constants["W*"], "v": constants["v*"]}, {}, sample)
        return taught + sample["noise"] if "noise" in sample else taught


def test_lengths_are_those_of_the_law_and_the_methods():
    model = Own(sm.Empirical(x=[[1, 2], [2, 0], [0, 1]], label=[1, 0, 2]))  # v, the last array, has two rows
    sgd = sm.SGD(model, "1/10", {"W": [[1, 1]], "v": [[1], [2]]})
    for quantity in (sm.gradient(0), sm.weights(1), sm.loss(1)):
        for b in (1, 2):
            assert sgd.variance(quantity)(b) == enumerate_moment(sgd, quantity, b)
    assert sgd.variance(sm.gradient(0))(2) == F(3971, 18)


def test_the_length_of_a_law_of_any_length_is_said_in_a_product():
    with pytest.raises(sm.InputError, match=r"the length of x must be said: sm.Product\(x=\(law, length\)\)"):
        sm.SGD(Own(sm.Rademacher()))
    start = {"W": [[1, 2]], "v": [[1], [2]], "W*": [[0, 1]], "v*": [[1], [1]]}
    sgd = sm.SGD(Own(sm.Product(x=(sm.Rademacher(), 2), noise=(sm.Rademacher(), 1))), "1/10", start)
    for quantity in (sm.gradient(0), sm.loss(1)):
        assert sgd.variance(quantity)(2) == enumerate_moment(sgd, quantity, 2)


class Older(sm.Model):
    """As models were written once."""

    def __init__(self):
        super().__init__((sm.Array("w", (2,)),), sm.Empirical(x=[[1, 2]], label=[1]))

    def predict(self, weights, x):
        return x @ weights["w"]


def made(**body):
    return type("Made", (Own,), body)(POINTS)


@pytest.mark.parametrize(("make", "message"), [
    (lambda: Own(sm.Empirical(x=[[1, 2], [3, 4]], label=[[1, 2], [3, 4]])),
     r"the residual is prediction - label, but the prediction has the shape \(1,\) and the label \(2,\)"),
    (lambda: Own(sm.Empirical([[1, 2, 3]])), r"Own.predict: fails on numbers, with arrays of shapes .*'x': \(3,\)"),
    (lambda: Own(sm.Empirical(label=[1, 2])), r"Own.predict: fails on numbers, .*KeyError: 'x'"),
    (lambda: Own(sm.Product(x=POINTS, noise=sm.Gaussian([[1, 0], [0, 1]]))),
     r"the prediction has the shape \(1,\) and the label \(2,\)"),
    (lambda: Own(3), "Own.law: expected a law"),
    (lambda: Own(POINTS, parameters=()), "a model has at least one weight array"),
    (lambda: Own(POINTS, parameters=("W",)), "Own.parameters: expected a tuple of Array"),
    (lambda: Own(POINTS, parameters=5), "Own.parameters: expected a tuple of Array"),
    (lambda: Own(POINTS, parameters=(sm.Array("", (1,)),)), "Array: name: found ''; expected a text"),
    (lambda: Own(POINTS, parameters=(sm.Array("W", (1.5,)),)), r"Array W: found the shape \(1.5,\)"),
    (lambda: Own(POINTS, parameters=(sm.Array("W", 2),)), "Array W: found the shape 2"),
    (lambda: Own(POINTS, parameters=(sm.Array("W", (2,), 0),)), "Array W: layer: found 0; layers count from 1"),
    (lambda: Own(POINTS, parameters=(sm.Array("W", (1, 2)),) * 2), "two arrays have one name"),
    (lambda: Own(POINTS, constants=()), r"Own.predict: fails on numbers, .*KeyError: 'W\*'"),
    (lambda: made(n=4), "Made.n: found 4, but the data set has 3 points"),
    (lambda: made(predict=None), "Made.predict: expected a method"),
    (lambda: made(loss=lambda self, weights, constants, sample: sample["x"]),
     r"Made.loss: the loss of a sample is a number, found shape \(2,\)"),
    (lambda: made(direction=lambda self, weights, constants, sample: {"W": weights["W"]}),
     r"Made.direction: expected arrays of the parameters' shapes \{'W': \(1, 2\), 'v': \(2, 1\)\}, found"),
    (lambda: made(direction=lambda self, weights, constants, sample: weights["W"]), "Made.direction: expected a dict"),
    (Older, r"Older.predict\(weights, x\) is not called so: the methods of a model are predict\(self, weights, "
            r"constants, sample\), where sample\[\"x\"\] is x"),
    (lambda: type("Nothing", (sm.Model,), {"__init__": lambda self: None})(),
     r"Nothing: its __init__ must end in super\(\).__init__\(parameters="),
    (lambda: sm.Model((sm.Array("w", (2,)),), POINTS), "Model: a model gives predict, loss or direction"),
])
def test_shapes_are_checked_with_names(make, message):
    with pytest.raises(sm.InputError, match=message):
        sm.SGD(make())


class Fixed(Own):
    """f(x) = c W x with c in the body of the class."""

    factors = np.array([2])

    def predict(self, weights, constants, sample):
        return self.factors[0] * super().predict(weights, constants, sample)


def test_an_array_in_the_body_of_a_class_is_copied():
    start = {"W": [[1, 2]], "v": [[1], [2]], "W*": [[0, 1]], "v*": [[1], [1]]}
    sgd = sm.SGD(Fixed(POINTS), "1/10", start)
    before = sgd.variance(sm.gradient(1))
    Fixed.factors[0] = 5
    try:
        assert sgd.replace().variance(sm.gradient(1)) == before
        assert Fixed(POINTS) != sgd.model
    finally:
        Fixed.factors[0] = 2


def test_what_follows_from_the_moments_cannot_be_changed():
    body = {"coordinate_moment": lambda self, order: 1}
    for name in ("moment", "cumulant"):
        with pytest.raises(sm.InputError, match=f"{name} of independent coordinates follows"):
            type("Mine", (IndependentCoordinates,), {**body, name: lambda self, order: 1})
    ones = type("Ones", (IndependentCoordinates,), body)()
    assert ones.cumulant(3) == 0  # x = 1
    sgd = sm.SGD(sm.Network((2, 1), data=ones), "1/10", {"W1": [[1, 2]], "W1*": [[0, 1]]})
    for route in ("closure", "components", "symbolic"):
        assert sgd.second_moment(sm.gradient(1), route=route) == sgd.second_moment(sm.gradient(1))


class Correlated(sm.Law):
    """x = (s, s') with signs of correlation c: a law given by its moments only."""

    dimension = 2

    def __init__(self, c):
        self.c = c

    def moment(self, exponents):
        i, j = (e % 2 for e in exponents)
        return F(0) if i != j else self.c if i else F(1)


def test_a_law_of_a_user_s_own():
    start = {"W1": [[1, 2]], "W1*": [[0, 1]]}
    signs = sm.Empirical([[1, 1], [1, 1], [1, 1], [-1, -1], [-1, -1], [-1, -1], [1, -1], [-1, 1]])  # c = 1/2
    sgd = sm.SGD(sm.Network((2, 1), data=Correlated(F(1, 2))), "1/10", start)
    drawn = sm.SGD(sm.Network((2, 1), data=signs), "1/10", start, "with_replacement")
    for quantity in (sm.gradient(1), sm.loss(1)):
        for route in ("closure", "components"):
            assert sgd.variance(quantity, route=route) == drawn.variance(quantity, route=route)
    assert sgd == sm.SGD(sm.Network((2, 1), data=Correlated(F(1, 2))), "1/10", start)
    assert sgd != sm.SGD(sm.Network((2, 1), data=Correlated(F(1, 3))), "1/10", start)
    c = sympy.Symbol("c")
    letters = sm.SGD(sm.Network((2, 1), data=Correlated(c)), "1/10", start)
    for route in ("closure", "components"):
        assert letters.variance(sm.gradient(1), route=route).evaluate({"c": "1/2"}) == sgd.variance(sm.gradient(1))


@pytest.mark.parametrize(("role", "ask"), [
    ("data", lambda law: sm.SGD(sm.Network((1, 1), data=law), 1, {"W1": [[2]], "W1*": [[0]]})),
    ("noise", lambda law: sm.SGD(sm.Network((1, 1), noise=law), 1, {"W1": [[2]], "W1*": [[0]]})),
    ("initial weights W1", lambda law: sm.SGD(sm.Network((1, 1)), 1, {"W1": sm.IndependentInit(law), "W1*": [[0]]}))])
@pytest.mark.parametrize("route", ["components", "closure", "symbolic"])
def test_a_law_of_too_few_moments_is_named_by_its_role(role, ask, route):
    with pytest.raises(sm.AssumptionError, match=f"moment of order [2-9] of the {role}, but only 1 moments are given"):
        ask(sm.Coordinates([0])).second_moment(sm.gradient(1), route=route)


def test_so_are_weights_of_which_mean_and_covariance_are_known():
    sgd = sm.SGD(sm.Network((1, 1, 1)), 1, {"W1": sm.RandomInit([[0]], [[1]]), "W2": [[1]], "W1*": [[0]], "W2*": [[0]]})
    with pytest.raises(sm.AssumptionError, match="of the initial weights W1, but RandomInit knows"):
        sgd.variance(sm.gradient(1), route="components")
