"""Budgets and progress: how long work says how far it is, and how it is stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sgdmoments.errors import BudgetExceeded, Stopped


@dataclass(frozen=True, slots=True)
class Budget:
    """What a derivation may use; ``None`` means without limit.

    >>> Budget(seconds=10).terms
    5000000
    """

    seconds: float | None = 900.0
    terms: int | None = 5_000_000
    memory: int | None = 8 * 2**30


@dataclass(frozen=True, slots=True)
class Progress:
    """One report of a long computation: `done` of `total` units (total None: unknown), after `seconds`."""

    stage: str
    done: int
    total: int | None
    terms: int
    seconds: float


#: Called with a `Progress`; returning False stops the work (`Stopped` is raised), anything else goes on.
ProgressCallback = Callable[[Progress], object]


class Monitor:
    """Counts work against a budget and reports it.

    `update` is cheap enough to call once per step of an outer loop: it raises `BudgetExceeded` when the
    budget is spent and `Stopped` when the callback returns False.
    """

    def __init__(self, budget: Budget | None = None, progress: ProgressCallback | None = None) -> None:
        self.budget = budget or Budget()
        self._progress = progress
        self._start = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Seconds since the monitor was made."""
        return time.perf_counter() - self._start

    def update(self, stage: str, done: int, total: int | None = None, terms: int = 0, nearest: str = "") -> None:
        """Report `done` of `total` units of `stage`, with `terms` terms now held in memory."""
        seconds = self.seconds
        limit = self.budget
        if limit.terms is not None and terms > limit.terms:
            raise BudgetExceeded(
                f"{stage}: {terms:,} terms exceed the budget of {limit.terms:,} (budget=Budget(terms=...)).",
                {"terms": terms, "seconds": seconds}, nearest)
        if limit.seconds is not None and seconds > limit.seconds:
            raise BudgetExceeded(
                f"{stage}: {seconds:.0f} s exceed the budget of {limit.seconds:.0f} s (budget=Budget(seconds=...)).",
                {"terms": terms, "seconds": seconds}, nearest)
        if self._progress is not None and self._progress(Progress(stage, done, total, terms, seconds)) is False:
            raise Stopped(f"{stage}: stopped at {done} of {'?' if total is None else total} by the progress callback.")
