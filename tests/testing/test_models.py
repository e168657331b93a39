"""`check_model` passes models that mean one thing in every arithmetic, and names what disagrees in the others."""

from fractions import Fraction

import numpy as np
import pytest

import sgdmoments as sm
from sgdmoments.testing import check_model, enumerate_moment

X, Y = [[1, 2], [2, 0], [0, 1]], [1, 0, 2]


class Oja(sm.Model):
    """Oja's rule: w ← w + α y (x − y w), y = w·x."""

    def __init__(self, law):
        super().__init__((sm.Array("w", (law.dimension,)),), law)

    def direction(self, weights, constants, sample):
        w, x = weights["w"], sample["x"]
        y = w @ x
        return {"w": -y * (x - y * w)}


class Line(sm.Model):
    """f(x) = a x + c: two numbers, their labels numbers too."""

    def __init__(self):
        super().__init__((sm.Array("a", ()), sm.Array("c", ())), sm.Empirical(x=[1, 2, 4], label=Y))

    def predict(self, weights, constants, sample):
        return weights["a"] * sample["x"] + weights["c"]


class Factors(sm.Model):
    """½ (⟨A, u vᵀ⟩ − y)² + a term in u: a loss typed out, on matrices."""

    def __init__(self):
        law = sm.Empirical(A=[[[1, 2, 0], [0, 1, 1]], [[2, 0, 1], [1, 1, 0]]], y=[1, 2])
        super().__init__((sm.Array("u", (2,)), sm.Array("v", (3,))), law)

    def loss(self, weights, constants, sample):
        u, v = weights["u"], weights["v"]
        return (u @ (sample["A"] @ v) - sample["y"]) ** 2 / 2 + (u @ u) / 4


class Rotating(sm.Model):
    """A pull to a constant by what is drawn, two independent parts: no gradient of anything."""

    def __init__(self):
        super().__init__((sm.Array("w", (2,)),), sm.Product(x=(sm.Rademacher(), 2), z=(sm.Uniform(0, 1), ())),
                         (sm.Array("m", (2,)),))

    def direction(self, weights, constants, sample):
        x, away = sample["x"], weights["w"] - constants["m"]
        return {"w": x * (x @ away) + sample["z"] * away}


class Watched(Line):
    """Steps that are linear in the weights, beside a loss of degree four."""

    def loss(self, weights, constants, sample):
        return super().loss(weights, constants, sample) + weights["a"] ** 4

    def direction(self, weights, constants, sample):
        away = weights["a"] * sample["x"] - sample["label"]
        return {"a": away * sample["x"], "c": weights["c"] + away}


@pytest.mark.parametrize(("make", "expected"), [
    (lambda: Oja(sm.Empirical(X)), {"components", "enumeration", "symbolic"}),
    (lambda: Oja(sm.Gaussian([[2, 1], [1, 1]])), {"components", "enumeration", "symbolic"}),
    (Line, {"closure", "components", "enumeration", "symbolic"}),
    (Watched, {"closure", "components", "enumeration", "symbolic"}),
    (Factors, {"components", "enumeration", "symbolic"}),
    (Rotating, {"closure", "components", "enumeration", "symbolic"})])
def test_models_of_every_form(make, expected, monkeypatch):
    monkeypatch.setattr("sgdmoments.testing.models._simulated", lambda sgd: False)
    assert set(check_model(make())) - {"copies"} == expected


@pytest.mark.parametrize("make", [lambda: Oja(sm.Empirical(X)), Rotating])
def test_the_simulator_takes_them_too(make):
    model = make()
    start = {"w": [1, Fraction(1, 2)], **({"m": [1, 2]} if model.constants else {})}
    sgd = sm.SGD(model, "1/7", start)
    for quantity in (sm.gradient(1), sm.full_gradient(1)):
        report = sm.check(sgd, quantity, samples=8_000, batch_sizes=[1, 2] if model.n else [1, 2, 3])
        assert report.verdict != "rejected", str(report)
        claim = sgd.variance(quantity) * 2
        assert sm.check(sgd, quantity, samples=8_000, batch_sizes=[1, 2] if model.n else [1, 2, 3],
                        claim=claim).verdict == "rejected"


