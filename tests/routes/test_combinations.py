"""Sums, products, entries and inner products of quantities, at one step and across steps, against listings."""

import pickle
from fractions import Fraction as F

import numpy as np
import pytest
from pytorch_loop import gradient, paths

import sgdmoments as sm

DATA = [((F(1), F(2)), F(1)), ((F(3), F(-1)), F(0)), ((F(0), F(1)), F(2))]
START, RATES = [F(1, 2), F(-1)], [F(1, 10), F(1, 5)]
MODEL = sm.LinearRegression([x for x, _ in DATA], [y for _, y in DATA])


def dot(a, c):
    return sum(x * z for x, z in zip(a, c, strict=True))


#: What is asked, and the same read from (weights, buffers, the last gradient) of a path.
ASKED = [
    (sm.inner(sm.gradient(2), sm.weights(1)), lambda ws, vs, g: [dot(g, ws[1])]),
    (sm.inner(sm.gradient(2), sm.weights(2) - sm.weights(0)),
     lambda ws, vs, g: [dot(g, [a - c for a, c in zip(ws[2], ws[0], strict=True)])]),
    (sm.weights(2) - sm.weights(1), lambda ws, vs, g: [a - c for a, c in zip(ws[2], ws[1], strict=True)]),
    (2 * sm.gradient(2) - sm.velocity(1) / 3, lambda ws, vs, g: [2 * a - c / 3 for a, c in zip(g, vs[1], strict=True)]),
    (sm.gradient(2) + np.array([1, F(1, 2)]), lambda ws, vs, g: [g[0] + 1, g[1] + F(1, 2)]),
    (np.array([[1, 2], [0, -1], [3, 1]]) @ (sm.gradient(2) - sm.average(1)), lambda ws, vs, g: [
        dot(row, [a - (c + d) / 2 for a, c, d in zip(g, ws[0], ws[1], strict=True)])
        for row in ([1, 2], [0, -1], [3, 1])]),
    (sm.gradient(2)[0] * sm.weights(1)[1], lambda ws, vs, g: [g[0] * ws[1][1]]),
    (sm.weights(1)[0] * sm.gradient(2), lambda ws, vs, g: [ws[1][0] * a for a in g]),
    (-sm.weights(2)[1], lambda ws, vs, g: [-ws[2][1]]),
]


@pytest.mark.parametrize("replaced", [False, True])
@pytest.mark.parametrize(("quantity", "read"), ASKED, ids=[str(q) for q, _ in ASKED])
def test_moments_are_those_of_every_sequence_of_batches(quantity, read, replaced):
    sgd = sm.SGD(MODEL, RATES, START, "with_replacement" if replaced else None, momentum="1/2")
    mean, second, variance = (getattr(sgd, moment)(quantity) for moment in ("mean", "second_moment", "variance"))
    for b in (1, 2):
        values = [(c, read(ws, vs, g)) for c, ws, vs, g in paths(DATA, START, RATES, b, momentum=F(1, 2),
                                                                 replaced=replaced)]
        expected = [sum(c * v[k] for c, v in values) for k in range(len(values[0][1]))]
        assert [p(b) for p in np.ravel(np.array(mean, dtype=object))] == expected
        norm = sum(c * dot(v, v) for c, v in values)
        assert second(b) == norm
        assert variance(b) == norm - dot(expected, expected)


def test_covariance_matrices():
    sgd = sm.SGD(MODEL, RATES, START)
    found = paths(DATA, START, RATES, 2)
    for q, r, read in ((sm.gradient(2), None, lambda ws, g: (g, g)),
                       (sm.gradient(2), sm.weights(1), lambda ws, g: (g, ws[1]))):
        matrix = sgd.covariance(q) if r is None else sgd.covariance(q, r)
        values = [(c, *read(ws, g)) for c, ws, _, g in found]
        for i, j in np.ndindex(2, 2):
            mean = [sum(c * v[k][m] for c, *v in values) for k, m in ((0, i), (1, j))]
            assert matrix[i, j](2) == sum(c * a[i] * d[j] for c, a, d in values) - mean[0] * mean[1]
    assert sgd.covariance(sm.gradient(2)).trace() == sgd.variance(sm.gradient(2))


def test_covariance_given_random_weights():
    sgd = sm.SGD(MODEL, "1/10", sm.GaussianInit(2, mean=[1, 0]))
    assert sgd.covariance(sm.gradient(1)).trace() == sgd.variance(sm.gradient(1))
    assert sgd.covariance(sm.gradient(1), given="nothing").trace() == sgd.variance(sm.gradient(1), given="nothing")


