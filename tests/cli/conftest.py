"""Running the command line inside the test process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sgdmoments.cli import main


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call a command in an empty folder; its status and what it prints."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Outcome:
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        printed = capsys.readouterr()
        return Outcome(int(stop.value.code or 0), printed.out, printed.err)

    return call


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A small table with a column of text, decimals and fractions."""
    path = tmp_path / "table.csv"
    path.write_text("name,x,z,flat,y\nann,0.1,1,3,1\nbob,-2,1/3,3,0\ncid,1e1,2,3,2.5\ndan,0,-1,3,1\neva,1.5,0,3,-1\n")
    return path
