"""The package against the listing of every batch, on random questions.

    python tests/differential/differential.py [--values 100000] [--seed SEED] [--first NUMBER]

Questions are drawn with the seed until as many numbers are compared as asked for: moments of every model family, law,
sampling and quantity by every route that applies, coefficients, expectations of traces, closed forms, derivations,
trajectories, recurrences, b_0 and the c_b basis. Printed are the numbers compared in each family and way to answer,
the questions refused, and each number that is not what the listing says, with the question's number, which `--first`
repeats.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from random_checks import values

#: Processor seconds after which a question is given up.
LONGEST = 30


@dataclass
class Tally:
    """Numbers compared by (family, way), those that differ, questions that were refused, failed, or took too long."""

    compared: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    slow: list[int] = field(default_factory=list)
    questions: int = 0

    @property
    def total(self) -> int:
        return sum(self.compared.values())


#: Numbers compared between two reports.
SAID = 10_000


class TooLong(Exception):
    """A question that took longer than `LONGEST` seconds."""


def run(seed: str, count: int, first: int = 0) -> Tally:
    """Compare `count` numbers; how far it is is printed now and then, for a run that is stopped."""
    tally, said = Tally(), 0

    def give_up(*_: Any) -> None:
        raise TooLong

    before = signal.signal(signal.SIGPROF, give_up)
    try:
        while tally.total < count:
            number, tally.questions = first + tally.questions, tally.questions + 1
            signal.setitimer(signal.ITIMER_PROF, LONGEST)
            try:
                for value in values(seed, number):
                    if value.what == "refused":
                        tally.refused[value.family, value.by] += 1
                        continue
                    tally.compared[value.family, value.by] += 1
                    if not value.right:
                        tally.wrong.append(f"question {number}, {value.family} by {value.by}: {value.what}: found "
                                           f"{value.found}, listed {value.expected}")
            except TooLong:
                tally.slow.append(number)
            except Exception:
                tally.failed.append(f"question {number}: {traceback.format_exc(limit=-4)}")
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
            if tally.total // SAID > said:
                said = tally.total // SAID
                print(f"{tally.total:,} numbers of {tally.questions:,} questions, {len(tally.wrong)} wrong, "
                      f"{len(tally.failed)} failed", flush=True)
    finally:
        signal.signal(signal.SIGPROF, before)
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--values", type=int, default=100_000, help="how many numbers to compare")
    parser.add_argument("--seed", default=str(time.time_ns()), help="of the questions; by default the time")
    parser.add_argument("--first", type=int, default=0, help="the number of the first question")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    start = time.process_time()
    tally = run(options.seed, options.values, options.first)
    print(f"{'compared':>9} {'refused':>8}  family, by")
    for key in sorted(tally.compared | tally.refused):
        print(f"{tally.compared[key]:>9,} {tally.refused[key]:>8,}  {key[0]}, {key[1]}")
    for text in [*tally.wrong, *tally.failed]:
        print(text)
    print(f"seed {options.seed}: {tally.total:,} numbers of {tally.questions:,} questions compared, {len(tally.wrong)} "
          f"wrong; {len(tally.failed)} questions failed, {len(tally.slow)} took over {LONGEST} s {tally.slow}; "
          f"{time.process_time() - start:.0f} processor seconds")
    return int(bool(tally.wrong or tally.failed))


if __name__ == "__main__":
    sys.exit(main())
