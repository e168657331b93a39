"""Formulas of graphs: what a blackboard would show."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy

from sgdmoments.exact.ring import INVERSE_BATCH, Ring
from sgdmoments.graphs.derived import derived_letter
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.labels import BATCH, Label, open_end
from sgdmoments.graphs.matrices import letter
from sgdmoments.graphs.query import diagonal, hadamard, identity, kron, matrix, squared_norm, trace, vector
from sgdmoments.graphs.run_letters import step_letter
from sgdmoments.show.graph_latex import (
    definitions_latex,
    definitions_text,
    expression_latex,
    expression_text,
    graph_latex,
    graph_text,
)

A, B, D = matrix("W1", "m", "n"), matrix("W2", "n", "m"), matrix("D", "n", "n")
S, v = matrix("Sigma", "n", "n", symmetric=True), vector("v", "n")


@pytest.mark.parametrize(("expression", "text", "latex"), [
    (trace(A @ D @ B), "tr(D W2 W1)", r"\operatorname{tr}(D W_{2} W_{1})"),
    (squared_norm(A), "||W1||^2", r"\lVert W_{1}\rVert_F^{2}"),
    (trace(A.T @ A @ S), "tr(W1' W1 Sigma)", r"\operatorname{tr}(W_{1}^{\top} W_{1} \Sigma)"),
    (trace(A.T @ A @ S @ S), "||W1 Sigma||^2", r"\lVert W_{1} \Sigma\rVert_F^{2}"),
    (trace((A @ B) ** 3), "tr((W1 W2)^3)", r"\operatorname{tr}((W_{1} W_{2})^{3})"),
    (trace(D @ D @ D), "tr(D^3)", r"\operatorname{tr}(D^{3})"),
    (squared_norm(A) ** 2 * trace(D), "tr(D) ||W1||^4", r"\operatorname{tr}(D) \lVert W_{1}\rVert_F^{4}"),
    (trace(D) ** 2, "tr(D)^2", r"\operatorname{tr}^{2}(D)"),
    (trace(hadamard(A, A) @ A.T), "sum_{i,j} W1[i,j]^3", r"\sum_{i,j} (W_{1})_{ij}^{3}"),
    (trace(hadamard(D, D)), "sum_{i} D[i,i]^2", r"\sum_{i} D_{ii}^{2}"),
    (v.T @ D @ v, "v' D v", r"v^{\top} D v"),
    ((v.T @ D @ v) ** 2, "(v' D v)^2", r"(v^{\top} D v)^{2}"),
    (v.T @ v, "||v||^2", r"\lVert v\rVert^{2}"),
    (squared_norm(A @ v), "||W1 v||^2", r"\lVert W_{1} v\rVert^{2}"),
    (v.T @ diagonal(v) @ v, "sum_{i} v[i]^3", r"\sum_{i} v_{i}^{3}"),
    ((A @ S).array, "W1 Sigma", r"W_{1} \Sigma"),
    ((A @ v).array, "W1 v", "W_{1} v"),
    (identity("m").array, "I", "I"),
    ((A @ B + 2 * identity("m")).array, "2 I + W1 W2", "2 I + W_{1} W_{2}"),
    ((hadamard(A, A) + A).array, "W1[i,j] + W1[i,j]^2", "(W_{1})_{ij} + (W_{1})_{ij}^{2}"),
    (diagonal(v).array, "v[i] [i=j]", r"v_{i} \delta_{ij}"),
    ((v @ v.T).array, "v[i] v[j]", "v_{i} v_{j}"),
    (Expression(), "0", "0"),
    (Expression.constant(Fraction(-3, 2)), "-3/2", r"-\frac{3}{2}"),
    (Expression.constant(1), "1", "1"),
    (trace(D) - squared_norm(D) / 2, "tr(D) - 1/2 ||D||^2", r"\operatorname{tr}(D) - \frac{1}{2} \lVert D\rVert_F^{2}"),
])
def test_formulas(expression, text, latex):
    assert expression_text(expression) == text
    assert expression_latex(expression) == latex
    for graph in expression.graphs:
        if not graph.open_ends:
            assert graph_text(graph) == expression_text(Expression({(graph,): 1}))
            assert graph_latex(graph) == expression_latex(Expression({(graph,): 1}))


def test_coefficients_are_factored_and_powers_of_u_stand_below():
    p, alpha = sympy.symbols("p alpha")
    ring = Ring((p, alpha, INVERSE_BATCH))
    c = ring.generator(alpha) ** 2 * (ring.generator(p) + 1) * ring.generator(INVERSE_BATCH) * Fraction(-4, 3)
    assert expression_text(trace(D) * c) == "-4 alpha^2 (p + 1)/(3 b) tr(D)"
    assert expression_latex(trace(D) * c) == r"-\frac{4 \alpha^{2} (p + 1)}{3 b} \operatorname{tr}(D)"
    alone = (ring.generator(p) + 1) * ring.generator(INVERSE_BATCH)
    assert expression_latex(trace(D) * alone) == r"\frac{p + 1}{b} \operatorname{tr}(D)"


def test_batch_vertices_bring_their_mean():
    x, y = Label("x", (BATCH, 3), kind="data"), Label("y", (BATCH,), kind="data")
    gram = Expression.from_edges([(x, 0, 1), (x, 0, 2), (Label("D", (3, 3)), 1, 2)], Fraction(1, 2))
    assert expression_text(gram) == "1/(2 b) tr(x' x D)"
    cubed = Expression.from_edges([(x, 0, 1), (x, 0, 1), (x, 0, 1), (y, 0)])
    assert expression_text(cubed) == "1/b sum_{mu,i} x[mu,i]^3 y[mu]"
    assert expression_latex(cubed) == r"\frac{1}{b} \sum_{\mu ,i} x_{\mu i}^{3} y_{\mu }"


def test_names_of_letters():
    cases = {"W2*": "W_{2}^{*}", "Sigma": r"\Sigma", "epsilon": r"\epsilon", "Sigma_noise": r"\Sigma_{\mathrm{noise}}",
             "data": r"\mathrm{data}", "W12": "W_{12}", "a&b": r"\mathrm{a\&b}", "ε": "ε"}
    for name, latex in cases.items():
        assert expression_latex(matrix(name, 2, 3).array) == latex
    assert expression_latex(matrix("W2*", 2, 3).T.array) == r"W_{2}^{*\top}"
    assert expression_latex(letter(step_letter("gradient", "W1", (2, 3), 4)).T.array) == r"g_{4,1}^{\top}"
    assert expression_latex(letter(step_letter("weights", "W1", (2, 2), 4)).array) == "W_{4,1}"


def test_tensors_keep_all_their_indices():
    C = matrix("C", ("m", "n"), ("m", "n"))
    assert expression_text(trace(C @ kron(A @ B, D))) == "sum_{i,j,k,l} C[l,j,k,i] D[i,j] (W1 W2)[k,l]"
    many = kron(C, C, C).array
    assert "i1" in expression_text(many)
    assert "i_{1}" in expression_latex(many)


def test_derived_letters_print_with_their_definition():
    teacher = [matrix(name, *shape) for name, shape in (("W2*", ("n", "m")), ("W1*", ("m", "n")))]
    R = derived_letter("R", (B @ A - teacher[0] @ teacher[1]).array)
    error = letter(R)
    assert expression_text(squared_norm(B.T @ error)) == "||W2' R||^2"
    assert definitions_text(squared_norm(error)) == ("R = W2 W1 - W2* W1*",)
    assert definitions_latex(squared_norm(error)) == ("R = W_{2} W_{1} - W_{2}^{*} W_{1}^{*}",)
    assert definitions_latex(squared_norm(A)) == ()


def test_long_sums_may_be_cut():
    total = trace(D) + trace(D @ D) + trace(D @ D @ D)
    assert expression_text(total, limit=1) == "tr(D) + ... (2 more terms)"
    assert expression_latex(total, limit=2).endswith(r"\cdots\ (\text{1 more term})")


def test_a_product_with_a_sum_in_front_is_bracketed():
    cube, w = trace(hadamard(D, D, D)), vector("w", "n")
    quartic = trace(hadamard(diagonal(v), diagonal(w), diagonal(w)))
    assert expression_text(cube * quartic) == "(sum_{i} D[i,i]^3) sum_{i} v[i] w[i]^2"


def test_open_ends_by_hand():
    array = Expression.from_edges([(Label("M", (2, 3)), 0, 1), (open_end(3, 2), 0), (open_end(5, 3), 1)])
    assert expression_text(array) == "M[i,j]"
