"""Limits, stationary values and thresholds: where they hold, and that they are refused where they do not."""

import pickle
from dataclasses import replace
from fractions import Fraction as F

import numpy as np
import pytest
import sympy
from long_runs import Listing, long_run, settles

import sgdmoments as sm
from sgdmoments.longrun.stability.threshold import Stability
from sgdmoments.models.moment_regression import MomentRegression

X, Y = [[1], [2], [3]], [1, 1, 2]
ASKED = {
    "mean of the loss": (sm.loss, "mean"), "variance of the loss": (sm.loss, "variance"),
    "second moment of the weights": (sm.weights, "second_moment"),
    "variance of the gradient": (sm.gradient, "variance"),
}


def finite(rate, w0=0):
    return sm.SGD(sm.LinearRegression(X, Y), rate, [w0])


def noisy(rate=None):
    """w' = w - rate (x^2 w - x e) with x, e Gaussian."""
    return sm.SGD(sm.Network((1, 1), noise=sm.Gaussian()), rate, {"W1": [[0]], "W1*": [[1]]})


def test_the_limits_of_the_issue_are_refused():
    """Each had a negative variance: -19/25, -5, -10/3, -.0529."""
    with pytest.raises(sm.Diverges, match=r"variance of L_t at b = 1: diverges .* below 0\.38345"):
        noisy("1/2").closed_form(sm.loss).limit().substitute({"u": 1})
    with pytest.raises(sm.Diverges, match="second moments converge for learning rates below 2/3"):
        noisy("4/5").closed_form(sm.gradient).limit(1)
    with pytest.raises(sm.Diverges, match=r"second moments .* below 2/7") as caught:
        finite("3/10").closed_form(sm.gradient).limit(1)
    assert caught.value.threshold.exact == F(2, 7)
    with pytest.raises(sm.Diverges, match=r"fourth moments .* below 0\.2533"):
        finite("27/100").closed_form(sm.loss).limit(1)


def test_fourth_moments_by_hand():
    """E (1 - a x^2)^4 = 1 - 4a + 18a^2 - 60a^3 + 105a^4 at b = 1."""
    found = noisy().stability(order=4).threshold(1)
    assert found.root.polynomial == (-4, 18, -60, 105)
    assert round(float(found), 5) == 0.38345
    assert found.exact is None
    a, problem = sympy.Symbol("a"), noisy().stability(order=4)
    assert problem.boundary(a).substitute({problem.v: 1}).coefficients(a) == (4, -18, 60, -105)
    narrow = found.refine(F(1, 10**30))
    assert narrow.high - narrow.low <= F(1, 10**30)
    assert noisy().stability(order=3).threshold(1) == found
    assert noisy().stability(order=1).threshold(1) == noisy().stability().threshold(1)
    assert pickle.loads(pickle.dumps(found)) == found


def test_the_fourth_moment_just_below_and_above():
    for rate, converges in (("19/50", True), ("39/100", False)):
        assert noisy().stability(order=4).is_stable(rate, 1) == converges
        if converges:
            assert noisy(rate).closed_form(sm.loss).limit(1).to_fraction() > 0
        else:
            with pytest.raises(sm.Diverges):
                noisy(rate).closed_form(sm.loss).limit(1)


def test_the_threshold_of_fourth_moments_of_listed_batches():
    data = [[1, 2], [0, 1], [3, 1], [-1, 1]]
    problem = sm.SGD(sm.LinearRegression(data, [0] * 4))
    for b in (1, 2, 3):
        found = problem.stability(order=4).threshold(b)
        assert found.high <= problem.stability().threshold(b).high
        for factor, converges in ((F(99, 100), True), (F(101, 100), False)):
            listing = Listing(data, [0] * 4, (found.low * factor).limit_denominator(10**4), b, [1, 2])
            assert (long_run(listing, "variance of the loss") < 1) == converges


def test_rank_deficient_data_have_their_threshold_on_the_span():
    flat = sm.SGD(sm.LinearRegression([[x[0], 2 * x[0]] for x in X], Y))
    plain = sm.SGD(sm.LinearRegression(X, Y))
    for b in (1, 2):
        assert float(flat.stability(order=4).threshold(b)) * 5 == pytest.approx(
            float(plain.stability(order=4).threshold(b)), rel=1e-11)
        assert flat.stability(order=4).threshold(b).stability.size == 1


