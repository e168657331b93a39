"""Types ask a table for their printers; the package fills it, with nothing heavy."""

import subprocess
import sys

import pytest

import sgdmoments as sm
from sgdmoments.exact import display
from sgdmoments.graphs.graph_sum import GraphSum
from sgdmoments.graphs.labels import Label
from sgdmoments.graphs.query import matrix, trace
from sgdmoments.show.plots import new_axes


def test_every_type_with_a_formula_or_a_picture_has_its_printers():
    square = trace(matrix("A", "n", "n") @ matrix("A", "n", "n"))
    graph, = square.graphs
    polynomial = sm.BatchPolynomial((0, square))
    assert square.latex() == graph.latex() == r"\operatorname{tr}(A^{2})"
    assert str(square) == display.text(graph) == "tr(A^2)"
    assert polynomial.latex() == r"\frac{1}{b} \left(\operatorname{tr}(A^{2})\right)"
    assert str(polynomial) == "(tr(A^2))/b"
    assert square.draw().startswith("<svg")
    assert graph._repr_svg_().startswith("<svg")
    sgd = sm.SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]), "1/10", initial=[0])
    assert sgd.derivation(sm.gradient(1)).draw().startswith("<svg")


def test_a_sum_of_graphs_shows_as_the_expression_made_of_it():
    a = Label("A", (2, 2))
    data = GraphSum.from_edges([(a, 0, 1), (a, 1, 0)], 3)
    assert display.latex(data) == (3 * trace(matrix("A", 2, 2) @ matrix("A", 2, 2))).latex()


@pytest.mark.parametrize("ask", [display.text, display.latex, display.svg, display.html, display.plot])
def test_a_type_without_a_printer_says_so(ask):
    with pytest.raises(TypeError, match=r"no printer shows a complex as .*show\.printers"):
        ask(1j)


def test_a_curve_takes_its_label():
    axes = new_axes()
    sm.BatchPolynomial((0, 1)).plot(ax=axes, label="one step")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["one step"]


def test_importing_the_package_imports_no_extra():
    program = "import sys, sgdmoments; print([m for m in ('jax', 'matplotlib', 'typer') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
