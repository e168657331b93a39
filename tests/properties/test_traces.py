"""Theorems 3.6 to 3.8 (P0): the mean of any product of traces of weights and gradients is a polynomial in 1/b.

Random products of both layers, steps 0 and 1 mixed, with a constant tensor C between Kronecker factors and a factor M_0
with open ends, against a listing of all batch sequences with gradients written out in NumPy.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sgdmoments as sm

POINTS = np.array([[1, 2], [-1, 1]], dtype=object)
WEIGHTS = {"W1": np.array([[1, 0], [2, -1], [0, 1]], dtype=object), "W2": np.array([[1, -1, 2]], dtype=object),
           "W1*": np.array([[1, 1], [0, 1], [-1, 0]], dtype=object), "W2*": np.array([[0, 1, 1]], dtype=object)}
RATE = Fraction(1, 7)
WIDTHS = (2, 3, 1)
SHAPES = {1: (1, 0), 2: (2, 1)}  # layer: (row, column) as places in WIDTHS
C = np.arange(16).reshape(2, 2, 2, 2) % 5 - 2


def gradients(W1, W2, batch):
    x = POINTS[list(batch)]
    residual = x @ (W2 @ W1 - WEIGHTS["W2*"] @ WEIGHTS["W1*"]).T
    scale = Fraction(1, len(x))
    return (W2.T @ residual.T @ x) * scale, (residual.T @ x @ W1.T) * scale


def runs(b, sampling):
    """The matrices of every sequence of two batches, all sequences being equally likely."""
    rows = range(len(POINTS))
    batches = list(combinations(rows, b) if sampling == "without_replacement" else product(rows, repeat=b))
    for first, second in product(batches, repeat=2):
        W1, W2 = WEIGHTS["W1"], WEIGHTS["W2"]
        g1, g2 = gradients(W1, W2, first)
        V1, V2 = W1 - RATE * g1, W2 - RATE * g2
        h1, h2 = gradients(V1, V2, second)
        yield {("W", 0, 1): W1, ("W", 0, 2): W2, ("W", 1, 1): V1, ("W", 1, 2): V2,
               ("g", 0, 1): g1, ("g", 0, 2): g2, ("g", 1, 1): h1, ("g", 1, 2): h2,
               ("*", 0, 1): WEIGHTS["W1*"], ("*", 0, 2): WEIGHTS["W2*"]}


def cost(letter):
    """How many samples of the first batch a letter brings: a gradient at step 1 has three weights that moved."""
    kind, step, _ = letter
    return {("g", 0): 1, ("g", 1): 3, ("W", 1): 1}.get((kind, step), 0)


def costs(*parts):
    return sum(cost(letter) for word in parts for letter, _ in word)


@st.composite
def words(draw, start, end, budget, most=4):
    """A product of matrices from one layer's width to another's: ((kind, step, layer), transposed) ..."""
    word, at = [], start
    while True:
        options = []
        for layer, (row, column) in SHAPES.items():
            for kind, step in (("W", 0), ("*", 0), ("W", 1), ("g", 0), ("g", 1)):
                if cost((kind, step, layer)) > budget:
                    continue
                options += [((kind, step, layer), False, column)] * (row == at)
                options += [((kind, step, layer), True, row)] * (column == at)
        if len(word) >= most - 1:
            options = [o for o in options if o[2] == end] or options
        letter, transposed, at = draw(st.sampled_from(options))
        budget -= cost(letter)
        word.append((letter, transposed))
        if at == end and (len(word) >= most or draw(st.booleans())):
            return tuple(word)


def symbolic(sgd, word):
    make = {"W": sm.weights_matrix, "g": sm.gradient_matrix, "*": lambda s, t, layer: sm.teacher_matrix(s, layer)}
    total = None
    for (kind, step, layer), transposed in word:
        matrix = make[kind](sgd, step, layer)
        matrix = matrix.T if transposed else matrix
        total = matrix if total is None else total @ matrix
    return total


def numeric(matrices, word):
    total = None
    for letter, transposed in word:
        matrix = matrices[letter].T if transposed else matrices[letter]
        total = matrix if total is None else total @ matrix
    return total


@pytest.mark.parametrize("sampling", ["without_replacement", "with_replacement"])
@settings(max_examples=30)
@given(data=st.data())
def test_products_of_traces(sampling, data):
    net = sm.Network(WIDTHS, data=sm.Empirical(POINTS))
    sgd = sm.SGD(net, learning_rate=RATE, initial=WEIGHTS, sampling=sampling)
    place = data.draw(st.integers(0, 2))
    first = data.draw(words(place, place, 5))
    second = data.draw(words(0, 0, 5 - costs(first), most=2))
    query = sm.trace(symbolic(sgd, first)) * sm.trace(symbolic(sgd, second))
    answer = sgd.expectation(query)
    assert answer.degree <= len(first) * 3 + len(second) * 3
    for b in (1, 2):
        values = [np.trace(numeric(m, first)) * np.trace(numeric(m, second)) for m in runs(b, sampling)]
        assert answer(b) == sum(values) / Fraction(len(values))


@settings(max_examples=20)
@given(data=st.data())
def test_a_tensor_between_kronecker_factors_and_open_ends(data):
    net = sm.Network(WIDTHS, data=sm.Empirical(POINTS))
    sgd = sm.SGD(net, learning_rate=RATE, initial=WEIGHTS)
    left, right = data.draw(words(0, 0, 3, most=2)), data.draw(words(0, 0, 1, most=2))
    outside = data.draw(words(1, 0, 4, most=2))
    tensor = sm.matrix("C", (2, 2), (2, 2))
    scalar = sm.trace(tensor @ sm.kron(symbolic(sgd, left), symbolic(sgd, right)))
    for b in (1, 2):
        total, array, count = 0, 0, 0
        for m in runs(b, "without_replacement"):
            inner = np.trace(C.reshape(4, 4) @ np.kron(numeric(m, left), numeric(m, right)))
            total, array, count = total + inner, array + numeric(m, outside), count + 1
        found = sgd.expectation(scalar).evaluate({"C": C})
        assert found(b) == Fraction(total) / count
        means = sgd.expectation(symbolic(sgd, outside).array)
        assert [[entry(b) for entry in row] for row in means] == (array * Fraction(1, count)).tolist()
