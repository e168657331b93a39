"""Index graphs with every matrix a number and other letters left, and networks whose activation is constant."""

from fractions import Fraction

import numpy as np
import pytest
import sympy

import sgdmoments as sm
from sgdmoments.testing import enumerate_moment

T, ALPHA, A = sympy.symbols("t alpha a")
INIT = {"W1": [[1, 2]], "W1*": [[3, 1]]}
DATA = [sm.Gaussian(), sm.Gaussian([[2, 1], [1, 3]]), sm.Empirical([[1, 2], [3, 1], [0, 1]])]
QUANTITIES = [sm.gradient, sm.loss, sm.weights, sm.full_gradient]


def at(answer, b, values=None):
    """The value (or flat array of values) at b."""
    entries = [entry.evaluate(values or {})(b) for entry in np.ravel(answer)]
    return entries if isinstance(answer, np.ndarray) else entries[0]


@pytest.mark.parametrize("data", DATA, ids=repr)
@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("moment", ["variance", "mean", "second_moment"])
def test_a_series_with_numbers_for_weights_and_a_letter_for_the_step_or_the_rate(data, quantity, moment):
    """At t = 1 the moments are of degree 4 at most in the rate, so that the series to that order is whole."""
    net = sm.Network((2, 1), data=data)
    expected = enumerate_moment(sm.SGD(net, "1/7", INIT), quantity(1), 2, moment)
    expected = list(np.ravel(expected)) if isinstance(expected, (list, tuple, np.ndarray)) else expected
    values = {"t": 1, "alpha": "1/7", "a": "1/7"}
    for rate in (None, "1/7", A):
        sgd = sm.SGD(net, rate, INIT)
        for step in (T, 1):
            series = getattr(sgd, moment)(quantity(step), learning_rate_order=4)
            assert at(series, 2, values) == expected, (rate, step)
        assert at(getattr(sgd, moment)(quantity(1), route="symbolic"), 2, values) == expected


def test_letters_of_activation_and_law_beside_numbers():
    """var(g_(0,1)) of W₂ σ(W₁ x), σ(z) = a z, in one dimension: a⁴ w₂² (w₂ w₁ − v)² (E x⁴ − m²)/b."""
    m2, m4 = sympy.symbols("m2 m4")
    net = sm.Network((1, 1, 1), activation=(0, A), data=sm.Coordinates((0, m2, 0, m4)))
    sgd = sm.SGD(net, "1/7", {"W1": [[2]], "W2": [[3]], "W1*": [[1]], "W2*": [[5]]})
    answer = sgd.variance(sm.gradient(0, layer=1), route="symbolic")
    assert sympy.expand(answer.coefficients[1] - 9 * A**4 * (m4 - m2**2)) == 0
    values = {"a": 2, "m2": 3, "m4": 11}
    numbers = sm.SGD(sm.Network((1, 1, 1), activation=(0, 2), data=sm.Coordinates((0, 3, 0, 11, 0, 50, 0, 300))), "1/7",
                     {"W1": [[2]], "W2": [[3]], "W1*": [[1]], "W2*": [[5]]})
    assert answer.evaluate(values)(3) == enumerate_moment(numbers, sm.gradient(0, layer=1), 3, "variance")


CONSTANT = [(Fraction(1, 2),), (Fraction(1, 2), 0, 0), (3,)]


@pytest.mark.parametrize("activation", CONSTANT, ids=str)
@pytest.mark.parametrize("widths", [(2, 2, 1), (1, 1, 1, 1)], ids=str)
@pytest.mark.parametrize("data", [sm.Gaussian(), sm.Empirical([[1, 2], [2, 3]])], ids=repr)
def test_a_constant_activation_in_every_route(activation, widths, data):
    """The lower layers have no gradient; the last one is fitted to a constant."""
    if isinstance(data, sm.Empirical) and widths[0] == 1:
        data = sm.Empirical([[1], [3]])
    init = {f"W{k}{star}": (np.arange(widths[k] * widths[k - 1]).reshape(widths[k], -1) + shift).tolist()
            for k in range(1, len(widths)) for star, shift in (("", 1), ("*", -2))}
    sgd = sm.SGD(sm.Network(widths, activation=activation, data=data), "1/10", init)
    for quantity in (sm.gradient(1), sm.gradient(1, layer=1), sm.loss(1), sm.weights(1)):
        for moment in ("variance", "second_moment", "mean"):
            expected = enumerate_moment(sgd, quantity, 2, moment)
            expected = list(np.ravel(expected)) if isinstance(expected, (list, tuple, np.ndarray)) else expected
            ask = getattr(sgd, moment)
            for route in ("auto", "symbolic", "components"):
                assert at(ask(quantity, route=route), 2) == expected, (quantity, moment, route)
            assert at(ask(quantity, learning_rate_order=4), 2) == expected
            assert at(ask(quantity.__class__(quantity.kind, T, quantity.layer), learning_rate_order=4), 2,
                      {"t": 1}) == expected


def test_a_constant_activation_with_letters():
    """f = W₂ c with c = ½ in each of q hidden units: g₂ has the entries r/2, r = (W₂ − W₂*)·c; ‖E g₂‖² = q r²/4."""
    sgd = sm.SGD(sm.Network(("p", "q", 1), activation=(Fraction(1, 2),)))
    values = {"W2": [[1, 3, 5]], "W2*": [[0, 1, 2]], "p": 2, "q": 3}
    answer = sgd.second_moment(sm.gradient(0))
    assert answer.evaluate({**values, "W1": np.zeros((3, 2), dtype=int), "W1*": np.zeros((3, 2), dtype=int)})(5) \
        == 3 * Fraction(6, 2) ** 2 / 4
    assert sgd.variance(sm.gradient(1, layer=1)).coefficients == (0,)
    for order in (0, 1, 3):
        assert sgd.variance(sm.gradient(1), inverse_batch_order=order).entries == (0,)


def test_a_matrix_of_a_run_is_an_array_of_polynomials():
    sgd = sm.SGD(sm.Network((2, 1), data=sm.Empirical([[1, 2], [3, 1]])), "1/10", INIT)
    g = sm.gradient_matrix(sgd, 0, 1)
    mean = sgd.expectation(g)
    assert mean.shape == (1, 2)
    assert (mean == sgd.mean(sm.gradient(0))).all()
    nothing = sgd.expectation(g - g)
    assert nothing.shape == (1, 2)
    assert all(entry.entries == (0,) for entry in nothing.flat)
    with pytest.raises(sm.InputError, match="expected traces"):
        sgd.expectation(5)
