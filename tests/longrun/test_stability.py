"""Thresholds and stationary laws against long exact runs on both sides, and against a plain NumPy iteration."""

import pickle
from fractions import Fraction as F
from itertools import combinations

import flint
import numpy as np
import pytest
import sympy

import sgdmoments as sm
from sgdmoments.longrun.stability.threshold import _rational_root, pencil_determinant, simplest_between
from sgdmoments.models.moment_regression import MomentRegression

PROBLEMS = {
    "one weight": ([[1], [2], [3]], [1, 1, 2]),
    "two weights": ([[1, 2], [0, 1], [3, 1], [-1, 1]], [1, -1, 2, 0]),
    "rank one": ([[1, 2], [2, 4], [3, 6], [-1, -2]], [1, -1, 2, 0]),
    "more weights than data": ([[1, 2, 0], [0, 1, -1]], [1, 2]),
    "apart": ([[1, 0], [0, 4], [3, 0], [0, 2]], [1, 1, 2, 0]),
    "three weights": ([[1, 2, 0], [0, 1, 1], [3, -1, 2], [1, 1, 1], [2, 0, 1]], [1, 1, 2, 0, 2]),
}


def problem(name, rate=None, sampling=None):
    X, y = PROBLEMS[name]
    return sm.SGD(sm.LinearRegression(X, y), rate, [F(1, 3)] * len(X[0]), sampling)


def step_matrix(name, b, rate):
    """The map S -> E_B[(1 - rate H_B) S (1 - rate H_B)] in floats, by listing the batches."""
    X = np.array(PROBLEMS[name][0], dtype=float)
    batches = list(combinations(range(len(X)), b))
    total = 0
    for batch in batches:
        h = np.eye(X.shape[1]) - rate * X[list(batch)].T @ X[list(batch)] / b
        total = total + np.kron(h, h)
    return total / len(batches)


def radius_on_the_span(name, b, rate):
    """The spectral radius of the step on matrices in the span of the data."""
    X = np.array(PROBLEMS[name][0], dtype=float)
    _, s, vt = np.linalg.svd(X)
    basis = vt[:int((s > 1e-9).sum())].T
    span = np.kron(basis, basis)
    return max(abs(np.linalg.eigvals(span.T @ step_matrix(name, b, rate) @ span)))


@pytest.mark.parametrize("name", PROBLEMS)
def test_threshold_is_where_listed_batches_stop_contracting(name):
    stability = problem(name).stability()
    for b in range(1, len(PROBLEMS[name][1]) + 1):
        found = stability.threshold(b)
        rate = float(found)
        assert radius_on_the_span(name, b, rate * (1 - 1e-4)) < 1 < radius_on_the_span(name, b, rate * (1 + 1e-4))
        assert found.high - found.low <= found.low / 10**12
        assert stability.is_stable(found.low * F(999, 1000), b)
        assert not stability.is_stable(found.high, b)


def test_threshold_of_the_whole_data_set_is_two_over_the_largest_eigenvalue():
    stability = problem("apart").stability()
    assert stability.threshold(4).exact == F(2, 5)  # H = diag(10/4, 20/4)
    X = np.array(PROBLEMS["two weights"][0], dtype=float)
    expected = 2 / max(np.linalg.eigvalsh(X.T @ X / 4))
    assert float(problem("two weights").stability().threshold(4)) == pytest.approx(expected, rel=1e-11)


def test_threshold_is_a_root_of_the_polynomial_and_none_is_smaller():
    stability = problem("three weights").stability()
    for b in (1, 3):
        coefficients = [float(c) for c in stability.polynomial(b)]
        roots = np.roots(coefficients[::-1])
        positive = [r.real for r in roots if abs(r.imag) < 1e-9 and r.real > 0]
        assert float(stability.threshold(b)) == pytest.approx(min(positive), rel=1e-6)


def test_boundary_is_the_polynomial_with_letters():
    stability = problem("two weights").stability()
    alpha = sympy.Symbol("a")
    boundary = stability.boundary(alpha)
    v = F(4 - 3, 3 * 3)
    at = boundary.substitute({stability.v: v})
    assert tuple(c.to_fraction() for c in at.coefficients(alpha)) == stability.polynomial(3)


def test_refining_keeps_the_threshold_inside():
    found = problem("two weights").stability().threshold(2)
    finer = found.refine(F(1, 10**30))
    assert finer.high - finer.low <= F(1, 10**30)
    assert found.low <= finer.low < finer.high <= found.high
    assert problem("two weights").stability().threshold(2, F(1, 10**20)).exact is None
    with pytest.raises(sm.InputError, match="width"):
        found.refine(0)


