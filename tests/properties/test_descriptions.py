"""Every description is a value: its repr rebuilds it, copies are equal, and nothing can be assigned."""

import copy
import functools
import pickle
from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

import sgdmoments as sm
from sgdmoments.describe.array import Array
from sgdmoments.describe.model import Model
from sgdmoments.describe.schedule import Schedule
from sgdmoments.models.moment_regression import JointMoments
from sgdmoments.testing import strategies

#: The names in which a repr is read back.
NAMES = {name: getattr(sm, name) for name in sm.__all__ if name not in ("check", "simulate", "simulate_loss",
                                                                        "first_coefficient")}
NAMES |= {"Schedule": Schedule, "JointMoments": JointMoments, "Symbol": sympy.Symbol, "Add": sympy.Add,
          "Mul": sympy.Mul, "Pow": sympy.Pow, "Integer": sympy.Integer, "Rational": sympy.Rational, "inv": None}

s = sympy.Symbol("s", positive=True)
numbers = st.one_of(st.fractions(-3, 3, max_denominator=5),
                    st.sampled_from([s, sympy.Symbol("s"), s + 1, sympy.Rational(2, 3) * s**2]))
positive = st.fractions(0, 3, max_denominator=5)


@st.composite
def moments(draw):
    """Moments of a law on a few points, cut off somewhere."""
    points = draw(st.lists(st.fractions(-2, 2, max_denominator=3), min_size=1, max_size=3))
    return [sum(x**k for x in points) / len(points) for k in range(1, 1 + draw(st.integers(1, 6)))]


@st.composite
def covariances(draw, size):
    root = draw(strategies.arrays(size, size))
    return root @ root.T


coordinates = st.one_of(st.just(sm.Rademacher()), st.builds(sm.Coordinates, moments()),
                        st.builds(lambda a, w: sm.Uniform(a, a + w + 1), st.fractions(max_denominator=7), positive))
laws = st.one_of(coordinates, st.just(sm.Gaussian()), st.just(sm.Gaussian("Sigma")),
                 st.builds(sm.Gaussian, covariances(2)), st.builds(sm.Empirical, st.lists(
                     st.lists(numbers, min_size=2, max_size=2), min_size=1, max_size=4)))


@st.composite
def networks(draw):
    data = draw(laws)
    widths = (2, *draw(st.lists(st.integers(1, 3), max_size=2)), draw(st.sampled_from([1, 2])))
    targets = None
    if isinstance(data, sm.Empirical) and draw(st.booleans()):
        targets = draw(strategies.arrays(data.n, widths[-1]))
    elif data.dimension is None and draw(st.booleans()):
        widths = (draw(st.sampled_from(["p", sympy.Symbol("p")])), *widths[1:])
    noise = draw(st.sampled_from([None, sm.Gaussian(), sm.Coordinates((0, "1/2"))]))
    return sm.Network(widths, draw(st.sampled_from([(0, 1), (0, 1, "1/3"), (0, 0, s)])), data, targets is None, targets,
                      noise)


inits = st.one_of(st.builds(sm.GaussianInit, positive), st.builds(sm.IndependentInit, coordinates),
                  st.builds(lambda m, c: sm.GaussianInit(mean=m, covariance=c), strategies.arrays(2), covariances(2)),
                  st.builds(sm.RandomInit, strategies.arrays(2), covariances(2)))
models = st.one_of(
    networks(), strategies.regressions(),
    st.builds(sm.MomentRegression, st.sampled_from([None, {(2, 0): 1, (1, 1): "1/2"}, {(2, 0): s}]),
              n=st.sampled_from([None, 5, sympy.Symbol("n")])))
schedules = st.one_of(positive, st.just(s), st.lists(positive, min_size=1, max_size=3).map(tuple))
quantities = st.sampled_from([
    sm.gradient(2), sm.weights(0, layer=1), sm.full_gradient(sympy.Symbol("t")), sm.loss(3),
    [[1, "1/3"], [s, 0]] @ sm.gradient(1), sm.sample_gradients(1, [[[1, 2]], [["1/2", s]]])])


@st.composite
def runs(draw):
    model = draw(models)
    initial = {p.name: sm.GaussianInit("1/2") for p in model.parameters if draw(st.booleans())}
    sampling = draw(st.sampled_from([None, "with_replacement"])) if model.n is not None else None
    return sm.SGD(model, draw(st.one_of(st.none(), schedules)), initial, sampling)


