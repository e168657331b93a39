"""`sgdmoments demo`: the main job on an embedded data set."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from sgdmoments.cli.output import check_figure, check_targets, console, write_figure
from sgdmoments.cli.problem import regression_problem
from sgdmoments.cli.regression import draw
from sgdmoments.cli.results import compute, print_table
from sgdmoments.errors import MissingExtraError

_STEPS = (0, 1, 2, 10)
_BATCH_SIZES = (1, 2, 4, 8, 12, 16)

Out = Annotated[Path, typer.Option(help="Where the figure goes.")]


def demo(out: Out = Path("sgdmoments-demo.png")) -> None:
    """The variance of the mini-batch gradient on the Longley data, exactly: polynomials, table, proof, figure."""
    check_targets((out,))
    with suppress(MissingExtraError):  # said below, after the numbers
        check_figure(out)
    problem = regression_problem("longley", "employment", features=None, standardize=True, intercept=True,
                                 learning_rate="1/10", initial="0", sampling=None)
    results = compute(problem, "variance", "gradient", _STEPS, _BATCH_SIZES)
    screen = console()
    print_table(results, screen)
    try:
        write_figure(out, draw(results))
    except MissingExtraError as error:
        screen.print(f"No figure: {error}", soft_wrap=True, markup=False)
    else:
        screen.print(f"Figure written to {out}", soft_wrap=True, markup=False)