PROBLEMS = {
    "one weight": ([[1], [2], [3]], [1, 1, 2], [5]),
    "interpolated": ([[1], [2], [3]], [2, 4, 6], [1]),
    "one point": ([[2]], [1], [3]),
    "two weights": ([[1, 2], [0, 1], [3, 1]], [1, -1, 2], [1, F(1, 2)]),
    "rank one": ([[1, 2], [2, 4], [3, 6]], [1, -1, 2], [3, 1]),
    "rank one, interpolated": ([[1, 2], [2, 4], [3, 6]], [1, 2, 3], [3, 1]),
    "orthogonal": ([[1, 1], [1, -1]], [1, 3], [0, 7]),
    "no data": ([[0, 0], [0, 0]], [1, 2], [3, 1]),
    "start at the minimiser": ([[1, 0], [0, 3]], [1, 3], [1, 1]),
}


@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize("case", PROBLEMS)
def test_limits_equal_long_runs(case, replace):
    """Every limit is where a run of 65,536 steps ends; every refusal is of a run that does not settle."""
    data, targets, w0 = PROBLEMS[case]
    rates = [F(1, 50), F(1, 5), F(2, 7), F(1, 2), F(2)]
    found = refused = 0
    for rate in rates if len(w0) > 1 else [*rates, F(1, 10), F(1, 3), F(2, 5), F(9, 10), F(3)]:
        sgd = sm.SGD(sm.LinearRegression(data, targets), rate, w0, "with_replacement" if replace else None)
        for b in range(1, (2 if replace else len(data)) + 1):
            listing = Listing(data, targets, rate, b, w0, replace)
            for name, (quantity, moment) in ASKED.items():
                closed = sgd.closed_form(quantity, moment)
                try:
                    value = closed.limit(b).to_fraction()
                except sm.Diverges:
                    refused += 1
                    assert not settles(listing, name)
                    continue
                found += 1
                assert value >= 0
                end = long_run(listing, name)
                if np.isnan(end):  # moments that diverge, but not in this answer: it is constant
                    assert [closed.value(t, b) for t in (3, 4, 5)] == [value] * 3
                else:
                    assert float(value) == pytest.approx(end, rel=1e-6, abs=1e-8)
    assert found
    assert refused or case in ("no data", "start at the minimiser")


@pytest.mark.parametrize("case", ["one weight", "rank one", "orthogonal"])
def test_with_b_a_letter_each_batch_size_is_decided(case):
    data, targets, w0 = PROBLEMS[case]
    for rate in (F(1, 20), F(2, 7), F(2)):
        sgd = sm.SGD(sm.LinearRegression(data, targets), rate, w0)
        for quantity, moment in ASKED.values():
            closed = sgd.closed_form(quantity, moment)
            answers = []
            for b in range(1, len(data) + 1):
                try:
                    answers.append(closed.limit(b))
                except sm.Diverges:
                    answers.append(None)
            if not any(answer is not None for answer in answers):
                with pytest.raises(sm.Diverges):
                    closed.limit()
                continue
            limit = closed.limit()
            for b, answer in enumerate(answers, 1):
                at = {closed.v: closed.noise(b)}
                if answer is None:
                    for read in (limit.substitute, limit.evaluate, (limit + 1).substitute, (2 / (1 - limit)).evaluate):
                        with pytest.raises(sm.Diverges):
                            read(at)
                else:
                    assert limit.substitute(at) == answer
                    if limit.to_sympy().subs(closed.v, sympy.Rational(at[closed.v])) == answer.to_sympy():
                        assert (3 * limit - 1).evaluate(at) == 3 * answer.to_fraction() - 1
                    else:  # another base is 1 there, where the formula would be wrong
                        with pytest.raises(sm.InputError, match="has a gap"):
                            (3 * limit - 1).evaluate(at)


def test_letters_for_the_rate_and_the_data():
    """The condition is said, and decided when the last letter is a number; the start's letters may stay."""
    sgd = sm.SGD(MomentRegression(n=sympy.Symbol("n")))
    limit = sgd.closed_form(sm.gradient).limit()
    condition = str(limit.conditions[0].condition)
    assert "converges where" in condition
    assert "alpha" in condition
    with pytest.raises(sm.InputError, match="holds under a condition on"):
        limit.to_fraction()
    data = {"m_20": F(14, 3), "m_40": F(98, 3), "m_11": 3, "m_31": F(63, 3), "m_22": F(41, 3)}
    at_data = limit.substitute(data)
    expected = finite("1/10").closed_form(sm.gradient).limit()
    for b in (1, 2, 3):
        v = F(3 - b, 2 * b)
        assert at_data.substitute({"alpha": F(1, 10), "c_b": v}) == expected.substitute({"c_b": v})
    with pytest.raises(sm.Diverges):
        at_data.substitute({"c_b": 1}).substitute({"alpha": F(2, 7)})
    assert pickle.loads(pickle.dumps(at_data)) == at_data


