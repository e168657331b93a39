"""Models linear in their weights: the finite recurrence equals the answer step by step."""

from fractions import Fraction

import pytest
import sympy

import sgdmoments as sm
from sgdmoments.exact.ring import INVERSE_BATCH, Ring
from sgdmoments.graphs.expression import Expression
from sgdmoments.longrun.recurrence.recurrence import recurrence
from sgdmoments.longrun.recurrence.threshold import GraphThreshold

SIZE = {INVERSE_BATCH: Fraction(1, 3)}
COVARIANCE = [[2, 1], [1, 3]]
VALUES = {"W1": [[1, 2]], "W1*": [[3, -1]], "alpha": "1/7", "Sigma": COVARIANCE}


def value(polynomial):
    u = Ring((INVERSE_BATCH,)).generator(INVERSE_BATCH)
    return sum((Expression() + c * u**k for k, c in enumerate(polynomial.entries)), Expression())


@pytest.mark.parametrize("quantity", [sm.gradient, sm.full_gradient, sm.weights])
def test_letters(quantity):
    sgd = sm.SGD(sm.Network(("p", "p1"), noise=sm.Gaussian()))
    closed = recurrence(sgd, quantity)
    for t in (0, 1, 3):
        assert closed.at(t) == value(sgd.second_moment(quantity(t), route="symbolic"))


@pytest.mark.parametrize("quantity", [sm.gradient, sm.weights])
def test_covariance_in_numbers_closes_by_its_minimal_polynomial(quantity):
    sgd = sm.SGD(sm.Network((2, 1), data=sm.Gaussian(COVARIANCE), noise=sm.Gaussian()))
    closed = recurrence(sgd, quantity)
    for t in (0, 2, 3):
        plain = value(sgd.second_moment(quantity(t), route="symbolic"))
        assert closed.at(t).substitute(SIZE).evaluate(VALUES) == plain.substitute(SIZE).evaluate(VALUES)


def test_threshold_stationary_value_and_generating_function():
    sgd = sm.SGD(sm.Network(("p", 1), noise=sm.Gaussian()))
    closed = recurrence(sgd, sm.gradient)
    p = sympy.Symbol("p", integer=True, positive=True)
    u, alpha, z = INVERSE_BATCH, sympy.Symbol("alpha"), sympy.Symbol("z")
    growth = (1 - alpha) ** 2 + alpha**2 * u * (p + 1)
    assert sympy.simplify(closed.threshold().to_sympy() - 2 / (1 + u * (p + 1))) == 0
    noise = alpha**2 * u * p / (1 - growth)  # the stationary E‖R‖²
    assert sympy.simplify(closed.stationary().to_sympy() - (u * p + (1 + u * (p + 1)) * noise)) == 0
    sums = closed.generating_function(z)[closed.basis[1]].to_sympy()
    assert sympy.simplify(sums - (1 + u * (p + 1)) / (1 - z * growth)) == 0


@pytest.mark.parametrize(("quantity", "moment", "order"), [
    (sm.loss, "second_moment", 4), (sm.loss, "mean", 2), (sm.gradient, "second_moment", 2),
    (sm.weights, "second_moment", 2), (sm.full_gradient, "second_moment", 2)])
def test_the_threshold_is_that_of_the_operator_in_components(quantity, moment, order):
    """The least positive root over every factor: 105a^3 - 60a^2 + 18a - 4 at order 4, p = b = 1."""
    found = recurrence(sm.SGD(sm.Network(("p", 1), noise=sm.Gaussian())), quantity, moment).threshold()
    assert {s.name for s in found.letters} == {"p", "u"}
    for p in (1, 2, 3):
        initial = {"W1*": [[1] * p]}
        plain = sm.SGD(sm.Network((p, 1), noise=sm.Gaussian()), initial=initial).stability(order=order)
        for b in (1, 2, 5):
            ours, theirs = found.at(b, p=p), plain.threshold(b)
            assert float(ours) == pytest.approx(float(theirs), rel=1e-11)
            assert ours.exact == theirs.exact
    if order == 4:
        assert found.at(1, {"p": 1}).polynomial == (-4, 18, -60, 105)
        assert found.formula is None
        assert repr(found).startswith("the least positive root in alpha of (")
        with pytest.raises(sm.RouteError, match="no formula"):
            found.to_sympy()
    else:
        p = sympy.Symbol("p", integer=True, positive=True)
        assert sympy.simplify(found.to_sympy() - 2 / (1 + INVERSE_BATCH * (p + 1))) == 0


def test_a_covariance_in_numbers_has_an_algebraic_threshold():
    network = sm.Network((2, 1), data=sm.Gaussian(COVARIANCE), noise=sm.Gaussian())
    found = recurrence(sm.SGD(network), sm.weights).threshold()
    plain = sm.SGD(network, initial={"W1*": [[0, 0]]}).stability()
    for b in (1, 4):
        assert float(found.at(b)) == pytest.approx(float(plain.threshold(b)), rel=1e-11)


