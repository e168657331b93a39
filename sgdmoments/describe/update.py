"""How a step moves the weights: a linear map of slots, driven by the batch gradient.

    slots' = A slots + B g,    g the mean batch gradient at C slots.

Slot 0 holds the weights; others hold a momentum buffer, a running sum, or what a user needs. Plain SGD has one slot,
A = 1, B = -alpha, C = 1. Every entry is a polynomial in the step's learning rate.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy

from sgdmoments.describe.array import Array
from sgdmoments.describe.description import Description, final
from sgdmoments.describe.values import FrozenDict
from sgdmoments.errors import AssumptionError, InputError
from sgdmoments.exact.numbers import Exact, to_exact, to_exact_array
from sgdmoments.reading import (
    is_bytes,
    is_listed,
    read_choice,
    read_flag,
    read_function,
    read_integer,
    read_name,
    read_sequence,
    shown,
)

#: A polynomial in the learning rate: its coefficients, constant first.
Powers = tuple[Exact, ...]

#: The learning rate inside the entries of a user's update, while these are read.
_RATE = sympy.Dummy("alpha", dummy_index=6_000_000)
_ONE: Powers = (Fraction(1),)
_NONE: Powers = ()

#: The slot that `velocity(t)` reads: the momentum buffer.
VELOCITY = "v"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the slots: A (rows), B and C as polynomials in the learning rate."""

    A: tuple[tuple[Powers, ...], ...]
    B: tuple[Powers, ...]
    C: tuple[Powers, ...]

    @property
    def is_plain(self) -> bool:
        """Whether it is w - alpha g."""
        return self == PLAIN

    @property
    def at_weights(self) -> bool:
        """Whether the gradient is taken at the weights themselves."""
        return (_ONE, *(_NONE,) * (len(self.C) - 1)) == self.C


PLAIN = Step(((_ONE,),), ((Fraction(0), Fraction(-1)),), (_ONE,))


def at_rate(powers: Powers, rate: Any) -> Any:
    """The value of an entry at a learning rate, in the arithmetic of the rate."""
    total: Any = 0
    for k, c in enumerate(powers):
        if c != 0:
            total = total + (c if k == 0 else c * rate**k)
    return total


class Update(Description):
    """What moves the slots at each step.

    Attributes:
        slots: their names, the weights first.
    """

    __slots__ = ()
    slots: tuple[str, ...]

    @abstractmethod
    def step(self, t: int) -> Step:
        """The step from t to t + 1."""

    @property
    def constant_from(self) -> int | None:
        """The first t from which on all steps are the same map of alpha; None where that is not known."""
        return 0

    def start_of(self, slot: str) -> Any:
        """Where a slot starts: "w" (at the initial weights), an exact array, or None for zeros."""
        return "w" if read_choice(slot, "slot", self.slots) == self.slots[0] else None

    @property
    def is_plain(self) -> bool:
        """Whether this is w - alpha g at every step."""
        return len(self.slots) == 1 and self.constant_from == 0 and self.step(0).is_plain


@final
class Momentum(Update):
    """The update of ``torch.optim.SGD``.

        v_1 = g_0 + lambda w_0,    v_(t+1) = mu v_t + (1 - tau)(g_t + lambda w_t),    w_(t+1) = w_t - alpha_t v_(t+1),

    or, with `nesterov`, w_(t+1) = w_t - alpha_t (g_t + lambda w_t + mu v_(t+1)). Without momentum there is no buffer.

    Args:
        momentum: mu, a number >= 0 or a symbol.
        nesterov: needs momentum, and no dampening.
        dampening: tau, for all steps but the first; needs momentum.
        weight_decay: lambda, a number >= 0 or a symbol.

    >>> Momentum("9/10").slots
    ('w', 'v')
    >>> Momentum().is_plain
    True
    """

    __slots__ = ("dampening", "momentum", "nesterov", "slots", "weight_decay")

    def __init__(self, momentum: Any = 0, nesterov: Any = False, dampening: Any = 0, weight_decay: Any = 0) -> None:
        self.momentum = _not_negative(momentum, "momentum")
        self.nesterov = read_flag(nesterov, "nesterov")
        self.dampening = to_exact(dampening, "dampening")
        self.weight_decay = _not_negative(weight_decay, "weight_decay")
        if self.nesterov and (self.momentum == 0 or self.dampening != 0):
            raise InputError("nesterov: it needs momentum > 0 and dampening = 0, as in torch.optim.SGD.")
        if self.dampening != 0 and self.momentum == 0:
            raise InputError("dampening: it damps what enters the momentum buffer, and momentum is 0.")
        self.slots: tuple[str, ...] = ("w",) if self.momentum == 0 else ("w", VELOCITY)

    @property
    def constant_from(self) -> int:
        """1 with dampening, which leaves the first step alone; else 0."""
        return int(self.dampening != 0)

    def step(self, t: int) -> Step:
        """The step from t to t + 1."""
        t = _read_step(t)
        mu, decay, one = self.momentum, self.weight_decay, Fraction(1)
        if mu == 0:
            return Step(((_powers(one, -decay),),), (_powers(0, -one),), (_ONE,))
        kept = one if t == 0 else one - self.dampening
        new = (_powers(kept * decay), _powers(mu))  # v' as a combination of w and v, beside kept * g
        if self.nesterov:
            weights = (_powers(one, -(1 + mu) * decay), _powers(0, -mu * mu))
            gain = -(1 + mu)
        else:
            weights = (_powers(one, -kept * decay), _powers(0, -mu))
            gain = -kept
        return Step((weights, new), (_powers(0, gain), _powers(kept)), (_ONE, _NONE))


