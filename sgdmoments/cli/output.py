"""Where results go: the terminal, or files that are written whole or not at all."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from rich.console import Console

from sgdmoments.errors import InputError
from sgdmoments.exact.ring import to_fmpq

#: Columns used where the output is not a terminal.
_PLAIN_WIDTH = 110


def console() -> Console:
    """A console for results: plain text of a fixed width where the output is not a terminal."""
    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(highlight=False, width=_PLAIN_WIDTH, color_system=None)


def write_atomically(path: str | Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then move it into place.

    A reader finds the old file or the whole new one. Raises `InputError` where the folder cannot be written to.
    """
    target = Path(path)
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.stem}-", suffix=target.suffix, dir=target.parent)
        os.close(handle)
        temporary = Path(name)
        write(temporary)
        if target.exists():
            shutil.copymode(target, temporary)
        else:
            temporary.chmod(0o666 & ~_umask())
        os.replace(temporary, target)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error}).") from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    write_atomically(path, lambda file: file.write_text(text, encoding="utf-8"))


def deliver(text: str, output: Path | None) -> None:
    """Print a text, or write it to a file; one newline at its end."""
    whole = text.rstrip("\n") + "\n"
    if output is None:
        sys.stdout.write(whole)
    else:
        write_text(output, whole)


def write_figure(path: str | Path, axes: Any) -> None:
    """Save the figure of matplotlib axes, whole or not at all; the ending of `path` says the format."""
    target = Path(path)
    formats = axes.figure.canvas.get_supported_filetypes()
    if target.suffix.lstrip(".").lower() not in formats:
        raise InputError(f"{path}: the ending of a figure's file must be one of {', '.join(sorted(formats))}.")
    write_atomically(target, lambda file: axes.figure.savefig(file, dpi=150))


def lossless(value: Fraction | float) -> str:
    """A number as text from which it can be read back exactly: "p/q", or Python's shortest float.

    >>> lossless(Fraction(-1, 3)), lossless(0.1)
    ('-1/3', '0.1')
    """
    return str(to_fmpq(value)) if isinstance(value, Fraction) else repr(value)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
