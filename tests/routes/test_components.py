"""The components route against enumeration of every batch, Wishart moments, and itself in other forms."""

from __future__ import annotations

import pickle
import re
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction as F
from itertools import product

import numpy as np
import pytest
import sympy

import sgdmoments as sm
from sgdmoments.budget import Budget
from sgdmoments.errors import BudgetExceeded, InputError, RouteError, Stopped
from sgdmoments.recursion.components import read
from sgdmoments.recursion.own_step import conditional_moments
from sgdmoments.recursion.term_count import problem_size
from sgdmoments.routes.components import route as components
from sgdmoments.routes.components.sizes import setup_seconds, unread
from sgdmoments.routes.plan import answer
from sgdmoments.testing import enumerate_moment

START = {
    (1, 1, 1): {"W1": [["2/3"]], "W2": [["-5/4"]], "W1*": [["3/7"]], "W2*": [[1]]},
    (2, 2, 1): {"W1": [[1, "1/2"], ["-1/3", 2]], "W2": [["3/4", -1]], "W1*": [[1, 0], ["1/5", 1]], "W2*": [[1, 2]]},
    (1, 2, 1): {"W1": [["1/2"], [-1]], "W2": [["2/3", 1]], "W1*": [[1], ["1/3"]], "W2*": [[1, "-1/2"]]},
    (2, 1, 2): {"W1": [["1/2", -1]], "W2": [["2/3"], [1]], "W1*": [[1, "1/3"]], "W2*": [[1], ["-1/2"]]},
    (3, 2): {"W1": [[1, 0, "1/2"], ["1/3", -1, 1]], "W1*": [["1/2", 1, 1], [0, 1, -1]]},
}
POINTS = [[1, "1/2"], [-1, 2], ["1/3", 0], [2, -1]]


def network(widths, **options):
    return sm.Network(widths, **options)


def run(widths, learning_rate=("1/10", "1/7", "1/5"), sampling=None, **options):
    return sm.SGD(network(widths, **options), learning_rate=learning_rate, initial=START[widths], sampling=sampling)


def agrees_with_enumeration(sgd, quantity, batch_sizes, kinds=("variance", "second_moment", "mean")):
    for kind in kinds:
        exact = getattr(sgd, kind)(quantity, route="components")
        for b in batch_sizes:
            listed = enumerate_moment(sgd, quantity, b, kind)
            if kind == "mean" and quantity.kind != "loss":
                assert [p(b) for p in exact.flat] == list(listed)
            else:
                assert exact(b) == listed


QUANTITIES = [sm.gradient(1), sm.gradient(1, layer=2), sm.full_gradient(1, layer=1), sm.weights(2), sm.loss(2),
              [[1, 2, "1/3", 0, -1, 1], [0, 1, 1, "1/2", 0, 2]] @ sm.gradient(1)]


@pytest.mark.parametrize("quantity", QUANTITIES, ids=str)
def test_linear_network_on_signs(quantity):
    agrees_with_enumeration(run((2, 2, 1), data=sm.Rademacher()), quantity, (1, 2, 3))


@pytest.mark.parametrize("sampling", ["with_replacement", "without_replacement"])
@pytest.mark.parametrize("quantity", QUANTITIES, ids=str)
def test_linear_network_on_finite_data(quantity, sampling):
    sgd = run((2, 2, 1), data=sm.Empirical(POINTS[:3] if quantity.kind == "loss" else POINTS), sampling=sampling)
    if quantity.kind == "loss":
        quantity = sm.loss(1)
    agrees_with_enumeration(sgd, quantity, (1, 2, 3) if sampling == "without_replacement" else (1, 2))


@pytest.mark.parametrize("activation", [(0, 0, 1), ("1/2", 1, "1/3"), (0, 1, 0, "1/4")])
@pytest.mark.parametrize("sampling", ["with_replacement", "without_replacement"])
def test_polynomial_activation_on_finite_data(activation, sampling):
    sgd = run((2, 1, 2), data=sm.Empirical(POINTS[:3]), activation=activation, sampling=sampling)
    for quantity in (sm.gradient(0), sm.gradient(1, layer=1), sm.loss(1)):
        agrees_with_enumeration(sgd, quantity, (1, 2, 3))


