"""The simulated examples, at their small sizes."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "examples"


def example(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(FOLDER))
    sys.modules.pop(name, None)
    return importlib.import_module(name)


def test_catapult(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    report = example("catapult", monkeypatch).run(False, tmp_path)
    assert report["critical rate 1"] < report["critical rate 2"]
    assert report["below both: eigenvalue 1, last over first"] > 0.95
    assert report["between: eigenvalue 1, last over first"] < 0.8
    assert report["between: eigenvalue 2, last over first"] > 0.95
    assert report["above both: eigenvalue 2, last over first"] < 0.9
    assert (tmp_path / "catapult.png").stat().st_size < 150_000


def test_figure_2(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    report = example("figure2", monkeypatch).run(False, tmp_path, runs=128, steps=4)
    low, high = map(float, report["simulated over first coefficient, largest b"].split(" to "))
    assert low > 0.7
    assert high < 1.4


@pytest.mark.slow
def test_figure_1(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    report = example("figure1_simulated", monkeypatch).run(None, False, tmp_path)
    assert report["worst |z|"] < 4.5


@pytest.mark.slow
def test_smaller_batches_align_better(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    table = example("rank_two_task", monkeypatch).run(False, tmp_path)
    for name, sign in (("AGOP alignment", 1), ("test loss", -1)):
        values = list(table[name].values())
        assert sign * (values[-1] - values[0]) > 0


@pytest.mark.slow
def test_digits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    report = example("digits", monkeypatch).run(False, tmp_path)
    assert report["var of the gradient, b = 64"] > report["var of the gradient, b = 128"]
