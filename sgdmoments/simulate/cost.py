"""What a simulation will cost, before it starts; and whether it keeps to its budget once it runs.

The figures are rough (a factor of 10 either way, by machine): they are there to refuse what would take days or
terabytes, at once. After the first chunk the speed is known, and the rest is judged by that.
"""

from __future__ import annotations

from dataclasses import dataclass

from sgdmoments.budget import Budget
from sgdmoments.errors import BudgetExceeded
from sgdmoments.simulate.arguments import MOST_RUNS

#: Seconds that a step of a compiled loop takes with nothing in it, that reading a learning rate takes, and that is
#: spent on a chunk at one batch size beside its runs.
_LOOP, _RATE, _CHUNK = 1e-5, 2e-6, 4e-4

#: The part of the time allowed that one chunk should take, by the estimate: it may be too low by a factor of 10.
_SHARE = 1 / 8

#: Bytes for each recorded number: its moments, a block of values, and the chunk that they come in.
RECORD = 8 * 100

#: Bytes for each step, for the learning rates.
_STEP = 150


@dataclass(frozen=True)
class Clock:
    """The seconds that the runs may take, and the option that said so."""

    seconds: float | None
    option: str = "budget=Budget(seconds=...)"

    @classmethod
    def of(cls, budget: Budget, seconds: float | None) -> Clock:
        """The smaller of a budget's seconds and those of a run without an end."""
        if seconds is None or (budget.seconds is not None and budget.seconds < seconds):
            return cls(budget.seconds)
        return cls(seconds, "seconds=...")

    def share(self, seconds_per_group: float) -> int:
        """The groups that a chunk may hold for its time."""
        return MOST_RUNS if self.seconds is None else max(1, int(
            min(MOST_RUNS, _SHARE * self.seconds / seconds_per_group)))

    def is_over(self, elapsed: float, chunk: float) -> bool:
        """Whether one more chunk would end further beyond the time than it is now before it."""
        return self.seconds is not None and elapsed + chunk / 2 >= self.seconds


@dataclass(frozen=True)
class Cost:
    """A simulation's size.

    Attributes:
        runs: replicates at each batch size.
        updates: of one replicate.
        batch_sizes: how many there are.
        seconds_per_update: of one replicate, summed over the batch sizes.
        recorded: numbers recorded for each replicate, over all batch sizes.
        replicates_at_once: in one chunk.
    """

    runs: int
    updates: int
    batch_sizes: int
    seconds_per_update: float
    recorded: int
    replicates_at_once: int

    @property
    def seconds(self) -> float:
        """The time it will take, compilation apart."""
        calls = -(-self.runs // self.replicates_at_once) * self.batch_sizes
        return self.updates * (_RATE + calls * _LOOP + self.runs * self.seconds_per_update) + calls * _CHUNK

    @property
    def memory(self) -> int:
        """The bytes of what is kept."""
        return self.updates * _STEP + self.recorded * RECORD

    def check(self, budget: Budget, clock: Clock | None = None, what: str = "simulate") -> None:
        """`BudgetExceeded` where it is more than the budget, or the clock in place of its seconds, allows."""
        check_memory(self.memory, budget, what)
        clock = clock or Clock(budget.seconds)
        if clock.seconds is not None and self.seconds > clock.seconds:
            raise BudgetExceeded(
                f"{what}: {self.runs:,} runs of {self.updates:,} steps at {self.batch_sizes} batch sizes take about "
                f"{self.seconds:.2g} s, the budget is {clock.seconds:g} s ({clock.option}).",
                {"seconds": self.seconds, "steps": self.runs * self.updates * self.batch_sizes, "memory": self.memory},
                _nearest(self.runs, self.updates, clock.seconds / self.seconds))


def check_memory(needed: int, budget: Budget, what: str) -> None:
    """`BudgetExceeded` where what a run keeps is larger than the budget."""
    if budget.memory is not None and needed > budget.memory:
        raise BudgetExceeded(
            f"{what}: the recorded moments and learning rates take about {needed:.2g} bytes, the budget is "
            f"{budget.memory:.2g} (budget=Budget(memory=...)).", {"memory": needed},
            "record fewer steps (steps=[...]), at fewer batch sizes, and smaller quantities (mean_limit=0).")


def check_batch_memory(needed: int, b: int, budget: Budget) -> None:
    """`BudgetExceeded` where one group of runs takes more memory than the budget."""
    if budget.memory is not None and needed > budget.memory:
        raise BudgetExceeded(
            f"simulate: 16 runs at b = {b:,} take about {needed:.2g} bytes, the budget is {budget.memory:.2g} "
            "(budget=Budget(memory=...)).", {"memory": needed}, f"b = {max(1, b * budget.memory // needed):,}.")


def check_pace(done: int, total: int, seconds: float, clock: Clock, what: str) -> None:
    """`BudgetExceeded` where, at the speed so far, the whole would take twice what the clock allows."""
    projected = seconds / done * total
    if clock.seconds is not None and done < total and projected > 2 * clock.seconds:
        raise BudgetExceeded(
            f"{what}: {done:,} of {total:,} runs took {seconds:.2g} s, so all take about {projected:.2g} s; the "
            f"budget is {clock.seconds:g} s ({clock.option}).", {"seconds": projected},
            _nearest(total, 0, clock.seconds / projected))


def _nearest(runs: int, updates: int, share: float) -> str:
    fewer = int(runs * share)
    if fewer >= 16:
        return f"samples={fewer}."
    return f"samples=16 of at most {int(updates * share * runs / 16):,} steps." if updates else "samples=16."
