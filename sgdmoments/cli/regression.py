"""`sgdmoments regression`: exact moments of SGD on a table of numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from sgdmoments.cli.options import (
    At,
    BatchSizes,
    Data,
    Features,
    Initial,
    Intercept,
    LearningRate,
    Moment,
    Output,
    Proof,
    QuantityName,
    RouteName,
    SamplingName,
    Standardize,
    Steps,
    Target,
)
from sgdmoments.cli.output import check_figure, check_targets, console, deliver, write_figure
from sgdmoments.cli.problem import RegressionProblem, parse_batch_sizes, parse_steps, regression_problem
from sgdmoments.cli.progress import progress_bar
from sgdmoments.cli.results import Results, compute, print_table, to_csv, to_json, to_latex
from sgdmoments.cli.values import run_values, values_csv, values_json, values_text
from sgdmoments.errors import InputError
from sgdmoments.show.plots import new_axes, plot_batch_polynomials, plot_trajectory

Format = Annotated[Literal["table", "latex", "json", "csv"], typer.Option(
    help="table and latex round long rationals; json and csv are lossless.")]
Arithmetic = Annotated[Literal["exact", "float", "certified"], typer.Option(
    help="exact gives polynomials; float and certified only values at the batch sizes, for thousands of steps.")]
Plot = Annotated[Path | None, typer.Option(help="Write a plot against b to this file (extra: plot).")]


def regression(
    data: Data, target: Target, learning_rate: LearningRate, steps: Steps, features: Features = None,
    standardize: Standardize = False, intercept: Intercept = False, at: At = None, batch_sizes: BatchSizes = None,
    quantity: QuantityName = "gradient", moment: Moment = "variance", initial: Initial = "0",
    sampling: SamplingName = "without_replacement", format: Format = "table", output: Output = None,
    plot: Plot = None, route: RouteName = "auto", arithmetic: Arithmetic = "exact",
    proof: Proof = True,
) -> None:
    """Exact moments of mini-batch SGD for least squares on a table, as polynomials in 1/b."""
    inputs = (data,)
    check_targets((output, plot), inputs)
    if plot is not None:
        check_figure(plot)
    problem = regression_problem(data, target, features=features, standardize=standardize, intercept=intercept,
                                 learning_rate=learning_rate, initial=initial, sampling=sampling)
    sizes, reported = parse_batch_sizes(batch_sizes, problem.sgd.population, problem.n), parse_steps(steps, at)
    if arithmetic != "exact":
        _values(problem, moment, quantity, steps, reported, sizes, arithmetic == "certified", format, output, plot,
                inputs)
        return
    with progress_bar() as progress:
        results = compute(problem, moment, quantity, reported, sizes, route, progress, proof)
    if plot is not None:
        write_figure(plot, draw(results), inputs)
    if format == "table" and output is None:
        print_table(results, console())
    else:
        deliver(_as_text(results, format), output, inputs)


def _values(problem: RegressionProblem, moment: str, quantity: str, steps: int, reported: list[int], sizes: list[int],
            certified: bool, format: str, output: Path | None, plot: Path | None, inputs: tuple[str, ...]) -> None:
    if format == "latex":
        raise InputError("--format latex shows polynomials; --arithmetic float and certified give values only.")
    with progress_bar() as progress:
        run = run_values(problem, moment, quantity, steps, sizes, certified, progress)
    if plot is not None:
        write_figure(plot, plot_trajectory(run, new_axes()), inputs)
    if format == "table":
        deliver(values_text(run, problem, reported, console()), output, inputs)
    else:
        deliver(values_csv(run, reported) if format == "csv" else values_json(run, problem, reported), output, inputs)


def draw(results: Results) -> object:
    """The family of polynomials against b; axes."""
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
