"""`sgdmoments report`: one HTML file that needs nothing else."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest


def test_report(cli: Any, table: Path) -> None:
    outcome = cli("report", str(table), "--target", "y", "--features", "x,z", "--learning-rate", "1/10", "--steps", "2",
                  "--out", "report.html")
    assert outcome.status == 0, outcome.err
    text = Path("report.html").read_text(encoding="utf-8")
    balance: list[str] = []

    class Checker(HTMLParser):
        def handle_starttag(self, tag: str, attrs: Any) -> None:
            if tag not in ("meta", "br"):
                balance.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert balance.pop() == tag

    Checker().feed(text)
    assert balance == []
    assert "<svg" in text
    assert not re.search(r"(src|href)=\"https?:", text)
    assert "never increases with b from b0 = 1 on (proved; proof re-checked)" in text
    assert "P0, Theorem 3.2" in text
    assert "<code>sgdmoments report" in text


def test_report_without_matplotlib(cli: Any, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    outcome = cli("report", str(table), "--target", "y", "--features", "x", "--learning-rate", "1/10", "--steps", "1")
    assert outcome.status == 0, outcome.err
    assert "No figure" in Path("sgdmoments-report.html").read_text(encoding="utf-8")