@pytest.mark.parametrize("sampling", ["with_replacement", "without_replacement"])
def test_targets_and_label_noise_on_finite_data(sampling):
    model = sm.Network((2, 1, 1), data=sm.Empirical(POINTS[:2]), teacher=False, targets=[1, "1/2"],
                       noise=sm.Rademacher())
    sgd = sm.SGD(model, learning_rate=["1/9", "1/8"], initial={"W1": [["1/2", -1]], "W2": [["2/3"]]},
                 sampling=sampling)
    for quantity in (sm.gradient(0), sm.gradient(1, layer=2), sm.full_gradient(1)):
        agrees_with_enumeration(sgd, quantity, (1, 2), ("variance",))


def test_label_noise_on_signs():
    sgd = run((2, 1, 2), data=sm.Rademacher(), noise=sm.Rademacher())
    agrees_with_enumeration(sgd, sm.gradient(1), (1, 2), ("variance",))


def test_sample_gradients():
    points = POINTS[:3]
    sgd = run((2, 1, 2), data=sm.Empirical(points), sampling="with_replacement")
    matrices = [np.arange(k, k + 8).reshape(2, 4) for k in range(3)]
    agrees_with_enumeration(sgd, sm.sample_gradients(1, matrices), (1, 2))


def test_regression_needs_no_other_code():
    model = sm.LinearRegression([[1, 2], [0, 1], [3, "1/2"], [1, 1]], [1, "1/3", 2, 0])
    sgd = sm.SGD(model, learning_rate=["1/10", "1/20"], initial=["1/2", -1])
    for quantity in (sm.gradient(2), sm.loss(2)):
        agrees_with_enumeration(sgd, quantity, (1, 2, 4), ("variance",))


def test_gaussian_first_step_has_its_closed_form():
    p = run((2, 2, 1)).variance(sm.gradient(0, layer=1), route="components")
    W1, W2 = (np.array([[F(x) for x in row] for row in START[2, 2, 1][k]], dtype=object) for k in ("W1", "W2"))
    V1, V2 = (np.array([[F(x) for x in row] for row in START[2, 2, 1][k + "*"]], dtype=object) for k in ("W1", "W2"))
    residual = W2.T @ (W2 @ W1 - V2 @ V1)
    assert p.coefficients == (0, 3 * (residual**2).sum())


@pytest.mark.parametrize("widths", [(1, 1, 1), (2, 2, 1), (3, 2)])
@pytest.mark.parametrize("data", [sm.Gaussian(), sm.Rademacher(), sm.Uniform(-1, 2)], ids=repr)
def test_no_constant_term_and_the_degree_of_theorem_3_9(widths, data):
    for t in (0, 1):
        p = run(widths, data=data).variance(sm.gradient(t), route="components")
        assert p.coefficients[0] == 0
        if len(widths) == 3 and isinstance(data, sm.Gaussian):
            assert p.degree == 3 ** (t + 1) - t - 2


def test_covariance_and_coordinates_agree_with_equal_laws():
    q = sm.gradient(1)
    plain = run((2, 2, 1)).variance(q, route="components")
    assert run((2, 2, 1), data=sm.Gaussian([[1, 0], [0, 1]])).variance(q, route="components") == plain
    normal = [0, 1, 0, 3, 0, 15, 0, 105, 0, 945, 0, 10395]
    moments = (*normal, 0, 135135, 0, 2027025, 0, 34459425, 0, 654729075, 0, 13749310575, 0, 316234143225)
    assert run((2, 2, 1), data=sm.Coordinates(moments)).variance(q, route="components") == plain


def test_a_covariance_is_a_change_of_the_first_layer():
    # x = A z with z standard: the network with W1 A on z has the same predictions, and the same layer-2 gradients
    A = np.array([[2, 0], [1, 1]], dtype=object)
    sgd = run((2, 2, 1), data=sm.Gaussian((A @ A.T).tolist()))
    start = {k: (np.array([[F(x) for x in row] for row in v], dtype=object) @ (A if k in ("W1", "W1*") else 1)
                 if k in ("W1", "W1*") else v) for k, v in START[2, 2, 1].items()}
    other = sm.SGD(sm.Network((2, 2, 1)), learning_rate="1/10", initial=start)
    q = sm.gradient(0, layer=2)
    assert sgd.variance(q, route="components") == other.variance(q, route="components")


