"""The stability threshold of a recurrence on graphs: the least positive root of its boundary in the learning rate.

With letters left (1/b and the widths) it is given by its equation, and by a formula where that is of degree 1; at
numbers it is an exact algebraic number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import sympy

from sgdmoments.errors import InputError, RouteError
from sgdmoments.exact.linear import Matrix, rational_matrix
from sgdmoments.exact.numbers import to_fraction
from sgdmoments.exact.rational import RationalFunction
from sgdmoments.exact.real_root import RealRoot, least_of, least_positive_root
from sgdmoments.exact.ring import INVERSE_BATCH, Polynomial
from sgdmoments.exact.unit_circle import strictly_inside
from sgdmoments.graphs.labels import Dimension
from sgdmoments.reading import read_mapping


@dataclass(frozen=True)
class GraphThreshold:
    """The least positive root of a product of polynomials, where the system is stable below it.

    The map of the moments of even order is positive, so its spectral radius is an eigenvalue, which is 1 at the
    threshold and at no smaller rate; the orders below are stable with it.

    Attributes:
        rate: the letter of the learning rate.
        factors: polynomials in it and the letters, without the factor `rate` itself: irreducible, each once.
        blocks: the steps whose determinants of 1 - A they are.
        few: the answer for an input width below the order of the moments, from (width, b): there the graphs depend
            on one another, and their determinant has roots that no weights reach.
        width, order: the input width, and the order of the moments.

    >>> import sgdmoments as sm
    >>> noisy = sm.SGD(sm.Network(("p", 1), noise=sm.Gaussian()))
    >>> noisy.recurrence(sm.gradient).threshold()
    2/(_u*p + _u + 1)
    >>> noisy.recurrence(sm.loss, "second_moment").threshold().at(b=1, p=1).polynomial
    (-4, 18, -60, 105)
    """

    rate: sympy.Symbol
    factors: tuple[Polynomial, ...]
    blocks: tuple[Matrix, ...]
    few: Callable[[int, Any], RealRoot] = field(repr=False, compare=False)
    width: Dimension
    order: int

    @property
    def letters(self) -> tuple[sympy.Symbol, ...]:
        """The letters left, 1/b among them."""
        found = {s for block in self.blocks for row in block for entry in row for s in entry.symbols} - {self.rate}
        return tuple(sorted(found, key=str))

    @property
    def formula(self) -> RationalFunction | None:
        """The threshold as a rational function, where the equation has degree 1 and all letters are positive."""
        if len(self.factors) != 1 or any(len(block) > 1 for block in self.blocks):
            return None
        parts = self.factors[0].coefficients(self.rate)
        if len(parts) != 2:
            return None
        low, high = (parts[0], -parts[1]) if _is_positive(parts[0]) else (-parts[0], parts[1])
        stable = all(_is_positive(-block[0][0].coefficients(self.rate)[1]) for block in self.blocks)
        return RationalFunction(low, high) if stable and _is_positive(low) and _is_positive(high) else None

    def at(self, b: Any = None, values: Mapping[str, Any] | None = None, **letters: Any) -> RealRoot:
        """The threshold at numbers for b and every letter; 0 where small rates are not stable.

        Args:
            b: the batch size.
            values, letters: numbers by the names of the letters.
        """
        given = {**({} if values is None else read_mapping(values, "values", "a dict of numbers by name is needed")),
                 **letters}
        put: dict[sympy.Symbol, Fraction] = {}
        for s in self.letters:
            if s == INVERSE_BATCH:
                if b is None:
                    raise InputError("threshold: no batch size given; at(b=...).")
                size = to_fraction(b, "b")
                if size < 1:
                    raise InputError(f"b: found {b}; a batch size is at least 1.")
                put[s] = 1 / size
            elif s.name in given:
                put[s] = to_fraction(given[s.name], s.name)
            else:
                raise InputError(f"threshold: no value given for {s}; the letters are "
                                 f"{', '.join(x.name for x in self.letters if x != INVERSE_BATCH)}, and b.")
        width = put.get(self.width, self.width)
        if width != int(width) or width < 1:
            raise InputError(f"{self.width}: found {width}; a width is an integer >= 1.")
        if width < self.order:
            return self.few(int(width), b)
        found = []
        for factor in self.factors:
            at = factor.substitute(put)
            if not at:
                raise InputError(f"threshold: at {given} the moments never move; the equation is empty.")
            root = least_positive_root([c.to_fraction() for c in at.coefficients(self.rate)])
            found += [] if root is None else [root]
        root = least_of(found)
        test = Fraction(1) if root is None else root.low / 2
        if not all(self._is_stable(block, {**put, self.rate: test}) for block in self.blocks):
            return RealRoot((0, 1), Fraction(0), Fraction(0))
        if root is None:
            raise RouteError("these moments converge at every learning rate.")
        return root

    def to_sympy(self) -> sympy.Expr:
        """The formula; `RouteError` where there is none."""
        formula = self.formula
        if formula is None:
            raise RouteError(f"{self!r} has no formula; use at(b=..., ...) for numbers.")
        return formula.to_sympy()

    @staticmethod
    def _is_stable(block: Matrix, values: Mapping[sympy.Symbol, Fraction]) -> bool:
        numbers = rational_matrix(tuple(tuple(entry.substitute(values) for entry in row) for row in block))
        return strictly_inside(numbers.charpoly())

    def __repr__(self) -> str:
        formula = self.formula
        if formula is not None:
            return repr(formula)
        product = " * ".join(f"({factor.to_sympy()})" for factor in self.factors)
        return f"the least positive root in {self.rate} of {product}"


def _is_positive(polynomial: Polynomial) -> bool:
    """Whether the polynomial is positive for all positive letters because its coefficients are."""
    return bool(polynomial) and all(c > 0 for _, c in polynomial.terms())