@final
class LinearUpdate(Update):
    """A linear update of a user's own: slots' = A slots + B g, g the batch gradient at C slots.

    Args:
        slots: names, the weights first.
        A: a square matrix of entries.
        B: one entry for each slot.
        C: one entry for each slot; by default the gradient is taken at the weights.
        start: for some slots where they start: "w" for the initial weights, or an array of a slot's shape (models with
            one parameter array). The weights start at the initial weights, other slots at zero.

    An entry is a number, a symbol, or a callable of (t, alpha_t) that is a polynomial in alpha_t.

    >>> heavy_ball = LinearUpdate(("w", "before"), A=[["3/2", "-1/2"], [1, 0]], B=[lambda t, a: -a, 0],
    ...                           start={"before": "w"})
    >>> heavy_ball.step(0).B
    ((Fraction(0, 1), Fraction(-1, 1)), ())
    """

    __slots__ = ("A", "B", "C", "slots", "start")

    def __init__(self, slots: Sequence[str] = ("w", VELOCITY), A: Any = None, B: Any = None, C: Any = None,
                 start: Mapping[str, Any] | None = None) -> None:
        names = tuple(read_name(name, "slots", "a slot has a name") for name in
                      read_sequence(slots, "slots", "a list of names is needed"))
        if not names or len(set(names)) != len(names):
            raise InputError(f"slots: found {shown(slots)}; different names are needed, the weights first.")
        self.slots: tuple[str, ...] = names
        count = len(names)
        if A is None or B is None:
            raise InputError("LinearUpdate: A (a matrix) and B (a list) are needed: slots' = A slots + B g.")
        rows = read_sequence(A, "A", f"{count} rows of {count} entries are needed")
        self.A: tuple[tuple[Any, ...], ...] = tuple(_entries(row, f"A[{i}]", count) for i, row in enumerate(rows))
        if len(rows) != count:
            raise InputError(f"A: found {len(rows)} rows; there are {count} slots.")
        self.B: tuple[Any, ...] = _entries(B, "B", count)
        self.C: tuple[Any, ...] = _entries((1, *(0,) * (count - 1)) if C is None else C, "C", count)
        self.start = _read_start(start, names)

    @property
    def constant_from(self) -> int | None:
        """0 where no entry is a callable, else None."""
        return None if any(map(callable, self._all)) else 0

    @property
    def _all(self) -> tuple[Any, ...]:
        found = (*(entry for row in self.A for entry in row), *self.B, *self.C)
        return tuple(entry for entry in found if not isinstance(entry, sympy.Basic))

    @property
    def by_value(self) -> bool:
        """True: a callable is compared by itself."""
        return True

    def step(self, t: int) -> Step:
        """The step from t to t + 1."""
        t = _read_step(t)
        return Step(tuple(tuple(_at(entry, t, f"A[{i}][{j}]") for j, entry in enumerate(row))
                          for i, row in enumerate(self.A)),
                    tuple(_at(entry, t, f"B[{i}]") for i, entry in enumerate(self.B)),
                    tuple(_at(entry, t, f"C[{i}]") for i, entry in enumerate(self.C)))

    def start_of(self, slot: str) -> Any:
        """Where a slot starts: "w" (at the initial weights), an exact array, or None for zeros."""
        return self.start.get(read_choice(slot, "slot", self.slots), "w" if slot == self.slots[0] else None)