def test_pickles():
    found = pickle.loads(pickle.dumps(problem("two weights").stability().threshold(2)))
    assert found.refine(F(1, 10**15)).low >= found.low
    assert found == problem("two weights").stability().threshold(2)


def test_both_sides_of_the_threshold_by_long_runs():
    """Just below, E||w_t||^2 settles; just above, it grows."""
    for name in ("one weight", "two weights"):
        limit = problem(name).stability().threshold(1)
        for rate, grows in ((limit.low * F(9, 10), False), (limit.high * F(11, 10), True)):
            rate = rate.limit_denominator(1000)
            run = problem(name, rate).trajectory(sm.weights, 400, [1], moment="second_moment").values[:, 0]
            assert (run[400] > 100 * run[200]) == grows
            assert (abs(run[400] - run[200]) < 0.05 * run[200]) != grows


def test_formula_for_one_weight():
    """2a/(a^2 + c (q - a^2)), letters kept; with the data's moments it is the threshold."""
    stability = sm.SGD(MomentRegression(n=sympy.Symbol("n"))).stability()
    a, q = (sympy.Symbol(name, real=True) for name in ("m_20", "m_40"))
    formula = stability.formula()
    assert sympy.simplify(formula.to_sympy() - 2 * a / (a**2 + stability.v * (q - a**2))) == 0
    for b, c in ((1, F(1)), (2, F(1, 4)), (3, F(0))):
        expected = formula.substitute({a: F(14, 3), q: F(98, 3), stability.v: c}).to_fraction()
        assert problem("one weight").stability().threshold(b).exact == expected
    with pytest.raises(sm.InputError, match="letter"):
        stability.threshold(2)


@pytest.mark.parametrize("sampling", ["without_replacement", "with_replacement"])
@pytest.mark.parametrize("name", PROBLEMS)
def test_stationary_moments_are_the_limit_of_exact_runs(name, sampling):
    b = 2
    rate = (problem(name, sampling=sampling).stability().threshold(b).low / 3).limit_denominator(50)
    sgd = problem(name, rate, sampling)
    law = sgd.stationary(b)
    ones = [[1] * len(PROBLEMS[name][0][0])]
    for quantity in (sm.gradient, sm.full_gradient, sm.weights, lambda t: ones @ sm.gradient(t)):
        run = sgd.trajectory(quantity, 2500, [b]).values[-1, 0]
        assert float(law.variance(quantity).to_fraction()) == pytest.approx(run, rel=1e-9, abs=1e-12)
    mean = sgd.trajectory(sm.loss, 2500, [b], moment="mean").values[-1, 0]
    assert float(law.expectation(sm.loss).to_fraction()) == pytest.approx(mean, rel=1e-9)


def test_stationary_with_letters_agrees_with_numbers_and_solves_its_equation():
    sgd = problem("two weights")
    alpha = sgd.schedule.constant
    law = sgd.stationary()
    variance = law.variance(sm.gradient)
    for rate in (F(1, 10), F(1, 15)):
        for b in (1, 3, 4):
            numbers = problem("two weights", rate).stationary(b)
            c = F(4 - b, b * 3)
            assert variance.substitute({alpha: rate, law.v: c}) == numbers.variance(sm.gradient)
            assert law.at(b).variance(sm.full_gradient).substitute({alpha: rate}) == numbers.variance(sm.full_gradient)
            S = [[entry.substitute({alpha: rate, law.v: c}).to_fraction() for entry in row] for row in law.covariance]
            assert [[entry.to_fraction() for entry in row] for row in numbers.covariance] == S
    # one step of listed batches leaves mean and covariance as they are
    X, y = (np.array(part, dtype=float) for part in PROBLEMS["two weights"])
    numbers = problem("two weights", F(1, 10)).stationary(2)
    w = np.array([float(entry.to_fraction()) for entry in numbers.mean])
    S = np.array([[float(entry.to_fraction()) for entry in row] for row in numbers.covariance])
    pushed = step_matrix("two weights", 2, 0.1) @ S.ravel()
    noise = [(X[list(B)].T @ (X[list(B)] @ w - y[list(B)]) / 2) for B in combinations(range(4), 2)]
    pushed = pushed + sum(np.kron(g, g) for g in noise) / len(noise) * 0.01
    assert pushed == pytest.approx(S.ravel(), rel=1e-12)
    assert sum(noise) == pytest.approx(0, abs=1e-12)


def test_stationary_of_one_weight_is_the_limit_of_the_closed_form():
    sgd = sm.SGD(MomentRegression(n=sympy.Symbol("n")))
    law = sgd.stationary()
    for quantity in (sm.gradient, sm.full_gradient, sm.weights):
        assert law.variance(quantity) == sgd.closed_form(quantity).limit()
        assert law.second_moment(quantity) == sgd.closed_form(quantity, "second_moment").limit()
    assert law.expectation(sm.loss) == sgd.closed_form(sm.loss, "mean").limit()


