"""Enumeration against cases worked by hand and against a second, more naive listing written here."""

from fractions import Fraction as F
from itertools import permutations, product

import numpy as np
import pytest
import sympy

import sgdmoments as sm
from sgdmoments.testing import enumerate_moment, outcomes

x = sympy.Symbol("x")
X = [[1, 2], [0, -1], [3, 1], [2, 2]]
Y = [1, -2, 0, 3]
RATES = [F(1, 3), F(-1, -7), F(2, 5)]


def regression(sampling="without_replacement", rates=RATES, initial=(1, F(-1, 2))):
    return sm.SGD(sm.LinearRegression(X, Y), rates, list(initial), sampling)


# -- by hand ------------------------------------------------------------------------------------------------


def test_variance_at_step_zero_by_hand():
    # gradients at w = 0 are -x y = -1, -2, -6: mean -3, variance of one draw (4 + 1 + 9)/3 = 14/3
    sgd = sm.SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]), F(1, 10), [0])
    assert [enumerate_moment(sgd, sm.gradient(0), b) for b in (1, 2, 3)] == [F(14, 3), F(7, 6), 0]
    again = sm.SGD(sgd.model, F(1, 10), [0], "with_replacement")
    assert [enumerate_moment(again, sm.gradient(0), b) for b in (1, 2, 3, 5)] == [F(14, 3) / b for b in (1, 2, 3, 5)]


def test_one_step_of_weights_and_loss_by_hand():
    # samples (x, y) = (1, 1), (2, 0); from w = 0 with rate 1: w_1 is 1 or 0; L(1) = (0 + 4)/4 = 1, L(0) = 1/4
    sgd = sm.SGD(sm.LinearRegression([[1], [2]], [1, 0]), 1, [0])
    assert list(outcomes(sgd, sm.weights(1), 1)) == [(F(1, 2), (1,)), (F(1, 2), (0,))]
    assert enumerate_moment(sgd, sm.loss(1), 1, "mean") == F(5, 8)
    assert enumerate_moment(sgd, sm.loss(1), 1) == F(9, 64)
    assert enumerate_moment(sgd, sm.loss(1), 1, "second_moment") == F(17, 32)
    assert enumerate_moment(sgd, sm.weights(1), 2, "mean").tolist() == [F(1, 2)]
    # full gradient at w: (1(w - 1) + 2(2w))/2 = (5w - 1)/2: 2 or -1/2
    assert enumerate_moment(sgd, sm.full_gradient(1), 1, "mean").tolist() == [F(3, 4)]
    # 3 (w - 1) + 5 (4 w): 20 or -3
    assert enumerate_moment(sgd, sm.sample_gradients(1, [[[3]], [[5]]]), 1, "mean").tolist() == [F(17, 2)]


def test_two_layer_scalar_network_on_signs_by_hand():
    # f = v σ(u x), σ(z) = z + z^2; x = ±1, u = 1, v = 1, teacher 0: f(1) = 2, f(-1) = 0;
    # df/dv = σ(ux): 2, 0; df/du = v σ'(ux) x = 3, 1; residuals 2, 0: gradients (6, 4), (0, 0)
    net = sm.Network((1, 1, 1), activation=(0, 1, 1), data=sm.Rademacher())
    sgd = sm.SGD(net, 1, {"W1": [[1]], "W2": [[1]], "W1*": [[0]], "W2*": [[0]]})
    assert enumerate_moment(sgd, sm.full_gradient(0), 1, "mean").tolist() == [3, 2]
    assert enumerate_moment(sgd, sm.gradient(0), 1) == 9 + 4
    assert enumerate_moment(sgd, sm.gradient(0, layer=1), 4) == F(9, 4)
    assert enumerate_moment(sgd, sm.gradient(0, layer=2), 4) == 1
    assert enumerate_moment(sgd, sm.loss(0), 3, "mean") == 1


