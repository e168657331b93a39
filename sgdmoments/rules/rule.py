"""The record by which a derivation cites a rewrite: its name, what it does, when it may be used, and its source."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """A rewrite as it is cited.

    Attributes:
        name: one word or two, used by steps and error messages.
        statement: the identity, in one line.
        assumption: what must hold for it.
        source: paper and theorem, where there is one.
    """

    name: str
    statement: str
    assumption: str
    source: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.statement} [{self.source or self.assumption}]"
