"""The constants of the noise assumption against scans over w and listed batches."""

from fractions import Fraction as F
from itertools import combinations, product

import numpy as np
import pytest
import sympy

import sgdmoments as sm
from sgdmoments.models.moment_regression import MomentRegression
from sgdmoments.testing.enumerate import enumerate_moment

PROBLEMS = {
    "one weight": ([[1], [2], [3]], [1, 1, 2]),
    "two weights": ([[1, 2], [0, 1], [3, 1], [-1, 1]], [1, -1, 2, 0]),
    "rank one": ([[1, 2], [2, 4], [3, 6], [-1, -2]], [1, -1, 2, 0]),
    "apart": ([[1, 0], [0, 4], [3, 0], [0, 2]], [1, 1, 2, 0]),
}


def problem(name, weights=None, sampling=None):
    X, y = PROBLEMS[name]
    return sm.SGD(sm.LinearRegression(X, y), 0, weights or [0] * len(X[0]), sampling)


def gap(name, w, b, slope):
    """var(g | w) - M_V ||grad L(w)||^2, by listing the batches."""
    sgd = problem(name, list(w))
    gradient = enumerate_moment(sgd, sm.full_gradient(0), b, "second_moment")
    return enumerate_moment(sgd, sm.gradient(0), b) - slope * gradient


@pytest.mark.parametrize("name", PROBLEMS)
def test_least_constant_is_a_bound_and_is_attained(name):
    bound = problem(name).noise_bound()
    for b in range(1, len(PROBLEMS[name][1])):
        for factor in (F(11, 10), 3):
            slope = bound.slope_threshold(b)[1] * factor
            found = bound.least(slope, b)
            assert gap(name, found.maximiser, b, slope) == found.value
            for shift in product((F(-7, 2), F(-1, 10), 0, F(1, 10), 40), repeat=len(found.maximiser)):
                w = [m + s for m, s in zip(found.maximiser, shift, strict=True)]
                assert gap(name, w, b, slope) <= found.value


@pytest.mark.parametrize("name", PROBLEMS)
def test_no_constant_exists_below_the_least_slope(name):
    """There is a direction in which the difference of the two sides grows without bound."""
    bound = problem(name).noise_bound()
    X = np.array(PROBLEMS[name][0], dtype=float)
    n = len(X)
    for b in range(1, n):
        low, high = bound.slope_threshold(b)
        batches = [X[list(B)].T @ X[list(B)] / b for B in combinations(range(n), b)]
        H = X.T @ X / n
        V = sum(h @ h for h in batches) / len(batches) - H @ H
        _, s, vt = np.linalg.svd(X)
        basis = vt[:int((s > 1e-9).sum())].T
        G, V = basis.T @ H @ H @ basis, basis.T @ V @ basis
        assert float(high) == pytest.approx(max(np.linalg.eigvals(np.linalg.solve(G, V)).real), rel=1e-8)
        assert high - low <= high / 10**9
        with pytest.raises(sm.AssumptionError, match="no M satisfies"):
            bound.least(low * F(99, 100), b)


def test_rational_least_slope_is_found_exactly():
    assert problem("one weight").noise_bound().slope_threshold(1) == (F(1, 2), F(1, 2))  # (q - a^2)/a^2
    low, high = problem("apart").noise_bound().slope_threshold(1)
    assert low == high
    narrow = problem("two weights").noise_bound().slope_threshold(1, F(1, 10**25))
    assert 0 < narrow[1] - narrow[0] <= F(1, 10**25)


def test_at_the_least_slope_itself():
    """There Q is singular: the bound exists where the linear part vanishes on its kernel, and not otherwise."""
    interpolated = sm.SGD(sm.LinearRegression([[1], [2], [3]], [2, 4, 6])).noise_bound()
    assert interpolated.least(F(1, 2), 1).value == 0
    with pytest.raises(sm.AssumptionError, match="no M satisfies"):
        sm.SGD(sm.LinearRegression([[1], [2], [4]], [1, 1, 2])).noise_bound().least(
            sm.SGD(sm.LinearRegression([[1], [2], [4]], [1, 1, 2])).noise_bound().slope_threshold(1)[0], 1)


def test_whole_data_set_and_independent_draws():
    bound = problem("two weights").noise_bound()
    assert bound.least(0, 4).value == 0
    assert bound.slope_threshold(4) == (0, 0)
    with_replacement = problem("two weights", sampling="with_replacement").noise_bound()
    assert with_replacement.least(100, 1) == bound.least(100, 1)


