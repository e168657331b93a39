"""The mean over random letters, against the list of all their values."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import sympy

import sgdmoments as sm
from sgdmoments.testing.listing import quadrature

#: A law on three points without symmetry, with its moments; and the points and weights of others.
POINTS = {"three": ((Fraction(-1), Fraction(1, 2)), (Fraction(0), Fraction(1, 3)), (Fraction(2), Fraction(1, 6))),
          "signs": ((Fraction(1), Fraction(1, 2)), (Fraction(-1), Fraction(1, 2)))}
THREE = sm.Coordinates([sum(w * x**k for x, w in POINTS["three"]) for k in range(1, 13)])
A = np.array([[1, 2, 0], [3, -1, 1], [2, 5, 1]], dtype=object)
B = np.array([[0, 1, 2], [1, 1, -2], [4, 0, 3]], dtype=object)
V = np.array([2, -1, 3], dtype=object)


def gaussian_points(degree):
    """Points and signed weights with the moments of N(0, 1) up to `degree`."""
    return tuple((x[0], w) for x, w in quadrature(sm.Gaussian(), 1, degree))


def mean_over_symmetric(value, n, points):
    """E value(X) over symmetric X, every value of the entries on and above the diagonal listed."""
    places = [(i, j) for i in range(n) for j in range(i, n)]
    total = Fraction(0)
    for chosen in product(points, repeat=len(places)):
        x, weight = np.zeros((n, n), dtype=object), Fraction(1)
        for (i, j), (entry, w) in zip(places, chosen, strict=True):
            x[i, j] = x[j, i] = entry
            weight *= w
        total = total + weight * value(x)
    return total


S, LA, LB, v = sm.matrix("S", "n", "n", symmetric=True), sm.matrix("A", "n", "n"), sm.matrix("B", "n", "n"), sm.vector(
    "v", "n")
#: (the query, the same in numbers, its degree in S)
QUERIES = [
    (sm.squared_norm(S), lambda x, a, b, u: (x * x).sum(), 2),
    (sm.trace(S) ** 2, lambda x, a, b, u: np.trace(x) ** 2, 2),
    (sm.trace(S @ LA @ S @ LB), lambda x, a, b, u: np.trace(x @ a @ x @ b), 2),
    (sm.trace(S @ LA @ S @ LB.T @ S), lambda x, a, b, u: np.trace(x @ a @ x @ b.T @ x), 3),
    (sm.trace(S @ LA) * (v.T @ S @ S @ v), lambda x, a, b, u: np.trace(x @ a) * (u @ x @ x @ u), 3),
    (sm.trace(S @ S @ S @ S), lambda x, a, b, u: np.trace(x @ x @ x @ x), 4),
    (sm.trace(sm.hadamard(S, S) @ LA) * sm.trace(S), lambda x, a, b, u: np.trace((x * x) @ a) * np.trace(x), 3),
    (sm.trace(sm.hadamard(S, LA) @ S.T @ LB), lambda x, a, b, u: np.trace((x * a) @ x.T @ b), 2),
]


@pytest.mark.parametrize("place", range(len(QUERIES)))
@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_symmetric_letter_has_independent_entries_up_to_symmetry(place, n):
    query, number, degree = QUERIES[place]
    a, b, u = A[:n, :n], B[:n, :n], V[:n]
    values = {"A": a, "B": b, "v": u, "n": n}
    laws = [(sm.IndependentInit(THREE), POINTS["three"]), (sm.Rademacher(), POINTS["signs"])]
    if n < 3:
        laws.append((sm.GaussianInit(), gaussian_points(degree)))
    for law, points in laws:
        found = sm.expectation(query, {"S": law}).evaluate(values)
        assert found == mean_over_symmetric(lambda x: number(x, a, b, u), n, points), law


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize(("law", "points"), [(sm.IndependentInit(THREE), POINTS["three"]),
                                             (sm.GaussianInit(), gaussian_points(8))])
def test_many_symmetric_edges_grow_block_by_block(n, law, points):
    """Eight edges: more than are listed block by block."""
    a = A[:n, :n]
    found = sm.expectation(sm.trace(S @ S @ LA @ S @ S @ LA @ S**4), {S: law}).evaluate({"A": a, "n": n})
    assert found == mean_over_symmetric(
        lambda x: np.trace(x @ x @ a @ x @ x @ a @ np.linalg.matrix_power(x, 4)), n, points)


def test_unit_entries_by_hand():
    """E‖S‖² = n², E (tr S)² = n, E tr S⁴ = 2n³ + n² (each entry of variance 1, the diagonal too)."""
    n = sympy.Symbol("n", integer=True, positive=True)
    law = {"S": sm.GaussianInit()}
    assert sm.expectation(sm.squared_norm(S), law) == n**2
    assert sm.expectation(sm.trace(S) ** 2, law) == n
    assert sm.expectation(sm.trace(S**4), law) == 2 * n**3 + n**2
    assert sm.expectation(sm.squared_norm(S), {"S": sm.Rademacher()}) == n**2
    assert sm.expectation(sm.trace(S**4), {"S": sm.Rademacher()}) == 2 * n**3 - n**2


# -- matrices, means and covariances ------------------------------------------------------------------------


def test_the_mean_of_a_matrix_is_a_matrix():
    X = sm.matrix("X", "n", "p")
    n = sm.trace(sm.identity("n"))
    answer = sm.expectation(X.T @ X, {"X": sm.GaussianInit()})
    assert answer == n * sm.identity("p")
    assert (str(answer), answer.latex()) == ("n I", "n I")
    assert (answer.evaluate({"n": 3, "p": 2}) == np.diag([3, 3])).all()
    assert sm.trace(answer @ sm.identity("p")) == sm.trace(sm.expectation(X @ X.T, {X: sm.GaussianInit()}))
    nothing = sm.expectation(X, {"X": sm.GaussianInit()})
    assert nothing.shape == X.shape
    assert (nothing.evaluate({"n": 3, "p": 2}) == np.zeros((3, 2))).all()
    assert nothing.evaluate({"n": 3, "p": 2}).shape == (3, 2)
    pair = sm.expectation(sm.kron(X, X), {"X": sm.GaussianInit()}).evaluate({"n": 2, "p": 3})
    assert (pair == np.einsum("ik,jl->ikjl", np.eye(2, dtype=int), np.eye(3, dtype=int))).all()


def wick(places, covariance):
    """E Π z_i over pairings, by Isserlis' theorem."""
    if not places:
        return 1
    first, rest = places[0], places[1:]
    return sum(covariance[first][other] * wick(rest[:k] + rest[k + 1:], covariance) for k, other in enumerate(rest))


