"""Every option of every command, given every kind of text: an answer, or one line of error and status 2; nothing raw.

The options are read off the commands, so that a new one is tried at once. Each option takes every 13th text here, a
different 13th for the next option, and every text in the tests marked `slow`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from sgdmoments.cli.app import app

TEXTS = (
    "", " ", ",", "1,,2", "x", "y", "z", "name", "flat", "-", "--", "-1", "0", "1", "2", "1.5", "1/3", "1/0", "0/0",
    "1e3", "1e-400", "1e999999999", "-1e999999999", "nan", "inf", "-inf", "True", "None", "0x10", "1_000", "٣",
    "²,1", "²", "½", "999999999999,1", "9" * 5000, "1," * 30 + "1", "1j", "a,b", "a,a", "p,p1,1", "(1)", "[1, 2]",
    "{}", "[/]", "[red]", "\x00", "\x1b[31m", "\ud800", "é", "💥", "a b", "t", "1/(t-1)", "t**t", "__import__('os')",
    "1/" * 200 + "1", "(" * 5000, "gaussian", "gaussian:", "gaussian:-1", "gaussian:1e999999999", "gaussian:S",
    "gaussian:1/0", "rademacher", "uniform:1,0", "uniform:", "uniform:0,1e999999999", "moments:", "moments:0,-1",
    "moments:0,1,0,3", "random:", "random:x", "random:-1", "random:" + "9" * 5000, "letters", "auto", "closure",
    "symbolic", "exact", "certified", "without_replacement", "variance", "weights", "loss", "json", "latex", "svg",
    "longley", "table.csv", "no.csv", ".", "folder", "deep.json", "broken.json", "twice.json", "binary.bin",
    "empty.csv", "/dev/null", "*", "~", "a" * 300,
)
REGRESSION = ["--target", "y", "--features", "x,z", "--learning-rate", "1/10"]
#: A claim that cannot be read ends a check before its simulation, and after its other options are read.
NO_RUN = ["--claim", "broken.json"]
COMMANDS = {
    ("regression",): ["table.csv", *REGRESSION, "--steps", "1"],
    ("report",): ["table.csv", *REGRESSION, "--steps", "1"],
    ("network",): ["--widths", "2,1"],
    ("plan", "regression"): ["table.csv", *REGRESSION, "--step", "1"],
    ("plan", "network"): ["--widths", "2,1"],
    ("check", "regression"): ["table.csv", *REGRESSION, "--step", "1", *NO_RUN],
    ("check", "network"): ["--widths", "1,1", "--learning-rate", "1/10", *NO_RUN],
    ("demo",): [],
}


def commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """The commands with their parameters, as the parser sees them."""
    group: Any = typer.main.get_command(app)
    for name, command in group.commands.items():
        for inner, below in getattr(command, "commands", {}).items():
            yield (name, inner), below
        if not hasattr(command, "commands"):
            yield (name,), command


def test_every_command_has_its_row() -> None:
    assert {name for name, _ in commands()} == set(COMMANDS)


@pytest.fixture
def files(cli: Any, table: Path, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "broken.json").write_text('{"W1": ')
    (tmp_path / "twice.json").write_text('{"W1": [["1"]], "W1": [["2"]]}')
    (tmp_path / "binary.bin").write_bytes(bytes(range(256)))
    (tmp_path / "empty.csv").write_text("")


@pytest.mark.parametrize("part", [13, pytest.param(1, marks=pytest.mark.slow)], ids=["some", "all"])
@pytest.mark.parametrize("name", COMMANDS, ids=" ".join)
def test_every_text_is_answered_or_refused(name: tuple[str, ...], part: int, cli: Any, files: None,
                                                table: Path) -> None:
    command = dict(commands())[name]
    before, base = table.read_bytes(), COMMANDS[name]
    raw, tried = [], 0
    for k, parameter in enumerate(command.params):
        option = parameter.opts[0]
        for text in TEXTS[k % part::part]:
            if parameter.param_type_name == "argument":
                arguments = [text, *base[1:]]
            elif getattr(parameter, "is_flag", False):
                arguments = [*base, f"{option}={text}"]
            else:
                arguments = [*base, option, text]
            tried += 1
            try:
                outcome = cli(*name, *arguments)
            except Exception as error:
                raw.append((arguments, repr(error)[:200]))
                continue
            if outcome.status == 2 and not _one_line(outcome.err):
                raw.append((arguments, outcome.err[:200]))
            assert outcome.status in (0, 1, 2, 3), (arguments, outcome)
            if base[:1] == ["table.csv"]:
                assert table.read_bytes() == before, arguments
    assert not raw, f"{len(raw)} of {tried} raw: {raw[:10]}"


@pytest.mark.parametrize(("arguments", "message"), [
    ("regression table.csv --target y --features x --learning-rate 1/10 --steps 1_000", "found '1_000'"),
    ("regression table.csv --target y --features x --learning-rate 1/10 --steps ٣", "found '٣'"),
    ("regression table.csv --target y --features x --learning-rate 0x10 --steps 1", "cannot read the text '0x10'"),
    ("regression table.csv --target y --features x --learning-rate 1_000 --steps 1", "cannot read the text '1_000'"),
    ("regression table.csv --target y --features x --learning-rate 1/10 --steps 1 --output -", "found - for the name"),
    ("regression table.csv --target y --features x --learning-rate 1/10 --steps 99999 --plot x.y", "the ending"),
    ("check network --widths 1,1 --learning-rate 1/10 --false-alarm-rate 1_0", "cannot read the text '1_0'"),
    ("check network --widths 1,1 --learning-rate 1/10 --seed 1_0", "found '1_0'"),
    ("check network --widths 999999999999,1 --learning-rate 1/10", "at most 1,000,000 weights"),
    ("network --widths 2,1 --terms -1", "a number of terms"),
    ("demo --out x", "the ending of a figure's file"),
])
def test_misreadings_and_slips_are_refused_at_once(arguments: str, message: str, cli: Any, table: Path) -> None:
    outcome = cli(*arguments.split())
    assert outcome.status == 2
    assert message in outcome.err
    assert not outcome.out


def test_a_table_is_read_in_ascii_digits(cli: Any, tmp_path: Path) -> None:
    for cell in ("٣", "1_0", "0x1"):
        (tmp_path / "digits.csv").write_text(f"x,y\n1,2\n{cell},4\n", encoding="utf-8")
        outcome = cli("regression", "digits.csv", "--target", "y", "--learning-rate", "1/10", "--steps", "1")
        assert outcome.status == 2
        assert f"cannot read the text '{cell}'" in outcome.err


def test_a_report_of_values_beyond_floats_has_no_figure(cli: Any, table: Path, tmp_path: Path) -> None:
    outcome = cli("report", "table.csv", *REGRESSION, "--steps", "1", "--initial", "9" * 400)
    assert outcome.status == 0
    assert "No figure" in (tmp_path / "sgdmoments-report.html").read_text(encoding="utf-8")


def _one_line(error: str) -> bool:
    """A command's own error: one line (rich's progress bars write others above it), with no control character."""
    last = error.rstrip("\n").rpartition("\n")[2]
    return last.startswith("sgdmoments: error: ") and len(last) < 2_000 and last.isprintable()