def test_formula_agrees_with_numbers():
    for name in ("one weight", "two weights"):
        bound = problem(name).noise_bound()
        slope = sympy.Symbol("s")
        formula = bound.formula(slope)
        n = len(PROBLEMS[name][1])
        for b in (1, 2):
            c = F(n - b, b * (n - 1))
            for value in (20, F(61, 3)):
                assert formula.substitute({slope: F(value), bound.pencil.v: c}) == bound.least(value, b).value


def test_formula_with_letters_for_the_data():
    bound = sm.SGD(MomentRegression(n=sympy.Symbol("n"))).noise_bound()
    slope = sympy.Symbol("s")
    X, y = PROBLEMS["one weight"]
    values = {sympy.Symbol(f"m_{i}{j}", real=True): F(sum(x[0]**i * t**j for x, t in zip(X, y, strict=True)), 3)
              for i in range(5) for j in range(5)}
    number = bound.formula(slope).substitute(values | {slope: F(3), bound.pencil.v: F(1, 4)})
    assert number == problem("one weight").noise_bound().least(3, 2).value
    with pytest.raises(sm.InputError, match="letters"):
        sm.SGD(MomentRegression(n=3)).noise_bound().least(1, 1)


def test_curve_falls_towards_the_noise_at_the_minimiser():
    bound = problem("two weights").noise_bound()
    curve = bound.curve(1)
    values = [point.value for point in curve]
    assert values == sorted(values, reverse=True)
    X, y = (np.array(part, dtype=float) for part in PROBLEMS["two weights"])
    w = np.linalg.lstsq(X, y, rcond=None)[0]
    floor = np.mean([np.sum((x * (x @ w - t)) ** 2) for x, t in zip(X, y, strict=True)])
    assert floor < float(values[-1])
    assert float(bound.least(10**9, 1).value) == pytest.approx(floor, rel=1e-6)
    assert [p.slope for p in bound.curve(1, [9, 10])] == [9, 10]


def test_plot():
    pytest.importorskip("matplotlib")
    axes = problem("two weights").noise_bound().plot([1, 2])
    assert len(axes.lines) == 2
    assert all(len(line.get_xdata()) > 20 for line in axes.lines)


def test_bad_input():
    bound = problem("one weight").noise_bound()
    with pytest.raises(sm.InputError, match="batch size"):
        bound.least(1, 0)
    with pytest.raises(sm.InputError, match="width"):
        bound.slope_threshold(1, 0)
    with pytest.raises(sm.InputError, match="another one for M_V"):
        bound.formula(bound.pencil.v)
    with pytest.raises(sm.InputError, match="no batch size"):
        bound.plot([])


def test_the_formula_is_refused_below_the_least_slope():
    """There it gave a number, though no M exists."""
    for letters in (False, True):
        sgd = sm.SGD(MomentRegression(n=3)) if letters else problem("one weight")
        X, y = PROBLEMS["one weight"]
        data = {f"m_{i}{j}": F(sum(x[0]**i * t**j for x, t in zip(X, y, strict=True)), 3)
                for i in range(5) for j in range(5)} if letters else {}
        bound = sgd.noise_bound()
        formula = bound.formula()
        assert formula.evaluate({**data, "M_V": 1, "c_b": 1}) == problem("one weight").noise_bound().least(1, 1).value
        at_least = problem("one weight").noise_bound().least(F(1, 2), 1).value  # here an M exists at the least slope
        assert formula.evaluate({**data, "M_V": F(1, 2), "c_b": 1}) == at_least
        for slope in (F(2, 5), F(499, 1000), 0):
            with pytest.raises(sm.AssumptionError, match="no M exists"):
                formula.evaluate({**data, "M_V": slope, "c_b": 1})
            with pytest.raises(sm.AssumptionError, match="no M exists"):
                (formula + 1).substitute({**data, "M_V": slope}).substitute({"c_b": 1})


def test_numbers_for_the_letters_of_the_data():
    """At the moments of the data the bound with letters is the bound with numbers, its letters gone everywhere."""
    X, y = PROBLEMS["one weight"]
    data = {sympy.Symbol(f"m_{i}{j}", real=True): F(sum(x[0]**i * t**j for x, t in zip(X, y, strict=True)), 3)
            for i in range(5) for j in range(5)}
    letters = sm.SGD(MomentRegression(n=3)).noise_bound().substituted(data)
    numbers = problem("one weight").noise_bound()
    assert letters.pencil.is_rational
    assert letters.least(3, 2) == numbers.least(3, 2)
    assert letters.slope_threshold(2) == numbers.slope_threshold(2)
    assert letters.pencil.growth(letters.pencil.ring.zero) == numbers.pencil.growth(numbers.pencil.ring.zero)
