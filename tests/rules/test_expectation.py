"""The expectation rule against independent ways to the same numbers."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from sgdmoments.describe.laws.coordinates import Coordinates, Rademacher, Uniform
from sgdmoments.exact.ring import INVERSE_BATCH, Ring
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.labels import BATCH, Label
from sgdmoments.rules import expectation as rule
from sgdmoments.rules.expectation import EntryLaw, Expectation, truncated
from sgdmoments.rules.random_letters import entry_law

n, p = sympy.symbols("n p")
G = Label("G", (n, p), kind="data")
WISHART = Ring((INVERSE_BATCH, n, p))


def wishart_trace(*powers):
    """Π tr (GᵀG)^k."""
    total = Expression.constant(1)
    for k in powers:
        edges = [edge for i in range(k) for edge in ((G, 2 * i, 2 * i + 1), (G, (2 * i + 2) % (2 * k), 2 * i + 1))]
        total = total * Expression.from_edges(edges)
    return total


@pytest.mark.parametrize(("powers", "known"), [
    ((1,), n * p),
    ((2,), n * p * (n + p + 1)),
    ((1, 1), n * p * (n * p + 2)),
    ((3,), n * p * (n**2 + p**2 + 3 * n * p + 3 * n + 3 * p + 4)),
    ((4,), n * p * (n**3 + p**3 + 6 * n**2 * p + 6 * n * p**2 + 6 * n**2 + 6 * p**2 + 17 * n * p
                    + 21 * n + 21 * p + 20)),
    ((1, 1, 1), n * p * (n * p + 2) * (n * p + 4)),
])
def test_real_wishart_moments(powers, known):
    mean = Expectation({G: EntryLaw.gaussian()}, WISHART)
    assert mean(wishart_trace(*powers)).to_sympy().equals(known)


@pytest.mark.parametrize("k", range(1, 9))
def test_one_gaussian(k):
    value = Expectation({G: EntryLaw.gaussian()}, WISHART)(wishart_trace(k)).substitute({n: 1, p: 1})
    assert value == sympy.factorial2(2 * k - 1)


A, B = Label("A", (2, 2)), Label("B", (2, 2))
x = Label("x", (BATCH, 2), kind="data")


@st.composite
def data_graphs(draw, max_samples=3, branches=True):
    """A graph of up to six x edges from few batch vertices, with matrices between the features."""
    count = 2 * draw(st.integers(1, 3))
    samples = [draw(st.integers(0, max_samples - 1)) for _ in range(count)]
    edges = [(x, s, 10 + k) for k, s in enumerate(samples)]
    ends = draw(st.permutations(range(count)))
    edges += [(draw(st.sampled_from((A, B))), 10 + ends[k], 10 + ends[k + 1]) for k in range(0, count, 2)]
    if branches and draw(st.booleans()):
        edges.append((A, 10, 10 + count - 1))
    return edges


def listed(edges, support, b, matrices):
    """The mean over all arrays x of shape (b, 2) with equally likely entries; batch vertices averaged."""
    batch = sorted({e[1] for e in edges if e[0] is x})
    features = sorted({v for e in edges for v in (e[2:] if e[0] is x else e[1:])})
    total = Fraction(0)
    draws = list(product(support, repeat=2 * b))
    for entries in draws:
        data = np.array(entries, dtype=object).reshape(b, 2)
        for samples in product(range(b), repeat=len(batch)):
            for index in product(range(2), repeat=len(features)):
                value = Fraction(1)
                for edge in edges:
                    at = [dict(zip(features, index, strict=True)).get(v) for v in edge[1:]]
                    if edge[0] is x:
                        value *= data[samples[batch.index(edge[1])], at[1]]
                    else:
                        value *= matrices[edge[0]][at[0]][at[1]]
                total += value
    return total / len(draws) / b ** len(batch)


MATRICES = {A: [[1, 2], [0, -1]], B: [[3, -1], [1, 2]]}


@settings(max_examples=12, deadline=None)
@given(data_graphs(max_samples=2), st.sampled_from([0, rule.LISTED_BLOCKS]))
def test_skewed_law_by_listing(edges, listed_blocks):
    support = (Fraction(-1), Fraction(-1), Fraction(2))  # moments 0, 2, 2, 6, 10, 22
    law = entry_law(Coordinates([sum(s**k for s in support) / 3 for k in range(1, 9)]), "x")
    default, rule.LISTED_BLOCKS = rule.LISTED_BLOCKS, listed_blocks
    try:
        answer = Expectation({x: law}, Ring((INVERSE_BATCH,)))(Expression.from_edges(edges))
    finally:
        rule.LISTED_BLOCKS = default
    for b in (1, 2):
        value = answer.substitute({INVERSE_BATCH: Fraction(1, b)}).evaluate({"A": MATRICES[A], "B": MATRICES[B]})
        assert value == listed(edges, support, b, MATRICES)


@settings(max_examples=25, deadline=None)
@given(data_graphs())
def test_the_two_ways_to_make_blocks_agree(edges):
    for law in (Rademacher(), Uniform(-1, 2)):
        answers = []
        for limit in (0, 13):
            default, rule.LISTED_BLOCKS = rule.LISTED_BLOCKS, limit
            answers.append(Expectation({x: entry_law(law, "x")}, Ring((INVERSE_BATCH,)))(Expression.from_edges(edges)))
            rule.LISTED_BLOCKS = default
        assert answers[0] == answers[1]


@given(data_graphs())
def test_gaussian_cumulants_and_pairs_agree(edges):
    ring = Ring((INVERSE_BATCH,))
    law = EntryLaw(lambda k: int(k == 2))
    assert Expectation({x: law}, ring)(Expression.from_edges(edges)) == \
        Expectation({x: EntryLaw.gaussian()}, ring)(Expression.from_edges(edges))


@given(data_graphs(branches=False))
def test_covariance_identity_is_the_standard_law(edges):
    ring = Ring((INVERSE_BATCH,))
    sigma = Label("Sigma", (2, 2), symmetric=True)
    general = Expectation({x: EntryLaw.gaussian_rows(sigma)}, ring)(Expression.from_edges(edges))
    values = {"A": MATRICES[A], "B": MATRICES[B]}
    standard = Expectation({x: EntryLaw.gaussian()}, ring)(Expression.from_edges(edges))
    b = {INVERSE_BATCH: Fraction(1, 3)}
    plain = general.substitute(b).evaluate({**values, "Sigma": [[1, 0], [0, 1]]})
    assert plain == standard.substitute(b).evaluate(values)
    # x = L z turns matrices M into LᵀML
    root = np.array([[1, 0], [2, 3]], dtype=object)
    turned = {k: (root.T @ np.array(v, dtype=object) @ root).tolist() for k, v in values.items()}
    covariance = (root @ root.T).tolist()
    assert general.substitute(b).evaluate({**values, "Sigma": covariance}) == standard.substitute(b).evaluate(turned)


@given(data_graphs(), st.integers(0, 2))
def test_truncation_in_one_over_b(edges, order):
    ring = Ring((INVERSE_BATCH,))
    whole = Expectation({x: EntryLaw.gaussian()}, ring)(Expression.from_edges(edges))
    assert Expectation({x: EntryLaw.gaussian()}, ring, order)(Expression.from_edges(edges)) == truncated(whole, order)


def test_copies_of_a_graph_are_counted_once():
    """E (tr S)^4 for S one Gaussian squared, as four equal graphs: 105."""
    value = Expectation({G: EntryLaw.gaussian()}, WISHART)(wishart_trace(1, 1, 1, 1)).substitute({n: 1, p: 1})
    assert value == 105
    mixed = Expectation({G: EntryLaw.gaussian()}, WISHART)(wishart_trace(2, 2, 1)).substitute({n: 1, p: 1})
    assert mixed == 945


def test_constant_factors_stay():
    """E tr(A) tr(GᵀG) tr(GᵀG) = tr(A) n p (n p + 2), in one product of graphs and in an expression."""
    mean = Expectation({G: EntryLaw.gaussian()}, WISHART)
    trace = Expression.from_edges([(A, 0, 0)])
    query = trace * wishart_trace(1, 1)
    (monomial,) = query.monomials
    found = Expression.from_raw(WISHART, dict(mean.monomial(monomial)))
    assert found == mean(query) == trace * mean(wishart_trace(1, 1))
    assert found.evaluate({"A": [[2, 0], [1, 3]], "n": 3, "p": 4}) == 5 * 12 * 14
    (alone,) = trace.monomials
    assert dict(mean.monomial(alone)) == {alone: WISHART.one.raw}


def test_the_work_says_how_many_products_it_knows():
    class Told:
        def __init__(self):
            self.seen = []

        def update(self, stage, done, total=None, terms=0):
            self.seen.append((stage, done, terms))

    told = Told()
    n_n, p_p = Label("B", (n, n)), Label("C", (p, p))
    mean = Expectation({G: EntryLaw.gaussian()}, WISHART, monitor=told)
    for k in (5, 6):  # tr (G C Gᵀ B)^k
        edges = []
        for i in range(k):
            a, b, c, d = (4 * i + j for j in range(4))
            edges += [(G, a, b), (p_p, b, c), (G, d, c), (n_n, d, (4 * i + 4) % (4 * k))]
        mean(Expression.from_edges(edges))
        if mean.memo_size >= 1000:
            break
    assert told.seen == [("expectation", 1000 * m, 1000 * m) for m in range(1, mean.memo_size // 1000 + 1)]
    assert told.seen
