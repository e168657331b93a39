"""The shipped strategies draw what they promise, awkward cases among them."""

from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

import sgdmoments as sm
from sgdmoments.testing import enumerate_moment, strategies

few = settings(max_examples=25, deadline=None, derandomize=True, database=None)
search = settings(max_examples=2000, derandomize=True, database=None, phases=[Phase.generate])


def rank(X):
    return sympy.Matrix(X.shape[0], X.shape[1], [sympy.Rational(e.numerator, e.denominator) for e in X.ravel()]).rank()


@pytest.mark.parametrize("awkward", [
    lambda m: m.X.shape[1] > m.X.shape[0] > 1,
    lambda m: m.X.shape[0] == 5 and rank(m.X) == 1 < m.X.shape[1],
    lambda m: m.X.shape[0] > 1 and m.X[0].any() and any((row == m.X[0]).all() for row in m.X[1:]),
    lambda m: m.X.shape[0] == 1,
    lambda m: m.X.shape == (5, 3) and rank(m.X) == 3,
    lambda m: m.X.any() and not m.X.any(axis=0).all(),
], ids=["p > n", "rank one", "repeated rows", "one sample", "full rank", "zero column"])
def test_regressions_contain(awkward):
    assert find(strategies.regressions(), awkward, settings=search)


@pytest.mark.parametrize("form", [
    lambda a: isinstance(a, Fraction), lambda a: isinstance(a, list) and a[0] != a[1],
    lambda a: isinstance(a, strategies.DecayingRate) and a(0) != a(1)], ids=["number", "list", "callable"])
def test_schedules_contain(form):
    assert find(strategies.schedules(2), form, settings=search) is not None


@pytest.mark.parametrize("kind", [
    lambda m: isinstance(m.data, sm.Rademacher) and m.noise is not None,
    lambda m: m.targets is not None and m.layers == 2,
    lambda m: bool(m.constants) and isinstance(m.data, sm.Empirical),
    lambda m: m.layers == 2 and len(set(m.widths)) == 2 and len(m.activation) == 3,
], ids=["noise", "targets", "teacher", "two layers, quadratic"])
def test_networks_contain(kind):
    assert find(strategies.networks(), kind, settings=search)


@pytest.mark.parametrize("kind", strategies.KINDS)
def test_quantities_contain(kind):
    sgd = sm.SGD(sm.LinearRegression([[1, 2], [3, 4]], [1, 0]), 1, [0, 0])
    assert find(strategies.quantities(sgd), lambda q: q.kind == kind and q.step == 2, settings=search).kind == kind
    if kind in ("gradient", "weights", "full_gradient"):
        assert find(strategies.quantities(sgd), lambda q: q.kind == kind and q.left is not None, settings=search)


@few
@given(st.data())
def test_everything_drawn_can_be_enumerated(data):
    sgd = data.draw(st.one_of(strategies.regression_sgds(max_n=3, steps=1),
                              strategies.network_sgds(strategies.networks(max_n=2))))
    quantity = data.draw(strategies.quantities(sgd, max_step=1))
    b = data.draw(strategies.batch_sizes(sgd, largest=1))
    assert enumerate_moment(sgd, quantity, b) >= 0


@few
@given(st.data())
def test_sizes_are_respected(data):
    model = data.draw(strategies.regressions(max_n=4, max_p=2))
    n, p = model.X.shape
    assert 1 <= n <= 4
    assert 1 <= p <= 2
    for name, array in data.draw(strategies.initial_weights(model)).items():
        assert (name, array.shape) == ("w", (p,))
    sgd = data.draw(strategies.regression_sgds(sampling="without_replacement"))
    assert data.draw(strategies.batch_sizes(sgd)) <= min(3, sgd.n)
    assert data.draw(strategies.batch_polynomials(max_degree=2, population=7)).degree <= 2
    value = data.draw(strategies.rationals(numerator=5, denominator=2))
    assert value.denominator <= 2
    assert abs(value) <= 5
    assert data.draw(strategies.arrays(2, 3)).shape == (2, 3)
    assert np.ndim(data.draw(strategies.designs(3, 2))) == 2
