"""The first coefficients in 1/b against the whole polynomials of the components route, exactly and in floats."""

from __future__ import annotations

from fractions import Fraction as F

import flint
import numpy as np
import pytest
import sympy

import sgdmoments as sm
from sgdmoments.budget import Budget
from sgdmoments.errors import BudgetExceeded, InputError, RouteError, Stopped
from sgdmoments.routes.registry import ROUTES

LINEAR = sm.SGD(sm.Network((2, 2, 1)), learning_rate=["1/10", "1/13", "1/9"], initial={
    "W1": [[1, "1/2"], ["-1/3", 2]], "W2": [["3/4", -1]], "W1*": [[1, 0], ["1/5", 1]], "W2*": [[1, 2]]})
BENT = sm.SGD(sm.Network((1, 2, 1), activation=("1/2", 1, 1), data=sm.Uniform(-1, 2)),
              learning_rate=["1/10", "1/13"], initial={
    "W1": [["1/2"], [-1]], "W2": [["2/3", 1]], "W1*": [[1], ["1/3"]], "W2*": [[1, "-1/2"]]})
NOISY = sm.SGD(sm.Network((2, 1, 1), noise=sm.Coordinates((0, 1, 2, 9, 44, 265, 1854, 14833, 133496, 1334961))),
               learning_rate="1/7",
               initial={"W1": [[1, "1/2"]], "W2": [[2]], "W1*": [[1, 0]], "W2*": [["1/2"]]})
FINITE = sm.SGD(sm.Network((2, 1, 2), data=sm.Empirical([[1, "1/2"], [-1, 2], ["1/3", 0]])),
                learning_rate=["1/6", "1/8"], sampling="with_replacement", initial={
    "W1": [["1/2", -1]], "W2": [["2/3"], [1]], "W1*": [[1, "1/3"]], "W2*": [[1], ["-1/2"]]})
REGRESSION = sm.SGD(sm.LinearRegression([[1, 2], [0, 1], [3, 1]], [1, 2, 0]), learning_rate=["1/10", "1/7", "1/8"],
                    initial=[1, "1/2"], sampling="with_replacement")

CASES = [(LINEAR, sm.gradient(0)), (LINEAR, sm.gradient(1)), (LINEAR, sm.gradient(2, layer=1)),
         (LINEAR, sm.full_gradient(1, layer=2)), (LINEAR, sm.weights(2)), (BENT, sm.gradient(1, layer=1)),
         (BENT, sm.loss(1)), (NOISY, sm.gradient(1)), (FINITE, sm.gradient(1)), (FINITE, sm.loss(1)),
         (REGRESSION, sm.gradient(3)), (REGRESSION, [[1, 2], [0, 1], [1, 1]] @ sm.gradient(2))]


def rows(answer):
    return [answer] if isinstance(answer, sm.BatchPolynomial) else list(answer.flat)


def padded(p, order):
    return (list(p.coefficients) + [0] * order)[: order + 1]


@pytest.mark.parametrize(("sgd", "quantity"), CASES, ids=lambda case: str(case)[:40])
@pytest.mark.parametrize("kind", ["variance", "second_moment", "mean"])
def test_the_first_coefficients_of_the_whole_polynomial(sgd, quantity, kind):
    whole = rows(getattr(sgd, kind)(quantity, route="components"))
    small = sgd in (FINITE, REGRESSION, NOISY) or (quantity == sm.gradient(1) and kind == "second_moment")
    for order in (1, 2, 3) if small else (1, 2):
        exact = rows(getattr(sgd, kind)(quantity, route="expansion", inverse_batch_order=order))
        floats = rows(getattr(sgd, kind)(quantity, route="expansion", inverse_batch_order=order, arithmetic="float"))
        assert [p.truncated for p in exact] == [order] * len(whole)
        for p, q, f in zip(whole, exact, floats, strict=True):
            assert padded(p, order) == padded(q, order)
            assert padded(f, order) == pytest.approx([float(c) for c in padded(p, order)], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("sgd", "quantity"), CASES, ids=lambda case: str(case)[:40])
def test_balls_contain_the_first_coefficient(sgd, quantity):
    truth = sgd.variance(quantity, route="expansion").coefficients[1]
    ball = sgd.variance(quantity, route="expansion", arithmetic="balls").entries[1]
    with flint.ctx.workprec(400):
        assert ball.contains(flint.arb(flint.fmpq(truth.numerator, truth.denominator)))
        assert ball.rad() < 1e-20 * (1 + abs(float(truth)))


def test_balls_of_a_long_run_stay_narrow():
    sgd = sm.SGD(sm.Network((2, 2, 1)), learning_rate="1/10", initial=LINEAR.initial)
    ball = sgd.variance(sm.gradient(700), route="expansion", arithmetic="balls").entries[1]
    value = sgd.variance(sm.gradient(700), route="expansion", arithmetic="float").entries[1]
    assert ball.rel_accuracy_bits() >= 53
    assert value == pytest.approx(float(ball.mid()), rel=1e-8)


def test_letters_specialise_to_numbers():
    letters = sm.SGD(sm.Network((1, 1, 1))).variance(sm.gradient(1), route="expansion", inverse_batch_order=2)
    whole = sm.SGD(sm.Network((1, 1, 1))).variance(sm.gradient(1), route="components")
    assert [sympy.expand(a - b) for a, b in zip(letters.coefficients, whole.coefficients[:3], strict=True)] == [0] * 3


def test_random_start():
    init = sm.GaussianInit(variance="1/2")
    sgd = sm.SGD(sm.Network((1, 1, 1)), learning_rate="1/5",
                 initial={"W1": init, "W2": init, "W1*": [[1]], "W2*": [[2]]})
    for given in ("initial", "nothing"):
        whole = sgd.variance(sm.gradient(1), route="components", given=given)
        short = sgd.variance(sm.gradient(1), route="expansion", inverse_batch_order=2, given=given)
        assert padded(short, 2) == padded(whole, 2)


