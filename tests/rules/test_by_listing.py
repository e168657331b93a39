"""Means and updates of products of traces against NumPy: small matrices, every value listed."""

from fractions import Fraction as F
from itertools import product

import numpy as np
import pytest
import sympy

import sgdmoments as sm
from sgdmoments.exact.ring import INVERSE_BATCH, Ring
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.labels import Label, open_end
from sgdmoments.rules import expectation as rule
from sgdmoments.rules.expectation import truncated
from sgdmoments.rules.update import Update, along, update

#: A skewed law on two points; its first moments.
POINTS = (F(-1), F(-1), F(2))
SKEWED = sm.IndependentInit([sum(x**k for x in POINTS) / 3 for k in range(1, 13)])
C = np.array([[1, 2, -1], [0, 3, 1], [2, 0, 5]], dtype=object)


def words(X, c, trace):
    """Products of traces in a random X (n, p) and a constant c (p, p): one, two and three graphs, and powers."""
    W = X.T @ X
    return {"W": trace(W), "W W": trace(W @ W), "W, W": trace(W) * trace(W), "cW": trace(c @ W),
            "c W c W": trace(c @ W @ c @ W), "W, W W": trace(W) * trace(W @ W),
            "W, W, W": trace(W) * trace(W) * trace(W), "cW, W": trace(c @ W) * trace(W),
            "cW, cW, cW": trace(c @ W) * trace(c @ W) * trace(c @ W), "W c', c W": trace(W @ c.T) * trace(c @ W)}


@pytest.mark.parametrize("listed_blocks", [0, rule.LISTED_BLOCKS])
@pytest.mark.parametrize(("n", "p"), [(1, 1), (2, 1), (1, 3), (2, 2)])
def test_means_of_a_skewed_law(n, p, listed_blocks, monkeypatch):
    monkeypatch.setattr(rule, "LISTED_BLOCKS", listed_blocks)
    c = C[:p, :p]
    asked = words(sm.matrix("X", n, p), sm.matrix("C", p, p), sm.trace)
    draws = [np.array(entries, dtype=object).reshape(n, p) for entries in product(set(POINTS), repeat=n * p)]
    chances = [np.prod([F(POINTS.count(x), 3) for x in draw.flat]) for draw in draws]
    values = [words(draw, c, np.trace) for draw in draws]
    for name, query in asked.items():
        expected = sum((chance * value[name] for chance, value in zip(chances, values, strict=True)), F(0))
        found = sm.expectation(query, {"X": SKEWED})
        assert (found.evaluate({"C": c}) if hasattr(found, "evaluate") else found) == expected, name


def test_updates_of_products_of_traces():
    """W becomes W + α G: each order in α by the values at as many α."""
    alpha = sympy.Symbol("alpha")
    W, G, M = Label("W", (2, 3)), Label("G", (2, 3)), Label("M", (3, 3))
    ring = Ring((INVERSE_BATCH, alpha))
    made = Expression.from_edges([(G, 0, 1), (open_end(0, 2), 0), (open_end(1, 3), 1)]).in_ring(ring)
    changed = Update(along({W: made}), ring)

    def norm(*letters):
        ends = range(len(letters))
        edges = [(letter, 0, k + 1) for k, letter in enumerate(letters)]
        return Expression.from_edges([*edges, *((M, k + 1, (k + 1) % len(ends) + 1) for k in ends)]).in_ring(ring)

    w, g = [[1, 2, 0], [-1, 3, 5]], [[2, 0, 1], [1, -1, 4]]
    values = {"W": np.array(w, dtype=object), "G": np.array(g, dtype=object), "M": C}
    for before in (norm(W, W), norm(W, W) * norm(W, G) + 3 * norm(G, W), norm(W, W) * norm(W, W) * norm(W, W),
                   norm(W, W) + 2 * norm(W, G) + norm(G, W)):
        degree = changed.degree_of(before)
        after = update(before, changed, ring.generator(alpha), degree)
        for a in (F(1, 3), F(-2), F(5)):
            moved = {**values, "W": values["W"] + a * values["G"]}
            assert after.evaluate({**values, "alpha": a}) == before.evaluate(moved)
        orders = after.coefficients(alpha)
        for k in range(degree + 1):
            assert update(before, changed, ring.generator(alpha), k).coefficients(alpha) == orders[: k + 1]


def test_truncation_keeps_the_first_powers():
    ring = Ring((INVERSE_BATCH,))
    u, a = ring.generator(INVERSE_BATCH), Label("A", (2, 2))
    graph = Expression.from_edges([(a, 0, 1), (a, 0, 1)])
    whole = graph * (1 + 2 * u + 3 * u**2) + 5 * u**2 - 7 * u
    assert truncated(whole, 0) == graph
    assert truncated(whole, 1) == graph * (1 + 2 * u) - 7 * u
    assert truncated(whole, 2) == whole