def test_limits_are_those_of_the_closed_form_and_refused_with_it():
    letters = sm.SGD(sm.Network(("p", 1), noise=sm.Gaussian()))
    squared_loss = recurrence(letters, sm.loss).stationary()
    variance = recurrence(letters, sm.gradient).stationary()
    for rate, converges in (("1/5", True), ("19/50", True), ("39/100", False), ("3/5", False)):
        numbers = {"alpha": Fraction(rate), "p": 1, "u": 1}
        sgd = sm.SGD(sm.Network((1, 1), noise=sm.Gaussian()), rate, {"W1": [[0]], "W1*": [[1]]})
        assert variance.evaluate(numbers) == sgd.closed_form(sm.gradient, "second_moment").limit(1).to_fraction()
        if converges:
            expected = sgd.closed_form(sm.loss, "second_moment").limit(1).to_fraction()
            assert squared_loss.evaluate(numbers) == expected
            assert recurrence(sgd, sm.loss).stationary(1) == expected
        else:
            for ask in (lambda values=numbers: squared_loss.evaluate(values),
                        lambda sgd=sgd: recurrence(sgd, sm.loss).stationary(1)):
                with pytest.raises(sm.Diverges):
                    ask()
    with pytest.raises(sm.Diverges, match="b = 1, alpha = 2/3, p = 1"):
        variance.substitute({"alpha": Fraction(2, 3), "p": 1, "u": 1})


def test_limits_that_depend_on_the_teacher():
    """E ||W||^2 tends to ||W*||^2 + the noise, W* = W - R."""
    limit = recurrence(sm.SGD(sm.Network(("p", 1), noise=sm.Gaussian())), sm.weights).limit()
    assert sorted(str(c) for graph, c in limit.items() if graph) == ["-2", "1", "1"]
    noise = recurrence(sm.SGD(sm.Network(("p", 1), noise=sm.Gaussian())), sm.full_gradient).stationary()
    assert limit[()] == noise


def test_threshold_refusals():
    letters = sm.SGD(sm.Network(("p", 1), noise=sm.Gaussian()))
    found = recurrence(letters, sm.loss).threshold()
    with pytest.raises(sm.InputError, match="no value given for p"):
        found.at(1)
    with pytest.raises(sm.InputError, match="no batch size given"):
        found.at(p=1)
    with pytest.raises(sm.InputError, match="at least 1"):
        found.at(0, p=1)
    with pytest.raises(sm.AssumptionError, match="Leave learning_rate out"):
        recurrence(sm.SGD(sm.Network(("p", 1)), "1/2"), sm.gradient).threshold()


def test_refusals():
    with pytest.raises(sm.RouteError, match="linear in their weights"):
        recurrence(sm.SGD(sm.Network(("p", "p1", "p2"))), sm.gradient)
    with pytest.raises(sm.AssumptionError, match="initial weights"):
        recurrence(sm.SGD(sm.Network(("p", 1), noise=sm.Gaussian())), sm.weights).stationary()
    with pytest.raises(sm.RouteError, match="as numbers"):
        recurrence(sm.SGD(sm.Network(("p", 1), data=sm.Gaussian("Sigma"))), sm.gradient)


def test_few_inputs():
    """At p = 1 two graphs are one function, and the determinant has a root that no weights reach: x = +-1 has
    E (1 - a x^2)^4 = (1 - a)^4 and the threshold 2, where the graphs alone say 1/2."""
    found = recurrence(sm.SGD(sm.Network(("p", "q"), data=sm.Rademacher(), noise=sm.Gaussian())), sm.loss).threshold()
    assert [found.at(b, p=1, q=q).exact for b, q in ((1, 1), (2, 1), (10, 2))] == [2, 2, 2]
    plain = sm.SGD(sm.Network((2, 2), data=sm.Rademacher()), initial={"W1*": [[1, 0], [0, 1]]}).stability(order=4)
    assert float(found.at(3, p=2, q=2)) == pytest.approx(float(plain.threshold(3)), rel=1e-11)
    with pytest.raises(sm.InputError, match="a width is an integer"):
        found.at(1, p="1/2", q=1)


def test_means_of_other_quantities_than_the_loss_are_refused():
    sgd = sm.SGD(sm.Network(("p", 1), noise=sm.Gaussian()))
    for quantity, name in ((sm.gradient, "mean"), (sm.weights, "mean"), (sm.loss, "variance")):
        with pytest.raises(sm.RouteError, match=f"moment: found '{name}'"):
            recurrence(sgd, quantity, name)
    with pytest.raises(sm.InputError, match="moment: found 'Mean'; use one of"):
        recurrence(sgd, sm.loss, "Mean")


def test_a_step_that_grows_at_every_rate_has_threshold_zero():
    """No law has such a step; a system all the same: 1 + a > 1 at every a, though 1 - (1 + a)(1 - a/2) has a root 1."""
    ring = Ring((sympy.Symbol("alpha"),))
    a = ring.generator(ring.generators[0])
    step = (1 + a) * (1 - a / 2)
    found = GraphThreshold(ring.generators[0], (1 - a,), (((step,),),), None, 4, 2).at()
    assert (found.low, found.high, found.exact) == (0, 0, 0)
