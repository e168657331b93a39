"""`sgdmoments network`: exact moments of online SGD for a student and a teacher network."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

import sympy
import typer

from sgdmoments.cli.network_problem import network_sgd
from sgdmoments.cli.options import (
    Activation,
    Law,
    Layer,
    LearningRateOrLetter,
    Moment,
    Output,
    QuantityName,
    RouteName,
    Weights,
    Widths,
    whole,
)
from sgdmoments.cli.output import check_targets, deliver
from sgdmoments.cli.problem import QUANTITIES, is_whole
from sgdmoments.cli.progress import progress_bar
from sgdmoments.describe.quantities import gradient
from sgdmoments.describe.quantity import Quantity
from sgdmoments.errors import InputError
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.reading import read_integer, shown
from sgdmoments.sgd import SGD
from sgdmoments.show.latex import batch_polynomial_latex
from sgdmoments.show.text import batch_polynomial_text

StepOrLetter = Annotated[str, typer.Option(help="The step t, from 0; or a letter, with --order.")]
Order = Annotated[int | None, typer.Option(parser=whole, metavar="INTEGER", help="A series in the learning rate to "
                                           "this order instead of the whole polynomial.")]
InverseBatchOrder = Annotated[int | None, typer.Option(parser=whole, metavar="INTEGER", help="Only the powers of 1/b "
                                                       "up to this one.")]
Terms = Annotated[int | None, typer.Option(parser=whole, metavar="INTEGER", help="Show at most so many terms of each "
                                           "coefficient (text and latex).")]
Format = Annotated[Literal["text", "latex", "json", "svg"], typer.Option(
    help="json is lossless; svg draws the derivation of E||q||^2 as a graph of terms.")]


def network(
    widths: Widths, step: StepOrLetter = "0", layer: Layer = None, activation: Activation = "0,1",
    data: Law = "gaussian", weights: Weights = None, learning_rate: LearningRateOrLetter = None,
    quantity: QuantityName = "gradient", moment: Moment = "variance", order: Order = None,
    inverse_batch_order: InverseBatchOrder = None, route: RouteName = "auto", format: Format = "text",
    terms: Terms = None, output: Output = None,
) -> None:
    """Exact moments of online SGD for a network that learns from a teacher, as polynomials in 1/b."""
    check_targets((output,), (weights,))
    if terms is not None:
        read_integer(terms, "--terms", 0, "a number of terms is an integer >= 0")
    sgd = network_sgd(widths, activation, data, weights, learning_rate)
    asked = ask_at(quantity, parse_step(step), layer)
    with progress_bar() as progress:
        if format == "svg":
            deliver(sgd.derivation(asked).draw(), output, (weights,))
            return
        options: dict[str, Any] = {"learning_rate_order": order, "inverse_batch_order": inverse_batch_order}
        chosen = {name: value for name, value in options.items() if value is not None}
        question = sgd.variance if moment == "variance" else sgd.second_moment
        polynomial = question(asked, route=route, progress=progress, **chosen)
    deliver(_as_text(sgd, asked, moment, polynomial, format, terms), output, (weights,))


def ask_at(quantity: str, step: int | sympy.Symbol, layer: int | None) -> Quantity:
    """The named quantity at a step, for a layer where one is given."""
    asked = QUANTITIES[quantity](step)
    if layer is None:
        return asked
    if quantity == "loss":
        raise InputError("--layer: the loss belongs to no layer.")
    return replace(asked, layer=gradient(0, layer).layer)


def parse_step(text: str) -> int | sympy.Symbol:
    """The step: an integer, or a letter.

    >>> parse_step("3"), parse_step("t")
    (3, t)
    """
    if is_whole(text):
        return int(text)
    if text.isidentifier():
        return sympy.Symbol(text)
    raise InputError(f"--step: found {shown(text)}; a step is an integer >= 0 or a letter.")


def _as_text(sgd: SGD, asked: Quantity, moment: str, polynomial: BatchPolynomial, format: str, terms: int | None,
             ) -> str:
    if format == "json":
        return polynomial.to_json()
    if format == "latex":
        return f"\\[ {batch_polynomial_latex(polynomial, limit=terms)} \\]"
    name = f"var({asked})" if moment == "variance" else f"E||{asked}||^2"
    receipt = [line for line in str(polynomial.provenance).splitlines()
               if line.startswith(("route:", "sizes:", "conventions:", "rules:"))]
    text, *meanings = batch_polynomial_text(polynomial, limit=terms).split("; ")
    formula = text if text.startswith("≈") else f"= {text}"
    return "\n".join([str(sgd.model), f"{name} {formula}", *(f"where {m}" for m in meanings), *receipt])
