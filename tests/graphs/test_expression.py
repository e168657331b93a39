"""Expressions as sums: coefficients, substitution, saving, and the small operations on open ends, by hand."""

import json
import pickle
from fractions import Fraction as F

import numpy as np
import pytest
import sympy

import sgdmoments as sm
from sgdmoments.exact.ring import Ring
from sgdmoments.graphs.derived import substitute_letters
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.graph_sum import GraphSum
from sgdmoments.graphs.index_sum import index_sum
from sgdmoments.graphs.join import hadamard_product, inner_product, renumber_open
from sgdmoments.graphs.labels import Label, open_end
from sgdmoments.graphs.modular import PRIME, RandomPoint
from sgdmoments.graphs.query import identity, letter, matrix, trace

A, B = Label("A", (2, 3)), Label("B", (3, 2))
VALUES = {"A": [[1, 2, 0], [-1, 3, 5]], "B": [[2, 1], [0, -1], [4, 3]]}
s, t = sympy.symbols("s t")
RING = Ring((s, t))


def entries(label):
    """The matrix itself: open ends 0 and 1."""
    return Expression.from_edges([(label, 0, 1), (open_end(0, label.dimensions[0]), 0),
                                  (open_end(1, label.dimensions[1]), 1)])


def trace_of_the_square():
    return Expression.from_edges([(A, 0, 1), (B, 1, 2), (A, 2, 3), (B, 3, 0)])


def norm(label):
    return Expression.from_edges([(label, 0, 1), (label, 0, 1)])


def test_coefficients_and_substitution_of_letters():
    x, y = RING.generator(s), RING.generator(t)
    total = (2 * x**2 + y) * norm(A) + (3 * x - 5) * norm(B) + x**2 * y
    parts = total.coefficients(s)
    assert parts == (y * norm(A) - 5 * norm(B), 3 * norm(B), 2 * norm(A) + y)
    assert sum((part * x**k for k, part in enumerate(parts)), Expression()) == total
    at = total.substitute({s: F(1, 2), t: 3})
    assert at == F(7, 2) * norm(A) - F(7, 2) * norm(B) + F(3, 4)
    assert total.substitute({s: y}).evaluate({**VALUES, "t": 2}) == (8 + 2) * 40 + (6 - 5) * 31 + 8


def test_saving_keeps_value_and_equality():
    total = (2 * RING.generator(s) - F(1, 3)) * norm(A) * norm(B) + trace_of_the_square() * RING.generator(t) + 7
    again = Expression.from_json(json.loads(json.dumps(total.to_json())))
    assert again == total == pickle.loads(pickle.dumps(total))
    assert again.to_json() == total.to_json()
    polynomial = sm.BatchPolynomial((F(1, 2), total))
    assert sm.BatchPolynomial.from_json(polynomial.to_json()) == polynomial
    integer = Label("C", (sympy.Symbol("n", integer=True, positive=True), 2))
    (read,) = Expression.from_json(norm(integer).to_json()).labels
    assert read == integer


def test_a_transposed_letter_pickles_as_itself():
    assert pickle.loads(pickle.dumps(A.T)) is A.T
    assert pickle.loads(pickle.dumps(A)) is A
    assert repr(A.T) == "A.T"


def test_products_of_matrices_by_numbers():
    a, b = (np.array(VALUES[k], dtype=object) for k in "AB")
    product = index_sum([(entries(A), (0, 1)), (entries(B), (1, 2))], (0, 2), {0: 2, 1: 3, 2: 2})
    assert product.evaluate(VALUES).tolist() == (a @ b).tolist()
    assert hadamard_product(entries(A), entries(A)).evaluate(VALUES).tolist() == (a * a).tolist()
    assert trace_of_the_square().evaluate(VALUES) == np.trace(a @ b @ a @ b)
    assert inner_product(entries(A), 2 * entries(A)) == 2 * norm(A)
    scalar = norm(A) + 3
    assert hadamard_product(scalar, scalar) == scalar * scalar


