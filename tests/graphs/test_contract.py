"""Evaluation of expressions against nested loops over all indices, in three arithmetics."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import naive_value

from sgdmoments.errors import BudgetExceeded, InputError
from sgdmoments.exact.ring import INVERSE_BATCH, Ring
from sgdmoments.graphs import elimination
from sgdmoments.graphs.contract import evaluate
from sgdmoments.graphs.contraction import Contraction
from sgdmoments.graphs.derived import derived_letter, expand_derived
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.given import GivenValues
from sgdmoments.graphs.labels import BATCH, Label, open_end
from sgdmoments.graphs.modular import PRIME, RandomPoint

p, q = sympy.symbols("p q", integer=True, positive=True)
SIZES = {p: 2, q: 3}
LETTERS = [Label("A", (p, q)), Label("B", (q, q)), Label("S", (p, p), symmetric=True), Label("v", (p,)),
           Label("w", (q,)), Label("T", (p, q, q))]
ARRAYS = {
    "A": [["1/2", 2, -1], [3, 0, "2/3"]],
    "B": [[1, "-1/5", 2], [0, 3, 1], ["7/2", 1, -2]],
    "S": [[2, "1/3"], ["1/3", -1]],
    "v": ["3/4", -2],
    "w": [1, -3, "1/6"],
    "T": [[[1, 2, 0], [-1, "1/2", 3], [2, 2, -3]], [[0, 1, 1], [4, -2, 1], ["1/3", 0, 5]]],
}
EXACT = {name: np.vectorize(Fraction, otypes=[object])(np.array(value, dtype=object))
         for name, value in ARRAYS.items()}


@st.composite
def graphs(draw, letters=LETTERS, most=7, ends=0):
    """Edges on a few vertices of each dimension, and `ends` vertices to hold open."""
    counts = {p: draw(st.integers(1, 3)), q: draw(st.integers(1, 3))}
    vertices = [(d, k) for d, n in counts.items() for k in range(n)]
    edges = []
    for label in draw(st.lists(st.sampled_from(letters), min_size=1, max_size=most)):
        edges.append((label, *(vertices.index((d, draw(st.integers(0, counts[d] - 1)))) for d in label.dimensions)))
    held = [draw(st.integers(0, len(vertices) - 1)) for _ in range(ends)]
    return edges, {i: d for i, (d, _) in enumerate(vertices)}, held


def build(edges, dimensions, held=()):
    opened = [(open_end(2 * k + 1, dimensions[v]), v) for k, v in enumerate(held)]
    return Expression.from_edges([*edges, *opened], 1, dimensions)


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_a_graph_is_worth_its_nested_loop_in_every_arithmetic(case):
    edges, dimensions, _ = case
    expression = build(edges, dimensions)
    sizes = {v: SIZES[d] for v, d in dimensions.items()}
    expected = naive_value([(e[0].name, *e[1:]) for e in edges], sizes, EXACT)
    values = {**ARRAYS, "p": 2, "q": 3}
    assert evaluate(expression, values) == expected
    floats = {name: array.astype(float) for name, array in EXACT.items()}
    assert evaluate(expression, {**floats, "p": 2, "q": 3}) == pytest.approx(float(expected), rel=1e-9, abs=1e-9)
    point = RandomPoint(sizes=SIZES, letters={label: ARRAYS[label.name] for label in LETTERS})
    assert point(expression) == expected.numerator * pow(expected.denominator, -1, PRIME) % PRIME


@settings(max_examples=80, deadline=None)
@given(graphs(letters=[LETTERS[0], LETTERS[1], LETTERS[2]], most=9))
def test_chains_and_cycles_of_matrices(case):
    test_a_graph_is_worth_its_nested_loop_in_every_arithmetic.hypothesis.inner_test(case)


@settings(max_examples=80, deadline=None)
@given(graphs(ends=3, most=4))
def test_open_ends_are_axes_in_ascending_order(case):
    edges, dimensions, held = case
    sizes = {v: SIZES[d] for v, d in dimensions.items()}
    expected = naive_value([(e[0].name, *e[1:]) for e in edges], sizes, EXACT, kept=held)
    found = evaluate(build(edges, dimensions, held), {**ARRAYS, "p": 2, "q": 3})
    assert found.shape == tuple(sizes[v] for v in held)
    for index in np.ndindex(found.shape):  # indices that disagree on one vertex: a Kronecker delta
        assert found[index] == expected.get(index, 0)


def word(*letters):
    """The trace of a word; letters like "A" or "A.T"."""
    by_name = {label.name: label for label in LETTERS}
    edges = []
    for k, letter in enumerate(letters):
        ends = (k, (k + 1) % len(letters))
        edges.append((by_name[letter[0]], *(ends[::-1] if letter.endswith(".T") else ends)))
    return Expression.from_edges(edges)


def test_a_sum_with_letters_in_its_coefficients():
    alpha = sympy.Symbol("alpha")
    ring = Ring((alpha, p))
    expression = ring.generator(alpha) ** 2 * ring.generator(p) * word("A", "B", "A.T") - Fraction(1, 7)
    A, B = EXACT["A"], EXACT["B"]
    expected = Fraction(9, 4) * 2 * (A @ B @ A.T).trace() - Fraction(1, 7)
    assert evaluate(expression, {"A": ARRAYS["A"], "B": ARRAYS["B"], "alpha": "3/2"}) == expected
    assert evaluate(expression, {"A": A, "B": B, alpha: Fraction(3, 2), p: 2}) == expected
    assert evaluate(expression, {LETTERS[0]: A, "B": B, "alpha": 1.5}) == pytest.approx(float(expected))


def test_the_type_of_the_result():
    expression = word("A", "A.T")
    exact = evaluate(expression, {"A": ARRAYS["A"]})
    assert isinstance(exact, Fraction)
    floats = EXACT["A"].astype(float)
    assert isinstance(evaluate(expression, {"A": floats}), float)
    dyadic = evaluate(expression, {"A": floats}, dtype=Fraction)
    assert dyadic == sum(Fraction(x) ** 2 for x in floats.flat)
    assert evaluate(expression, {"A": ARRAYS["A"]}, dtype=float) == pytest.approx(float(exact))
    with pytest.raises(InputError, match="dtype"):
        evaluate(expression, {"A": floats}, dtype=int)


def test_letters_in_the_entries():
    x, y = sympy.symbols("x y")
    found = evaluate(word("A", "A.T"), {"A": [[x, y, 1]]})
    assert sympy.expand(found.to_sympy() - (x**2 + y**2 + 1)) == 0
    branched = Expression.from_edges([(LETTERS[0], 0, 1)] * 3)
    assert sympy.expand(evaluate(branched, {"A": [[x, y, 2]]}).to_sympy() - (x**3 + y**3 + 8)) == 0
    assert evaluate(word("A", "A.T"), {"A": [[x, y, 1]], "p": 1}) == found


def test_a_derived_letter_is_its_definition_unless_it_is_given():
    A = LETTERS[0]
    C = Label("C", (p, q))
    parts = [Expression.from_edges([(M, 0, 1), (open_end(0, p), 0), (open_end(1, q), 1)], c)
             for M, c in ((A, 1), (C, Fraction(-1, 3)))]
    R = derived_letter("R", parts[0] + parts[1])
    expression = Expression.from_edges([(R, 0, 1), (R, 0, 1), (A, 0, 2), (LETTERS[1], 2, 1)])
    values = {"A": ARRAYS["A"], "B": ARRAYS["B"], "C": [[1, 2, 3], [4, 5, 6]]}
    expected = evaluate(expand_derived(expression), values)
    assert evaluate(expression, values) == expected
    difference = EXACT["A"] - np.array(values["C"], dtype=object) * Fraction(1, 3)
    assert evaluate(expression, {**values, "R": difference}) == expected
    point = RandomPoint(seed=3)
    assert point(expression) == point(expand_derived(expression))


def test_a_batch_vertex_is_averaged():
    X = Label("X", (BATCH, q), kind="data")
    b, data = 4, np.arange(12).reshape(4, 3)
    gram = Expression.from_edges([(X, 0, 1), (X, 2, 1), (X, 0, 3), (X, 2, 3)])
    values = {"X": data}
    assert evaluate(gram, values) == Fraction(int(((data @ data.T) ** 2).sum()), b * b)
    row = Expression.from_edges([(X, 0, 1)] * 3, Ring((INVERSE_BATCH,)).generator(INVERSE_BATCH))
    assert evaluate(row, values) == Fraction(int((data**3).sum()), b * b)
    assert RandomPoint(letters={X: data})(row) == int((data**3).sum()) * pow(16, -1, PRIME) % PRIME


def test_partial_evaluation_leaves_the_rest():
    alpha = sympy.Symbol("alpha")
    expression = Ring((alpha,)).generator(alpha) * word("A", "A.T") * word("B") + word("A", "B", "A.T")
    half = evaluate(expression, {"alpha": "1/2", "B": ARRAYS["B"]}, partial=True)
    a, b = Label("A", (p, 3)), Label("B", (3, 3))  # q = 3 by the shape of B, whose numbers are remembered
    gram = Expression.from_edges([(a, 0, 1), (a, 0, 1)])
    weighed = Expression.from_edges([(a, 0, 1), (b, 1, 2), (a, 0, 2)])
    assert half == gram * Fraction(1, 2) * 2 + weighed.with_known({b: ARRAYS["B"]})
    assert half != gram * Fraction(1, 2) * 2 + weighed
    assert evaluate(half, {"A": ARRAYS["A"]}) == evaluate(expression, {**ARRAYS, "alpha": "1/2"})
    assert evaluate(half, ARRAYS) == evaluate(expression, {**ARRAYS, "alpha": "1/2"})
    with pytest.raises(InputError, match="partial"):
        evaluate(expression, {"alpha": 0.5}, partial=True)


@pytest.mark.parametrize(("values", "message"), [
    ({}, "no value given for 'A', 'B'; the values given are alpha"),
    ({"A": ARRAYS["A"]}, "no value given for 'B'"),
    ({"A": ARRAYS["A"], "B": [[1, 2], [3, 4]]}, r"B: shape \(2, 2\) means q = 2, but A means q = 3"),
    ({"A": [1, 2, 3], "B": ARRAYS["B"]}, r"A: expected an array of shape \(p, q\), found shape \(3,\)"),
    ({"A": 3, "B": ARRAYS["B"]}, "no value given for 'A'"),
    ({"A": [[1, float("nan"), 0]], "B": ARRAYS["B"]}, "A"),
    ({"A": ARRAYS["A"], "B": ARRAYS["B"], "p": 5}, "p: found 5, but the shape of A means p = 2"),
    ({"A": ARRAYS["A"], "B": ARRAYS["B"], "alpha": "x"}, "alpha"),
])
def test_input_errors_name_the_letter(values, message):
    ring = Ring((p, sympy.Symbol("alpha")))
    expression = word("A", "B", "A.T") * ring.generator(p) * ring.generator(sympy.Symbol("alpha"))
    with pytest.raises(InputError, match=message):
        evaluate(expression, {"alpha": 1, **values})


def test_fixed_dimensions_symmetry_and_equal_names_are_checked():
    fixed = Expression.from_edges([(Label("F", (2, 3)), 0, 1)] * 2)
    with pytest.raises(InputError, match=r"F: expected shape \(2, 3\), found \(3, 2\)"):
        evaluate(fixed, {"F": [[1, 2], [3, 4], [5, 6]]})
    with pytest.raises(InputError, match="S: expected a symmetric matrix"):
        evaluate(word("S"), {"S": [[1, 2], [3, 4]]})
    twins = fixed * Expression.from_edges([(Label("F", (3, 3)), 0, 0)])
    with pytest.raises(InputError, match="two letters are called 'F'"):
        evaluate(twins, {"F": [[1, 2, 3], [4, 5, 6]]})


def test_an_intermediate_array_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(elimination, "LARGEST", 20)
    S, T = LETTERS[2], LETTERS[5]
    web = Expression.from_edges([(T, 0, 1, 2), (T, 3, 1, 4), (T, 5, 2, 4), (S, 0, 3), (S, 3, 5), (S, 0, 5)])
    with pytest.raises(BudgetExceeded, match="entries"):
        evaluate(web, {**ARRAYS, "p": 2, "q": 3})


def test_products_are_shared_between_words_and_calls():
    """Cycles through the smallest dimension reuse the products of its atoms, in either direction."""
    narrow = Label("A", (p, q))
    values = {"A": [[1.0] * 30] * 4, "B": np.eye(30)}
    given = GivenValues(values)
    contraction = Contraction(given)
    given.read([narrow, LETTERS[1]])
    (first,), (second,) = (word("A", "A.T", "A", "B", "A.T").graphs, word("A", "B.T", "A.T", "A", "A.T").graphs)
    assert contraction.graph(first) == pytest.approx(4 * 30.0 * 4 * 30)
    used = contraction.words.products
    assert contraction.graph(second) == pytest.approx(4 * 30.0 * 4 * 30)
    assert contraction.words.products == used
    memo: dict = {}
    assert evaluate(word("A", "A.T", "A", "A.T"), values, memo=memo) == pytest.approx(120.0**2)
    ((_, shared),) = memo.values()
    used = shared.words.products
    assert evaluate(2 * word("A", "A.T"), values, memo=memo) == pytest.approx(240.0)
    assert (len(memo), shared.words.products) == (1, used)
    assert evaluate(word("B"), {**values, "B": np.eye(2)}, memo=memo) == 2.0
    assert len(memo) == 2


def test_a_modular_point_is_a_homomorphism():
    point = RandomPoint(seed=5)
    a, b = word("A", "B", "A.T"), word("B", "B.T", "B") + 3
    assert point(a * b) == point(a) * point(b) % PRIME
    assert point(a + b) == (point(a) + point(b)) % PRIME
    assert point(a - a) == 0
    assert point(word("S", "S")) == point(word("S", "S"))
    assert point(a) != RandomPoint(seed=6)(a)


def test_scalars_with_letters_and_symbols_that_stay_open():
    """c tr(A) at c = 2d + 1, and with c left open beside letters in the entries."""
    c, d, e = sympy.symbols("c d e")
    A = Label("A", (2, 2))
    expression = Expression.from_edges([(A, 0, 0)]) * Ring((c,)).generator(c)
    found = evaluate(expression, {"A": [[1, 2], [3, 4]], "c": 2 * d + 1})
    assert found == Ring((d,)).generator(d) * 10 + 5
    assert found.ring.generators == (d,)
    left = evaluate(expression, {"A": [[1, 2], [3, 4]]}, open_symbols=Ring((c,)))
    assert left == Ring((c,)).generator(c) * 5
    both = evaluate(expression, {"A": [[e, 2], [3, 4]]}, open_symbols=Ring((c,)))
    ring = Ring((c, e))
    assert both == ring.generator(c) * (ring.generator(e) + 4)
