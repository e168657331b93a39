"""Thresholds with momentum and decay: full batches against the printed formulas, others against exact long runs."""

import numpy as np
import pytest
import sympy

import sgdmoments as sm

X, Y = [[1, 2], [3, -1], [0, 1]], [1, 0, 2]
LARGEST = np.linalg.eigvalsh(np.array(X).T @ np.array(X) / 3)[-1]


def run(**words):
    return sm.SGD(sm.LinearRegression(X, Y), "1/10", [1, 2], **words)


@pytest.mark.parametrize(("words", "expected"), [
    ({"momentum": "1/2"}, 2 * 1.5 / LARGEST), ({"momentum": "9/10", "nesterov": True}, 2 * 1.9 / (2.8 * LARGEST)),
    ({"weight_decay": "1/3"}, 2 / (LARGEST + 1 / 3)), ({"momentum": "1/2", "dampening": "1/4"}, 3 / (0.75 * LARGEST))])
def test_the_whole_data_set_as_a_batch_has_the_classical_threshold(words, expected):
    assert float(run(**words).stability().threshold(3)) == pytest.approx(expected)


@pytest.mark.parametrize("words", [{"momentum": "1/2"}, {"momentum": "1/2", "nesterov": True, "weight_decay": "1/5"}])
@pytest.mark.parametrize("b", [1, 2])
def test_second_moments_shrink_below_and_grow_above(words, b):
    threshold = run(**words).stability().threshold(b)
    for factor, grows in ((0.97, False), (1.03, True)):
        rate = sympy.Rational(int(float(threshold) * factor * 10**6), 10**6)
        path = run(**words).replace(learning_rate=rate).trajectory(sm.weights, 900, [b]).values[:, 0]
        assert bool(path[900] > 2 * path[450]) is grows


def test_fourth_moments_have_a_lower_threshold():
    second, fourth = (run(momentum="1/2").stability(order=k).threshold(1) for k in (2, 4))
    assert 0 < float(fourth) < float(second)


def test_a_letter_for_momentum_stays_in_the_boundary():
    mu = sympy.Symbol("mu")
    one = sm.SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]), "1/10", [0], momentum=mu)
    boundary = one.stability().boundary()
    assert mu in boundary.symbols
    number = one.replace(momentum="1/2").stability()
    root = number.threshold(1).low
    v = number.pencil.noise(1)
    alpha = next(s for s in boundary.symbols if s.name == "alpha")
    assert boundary.substitute({mu: sympy.Rational(1, 2), alpha: root, number.v: v}).to_fraction() == pytest.approx(0)


def test_a_buffer_that_grows_is_never_stable():
    assert run(momentum=2).stability().threshold(3).low == 0
