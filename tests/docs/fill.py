"""Write the outputs of pages anew: `python tests/docs/fill.py docs/page.md ...`; read the difference afterwards."""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path
from typing import Any

from blocks import Block, blocks, commands, run_command


def filled(page: Path) -> str:
    """The text of the page with each shown output replaced by what is printed now."""
    text = page.read_text(encoding="utf-8")
    names: dict[str, Any] = {"__name__": "__page__"}
    printed = ""
    at = 0
    for block in blocks(page):
        replacement = None
        if block.language == "python":
            stream = io.StringIO()
            with contextlib.redirect_stdout(stream):
                exec(compile("\n" * block.line + block.text, str(page), "exec"), names)
            printed = stream.getvalue()
        elif block.language == "text" and printed:
            replacement, printed = _trimmed(printed), ""
        elif block.language == "console":
            replacement = "".join(f"$ {command}\n{_shown(command, expected)}" for command, expected in commands(block))
        if replacement is not None:
            at = _fence(text, block, at)
            text = text[:at] + text[at:].replace(block.text, replacement, 1) if block.text else \
                text[:at] + replacement + text[at:]
    return text


def _shown(command: str, expected: str) -> str:
    return expected if "..." in expected else _trimmed(run_command(command))


def _trimmed(printed: str) -> str:
    return "".join(line.rstrip() + "\n" for line in printed.rstrip().split("\n"))


def _fence(text: str, block: Block, at: int) -> int:
    return text.index("\n", text.index(f"```{block.language}\n{block.text}```", at)) + 1


if __name__ == "__main__":
    for name in sys.argv[1:]:
        Path(name).write_text(filled(Path(name)), encoding="utf-8")
