"""The questions of the frozen answers: (name, how to ask, how to read), each from numbers written here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Case:
    """One question.

    Attributes:
        name: under which the answer is kept.
        ask: gives the answer; this is what is timed.
        read: what of the answer is kept, as values that `canonical` can write; the answer itself by default.
        heavy: whether it takes seconds: left out of the test suite.
    """

    name: str
    ask: Callable[[], Any]
    read: Callable[[Any], Any] = lambda answer: answer
    heavy: bool = False


def every_case() -> Iterator[Case]:
    """All cases, by subject."""
    import frozen_beside
    import frozen_letters
    import frozen_long_run
    import frozen_networks
    import frozen_regression

    for module in (frozen_regression, frozen_networks, frozen_letters, frozen_long_run, frozen_beside):
        yield from module.cases()
