"""The two ways to undo steps in the closure route, by a matrix and by derivatives, are one map."""

from fractions import Fraction

import pytest
import sympy

import sgdmoments as sm
from sgdmoments.budget import Monitor
from sgdmoments.recursion.steps import state_steps
from sgdmoments.routes.closure.derivatives import Derivatives
from sgdmoments.routes.closure.kept import operator_of
from sgdmoments.routes.closure.matrices import Matrices
from sgdmoments.routes.closure.observables import degree_of, observables

POINTS, TARGETS = [[1, 2], [0, "1/3"], [-2, 1], [3, 1]], [1, 0, "5/7", 2]
X = sympy.Symbol("x")

RUNS = {
    "numbers": sm.SGD(sm.LinearRegression(POINTS, TARGETS), ["1/10", "1/7", "1/3"], [1, "1/2"]),
    "with replacement": sm.SGD(sm.LinearRegression(POINTS, TARGETS), "1/10", [1, 0], sampling="with_replacement"),
    "letters in the data": sm.SGD(sm.LinearRegression([[1], [X], [2]], [1, 0, X]), "1/10", [1]),
    "a rate that is a letter": sm.SGD(sm.LinearRegression(POINTS[:3], TARGETS[:3]), None, [1, 1]),
    "weights that are letters": sm.SGD(sm.LinearRegression(POINTS, TARGETS), "1/10"),
    "random weights": sm.SGD(sm.LinearRegression(POINTS, TARGETS), "1/10", sm.GaussianInit(2, mean=[1, 0])),
    "momentum": sm.SGD(sm.LinearRegression(POINTS, TARGETS), ["1/10", "1/7", "1/3"], [1, "1/2"], momentum="1/2",
                       nesterov=True, weight_decay="1/5"),
    "random weights and a buffer": sm.SGD(sm.LinearRegression(POINTS, TARGETS), "1/10", sm.GaussianInit(2, mean=[1, 0]),
                                          momentum=X),
    "a law": sm.SGD(sm.Network((2, 1), noise=sm.Gaussian()), "1/10", {"W1": [[1, 2]], "W1*": [[0, 1]]}),
}


@pytest.mark.parametrize("quantity", [sm.gradient(3), sm.loss(2), sm.weights(2), sm.full_gradient(0)], ids=str)
@pytest.mark.parametrize("name", RUNS)
def test_matrices_and_derivatives_agree(name, quantity):
    sgd = RUNS[name]
    operator = operator_of(sgd, 2 * degree_of(quantity), sm.Budget(), quantity)
    parts = observables(sgd, operator, quantity)
    steps = state_steps(sgd, quantity)
    engines = [Derivatives(sgd, operator, steps, quantity, Monitor()),
               *(Matrices(sgd, operator, steps, quantity, name, Monitor()) for name in ("exact", "fractions"))]
    for observable in (parts.square, *([m] for m in parts.means)):
        first, *others = (trimmed(engine.at_start(engine.pull_back(observable))) for engine in engines)
        assert all(other == first for other in others)
    first, *others = (trimmed(engine.at_start(engine.sum_of_squares([engine.pull_back([m]) for m in parts.means])))
                      for engine in engines)
    assert all(other == first for other in others)


def trimmed(entries):
    entries = list(entries)
    while len(entries) > 1 and not entries[-1]:
        entries.pop()
    return entries


def test_many_steps_by_hand():
    """One feature, one point repeated with both signs: w_t = w_0 (1 - a)^t whatever the batches."""
    sgd = sm.SGD(sm.LinearRegression([[1], [-1]], [0, 0]), "1/2", [3])
    assert sgd.second_moment(sm.weights(300)).coefficients == (9 * Fraction(1, 4) ** 300,)


def test_many_steps_against_fractions():
    sgd = sm.SGD(sm.LinearRegression([[1], [2], [-1]], [1, 0, 1]), "1/5", [3])
    exact, plain = (sgd.variance(sm.gradient(60), arithmetic=name) for name in ("exact", "fractions"))
    assert exact == plain
    assert exact.degree == 61


def test_noise_on_points_drawn_without_replacement_by_hand():
    """The whole data set is one batch, but its noise is not: var(g_0) = sum x_i^2 / n^2 = 14/9 at b = n = 3."""
    model = sm.Network((1, 1), data=sm.Empirical([[1], [2], [3]]), targets=[1, 1, 2], noise=sm.Rademacher())
    sgd = sm.SGD(model, "1/10", {"W1": [[0]]})
    variance = sgd.variance(sm.gradient(0))
    assert variance(3) == Fraction(14, 9)
    assert variance(1) == Fraction(14, 3) + Fraction(14, 3)  # of the points' own gradients -1, -2, -6, and of the noise
    assert sgd.variance(sm.weights(1))(3) == Fraction(14, 900)
    for question in (lambda: sgd.variance(sm.gradient(0), route="closure"), lambda: sgd.closed_form(sm.gradient),
                     lambda: sgd.trajectory(sm.gradient, 3, [3]), sgd.stationary, sgd.noise_bound):
        with pytest.raises(sm.RouteError, match="noise"):
            question()


def test_floats_of_the_variance_where_nothing_is_random():
    """At v = 0 the variance given w_0 is 0, not rounding; over a random w_0 it is what w_0 adds."""
    points, targets = [[1, "1/3"], [0, "1/7"], ["-2/3", 1]], ["1/3", "1/7", "1/11"]
    fixed = sm.SGD(sm.LinearRegression(points, targets), "1/13", ["1/3", "1/7"])
    for given in ("initial", "nothing"):
        assert fixed.variance(sm.gradient(5), given=given, arithmetic="float")(3) == 0.0
    random = sm.SGD(sm.LinearRegression(points, targets), "1/13", sm.GaussianInit(2))
    for given in ("initial", "nothing"):
        floats, exact = (random.variance(sm.gradient(2), given=given, arithmetic=name) for name in ("float", "exact"))
        for b in (1, 2, 3):
            assert float(floats(b)) == pytest.approx(float(exact(b)), rel=1e-12)
    assert exact(3) > 0
