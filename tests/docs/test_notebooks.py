"""Each notebook of the documentation runs, and prints what is stored in it."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from notebooks import executed, texts

DOCS = Path(__file__).parents[2] / "docs"
NOTEBOOKS = sorted(n for n in DOCS.rglob("*.ipynb") if "_build" not in n.parts and ".ipynb_checkpoints" not in n.parts)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(DOCS.parent))
    monkeypatch.delenv("MPLBACKEND", raising=False)  # the kernel draws into the notebook
    assert texts(executed(path)) == texts(nbformat.read(path, as_version=4))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_path_of_a_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not [word for word in ("/home/", "/root/", "/tmp/", "/Users/", "C:\\\\") if word in text]
