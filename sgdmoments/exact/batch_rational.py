"""A quotient of two polynomials in 1/b: exact at every batch size."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from sgdmoments.errors import InputError
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.reading import shown


@dataclass(frozen=True)
class BatchRational:
    """numerator / denominator, each a `BatchPolynomial`.

    >>> half = BatchRational(BatchPolynomial((0, 1)), BatchPolynomial((2,)))
    >>> half(3), half
    (Fraction(1, 6), (1/b) / (2))
    """

    numerator: BatchPolynomial
    denominator: BatchPolynomial

    def __post_init__(self) -> None:
        for value in (self.numerator, self.denominator):
            if not isinstance(value, BatchPolynomial):
                raise InputError(f"BatchRational: found {shown(value)}; two polynomials in 1/b are needed.")

    def __call__(self, b: Any) -> Any:
        """The value at a batch size, or at each of several: Fractions where both polynomials hold numbers."""
        above, below = self.numerator(b), self.denominator(b)
        if not isinstance(above, np.ndarray):
            return _divided(above, below)
        found = np.empty(above.shape, dtype=object)
        for place in np.ndindex(above.shape):
            found[place] = _divided(above[place], below[place])
        return found

    def evaluate(self, values: Any) -> BatchRational:
        """The same with numbers for letters; see `BatchPolynomial.evaluate`."""
        return BatchRational(self.numerator.evaluate(values), self.denominator.evaluate(values))

    def to_sympy(self) -> sympy.Expr:
        """The quotient as a sympy expression."""
        return self.numerator.to_sympy() / self.denominator.to_sympy()

    def __repr__(self) -> str:
        return f"({self.numerator}) / ({self.denominator})"

    def _repr_latex_(self) -> str:
        parts = [str(part._repr_latex_()).strip("$").replace("\\displaystyle ", "") for part in (
            self.numerator, self.denominator)]
        return f"$\\displaystyle \\frac{{{parts[0]}}}{{{parts[1]}}}$"


def _divided(above: Any, below: Any) -> Any:
    if isinstance(below, Fraction) and not below:
        raise InputError("the denominator is zero at this batch size: the quotient has no value there.")
    if isinstance(above, Fraction) and isinstance(below, Fraction):
        return above / below
    return sympy.sympify(_expression(above)) / sympy.sympify(_expression(below))


def _expression(value: Any) -> Any:
    return value.to_sympy() if hasattr(value, "to_sympy") else value