def test_a_letter_of_the_start_stays():
    sgd = sm.SGD(sm.LinearRegression([[1, 2], [2, 4]], [1, 2]), "1/20", [sympy.Symbol("a"), 0])
    limit = sgd.closed_form(sm.weights, "second_moment").limit(1)
    a = sympy.Symbol("a")  # w* = (1, 2)/5 and (1 - P) w_0 = a (4, -2)/5
    assert sympy.expand(limit.to_sympy() - sympy.Rational(1, 5) - 4 * a**2 / 5) == 0


def test_exactly_on_the_circle():
    """A base 1 that is repeated, and a base -1: the exact decision where floats cannot tell."""
    with pytest.raises(sm.Diverges):
        finite("2/7").closed_form(sm.gradient).limit(1)
    point = sm.SGD(sm.LinearRegression([[2]], [1]), "1/2", [3])  # w' = 1 - w
    with pytest.raises(sm.Diverges):
        point.closed_form(sm.weights, "mean")[0].limit()
    assert sm.SGD(point.model, "1/2", [F(1, 2)]).closed_form(sm.weights, "mean")[0].limit() == F(1, 2)


def test_a_learning_rate_of_zero_stays_where_it_is():
    closed = finite(0, 2).closed_form(sm.gradient)
    assert closed.limit(1) == closed.value(0, 1)
    letter = finite(None, 2).closed_form(sm.gradient).limit()
    assert letter.substitute({"alpha": 0, "c_b": 1}) == closed.value(0, 1)


def test_stationary_values_know_their_condition():
    law = finite(None).stationary()
    for value in (law.variance(sm.gradient), law.covariance[0][0], law.second_moment(sm.weights),
                  law.expectation(sm.loss), law.variance(sm.gradient) * 2 + 1):
        assert value.evaluate({"alpha": F(1, 10), "c_b": 1}) > 0
        for rate in (F(2, 7), F(3, 10), F(4, 5)):
            with pytest.raises(sm.Diverges, match="2/7 at b = 1"):
                value.substitute({"alpha": rate}).substitute({"c_b": 1})
    some = finite("3/10").stationary()
    assert str(some.condition) == "second moments converge for b >= 2"
    assert some.at(2).condition is None
    with pytest.raises(sm.Diverges):
        some.variance(sm.gradient).substitute({"c_b": 1})
    assert finite("1/10").stationary().condition is None
    with pytest.raises(sm.Diverges):
        finite("3/7").stationary()  # the threshold of the whole data set


def test_fresh_samples_are_refused_where_no_batch_size_will_do():
    with pytest.raises(sm.Diverges):
        noisy(2).stationary()
    with pytest.raises(sm.Diverges):
        noisy(2).closed_form(sm.gradient).limit()
    assert noisy("19/10").stability().least_batch_size("19/10") == 39  # 2/(1 + 2/b) > 19/10
    assert noisy().stability().least_batch_size(2) is None
    assert finite(None).stability().least_batch_size("3/10") == 2
    assert finite(None).stability(order=4).least_batch_size("27/100") == 2
    assert finite(None).stability().least_batch_size("3/7") is None


@pytest.mark.parametrize("start", [[3, 1], sm.GaussianInit(variance=2, mean=[1, 3])])
def test_what_never_moves_is_part_of_the_stationary_law(start):
    sgd = sm.SGD(sm.LinearRegression([[1, 2], [2, 4], [3, 6]], [1, 1, 2]), "1/30", start)
    law = sgd.stationary(1)
    assert law.second_moment(sm.weights) == sgd.closed_form(sm.weights, "second_moment").limit(1)
    assert law.variance(sm.weights) == sgd.closed_form(sm.weights).limit(1)
    assert law.expectation(sm.weights) == tuple(c.limit() for c in sgd.closed_form(sm.weights, "mean"))


def test_moments_of_no_stable_system_have_threshold_zero():
    """H < 0 is not the Hessian of any law, but a linear system all the same, unstable at every rate."""
    plain = finite(None).stability().pencil
    problem = replace(plain, first=((-plain.first[0][0],),))
    assert Stability(problem).threshold(1).exact == 0
    assert not Stability(problem).is_stable("1/100", 1)


