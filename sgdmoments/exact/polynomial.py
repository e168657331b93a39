"""`BatchPolynomial`: the answer to every question, a polynomial in u = 1/b with exact coefficients."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import sympy

from sgdmoments.errors import AssumptionError, InputError
from sgdmoments.exact import roots
from sgdmoments.exact.coefficients import (
    entry_to_sympy,
    evaluate_entry,
    read_entry,
    substitute_linear,
    user_form,
    with_entries,
    with_letter_population,
)
from sgdmoments.exact.numbers import to_exact
from sgdmoments.exact.provenance import Provenance
from sgdmoments.exact.ring import Polynomial
from sgdmoments.exact.saving import entry_from_json, entry_to_json


@dataclass(frozen=True, repr=False)
class BatchPolynomial:
    """sum_k entries[k] u^k with u = 1/b, b the batch size.

    Args:
        entries: the coefficients, constant first: Fractions, polynomials or expressions in symbols, or graph
            expressions (floats in a result that was asked for in floats). Trailing zeros are dropped. Kept in
            the form that the package computes with; `coefficients` gives them in the user's form.
        population: n where batches are drawn without replacement from n points; then b <= n.
        truncated: the order K after which further powers of u exist but are not computed, or None.
        provenance: the receipt; it does not take part in ==.
        learning_rate_order: the order K of a series in the learning rates that goes on beyond it, or None.

    Laws:

    >>> p, q = BatchPolynomial((0, 1)), BatchPolynomial((1, "1/2"))
    >>> (p * q).coefficients
    (Fraction(0, 1), Fraction(1, 1), Fraction(1, 2))
    >>> (p + q)(4) == p(4) + q(4), p - p == BatchPolynomial((0,))
    (True, True)
    """

    entries: tuple[Any, ...]
    population: int | None = None
    truncated: int | None = None
    provenance: Provenance = field(default_factory=Provenance, compare=False, repr=False)
    learning_rate_order: int | None = None

    def __post_init__(self) -> None:
        values = [read_entry(c) for c in self.entries] or [Fraction(0)]
        while len(values) > 1 and not values[-1]:
            values.pop()
        object.__setattr__(self, "entries", tuple(values))

    @classmethod
    def from_cb(cls, coefficients: Sequence[Any], population: int | sympy.Symbol, provenance: Provenance | None = None,
                ) -> BatchPolynomial:
        """The polynomial with the given coefficients in powers of c_b = (n - b)/(b (n - 1)), n = population.

        Where n is a letter the coefficients are rational functions of it.
        """
        if isinstance(population, sympy.Symbol):
            entries = with_letter_population(coefficients, population)
            return cls(entries, provenance=provenance or Provenance())
        if population == 1:  # the only batch is the data set: c_b = 0
            return cls(tuple(coefficients[:1]), population, provenance=provenance or Provenance())
        scale = Fraction(1, population - 1)
        result = substitute_linear(coefficients, -scale, population * scale)
        return cls(tuple(result), population, provenance=provenance or Provenance())

    # -- reading --------------------------------------------------------------------------------------------

    @cached_property
    def coefficients(self) -> tuple[Any, ...]:
        """The coefficients, constant first: Fractions; sympy expressions factored over ℚ; graph expressions."""
        return tuple(map(user_form, self.entries))

    @property
    def degree(self) -> int:
        """The degree in 1/b (0 for a constant)."""
        return len(self.entries) - 1

    @cached_property
    def is_rational(self) -> bool:
        """Whether every coefficient is a rational number."""
        return all(isinstance(c, Fraction) for c in self.entries)

    @property
    def symbols(self) -> frozenset[sympy.Symbol]:
        """The sympy symbols in the coefficients."""
        found: frozenset[sympy.Symbol] = frozenset()
        for c in self.entries:
            found |= c.symbols if isinstance(c, Polynomial) else getattr(c, "free_symbols", frozenset())
        return found

    def __call__(self, b: Any) -> Any:
        """The value at batch size b (an int or Fraction; a sympy symbol gives an expression)."""
        size = to_exact(b, "b")
        if isinstance(size, sympy.Expr):
            return self.to_sympy().subs(_BATCH_SIZE, size)
        if size < 1 or (size.denominator != 1 and self.population is not None):
            raise InputError(f"b: found {b}; a batch size is a positive integer.")
        if self.population is not None and size > self.population:
            raise InputError(f"b: found {size} > n = {self.population}; batches are drawn without replacement.")
        value: Any = None
        for c in reversed(self.entries):
            value = c if value is None else (value / float(size) if isinstance(value, float) else
                                             value * (1 / size)) + c
        return user_form(value)

    def evaluate(self, values: Mapping[Any, Any]) -> BatchPolynomial:
        """Numbers for letters: keys are symbols or their names ("alpha", "p", "W1", ...).

        Every letter must be given; an array under its name ("w", "W1") stands for its entries w_1, w_2, ...
        Exact numbers give exact results; float arrays give floats.
        """
        if any(isinstance(c, Polynomial) for c in self.entries):
            values = with_entries(values)
        memo: dict[str, Any] = {}  # graph expressions share their products
        return BatchPolynomial(tuple(evaluate_entry(c, values, memo) for c in self.entries), self.population,
                               self.truncated, self.provenance, self.learning_rate_order)

    def in_cb(self) -> tuple[Any, ...]:
        """The coefficients in powers of c_b = (n - b)/(b (n - 1)), constant first.

        Only for batches drawn without replacement from a finite data set.
        """
        n = self.population
        if n is None:
            raise AssumptionError("c_b belongs to sampling without replacement from n points; this polynomial "
                                  "has no n. Its natural basis is 1/b.")
        result = substitute_linear(self.entries, Fraction(1, n), Fraction(n - 1, n))
        while len(result) > 1 and not result[-1]:
            result.pop()
        return tuple(map(user_form, result))

    def is_nonnegative_in_cb(self) -> bool:
        """Whether every coefficient in powers of c_b is >= 0: then p decreases in b on 1..n.

        The certificate behind Theorems 3.3 and 3.4 (P0).
        """
        self._require_rational("is_nonnegative_in_cb")
        return all(c >= 0 for c in self.in_cb())

    def decreasing_from(self) -> int:
        """The least integer b_0 from which the polynomial never increases with b: proved, not sampled.

        dp/du >= 0 on 0 < u <= 1/b_0 (on 1/n <= u <= 1/b_0 without replacement) by exact real-root isolation.
        The proof itself: `decreasing_certificate`. Source: Theorem 3.10 (P0).

        >>> BatchPolynomial((0, 3, -2)).decreasing_from()
        2
        """
        return self.decreasing_certificate().batch_size

    def decreasing_certificate(self) -> roots.DecreasingCertificate:
        """The proof of `decreasing_from`, to be re-checked by `exact.roots.verify_decreasing`."""
        self._require_rational("decreasing_from")
        if self.truncated is not None:
            raise AssumptionError(f"the polynomial is known to order {self.truncated} in 1/b only; its truncation "
                                  "proves nothing about the whole. Ask for the whole polynomial.")
        if self.learning_rate_order is not None:
            raise AssumptionError("the polynomial is a series in the learning rate to order "
                                  f"{self.learning_rate_order}; what is left out could change every sign. Ask for the "
                                  "whole polynomial.")
        lowest = Fraction(0) if self.population is None else Fraction(1, self.population)
        return roots.decreasing_from(self.entries, lowest)

    def _require_rational(self, question: str) -> None:
        if not self.is_rational:
            raise InputError(f"{question} needs rational coefficients, but this polynomial has letters or floats; "
                             "call evaluate({...}) with exact numbers first.")

    # -- arithmetic -----------------------------------------------------------------------------------------

    def _lift(self, other: Any) -> BatchPolynomial | None:
        if isinstance(other, BatchPolynomial):
            if None not in (self.population, other.population) and self.population != other.population:
                raise InputError(f"polynomials for n = {self.population} and n = {other.population} do not mix.")
            return other
        if isinstance(other, (int, Fraction, Polynomial, sympy.Expr)):
            return BatchPolynomial((other,))
        return None

    def _with(self, coefficients: Iterable[Any], other: BatchPolynomial) -> BatchPolynomial:
        truncated = _least(self.truncated, other.truncated)
        kept = list(coefficients)[: None if truncated is None else truncated + 1]
        population = self.population if self.population is not None else other.population
        series = _least(self.learning_rate_order, other.learning_rate_order)
        return BatchPolynomial(tuple(kept), population, truncated, learning_rate_order=series)

    def __add__(self, other: Any) -> BatchPolynomial:
        q = self._lift(other)
        if q is None:
            return NotImplemented
        short, long = sorted((self.entries, q.entries), key=len)
        return self._with([a + b for a, b in zip(short, long, strict=False)] + list(long[len(short):]), q)

    __radd__ = __add__

    def __neg__(self) -> BatchPolynomial:
        return BatchPolynomial(tuple(-c for c in self.entries), self.population, self.truncated,
                               learning_rate_order=self.learning_rate_order)

    def __sub__(self, other: Any) -> BatchPolynomial:
        q = self._lift(other)
        return NotImplemented if q is None else self + (-q)

    def __rsub__(self, other: Any) -> BatchPolynomial:
        return (-self) + other

    def __mul__(self, other: Any) -> BatchPolynomial:
        q = self._lift(other)
        if q is None:
            return NotImplemented
        product: list[Any] = [None] * (self.degree + q.degree + 1)
        for i, a in enumerate(self.entries):
            for j, b in enumerate(q.entries):
                product[i + j] = a * b if product[i + j] is None else product[i + j] + a * b
        return self._with(product, q)

    __rmul__ = __mul__

    # -- other forms ----------------------------------------------------------------------------------------

    def to_sympy(self, b: sympy.Symbol | None = None) -> sympy.Expr:
        """A sympy expression in the batch size (by default the symbol `BatchPolynomial.batch_size`)."""
        size = _BATCH_SIZE if b is None else b
        if size in self.symbols:
            raise InputError(f"the symbol {size} occurs in the coefficients; pass another one for the batch size.")
        return sympy.Add(*(entry_to_sympy(c) / size**k for k, c in enumerate(self.entries)))

    @property
    def batch_size(self) -> sympy.Symbol:
        """The symbol b of `to_sympy`; equal to no symbol made by ``sympy.Symbol("b")``."""
        return _BATCH_SIZE

    def latex(self) -> str:
        """LaTeX of the polynomial in 1/b."""
        from sgdmoments.show.latex import batch_polynomial_latex

        return batch_polynomial_latex(self)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def __str__(self) -> str:
        from sgdmoments.show.text import batch_polynomial_text

        return batch_polynomial_text(self)

    def __repr__(self) -> str:
        extra = "".join(f", {name}={value}" for name in ("population", "truncated", "learning_rate_order")
                        if (value := getattr(self, name)) is not None)
        bits = sum(c.numerator.bit_length() + c.denominator.bit_length() for c in self.entries
                   if isinstance(c, Fraction))
        shown = repr(self.entries) if bits <= _LONGEST_REPR else f"<{len(self.entries)} coefficients, {bits:,} bits>"
        return f"BatchPolynomial({shown}{extra})"

    def plot(self, **options: Any) -> Any:
        """Log-log plot against b; see `sgdmoments.show.plots.plot_batch_polynomials`."""
        from sgdmoments.show.plots import plot_batch_polynomials

        return plot_batch_polynomials([self], **options)

    def to_json(self) -> str:
        """A JSON text from which `from_json` rebuilds an equal polynomial."""
        receipt = {name: getattr(self.provenance, name) for name in Provenance.__dataclass_fields__}
        return json.dumps({
            "format": "sgdmoments.BatchPolynomial/1",
            "coefficients": [entry_to_json(c) for c in self.entries],
            "population": self.population, "truncated": self.truncated,
            "learning_rate_order": self.learning_rate_order,
            "provenance": {**receipt, "sizes": [[k, v] for k, v in self.provenance.sizes]},
        })

    @classmethod
    def from_json(cls, text: str) -> BatchPolynomial:
        """The polynomial that `to_json` wrote; `InputError` where the text is not such a polynomial."""
        try:
            data = json.loads(text)
            if data["format"] != "sgdmoments.BatchPolynomial/1":
                raise InputError(f"from_json: unknown format {data['format']!r}.")
            receipt: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data["provenance"].items()}
            receipt["sizes"] = tuple((k, v) for k, v in receipt["sizes"])
            return cls(tuple(entry_from_json(c) for c in data["coefficients"]), data["population"], data["truncated"],
                       Provenance(**receipt), data["learning_rate_order"])
        except (json.JSONDecodeError, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"from_json: the text is not a saved BatchPolynomial ({error}).") from None


#: Rational coefficients of more bits than this together are counted, not written out, by repr.
_LONGEST_REPR = 10_000

#: The batch size as a symbol. A Dummy, so that a user's own letter b is another one.
_BATCH_SIZE = sympy.Dummy("b", dummy_index=1_000_002)


def _least(first: int | None, second: int | None) -> int | None:
    """The smaller order, None being none at all."""
    return min((order for order in (first, second) if order is not None), default=None)
