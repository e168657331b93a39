"""Learning rates alpha_t, read once into a form that routes share."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from sgdmoments.describe.description import Description, final
from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import Exact, to_exact
from sgdmoments.reading import is_bytes, is_listed, read_function, read_sequence, shown


@final
class Schedule(Description):
    """The learning rate as a function of the step t = 0, 1, 2, ...

    Two schedules are equal where their rates are given by equal numbers, equal lists or the same callable.

    Args:
        learning_rate: a number or symbol (constant), a sequence (alpha_0, alpha_1, ...), or a callable of t.

    >>> Schedule(lambda t: Fraction(1, 2 * (t + 1)))(2)
    Fraction(1, 6)
    >>> Schedule(["1/10", 1])
    Schedule(('1/10', 1))
    """

    __slots__ = ("_call", "_list", "constant")

    def __init__(self, learning_rate: Any) -> None:
        self._call: Callable[[int], Any] | None = None
        self._list: tuple[Exact, ...] | None = None
        #: The rate where it is the same at every step, else None.
        self.constant: Exact | None = None
        if is_bytes(learning_rate):
            raise InputError(f"learning_rate: found {shown(learning_rate)}; bytes are not rates, use a number or a "
                             "text.")
        if isinstance(learning_rate, np.ndarray) and learning_rate.ndim == 0:
            learning_rate = learning_rate.item()
        if is_listed(learning_rate):
            rates = read_sequence(learning_rate, "learning_rate", "a list of rates is needed")
            self._list = tuple(_rate(a, f"learning_rate[{t}]") for t, a in enumerate(rates))
            if not self._list:
                raise InputError("learning_rate: the sequence is empty.")
        elif callable(learning_rate) and not isinstance(learning_rate, sympy.Basic):
            self._call = read_function(learning_rate, "learning_rate", "a rate is a number, a list of them, or a "
                                                                       "function of t")
        else:
            self.constant = _rate(learning_rate, "learning_rate")

    @property
    def learning_rate(self) -> Any:
        """What the schedule is made from: a number, a tuple, or a callable."""
        return self.constant if self.constant is not None else self._call if self._list is None else self._list

    @property
    def by_value(self) -> bool:
        """True: a callable is compared by itself."""
        return True

    def _key(self) -> Any:
        call: Any = self._call
        try:
            hash(call)
        except TypeError:
            call = id(call)
        return type(self), self.constant, self._list, call

    def __call__(self, t: int) -> Exact:
        """alpha_t, exactly, for t >= 0."""
        if t < 0:
            raise InputError(f"learning_rate: alpha_{t} was asked for; steps count from 0.")
        if self.constant is not None:
            return self.constant
        if self._list is not None:
            if t >= len(self._list):
                raise InputError(f"learning_rate: alpha_{t} is needed, but the sequence ends at alpha_"
                                 f"{len(self._list) - 1}; give at least {t + 1} rates.")
            return self._list[t]
        assert self._call is not None
        return _rate(self._call(t), f"learning_rate({t})")

    def rates(self, steps: int) -> tuple[Exact, ...]:
        """(alpha_0, ..., alpha_(steps-1))."""
        return tuple(self(t) for t in range(steps))

    def symbols(self, steps: int) -> frozenset[sympy.Symbol]:
        """The symbols in a constant or listed rate; of a callable, those of its first `steps` rates."""
        rates = (self.constant,) if self.constant is not None else self._list or self.rates(steps)
        return frozenset[sympy.Symbol]().union(*(r.free_symbols for r in rates if isinstance(r, sympy.Basic)))


def _rate(value: Any, name: str) -> Exact:
    rate = to_exact(value, name)
    if (isinstance(rate, Fraction) and rate < 0) or (isinstance(rate, sympy.Expr) and rate.is_negative):
        raise InputError(f"{name}: found {rate}; a learning rate cannot be negative.")
    return rate
