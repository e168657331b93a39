"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from sgdmoments.cli.problem import is_whole
from sgdmoments.reading import shown


def whole(text: str | int) -> int:
    """An integer in ASCII digits: Python's own reader takes 1_000, and the digits of other scripts, too.

    >>> whole("12"), whole("-1")
    (12, -1)
    """
    if not is_whole(str(text).removeprefix("-")):
        raise typer.BadParameter(f"found {shown(text)}; an integer of at most 18 digits is needed.")
    return int(text)


# A table of numbers
Data = Annotated[str, typer.Argument(help="A CSV file whose first line names the columns, or an embedded data set: "
                                     "longley.")]
Target = Annotated[str, typer.Option(help="The column to predict.")]
Features = Annotated[str | None, typer.Option(help="The columns to predict from, by commas; all others by default.")]
Standardize = Annotated[bool, typer.Option("--standardize", help="Subtract the mean of each column and divide by its "
                                           "standard deviation (1/n), target included.")]
Intercept = Annotated[bool, typer.Option("--intercept", help="Add a column of ones.")]
Initial = Annotated[str, typer.Option(help="Initial weights: one number for all, a list by commas, or "
                                      "gaussian:VARIANCE.")]
SamplingName = Annotated[Literal["without_replacement", "with_replacement"], typer.Option(
    help="How a batch is drawn.")]

# A network
Widths = Annotated[str, typer.Option(help="p,p1,...,pH by commas: integers, or names for dimensions left as letters.")]
Activation = Annotated[str, typer.Option(help="Coefficients of the polynomial activation by commas, constant first.")]
Law = Annotated[str, typer.Option(help="gaussian, gaussian:NAME (a covariance left as the letter NAME), rademacher, "
                                  "uniform:A,B, or moments:m1,m2,... of independent coordinates.")]
Weights = Annotated[str | None, typer.Option(help="letters, random:SEED (small rationals), or a JSON file "
                                             '{"W1": [["1/2", ...], ...], "W1*": ...}.')]
Layer = Annotated[int | None, typer.Option(parser=whole, metavar="INTEGER", help="The layer, from 1; all layers "
                                           "together by default.")]

# Questions
LearningRate = Annotated[str, typer.Option(help='A number, a list by commas, or an expression in t = 0, 1, 2, ... such '
                                           'as "1/(2*(t+1))".')]
LearningRateOrLetter = Annotated[str | None, typer.Option(
    help="A number, a list by commas, or an expression in t = 0, 1, 2, ...; the letter alpha by default.")]
QuantityName = Annotated[Literal["gradient", "full_gradient", "weights", "loss"], typer.Option(
    help="The mini-batch gradient g_t, the gradient of L at w_t, the weights w_t, or the loss L(w_t).")]
Moment = Annotated[Literal["variance", "second_moment"], typer.Option(help="var(q), or E||q||^2.")]
Step = Annotated[int, typer.Option(parser=whole, metavar="INTEGER", help="The step t, from 0.")]
Steps = Annotated[int, typer.Option(parser=whole, metavar="INTEGER", help="The last step t.")]
At = Annotated[str | None, typer.Option(help="The steps t to report, by commas; four evenly spread ones by default.")]
BatchSizes = Annotated[str | None, typer.Option(help="Batch sizes by commas; powers of two and n by default.")]
RouteName = Annotated[str, typer.Option(help="The route of the calculation; see `sgdmoments plan`.")]
Proof = Annotated[bool, typer.Option("--proof/--no-proof", help="Prove from which b on the polynomial never increases "
                                     "(slow beyond degree 60 or so).")]

# Results
Output = Annotated[Path | None, typer.Option(help="Write the result to this file.")]
