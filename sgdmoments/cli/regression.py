"""`sgdmoments regression`: exact moments of SGD on a table of numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from sgdmoments.cli.output import console, write_figure, write_text
from sgdmoments.cli.problem import parse_batch_sizes, parse_steps, regression_problem
from sgdmoments.cli.progress import progress_bar
from sgdmoments.cli.results import Results, compute, print_table, to_csv, to_json, to_latex

Data = Annotated[str, typer.Argument(help="A CSV file whose first line names the columns, or an embedded data set: "
                                     "longley.")]
Target = Annotated[str, typer.Option(help="The column to predict.")]
Features = Annotated[str | None, typer.Option(help="The columns to predict from, by commas; all others by default.")]
Standardize = Annotated[bool, typer.Option("--standardize", help="Subtract the mean of each column and divide by its "
                                           "standard deviation (1/n), target included.")]
Intercept = Annotated[bool, typer.Option("--intercept", help="Add a column of ones.")]
LearningRate = Annotated[str, typer.Option(help='A number, a list by commas, or an expression in t = 0, 1, 2, ... such '
                                           'as "1/(2*(t+1))".')]
Steps = Annotated[int, typer.Option(help="The last step t.")]
At = Annotated[str | None, typer.Option(help="The steps t to report, by commas; four evenly spread ones by default.")]
BatchSizes = Annotated[str | None, typer.Option(help="Batch sizes by commas; powers of two and n by default.")]
QuantityName = Annotated[Literal["gradient", "full_gradient", "weights", "loss"], typer.Option(
    help="The mini-batch gradient g_t, the gradient of L at w_t, the weights w_t, or the loss L(w_t).")]
Moment = Annotated[Literal["variance", "second_moment"], typer.Option(help="var(q), or E||q||^2.")]
Initial = Annotated[str, typer.Option(help="Initial weights: one number for all, a list by commas, or "
                                      "gaussian:VARIANCE.")]
SamplingName = Annotated[Literal["without_replacement", "with_replacement"], typer.Option(
    help="How a batch is drawn.")]
Format = Annotated[Literal["table", "latex", "json", "csv"], typer.Option(
    help="table and latex round long rationals; json and csv are lossless.")]
Output = Annotated[Path | None, typer.Option(help="Write the result to this file.")]
Plot = Annotated[Path | None, typer.Option(help="Write a plot against b to this file (extra: plot).")]
RouteName = Annotated[str, typer.Option(help="The route of the calculation; see `sgdmoments plan`.")]


def regression(
    data: Data, target: Target, learning_rate: LearningRate, steps: Steps, features: Features = None,
    standardize: Standardize = False, intercept: Intercept = False, at: At = None, batch_sizes: BatchSizes = None,
    quantity: QuantityName = "gradient", moment: Moment = "variance", initial: Initial = "0",
    sampling: SamplingName = "without_replacement", format: Format = "table", output: Output = None,
    plot: Plot = None, route: RouteName = "auto",
) -> None:
    """Exact moments of mini-batch SGD for least squares on a table, as polynomials in 1/b."""
    if plot is not None:  # said before the work, not after it
        from sgdmoments.show.plots import pyplot

        pyplot()
    problem = regression_problem(data, target, features=features, standardize=standardize, intercept=intercept,
                                 learning_rate=learning_rate, initial=initial, sampling=sampling)
    sizes = parse_batch_sizes(batch_sizes, problem.sgd.population, problem.n)
    with progress_bar() as progress:
        results = compute(problem, moment, quantity, parse_steps(steps, at), sizes, route, progress)
    if plot is not None:
        write_figure(plot, draw(results))
    if format == "table" and output is None:
        print_table(results, console())
    elif output is None:
        typer.echo(_as_text(results, format).rstrip("\n"))
    else:
        write_text(output, _as_text(results, format).rstrip("\n") + "\n")


def draw(results: Results) -> object:
    """The family of polynomials against b; axes."""
    from sgdmoments.show.plots import new_axes, plot_batch_polynomials

    return plot_batch_polynomials(
        [a.polynomial for a in results.answers], labels=[f"$t = {a.step}$" for a in results.answers],
        ax=new_axes(), ylabel="$" + results.latex_name(0).replace("_{0}", "_t") + "$")


def _as_text(results: Results, format: str) -> str:
    if format == "table":
        screen = console()
        with screen.capture() as capture:
            print_table(results, screen)
        return capture.get()
    return {"latex": to_latex, "json": to_json, "csv": to_csv}[format](results)
