"""The Graduate Admission example on a small table of the same columns."""

from __future__ import annotations

import importlib.util
import random
import sys
from pathlib import Path
from typing import Any

import pytest

import sgdmoments as sm

PATH = Path(__file__).parents[2] / "examples" / "graduate_admission.py"


@pytest.fixture
def example() -> Any:
    spec = importlib.util.spec_from_file_location("graduate_admission", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rng = random.Random(1)
    lines = ["serial,gre,toefl,university_rating,sop,lor,cgpa,research,chance_of_admit"]
    lines += [f"{i},{rng.randint(290, 340)},{rng.randint(92, 120)},{rng.randint(1, 5)},{rng.randint(2, 10) / 2},"
              f"{rng.randint(2, 10) / 2},{rng.uniform(6.8, 9.9):.2f},{rng.randint(0, 1)},{rng.uniform(0.3, 1):.2f}"
              for i in range(1, 61)]
    path = tmp_path / "admission.csv"
    path.write_text("\n".join(lines))
    return path


def test_figures_and_report(example: Any, table: Path, tmp_path: Path) -> None:
    report = example.main([str(table), "--out", str(tmp_path / "figures"), "--steps", "30", "--at", "2,8"])
    for name in ("a", "b"):
        assert (tmp_path / "figures" / f"graduate_admission_{name}.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(p.name for p in (tmp_path / "figures").iterdir()) == [
        "graduate_admission_a.png", "graduate_admission_b.png"]
    assert all(value < 1e-9 for name, value in report.items() if "width" in name)
    assert any("t = 8: b_0 = 1, proved" in name for name in report)


def test_a_polynomial_of_degree_6_is_fitted_exactly(example: Any) -> None:
    polynomial = sm.BatchPolynomial((0, 1, 2, 3, 4, 5, 6))
    fit = example.Fit.to(polynomial, example.batch_sizes(500))
    assert fit(3) == pytest.approx(float(polynomial(3)), rel=1e-9)


def test_batch_sizes_of_the_paper(example: Any) -> None:
    sizes = example.batch_sizes(500)
    assert len(sizes) == 21
    assert (sizes[0], sizes[-1]) == (2, 500)
