"""A progress bar on the error stream, for work that takes long enough to be worth one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from sgdmoments.budget import Progress as Report
from sgdmoments.budget import ProgressCallback

#: Work shorter than this shows no bar.
_PATIENCE_SECONDS = 0.7


@contextmanager
def progress_bar() -> Iterator[ProgressCallback]:
    """A callback for `progress=`; the bar appears on a terminal only, and goes when the work is done."""
    screen = Console(stderr=True)
    bar = Progress(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"),
                   TimeElapsedColumn(), console=screen, transient=True, disable=not screen.is_terminal)
    task = bar.add_task("", total=None, visible=False)

    def report(state: Report) -> None:
        bar.update(task, description=state.stage, completed=state.done, total=state.total,
                   visible=bar.tasks[0].elapsed is not None and bar.tasks[0].elapsed > _PATIENCE_SECONDS)

    with bar:
        yield report
