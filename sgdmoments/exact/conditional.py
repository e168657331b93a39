"""Rational functions that hold under a condition, such as limits: putting numbers in decides the condition.

>>> import sgdmoments as sm
>>> sgd = sm.SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]), learning_rate="3/10", initial=[0])
>>> limit = sgd.closed_form(sm.gradient).limit()
>>> limit
-10*c_b/(3*(7*c_b - 6))
>>> limit.substitute({"c_b": "1/4"})
10/51
>>> limit.substitute({"c_b": 1})
Traceback (most recent call last):
sgdmoments.errors.Diverges: variance of g_t at b = 1: diverges as t grows; second moments converge for \
learning rates below 2/7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Protocol

import sympy

from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import to_exact, to_fraction
from sgdmoments.exact.rational import RationalFunction, by_symbol
from sgdmoments.exact.ring import Polynomial, ring_of


class Condition(Protocol):
    """What must hold for a formula to be true."""

    @property
    def letters(self) -> tuple[sympy.Symbol, ...]:
        """The letters that may be put in."""
        ...

    @property
    def needed(self) -> frozenset[sympy.Symbol]:
        """Those that must be numbers before it can be decided."""
        ...

    def decide(self, values: Mapping[sympy.Symbol, Fraction]) -> RationalFunction | None:
        """Raise where it does not hold at these numbers; the exact value, where it comes with the decision."""
        ...

    def __str__(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Assigned:
    """A condition with what has been put in for its letters so far.

    Attributes:
        condition: the condition.
        values: what stands for each of its letters.
        formula: the formula that was given with it, in those letters.
    """

    condition: Condition
    values: tuple[tuple[sympy.Symbol, RationalFunction], ...]
    formula: RationalFunction

    @property
    def is_open(self) -> bool:
        """Whether letters that are needed are left."""
        return any(value.symbols for s, value in self.values if s in self.condition.needed)

    def put(self, values: Mapping[sympy.Symbol, RationalFunction]) -> Assigned:
        """More put in."""
        return replace(self, values=tuple((s, value.substitute(values)) for s, value in self.values))

    def decide(self) -> RationalFunction | None:
        """The decision, where no letter that is needed is left."""
        exact = self.condition.decide({s: value.to_fraction() for s, value in self.values if not value.symbols})
        return None if exact is None else exact.substitute({s: value for s, value in self.values if value.symbols})

    def require_formula(self) -> None:
        """Decide, and raise where the formula that was computed with is not the exact value (it has a gap there)."""
        exact = self.decide()
        if exact is not None:
            try:
                same = self.formula.substitute(dict(self.values)) == exact
            except InputError:  # a pole
                same = False
            if not same:
                raise InputError(f"{self.formula} is {exact} at these numbers, where it has a gap: put them in before "
                                 "computing with it.")


class Conditional(RationalFunction):
    """A rational function that is true under conditions. Its arithmetic keeps them.

    `substitute` and `evaluate` decide each condition as soon as its last letter is a number, and raise where it
    does not hold. `to_sympy` gives the bare formula.

    Attributes:
        conditions: the conditions; they print as sentences.

    Args:
        function: the formula.
        conditions: what must hold.
        direct: whether the formula is the very thing that its only condition decides, so that the exact value
            that comes with the decision takes its place (where the formula has a gap).
    """

    __slots__ = ("_direct", "conditions")

    conditions: tuple[Assigned, ...]
    _direct: bool

    def __init__(self, function: RationalFunction, conditions: tuple[Assigned, ...], direct: bool = False) -> None:
        super().__init__(function.numerator, function.denominator)
        object.__setattr__(self, "conditions", conditions)
        object.__setattr__(self, "_direct", direct)

    @classmethod
    def under(cls, function: RationalFunction, condition: Condition, direct: bool = False) -> RationalFunction:
        """The function under one condition; decided at once where the condition has no letters."""
        assigned = Assigned(condition, tuple((s, RationalFunction(ring_of([s])(s))) for s in condition.letters),
                            function)
        if assigned.is_open:
            return Conditional(function, (assigned,), direct)
        exact = assigned.decide()
        return exact if direct and exact is not None else function

    def _and(self, result: Any, other: Any = None) -> Any:
        if not isinstance(result, RationalFunction):
            return result
        more = tuple(c for c in getattr(other, "conditions", ()) if c not in self.conditions)
        return Conditional(result, self.conditions + more)

    def __add__(self, other: Any) -> RationalFunction:
        return self._and(super().__add__(other), other)

    __radd__ = __add__

    def __neg__(self) -> RationalFunction:
        return self._and(super().__neg__())

    def __sub__(self, other: Any) -> RationalFunction:
        return self._and(super().__sub__(other), other)

    def __mul__(self, other: Any) -> RationalFunction:
        return self._and(super().__mul__(other), other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> RationalFunction:
        return self._and(super().__truediv__(other), other)

    def __rtruediv__(self, other: Any) -> RationalFunction:
        plain = RationalFunction(self.denominator, self.numerator)
        return self._and(plain * other, other)

    def substitute(self, values: Mapping[Any, Any]) -> RationalFunction:
        """The function with letters (or their names) replaced; raises where a condition fails at the numbers."""
        given = self._read(values)
        conditions = tuple(c.put(given) for c in self.conditions)
        if self._direct and not conditions[0].is_open:
            exact = conditions[0].decide()
            if exact is not None:
                return exact
        plain = RationalFunction(self.numerator, self.denominator)
        for c in conditions:
            if not c.is_open:
                c.require_formula()
        return _settled(plain.substitute(given), tuple(c for c in conditions if c.is_open), self._direct)

    def evaluate(self, values: Mapping[Any, Any]) -> Any:
        """The value at numbers, each condition being decided first; every letter must be given."""
        return self.substitute({s: to_fraction(v, str(s)) for s, v in values.items()}).to_fraction()

    def to_fraction(self) -> Fraction:
        """The rational number that a constant is: only where no condition is left, so that this is an error."""
        left = sorted({str(s) for c in self.conditions for key, value in c.values for s in value.symbols
                       if key in c.condition.needed})
        raise InputError(f"{self.to_sympy()} holds under a condition on {', '.join(left)}: give numbers for these; "
                         + "; ".join(str(c.condition) for c in self.conditions))

    def _read(self, values: Mapping[Any, Any]) -> dict[sympy.Symbol, RationalFunction]:
        known = self.symbols | {s for c in self.conditions for _, value in c.values for s in value.symbols}
        return {s: value if isinstance(value, RationalFunction) else RationalFunction(
                    value if isinstance(value, Polynomial) else to_exact(value, str(s)))
                for s, value in by_symbol(values, known).items()}

    def __reduce__(self) -> tuple[Any, ...]:
        return Conditional, (RationalFunction(self.numerator, self.denominator), self.conditions, self._direct)


def _settled(function: RationalFunction, conditions: tuple[Assigned, ...], direct: bool) -> RationalFunction:
    """The function under the conditions that are open; a plain one where there is none."""
    return Conditional(function, conditions, direct) if conditions else RationalFunction(
        function.numerator, function.denominator)
