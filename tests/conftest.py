"""Hypothesis profiles, and running the command line inside the test process.

The profiles are "quick" (the default, the same examples every time) and "thorough"; the environment variable
HYPOTHESIS_PROFILE chooses. This is the only conftest.py: doctests are collected from every file, and two modules of
one name would clash.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "quick", max_examples=25, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=500, derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call a command in an empty folder; its status and what it prints."""
    monkeypatch.chdir(tmp_path)

    from sgdmoments.cli.app import main

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