def test_label_noise_on_fresh_and_on_finite_data_by_hand():
    # f = w x, w = 2, teacher 0, noise ε = ±1, x = ±1: gradient (2x - ε) x = 2 - ε x is 1 or 3, loss 1/2 or 9/2
    net = sm.Network((1, 1), data=sm.Rademacher(), noise=sm.Rademacher())
    sgd = sm.SGD(net, 1, {"W1": [[2]], "W1*": [[0]]})
    assert enumerate_moment(sgd, sm.gradient(0), 1, "mean").tolist() == [2]
    assert enumerate_moment(sgd, sm.gradient(0), 2) == F(1, 2)
    assert enumerate_moment(sgd, sm.loss(0), 2, "mean") == F(5, 2)
    # points 1 and 2, both in every batch of size 2; the noise alone is left: g = mean of 2 - ε and 8 - 2 ε'
    finite = sm.SGD(sm.Network((1, 1), data=sm.Empirical([[1], [2]]), noise=sm.Rademacher()), 1,
                    {"W1": [[2]], "W1*": [[0]]})
    assert enumerate_moment(finite, sm.gradient(0), 2, "mean").tolist() == [5]
    assert enumerate_moment(finite, sm.gradient(0), 2) == F(1 + 4, 4)
    assert enumerate_moment(finite, sm.sample_gradients(0, [[[1]], [[-1]]]), 2, "mean").tolist() == [-6]


def test_symbols_come_back_as_expanded_expressions():
    y, w, a = sympy.symbols("y w a")
    sgd = sm.SGD(sm.LinearRegression([[x], [1]], [y, 0]), a, [w])
    first = x * (x * w - y)
    assert enumerate_moment(sgd, sm.gradient(0), 1) == sympy.expand((first - w) ** 2 / 4)
    assert enumerate_moment(sgd, sm.weights(1), 1, "mean").tolist() == [sympy.expand(w - a * (first + w) / 2)]
    assert enumerate_moment(sgd, sm.gradient(0), 2) == F(0)


# -- against a naive listing --------------------------------------------------------------------------------


def naive_regression_law(sgd_rates, w0, b, steps, replacement, read):
    """[(probability, read(w_t, batch mean))] over ordered tuples of row numbers; gradients typed in."""
    orders = list(product(range(len(X)), repeat=b) if replacement else permutations(range(len(X)), b))
    found = []
    for sequence in product(orders, repeat=steps + 1):
        w = list(map(F, w0))
        for t, batch in enumerate(sequence):
            g = [F(0)] * len(w)
            for i in batch:
                residual = sum(F(x) * v for x, v in zip(X[i], w, strict=True)) - Y[i]
                g = [a + residual * x / b for a, x in zip(g, X[i], strict=True)]
            if t < steps:
                w = [v - sgd_rates[t] * d for v, d in zip(w, g, strict=True)]
        found.append((F(1, len(orders) ** (steps + 1)), read(w, g)))
    return found


def moments(law):
    """mean, E||.||^2 and variance as the sum over the entries of E (q - E q)^2."""
    size = len(law[0][1])
    mean = [sum(p * q[k] for p, q in law) for k in range(size)]
    second = sum(p * sum(e * e for e in q) for p, q in law)
    variance = sum(p * sum((e - m) ** 2 for e, m in zip(q, mean, strict=True)) for p, q in law)
    return mean, second, variance


def residuals(w):
    return [x[0] * w[0] + x[1] * w[1] - y for x, y in zip(X, Y, strict=True)]