def test_terms_that_become_one_add():
    ends = [(open_end(k, 2), k) for k in (0, 1)]
    C = Label("C", (2, 2))
    both = 2 * Expression.from_edges([(C, 0, 1), *ends]) + 5 * Expression.from_edges([(C, 1, 0), *ends])
    assert renumber_open(both, {0: 1, 1: 0}) == (
        5 * Expression.from_edges([(C, 0, 1), *ends]) + 2 * Expression.from_edges([(C, 1, 0), *ends]))
    symmetric = Label("S", (2, 2), symmetric=True)
    one = Expression.from_edges([(symmetric, 0, 1), *ends])
    assert renumber_open(one, {0: 1, 1: 0}) == one


def test_a_product_remembers_the_values_of_both_factors():
    left, right = norm(A).with_known({A: VALUES["A"]}), norm(B).with_known({B: VALUES["B"]})
    assert (left * right).evaluate({}) == 40 * 31
    assert (left + right).evaluate({}) == 71
    assert (left - right).evaluate({}) == 9


def test_vectors_and_diagonals_by_numbers():
    v, M = sm.vector("v", 3), sm.matrix("M", 3, 3)
    values = {"v": [2, -1, 5], "M": [[1, 2, 3], [4, 5, 6], [7, 8, 10]]}
    assert (v.T @ v).evaluate(values) == 30
    assert sm.diagonal(v).evaluate(values).tolist() == [[2, 0, 0], [0, -1, 0], [0, 0, 5]]
    assert sm.trace(sm.diagonal(v) @ M).evaluate(values) == 2 - 5 + 50
    assert (v.T @ M @ v).evaluate(values) == sum(
        a * b * values["M"][i][j] for i, a in enumerate(values["v"]) for j, b in enumerate(values["v"]))


def test_a_kronecker_product_times_a_product_of_factors():
    names = "abcd"
    matrices = {k: np.array([[i + 1, 2], [-i, 3]], dtype=object) for i, k in enumerate(names)}
    a, b, c, d = (sm.matrix(k, 2, 2) for k in names)
    found = (a @ sm.kron(b) @ c).evaluate(matrices)
    assert found.tolist() == (matrices["a"] @ matrices["b"] @ matrices["c"]).tolist()
    nested = sm.kron(a, sm.kron(b, c)).evaluate(matrices)
    expected = np.kron(matrices["a"], np.kron(matrices["b"], matrices["c"]))
    assert nested.reshape(8, 8).tolist() == expected.tolist()
    right = sm.trace(sm.kron(a, b) @ sm.kron(c, d @ d)).evaluate(matrices)
    assert right == np.trace(np.kron(matrices["a"], matrices["b"])
                             @ np.kron(matrices["c"], matrices["d"] @ matrices["d"]))


def test_a_random_point_tells_symbols_apart_and_takes_what_is_given():
    point = RandomPoint(seed=3)
    x, y = RING.generator(s), RING.generator(t)
    drawn = [point(Expression.constant(c)) for c in (x, y, x * y + 1)]
    assert drawn[0] != drawn[1]
    assert 0 <= min(drawn) <= max(drawn) < PRIME
    assert drawn[2] == (drawn[0] * drawn[1] + 1) % PRIME
    assert [RandomPoint(seed=3)(Expression.constant(x)), RandomPoint(seed=4)(Expression.constant(x))][0] == drawn[0]
    assert RandomPoint(seed=4)(Expression.constant(x)) != drawn[0]
    assert RandomPoint(letters={s: F(1, 3)})(Expression.constant(3 * x)) == 1
    given = RandomPoint(letters={A: [["1/2", 0, 0], [0, 0, 1]]})
    assert given(4 * norm(A)) == 5
    dummies = [sympy.Dummy("z"), sympy.Dummy("z")]
    ring = Ring(dummies)
    assert len({point(Expression.constant(ring.generator(z))) for z in dummies}) == 2


