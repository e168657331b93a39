"""The receipt that every result carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Provenance:
    """The receipt of a result: how it came about.

    Attributes:
        question: e.g. "variance of g_1 given F_0".
        route: which route answered, and `reason`: why that one.
        conventions: what the numbers mean (factor 1/2 in the loss, mean over the batch, ...).
        sizes: term counts and dimensions.
        rules: the theorems used, as citations.
        checks: the checks the result has passed.
        seconds: time taken.
    """

    question: str = ""
    route: str = ""
    reason: str = ""
    conventions: tuple[str, ...] = ()
    sizes: tuple[tuple[str, Any], ...] = ()
    rules: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    seconds: float = 0.0

    def __str__(self) -> str:
        lines = [f"question: {self.question}", f"route: {self.route}" + (f" ({self.reason})" if self.reason else "")]
        lines += [f"sizes: {', '.join(f'{k} = {v}' for k, v in self.sizes)}"] * bool(self.sizes)
        lines += [f"{name}: {'; '.join(values)}" for name, values in
                  (("conventions", self.conventions), ("rules", self.rules), ("checks", self.checks)) if values]
        return "\n".join([*lines, f"time: {self.seconds:.3g} s"])