MATRICES = [[[1, 2], [0, 1], [3, -1]], [[0, 0], [2, 5], [1, 1]], [[-1, 0], [4, 2], [0, 1]], [[2, 1], [1, 1], [0, -2]]]
QUANTITIES = {
    "gradient": (sm.gradient, lambda w, g: g),
    "A @ gradient": (lambda t: [[1, 2], [0, 3], [F(1, 2), 1]] @ sm.gradient(t),
                     lambda w, g: [g[0] + 2 * g[1], 3 * g[1], g[0] / 2 + g[1]]),
    "weights": (sm.weights, lambda w, g: w),
    "loss": (sm.loss, lambda w, g: [sum(r * r for r in residuals(w)) / 8]),
    "full_gradient": (sm.full_gradient,
                      lambda w, g: [sum(r * x[k] for r, x in zip(residuals(w), X, strict=True)) / 4 for k in (0, 1)]),
    "sample_gradients": (lambda t: sm.sample_gradients(t, MATRICES),
                         lambda w, g: [sum(r * (a[k][0] * x[0] + a[k][1] * x[1])
                                           for r, x, a in zip(residuals(w), X, MATRICES, strict=True))
                                       for k in range(3)]),
}


@pytest.mark.parametrize("name", QUANTITIES)
@pytest.mark.parametrize(("sampling", "b", "t"), [
    ("without_replacement", 1, 1), ("without_replacement", 2, 1), ("without_replacement", 3, 1),
    ("without_replacement", 4, 1), ("without_replacement", 1, 2), ("with_replacement", 1, 2),
    ("with_replacement", 2, 1), ("with_replacement", 3, 0), ("with_replacement", 5, 0)])
def test_regression_matches_naive_listing(name, sampling, b, t):
    make, read = QUANTITIES[name]
    sgd = regression(sampling)
    law = naive_regression_law(RATES, (1, F(-1, 2)), b, t, sampling == "with_replacement", read)
    mean, second, variance = moments(law)
    assert np.ravel(enumerate_moment(sgd, make(t), b, "mean")).tolist() == mean
    assert enumerate_moment(sgd, make(t), b, "second_moment") == second
    assert enumerate_moment(sgd, make(t), b) == variance


W1, W2 = [[1, -1], [2, F(1, 2)], [0, 1]], [[1, 2, -1]]
V1, V2 = [[0, 1], [1, 1], [-1, 2]], [[2, 0, 1]]


def network_gradient(w1, w2, x, label):
    """Backpropagation through w2 σ(w1 x) with σ(z) = 1 + z/2 + z^2, by hand."""
    z = [sum(a * v for a, v in zip(row, x, strict=True)) for row in w1]
    residual = sum(a * (1 + v / 2 + v * v) for a, v in zip(w2[0], z, strict=True)) - label
    g1 = [[residual * a * (F(1, 2) + 2 * v) * e for e in x] for a, v in zip(w2[0], z, strict=True)]
    return [e for row in g1 for e in row] + [residual * (1 + v / 2 + v * v) for v in z], residual


@pytest.mark.parametrize(("data", "sampling", "b"), [
    ("signs", "fresh", 1), ("signs", "fresh", 2), ("points", "without_replacement", 1),
    ("points", "without_replacement", 2), ("points", "with_replacement", 2)])
