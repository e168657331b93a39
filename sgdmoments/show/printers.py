"""Which function shows which type: registered when the package is imported, so that no type knows its printers."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from sgdmoments.derivation.dag import Derivation
from sgdmoments.exact.display import html, latex, plot, svg, text
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.graphs.graph import IndexGraph
from sgdmoments.graphs.graph_sum import GraphSum
from sgdmoments.longrun.noise_bound import NoiseBound
from sgdmoments.longrun.trajectory import Trajectory
from sgdmoments.reading import check_names
from sgdmoments.show.check import plot_report, report_html, report_text
from sgdmoments.show.diagrams import dag_svg, expression_svg, graph_svg
from sgdmoments.show.graph_latex import expression_latex, expression_text, graph_latex, graph_text
from sgdmoments.show.latex import batch_polynomial_latex
from sgdmoments.show.noise_plot import plot_noise_bound
from sgdmoments.show.plots import plot_batch_polynomial, plot_trajectory
from sgdmoments.show.text import batch_polynomial_text
from sgdmoments.simulate.report import CheckReport


def register_printers() -> None:
    """Fill the tables of `sgdmoments.exact.display`."""
    text.register(BatchPolynomial, batch_polynomial_text)
    text.register(IndexGraph, graph_text)
    text.register(GraphSum, expression_text)
    text.register(CheckReport, report_text)

    latex.register(BatchPolynomial, batch_polynomial_latex)
    latex.register(IndexGraph, graph_latex)
    latex.register(GraphSum, expression_latex)

    svg.register(IndexGraph, graph_svg)
    svg.register(GraphSum, expression_svg)
    svg.register(Derivation, lambda derivation, **options: dag_svg(derivation.graph, **options))

    html.register(CheckReport, report_html)

    plot.register(BatchPolynomial, _with_known_options(plot_batch_polynomial))
    plot.register(Trajectory, _with_known_options(plot_trajectory))
    plot.register(NoiseBound, _with_known_options(plot_noise_bound))
    plot.register(CheckReport, _with_known_options(plot_report))


def _with_known_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, refusing options that it does not take before it draws."""
    @wraps(function)
    def drawn(value: Any, *arguments: Any, **options: Any) -> Any:
        check_names(function, "plot", options, 1 + len(arguments))
        return function(value, *arguments, **options)

    return drawn
