"""What the methods of laws are given, read once: for the package's laws and for a user's own alike.

`Distribution` puts these readers before the methods of every class that derives from it, so that a law's own `moment`
is always called with a tuple of integers, one for each coordinate.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import to_exact
from sgdmoments.reading import read_integer, read_sequence, shown

Method = Callable[..., Any]

#: Moments of a higher order are taken for a slip.
LARGEST_ORDER = 10_000
#: Cumulants of a higher order take too long: they follow from all moments below.
LARGEST_CUMULANT = 1_000
#: More coordinates than these are taken for a slip.
LARGEST_SIZE = 10**8

_ORDER = f"the order of a moment is an integer from 0 to {LARGEST_ORDER:,}"
_EXPONENTS = "a moment is asked for by a list of exponents, one for each coordinate"


def read_exponents(law: Any, exponents: Any) -> tuple[int, ...]:
    """The exponents of E[x_1^e_1 ... x_p^e_p]: integers >= 0, as many as the law has coordinates."""
    length = law._length
    if type(exponents) is not tuple or not all(type(e) is int for e in exponents):
        exponents = tuple(read_integer(e, f"exponents[{i}]", 0, _ORDER)
                          for i, e in enumerate(read_sequence(exponents, "exponents", _EXPONENTS)))
    if length is not None and len(exponents) != length:
        raise InputError(f"exponents: {shown(law)} has {length} coordinates, found {len(exponents)} exponents.")
    if exponents and (min(exponents) < 0 or sum(exponents) > LARGEST_ORDER):
        raise InputError(f"exponents: found {shown(exponents)}; {_ORDER}.")
    return exponents


def read_order(order: Any, name: str = "order") -> int:
    """The order of a moment of one coordinate."""
    return read_integer(order, name, 0, _ORDER, LARGEST_ORDER)


def read_cumulant(order: Any) -> int:
    """The order of a cumulant of one coordinate."""
    return read_integer(order, "order", 1, f"the order of a cumulant is an integer from 1 to {LARGEST_CUMULANT:,}",
                        LARGEST_CUMULANT)


def read_size(law: Any, size: Any) -> int:
    """A number of coordinates that the law can have."""
    count = read_integer(size, "size", 1, "a number of coordinates is an integer >= 1", LARGEST_SIZE)
    if law._length not in (None, count):
        raise InputError(f"size: {shown(law)} has {law._length} coordinates, found {count}.")
    return count


def reads_exponents(method: Method) -> Method:
    @wraps(method)
    def reading(self: Any, exponents: Any) -> Any:
        return method(self, read_exponents(self, exponents))

    return reading


def reads_order(method: Method) -> Method:
    @wraps(method)
    def reading(self: Any, order: Any) -> Any:
        return method(self, read_order(order))

    return reading


def reads_cumulant(method: Method) -> Method:
    @wraps(method)
    def reading(self: Any, order: Any) -> Any:
        return method(self, read_cumulant(order))

    return reading


def reads_size(method: Method) -> Method:
    @wraps(method)
    def reading(self: Any, size: Any) -> Any:
        return method(self, read_size(self, size))

    return reading


def reads_size_and_degree(method: Method) -> Method:
    @wraps(method)
    def reading(self: Any, size: Any, degree: Any) -> Any:
        return method(self, read_size(self, size), read_order(degree, "degree"))

    return reading


def exactly(method: Method, name: str) -> Method:
    """The same method of a user's own class, its result read as an exact number."""
    @wraps(method)
    def exact(self: Any, order: Any) -> Any:
        return to_exact(method(self, order), f"{type(self).__name__}.{name}({order})")

    return exact


#: What is put before a method of this name.
READERS: dict[str, Callable[[Method], Method]] = {
    "moment": reads_exponents, "coordinate_moment": reads_order, "cumulant": reads_cumulant,
    "mean_and_covariance": reads_size, "support": reads_size_and_degree, "support_size": reads_size_and_degree,
}
