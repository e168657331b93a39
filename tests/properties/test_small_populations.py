"""Fewer points than factors in one step: every route gives the same polynomial, with the values of the listing."""

from fractions import Fraction as F

import pytest
from comparison import assert_equals_listing

import sgdmoments as sm
from sgdmoments.describe.batch_weights import set_partitions
from sgdmoments.describe.batches import Batches

X = [[1, 2], [3, -1], [2, 5]]
Y = [1, 0, 2]


def regression(n):
    return sm.SGD(sm.LinearRegression(X[:n], Y[:n]), ["1/7", "1/9"], [1, -2])


def one_layer(n):
    model = sm.Network((2, 1), data=sm.Empirical(X[:n]), targets=[[y] for y in Y[:n]], teacher=False)
    return sm.SGD(model, ["1/7", "1/9"], {"W1": [[1, -2]]})


def two_layers(n):
    data = sm.Empirical([[row[0]] for row in X[:n]])
    model = sm.Network((1, 1, 1), data=data, targets=[[y] for y in Y[:n]], teacher=False)
    return sm.SGD(model, "1/7", {"W1": [[1]], "W2": [[3]]})


QUESTIONS = [
    (regression, sm.loss(1), ("closure", "components")), (regression, sm.loss(2), ("closure", "components")),
    (regression, sm.gradient(2), ("closure", "components")), (regression, sm.weights(2), ("closure", "components")),
    (one_layer, sm.loss(1), ("closure", "components", "symbolic")),
    (one_layer, sm.gradient(1), ("closure", "components", "symbolic")),
    (two_layers, sm.gradient(0), ("components", "symbolic")), (two_layers, sm.weights(1), ("components", "symbolic")),
    (two_layers, sm.gradient(1), ("components",)), (two_layers, sm.full_gradient(1), ("components",)),
]
#: Six factors of one step in letters: thousands of graphs. One layer at 1 and 2 points has every kind of partition.
SIX_FACTORS = [(sm.full_gradient(1, layer=2), 1), (sm.full_gradient(1, layer=2), 2)]
SIX_FACTORS_MORE = [(sm.full_gradient(1), 3), *((sm.gradient(1), n) for n in (1, 2, 3))]


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize(("run", "quantity", "routes"), QUESTIONS)
def test_routes_agree_whole(run, quantity, routes, n):
    sgd = run(n)
    for moment in ("variance", "second_moment"):
        answers = [getattr(sgd, moment)(quantity, route=route) for route in routes]
        assert all(p == answers[0] and p.coefficients == answers[0].coefficients for p in answers[1:])
    assert assert_equals_listing(sgd, quantity, moments=("variance", "second_moment"), route=routes[0]) == n


@pytest.mark.parametrize(("quantity", "n"), [
    *SIX_FACTORS, *(pytest.param(*more, marks=pytest.mark.slow) for more in SIX_FACTORS_MORE)])
def test_six_factors_of_one_step(quantity, n):
    test_routes_agree_whole(two_layers, quantity, ("components", "symbolic"), n)


def test_the_loss_at_one_step_by_hand():
    # x = 1, -1; y = 0, 2; w_0 = 0, rate 1: the gradients are 0 and 2, so w_1 is 0 or -2, or at b = 2 it is -1.
    # L(w) = (w² + (w + 2)²)/4: 1 at 0, 1 at -2, 1/2 at -1. So E L² is 1 at b = 1 and 1/4 at b = 2: -1/2 + 3u/2.
    sgd = sm.SGD(sm.LinearRegression([[1], [-1]], [0, 2]), 1, [0])
    for route in ("closure", "components"):
        assert sgd.second_moment(sm.loss(1), route=route).coefficients == (F(-1, 2), F(3, 2))
        assert sgd.variance(sm.loss(1), route=route)(1) == 0


@pytest.mark.parametrize("n", [1, 2, 3, 4])
@pytest.mark.parametrize("order", [1, 2, 3, 4, 5, 6])
def test_weights_have_degree_below_n_and_the_values_of_the_draws(order, n):
    for count in range(1, min(order, n) + 1):
        weight = Batches("without_replacement", n).distinct_weight(count, order)
        assert len(weight) <= n
        for b in range(1, n + 1):
            falling = F(1)
            for i in range(count):
                falling *= F(b - i, n - i)
            assert sum(c * F(1, b**k) for k, c in enumerate(weight)) == falling / b**order
    for partition in set_partitions(order):
        assert len(Batches("without_replacement", n).partition_weight(tuple(map(len, partition)))) <= n


def test_regression_keeps_its_degree_and_its_basis():
    sgd = regression(3)
    for t in (0, 1, 2):
        p = sgd.variance(sm.gradient(t))
        assert p.degree == t + 1
        assert p.is_nonnegative_in_cb()
        assert p.decreasing_from() == 1


def test_thresholds_agree_between_routes():
    for n in (2, 3):
        sgd = regression(n)
        first, second = (sgd.variance(sm.loss(1), route=route).decreasing_from() for route in ("closure", "components"))
        assert first == second == 1