def test_oja_by_hand():
    # E y x = S w and E y² = w·S w, with S = diag(2, 1) and w = (1, 1)
    sgd = sm.SGD(Oja(sm.Gaussian([[2, 0], [0, 1]])), "1/50", [1, 1])
    assert [entry(3) for entry in sgd.mean(sm.weights(1))] == [Fraction(49, 50), Fraction(24, 25)]
    with pytest.raises(sm.RouteError, match="gives a direction and no loss"):
        sgd.mean(sm.loss(0))
    with pytest.raises(sm.InputError, match="gives a direction and no loss"):
        enumerate_moment(sgd, sm.loss(0), 1)
    with pytest.raises(sm.InputError, match="it follows the gradient of its loss, which is derived, not called"):
        Line().direction({}, {}, {})


def test_a_loss_of_higher_degree_is_not_asked_of_closure():
    sgd = sm.SGD(Watched(), "1/10", {"a": 1, "c": 2})
    with pytest.raises(sm.RouteError, match="the loss is not quadratic in the weights"):
        sgd.mean(sm.loss(1), route="closure")
    answer = sgd.variance(sm.loss(1))
    assert [answer(b) for b in (1, 2)] == [enumerate_moment(sgd, sm.loss(1), b) for b in (1, 2)]


def test_layers_by_name():
    sgd = sm.SGD(Factors(), "1/10", {"u": [1, 2], "v": [1, 0, 1]})
    for route in ("components", "symbolic"):
        assert sgd.variance(sm.gradient(0, layer="v"), route=route) == sgd.variance(sm.gradient(0, layer=2))
    assert sgd.mean(sm.weights(1, layer="v")).shape == (3,)
    with pytest.raises(sm.InputError, match="layer: found 'w', but the model has the parameters u, v"):
        sgd.variance(sm.gradient(0, layer="w"))


class TwoFaced(Line):
    """Another prediction in Fractions than in letters."""

    def predict(self, weights, constants, sample):
        exact = super().predict(weights, constants, sample)
        return exact + 1 if isinstance(sample["x"], np.ndarray) and isinstance(sample["x"][()], Fraction) else exact


def test_what_disagrees_is_named():
    with pytest.raises(sm.InputError, match=r"TwoFaced: the (mean|variance) of \S+ at b = 1 \(without replacement.*\) "
                                            r"is .* by \w+, but .* by enumeration"):
        check_model(TwoFaced())


class Deaf(Line):
    """Another prediction in JAX."""

    def predict(self, weights, constants, sample):
        exact = super().predict(weights, constants, sample)
        return exact if isinstance(exact, Fraction) or not hasattr(exact, "aval") else 2 * exact


def test_the_simulator_is_named():
    with pytest.raises(sm.InputError, match=r"Deaf: the simulator does not give the exact var\(g_1\)"):
        check_model(Deaf())


class Box(list):
    """Can change, and does not say so."""


class Boxed(Line):
    """Holds an object that may change."""

    def __init__(self, box):
        self.box = box
        super().__init__()


def test_a_model_that_may_change_is_said_to_be_compared_by_identity(monkeypatch):
    monkeypatch.setattr("sgdmoments.testing.models._simulated", lambda sgd: False)
    assert check_model(Boxed(Box()))[-1] == "identity"


@pytest.mark.parametrize(("ask", "message"), [
    (lambda: check_model(5), "expected a model, found 5"),
    (lambda: check_model(sm.Network(("p", 1))), "the dimensions of the model must be numbers"),
    (lambda: check_model(Line(), batch_sizes=[0]), "batch_sizes"), (lambda: check_model(Line(), seed=-1), "seed")])
def test_what_cannot_be_checked_is_refused(ask, message):
    with pytest.raises(sm.InputError, match=message):
        ask()


def test_nothing_to_compare_is_no_pass():
    with pytest.raises(sm.AssumptionError, match="there is nothing to compare"):
        check_model(sm.Network((9, 9, 9, 1), activation=(0, 0, 0, 1)))
