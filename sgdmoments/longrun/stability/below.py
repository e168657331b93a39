"""The condition of stationary values: the learning rate is below the threshold of second moments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import sympy

from sgdmoments.errors import Diverges
from sgdmoments.exact.ring import Polynomial
from sgdmoments.longrun.stability.pencil import Pencil
from sgdmoments.longrun.stability.threshold import Stability


@dataclass(frozen=True)
class BelowThreshold:
    """Second moments converge at the learning rate `rate`.

    Attributes:
        pencil: the step on covariances.
        rate: the learning rate, in the letters of the problem or others.
        noise: v where it is known, else None.
    """

    pencil: Pencil
    rate: Polynomial
    noise: Fraction | None = None

    @property
    def letters(self) -> tuple[sympy.Symbol, ...]:
        """The letters of the step."""
        found = self.rate.symbols | self.pencil.letters | (frozenset() if self.noise is not None else {self.pencil.v})
        return tuple(sorted(found, key=str))

    @property
    def needed(self) -> frozenset[sympy.Symbol]:
        """All of them."""
        return frozenset(self.letters)

    @property
    def proved(self) -> bool:
        """Whether it holds at every batch size left open; false where other letters are left."""
        return self._numbers and Stability(self.pencil).is_stable_at(self.rate.to_fraction(),
                                                                     Fraction(1) if self.noise is None else self.noise)

    @property
    def _numbers(self) -> bool:
        return self.rate.is_constant and not self.pencil.letters

    def check(self) -> None:
        """Raise `Diverges` where it holds at no batch size left open; nothing is known while letters are left."""
        if self._numbers and not Stability(self.pencil).is_stable_at(self.rate.to_fraction(),
                                                                     self.noise or Fraction(0)):
            raise self._refusal(self.rate.to_fraction(), self.noise or Fraction(0))

    def decide(self, values: Mapping[sympy.Symbol, Fraction]) -> None:
        """Raise `Diverges` where it does not hold at these numbers."""
        at = self.pencil.substituted(values)
        rate = self.rate.substitute(values).to_fraction()
        noise = values[self.pencil.v] if self.noise is None else self.noise
        if not Stability(at).is_stable_at(rate, noise):
            raise replace(self, pencil=at)._refusal(rate, noise)

    def _refusal(self, rate: Fraction, noise: Fraction) -> Diverges:
        limit = Stability(self.pencil).threshold_at(noise)
        b = self.pencil.batch_size_of(noise)
        place = f"{self.pencil.v} = {noise}" if b is None else f"b = {b}"
        return Diverges(
            f"the learning rate {rate} is not below the stability threshold {limit.text} at {place}: second moments "
            "grow without bound; take a smaller rate or a larger batch.", limit)

    def __str__(self) -> str:
        if not self._numbers:
            return ("second moments converge for learning rates below the least positive root of "
                    "stability().boundary()")
        return f"second moments converge for b >= {Stability(self.pencil).least_batch_size(self.rate.to_fraction())}"