def test_letters_specialise_to_numbers():
    letters = sm.SGD(sm.Network((1, 1, 1)))
    p = letters.variance(sm.gradient(1), route="components")
    values = {"W1_11": "2/3", "W2_11": "-5/4", "W1*_11": "3/7", "W2*_11": 1, "alpha": "1/10"}
    numbers = run((1, 1, 1), learning_rate="1/10")
    assert p.evaluate(values).coefficients == numbers.variance(sm.gradient(1), route="components").coefficients


def test_symbols_with_awkward_names():
    e, n = sympy.Symbol("e"), sympy.Symbol("n", positive=True)
    start = {"W1": [[e]], "W2": [[n]], "W1*": [[1]], "W2*": [[2]]}
    letters = sm.SGD(sm.Network((1, 1, 1)), learning_rate=sympy.Symbol("pi"), initial=start)
    p = letters.variance(sm.gradient(1), route="components")
    numbers = {"W1": [[3]], "W2": [["1/2"]], "W1*": [[1]], "W2*": [[2]]}
    sgd = sm.SGD(sm.Network((1, 1, 1)), learning_rate="1/5", initial=numbers)
    q = sgd.variance(sm.gradient(1), route="components")
    assert p.evaluate({e: 3, n: F(1, 2), "pi": F(1, 5)}).coefficients == q.coefficients


def test_letters_in_finite_data():
    a, c = sympy.symbols("a c")
    letters = sm.SGD(sm.LinearRegression([[a], [2], [3]], [1, c, 0]), learning_rate="1/10", initial=[1])
    numbers = sm.SGD(sm.LinearRegression([["1/2"], [2], [3]], [1, 5, 0]), learning_rate="1/10", initial=[1])
    p, q = (sgd.variance(sm.gradient(1), route="components") for sgd in (letters, numbers))
    assert p.evaluate({"a": F(1, 2), "c": 5}).coefficients == q.coefficients


def test_random_start_and_the_law_of_total_variance():
    init = sm.GaussianInit(variance="1/2")
    sgd = sm.SGD(sm.Network((1, 2, 1)), learning_rate="1/10",
                 initial={"W1": init, "W2": init, "W1*": [[1], [2]], "W2*": [[1, -1]]})
    q = sm.gradient(1, layer=1)
    given = sgd.variance(q, route="components")
    total = sgd.variance(q, route="components", given="nothing")
    assert given.coefficients[0] == 0
    assert total.coefficients[0] > 0
    # a start on two points of a line is an average over two runs
    two = sm.IndependentInit(sm.Rademacher())
    signs = sm.SGD(sm.Network((1, 1, 1)), learning_rate="1/4",
                   initial={"W1": two, "W2": [[2]], "W1*": [[1]], "W2*": [[1]]})
    averaged = signs.second_moment(sm.gradient(1), route="components")
    runs = [sm.SGD(sm.Network((1, 1, 1)), learning_rate="1/4",
                   initial={"W1": [[w]], "W2": [[2]], "W1*": [[1]], "W2*": [[1]]}).second_moment(
                       sm.gradient(1), route="components") for w in (1, -1)]
    assert averaged == (runs[0] + runs[1]) * F(1, 2)


def test_answers_do_not_depend_on_how_the_work_is_spread():
    sgd = run((2, 2, 1))
    alone = sgd.variance(sm.gradient(1), route="components")
    with ProcessPoolExecutor(2) as executor:
        assert sgd.variance(sm.gradient(1), route="components", executor=executor) == alone
    assert pickle.loads(pickle.dumps(alone)) == alone


def test_every_split_of_the_steps_gives_the_same():
    from sgdmoments.budget import Monitor
    from sgdmoments.recursion.backward import expectation
    from sgdmoments.recursion.components import read

    problem = read(run((1, 1, 1)), sm.gradient(2))
    square, _ = conditional_moments(problem)
    values = [expectation(problem, square, middle, Monitor()) for middle in range(3)]
    assert values[0] == values[1] == values[2]


def test_beyond_the_budget_it_refuses_at_once():
    with pytest.raises(BudgetExceeded, match="the same at t = 2") as caught:
        run((2, 2, 1), learning_rate="1/10").variance(sm.gradient(6), route="components")
    assert caught.value.estimate["terms"] > 5_000_000
    with pytest.raises(BudgetExceeded, match="expansion"):
        run((2, 2, 1)).variance(sm.gradient(0), route="components", budget=Budget(terms=3))


