"""Theorem 3.2 as a DAG: equal to the closure route in its corrected form, wrong as printed."""

import json
from fractions import Fraction as F

import networkx as nx
import pytest
import sympy

import sgdmoments as sm

X = [[1, 2], [-1, 3], [0, 1], [2, -2]]
Y = [1, 0, 2, -1]


def problem(sampling=None, initial=("1/2", -1)):
    return sm.SGD(sm.LinearRegression(X, Y), [F(1, 7), F(1, 5), F(1, 3)], list(initial), sampling)


QUANTITIES = [sm.gradient(2), sm.full_gradient(2), [[1, 2], [0, 1], [3, 1]] @ sm.gradient(1),
              sm.sample_gradients(2, [[[1, 0], [2, 1]], [[0, 1], [1, 1]], [[1, 1], [0, 3]], [[2, 2], [1, 0]]])]


@pytest.mark.parametrize("sampling", ["without_replacement", "with_replacement"])
@pytest.mark.parametrize("quantity", QUANTITIES, ids=str)
def test_equals_the_closure_route(sampling, quantity):
    sgd = problem(sampling)
    assert sgd.derivation(quantity).polynomial() == sgd.second_moment(quantity)


@pytest.mark.parametrize("quantity", QUANTITIES, ids=str)
def test_the_printed_theorem_fails(quantity):
    sgd = problem()
    assert sgd.derivation(quantity, theorem="printed").polynomial() != sgd.second_moment(quantity)


def test_symbols():
    x1, x2, y1, y2 = sympy.symbols("x1 x2 y1 y2")
    sgd = sm.SGD(sm.LinearRegression([[x1], [x2]], [y1, y2]))
    assert sgd.derivation(sm.gradient(2)).polynomial() == sgd.second_moment(sm.gradient(2))


def test_equal_terms_are_one_node():
    dag = problem().derivation(sm.full_gradient(3))
    counts = dag.counts()
    assert next(iter(counts.values()))["terms"] == 1
    n = len(Y)
    assert counts[0]["terms"] < (n * n + 1) ** 3  # the paper's tree
    assert nx.is_directed_acyclic_graph(dag.graph)
    levels = nx.get_node_attributes(dag.graph, "level")
    assert all(levels[a] == levels[b] + 1 for a, b in dag.graph.edges)


def test_every_step_holds_by_itself():
    """Each rewrite, valued at random weights by direct averaging over batches, keeps its value."""
    from itertools import combinations

    sgd = problem()
    b, n = 2, len(Y)
    c_b = F(n - b, b * (n - 1))

    def norm(term, w):
        residuals = [sum(a * v for a, v in zip(x, w, strict=True)) - y for x, y in zip(X, Y, strict=True)]
        total = [sum(m[r][a] * X[i][a] * residuals[i] for i, m in enumerate(term.matrices) for a in range(2))
                 for r in range(len(term.matrices[0]))]
        return sum(v * v for v in total)

    w0 = [F(2, 3), F(-5, 4)]
    for step in sgd.derivation(sm.gradient(1)).steps():
        rate = sgd.schedule(step.level - 1)
        batches = list(combinations(range(n), b))
        mean = F(0)
        for batch in batches:
            g = [sum(X[i][a] * (sum(x * w for x, w in zip(X[i], w0, strict=True)) - Y[i]) for i in batch) / F(b)
                 for a in range(2)]
            mean += norm(step.before, [w - rate * d for w, d in zip(w0, g, strict=True)]) / len(batches)
        after = sum(c.evaluate(dict.fromkeys(c.ring.generators, c_b)) * norm(term, w0) for c, term in step.after)
        assert mean == after


def test_export(tmp_path):
    dag = problem().derivation(sm.gradient(1))
    data = json.loads(dag.to_json())
    assert len(data["nodes"]) == dag.graph.number_of_nodes()
    dag.to_graphml(tmp_path / "dag.graphml")
    assert nx.read_graphml(tmp_path / "dag.graphml").number_of_edges() == dag.graph.number_of_edges()
    assert "nabla L" in dag.latex()
    assert "Theorem 3.2, corrected" in next(dag.steps()).rule
    with pytest.raises(sm.InputError, match="does not exist"):
        dag.to_graphml(tmp_path / "none" / "dag.graphml")


def test_refusals():
    with pytest.raises(sm.InputError, match="theorem: found"):
        problem().derivation(sm.gradient(1), theorem="other")
    with pytest.raises(sm.RouteError, match="not w_1"):
        problem().derivation(sm.weights(1), theorem="corrected")
    with pytest.raises(sm.BudgetExceeded):
        problem().derivation(sm.gradient(2), budget=sm.Budget(terms=3))
    with pytest.raises(sm.Stopped):
        problem().derivation(sm.gradient(2), progress=lambda report: False)
