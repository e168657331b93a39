"""A plan is arithmetic on sizes: no question is too large to be planned, and none is begun for it."""

import time
from collections import Counter
from itertools import pairwise

import pytest
import sympy

import sgdmoments as sm
from sgdmoments.recursion import components
from sgdmoments.routes.symbolic import setting as symbolic
from sgdmoments.routes.symbolic.sizes import _pairings, _partitions, unmerged
from sgdmoments.tracing.arrays import TracedArray
from sgdmoments.tracing.counts import COUNTS, Atom, CountBlock

QUANTITIES = [sm.gradient(0), sm.gradient(1), sm.gradient(1000), sm.gradient(10**8), sm.loss(3), sm.weights(2),
              sm.full_gradient(7)]
WIDTHS = [(3, 1), (10_000, 1), (10_000, 10_000, 1), (10, 10, 1), (3, 3, 3, 3, 1), (2, 2, 2, 2, 2, 2, 1), (4,) * 11,
          (54, 54, 1), (1, 1, 1), ("p", "q", "r", "s", 1)]


@pytest.fixture
def nothing_is_begun(monkeypatch):
    """Refuses to write out a network as graphs, or a problem in components that is not small."""
    def refused(*arguments, **options):
        raise AssertionError("the plan has begun the work")

    read = components._read
    monkeypatch.setattr(symbolic, "system_of", refused)
    monkeypatch.setattr(components, "_read", lambda sgd, quantity: read(sgd, quantity) if sum(
        int(p.size) for p in sgd.model.parameters) < 16 else refused())


@pytest.mark.parametrize("activation", [(0, 1), (0, 1, 1), (1, 0, 0, 1), (1,)])
@pytest.mark.parametrize("widths", WIDTHS)
def test_any_network_is_planned(widths, activation, nothing_is_begun):
    sgd = sm.SGD(sm.Network(widths, activation=activation))
    for quantity in QUANTITIES:
        start = time.process_time()
        for estimate in sgd.plan(quantity):
            assert estimate.reason or {"terms", "seconds", "memory"} <= set(estimate.needs)
            assert all(value >= 0 for value in estimate.needs.values() if not isinstance(value, str))
        assert time.process_time() - start < 1


@pytest.mark.parametrize(("n", "p"), [(4, 2), (50, 20), (300, 64), (10_000, 3)])
def test_any_regression_is_planned(n, p, nothing_is_begun):
    points = [[(i * j + 3 * i + j) % 17 - 8 for j in range(p)] for i in range(n)]
    sgd = sm.SGD(sm.LinearRegression(points, [1] * n), "1/100", [0] * p)
    sgd.symbols()
    for quantity in QUANTITIES:
        start = time.process_time()
        assert sgd.plan(quantity)
        assert time.process_time() - start < 1


@pytest.mark.parametrize("n", [None, 7, sympy.Symbol("n")])
@pytest.mark.parametrize("features", [1, 3])
def test_moments_alone_are_planned(n, features):
    sgd = sm.SGD(sm.MomentRegression(features=features, n=n), "1/10", [0] * features)
    for quantity in QUANTITIES:
        routes = {estimate.route: estimate for estimate in sgd.plan(quantity)}
        assert not routes["closure"].reason
        assert all(routes[name].reason for name in ("symbolic", "components", "expansion"))


def test_more_steps_never_need_less():
    for sgd in (sm.SGD(sm.LinearRegression([[1, 2], [0, 3], [4, 1]], [1, 1, 2]), "1/10", [0, 0]),
                sm.SGD(sm.Network((2, 2, 1)))):
        needs = [{e.route: e.needs.get("seconds", 0) for e in sgd.plan(sm.gradient(t))} for t in (0, 1, 2, 5, 40)]
        for fewer, more in pairwise(needs):
            assert all(fewer[route] <= more[route] for route in fewer)


def network(*widths):
    initial = {f"W{k}{star}": [[1 + (i + 2 * j + len(star)) % 3 for j in range(widths[k - 1])]
                               for i in range(widths[k])] for k in range(1, len(widths)) for star in ("", "*")}
    return sm.SGD(sm.Network(widths), "1/10", initial)


@pytest.mark.parametrize("widths", [(3, 3, 3, 3, 1), (2, 2, 2, 2, 2, 2, 1)])
def test_deep_networks_are_answered_by_graphs_without_being_sized_in_components(widths):
    start = time.process_time()
    answer = network(*widths).variance(sm.gradient(0))
    assert answer.provenance.route == "symbolic"
    assert time.process_time() - start < 5