def test_network_matches_naive_listing(data, sampling, b):
    points = [[F(2), F(1)], [F(-1), F(3)], [F(1), F(0)]] if data == "points" else \
        [[F(s), F(r)] for s in (1, -1) for r in (1, -1)]
    law = sm.Empirical(points) if data == "points" else sm.Rademacher()
    net = sm.Network((2, 3, 1), activation=(1, F(1, 2), 1), data=law)
    sgd = sm.SGD(net, [F(1, 10)], {"W1": W1, "W2": W2, "W1*": V1, "W2*": V2}, sampling)
    start = [F(e) for row in W1 for e in row] + [F(e) for e in W2[0]]
    labels = [network_gradient(V1, V2, x, 0)[1] for x in points]
    orders = list(permutations(range(len(points)), b) if sampling == "without_replacement"
                  else product(range(len(points)), repeat=b))

    def gradient(w, batch):
        w1, w2 = [w[0:2], w[2:4], w[4:6]], [w[6:9]]
        parts = [network_gradient(w1, w2, points[i], labels[i])[0] for i in batch]
        return [sum(entries) / len(batch) for entries in zip(*parts, strict=True)]

    found, weights = [], []
    for first in orders:
        w = [v - d / 10 for v, d in zip(start, gradient(start, first), strict=True)]
        weights.append((F(1, len(orders)), w))
        found += [(F(1, len(orders) ** 2), gradient(w, second)) for second in orders]
    mean, second, variance = moments(found)
    assert enumerate_moment(sgd, sm.gradient(1), b, "mean").tolist() == mean
    assert enumerate_moment(sgd, sm.gradient(1), b, "second_moment") == second
    assert enumerate_moment(sgd, sm.gradient(1), b) == variance
    _, _, of_layer = moments([(p, q[6:]) for p, q in found])
    assert enumerate_moment(sgd, sm.gradient(1, layer=2), b) == of_layer
    assert enumerate_moment(sgd, sm.weights(1, layer=1), b) == moments([(p, q[:6]) for p, q in weights])[2]


# -- data laws with infinitely many values ------------------------------------------------------------------


def scalar_run(law, rate=F(1, 3), noise=None, start=3, goal=1):
    return sm.SGD(sm.Network((1, 1), data=law, noise=noise), rate, {"W1": [[start]], "W1*": [[goal]]})


@pytest.mark.parametrize("b", [1, 2, 3])
def test_scalar_gaussian_least_squares_by_hand(b):
    # g_t = m_t r_t, r_{t+1} = (1 - α m_t) r_t with m the mean of b squares: E m = 1, E m^2 = 1 + 2/b; r_0 = 2
    sgd, m2, a = scalar_run(sm.Gaussian()), 1 + F(2, b), F(1, 3)
    contraction = 1 - 2 * a + a**2 * m2
    for t in range(3 if b < 3 else 2):
        assert enumerate_moment(sgd, sm.gradient(t), b, "second_moment") == m2 * 4 * contraction**t
        assert enumerate_moment(sgd, sm.gradient(t), b, "mean").tolist() == [2 * (1 - a) ** t]
        assert enumerate_moment(sgd, sm.loss(t), b, "mean") == 2 * contraction**t


@pytest.mark.parametrize(("law", "moments"), [
    (sm.Gaussian(), (0, 1, 0, 3)), (sm.Gaussian([[F(1, 2)]]), (0, F(1, 2), 0, F(3, 4))),
    (sm.Uniform(-1, 2), (F(1, 2), 1, F(5, 4), F(11, 5))), (sm.Coordinates((1, 2, -3, 40)), (1, 2, -3, 40)),
    (sm.Rademacher(), (0, 1, 0, 1))])
def test_one_batch_of_any_law_with_noise_by_hand(law, moments):
    # g = mean of x (r x - ε), r = 2: mean r m_2 - m_1 E ε
    _, m2, _, m4 = moments
    noise = sm.Uniform(-1, 1)  # variance 1/3
    sgd = scalar_run(law, noise=noise)
    assert enumerate_moment(sgd, sm.gradient(0), 3, "mean").tolist() == [2 * m2]
    assert enumerate_moment(sgd, sm.gradient(0), 3) == (4 * (m4 - m2**2) + m2 / F(3)) / 3
    assert enumerate_moment(sgd, sm.loss(0), 1, "mean") == 2 * m2 + F(1, 6)


@pytest.mark.parametrize("b", [1, 2])
def test_first_layer_of_a_linear_network_on_gaussian_data(b):
    # var(g_{0,1}) = (p + 1)/b ||W2^T R||^2 with R = W2 W1 - W2* W1*
    w1, w2, v1, v2 = (np.array(a) for a in (W1, [[1, 2, -1], [0, 1, 3]], V1, [[2, 0, 1], [1, 1, 0]]))
    sgd = sm.SGD(sm.Network((2, 3, 2)), 1, {"W1": w1, "W2": w2, "W1*": v1, "W2*": v2})
    error = w2.T @ (w2 @ w1 - v2 @ v1)
    assert enumerate_moment(sgd, sm.gradient(0, layer=1), b) == F(2 + 1, b) * (error * error).sum()