def test_it_can_be_stopped():
    with pytest.raises(Stopped):
        run((1, 1, 1)).variance(sm.gradient(2), route="components", progress=lambda report: report.done < 1)


def test_what_it_cannot_answer():
    with pytest.raises(RouteError, match="widths are letters"):
        sm.SGD(sm.Network(("p", 1, 1))).variance(sm.gradient(0), route="components")
    with pytest.raises(RouteError, match="covariance is a letter"):
        sm.SGD(sm.Network((2, 1), data=sm.Gaussian("Sigma"))).variance(sm.gradient(0), route="components")
    with pytest.raises(InputError, match="moment"):
        answer(run((1, 1, 1)), "median", sm.gradient(0), "components")
    estimates = {estimate.route: estimate for estimate in sm.SGD(sm.Network(("p", 1, 1))).plan(sm.gradient(0))}
    assert "letters" in estimates["components"].reason


@pytest.mark.parametrize(("widths", "t"), list(product([(1, 1, 1), (2, 2, 1), (1, 2, 1)], [1, 2])), ids=str)
def test_the_estimate_is_of_the_right_order(widths, t):
    sgd = run(widths)
    reports = []
    sgd.second_moment(sm.gradient(t), route="components", progress=reports.append)
    predicted = {e.route: e.needs for e in sgd.plan(sm.gradient(t), "second_moment")}["components"]
    assert max(r.terms for r in reports) <= 3 * predicted["terms"]


@pytest.mark.parametrize("widths", [(3, 1), (2, 2, 1), (3, 3, 1), (4, 4, 1), (5, 3, 2)], ids=str)
def test_sizes_that_are_not_counted_are_about_right(widths):
    """At t = 0, against the polynomials themselves; a gradient's square holds 1 and 1/b, so that it has degree 1."""
    start = {f"W{k}{star}": [[1 + (i + 2 * j) % 3 for j in range(widths[k - 1])] for i in range(widths[k])]
             for k in range(1, len(widths)) for star in ("", "*")}
    sgd = sm.SGD(sm.Network(widths), "1/10", start)
    for quantity in (sm.gradient(0), sm.loss(0), sm.weights(0)):
        square, means = conditional_moments(read(sgd, quantity))
        for kind, held in (("mean", max(map(len, means))), ("second_moment", len(square))):
            found = unread(sgd, problem_size(sgd), quantity, kind)
            assert held / 8 <= found.terms <= 8 * held
            assert found.degree == (quantity.kind == "gradient" and kind != "mean")
            assert found.setup == setup_seconds(sgd, problem_size(sgd)) > 0
            if quantity.kind == "weights":
                assert found.terms == held == (1 if kind == "mean" else problem_size(sgd).width)


def test_the_nearest_question_in_words():
    with pytest.raises(BudgetExceeded) as caught:
        run((2, 2, 1)).variance(sm.gradient(0), route="components", budget=Budget(terms=3))
    assert caught.value.nearest == "route='expansion' for the first coefficients in 1/b."
    with pytest.raises(BudgetExceeded, match=r"^components: the variance of \u2207L_1 is") as caught:  # nor is t = 0
        run((2, 2, 1)).variance(sm.full_gradient(1), route="components", budget=Budget(terms=9))
    assert caught.value.nearest == "route='expansion' for the first coefficients in 1/b."
    with pytest.raises(BudgetExceeded) as caught:
        run((1, 1, 1)).variance(sm.gradient(3), route="components", budget=Budget(terms=40))
    assert re.fullmatch(r"the same at t = [0-2], or route='expansion' for the first coefficients at this t\.",
                        caught.value.nearest)
    sgd = sm.SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]), "1/10", [0])
    with pytest.raises(BudgetExceeded) as caught:
        sgd.variance(sm.gradient(50_000))
    assert re.fullmatch(r"the same at t = \d+; sgd\.trajectory gives every step up to 50000 in certified balls, "
                        r"sgd\.closed_form a formula in t\.", caught.value.nearest)