descriptions = st.one_of(laws, inits, models, st.builds(Schedule, schedules), quantities, runs())


@given(descriptions)
def test_a_description_is_a_value(x):
    again = [eval(repr(x), dict(NAMES)), pickle.loads(pickle.dumps(x)), copy.copy(x), copy.deepcopy(x),
             type(x).from_json(x.to_json())]
    for other in again:
        assert type(other) is type(x)
        assert other == x
        assert hash(other) == hash(x)
        assert repr(other) == repr(x)
    assert x != repr(x)


@given(descriptions, st.data())
def test_nothing_can_be_assigned(x, data):
    names = [name for name in dir(x) if not name.startswith("__")]
    name = data.draw(st.sampled_from([*names, "another"]))
    for change in (lambda: setattr(x, name, 1), lambda: delattr(x, name)):
        with pytest.raises(sm.InputError, match="frozen"):
            change()


@given(runs(), runs())
def test_runs_are_equal_where_every_part_is(a, b):
    parts = [(r.model, r.schedule, dict(r.initial), r.sampling) for r in (a, b)]
    assert (a == b) == all(x == y for x, y in zip(*parts, strict=True))
    if a == b:
        assert hash(a) == hash(b)


def base(**changes):
    """A run with everything in it, but for some changes to the network or to the run."""
    network = {"widths": (2, 1), "activation": (0, 1, 1), "data": sm.Empirical([[1, 2], [3, 1]]), "targets": [1, 2],
               "noise": sm.Coordinates((0, 1, 0, 3))}
    run = {"learning_rate": "1/10", "initial": {"W1": [[1, 2]]}, "sampling": None}
    for name, value in changes.items():
        (network if name in network or name == "teacher" else run)[name] = value
    return sm.SGD(sm.Network(**network), **run)


@pytest.mark.parametrize("change", [
    {"activation": (0, 1, 2)}, {"activation": (0, 1)}, {"data": sm.Empirical([[1, 2], [3, 2]])}, {"targets": [1, 3]},
    {"targets": None}, {"noise": None}, {"noise": sm.Coordinates((0, 1, 0, 4))}, {"noise": sm.Coordinates((0, 1))},
    {"learning_rate": "1/11"}, {"learning_rate": ["1/10"]}, {"learning_rate": lambda t: "1/10"}, {"learning_rate": s},
    {"initial": None}, {"initial": {"W1": [[1, 3]]}}, {"initial": {"W1": sm.GaussianInit()}},
    {"initial": {"W1": sm.GaussianInit(2)}}, {"sampling": "with_replacement"}])
def test_whatever_decides_a_value_decides_equality(change):
    assert base() == base()
    assert base(**change) != base()
    assert base(**change).replace() == base(**change)


def test_assumptions_of_symbols_count():
    plain, positive = sympy.Symbol("s"), sympy.Symbol("s", positive=True)
    for make in (lambda x: sm.Gaussian([[x]]), lambda x: sm.Coordinates((0, x)), lambda x: sm.Empirical([[x]]),
                 lambda x: sm.GaussianInit(x), Schedule, lambda x: sm.Network((1, 1), (0, x)),
                 lambda x: sm.MomentRegression({(2, 0): x})):
        assert make(plain) == make(plain)
        assert make(plain) != make(positive)


def third(t, over=3):
    return Fraction(1, over)


def test_a_callable_rate_is_compared_by_the_callable():
    model = sm.LinearRegression([[1], [2]], [1, 2])
    assert sm.SGD(model, third) == sm.SGD(model, third)
    assert pickle.loads(pickle.dumps(sm.SGD(model, third))) == sm.SGD(model, third)
    assert sm.SGD(model, third) != sm.SGD(model, functools.partial(third, over=3))
    assert sm.SGD(model, third) != sm.SGD(model, "1/3")


def test_a_long_repr_is_a_summary():
    many = sm.LinearRegression([[1]] * 1001, [0] * 1001)
    assert repr(many) == "LinearRegression(<n=1001, p=1>)"
    assert repr(sm.Empirical([[1, 2]] * 501)) == "Empirical(<501 points in R^2>)"
    assert str(sm.Empirical([[1, 2]] * 11)) == "Empirical(11 points in R^2)"
    assert str(sm.Network(("p", 1), (0, 1, "1/2"))) == "Network((p, 1), activation=(0, 1, 1/2), data=Gaussian())"
    assert pickle.loads(pickle.dumps(many)) == many


