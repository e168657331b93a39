"""Where results go: the terminal, or files that are written whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

from rich.console import Console

from sgdmoments.errors import InputError
from sgdmoments.exact.ring import to_fmpq
from sgdmoments.files import PathLike, check_target, write_text, write_whole
from sgdmoments.show.plots import pyplot

#: Columns used where the output is not a terminal.
_PLAIN_WIDTH = 110


def console() -> Console:
    """A console for results: plain text of a fixed width where the output is not a terminal."""
    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(highlight=False, width=_PLAIN_WIDTH, color_system=None)


def check_targets(targets: Iterable[PathLike | None], inputs: Iterable[PathLike | None] = ()) -> None:
    """`InputError` where a command could not write its results, before the work that they cost.

    Args:
        targets: the files that the command will write, None where an option is left out; no two may be one file.
        inputs: the files that it reads, None likewise; none of them is written to.
    """
    seen: dict[str, PathLike] = {}
    for target in targets:
        if target is None:
            continue
        if str(target) == "-":
            raise InputError("found - for the name of a file; results are printed where the option is left out.")
        check_target(target, inputs)
        place = os.path.realpath(target)
        if place in seen:
            raise InputError(f"{target} and {seen[place]} are one file, and one result would replace the other; give "
                             "two names.")
        seen[place] = target


def deliver(text: str, output: Path | None, inputs: Iterable[PathLike | None] = ()) -> None:
    """Print a text, or write it to a file that is none of the inputs; one newline at its end."""
    whole = text.rstrip("\n") + "\n"
    if output is None:
        sys.stdout.write(whole)
    else:
        write_text(output, whole, inputs)


def check_figure(path: PathLike) -> None:
    """`InputError` where no figure can be written to a file of this name: said before the work, not after it.

    Raises `MissingExtraError` where there is nothing to draw with.
    """
    pyplot()
    from matplotlib.backend_bases import FigureCanvasBase

    formats = FigureCanvasBase.get_supported_filetypes()
    if Path(path).suffix.lstrip(".").lower() not in formats:
        raise InputError(f"{path}: the ending of a figure's file must be one of {', '.join(sorted(formats))}.")


def write_figure(path: str | Path, axes: Any, inputs: Iterable[PathLike | None] = ()) -> None:
    """Save the figure of matplotlib axes, whole or not at all; the ending of `path` says the format."""
    write_whole(path, lambda file: axes.figure.savefig(file, dpi=150), inputs)


def lossless(value: Fraction | float) -> str:
    """A number as text from which it can be read back exactly: "p/q", or Python's shortest float.

    >>> lossless(Fraction(-1, 3)), lossless(0.1)
    ('-1/3', '0.1')
    """
    return str(to_fmpq(value)) if isinstance(value, Fraction) else repr(value)