def test_outcomes_are_a_probability_law():
    for sampling in ("without_replacement", "with_replacement"):
        law = list(outcomes(regression(sampling), sm.gradient(1), 3))
        assert sum(p for p, _ in law) == 1
        assert len(law) == (16 if sampling == "without_replacement" else 400)


# -- refusals -----------------------------------------------------------------------------------------------


def test_refuses_more_sequences_than_the_limit():
    with pytest.raises(sm.BudgetExceeded, match=r"6, then 6, then 6 batches are 216 sequences, over the limit of 200") \
            as caught:
        enumerate_moment(regression(), sm.gradient(2), 2, limit=200)
    assert caught.value.estimate == {"sequences": 216}
    gaussian = sm.SGD(sm.Network((2, 2, 1)), 1, {"W1": W1[:2], "W2": [[1, 2]], "W1*": V1[:2], "W2*": [[0, 1]]})
    with pytest.raises(sm.BudgetExceeded, match="4,186, then 120 batches are 502,320 sequences"):
        enumerate_moment(gaussian, sm.gradient(1), 2, limit=500_000)
    assert enumerate_moment(regression(), sm.weights(0), 2, limit=1) == 0


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: enumerate_moment(regression(), sm.gradient(0), 5), sm.InputError, "b = 5 is larger than n = 4"),
    (lambda: enumerate_moment(regression(), sm.gradient(0), 0), sm.InputError, "found 0; a batch size is an integer"),
    (lambda: enumerate_moment(regression(), sm.gradient(0), 1.5), sm.InputError, "found 1.5; a batch size"),
    (lambda: enumerate_moment(regression(), sm.gradient(0), True), sm.InputError, "found True; a batch size"),
    (lambda: enumerate_moment(regression(), sm.gradient(0), 1, "skewness"), sm.InputError, "moment: found 'skewness'"),
    (lambda: enumerate_moment(regression(), sm.gradient(sympy.Symbol("t")), 1), sm.InputError, "integer step"),
    (lambda: enumerate_moment(regression(), "gradient", 1), sm.InputError, "a quantity such as"),
    (lambda: enumerate_moment(regression(), sm.gradient(0, layer=2), 1), sm.InputError, "layer: found 2"),
    (lambda: enumerate_moment(regression(), [[1, 2, 3]] @ sm.gradient(0), 1), sm.InputError, "A: 2 columns"),
    (lambda: enumerate_moment(regression(), sm.sample_gradients(0, [[[1, 1]]]), 1), sm.InputError, "one for each"),
    (lambda: enumerate_moment(regression(), sm.sample_gradients(0, [[[1]]] * 4), 1), sm.InputError, "2 columns"),
    (lambda: enumerate_moment(regression(rates=[1]), sm.gradient(2), 1), sm.InputError, "the sequence ends"),
    (lambda: enumerate_moment(sm.SGD(sm.LinearRegression(X, Y)), sm.gradient(0), 1), sm.AssumptionError,
     "given weights"),
    (lambda: enumerate_moment(scalar_run(sm.Coordinates((0, 1, 0))), sm.gradient(0), 1), sm.AssumptionError,
     "the moment of order 4 of the data, but only 3 moments are given"),
    (lambda: enumerate_moment(scalar_run(sm.Coordinates((0, x, 0, 3))), sm.gradient(0), 1), sm.AssumptionError,
     "the moment of order 2 is x, not a number"),
])
def test_refusals_say_what_was_found(call, error, message):
    with pytest.raises(error, match=message):
        call()
