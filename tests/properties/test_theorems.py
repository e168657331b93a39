"""The theorems on linear regression, with batches drawn without replacement, as properties of the answers.

Sources: P0, Lemma 3.1, Theorem 3.2 (corrected), Theorems 3.3 and 3.4, Corollary 3.5.
"""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sgdmoments as sm
from sgdmoments.testing import strategies

sgds = strategies.regression_sgds(steps=4, sampling="without_replacement")


def sample_gradients(sgd):
    """grad L_i(w_0) for each i, written out."""
    X, y, w = sgd.model.X, sgd.model.y, sgd.initial["w"]
    return [(x @ w - target) * x for x, target in zip(X, y, strict=True)]


def draw_matrices(data, sgd, t):
    """A quantity sum A_i grad L_i(w_t) with random A_i, and the A_i."""
    rows, p = data.draw(st.integers(1, 3)), sgd.model.X.shape[1]
    return [data.draw(strategies.arrays(rows, p)) for _ in range(sgd.n)]


def draw_quantities(data, sgd, t):
    """B g_t and B grad L(w_t) with a random B."""
    B = data.draw(strategies.arrays(data.draw(st.integers(1, 3)), sgd.model.X.shape[1]))
    return B @ sm.gradient(t), B @ sm.full_gradient(t)


@given(st.data())
def test_lemma_3_1(data):
    sgd = data.draw(sgds)
    A = data.draw(strategies.arrays(2, sgd.model.X.shape[1]))
    each = [A @ g for g in sample_gradients(sgd)]
    mean = sum(each) / sgd.n
    spread = sum(v @ v for v in each) / sgd.n - mean @ mean
    found = sgd.variance(A @ sm.gradient(0)).in_cb()
    if sgd.n == 1:
        assert found == (0,)
    else:
        assert found == ((0, spread) if spread else (0,))


def step_back(sgd, t, A, sign=-1, half=Fraction(1, 2)):
    """The right-hand side of Theorem 3.2 for E||sum A_i grad L_i(w_(t+1))||^2, in moments at step t."""
    n, X, rate = sgd.n, sgd.model.X, sgd.schedule(t)
    whole = sum(a @ np.outer(x, x) for a, x in zip(A, X, strict=True))
    total = sgd.second_moment(sm.sample_gradients(t, [a - whole * (rate / n) for a in A]))
    c_b = sm.BatchPolynomial.from_cb((0, 1), n)
    for k in range(n):
        for m in range(n):
            difference = [whole * (int(i == k) + sign * int(i == m)) for i in range(n)]
            total = total + c_b * sgd.second_moment(sm.sample_gradients(t, difference)) * (rate**2 * half / n**2)
    return total


@given(st.data())
def test_theorem_3_2_corrected(data):
    sgd = data.draw(strategies.regression_sgds(max_n=3, sampling="without_replacement"))
    t = data.draw(st.integers(0, 1))
    A = draw_matrices(data, sgd, t)
    assert sgd.second_moment(sm.sample_gradients(t + 1, A)) == step_back(sgd, t, A)


def test_theorem_3_2_as_printed_fails_at_the_first_step():
    sgd = sm.SGD(sm.LinearRegression([[1, 2], [3, -1], [0, 1]], [1, 0, 2]), Fraction(1, 3), [1, -1])
    A = [np.array([[1, 0], [2, 1]]), np.array([[0, 3], [1, 1]]), np.array([[1, -1], [0, 2]])]
    exact = sgd.second_moment(sm.sample_gradients(1, A))
    assert step_back(sgd, 0, A) == exact
    assert step_back(sgd, 0, A, half=1) != exact  # the factor 1/2 left out
    assert step_back(sgd, 0, A, sign=1) != exact  # + A in place of - A
    assert step_back(sgd, 0, A, sign=1, half=1) != exact  # both, as printed


def assert_decreasing(p, degree):
    assert p.degree <= degree
    assert p.is_nonnegative_in_cb()
    assert all(c >= 0 for c in p.in_cb())
    assert p.decreasing_from() == 1
    values = [p(b) for b in range(1, p.population + 1)]
    assert values == sorted(values, reverse=True)


@given(st.data())
def test_theorem_3_3_norms_decrease_in_the_batch_size(data):
    sgd, t = data.draw(sgds), data.draw(st.integers(0, 4))
    assert_decreasing(sgd.second_moment(sm.sample_gradients(t, draw_matrices(data, sgd, t))), t)


@given(st.data())
def test_theorem_3_4_and_corollary_3_5_variances_decrease_in_the_batch_size(data):
    sgd, t = data.draw(sgds), data.draw(st.integers(0, 4))
    stochastic, full = draw_quantities(data, sgd, t)
    assert_decreasing(sgd.variance(stochastic), t + 1)
    assert_decreasing(sgd.variance(full), t)


@pytest.mark.parametrize("t", [0, 1, 2, 5, 8])
def test_degrees_are_attained(t):
    sgd = sm.SGD(sm.LinearRegression([[1, 2], [3, -1], [0, 1], [2, 2]], [1, 0, 2, 5]),
                 lambda s: Fraction(1, s + 3), [1, -1])
    assert sgd.variance(sm.gradient(t)).degree == t + 1
    assert sgd.second_moment(sm.full_gradient(t)).degree == t
    assert sgd.variance(sm.gradient(t))(4) == 0


@given(st.data())
def test_the_whole_data_set_leaves_no_noise(data):
    sgd = data.draw(sgds)
    assert sgd.variance(data.draw(strategies.quantities(sgd)))(sgd.n) == 0
