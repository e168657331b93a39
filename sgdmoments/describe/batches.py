"""How a batch is drawn: the one description that every question about sampling is put to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, cast, get_args

import sympy

from sgdmoments.describe.batch_weights import UPolynomial, batch_weight, distinct_weight, in_cb, set_partitions
from sgdmoments.describe.description import sealed
from sgdmoments.errors import InputError, RouteError
from sgdmoments.exact.numbers import fresh_symbol, to_exact, to_fraction
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.exact.provenance import Provenance
from sgdmoments.reading import read_choice, read_integer, shown

Scheme = Literal["without_replacement", "with_replacement", "fresh"]


@sealed
@dataclass(frozen=True, slots=True)
class Batches:
    """How the samples of a batch are drawn, and what follows for means over it.

    Moments of one batch are polynomials in a variable v: c_b = (n - b)/(b (n - 1)) for batches without replacement (in
    c_b the second-order operator has degree 1 and every coefficient is a positive map), u = 1/b for independent draws.

    Attributes:
        sampling: "without_replacement", "with_replacement" or "fresh".
        n: the number of data points (perhaps a letter); None for a law that gives fresh samples.

    >>> Batches("without_replacement", 5).partition_weight((2,))  # c_b
    (Fraction(-1, 4), Fraction(5, 4))
    >>> Batches("without_replacement", 5).value(2), Batches("fresh").value(2)
    (Fraction(3, 8), Fraction(1, 2))
    """

    sampling: Scheme
    n: int | sympy.Symbol | None = None

    @staticmethod
    def read(sampling: str | None, n: int | sympy.Symbol | None) -> Batches:
        """From what a user gives; the default where that is None."""
        if sampling is None:
            return Batches("fresh" if n is None else "without_replacement", n)
        sampling = read_choice(sampling, "sampling", get_args(Scheme))
        if (n is None) != (sampling == "fresh"):
            raise InputError(f"sampling: {sampling!r} does not fit "
                             + ("a data law that gives fresh samples; use 'fresh' (the default)." if n is None else
                                "a finite data set; use 'without_replacement' or 'with_replacement'."))
        return Batches(cast(Scheme, sampling), n)

    @property
    def independent(self) -> bool:
        """Whether the samples of a batch are independent draws."""
        return self.sampling != "without_replacement"

    @property
    def population(self) -> Any:
        """n where batches are drawn without replacement (then b <= n), else None."""
        return None if self.independent else self.n

    @property
    def is_default(self) -> bool:
        """Whether this is what is taken where a user says nothing."""
        return self == Batches.read(None, self.n)

    @property
    def words(self) -> str:
        """For receipts: "without replacement", ..."""
        return self.sampling.replace("_", " ")

    # -- weights ----------------------------------------------------------------------------------------------

    def partitions(self, factors: int) -> Iterator[tuple[tuple[int, ...], ...]]:
        """The set partitions rho of {0, ..., factors-1} with W_rho not 0: into at most n blocks without replacement.

        >>> len(list(Batches("without_replacement", 2).partitions(4))), len(list(Batches("fresh").partitions(4)))
        (8, 15)
        """
        return set_partitions(factors, self.population if isinstance(self.population, int) else None)

    def partition_weight(self, block_sizes: tuple[int, ...]) -> UPolynomial:
        """W_rho as a polynomial in u, constant first, for a partition of the factors into blocks of these sizes."""
        return batch_weight(block_sizes, self.population)

    def distinct_weight(self, count: int, order: int) -> UPolynomial:
        """The weight of `count` distinct samples in a product of `order` batch means, as a polynomial in u."""
        return distinct_weight(count, order, self.population)

    def partition_weight_in_v(self, block_sizes: tuple[int, ...]) -> UPolynomial:
        """W_rho as a polynomial in v, constant first; where n is a letter, of order 2 at most.

        >>> Batches("without_replacement", 7).partition_weight_in_v((2,))
        (Fraction(0, 1), Fraction(1, 1))
        """
        n = self.population
        if isinstance(n, sympy.Symbol):
            if sum(block_sizes) > 2:
                raise RouteError(f"moments of order above 2 depend on n beyond c_b; put a number in place of {n}.")
            n = 2  # to order 2 the weights depend on n through c_b alone
        return batch_weight(block_sizes, n) if n is None else in_cb(batch_weight(block_sizes, n), n)

    # -- the variable and its value ---------------------------------------------------------------------------

    def variable(self, taken: Collection[sympy.Symbol] = ()) -> sympy.Symbol:
        """The letter v: u or c_b, other than the symbols that are taken (n among them)."""
        letter = {self.population} if isinstance(self.population, sympy.Symbol) else set()
        return fresh_symbol("u" if self.independent else "c_b", {*taken, *letter})

    def value(self, b: Any) -> Fraction:
        """v at batch size b."""
        size, n = to_fraction(b, "b"), self.population
        if isinstance(n, sympy.Symbol):
            raise InputError(f"n is the letter {n}: c_b has no value at b = {shown(b)} alone; give the model a number "
                             "n, or of a closed form ask formula(b=..., n=...).")
        if size < 1 or (n is not None and (size > n or size.denominator != 1)):
            raise InputError(f"b: found {shown(b)}; a batch size lies in 1..{n or '∞'}.")
        if n is None:
            return 1 / size
        return Fraction(0) if n == 1 else (n - size) / (size * (n - 1))

    def expression(self, b: Any, n: Any = None) -> sympy.Expr:
        """v as an expression in b, and in n where another is given."""
        size, count = _to_sympy(b, "b"), self.population if n is None else _to_sympy(n, "n")
        if n is not None and self.independent:
            raise InputError(f"n: found {shown(n)}, but batches are independent draws: no answer depends on n.")
        if size.is_number and (size < 1 or (count is not None and not isinstance(count, sympy.Symbol)
                                            and (size > count or not size.is_integer))):
            raise InputError(f"b: found {shown(b)}; a batch size lies in 1..{count or '∞'}.")
        return 1 / size if count is None else (count - size) / (size * (count - 1))

    def size_at(self, v: Fraction) -> Fraction | None:
        """The batch size at which the variable has the value v; None where there is none, or n is a letter."""
        v, n = to_fraction(v, "v"), self.population
        if n is None:
            return 1 / v if v else None
        return n / (1 + v * (n - 1)) if isinstance(n, int) and 1 + v * (n - 1) else None

    def read_size(self, b: Any, name: str = "batch_sizes") -> int:
        """b as an int; `InputError` where it is not a positive integer, or exceeds n without replacement."""
        size = read_integer(b, name, 1, "a batch size is a positive integer")
        if isinstance(self.population, int) and size > self.population:
            raise InputError(f"{name}: found {shown(size)} > n = {self.population}; batches are drawn without "
                             "replacement.")
        return size

    def polynomial(self, coefficients: Sequence[Any], provenance: Provenance | None = None) -> BatchPolynomial:
        """The polynomial in u = 1/b with the given coefficients in powers of v."""
        if self.independent:
            return BatchPolynomial(tuple(coefficients), provenance=provenance or Provenance())
        return BatchPolynomial.from_cb(coefficients, self.population, provenance)


def _to_sympy(value: Any, name: str) -> sympy.Expr:
    exact = to_exact(value, name)
    return sympy.Rational(exact.numerator, exact.denominator) if isinstance(exact, Fraction) else exact
