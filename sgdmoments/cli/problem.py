"""The regression problem that the options of a command describe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sgdmoments.cli.rate import parse_learning_rate
from sgdmoments.data import Design, available, load, read_csv
from sgdmoments.describe.initial import GaussianInit
from sgdmoments.describe.quantities import full_gradient, gradient, loss, weights
from sgdmoments.describe.quantity import Quantity
from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import to_fraction
from sgdmoments.reading import shown
from sgdmoments.sgd import SGD

#: Steps, seeds and widths have at most so many digits.
_MOST_DIGITS = 18
QUANTITIES = {"gradient": gradient, "full_gradient": full_gradient, "weights": weights, "loss": loss}
SYMBOLS = {"gradient": "g_t", "full_gradient": "∇L(w_t)", "weights": "w_t", "loss": "L(w_t)"}


@dataclass(frozen=True)
class RegressionProblem:
    """SGD on a table of numbers, and what the user typed to get it."""

    source: str
    design: Design
    sgd: SGD
    learning_rate: str
    initial: str

    @property
    def n(self) -> int:
        """The number of data points."""
        return self.design.n

    def description(self) -> list[str]:
        """What the numbers mean, in lines of text."""
        design, sgd = self.design, self.sgd
        lines = [f"data: {self.source}, n = {design.n} points, p = {len(design.names)} weights "
                 f"({', '.join(design.names)}), target {design.target}",
                 f"SGD: learning rate {self.learning_rate}, initial weights {self.initial}, "
                 f"sampling {sgd.sampling.replace('_', ' ')}",
                 "conventions: loss with the factor 1/2, batch gradient = mean over the batch, variance = trace of the "
                 "covariance"]
        if design.standardized:
            lines.append("standardised in double precision; those doubles, taken as exact, are the data")
        return lines

    def to_plain(self) -> dict[str, Any]:
        """The problem as plain data, for JSON."""
        return {"source": self.source, "target": self.design.target, "weights": list(self.design.names),
                "n": self.design.n, "standardized": self.design.standardized, "learning_rate": self.learning_rate,
                "initial": self.initial, "sampling": self.sgd.sampling}

    def quantity(self, name: str, t: int) -> Quantity:
        """The named quantity at step t."""
        return QUANTITIES[name](t)


def regression_problem(data: str, target: str, *, features: str | None, standardize: bool, intercept: bool,
                       learning_rate: str, initial: str, sampling: str | None) -> RegressionProblem:
    """The problem; `data` is a CSV file or the name of an embedded data set."""
    table = load(data) if data in available() and not Path(data).exists() else read_csv(data)
    design = table.design(target, None if features is None else split(features, "--features"),
                          standardize=standardize, intercept=intercept)
    sgd = SGD(design.model(), parse_learning_rate(learning_rate),
              initial=parse_initial(initial, len(design.names)), sampling=sampling)
    return RegressionProblem(table.source, design, sgd, learning_rate, initial)


def parse_initial(text: str, size: int) -> Any:
    """Initial weights: one number for all, a list by commas, or gaussian:VARIANCE for N(0, VARIANCE).

    >>> parse_initial("1/2", 2)
    [Fraction(1, 2), Fraction(1, 2)]
    """
    kind, _, variance = text.partition(":")
    if kind.strip() == "gaussian":
        return GaussianInit(variance=to_fraction(variance or "1", "--initial gaussian:VARIANCE"))
    values = [to_fraction(part, "--initial") for part in split(text, "--initial")]
    if len(values) == 1:
        values *= size
    if len(values) != size:
        raise InputError(f"--initial: {len(values)} numbers given, but there are {size} weights.")
    return values


def parse_batch_sizes(text: str | None, population: int | None, n: int) -> list[int]:
    """The batch sizes of a list; by default the powers of two below n, and n.

    >>> parse_batch_sizes(None, 16, 16), parse_batch_sizes("3,1", None, 2)
    ([1, 2, 4, 8, 16], [1, 3])
    """
    if text is None:
        return sorted({2**k for k in range(n.bit_length()) if 2**k < n} | {n})
    sizes = integers(text, "--batch-sizes")
    if population is not None and sizes[-1] > population:
        raise InputError(f"--batch-sizes: found {shown(sizes[-1])} > n = {population}; batches are drawn without "
                         "replacement (--sampling with_replacement has no such limit).")
    return sizes


def parse_steps(steps: int, at: str | None) -> list[int]:
    """The steps t to report: those of `at`, by default four evenly spread ones up to `steps`.

    >>> parse_steps(40, None), parse_steps(1, None), parse_steps(5, "0,5")
    ([10, 20, 30, 40], [0, 1], [0, 5])
    """
    if steps < 0:
        raise InputError(f"--steps: found {steps}; the last step t is an integer >= 0.")
    if at is None:
        return sorted({steps * k // 4 for k in range(1, 5)})
    chosen = integers(at, "--at", least=0)
    if chosen[-1] > steps:
        raise InputError(f"--at: found {shown(chosen[-1])}, beyond --steps {steps}.")
    return chosen


def split(text: str, option: str) -> Sequence[str]:
    """The parts of a list by commas."""
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise InputError(f"{option}: an entry of the list {text!r} is empty.")
    return parts


def is_whole(text: str) -> bool:
    """Whether a text is a step, seed or width in digits: 0, 1, ...

    >>> is_whole("12"), is_whole("²"), is_whole("9" * 5000)
    (True, False, False)
    """
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS


def integers(text: str, option: str, least: int = 1) -> list[int]:
    """The integers of a list by commas, sorted, each once.

    >>> integers("8, 1,2,2", "--batch-sizes")
    [1, 2, 8]
    """
    values = {part: to_fraction(part, option) for part in split(text, option)}
    for part, value in values.items():
        if value.denominator != 1 or value < least:
            raise InputError(f"{option}: found {part}; an integer >= {least} is needed.")
    return sorted(set(map(int, values.values())))
