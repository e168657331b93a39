"""The thresholds example: its counterexample is listed, its family grows, its proof holds, its search repeats."""

from __future__ import annotations

import importlib.util
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest

PATH = Path(__file__).parents[2] / "examples" / "thresholds.py"


@pytest.fixture(scope="module")
def thresholds() -> ModuleType:
    spec = importlib.util.spec_from_file_location("thresholds", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_counterexample_and_family(thresholds):
    computed, known = thresholds.example()
    assert computed == known
    _, p = thresholds.counterexample()
    assert p.coefficients == (0, 6, 1, 4, -8)
    assert p(2) > p(1)


@pytest.mark.parametrize("k", [2, 4, 8])
def test_the_family_rises_up_to_its_threshold(thresholds, k):
    p = thresholds.family(k)
    assert p(2 * k) > p(2 * k - 1)
    assert p(2 * k + 1) < p(2 * k)


@pytest.mark.parametrize("depth", [2, 3])
def test_gaussian_proof(thresholds, depth):
    assert len(thresholds.gaussian_proof(depth)) == 2 * depth - 1


def test_the_search_does_not_depend_on_how_it_is_spread(thresholds):
    alone = thresholds.search(1, seed=5)
    with ThreadPoolExecutor(3) as executor:
        assert thresholds.search(1, seed=5, executor=executor) == alone
    assert all(f.threshold == 1 for f in alone if f.law == "Gaussian")


def test_the_search_over_processes(thresholds, monkeypatch):
    monkeypatch.syspath_prepend(str(PATH.parent))
    with ProcessPoolExecutor(2) as executor:
        assert thresholds.search(1, seed=7, executor=executor) == thresholds.search(1, seed=7)