@final
class Averaged(Update):
    """An update with one slot more, from which an average of the weights is read.

    Without a decay the slot is the running sum w_0 + ... + w_t; with a decay d it is e_0 = w_0,
    e_(t+1) = d e_t + (1 - d) w_(t+1).
    """

    __slots__ = ("decay", "slots", "update")

    def __init__(self, update: Update, decay: Exact | None = None) -> None:
        self.update, self.decay = update, decay
        self.slots: tuple[str, ...] = (*update.slots, average_slot(decay))

    @property
    def constant_from(self) -> int | None:
        """As of the update that is averaged."""
        return self.update.constant_from

    def step(self, t: int) -> Step:
        """The step from t to t + 1."""
        inner = self.update.step(t)
        kept, taken = (Fraction(1), Fraction(1)) if self.decay is None else (self.decay, 1 - self.decay)
        row = (*(_scaled(entry, taken) for entry in inner.A[0]), _powers(kept))
        return Step((*((*line, _NONE) for line in inner.A), row), (*inner.B, _scaled(inner.B[0], taken)),
                    (*inner.C, _NONE))

    def start_of(self, slot: str) -> Any:
        """Where a slot starts; the average starts at the initial weights."""
        return "w" if slot == self.slots[-1] else self.update.start_of(slot)


def average_slot(decay: Exact | None) -> str:
    """The name of the slot of an average: no slot of a user's is called so."""
    return "an average" if decay is None else f"an average, decay {decay}"


def read_update(update: Any, momentum: Any, nesterov: Any, dampening: Any, weight_decay: Any) -> Update:
    """The update of a run, from its words or as given."""
    made = Momentum(momentum, nesterov, dampening, weight_decay)
    if update is None:
        return made
    if not isinstance(update, Update):
        hint = (" Adam, clipping and sign updates are not polynomial in the gradient; simulate_loss follows any loss."
                if callable(update) or isinstance(update, str) else "")
        raise InputError(f"update: found {shown(update)}; use LinearUpdate(slots, A, B, C), or the words momentum, "
                         f"nesterov, dampening, weight_decay.{hint}")
    if made != Momentum():
        raise InputError("update: it says all of the step; momentum, nesterov, dampening and weight_decay go without.")
    return update


def check_slots(update: Update, parameters: Sequence[Array]) -> None:
    """`InputError` where a slot starts at an array that does not fit the model."""
    shapes = [array.shape for array in parameters]
    for slot in update.slots:
        start = update.start_of(slot)
        if not isinstance(start, (str, type(None))) and [start.shape] != shapes:
            raise InputError(f"start[{slot!r}]: found shape {start.shape}; the model's parameters have "
                             f"{', '.join(map(str, shapes))}, and an array is for a model with one.")


def _read_step(t: Any) -> int:
    return read_integer(t, "t", 0, "steps count from 0")


def _powers(*coefficients: Any) -> Powers:
    """The coefficients without zeros at the end, exact."""
    kept = [c if isinstance(c, Fraction) else to_exact(c, "update") for c in coefficients]
    while kept and kept[-1] == 0:
        kept.pop()
    return tuple(kept)


def _scaled(powers: Powers, factor: Exact) -> Powers:
    return _powers(*(c * factor for c in powers))


def _not_negative(value: Any, name: str) -> Exact:
    exact = to_exact(value, name)
    if (isinstance(exact, Fraction) and exact < 0) or (isinstance(exact, sympy.Expr) and exact.is_negative):
        raise InputError(f"{name}: found {exact}; it cannot be negative.")
    return exact


def _entries(values: Any, name: str, count: int) -> tuple[Any, ...]:
    if is_bytes(values) or not is_listed(values):
        values = [values] if count == 1 else values
    listed = read_sequence(values, name, f"{count} entries are needed, one for each slot")
    if len(listed) != count:
        raise InputError(f"{name}: found {len(listed)} entries; there are {count} slots.")
    return tuple(_entry(value, f"{name}[{i}]") for i, value in enumerate(listed))


def _entry(value: Any, name: str) -> Any:
    if callable(value) and not isinstance(value, sympy.Basic):
        return read_function(value, name, "an entry is a number, a symbol, or a function of (t, alpha_t)", 2)
    return to_exact(value, name)


def _at(entry: Any, t: int, name: str) -> Powers:
    if isinstance(entry, (Fraction, sympy.Basic)):
        return _powers(entry)
    call: Callable[[int, Any], Any] = entry
    found = call(t, _RATE)
    if not isinstance(found, sympy.Basic) or _RATE not in found.free_symbols:
        return _powers(to_exact(found, f"{name}({t}, alpha)"))
    try:
        polynomial = sympy.Poly(found, _RATE)
    except sympy.PolynomialError:
        raise AssumptionError(f"{name}: found {found} at t = {t}; an entry is a polynomial in the learning rate."
                              ) from None
    return _powers(*(to_exact(c, name) for c in reversed(polynomial.all_coeffs())))


def _read_start(start: Any, names: Sequence[str]) -> FrozenDict:
    if start is None:
        return FrozenDict({})
    if not isinstance(start, Mapping) or not set(start) <= set(names):
        raise InputError(f"start: found {shown(start)}; a dict from names of slots ({', '.join(names)}) to \"w\" or "
                         "arrays is needed.")
    return FrozenDict({name: value if isinstance(value, str) and value == "w" else
                       to_exact_array(value, f"start[{name!r}]") for name, value in start.items()})
