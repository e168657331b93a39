"""Fenced blocks of Markdown pages, run as they stand.

- ```python runs; where the next fenced block of the page is ```text, that is what it prints.
- ```console holds lines `$ sgdmoments ...`, each followed by its output.
- Other languages (bash, json, none) are left alone.

The blocks of a page share their names. Spaces at line ends do not count; `...` at the end of a line of expected
output stands for any rest of that line, a line that is only `...` for any lines.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sgdmoments.cli.app import main

_FENCE = re.compile(r"^( *)(```+)([^\n]*)\n(.*?)^\1\2 *$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    language: str
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        indent, body = match.group(1), match.group(4)
        body = "\n".join(line.removeprefix(indent) for line in body.split("\n"))
        found.append(Block(match.group(3).strip(), body, text.count("\n", 0, match.start()) + 1))
    return found


def run_page(page: Path) -> int:
    """Run all blocks of a page; the number of those run. Differences fail the test, naming the line."""
    names: dict[str, Any] = {"__name__": "__page__"}
    page_blocks = blocks(page)
    count = 0
    for k, block in enumerate(page_blocks):
        where = f"{page.name}, line {block.line}"
        if block.language == "python":
            count += 1
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile("\n" * block.line + block.text, where, "exec"), names)
            following = page_blocks[k + 1] if k + 1 < len(page_blocks) else None
            if following is not None and following.language == "text":
                compare(printed.getvalue(), following.text, where)
        elif block.language == "console":
            count += 1
            for command, expected in commands(block):
                compare(run_command(command), expected, f"{where}: {command}")
    return count


def commands(block: Block) -> list[tuple[str, str]]:
    """(command, expected output) for each `$ ...` of a console block."""
    parts = re.split(r"^\$ (.*)\n", block.text, flags=re.MULTILINE)
    assert not parts[0].strip(), f"line {block.line}: a console block begins with '$ '"
    return list(zip(parts[1::2], parts[2::2], strict=True))


def run_command(command: str) -> str:
    """What an `sgdmoments` command prints, errors included."""
    program, *arguments = shlex.split(command)
    assert program == "sgdmoments", f"only sgdmoments commands are run, found {program}"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), pytest.raises(SystemExit):
        main(arguments)
    return printed.getvalue()


def compare(found: str, expected: str, where: str) -> None:
    """Fail unless the output is the expected one."""
    pattern = []
    for line in expected.rstrip().split("\n"):
        line = line.rstrip()
        if line.strip() == "...":
            pattern.append("(?:.*\n)*?")
        elif line.endswith("..."):
            pattern.append(re.escape(line.removesuffix("...")) + ".*\n")
        else:
            pattern.append(re.escape(line) + "\n")
    lines = "".join(line.rstrip() + "\n" for line in found.rstrip().split("\n"))
    assert re.fullmatch("".join(pattern), lines), f"{where}: printed\n{lines}\nbut the page shows\n{expected}"