def test_floats_of_dimensions_stay_floats():
    n = sympy.Symbol("n", integer=True, positive=True)
    total = Expression.from_edges([], vertices={0: n}) * norm(A)
    assert total.evaluate({**VALUES, "n": 2}) == 80
    assert isinstance(total.evaluate({"A": np.array(VALUES["A"], dtype=float), "n": 2}), float)


@pytest.mark.parametrize("other", ["text", None, object()])
def test_what_is_no_expression_is_left_to_python(other):
    for work in (lambda: norm(A) + other, lambda: norm(A) - other, lambda: other - norm(A), lambda: norm(A) * other):
        with pytest.raises(TypeError):
            work()


def test_sums_multiply_out():
    total = norm(A) + 2 * norm(B) - 3
    assert (total * total).evaluate(VALUES) == (40 + 62 - 3) ** 2
    assert total * total == norm(A) ** 2 + 4 * norm(A) * norm(B) + 4 * norm(B) ** 2 - 6 * norm(A) - 12 * norm(B) + 9
    assert (5 - norm(A)).evaluate(VALUES) == -35
    assert (F(1, 2) - total).evaluate(VALUES) == F(1, 2) - 99


def test_what_is_shown():
    assert repr(norm(A) - norm(A)) == "0"
    assert repr(Expression.from_edges([(A, 0, 1), (B, 1, 0)])) == "(1) tr(A B)"
    assert "A[0,1]" in repr(Expression.from_edges([(A, 0, 1)]))


def test_a_number_is_simplest_as_a_number():
    assert Expression.constant(F(3, 2)).simplest() == F(3, 2)
    assert isinstance(Expression.constant(3).simplest(), F)
    assert norm(A).simplest() == norm(A)


def test_letters_are_replaced_in_every_term_and_once():
    """A -> B + C in tr(A) + tr(CC) + tr(A) tr(A): what has no A stays, what comes in is left alone."""
    a, b, c = (matrix(name, "n", "n") for name in "ABC")
    (label,) = a.array.labels
    query = trace(a) + trace(c @ c) + trace(a) ** 2 + trace(a @ c)
    found = substitute_letters(query, {label: (b + c).array})
    assert found == trace(b + c) + trace(c @ c) + trace(b + c) ** 2 + trace((b + c) @ c)
    assert substitute_letters(trace(a @ a), {label: (a + b).array}) == trace((a + b) @ (a + b))
    assert substitute_letters(trace(a), {label: identity("n").array}) == trace(identity("n"))
    assert substitute_letters(trace(a @ a @ c), {label: identity("n").array}) == trace(c)
    own, run = Label("A", (2, 2)), Label("A", (2, 2), "run")
    first, second = (letter(Label(name, (2, 2))) for name in "BC")
    both = trace(letter(own)) * trace(letter(run) @ letter(run))
    assert substitute_letters(both, {own: first.array, run: second.array}) == trace(first) * trace(second @ second)


def test_terms_come_with_fewer_edges_first():
    a, b = matrix("A", "n", "n"), matrix("B", "n", "n")
    query = trace(a @ a) + trace(b) + trace(a) ** 2 * 3 + 7
    assert [sum(len(graph.edges) for graph in monomial) for monomial, _ in query.terms()] == [0, 1, 2, 2]
    assert str(trace(a @ a) + trace(b)) == "tr(B) + tr(A^2)"


def test_an_expression_that_is_a_number_hashes_as_that_number():
    assert hash(Expression({(): F(2)})) == hash(2)
    assert len({Expression({(): F(1, 2)}), F(1, 2), Expression.constant(F(1, 2))}) == 1


def test_data_meets_expressions_in_every_operation():
    """What a derived letter stands for is data: it adds, multiplies and compares as the expression does."""
    data, expression = GraphSum({(): RING.generator(s)}), Expression({(): RING.generator(s)})
    other = norm(A)
    for pair in ((other + data, other + expression), (data + other, expression + other),
                 (other * data, other * expression), (data - other, expression - other), (other / data, other / s)):
        assert isinstance(pair[0], Expression)
        assert pair[0] == pair[1]
    assert expression == data
    assert data == expression