def gaussian_moment(places, mean, covariance):
    """E Π (m_i + z_i): each factor is its mean or its noise."""
    total = Fraction(0)
    for noisy in product((False, True), repeat=len(places)):
        factor = Fraction(1)
        for i, noise in zip(places, noisy, strict=True):
            factor *= 1 if noise else mean[i]
        total += factor * wick([i for i, noise in zip(places, noisy, strict=True) if noise], covariance)
    return total


def test_gaussian_entries_with_mean_and_covariance():
    root = np.array([[1, 0, 2, 1], [0, 1, 1, 0], [3, 0, 1, 1], [1, 1, 0, 2], [0, 2, 1, 1], [1, 0, 0, 1]], dtype=object)
    covariance, mean = root @ root.T, [Fraction(1, 2), 1, 0, -1, 2, 3]
    X, D = sm.matrix("X", 2, 3), sm.matrix("D", 3, 3)
    d = A
    for given_mean in (mean, [0] * 6):
        law = sm.GaussianInit(mean=np.array(given_mean, dtype=object).reshape(2, 3), covariance=covariance)
        at = np.arange(6).reshape(2, 3).tolist()
        second = sum(d[j, k] * gaussian_moment([at[i][j], at[i][k]], given_mean, covariance)
                     for i in range(2) for j in range(3) for k in range(3))
        assert sm.expectation(sm.trace(X @ D @ X.T), {"X": law}).evaluate({"D": d}) == second
        fourth = sum(gaussian_moment([at[i][j], at[k][j], at[k][l], at[i][l]], given_mean, covariance)
                     for i in range(2) for j in range(3) for k in range(2) for l in range(3))
        assert sm.expectation(sm.squared_norm(X @ X.T), {"X": law}) == fourth
        array = sm.expectation(X @ D, {"X": law}).evaluate({"D": d})
        assert (array == np.array(given_mean, dtype=object).reshape(2, 3) @ d).all()