def test_products_across_steps_of_a_network_are_those_of_its_graphs():
    start = {"W1": [[1, 2]], "W2": [[1]], "W1*": [[1, 0]], "W2*": [[2]]}
    sgd = sm.SGD(sm.Network((2, 1, 1), data=sm.Empirical([[1, 2], [3, 1], [0, 1]])), "1/10", start)
    first, second = sm.gradient_matrix(sgd, 0, 1), sm.gradient_matrix(sgd, 1, 1)
    asked = sm.inner(sm.gradient(0, layer=1), sm.gradient(1, layer=1))
    assert sgd.mean(asked) == sgd.expectation(sm.trace(first.T @ second))


def test_noise_scale_and_diversity():
    sgd = sm.SGD(MODEL, RATES, START)
    hessian = [[sum(x[i] * x[j] for x, _ in DATA) / F(3) for j in (0, 1)] for i in (0, 1)]
    every = slope = spread = curved = F(0)
    for chance, ws, _, _ in paths(DATA, START, RATES[:1], 2):
        w = ws[1]
        full, alone = gradient(DATA, w, range(3)), [gradient(DATA, w, [i]) for i in range(3)]
        every += chance * sum(dot(g, g) for g in alone) / 3
        slope += chance * dot(full, full)
        spread += chance * sum(dot(g, [dot(row, g) for row in hessian]) for g in alone) / 3
        curved += chance * dot(full, [dot(row, full) for row in hessian])
    assert sgd.noise_scale(1)(2) == (every - slope) / slope
    assert sgd.noise_scale(1, hessian=True)(2) == (spread - curved) / curved
    assert sgd.diversity(1)(2) == every / (3 * slope)
    squares = sum(hessian[i][j] * hessian[j][i] for i in (0, 1) for j in (0, 1))
    assert sgd.mean(sm.hessian_trace(1, power=2))(2) == squares


@pytest.mark.parametrize("quantity", [sm.squared_gradient(1), sm.hessian_trace(1, power=3), sm.loss(
    1, data=sm.Empirical(x=[[1, 2], [3, 1]], label=[1, 1]))], ids=str)
def test_closure_and_components_agree_on_numbers(quantity):
    sgd = sm.SGD(MODEL, RATES, START)
    for moment in ("mean", "variance"):
        assert getattr(sgd, moment)(quantity, route="closure") == getattr(sgd, moment)(quantity, route="components")


def test_the_loss_on_other_data_at_the_start():
    other = sm.Empirical(x=[[1, 2], [3, 1]], label=[1, 1])
    expected = sum((dot(x, START) - y) ** 2 for x, y in (((1, 2), 1), ((3, 1), 1))) / F(4)
    assert sm.SGD(MODEL, RATES, START).mean(sm.loss(0, data=other))(1) == expected


def test_combinations_are_values():
    for quantity, _ in ASKED:
        assert pickle.loads(pickle.dumps(quantity)) == quantity
        assert type(quantity).from_json(quantity.to_json()) == quantity
    assert sm.gradient(1) + sm.weights(1) - sm.weights(1) + sm.gradient(1) != sm.gradient(1)
    assert eval(repr(ASKED[0][0]), vars(sm).copy()) == ASKED[0][0]


def test_what_does_not_fit_is_refused():
    sgd = sm.SGD(MODEL, RATES, START)
    for make in (lambda: sm.gradient(1) + "x", lambda: sm.gradient(1) * [1, 2], lambda: sm.gradient(1) / 0,
                 lambda: sm.gradient(1)["a"], lambda: sm.gradient(1)[-1], lambda: sm.inner(sm.gradient(1), 3),
                 lambda: [[1, 2]] @ sm.squared_gradient(1), lambda: sm.loss(1, data=[[1]]),
                 lambda: list(sm.gradient(1))):
        with pytest.raises((sm.InputError, TypeError)):
            make()
    for quantity in (sm.gradient(1) + np.arange(3), sm.gradient(1)[5], sm.gradient(1) * sm.weights(1),
                     [[1, 2, 3]] @ (sm.gradient(1) + sm.weights(1)), sm.inner(sm.gradient(1), sm.loss(1)),
                     sm.loss(1, data=sm.Empirical([[1, 2, 3]]))):
        with pytest.raises(sm.InputError):
            sgd.mean(quantity)
    both = sm.gradient(1) + sm.weights(0)
    for route in ("closure", "symbolic", "expansion"):
        with pytest.raises(sm.RouteError):
            sgd.mean(both, route=route)
    with pytest.raises(sm.SgdMomentsError):
        sgd.closed_form(lambda t: sm.gradient(t) + sm.weights(t))
    with pytest.raises(sm.SgdMomentsError):
        sgd.trajectory(lambda t: sm.gradient(t) + sm.weights(t), 2, [1])
    with pytest.raises(sm.InputError, match="simulations record"):
        sm.simulate(sgd, both, 1, [1], samples=64)
    with pytest.raises(sm.SgdMomentsError):
        sgd.derivation(both)
