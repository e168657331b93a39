"""Queries in the user's notation against the same formulas in NumPy."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import sympy

import sgdmoments as sm
from sgdmoments.errors import InputError
from sgdmoments.graphs.matrices import MatrixExpression
from sgdmoments.graphs.query import diagonal, hadamard, identity, kron, matrix, squared_norm, trace, vector
from sgdmoments.graphs.run_letters import base_of, gradient_matrix, step_of, teacher_matrix, weights_matrix

m, n = 2, 3
RNG = np.random.default_rng(7)
VALUES = {"A": RNG.integers(-4, 5, (m, n)), "B": RNG.integers(-4, 5, (n, m)), "D": RNG.integers(-4, 5, (n, n)),
          "F": RNG.integers(-4, 5, (m, n)), "v": RNG.integers(-4, 5, n)}
A, B, D, F, v = (matrix("A", "m", "n"), matrix("B", "n", "m"), matrix("D", "n", "n"), matrix("F", "m", "n"),
                 vector("v", "n"))
NA, NB, ND, NF, Nv = (VALUES[name].astype(object) for name in ("A", "B", "D", "F", "v"))


def value(expression):
    return expression.evaluate(VALUES)


def test_the_algebra_of_matrices():
    cases = [
        (A @ B, NA @ NB), (A @ D @ B, NA @ ND @ NB), (A.T, NA.T), (A + F - B.T, NA + NF - NB.T),
        (Fraction(1, 2) * A - F * 3, NA * Fraction(1, 2) - NF * 3), (-A / 4, -NA * Fraction(1, 4)),
        (D**3, ND @ ND @ ND),
        (hadamard(A, F, B.T), NA * NF * NB.T), (D @ v, ND @ Nv), (v.T @ D, Nv @ ND), (v @ v.T, np.outer(Nv, Nv)),
        (diagonal(v), np.diag(Nv)), (diagonal(D @ v) @ D, np.diag(ND @ Nv) @ ND),
        (D - identity("n"), ND - np.eye(3, dtype=int)),
        (trace(D) * A, NA * int(np.trace(ND))), (A * trace(D @ D), NA * int(np.trace(ND @ ND))),
    ]
    for found, expected in cases:
        assert (value(found) == expected).all(), found
    scalars = [(trace(A @ B), np.trace(NA @ NB)), (v.T @ D @ v, Nv @ ND @ Nv), (squared_norm(A), (NA**2).sum()),
               (trace(D) ** 2 * trace(A @ B) - 3, np.trace(ND) ** 2 * np.trace(NA @ NB) - 3),
               (trace(hadamard(A, F) @ B), np.trace((NA * NF) @ NB)), (squared_norm(D @ v), ((ND @ Nv) ** 2).sum())]
    for found, expected in scalars:
        assert value(found) == expected


def test_kronecker_products_keep_their_factors():
    found = value(kron(A, D @ B))
    expected = np.kron(NA, ND @ NB)
    assert (found.reshape(m * n, n * m) == expected).all()
    assert (value(kron(A, B) @ kron(B, A)).reshape(m * n, m * n) == np.kron(NA @ NB, NB @ NA)).all()
    assert (value(kron(A, D, v)).reshape(m * n * n, n * n) == np.kron(np.kron(NA, ND), Nv[:, None])).all()
    assert kron(A.T, B.T) == kron(A, B).T
    assert trace(kron(A @ B, D)) == trace(A @ B) * trace(D)


def test_the_left_hand_side_of_theorem_3_6():
    """tr(C (⊗ᵢ Πⱼ Mᵢⱼ)) Πⱼ M₀ⱼ with an unstructured C, a factor M₀ with open ends, and a second trace."""
    C = matrix("C", ("m", "n"), ("m", "n"))
    tensor = RNG.integers(-3, 4, (m, n, m, n))
    flat = tensor.reshape(m * n, m * n).astype(object)
    query = trace(C @ kron(A @ D @ B, D @ B @ F)) * trace(B @ F) * (F @ D)
    expected = (np.trace(flat @ np.kron(NA @ ND @ NB, ND @ NB @ NF)) * np.trace(NB @ NF)) * (NF @ ND)
    assert (query.evaluate({**VALUES, "C": tensor}) == expected).all()
    assert [label.name for graph in query.array.graphs for label, *ends in graph.edges if len(ends) == 4] == ["C"]
    mixed = trace(C.T @ kron(A @ B, D))
    assert mixed.evaluate({**VALUES, "C": tensor}) == np.trace(flat.T @ np.kron(NA @ NB, ND))


def test_letters_of_scalars_and_dimensions():
    alpha = sympy.Symbol("alpha")
    assert (value(trace(A @ B)) * 2 + 5 * 3) == (trace(A @ B) * alpha + 5 * trace(identity("n"))).evaluate(
        {**VALUES, "alpha": 2})
    assert matrix("A", 2, sympy.Symbol("k")).shape == ((2,), (sympy.Symbol("k"),))
    S = matrix("S", "n", "n", symmetric=True)
    assert trace(S @ D) == trace(S @ D.T)
    assert trace(D - D) == 0


def test_an_identity_counts_its_index_once():
    n = sympy.Symbol("n", integer=True, positive=True)
    assert squared_norm(identity("n")) == trace(identity("n")) == n
    assert squared_norm(identity("n") + D) == n + 2 * trace(D) + squared_norm(D)


@pytest.mark.parametrize(("make", "message"), [
    (lambda: A @ A, r"columns of the left matrix have dimensions \(n\), the rows of the right one \(m\)"),
    (lambda: A + B, r"\+: shapes \(m\) x \(n\) and \(n\) x \(m\) differ"),
    (lambda: hadamard(A, B), "hadamard: shapes"),
    (lambda: trace(A), r"square matrix, found shape \(m\) x \(n\)"),
    (lambda: matrix("C", "k", "k") @ kron(A, B), "declared as a tuple"),
    (lambda: A * F, "use A @ B"),
    (lambda: A**2, "square"),
    (lambda: D**0, "identity"),
    (lambda: diagonal(A), "column vector"),
    (lambda: kron(), "at least one"),
    (lambda: hadamard(), "at least one"),
    (lambda: matrix("", 2, 2), "name"),
    (lambda: matrix("A", 0, 2), "rows: found 0"),
    (lambda: matrix("A", 2, "2x"), "columns: found '2x'"),
    (lambda: matrix("A", 2, 3, symmetric=True), "symmetric=True"),
    (lambda: matrix("A", (), 3), "vector"),
    (lambda: trace(3), "expected a matrix"),
    (lambda: A.array * A, "expected a scalar"),
])
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_letters_of_a_run():
    net = sm.Network(("p", "p1", "p2"))
    sgd = sm.SGD(net)
    g, W, teacher = gradient_matrix(sgd, 1, 2), weights_matrix(sgd, 1, 2), teacher_matrix(net, 2)
    assert g.shape == W.shape == teacher.shape == (net.parameters[1].shape[:1], net.parameters[1].shape[1:])
    (label,) = trace(g @ W.T).labels - W.array.labels
    assert (label.name, label.kind, step_of(label), base_of(label)) == ("g2(1)", "gradient", 1, "W2")
    (initial,) = weights_matrix(sgd, 0, 1).array.labels
    assert (initial.name, initial.kind) == ("W1", "matrix")
    assert isinstance(trace(g @ g.T) * W, MatrixExpression)
    for bad in (lambda: gradient_matrix(sgd, -1, 1), lambda: weights_matrix(sgd, 0, 3),
                lambda: teacher_matrix(sm.Network((1, 1), data=sm.Empirical([[1]]), targets=[1]), 1)):
        with pytest.raises(InputError):
            bad()


@pytest.mark.parametrize("other", [5, None, "A", [[1, 2], [3, 4]]])
def test_what_is_no_matrix_is_refused(other):
    A = matrix("A", 2, 2)
    for call in (trace, squared_norm, diagonal, lambda x: kron(A, x), lambda x: kron(x, A), lambda x: hadamard(A, x)):
        with pytest.raises(InputError, match="expected a matrix"):
            call(other)
    for letters in (gradient_matrix, weights_matrix):
        with pytest.raises(InputError, match="expected a run or a model"):
            letters(other, 1, 1)


def test_zeros_have_the_shape_of_the_matrix():
    a = matrix("A", "m", "n")
    zero = (a - a).evaluate({"m": 2, "n": 3})
    assert zero.shape == (2, 3)
    assert all(entry == 0 for entry in zero.flat)


@pytest.mark.parametrize("size", ["3/2", 0, -1, "1/2", sympy.Symbol("k")])
def test_a_dimension_that_is_no_positive_integer_is_refused(size):
    a = matrix("A", "m", "n")
    with pytest.raises(InputError, match="a dimension is a positive integer"):
        (a - a).evaluate({"m": size, "n": 3})


def test_the_first_power_is_the_matrix():
    a = matrix("A", "n", "n")
    assert a**1 == a
    assert a**2 == a @ a
    with pytest.raises(InputError, match="found 0; an exponent is an integer from 1"):
        a**0


def test_operations_and_arguments_that_are_refused_are_named():
    a = matrix("A", "n", "n")
    for operation in (kron, hadamard):
        for factors in ((5,), (5, a), (a, 5)):
            with pytest.raises(InputError, match=f"^{operation.__name__}: expected a matrix, found 5"):
                operation(*factors)
    for operation in (trace, diagonal, squared_norm):
        with pytest.raises(InputError, match=f"^{operation.__name__}: expected a matrix, found 5"):
            operation(5)
    with pytest.raises(InputError, match=r"^dimension: found 'n m'"):
        vector("v", "n m")
    with pytest.raises(InputError, match=r"is declared as a tuple: matrix\('C', \('m', 'n'\), \.\.\.\)\.$"):
        trace(matrix("C", ("m", "n"), "n"))
