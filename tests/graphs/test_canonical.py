"""The normal form: one object for each isomorphism class, whatever the presentation."""

import gc

import networkx as nx
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sgdmoments.graphs.canonical import least_rotation, reverse
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.graph import _GRAPHS, IndexGraph, normal_form
from sgdmoments.graphs.labels import _LABELS, Label, open_end
from sgdmoments.graphs.modular import RandomPoint

A, B = Label("A", (2, 2)), Label("B", (2, 2))
S = Label("S", (2, 2), symmetric=True)
V, C = Label("v", (2,)), Label("C", (2, 2, 2))
LABELS = (A, B, S, V, C)


@st.composite
def edge_lists(draw, labels=LABELS, max_edges=9, max_vertices=5):
    count = draw(st.integers(1, max_vertices))
    vertex = st.integers(0, count - 1)
    edges = []
    for _ in range(draw(st.integers(1, max_edges))):
        label = draw(st.sampled_from(labels))
        edges.append((label, *(draw(vertex) for _ in label.dimensions)))
    if draw(st.booleans()):
        edges.append((open_end(0, 2), draw(vertex)))
    return edges


def presentation(data, edges):
    """The same graph with other vertex names, another order of edges, symmetric edges turned."""
    names = data.draw(st.permutations(range(50, 60)))
    turned = [(e[0], e[2], e[1]) if e[0].symmetric and data.draw(st.booleans()) else e for e in edges]
    renamed = [(e[0], *(names[v] for v in e[1:])) for e in turned]
    return data.draw(st.permutations(renamed))


@given(edge_lists(), st.data())
def test_every_presentation_has_the_same_form(edges, data):
    assert normal_form(edges)[0] == normal_form(presentation(data, edges))[0]


@given(edge_lists())
def test_the_form_of_a_form_is_itself(edges):
    for graph in normal_form(edges)[0]:
        assert normal_form(graph.edges)[0] == (graph,)
        assert IndexGraph.from_json(graph.to_json()) is graph


@given(edge_lists(max_edges=6, max_vertices=4), st.integers(0, 10**6))
def test_contraction_is_unchanged(edges, seed):
    expression = Expression.from_edges(edges)
    point = RandomPoint(seed)
    operands, vertices = [], sorted({v for e in edges for v in e[1:]})
    for edge in edges:
        if edge[0].kind != "open":
            operands += [point.array(edge[0], None)[0].astype(object), [vertices.index(v) for v in edge[1:]]]
    open_vertices = [vertices.index(e[1]) for e in edges if e[0].kind == "open"]
    if operands:
        grid = np.array(0, dtype=object)
        for array, places in zip(operands[::2], operands[1::2], strict=True):
            shape = [1] * len(vertices)
            order = sorted(set(places))
            diagonal = np.empty([2] * len(order), dtype=object)
            for index in np.ndindex(*diagonal.shape):
                diagonal[index] = array[tuple(index[order.index(p)] for p in places)]
            for p in order:
                shape[p] = 2
            factor = diagonal.reshape(shape)
            grid = factor if grid.shape == () else grid * factor
        full = np.broadcast_to(grid, [2] * len(vertices))
        axes = tuple(k for k in range(len(vertices)) if k not in open_vertices)
        assert np.all(np.asarray(full.sum(axis=axes)) % point.prime == point(expression))


def as_networkx(edges):
    """A vertex for every vertex and every end of an edge, so that isomorphism is that of coloured graphs."""
    graph = nx.Graph()
    for k, edge in enumerate(edges):
        graph.add_node(("edge", k), colour=str(edge[0]))
        for place, v in enumerate(edge[1:]):
            graph.add_node(("vertex", v), colour="vertex")
            graph.add_node(("end", k, place), colour=0 if edge[0].symmetric else place)
            graph.add_edge(("edge", k), ("end", k, place))
            graph.add_edge(("end", k, place), ("vertex", v))
    return graph


SMALL = edge_lists(labels=(A, S, V), max_edges=5, max_vertices=4)


@given(SMALL, SMALL)
def test_equal_forms_exactly_where_networkx_finds_an_isomorphism(left, right):
    same = nx.is_isomorphic(as_networkx(left), as_networkx(right),
                            node_match=lambda a, b: a["colour"] == b["colour"])
    assert (normal_form(left)[0] == normal_form(right)[0]) == same


@given(st.lists(st.sampled_from((A, A.T, B, B.T, S)), min_size=1, max_size=8), st.integers(0, 7))
def test_cyclic_words(word, shift):
    word = tuple(word)
    k = shift % len(word)
    assert least_rotation(word[k:] + word[:k]) == least_rotation(word) == least_rotation(reverse(word))


def test_regular_graphs_of_one_colour_are_told_apart():
    """Colour refinement alone sees no difference between the triangular prism and K(3, 3)."""
    prism = [(S, 0, 1), (S, 1, 2), (S, 2, 0), (S, 3, 4), (S, 4, 5), (S, 5, 3), (S, 0, 3), (S, 1, 4), (S, 2, 5)]
    bipartite = [(S, i, j) for i in (0, 1, 2) for j in (3, 4, 5)]
    assert normal_form(prism)[0] != normal_form(bipartite)[0]
    moved = [(label, 5 - i, 5 - j) for label, i, j in prism]
    assert normal_form(prism)[0] == normal_form(moved)[0]


def test_vertices_without_edges_are_factors():
    n = Label("n", (7, 7))
    assert Expression.from_edges([(n, 0, 0)], 2, {5: 3, 0: 7}) == 6 * Expression.from_edges([(n, 1, 1)])


def test_labels_of_equal_names_are_kept_apart():
    assert Label("W", (2, 3)) != Label("W", (2, 3), kind="data")
    assert Label("W", (2, 3)) != Label("W", (2, 4))
    assert Label("W", (2, 3)) is Label("W", (2, 3))


def test_graphs_and_letters_that_nothing_holds_are_let_go():
    gc.collect()
    graphs, letters = len(_GRAPHS), len(_LABELS)
    for k in range(6000):
        letter = Label(f"letter {k}", (2, 2))
        assert normal_form([(letter, 0, 1), (letter, 0, 2), (A, 1, 2), (A, 0, 0)])[0]
    gc.collect()
    assert len(_GRAPHS) < graphs + 100
    assert len(_LABELS) < letters + 4500  # the last ones are kept with the orientations of their words
