"""Counts of graphs are those of the graphs that are made, or bound them from above."""

import pytest

import sgdmoments as sm
from sgdmoments.tracing.counts import counts_of
from sgdmoments.tracing.system import system_of


def made(model):
    """The graphs of f(x) by data edges, and of each weight array's edges the most that one graph has."""
    system = system_of(model, plain=True)
    own = {label: k for k, label in enumerate(system.weights)}
    graphs, most, degree = {}, [0] * len(own), 0
    for monomial in system.residual.raw:
        edges = [edge[0] for graph in monomial for edge in graph.edges]
        if any(label in system.fixed for label in edges):
            continue
        data = sum(label.kind == "data" for label in edges)
        graphs[data] = graphs.get(data, 0) + 1
        for label, k in own.items():
            most[k] = max(most[k], edges.count(label))
        degree = max(degree, sum(label in own for label in edges))
    return graphs, tuple(most), degree


@pytest.mark.parametrize("activation", [(0, 1), (0, 1, 1), (1, 0, 2), (0, 0, 0, 1)])
@pytest.mark.parametrize("widths", [("p", 1), ("p", "q", 1), ("p", "q", "r", 2)])
def test_networks(widths, activation):
    model = sm.Network(widths, activation=activation)
    found = counts_of(model)
    graphs, most, degree = made(model)
    assert (found.edges, found.degree) == (most, degree)
    assert all(found.graphs[d] >= count for d, count in graphs.items())
    if len(widths) < 4 or sum(map(bool, activation)) == 1:  # else shares of multisets are rounded up
        assert dict(found.graphs) == graphs


def test_a_residual_block():
    class Skip(sm.Network):
        def predict(self, weights, constants, sample):
            return weights["W2"] @ (weights["W1"] @ sample["x"] + sample["x"])

    found = counts_of(Skip((2, 2, 1)))
    assert (dict(found.graphs), found.edges, found.degree) == ({1: 2}, (1, 1), 2)


def test_nothing_of_the_size_of_the_weights_is_made():
    found = counts_of(sm.Network((10**6, 10**6, 1), activation=(0, 1, 1)))
    assert (found.edges, found.degree) == ((2, 1), 3)


def test_what_is_no_polynomial_is_refused():
    class Kink(sm.Network):
        def predict(self, weights, constants, sample):
            return abs(weights["W1"] @ sample["x"])

    with pytest.raises(sm.RouteError, match=r"Kink.predict: a conversion to a number"):
        counts_of(Kink((2, 1)))
