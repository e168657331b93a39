"""Every door of the routes names the argument that it refuses, keeps the budget that it is given, and chooses well."""

from fractions import Fraction as F

import pytest
import sympy

import sgdmoments as sm
from sgdmoments.longrun.noise_bound import noise_bound
from sgdmoments.longrun.stability.answer import stability
from sgdmoments.longrun.stability.stationary import stationary

LINEAR = sm.LinearRegression([[1], [2], [3]], [1, 1, 2])
NUMBERS = {"W1": [[1]], "W1*": [[2]]}


def regression(rate="1/10"):
    return sm.SGD(LINEAR, rate, [0])


NAMED = {
    "learning_rate of stability": (lambda x: regression().stability().is_stable(x, 1), "learning_rate"),
    "learning_rate of order 4": (lambda x: regression().stability(4).is_stable(x, 1), "learning_rate"),
    "least b": (lambda x: regression().stability().least_batch_size(x), "learning_rate"),
    "least b of order 4": (lambda x: regression().stability(4).least_batch_size(x), "learning_rate"),
    "width of an enclosure": (lambda x: regression().stability().threshold(1, x), "width"),
    "width of the slope": (lambda x: regression().noise_bound().slope_threshold(1, x), "width"),
    "slope": (lambda x: regression().noise_bound().least(x, 1), "M_V"),
    "b of a threshold": (lambda x: regression().stability().threshold(x), "b"),
    "b of order 4": (lambda x: regression().stability(4).threshold(x), "b"),
    "b of a limit": (lambda x: regression().closed_form(sm.gradient).limit(x), "b"),
    "b of a value": (lambda x: regression().closed_form(sm.gradient).value(2, x), "b"),
    "b of stationary values": (lambda x: regression().stationary(x), "b"),
    "b of a recurrence": (lambda x: sm.SGD(sm.Network(("p", 1))).recurrence(sm.gradient).limit(x), "b"),
    "width of a network": (lambda x: sm.SGD(sm.Network(("p", 1))).recurrence(sm.gradient).threshold().at(1, p=x), "p"),
}


@pytest.mark.parametrize("door", NAMED)
def test_the_argument_that_is_refused_is_named(door):
    ask, name = NAMED[door]
    with pytest.raises(sm.InputError, match=rf"^{name}: cannot read the text 'one half'"):
        ask("one half")


@pytest.mark.parametrize("door", [door for door in NAMED if door.startswith("b of")])
def test_no_batch_is_smaller_than_one(door):
    with pytest.raises(sm.InputError, match=r"^b: found 0; a batch size"):
        NAMED[door][0](0)


@pytest.mark.parametrize("order", ["learning_rate_order", "inverse_batch_order"])
def test_an_order_that_is_refused_is_named(order):
    with pytest.raises(sm.InputError, match=rf"^{order}: found -1"):
        sm.SGD(sm.Network(("p", 1))).variance(sm.gradient(1), route="symbolic", **{order: -1})


REFUSED = {
    "a trajectory": lambda sgd: sgd.trajectory(sm.gradient, 3, [1]),
    "a closed form in t": lambda sgd: sgd.closed_form(sm.gradient),
    "stability": lambda sgd: sgd.stability(),
    "a stationary law": lambda sgd: sgd.stationary(),
    "the noise bound": lambda sgd: sgd.noise_bound(),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_needs_a_linear_model_says_so(what):
    with pytest.raises(sm.RouteError, match=f"^{what} needs? a model that is linear in its weights") as caught:
        REFUSED[what](sm.SGD(sm.Network((1, 1, 1)), "1/10"))
    assert "index graphs" not in str(caught.value)  # these answer where widths are letters


TERMS = {
    "closed form": lambda budget: regression().closed_form(sm.gradient, budget=budget),
    "stability": lambda budget: stability(regression(), 2, budget),
    "order 4": lambda budget: stability(regression(), 4, budget),
    "stationary": lambda budget: stationary(regression(), budget=budget),
    "noise bound": lambda budget: noise_bound(regression(), budget),
    "trajectory": lambda budget: regression().trajectory(sm.gradient, 3, [1], budget=budget),
    "closure": lambda budget: regression().variance(sm.gradient(1), budget=budget),
    "recurrence": lambda budget: sm.SGD(sm.Network(("p", 1))).recurrence(sm.loss, budget=budget),
    "components": lambda budget: sm.SGD(sm.Network((1, 1)), "1/10", NUMBERS).variance(
        sm.gradient(1), route="components", budget=budget),
    "expansion": lambda budget: sm.SGD(sm.Network((1, 1)), "1/10", NUMBERS).variance(
        sm.gradient(1), inverse_batch_order=1, budget=budget),
}


@pytest.mark.parametrize("door", TERMS)
def test_one_term_is_not_enough_for_any_door(door):
    with pytest.raises(sm.BudgetExceeded, match=r"(over|exceed) the budget of 1.* \(budget=Budget\(terms="):
        TERMS[door](sm.Budget(terms=1))


@pytest.mark.parametrize(("sgd", "options", "route"), [
    (regression(), {}, "closure"),
    (sm.SGD(sm.Network((1, 1))), {}, "symbolic"),
    (sm.SGD(sm.Network((1, 1)), "1/10", NUMBERS), {}, "closure"),
    (sm.SGD(sm.Network((1, 1)), "1/10", NUMBERS), {"inverse_batch_order": 1}, "expansion"),
    (sm.SGD(sm.Network((1, 1))), {"inverse_batch_order": 1}, "symbolic"),
    (sm.SGD(sm.Network(("p", 1))), {"inverse_batch_order": 1}, "symbolic"),
    (sm.SGD(sm.Network(("p", 1)), "1/10", dict.fromkeys(("W1", "W1*"), sm.GaussianInit())),
     {"inverse_batch_order": 1}, "symbolic"),
    (sm.SGD(sm.Network((1, 1)), "1/10", NUMBERS), {"learning_rate_order": 1}, "symbolic"),
])
def test_which_route_answers(sgd, options, route):
    answer = sgd.variance(sm.gradient(1), **options)
    assert answer.provenance.route == route
    assert answer.provenance.reason


def test_progress_of_a_query_counts_up_to_its_last_step():
    sgd = sm.SGD(sm.Network((1, 1)))
    seen = []
    query = sm.trace(sm.weights_matrix(sgd, 2, 1))
    sgd.expectation(query, progress=lambda report: seen.append((report.done, report.total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_query_of_two_steps_with_a_letter_of_the_users():
    """w' = (1 - a h) w with h the mean of b squares, E h = 1, E h^2 = 1 + 2/b: E w_1 w_2 = (1 - a)(1 - 2a +
    a^2 (1 + 2/b)) w_0^2."""
    sgd = sm.SGD(sm.Network((1, 1)))
    factor = sympy.Symbol("c")
    first, second = (sm.weights_matrix(sgd, t, 1) for t in (1, 2))
    found = sgd.expectation(sm.trace(first.T @ second) * factor)
    a = F(1, 10)
    for b in (1, 4):
        expected = 7 * (1 - a) * (1 - 2 * a + a**2 * (1 + F(2, b))) * 2**2
        assert found.evaluate({"W1": [[2]], "W1*": [[0]], "alpha": a, "c": 7})(b) == expected
