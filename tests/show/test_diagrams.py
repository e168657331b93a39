"""Pictures of graphs and derivations: complete, well formed, inside their frame, the same every time."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import networkx as nx
import pytest

from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.labels import BATCH, Label
from sgdmoments.graphs.query import diagonal, hadamard, kron, matrix, squared_norm, trace, vector
from sgdmoments.show.diagrams import dag_svg, expression_svg, graph_svg, monomial_svg

A, B, D, v = matrix("A", "m", "n"), matrix("B*", "n", "m"), matrix("D", "n", "n"), vector("v", "n")
C = matrix("C", ("m", "n"), ("m", "n"))
SPACE = "{http://www.w3.org/2000/svg}"
X = Label("x", (BATCH, 3), kind="data")


def graphs():
    expressions = [
        trace(D), squared_norm(A), trace(A @ B @ A @ D @ B), trace(hadamard(A, A) @ A.T), v.T @ D @ v,
        (A @ D).array, (A @ v).array, trace(C @ kron(A @ B, D)), trace(hadamard(D, D, D)), (v.T @ diagonal(v) @ v),
        Expression.from_edges([(X, 0, 1), (X, 0, 2), (X, 3, 1), (X, 3, 2)]),
    ]
    return [graph for expression in expressions for graph in expression.graphs]


@pytest.mark.parametrize("graph", graphs(), ids=repr)
def test_every_vertex_and_edge_is_drawn_inside_the_frame(graph):
    root = ET.fromstring(graph_svg(graph))
    texts = [node.text for node in root.iter(f"{SPACE}text")]
    for name in {edge[0].name for edge in graph.edges if edge[0].kind != "open"}:
        assert texts.count(name) >= sum(edge[0].name == name and edge[0].kind != "open" for edge in graph.edges)
    dots = [node for node in root.iter(f"{SPACE}circle") if node.get("r") == "4"]
    batch = [node for node in root.iter(f"{SPACE}rect") if node.get("width") == "9"]
    assert len(dots) + len(batch) == graph.vertices
    arrows = list(root.iter(f"{SPACE}polygon"))
    assert len(arrows) == sum(len(edge) == 3 for edge in graph.edges)
    width, height = float(root.get("width")), float(root.get("height"))
    (group,) = root.findall(f"{SPACE}g")
    dx, dy = map(float, re.findall(r"-?[\d.]+", group.get("transform")))
    for node in [*dots, *(node for node in root.iter(f"{SPACE}text"))]:
        x = float(node.get("cx") or node.get("x")) + dx
        y = float(node.get("cy") or node.get("y")) + dy
        assert 0 < x < width
        assert 0 < y < height


def test_two_vertices_are_never_on_one_place():
    for graph in graphs():
        places = re.findall(r'<circle cx="([-\d.]+)" cy="([-\d.]+)" r="4"', graph_svg(graph))
        assert len(set(places)) == len(places)


def test_expressions_show_coefficients_and_say_what_is_left_out():
    total = trace(D) * 3 - squared_norm(A) / 2 + trace(D @ D @ D)
    texts = [node.text for node in ET.fromstring(expression_svg(total)).iter(f"{SPACE}text")]
    assert {"3", "- 1/2", "+"} <= set(texts)
    assert "+ ... (2 more)" in expression_svg(total, limit=1) == total.draw(limit=1)
    assert ET.fromstring(expression_svg(Expression())).find(f"{SPACE}title").text == "0"
    assert float(ET.fromstring(expression_svg(total, width=100)).get("height")) > float(
        ET.fromstring(expression_svg(total)).get("height"))
    (monomial,) = (trace(D) * squared_norm(A)).monomials
    assert monomial_svg(monomial) == expression_svg(trace(D) * squared_norm(A))


def test_the_same_picture_in_another_process():
    code = ("from sgdmoments.graphs.query import *; from sgdmoments.show.diagrams import *;"
            "A, D = matrix('A', 'm', 'n'), matrix('D', 'n', 'n');"
            "print(expression_svg(trace(hadamard(A, A) @ A.T) + trace(hadamard(D, D @ D) @ D)))")
    runs = {subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                           env={"PYTHONHASHSEED": seed}).stdout for seed in ("1", "2")}
    assert len(runs) == 1


class Word:
    def __init__(self, text):
        self.key = self.text = text

    def __str__(self):
        return self.text


def test_derivations_in_columns_by_step():
    dag = nx.DiGraph()
    for k, (level, text) in enumerate([(1, "a <b>"), (0, "c"), (0, "d" * 60)]):
        dag.add_node(k, level=level, term=Word(text))
    dag.add_edge(0, 1, coefficient="1/b", rule="update")
    dag.add_edge(0, 2, coefficient="2", rule="update")
    root = ET.fromstring(dag_svg(dag))
    texts = [node.text for node in root.iter(f"{SPACE}text")]
    assert {"t = 1", "t = 0", "a <b>", "c", "1/b", "2"} <= set(texts)
    assert "d" * 33 + "…" in texts
    columns = [float(node.get("x")) for node in root.iter(f"{SPACE}text") if (node.text or "").startswith("t = ")]
    assert columns == sorted(columns)
    for k in range(3, 30):
        dag.add_node(k, level=0, term=Word(f"e{k}"))
        dag.add_edge(0, k, coefficient="1", rule="update")
    texts = [node.text for node in ET.fromstring(dag_svg(dag, limit=5)).iter(f"{SPACE}text")]
    assert "+ 24 more" in texts