def test_letters_of_the_targets_play_no_part():
    y = sympy.symbols("y_1:4")
    for order, exact in ((2, F(2, 7)), (4, None)):
        found = sm.SGD(sm.LinearRegression(X, y)).stability(order=order).threshold(1)
        assert found == finite(None).stability(order=order).threshold(1)
        assert found.exact == exact
    with pytest.raises(sm.Diverges):
        sm.SGD(sm.LinearRegression(X, y), "3/10", [0]).stationary(1)
    assert set(sm.SGD(sm.LinearRegression(X, y), "1/10", [0]).stationary(1).variance(sm.gradient).symbols) == set(y)


def test_letters_for_widths_are_named_or_answered():
    letters = sm.SGD(sm.Network(("p", 1), noise=sm.Gaussian()))
    for ask in (letters.stability, letters.stationary, letters.noise_bound, lambda: letters.stability(4),
                lambda: letters.closed_form(sm.weights), lambda: letters.trajectory(sm.gradient, 2, [1])):
        with pytest.raises(sm.RouteError, match="the widths are letters"):
            ask()
    with pytest.raises(sm.RouteError, match=r"recurrence\(weights\)\.threshold\(\)"):
        letters.stability()
    formulas = [letters.recurrence(quantity).threshold().to_sympy() for quantity in (sm.weights, sm.gradient)]
    assert formulas[0] == formulas[1]


def test_bad_input():
    for order in (0, -2, True, "2", 2.0):
        with pytest.raises(sm.InputError, match="order"):
            noisy().stability(order=order)
    with pytest.raises(sm.RouteError, match="linear in its weights"):
        sm.SGD(sm.Network((1, 1, 1))).stability(order=4)
    with pytest.raises(sm.InputError, match="letters"):
        sm.SGD(MomentRegression(n=3)).stability(order=4).threshold(1)
    with pytest.raises(sm.RouteError, match="boundary"):
        noisy().stability(order=4).formula()
    with pytest.raises(sm.AssumptionError, match="constant learning rate"):
        sm.SGD(sm.LinearRegression(X, Y), lambda t: F(1, t + 1), [0]).closed_form(sm.gradient)


@pytest.mark.parametrize("scale", [F(1, 10**400), 1e-200, 1e308])
def test_data_of_any_scale_have_their_threshold(scale):
    """Thresholds scale with 1/x^2; no float is too small or too large for them."""
    data = [[1, 0], [2, 1], [0, 3]]
    scaled = sm.SGD(sm.LinearRegression([[F(scale) * x for x in row] for row in data], [1, 2, 1]), "1/10", [1, 1])
    plain = sm.SGD(sm.LinearRegression(data, [1, 2, 1]))
    for order in (2, 4):
        low = scaled.stability(order=order).threshold(1).low * F(scale) ** 2
        assert float(low) == pytest.approx(float(plain.stability(order=order).threshold(1)), rel=1e-11)
    if scale > 1:
        with pytest.raises(sm.Diverges, match=r"below 2\.3763381e-617"):
            scaled.closed_form(sm.gradient).limit(1)


def test_where_a_limit_does_not_exist_is_said_with_every_letter():
    limit = finite(None).closed_form(sm.gradient).limit()
    with pytest.raises(sm.Diverges, match=r"^variance of g_t at b = 1, alpha = 1: diverges as t grows; .* below 2/7"):
        limit.substitute({"alpha": 1, "c_b": 1})
    letters = sm.SGD(MomentRegression(n=sympy.Symbol("n"))).closed_form(sm.weights, "mean")[0].limit()
    with pytest.raises(sm.Diverges, match=r"^mean of w_t at alpha = 3, m_11 = 1, m_20 = 1: diverges"):
        letters.substitute({"alpha": 3, "m_11": 1, "m_20": 1})


def test_letters_of_fourth_moments_have_the_names_of_the_second():
    for sampling, name in (("without_replacement", "c_b"), ("with_replacement", "u")):
        sgd = sm.SGD(sm.LinearRegression(X, Y), sampling=sampling)
        for order in (2, 4):
            found = sgd.stability(order=order)
            assert str(found.v) == name
            assert {s.name for s in found.boundary().symbols} == {"alpha", name}
            with pytest.raises(sm.InputError, match="another one for the learning rate"):
                found.boundary(found.v)