def test_a_user_s_array_is_copied():
    X, y, w = np.array([[1.0], [2.0]]), np.array([1.0, 3.0]), np.array([0.5])
    exact = np.array([[Fraction(1)], [Fraction(2)]], dtype=object)
    first = sm.SGD(sm.LinearRegression(X, y), "1/10", w)
    second = sm.SGD(sm.LinearRegression(exact, y), "1/10", w)
    before = first.variance(sm.gradient(1))
    for array in (X, y, w, exact):
        array[...] = 7
    assert first.replace().variance(sm.gradient(1)) == before == second.variance(sm.gradient(1))
    for array in (first.model.X, first.model.y, first.initial["w"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_initial_weights_are_read_only():
    sgd = base()
    for change in (lambda: sgd.initial.update(W1=[[0, 0]]), lambda: sgd.initial.pop("W1"), lambda: sgd.initial.clear(),
                   lambda: sgd.initial.__setitem__("W1", None), lambda: sgd.initial.__delitem__("W1")):
        with pytest.raises(sm.InputError, match="read-only"):
            change()
    assert dict(pickle.loads(pickle.dumps(sgd)).initial).keys() == {"W1"}


def test_replace():
    sgd = base()
    assert sgd.replace(learning_rate="1/3") == base(learning_rate="1/3")
    assert sgd.replace(initial=None, sampling="with_replacement") == base(initial=None, sampling="with_replacement")
    law = sgd.replace(model=sm.Network((2, 1)))  # what was a default is one again
    assert law.sampling == "fresh"
    letters = sm.SGD(sm.Network((2, 1)))
    assert letters.replace(model=sm.Network((2, 1), data=sm.Gaussian([[sympy.Symbol("alpha"), 0], [0, 1]]))
                           ).schedule.constant == sympy.Symbol("alpha_1")
    with pytest.raises(sm.InputError, match="a run has no rate"):
        sgd.replace(rate=1)


class Scaled(Model):
    """A user's own: f(x) = c (v_1 + v_2) W x."""

    def __init__(self, X, y, factors=(1,)):
        self.factors = factors
        super().__init__((Array("W", (1, 2)), Array("v", (2, 1))), sm.Empirical(x=X, label=y))

    def predict(self, weights, constants, sample):
        return self.factors[0] * (weights["W"] @ sample["x"]) * (weights["v"][0] + weights["v"][1])


class Box(list):
    """Can change, and does not say so."""


def own(**options):
    return Scaled([[1, 2], [2, 0], [0, 1]], [1, 0, 2], **options)


def test_a_user_s_model_is_a_value_too():
    assert own() == own()
    assert hash(own()) == hash(own())
    assert pickle.loads(pickle.dumps(own())) == own()
    assert own(factors=[2]) == own(factors=(2,)) != own()
    assert own(factors=[2]).by_value
    factors = [2]
    model = own(factors=factors)
    factors[0] = 3
    assert model.factors == (2,)
    with pytest.raises(sm.InputError, match="Scaled is frozen"):
        model.law = None


def test_a_model_that_may_change_is_compared_by_identity_and_nothing_is_kept():
    box = Box([1])
    model = own(factors=box)
    assert not model.by_value
    assert model == model
    assert model != own(factors=box)
    sgd = sm.SGD(model, "1/10", {"W": [[1, 1]], "v": [[1], [2]]})
    for factor in (1, 2, 3):
        box[0] = factor
        fixed = sm.SGD(own(factors=[factor]), "1/10", {"W": [[1, 1]], "v": [[1], [2]]})
        for q in (sm.gradient(0), sm.loss(1)):
            assert sgd.variance(q) == fixed.variance(q)


def test_a_rate_that_changes_is_read_anew():
    rate = [Fraction(1, 10)]
    model = sm.LinearRegression([[1], [2], [3]], [1, 1, 2])
    sgd = sm.SGD(model, lambda t: rate[0], [0])
    for route in ("closure", "components"):
        for value in (Fraction(1, 10), Fraction(1, 3)):
            rate[0] = value
            assert sgd.variance(sm.gradient(1), route=route) == sm.SGD(model, value, [0]).variance(sm.gradient(1))
