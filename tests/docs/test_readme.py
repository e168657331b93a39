"""The README: every block runs as it stands, its two commands are there, and its facts are true."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from blocks import blocks, run_page

import sgdmoments

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"


def test_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_page(README) >= 2


def test_two_commands() -> None:
    commands = install_commands()
    assert [("demo" in c, "pytest" in c) for c in commands] == [(True, False), (False, True)]
    assert all("\n" not in c for c in commands)


def test_continuous_integration_takes_its_commands_from_here() -> None:
    program = f'here={ROOT}; eval "$(grep "^block()" {ROOT}/.ci/run)"; block 1; block 2'
    result = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines() == install_commands()


def test_folders_exist() -> None:
    for name in re.findall(r"`(sgdmoments/\w+|examples|benchmarks|docs|tests)`", README.read_text(encoding="utf-8")):
        assert (ROOT / name).is_dir(), name


def test_version_to_cite() -> None:
    assert f"version {sgdmoments.__version__}." in README.read_text(encoding="utf-8")


@pytest.mark.slow
def test_demo_command_in_a_new_environment(tmp_path: Path) -> None:
    """The first command, run in a copy of the files that are under version control."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for name in listed:
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    command = install_commands()[0].replace("python3", sys.executable)
    result = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stderr
    assert "never increases with b from b0 = 1" in result.stdout
    assert (tmp_path / "sgdmoments-demo.png").stat().st_size > 10_000


def install_commands() -> list[str]:
    return [block.text.strip() for block in blocks(README) if block.language == "bash"]
