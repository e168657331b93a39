"""Values only, for long runs: a table of a moment by step and batch size, in doubles or certified bounds."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from sgdmoments.budget import ProgressCallback
from sgdmoments.cli.problem import QUANTITIES, RegressionProblem
from sgdmoments.errors import InputError
from sgdmoments.longrun.trajectory import Trajectory


def run_values(problem: RegressionProblem, moment: str, quantity: str, steps: int, batch_sizes: Sequence[int],
               certified: bool, progress: ProgressCallback | None) -> Trajectory:
    """The moment at all steps up to `steps`."""
    if quantity == "loss":
        raise InputError("--arithmetic: the moments of the loss are of order 4 and come out exactly only; leave "
                         "--arithmetic out.")
    return problem.sgd.trajectory(QUANTITIES[quantity], steps, batch_sizes, moment=moment, certified=certified,
                                  progress=progress)


def values_text(run: Trajectory, problem: RegressionProblem, at: Sequence[int], screen: Console) -> str:
    """The table for people."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("b", *(f"t = {t}" for t in at)):
        table.add_column(name, justify="right", no_wrap=True)
    for k, b in enumerate(run.batch_sizes):
        table.add_row(str(b), *(f"{run.values[t, k]:.6g}" for t in at))
    with screen.capture() as capture:
        for line in problem.description():
            screen.print(line, soft_wrap=True, markup=False)
        screen.print(f"\n{run.question}, by batch size b and step t")
        screen.print(table)
        screen.print(f"\n{_accuracy(run)}", soft_wrap=True)
    return capture.get()


def _accuracy(run: Trajectory) -> str:
    if run.lower is None or run.upper is None:
        return "computed in double precision, without a bound on the error (--arithmetic certified gives one)"
    triples = zip(run.lower.flat, run.values.flat, run.upper.flat, strict=True)
    width = max(((upper - lower) / value for lower, value, upper in triples if value > 0), default=0.0)
    return f"certified with {run.precision} bits: bounds around each value are no further apart than {width:.1e} of it"


def values_csv(run: Trajectory, at: Sequence[int]) -> str:
    """Rows t, b, value and, where certified, the bounds; doubles as Python writes them, which loses nothing."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["t", "b", "value", *(("lower", "upper") * run.certified)])
    for t in at:
        for k, b in enumerate(run.batch_sizes):
            writer.writerow([t, b, repr(float(run.values[t, k])), *_bounds(run, t, k)])
    return text.getvalue()


def values_json(run: Trajectory, problem: RegressionProblem, at: Sequence[int]) -> str:
    """The same as JSON."""
    return json.dumps({
        "format": "sgdmoments.values/1", "question": run.question, "problem": problem.to_plain(),
        "certified": run.certified, "bits": run.precision,
        "steps": [{"t": t, "values": {str(b): float(run.values[t, k]) for k, b in enumerate(run.batch_sizes)},
                   **({"bounds": {str(b): list(map(float, _bounds(run, t, k))) for k, b in enumerate(run.batch_sizes)}}
                      if run.certified else {})} for t in at],
    }, indent=1)


def _bounds(run: Trajectory, t: int, k: int) -> list[str]:
    if run.lower is None or run.upper is None:
        return []
    return [repr(float(run.lower[t, k])), repr(float(run.upper[t, k]))]
