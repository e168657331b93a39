"""Budgets and progress: how long work says how far it is, and how it is stopped.

A route makes one `Monitor`, refuses by it what is predicted to be too large (`Monitor.require`), and works inside
``with monitor:``. Inner loops anywhere below call `tick`, which looks at the clock and, now and then, at the
memory of the process; they need not know whose work they do.

>>> with Monitor(Budget(seconds=0)):
...     tick("a loop")
Traceback (most recent call last):
    ...
sgdmoments.errors.BudgetExceeded: a loop: 0 s exceed the budget of 0 s (budget=Budget(seconds=...)).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar, Token
from dataclasses import dataclass
from typing import Any

from sgdmoments.errors import BudgetExceeded, InputError, Stopped
from sgdmoments.memory import resident_bytes
from sgdmoments.reading import LARGEST, is_flag, read_function, shown

#: Seconds between two looks at the memory of the process.
_MEMORY_INTERVAL = 0.02
#: Bytes that no question does without.
_LEAST = 2**16


@dataclass(frozen=True, slots=True)
class Budget:
    """What a computation may use: seconds, terms held at once, bytes of memory beyond those in use when it starts.

    ``None`` means without limit. What can be known beforehand is refused at once; the rest is watched while the work
    goes on.

    >>> Budget(seconds=10).terms
    5000000
    """

    seconds: float | None = 900.0
    terms: int | None = 5_000_000
    memory: int | None = 8 * 2**30

    def __post_init__(self) -> None:
        for name in ("seconds", "terms", "memory"):
            value = getattr(self, name)
            if value is not None and (is_flag(value) or not isinstance(value, (int, float)) or not value >= 0
                                      or LARGEST < value < float("inf")):
                raise InputError(f"Budget: {name} = {shown(value)}; use a number >= 0, or None for no limit.")


@dataclass(frozen=True, slots=True)
class Progress:
    """One report of a long computation: `done` of `total` units (total None: unknown), after `seconds`."""

    stage: str
    done: int
    total: int | None
    terms: int
    seconds: float

    def __post_init__(self) -> None:
        total = 0 if self.total is None else self.total
        numbers = (self.done, self.terms, self.seconds, total)
        if not isinstance(self.stage, str) or not all(
                isinstance(value, (int, float)) and not is_flag(value) and 0 <= value <= LARGEST for value in numbers):
            found = (self.stage, self.done, self.total, self.terms, self.seconds)
            raise InputError(f"Progress: found {shown(found)}; a text and numbers >= 0 are needed.")


#: Called with a `Progress`; returning False stops the work (`Stopped` is raised), anything else goes on.
ProgressCallback = Callable[[Progress], object]


def read_budget(budget: Any) -> Budget:
    """The budget as given, or the default one for None."""
    if not (budget is None or isinstance(budget, Budget)):
        raise InputError(f"budget: found {shown(budget)}; use Budget(seconds=..., terms=..., memory=...).")
    return Budget() if budget is None else budget


def read_progress(progress: Any) -> ProgressCallback | None:
    """The callback as given, or None."""
    return None if progress is None else read_function(
        progress, "progress", "a function of a Progress is needed; returning False stops the work")


def over(budget: Budget, needs: Mapping[str, Any]) -> str:
    """The first of terms, memory and seconds of which more is needed than there is; an empty text where none is.

    >>> over(Budget(terms=10, memory=5), {"terms": 10, "memory": 6, "seconds": 1})
    'memory'
    """
    for name in ("terms", "memory", "seconds"):
        limit, needed = getattr(budget, name), needs.get(name)
        if limit is not None and needed is not None and needed > limit:
            return name
    return ""


def allows(budget: Budget, needs: Mapping[str, Any]) -> bool:
    """Whether nothing is needed beyond what there is."""
    return not over(budget, needs)


def require(budget: Budget, stage: str, needs: Mapping[str, Any], nearest: str | Callable[[], str] = "") -> None:
    """`BudgetExceeded` where the predicted terms, memory or seconds are more than there is."""
    name = over(budget, needs)
    if name:
        unit = {"terms": " terms", "memory": " bytes", "seconds": " s"}[name]
        raise BudgetExceeded(
            f"{stage} is predicted to need {_shown(needs[name])}{unit}, over the budget of "
            f"{_shown(getattr(budget, name))}{unit} (budget=Budget({name}=...)).", dict(needs),
            nearest() if callable(nearest) else nearest)


def last_affordable(budget: Budget, needs: Callable[[int], Mapping[str, Any]], below: int) -> int | None:
    """The largest k in 0, ..., below - 1 that is affordable, where more is needed with each k; None: not even 0.

    >>> last_affordable(Budget(terms=10), lambda k: {"terms": k * k}, 1000)
    3
    """
    if below <= 0 or not allows(budget, needs(0)):
        return None
    low, high = 0, 1
    while high < below and allows(budget, needs(high)):
        low, high = high, 2 * high
    high = min(high, below)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if allows(budget, needs(middle)) else (low, middle)
    return low


class Monitor:
    """Counts work against a budget and reports it.

    `update` is cheap enough to call once per step of an outer loop, `tick` in an inner one: both raise
    `BudgetExceeded` when the budget is spent. `update` raises `Stopped` when the callback returns False.
    """

    def __init__(self, budget: Budget | None = None, progress: ProgressCallback | None = None) -> None:
        self.budget = read_budget(budget)
        self._progress = read_progress(progress)
        self._start = time.perf_counter()
        self._memory = resident_bytes()
        self._next_look = 0.0
        self._outer: list[tuple[Monitor | None, Token[Monitor | None]]] = []

    @property
    def seconds(self) -> float:
        """Seconds since the monitor was made."""
        return time.perf_counter() - self._start

    @property
    def remaining(self) -> float:
        """Seconds that are left of the budget."""
        return float("inf") if self.budget.seconds is None else self.budget.seconds - self.seconds

    def require(self, stage: str, needs: Mapping[str, Any], nearest: str | Callable[[], str] = "") -> None:
        """Refuse before the work starts where the predicted terms, memory or seconds are over the budget."""
        require(self.budget, stage, needs, nearest)

    def update(self, stage: str, done: int, total: int | None = None, terms: int = 0, nearest: str = "") -> None:
        """Report `done` of `total` units of `stage`, with `terms` terms now held in memory."""
        limit = self.budget
        if limit.terms is not None and terms > limit.terms:
            raise BudgetExceeded(
                f"{stage}: {terms:,} terms exceed the budget of {limit.terms:,} (budget=Budget(terms=...)).",
                {"terms": terms, "seconds": self.seconds}, nearest)
        self.look(stage, terms, nearest)
        if self._progress is not None and self._progress(Progress(stage, done, total, terms, self.seconds)) is False:
            raise Stopped(f"{stage}: stopped at {done} of {'?' if total is None else total} by the progress callback.")

    def look(self, stage: str, terms: int = 0, nearest: str = "") -> None:
        """Whether time and memory are still within the budget, and within those of the work that this is part of."""
        seconds, limit = self.seconds, self.budget
        if limit.seconds is not None and seconds > limit.seconds:
            raise BudgetExceeded(
                f"{stage}: {seconds:.0f} s exceed the budget of {limit.seconds:.3g} s (budget=Budget(seconds=...)).",
                {"terms": terms, "seconds": seconds}, nearest)
        if limit.memory is not None and seconds > self._next_look:
            self._next_look = seconds + _MEMORY_INTERVAL
            used = resident_bytes() - self._memory
            if used > limit.memory:
                raise BudgetExceeded(
                    f"{stage}: {used:,} bytes exceed the budget of {limit.memory:,} (budget=Budget(memory=...)).",
                    {"terms": terms, "seconds": seconds, "memory": used}, nearest)
        if self._outer and self._outer[-1][0] is not None:
            self._outer[-1][0].look(stage, terms, nearest)

    def __enter__(self) -> Monitor:
        self.require("the least of questions", {"memory": _LEAST})
        outer = _CURRENT.get()
        self._outer.append((None if outer is self else outer, _CURRENT.set(self)))
        return self

    def __exit__(self, *exception: object) -> None:
        _CURRENT.reset(self._outer.pop()[1])


_CURRENT: ContextVar[Monitor | None] = ContextVar("sgdmoments monitor", default=None)


def tick(stage: str) -> None:
    """One turn of an inner loop: stops the work whose monitor is active where its budget is spent."""
    monitor = _CURRENT.get()
    if monitor is not None:
        monitor.look(stage)


def _shown(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) and value < 10**15 else f"{float(min(value, 1e300)):.3g}"