def test_fresh_samples():
    """Gaussian least squares: the threshold in closed form, 2/((1 - u) + u (p + 2)) for the identity covariance."""
    sgd = sm.SGD(sm.Network((3, 1), data=sm.Gaussian(), noise=sm.Gaussian()), initial={"W1*": [[1, 2, F(1, 2)]]})
    for b in (1, 2, 7):
        assert sgd.stability().threshold(b).exact == F(2) / (1 + F(4, b))


@pytest.mark.parametrize("p", [8])
def test_eight_weights_on_dyadic_data(p):
    rng = np.random.default_rng(5)
    sgd = sm.SGD(sm.LinearRegression(rng.standard_normal((60, p)), rng.standard_normal(60)), "1/20", [0] * p)
    found = sgd.stability().threshold(4)
    assert found.high - found.low <= found.low / 10**12
    run = sgd.trajectory(sm.gradient, 1500, [4]).values[-1, 0]
    assert float(sgd.stationary(4).variance(sm.gradient).to_fraction()) == pytest.approx(run, rel=1e-6)


def test_bad_input():
    with pytest.raises(sm.AssumptionError, match="below the stability threshold"):
        problem("one weight", "2/7").stationary(1)  # equal to the threshold
    with pytest.raises(sm.AssumptionError, match=r"2/7 at b = 1"):
        problem("one weight", "1/3").stationary().at(1)
    assert problem("one weight", "1/3").stationary().at(3).variance(sm.gradient) == 0
    with pytest.raises(sm.AssumptionError, match="constant learning rate"):
        problem("one weight", [F(1, 2)]).stationary()
    with pytest.raises(sm.AssumptionError, match="learning rate is 0"):
        problem("one weight", 0).stationary()
    with pytest.raises(sm.AssumptionError, match="every x_i is zero"):
        sm.SGD(sm.LinearRegression([[0], [0]], [1, 2])).stability()
    with pytest.raises(sm.InputError, match=r"batch size lies in 1\.\.3"):
        problem("one weight").stability().threshold(4)
    with pytest.raises(sm.RouteError, match="linear in its weights"):
        sm.SGD(sm.Network((1, 1, 1))).stability()
    with pytest.raises(sm.RouteError, match="boundary"):
        problem("two weights").stability().formula()
    with pytest.raises(sm.InputError, match="order 4"):
        problem("one weight", "1/9").stationary().variance(sm.loss)
    x = sympy.symbols("x_1:5")
    wide = sm.SGD(sm.LinearRegression([[*x], *np.eye(4, dtype=int).tolist()], [0] * 5))
    with pytest.raises(sm.BudgetExceeded, match=r"stationary\(b="):
        wide.stationary()


def test_simplest_between():
    assert simplest_between(F(3, 10), F(4, 10)) == F(1, 3)
    assert simplest_between(F(27, 10), F(31, 10)) == 3
    assert simplest_between(F(355, 113), F(355, 113)) == F(355, 113)


def test_rational_thresholds_of_two_weights_by_hand():
    """Points (1,0), (0,2): at b = 1 the second weight halts at 1/2, at b = 2 at 2/2; with (0,1) a third point the
    greatest eigenvalue of H is 5/3, and 6/5 the threshold at b = 3."""
    two = sm.SGD(sm.LinearRegression([[1, 0], [0, 2]], [1, 1])).stability()
    assert [two.threshold(b).exact for b in (1, 2)] == [F(1, 2), 1]  # det is of degree 3: each root divided out
    three = sm.SGD(sm.LinearRegression([[1, 0], [0, 2], [0, 1]], [1, 1, 1])).stability()
    assert three.threshold(3).exact == F(6, 5)
    assert three.threshold(1).exact == 2 * F(5, 3) / F(17, 3)  # 2 E x^2 / E x^4 of the second weight alone


def test_a_rational_root_is_the_threshold_only_where_no_root_is_below_it():
    """det = (1 - 2x)(1 - 3x)(1 - 5x): in [1/4, 1/2] the simplest root is 1/2, but 1/3 comes first."""
    first, growth = (flint.fmpq_mat([[d[i] if i == j else 0 for j in range(3)] for i in range(3)])
                     for d in ((1, 1, 1), (2, 3, 5)))
    assert pencil_determinant(first, growth) == (1, -10, 31, -30)
    assert _rational_root(first, growth, F(1, 4), F(1, 2)) is None
    assert _rational_root(first, growth, F(2, 5), F(1, 2)) == F(1, 2)
    assert _rational_root(first, growth, F(2, 5), F(9, 20)) is None  # no root at all
