"""Momentum, Nesterov, dampening, decay and averages against the loop that PyTorch documents, batch by batch."""

from fractions import Fraction as F

import pytest
import sympy
from pytorch_loop import average, paths, variance

import sgdmoments as sm

DATA = [((F(1), F(2)), F(1)), ((F(3), F(-1)), F(0)), ((F(0), F(1)), F(2))]
START, RATES = [F(1, 2), F(-1)], [F(1, 10), F(1, 5)]
WORDS = [
    {"momentum": F(9, 10)},
    {"momentum": F(1, 2), "nesterov": True, "weight_decay": F(1, 3)},
    {"momentum": F(1, 2), "dampening": F(1, 4), "weight_decay": F(1, 7)},
    {"weight_decay": F(1, 3)},
    {"momentum": F(1, 2), "nesterov": True},
]


def run(words, sampling):
    X, y = [x for x, _ in DATA], [y for _, y in DATA]
    return sm.SGD(sm.LinearRegression(X, y), RATES, START, sampling, **words)


@pytest.mark.parametrize("replaced", [False, True])
@pytest.mark.parametrize("words", WORDS, ids=str)
def test_every_route_gives_the_loop_of_pytorch(words, replaced):
    sgd = run(words, "with_replacement" if replaced else "without_replacement")
    questions = {sm.gradient(2): lambda ws, vs, g: g, sm.weights(2): lambda ws, vs, g: ws[2],
                 sm.average(2): lambda ws, vs, g: average(ws),
                 sm.average(2, decay="1/3"): lambda ws, vs, g: average(ws, F(1, 3))}
    if "momentum" in words:
        questions[sm.velocity(2)] = lambda ws, vs, g: vs[2]
    answers = {(q, route): sgd.variance(q, route=route) for q in questions for route in ("closure", "components")}
    for b in (1, 2):
        found = paths(DATA, START, RATES, b, replaced=replaced, **words)
        for (q, route), answer in answers.items():
            assert answer(b) == variance(found, questions[q]), (q, route, b)


@pytest.mark.parametrize("words", WORDS, ids=str)
def test_the_expansion_is_the_first_coefficients(words):
    sgd = run(words, "with_replacement")
    for q in (sm.gradient(2), sm.average(2)):
        whole = sgd.variance(q, route="closure").coefficients
        assert sgd.variance(q, route="expansion", inverse_batch_order=2).coefficients == whole[:3]
        floats = sgd.variance(q, route="expansion", inverse_batch_order=2, arithmetic="float").coefficients
        assert all(abs(float(a) - c) < 1e-12 * max(abs(c), 1) for a, c in zip(whole, floats, strict=False))
        ball = sgd.variance(q, route="expansion", inverse_batch_order=1, arithmetic="balls").coefficients[1]
        assert abs(float(ball.mid()) - float(whole[1])) < 1e-12 * abs(float(whole[1]))


@pytest.mark.parametrize("words", WORDS, ids=str)
def test_graphs_follow_the_same_steps(words):
    start = {"W1": [[1, 2], [0, 1], [1, 1]], "W1*": [[1, 0], [2, 1], [0, 0]]}
    model = sm.Network((2, 3), data=sm.Empirical([[1, 2], [3, 1], [0, 1]]))
    sgd = sm.SGD(model, "1/10", start, **words)
    for q in (sm.gradient(1, layer=1), sm.weights(2), sm.loss(1), sm.average(1)):
        assert sgd.variance(q, route="symbolic") == sgd.variance(q, route="components")


def test_dampening_leaves_the_first_step_alone():
    damped, plain = run(WORDS[2], None), run({**WORDS[2], "dampening": 0}, None)
    assert damped.variance(sm.velocity(1)) == plain.variance(sm.velocity(1))
    assert damped.variance(sm.velocity(2)) != plain.variance(sm.velocity(2))


def test_letters_for_momentum_and_decay():
    mu, decay = sympy.symbols("mu lambda", positive=True)
    lettered = run({"momentum": mu, "weight_decay": decay}, "with_replacement")
    numbers = run({"momentum": F(1, 2), "weight_decay": F(1, 3)}, "with_replacement")
    for route in ("closure", "components"):
        p = lettered.variance(sm.gradient(2), route=route)
        assert p.evaluate({"mu": F(1, 2), "lambda": F(1, 3)}) == numbers.variance(sm.gradient(2))


def test_a_series_in_the_learning_rate_keeps_its_orders():
    alpha = sympy.Symbol("alpha")
    start = {"W1": [[1, 2]], "W2": [[1]], "W1*": [[1, 0]], "W2*": [[2]]}
    sgd = sm.SGD(sm.Network((2, 1, 1)), alpha, start, momentum="1/2", weight_decay="1/3")
    whole = sgd.second_moment(sm.gradient(1, layer=2), route="components")
    series = sgd.second_moment(sm.gradient(1, layer=2), learning_rate_order=2)
    for k in range(whole.degree + 1):
        expected = sympy.Poly(sympy.sympify(whole.entries[k].to_sympy()), alpha)
        kept = sum(expected.coeff_monomial(alpha**i) * alpha**i for i in range(3))
        found = series.entries[k].to_sympy() if k <= series.degree else 0
        assert sympy.expand(kept - found) == 0


def test_closed_forms_and_trajectories():
    words = {"momentum": F(1, 2), "weight_decay": F(1, 5)}
    sgd = run(words, None).replace(learning_rate="1/10")
    form = sgd.closed_form(sm.velocity)
    path = sgd.trajectory(sm.velocity, 4, [1, 2], certified=True)
    for t in (1, 3):
        exact = sgd.variance(sm.velocity(t))
        for j, b in enumerate((1, 2)):
            assert form.value(t, b) == exact(b)
            assert path.lower[t, j] <= exact(b) <= path.upper[t, j]
    averaged = sgd.replace(dampening="1/4").trajectory(sm.average, 3, [2])
    assert averaged.values[3, 0] == pytest.approx(float(sgd.replace(dampening="1/4").variance(sm.average(3))(2)))


def test_simulation_agrees():
    sgd = run(WORDS[1], None)
    for q in (sm.gradient(2), sm.velocity(2), sm.average(2), sm.average(2, decay="1/3")):
        assert sm.check(sgd, q, samples=8192, batch_sizes=[1, 2]).verdict == "passed"


def test_what_pytorch_refuses_is_refused():
    model = sm.LinearRegression([[1], [2]], [1, 0])
    for words in ({"nesterov": True}, {"momentum": "1/2", "nesterov": True, "dampening": "1/2"}, {"dampening": "1/2"},
                  {"momentum": -1}, {"weight_decay": "-1/2"}, {"nesterov": 1}, {"update": "adam"}, {"momentum": "x y"}):
        with pytest.raises(sm.InputError):
            sm.SGD(model, "1/10", [0], **words)
    with pytest.raises(sm.InputError, match="momentum"):
        sm.SGD(model, "1/10", [0]).variance(sm.velocity(1))
    with pytest.raises(sm.RouteError, match="plain SGD"):
        sm.SGD(model, "1/10", [0], momentum="1/2").stationary(1)
