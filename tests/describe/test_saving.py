"""Descriptions as JSON: what is written is read back equal; nothing is executed; what cannot be written is named."""

import json
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
import sympy

import sgdmoments as sm
from sgdmoments.describe.schedule import Schedule
from sgdmoments.testing.strategies import DecayingRate

s = sympy.Symbol("s", positive=True)


class Own(sm.Law):
    """A law at the top of a module."""

    dimension = 1

    def __init__(self, scale, table=()):
        self.scale, self.table = scale, table

    def moment(self, exponents):
        return Fraction(self.scale) ** sum(exponents)


class Box(list):
    """Can change."""


@dataclass
class Loose:
    """Not frozen."""

    x: int = 0


@pytest.mark.parametrize("x", [
    sm.Gaussian([[sympy.pi + sympy.sqrt(2), 0], [0, sympy.exp(s)]]), sm.Empirical([[sympy.Symbol("s")], [s]]),
    sm.Coordinates((sympy.Dummy("d"), 4)), sm.Network(("p", sympy.Symbol("q"), 1), (0, s, 1)),
    Own(3), Own(Fraction(1, 3), {"a": np.array([1.5, 2.0]), "b": frozenset({1}), "c": (None, True, 0.1)}),
    sm.SGD(sm.Network((1, 1), data=Own(2)), DecayingRate(Fraction(1, 2), 3), {"W1": sm.GaussianInit(s)}),
    sm.SGD(sm.LinearRegression([[1], [2]], [0.1, 10**5000]), ["1/3", s], [0], "with_replacement"),
    sm.Empirical([[sympy.CRootOf(sympy.Symbol("z")**5 - sympy.Symbol("z") + 1, 0)]]),
])
def test_written_and_read(x):
    text = x.to_json()
    assert json.loads(text)["format"] == "sgdmoments.description/1"
    again = type(x).from_json(text)
    assert again == x
    assert hash(again) == hash(x)
    assert again.to_json() == text


def test_an_answer_is_the_same():
    sgd = sm.SGD(sm.LinearRegression([[1, 2], [3, s]], ["1/2", 1]), "1/10", None)
    again, question = sm.SGD.from_json(sgd.to_json()), sm.gradient(1)
    assert again.variance(type(question).from_json(question.to_json())) == sgd.variance(question)


@pytest.mark.parametrize(("make", "message"), [
    (lambda: Schedule(lambda t: 1), "it is a function; list its values instead"),
    (lambda: Own(Box([1])), r"\[1\] cannot be written: it is of type Box"),
    (lambda: Own(1j), "of type complex"),
    (lambda: Own(Own), "it is a function; list|cannot be written"),
    (lambda: type("Local", (Own,), {})(1), "the class Local of .* cannot be found by its name"),
    (lambda: Own(sympy.Function("f")(s)), r"f\(s\) is made by f, which sympy does not have"),
])
def test_what_cannot_be_written_is_named(make, message):
    with pytest.raises(sm.InputError, match=message):
        make().to_json()


def saved(value):
    return json.dumps({"format": "sgdmoments.description/1", "value": value})


@pytest.mark.parametrize(("text", "message"), [
    ("", "not a saved description"), ("[]", "not a saved description"), ("{}", "not a saved description"),
    (json.dumps({"format": "x", "value": 1}), "unknown format 'x'"),
    (saved(1.5), "numbers stand as exact texts"), (saved({"list": []}), r"unknown kind of value \['list'\]"),
    (saved({"class": "os:system", "arguments": {}}), "'os:system' is not loaded"),
    (saved({"class": "subprocess:Popen", "arguments": {"args": "true"}}), "no class of descriptions|not loaded"),
    (saved({"class": f"{__name__}:Loose", "arguments": {}}), "no class of descriptions"),
    (saved({"class": "nowhere:Thing", "state": {}}), "'nowhere:Thing' is not loaded; import its module first"),
    (saved({"class": "Uniform", "arguments": {"a": 2, "b": 1}}), "needs a < b"),
    (saved({"class": "Uniform", "arguments": {"c": 2}}), "not a saved description"),
    (saved({"sympy": {"func": "sympify", "args": ["1"]}}), "no expression 'sympify'"),
    (saved({"sympy": {"func": "Lambda", "args": []}}), "no expression 'Lambda'"),
    (saved({"fraction": "1/0"}), "not a saved description"), (saved({"fraction": "1.5"}), "not a saved description"),
    (saved({"array": [3], "entries": [1]}), "not a saved description"),
    (sm.Rademacher().to_json(), r"Gaussian.from_json: found a Rademacher"),
    (sm.gradient(1).to_json(), r"Gaussian.from_json: found a Quantity"),
])
def test_what_is_none_is_refused(text, message):
    with pytest.raises(sm.InputError, match=message):
        sm.Gaussian.from_json(text)


def test_a_quantity_is_told_from_a_law():
    with pytest.raises(sm.InputError, match=r"Quantity.from_json: found a Rademacher"):
        sm.gradient(0).from_json(sm.Rademacher().to_json())
