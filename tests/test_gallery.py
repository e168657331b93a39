"""Each example of the gallery computes the known result, exactly; each is listed in its README."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

GALLERY = Path(__file__).parents[1] / "examples" / "gallery"
FILES = sorted(path.stem for path in GALLERY.glob("*.py"))


@pytest.mark.parametrize("name", FILES)
def test_example(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(GALLERY))
    computed, known = importlib.import_module(name).example()
    assert len(computed) == len(known)
    for found, expected in zip(computed, known, strict=True):
        assert found == expected


@pytest.mark.parametrize("name", FILES)
def test_example_says_where_it_is_from(name: str) -> None:
    text = (GALLERY / f"{name}.py").read_text(encoding="utf-8")
    assert "\nSource: " in text
    assert name == "_template" or f"`{name}.py`" in (GALLERY / "README.md").read_text(encoding="utf-8")