def test_a_mean_with_independent_entries_and_a_correlated_vector():
    w = sm.vector("w", 3)
    mean, covariance = [1, -2, 3], [[2, 1, 0], [1, 3, 1], [0, 1, 1]]
    law = sm.GaussianInit(mean=mean, covariance=covariance)
    outer = sm.expectation(w @ w.T, {"w": law}).evaluate({})
    assert (outer == np.outer(mean, mean) + np.array(covariance)).all()
    assert sm.expectation((w.T @ w) ** 2, {"w": sm.Gaussian(covariance)}) == 6**2 + 2 * (4 + 9 + 1 + 4)
    shifted = sm.GaussianInit(variance=2, mean=mean)
    assert sm.expectation(w.T @ w, {"w": shifted}) == 14 + 6
    s = sm.matrix("S", 2, 2, symmetric=True)
    assert sm.expectation(sm.trace(s @ s), {"S": sm.GaussianInit(mean=[[1, 2], [2, 0]])}) == 4 + 9


@pytest.mark.parametrize(("laws", "message"), [
    ({"X": sm.GaussianInit(covariance=[[1, 0], [0, 1]])}, "X: a mean or covariance of"),
    ({"X": sm.GaussianInit(mean=[1, 2])}, "X: a mean or covariance of"),
    ({"S": sm.GaussianInit(mean=[[1, 2], [0, 0]])}, "symmetric, but the mean is not"),
    ({"S": sm.GaussianInit(covariance=np.eye(4, dtype=int))}, "GaussianInit\\(variance"),
    ({"X": sm.Empirical([[1, 2]])}, "X: index graphs know independent entries"),
    ({"X": sm.Gaussian([[1, 0], [0, 1]])}, "X: index graphs know independent entries"),
    ({"X": sm.RandomInit([0, 0, 0, 0], np.eye(4, dtype=int))}, "not RandomInit"),
    ({"X": 3}, "not 3"),
    ({"Z": sm.GaussianInit()}, "no letter is called Z"),
    ({"Y": sm.GaussianInit()}, "two letters are called Y"),
    ({5: sm.GaussianInit()}, "no letter is called 5"),
    (3, "expected a dict"),
])
def test_laws_that_cannot_be_integrated_are_refused(laws, message):
    X, Y, Z = sm.matrix("X", "n", "n"), sm.matrix("Y", 2, 2), sm.matrix("Y", 2, 3)
    s = sm.matrix("S", 2, 2, symmetric=True)
    with pytest.raises((sm.InputError, sm.AssumptionError), match=message):
        sm.expectation(sm.trace(X) * sm.trace(Y @ Y) * sm.trace(s) * sm.squared_norm(Z), laws)


def test_two_letters_of_one_name_are_integrated_by_letter():
    Y, Z = sm.matrix("Y", 2, 2), sm.matrix("Y", 2, 3)
    answer = sm.expectation(sm.squared_norm(Y) * sm.squared_norm(Z), {Z: sm.GaussianInit()})
    assert answer == 6 * sm.squared_norm(Y)
    with pytest.raises(sm.InputError, match="expected traces"):
        sm.expectation(5, {})


def test_numbers_of_a_mean_are_a_letter_of_the_answer():
    """E tr(A X) = tr(A M): M is known and no letter of the user's, who may have an M of his own."""
    a, x = sm.matrix("A", 2, 2), sm.matrix("X", 2, 2)
    found = sm.expectation(sm.trace(a @ x), {"X": sm.GaussianInit(mean=[1, 2, 3, 4])})
    kinds = {label.name: label.kind for label in found.labels}
    assert kinds == {"A": "matrix", "E X": "run"}
    assert found.evaluate({"A": [[1, 0], [0, 10]]}) == 1 + 40
    sgd = sm.SGD(sm.Network((2, 2)))
    with pytest.raises(sm.InputError, match="the letter E X of another answer"):
        sgd.expectation(found)


def test_the_budget_of_a_matrix_is_kept():
    a, x = sm.matrix("A", "n", "n"), sm.matrix("X", "n", "n")
    with pytest.raises(sm.BudgetExceeded, match="0 s exceed the budget of 0 s"):
        sm.expectation(x @ a @ x.T, {"X": sm.GaussianInit()}, budget=sm.Budget(seconds=0))