@pytest.mark.parametrize("data", [sm.Empirical([[1], [2]]), sm.Gaussian()])
def test_gradients_of_points_need_points_without_noise(data):
    noise = sm.Rademacher() if isinstance(data, sm.Empirical) else None
    sgd = sm.SGD(sm.Network((1, 1), data=data, noise=noise), "1/10", {"W1": [[1]], "W1*": [[2]]},
                 "with_replacement" if noise else None)
    with pytest.raises(sm.AssumptionError, match="finite data set without label noise"):
        sgd.second_moment(sm.sample_gradients(0, [[[1]], [[1]]]), route="closure")


WIDE = sm.LinearRegression([[(7 * i + j * j) % 11 - 5 for j in range(15)] for i in range(40)], range(40))


def needs_of_components(sgd, quantity):
    return next(e.needs for e in sgd.plan(quantity) if e.route == "components")


@pytest.mark.parametrize("sgd", [
    sm.SGD(sm.Network((4, 4, 1)), "1/10", {name: np.ones(shape, dtype=int) for name, shape in (
        ("W1", (4, 4)), ("W1*", (4, 4)), ("W2", (1, 4)), ("W2*", (1, 4)))}),
    sm.SGD(WIDE, "1/10", [0] * 15),
    sm.SGD(sm.LinearRegression([sympy.symbols(f"x{i}_:4") for i in range(6)], sympy.symbols("y:6")), "1/10", [0] * 4),
], ids=["network", "dependent statistics", "letters"])
def test_a_plan_does_not_write_out_what_takes_longer_than_a_plan(sgd, monkeypatch):
    def refuse(*_):
        raise AssertionError("the problem was written out")

    monkeypatch.setattr(components, "read", refuse)
    assert needs_of_components(sgd, sm.gradient(0))["seconds"] > 0.06


def test_products_of_means_over_few_rows_have_few_terms():
    """Two means over 3 rows of letters have a product of at most 9 terms, however many monomials there are."""
    points = [sympy.symbols(f"x{i}_:2") for i in range(3)]
    sgd = sm.SGD(sm.LinearRegression(points, sympy.symbols("y:3")), "1/10", [0, 0])
    assert needs_of_components(sgd, sm.gradient(1))["seconds"] < 0.2


def test_noisy_labels_of_points_that_are_drawn_without_replacement():
    """Distinct draws have distinct points, and noise of their own; the routes that refuse name the one that answers."""
    points = sm.Empirical([[1, 2], [0, 1], [3, -1]])
    noisy = sm.SGD(sm.Network((2, 1), data=points, noise=sm.Rademacher()), ["1/10", "1/7"],
                   {"W1": [[1, -1]], "W1*": [[2, 1]]})
    for quantity in (sm.gradient(0), sm.gradient(1), sm.weights(1), sm.loss(1)):
        for moment in ("second_moment", "variance"):
            found = getattr(noisy, moment)(quantity)
            assert found.provenance.route == "components"
            assert [found(b) for b in (1, 2, 3)] == [enumerate_moment(noisy, quantity, b, moment) for b in (1, 2, 3)]
    for route in ("closure", "symbolic"):
        with pytest.raises(RouteError, match="route='components' answers"):
            noisy.variance(sm.gradient(1), route=route)


@pytest.mark.parametrize("quantity", [sm.gradient(0), sm.gradient(1)], ids=str)
def test_answers_in_matrices_are_those_in_their_entries_once_these_are_put_in(quantity):
    sgd = sm.SGD(sm.Network((2, 1)), "1/10", {"W1*": [[1, 2]]})
    in_matrices, in_entries, again = (sgd.variance(quantity, route=r) for r in ("symbolic", "closure", "components"))
    assert in_matrices != in_entries
    written = in_matrices.evaluate({"W1": [sympy.symbols("W1_11 W1_12")]})
    assert written == in_entries == again
    assert hash(written) == hash(in_entries) == hash(again)


@pytest.mark.parametrize("sampling", ["with_replacement", "without_replacement"])
def test_points_that_are_all_alike_have_no_statistics(sampling):
    sgd = sm.SGD(sm.Network((1, 1, 1), data=sm.Empirical([[2], [2], [2]])), "1/10", START[1, 1, 1], sampling)
    assert not read(sgd, sm.gradient(1)).statistics
    for quantity in QUANTITIES[:5]:
        agrees_with_enumeration(sgd, quantity, (1, 3))
