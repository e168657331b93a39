"""`sgdmoments check regression | network`: exact results against simulated SGD; the exit status is the verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from sgdmoments.cli.json_file import read_json
from sgdmoments.cli.network import ask_at
from sgdmoments.cli.network_problem import network_sgd
from sgdmoments.cli.options import (
    Activation,
    BatchSizes,
    Data,
    Features,
    Initial,
    Intercept,
    Law,
    Layer,
    LearningRate,
    Moment,
    Output,
    QuantityName,
    SamplingName,
    Standardize,
    Step,
    Target,
    Weights,
    Widths,
    whole,
)
from sgdmoments.cli.output import check_figure, check_targets, deliver, write_figure
from sgdmoments.cli.problem import integers, regression_problem
from sgdmoments.describe.quantity import Quantity
from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import parse_number
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.sgd import SGD

check = typer.Typer(no_args_is_help=True, help="Check exact results against simulated SGD (extra: jax). Exit status 0 "
                    "where they passed, 1 where they are rejected, 3 where the runs leave it undecided; 2 is an error.")

#: The exit status of each verdict; 2 is left to errors.
STATUS = {"passed": 0, "rejected": 1, "undecided": 3}

Samples = Annotated[int | None, typer.Option(parser=whole, metavar="INTEGER", help="Runs at each batch size; by "
                                             "default as many as are needed.")]
Seed = Annotated[int, typer.Option(parser=whole, metavar="INTEGER", help="The seed of the simulation.")]
Claim = Annotated[Path | None, typer.Option(help="A JSON file with another polynomial to put to the test: what "
                                            "BatchPolynomial.to_json writes, or a list of coefficients, constant "
                                            "first.")]
FalseAlarmRate = Annotated[str, typer.Option(metavar="NUMBER", help="The probability that a right answer is rejected.")]
Format = Annotated[Literal["table", "json", "html"], typer.Option(help="The form of the report.")]
Plot = Annotated[Path | None, typer.Option(help="Write a plot of exact curve and estimates to this file.")]


@check.command("regression")
def check_regression(
    data: Data, target: Target, learning_rate: LearningRate, step: Step, features: Features = None,
    standardize: Standardize = False, intercept: Intercept = False, quantity: QuantityName = "gradient",
    moment: Moment = "variance", initial: Initial = "0", sampling: SamplingName = "without_replacement",
    batch_sizes: BatchSizes = None, samples: Samples = None, seed: Seed = 0, claim: Claim = None,
    false_alarm_rate: FalseAlarmRate = "0.01", format: Format = "table", output: Output = None, plot: Plot = None,
) -> None:
    """Least squares on a table."""
    problem = regression_problem(data, target, features=features, standardize=standardize, intercept=intercept,
                                 learning_rate=learning_rate, initial=initial, sampling=sampling)
    _run(problem.sgd, problem.quantity(quantity, step), moment, batch_sizes, samples, seed, claim, false_alarm_rate,
         format, output, plot, [data, claim])


@check.command("network")
def check_network(
    widths: Widths, learning_rate: LearningRate, step: Step = 0, layer: Layer = None, activation: Activation = "0,1",
    data: Law = "gaussian", weights: Weights = "random:0", quantity: QuantityName = "gradient",
    moment: Moment = "variance", batch_sizes: BatchSizes = None, samples: Samples = None, seed: Seed = 0,
    claim: Claim = None, false_alarm_rate: FalseAlarmRate = "0.01", format: Format = "table", output: Output = None,
    plot: Plot = None,
) -> None:
    """A network that learns from a teacher; weights are random rationals unless given."""
    sgd = network_sgd(widths, activation, data, weights, learning_rate)
    _run(sgd, ask_at(quantity, step, layer), moment, batch_sizes, samples, seed, claim, false_alarm_rate, format,
         output, plot, [weights, claim])


def _run(sgd: SGD, asked: Quantity, moment: str, batch_sizes: str | None, samples: int | None, seed: int,
         claim: Path | None, false_alarm_rate: str, format: str, output: Path | None, plot: Path | None,
         inputs: list[str | Path | None]) -> None:
    from sgdmoments.simulate.check import check as run_check

    check_targets((output, plot), inputs)
    if plot is not None:
        check_figure(plot)
    report = run_check(sgd, asked, samples=samples,
                       batch_sizes=None if batch_sizes is None else integers(batch_sizes, "--batch-sizes"),
                       claim=None if claim is None else read_claim(claim), seed=seed, moment=moment,
                       false_alarm_rate=float(parse_number(false_alarm_rate, "--false-alarm-rate")))
    if plot is not None:
        write_figure(plot, report.plot(), inputs)
    if format == "html":
        deliver(report._repr_html_(), output, inputs)
    else:
        deliver(report.to_json() if format == "json" else str(report), output, inputs)
    if STATUS[report.verdict]:
        raise typer.Exit(STATUS[report.verdict])


def read_claim(path: Path) -> BatchPolynomial | list[str]:
    """The claim in a JSON file: a polynomial as `BatchPolynomial.to_json` writes it, or a list of coefficients."""
    data, text = read_json(path, "--claim")
    if isinstance(data, list):
        if not all(isinstance(c, str) for c in data):
            raise InputError(f"--claim: {path}: the coefficients must be numbers, or text such as \"1/3\".")
        return data
    return BatchPolynomial.from_json(text)
