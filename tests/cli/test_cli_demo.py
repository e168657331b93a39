"""`sgdmoments demo`, `--version`, `--help`."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import sgdmoments


def test_demo(cli: Any) -> None:
    start = time.process_time()
    outcome = cli("demo")
    assert outcome.status == 0, outcome.err
    assert time.process_time() - start < 10
    assert outcome.out.count("(proved; proof re-checked)") == 4
    assert Path("sgdmoments-demo.png").read_bytes().startswith(b"\x89PNG")


def test_demo_without_matplotlib(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    outcome = cli("demo")
    assert outcome.status == 0
    assert "No figure: plotting needs the optional extra 'plot'" in outcome.out
    assert not list(Path().iterdir())


def test_version_and_help(cli: Any) -> None:
    assert cli("--version").out == f"sgdmoments {sgdmoments.__version__}\n"
    shown = cli("--help")
    assert shown.status == 0
    assert all(name in shown.out for name in ("demo", "regression", "network", "check", "plan", "report"))


def test_unknown_command(cli: Any) -> None:
    outcome = cli("regresion")
    assert outcome.status == 2
    assert outcome.err.startswith("sgdmoments: error: No such command 'regresion'")


def test_as_a_module_with_a_closed_pipe() -> None:
    """`sgdmoments ... | head -1`: the reader goes away; no traceback."""
    command = f"{sys.executable} -m sgdmoments.cli regression longley --target gnp --learning-rate 1/10 --steps 30 " \
              "--format json | head -c 10"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120)
    assert result.stderr == ""


def test_the_core_imports_neither_matplotlib_nor_jax() -> None:
    program = "import sys, sgdmoments.cli.app; print([m for m in ('jax', 'matplotlib', 'IPython') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert result.stdout.strip() == "[]"
