"""`sgdmoments check`: passes what is right, rejects what is wrong (status 1), and says what is undecided (status 3)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REGRESSION = ("check", "regression", "longley", "--target", "gnp", "--features", "year,population", "--standardize",
              "--learning-rate", "1/10", "--step", "1", "--batch-sizes", "1,2,15", "--samples", "4000")


def test_regression_passes(cli: Any) -> None:
    outcome = cli(*REGRESSION, "--plot", "check.png")
    assert outcome.status == 0, outcome.err + outcome.out
    assert "PASSED" in outcome.out
    assert Path("check.png").read_bytes().startswith(b"\x89PNG")


def test_wrong_claim_is_rejected(cli: Any) -> None:
    Path("claim.json").write_text('["-3/40", "5/4", 0.2]')
    outcome = cli(*REGRESSION, "--claim", "claim.json", "--format", "json", "--output", "report.json")
    assert outcome.status == 1
    report = json.loads(Path("report.json").read_text())
    assert report["verdict"] == "rejected"


def test_few_runs_are_undecided(cli: Any) -> None:
    outcome = cli(*REGRESSION[:-1], "64")
    assert outcome.status == 3, outcome.err + outcome.out
    assert "UNDECIDED" in outcome.out
    assert "PASSED" not in outcome.out


def test_inputs_and_folders_are_not_written_over(cli: Any) -> None:
    claim = Path("claim.json")
    claim.write_text("[1, 2]")
    targets = ("--output", "claim.json"), ("--plot", "claim.json"), ("--output", "."), ("--plot", "no/a.png")
    for option, target in targets:
        outcome = cli(*REGRESSION, "--claim", "claim.json", option, target)
        assert outcome.status == 2
        assert outcome.err.startswith("sgdmoments: error: ")
    assert claim.read_text() == "[1, 2]"


def test_network_passes(cli: Any) -> None:
    outcome = cli("check", "network", "--widths", "2,3,1", "--layer", "1", "--learning-rate", "1/10",
                  "--batch-sizes", "1,3", "--samples", "16000", "--format", "html")
    assert outcome.status == 0, outcome.err + outcome.out
    assert "<table>" in outcome.out


@pytest.mark.parametrize(("content", "message"), [("{", "is not JSON"), ("[null]", "coefficients must be numbers"),
                                                  ("[]", "no coefficient"), ("[NaN]", "coefficients must be numbers"),
                                                  ('["inf", 1]', "claim"), ('["x"]', "claim"), ("[true]", "numbers"),
                                                  ("[" * 100_000, "is not JSON"), ("3", "from_json"),
                                                  ('{"a": 1}', "from_json")])
def test_bad_claims(cli: Any, content: str, message: str) -> None:
    Path("claim.json").write_text(content)
    outcome = cli(*REGRESSION, "--claim", "claim.json")
    assert outcome.status == 2
    assert message in outcome.err


def test_without_jax() -> None:
    program = ("import sys; sys.modules['jax'] = None\n"
               "from sgdmoments.cli.app import main\n"
               f"main({list(REGRESSION)!r})")
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert result.returncode == 2
    assert result.stderr.strip().endswith("pip install 'sgdmoments[jax]'")
