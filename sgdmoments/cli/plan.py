"""`sgdmoments plan regression | network`: what each route would need, without running any."""

from __future__ import annotations

from typing import Any

import typer
from rich.table import Table

from sgdmoments.cli.network import StepOrLetter, ask_at, parse_step
from sgdmoments.cli.network_problem import network_sgd
from sgdmoments.cli.options import (
    Activation,
    Data,
    Features,
    Initial,
    Intercept,
    Law,
    Layer,
    LearningRate,
    LearningRateOrLetter,
    Moment,
    QuantityName,
    SamplingName,
    Standardize,
    Step,
    Target,
    Weights,
    Widths,
)
from sgdmoments.cli.output import console
from sgdmoments.cli.problem import regression_problem
from sgdmoments.describe.quantity import Quantity
from sgdmoments.sgd import SGD

plan = typer.Typer(no_args_is_help=True, help="What each route would need for a question; nothing is computed.")


@plan.command("regression")
def plan_regression(
    data: Data, target: Target, learning_rate: LearningRate, step: Step, features: Features = None,
    standardize: Standardize = False, intercept: Intercept = False, quantity: QuantityName = "gradient",
    moment: Moment = "variance", initial: Initial = "0", sampling: SamplingName = "without_replacement",
) -> None:
    """Least squares on a table."""
    problem = regression_problem(data, target, features=features, standardize=standardize, intercept=intercept,
                                 learning_rate=learning_rate, initial=initial, sampling=sampling)
    _show(problem.sgd, problem.quantity(quantity, step), moment)


@plan.command("network")
def plan_network(
    widths: Widths, step: StepOrLetter = "0", layer: Layer = None, activation: Activation = "0,1",
    data: Law = "gaussian", weights: Weights = None, learning_rate: LearningRateOrLetter = None,
    quantity: QuantityName = "gradient", moment: Moment = "variance",
) -> None:
    """A network that learns from a teacher."""
    sgd = network_sgd(widths, activation, data, weights, learning_rate)
    _show(sgd, ask_at(quantity, parse_step(step), layer), moment)


def _show(sgd: SGD, asked: Quantity, moment: str) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("route", "within budget", "needs, or why not"):
        table.add_column(name)
    for estimate in sgd.plan(asked, moment):
        needs = ", ".join(f"{name} {_short(value)}" for name, value in estimate.needs.items()
                          if name != "route")
        table.add_row(estimate.route, "yes" if estimate.affordable else "no", estimate.reason or needs or "no estimate")
    screen = console()
    screen.print(f"{moment.replace('_', ' ')} of {asked} for {sgd.model}", soft_wrap=True, markup=False)
    screen.print(table)


def _short(value: Any) -> str:
    return f"{value:.2g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