def test_later_steps_in_two_arithmetics():
    sgd = sm.SGD(sm.Network((2, 2, 1)), learning_rate=lambda t: F(1, 20 + t), initial=LINEAR.initial)
    for order in (1, 2):
        exact = sgd.variance(sm.gradient(4), route="expansion", inverse_batch_order=order)
        floats = sgd.variance(sm.gradient(4), route="expansion", inverse_batch_order=order, arithmetic="float")
        assert list(floats.entries) == pytest.approx([float(c) for c in exact.coefficients], rel=1e-9)


@pytest.mark.parametrize("kind", ["variance", "second_moment"])
@pytest.mark.parametrize("t", [1, 2])
def test_third_order_in_floats_against_the_whole_polynomial(kind, t):
    scalar = sm.SGD(sm.Network((1, 1, 1), noise=sm.Uniform(-1, 2)), ["1/4", "1/5", "1/3", "1/6"], {
        "W1": [["2/3"]], "W2": [["-5/4"]], "W1*": [["3/7"]], "W2*": [[1]]})
    for quantity in (sm.gradient(t), sm.weights(2), sm.full_gradient(2, layer=1)):
        whole = getattr(scalar, kind)(quantity, route="components")
        floats = getattr(scalar, kind)(quantity, route="expansion", inverse_batch_order=3, arithmetic="float")
        expected = [float(c) for c in padded(whole, 3)]
        assert floats.entries[0] == pytest.approx(expected[0], rel=1e-9, abs=1e-12)
        assert list(floats.entries[1:]) == pytest.approx(expected[1:], rel=1e-9)
        assert all(expected[1:])


def test_a_linear_model_has_the_coefficients_of_its_closure():
    model = sm.LinearRegression([[1, 2], [0, 1], [3, 1]], [1, 2, 0])
    sgd = sm.SGD(model, learning_rate="1/10", initial=[1, "1/2"], sampling="with_replacement")
    whole = sgd.variance(sm.gradient(30), route="closure")
    floats = sgd.variance(sm.gradient(30), route="expansion", inverse_batch_order=3, arithmetic="float")
    assert list(floats.entries[1:]) == pytest.approx([float(c) for c in whole.coefficients[1:4]], rel=1e-9)


def test_how_good_the_truncated_sum_is():
    """The remainder after order K falls as b^-(K+1)."""
    whole = LINEAR.variance(sm.gradient(2, layer=2), route="components")
    for order in (1, 2):
        short = LINEAR.variance(sm.gradient(2, layer=2), route="expansion", inverse_batch_order=order)
        errors = [abs(float(whole(b) - short(b))) for b in (10_000, 20_000)]
        assert errors[0] / errors[1] == pytest.approx(2 ** (order + 1), rel=0.02)


def test_what_it_refuses():
    finite = sm.SGD(sm.Network((1, 1), data=sm.Empirical([[1], [2]])), initial={"W1": [[1]], "W1*": [[2]]})
    with pytest.raises(RouteError, match="every cumulant"):
        finite.variance(sm.gradient(1), route="expansion")
    with pytest.raises(InputError, match="order"):
        LINEAR.variance(sm.gradient(1), route="expansion", inverse_batch_order=0)
    with pytest.raises(InputError, match="balls"):
        LINEAR.mean(sm.gradient(1), route="expansion", arithmetic="balls")
    with pytest.raises(InputError, match="arithmetic"):
        LINEAR.variance(sm.gradient(1), route="expansion", arithmetic="decimal")
    with pytest.raises(InputError, match="letters"):
        sm.SGD(sm.Network((1, 1, 1))).variance(sm.gradient(1), route="expansion", arithmetic="float")
    with pytest.raises(RouteError, match="widths are letters"):
        sm.SGD(sm.Network(("p", 1))).variance(sm.gradient(1), route="expansion")
    with pytest.raises(BudgetExceeded, match="float"):
        LINEAR.variance(sm.gradient(2), route="expansion", inverse_batch_order=2, budget=Budget(terms=100))
    with pytest.raises(Stopped):
        LINEAR.variance(sm.gradient(2), route="expansion", progress=lambda report: False)


def test_estimates_come_without_running():
    route = ROUTES["expansion"]
    assert route.needs(route.read(LINEAR, sm.gradient(3), "variance", {"inverse_batch_order": 2}))["terms"] == 210
    assert route.needs(route.read(LINEAR, sm.gradient(3), "variance", {"arithmetic": "float"}))["seconds"] < 1
    finite = sm.SGD(sm.Network((1, 1), data=sm.Empirical([[1], [2]])))
    assert "without replacement" in {e.route: e.reason for e in finite.plan(sm.gradient(1))}["expansion"]


def test_derivative_arrays_are_those_of_the_polynomial():
    from sgdmoments.exact.ring import Ring
    from sgdmoments.routes.expansion.tables import Table

    x, y = symbols = sympy.symbols("x y")
    ring = Ring(symbols)
    f, g = ring(3 * x**3 * y - y**2 + 5), ring(x * y + x**2)
    table = Table([(0, f), (1, g), (1, ring(2 * y**3))], symbols, 2)
    point = np.array([0.5, -1.5])
    at = {x: F(1, 2), y: F(-3, 2)}
    for order in range(4):
        array = table.derivative(order, point)
        for index in np.ndindex(*array.shape):
            exact = (f, g + ring(2 * y**3))[index[0]]
            for k in index[1:]:
                exact = exact.derivative(symbols[k])
            assert array[index] == pytest.approx(float(exact.evaluate(at)))
