"""Options of questions: which there are, and what those that all questions share may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from sgdmoments.budget import read_budget, read_progress
from sgdmoments.describe.quantities import Given
from sgdmoments.errors import InputError
from sgdmoments.reading import attribute, check_names, read_choice, read_flag, read_integer, shown

#: Orders of series above this are taken for a slip.
LARGEST_ORDER = 10_000


def call(function: Callable[..., Any], what: str, options: Mapping[str, Any], *arguments: Any) -> Any:
    """The function with its options, after a look at them; `InputError` for an option that it does not take."""
    check_names(function, what, options, len(arguments))
    check_options(options)
    return function(*arguments, **options)


def check_options(options: Mapping[str, Any]) -> None:
    """`InputError` where an option that questions share is of a wrong kind.

    >>> check_options({"given": "nothing", "learning_rate_order": 3})
    """
    for name, value in options.items():
        if name == "given":
            read_choice(value, name, get_args(Given))
        elif name == "budget":
            read_budget(value)
        elif name == "progress":
            read_progress(value)
        elif name in ("learning_rate_order", "inverse_batch_order", "order"):
            check_order(value, name)
        elif name == "check":
            read_flag(value, name)
        elif name == "executor" and value is not None and not callable(attribute(value, "submit")):
            raise InputError(f"executor: found {shown(value)}; give a concurrent.futures.Executor, or any object with "
                             "its submit(function, ...).")


def check_order(order: Any, name: str) -> int | None:
    """The order at which a series ends: an integer >= 0, or None for the whole."""
    return None if order is None else read_integer(
        order, name, 0, f"an order is an integer >= 0, at most {LARGEST_ORDER:,}", LARGEST_ORDER)