@pytest.mark.parametrize(("sgd", "quantity"), [
    (sm.SGD(sm.LinearRegression([[1, 2], [0, 3], [4, 1], [2, 2]], [1, 1, 2, 0]), "1/100", [0, 0]), sm.gradient(10**5)),
    (sm.SGD(sm.Network(("p", "q", "r", "s", 1), activation=(0, 1, 1))), sm.gradient(0)),
    (network(30, 30, 1), sm.gradient(2)),
])
def test_what_is_too_large_is_refused_at_once_with_its_size(sgd, quantity):
    start = time.process_time()
    with pytest.raises(sm.BudgetExceeded) as refused:
        sgd.variance(quantity)
    assert refused.value.estimate
    assert refused.value.nearest
    assert time.process_time() - start < 1


def test_the_nearest_step_is_within_the_budget():
    sgd = sm.SGD(sm.LinearRegression([[1, 2], [0, 3], [4, 1], [2, 2]], [1, 1, 2, 0]), "1/100", [0, 0])
    with pytest.raises(sm.BudgetExceeded, match="the same at t = ") as refused:
        sgd.variance(sm.gradient(5000), budget=sm.Budget(seconds=1))
    step = int(refused.value.nearest.split("t = ")[1].split(";")[0])
    seconds = [{e.route: e.needs["seconds"] for e in sgd.plan(sm.gradient(t)) if e.needs}["closure"]
               for t in (step, step + 1)]
    assert seconds[0] <= 1 < seconds[1]


def test_counts_of_graphs_by_hand():
    """sigma(z) = z^2 of an array of 2 kinds of graphs has the 3 multisets of two; k edges pair in (k - 1)!! ways."""
    kinds = TracedArray(CountBlock((3,), frozenset([frozenset([(Atom(Counter({1: 2})), 1)])])), COUNTS)
    assert (kinds**2).block.collapsed.graphs == {2: 3}
    x = TracedArray(CountBlock((3,), frozenset([frozenset([(Atom(Counter({1: 1})), 1)])])), COUNTS)
    assert (x * x + 5).block.collapsed.graphs == {0: 1, 2: 1}
    assert [_pairings(k) for k in (0, 2, 4, 6, 8)] == [1, 1, 3, 15, 105]
    assert [_partitions(k) for k in (0, 1, 2, 3, 4, 5)] == [1, 1, 2, 5, 15, 52]


@pytest.mark.parametrize(("model", "quantity", "graphs"), [
    (sm.Network(("p", 1)), sm.loss(0), 1),             # (R x)^2: one pairing of two data edges
    (sm.Network(("p", 1)), sm.gradient(0), 3),         # (R x x)^2: (4 - 1)!!
    (sm.Network(("p", "q", 1)), sm.gradient(0), 6),    # the same for each of two layers
    (sm.Network((1, 1), data=sm.Empirical([[1], [2]])), sm.gradient(0), 2),  # two batch vertices, joined or apart
    (sm.Network(("p", "q", 1), activation=(0, 0, 1)), sm.loss(0), 4 * 3),  # (f - f*)^2, f of two data edges each
    (sm.Network(("p", "q", 1), activation=(0, 0, 1)), sm.gradient(0, layer=1), 4 * 105),
    # a step: each edge stays or is replaced by one with two data edges more, sum_k C(edges, k) (2k - 1)!!
    (sm.Network(("p", 1)), sm.loss(1), 1 + 2 + 3),
    (sm.Network(("p", 1)), sm.gradient(1), 3 * (1 + 2 + 3)),
    (sm.Network(("p", 1)), sm.weights(1), 1 + 2 + 3),
    (sm.Network(("p", "q", 1)), sm.loss(1), 1 + 4 + 6 * 3 + 4 * 15 + 105),
    (sm.Network(("p", "q", 1)), sm.gradient(1, layer=1), 3 * (1 + 6 + 15 * 3 + 20 * 15 + 15 * 105 + 6 * 945 + 10395)),
    (sm.Network((1, 1), data=sm.Empirical([[1], [2]])), sm.loss(1), 2 * (1 + 2 + 2)),
])
def test_graphs_before_they_are_merged_by_hand(model, quantity, graphs):
    assert unmerged(sm.SGD(model), quantity) == graphs
