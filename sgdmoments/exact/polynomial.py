"""`BatchPolynomial`: the answer to every question, a polynomial in u = 1/b with exact coefficients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import zip_longest
from typing import Any

import numpy as np
import sympy

from sgdmoments.errors import AssumptionError, InputError, OperandError
from sgdmoments.exact import display, roots
from sgdmoments.exact.batch_arithmetic import BatchArithmetic
from sgdmoments.exact.batch_size import BATCH_SIZE, inverse_of
from sgdmoments.exact.coefficient_lists import least
from sgdmoments.exact.coefficients import (
    entry_to_sympy,
    evaluate_entries,
    letters_of,
    read_entry,
    substitute_linear,
    user_form,
    value_at,
    with_letter_population,
)
from sgdmoments.exact.numbers import to_exact, to_object_array
from sgdmoments.exact.population import PopulationCertificate, decreasing_in_population
from sgdmoments.exact.provenance import Provenance
from sgdmoments.exact.ring import Polynomial
from sgdmoments.exact.saving import polynomial_from_json, polynomial_to_json
from sgdmoments.exact.truncation import is_small, warn
from sgdmoments.reading import (
    is_foreign,
    is_integer,
    is_listed,
    read_flag,
    read_integer,
    read_sequence,
    read_symbol,
    shown,
)


@dataclass(frozen=True, repr=False)
class BatchPolynomial(BatchArithmetic):
    """sum_k entries[k] u^k with u = 1/b, b the batch size.

    Args:
        entries: the coefficients, constant first: Fractions, polynomials or expressions in symbols, or graph
            expressions (floats in a result that was asked for in floats). Trailing zeros are dropped. Kept in
            the form that the package computes with; `coefficients` gives them in the user's form.
        population: n where batches are drawn without replacement from n points; then b <= n.
        truncated: the order K after which further powers of u exist but are not computed, or None.
        provenance: the receipt; it does not take part in ==.
        learning_rate_order: the order K of a series in the learning rates that goes on beyond it, or None.
        next_coefficient: of a truncated answer the coefficient of u^(K + 1), where it came cheap, else None.
        last_order: of a series in the learning rates the coefficients of its part of order K alone.

    The last two say how far a truncated answer can be trusted (`exact.truncation`); they do not take part in ==.
    Two polynomials are equal where all coefficients are equal as functions of their letters and what else decides
    their values (population, truncation) is the same.

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
    next_coefficient: Any = field(default=None, compare=False, repr=False)
    last_order: tuple[Any, ...] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("population", "truncated", "learning_rate_order"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, read_integer(value, name, int(name == "population"), _ORDER))
        if not isinstance(self.provenance, Provenance):
            raise InputError(f"provenance: found {shown(self.provenance)}; a receipt is a Provenance.")
        given = read_sequence(self.entries, "entries", "a list of coefficients is needed, constant first")
        values = [read_entry(c) for c in given] or [Fraction(0)]
        while len(values) > 1 and not values[-1]:
            values.pop()
        object.__setattr__(self, "entries", tuple(values))
        if self.next_coefficient is not None:
            object.__setattr__(self, "next_coefficient", read_entry(self.next_coefficient))
        if self.last_order is not None:
            object.__setattr__(self, "last_order", tuple(map(read_entry, read_sequence(
                self.last_order, "last_order", "a list of coefficients is needed, constant first"))))

    def __eq__(self, other: object) -> bool:
        """Whether both are the same polynomial of the same letters, with the same population and truncation.

        A matrix W1 that is a letter (of index graphs) and the letters W1_11, W1_12, ... of its entries (of closure and
        components) are different letters: a user's own symbol may be called W1_11, and equal answers have equal hashes.
        Put the entries in and compare: ``p.evaluate({"W1": [sympy.symbols("W1_11 W1_12")]}) == q``.
        """
        if not isinstance(other, BatchPolynomial):
            return NotImplemented
        return self._fields() == other._fields() and all(
            a == b for a, b in zip_longest(self.entries, other.entries, fillvalue=Fraction(0)))

    def __hash__(self) -> int:
        hashes = [hash(c) for c in self.entries]
        while hashes and not hashes[-1]:  # a coefficient that is zero in disguise has the hash of zero
            hashes.pop()
        return hash((self._fields(), tuple(hashes)))

    def _fields(self) -> tuple[int | None, ...]:
        return self.population, self.truncated, self.learning_rate_order

    @classmethod
    def from_cb(cls, coefficients: Sequence[Any], population: int | sympy.Symbol, provenance: Provenance | None = None,
                ) -> BatchPolynomial:
        """The polynomial with the given coefficients in powers of c_b = (n - b)/(b (n - 1)), n = population.

        Where n is a letter the coefficients are rational functions of it.
        """
        receipt = Provenance() if provenance is None else provenance
        given = [read_entry(c) for c in read_sequence(coefficients, "coefficients", "a list of coefficients is needed, "
                                                                                    "constant first")]
        if isinstance(population, sympy.Symbol):
            return cls(with_letter_population(given, population), provenance=receipt)
        n = read_integer(population, "population", 1, "the number of data points is an integer >= 1, or a symbol")
        if n == 1:  # the only batch is the data set: c_b = 0
            return cls(tuple(given[:1]), n, provenance=receipt)
        scale = Fraction(1, n - 1)
        return cls(tuple(substitute_linear(given, -scale, n * scale)), n, provenance=receipt)

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
        return letters_of(self.entries)

    def __call__(self, b: Any) -> Any:
        """The value at batch size b: an int, a Fraction, infinity, or an array of these; a symbol: an expression.

        An array gives an array. Without replacement b is one of 1, ..., n. A truncated answer warns with
        `TruncationWarning` where its last kept term is not small against the sum (`exact.truncation.SMALL`).

        >>> p = BatchPolynomial((1, 6))
        >>> p(2), p(float("inf")), p([1, 2, 3]).tolist()
        (Fraction(4, 1), Fraction(1, 1), [Fraction(7, 1), Fraction(4, 1), Fraction(3, 1)])
        """
        if is_listed(b):
            sizes = to_object_array(b, "b")
            values = np.empty(sizes.shape, dtype=object)
            for index in np.ndindex(sizes.shape):
                values[index] = self._value(sizes[index])
            return values.astype(float) if values.size and all(isinstance(v, float) for v in values.flat) else values
        return self._value(b[()] if type(b) is np.ndarray else b)

    def _value(self, b: Any) -> Any:
        if isinstance(b, sympy.Expr) and b.free_symbols:
            return self.to_sympy().subs(BATCH_SIZE, to_exact(b, "b"))
        u = inverse_of(b, self.population)
        value = value_at(self.entries, u)
        self._warn_where_cut_short(b, u, value)
        return user_form(value)

    def _warn_where_cut_short(self, b: Any, u: Fraction, value: Any) -> None:
        if self.truncated is not None:
            k = self.truncated + (self.next_coefficient is not None)
            name = "the last kept term" if k == self.truncated else "the first term left out"
            if is_small(value_at([*[Fraction(0)] * k, self._coefficient(k)], u), value) is False:
                warn(f"1/b to order {self.truncated}", f"b = {b}", name, 5)
        if self.last_order is not None and is_small(value_at(self.last_order, u), value) is False:
            warn(f"the learning rate to order {self.learning_rate_order}", f"b = {b}", "the last kept order", 5)

    def _coefficient(self, k: int) -> Any:
        """The coefficient of u^k; None where a truncated answer does not know it."""
        if self.truncated is not None and k > self.truncated:
            return self.next_coefficient if k == self.truncated + 1 else None
        return self.entries[k] if k < len(self.entries) else Fraction(0)

    def evaluate(self, values: Mapping[Any, Any], partial: bool = False) -> Any:
        """Numbers for letters: keys are symbols or their names ("alpha", "p", "W1", ...).

        An array under its name ("w", "W1") stands for its entries w_1, w_2, .... Exact numbers give exact results;
        float arrays give floats. Names that do not occur change nothing. The mean of a matrix, one polynomial in
        graphs with open ends, becomes an object array of polynomials, one for each entry.

        Args:
            values: numbers or arrays by symbol or name.
            partial: leave the letters that are not given open (floats are then taken for their exact values);
                otherwise each one that is left is an `InputError`.

        >>> x, y = sympy.symbols("x y")
        >>> BatchPolynomial((x, x * y)).evaluate({"x": 2, "z": 5}, partial=True).coefficients
        (Fraction(2, 1), 2*y)
        """
        partial = read_flag(partial, "partial")
        beyond = () if self.next_coefficient is None else (self.next_coefficient,)
        last = self.last_order or ()
        found = evaluate_entries((*self.entries, *beyond, *last), values, partial)
        shape = next((value.shape for value in found if isinstance(value, np.ndarray)), ())
        if shape:
            return self._of_entries([np.broadcast_to(value, shape) for value in found], shape)
        count, end = len(self.entries), len(self.entries) + len(beyond)
        entries, orders = found[:count], found[end:] if last else None
        result = BatchPolynomial(entries, self.population, self.truncated, self.provenance, self.learning_rate_order,
                                 found[count] if beyond else None, orders)
        if orders and is_small(sum(map(abs, orders)) if _numbers(orders) else None,
                               sum(map(abs, entries)) if _numbers(entries) else None) is False:
            warn(f"the learning rate to order {self.learning_rate_order}", "these values", "the last kept order", 3)
        return result

    def _of_entries(self, found: Sequence[Any], shape: tuple[int, ...]) -> Any:
        """The array of polynomials with the given arrays of coefficients."""
        result = np.empty(shape, dtype=object)
        for index in np.ndindex(shape):
            result[index] = BatchPolynomial(tuple(array[index] for array in found[:len(self.entries)]), self.population,
                                            self.truncated, self.provenance, self.learning_rate_order)
        return result

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

        dp/du >= 0 on 0 < u <= 1/b_0 by exact real-root isolation; without replacement, where only b = 1, ..., n
        exist, p(b) >= p(b + 1) for the integers b_0 <= b < n. The proof itself: `decreasing_certificate`.

        Raises `NeverDecreases` where there is no b_0: the polynomial increases with b for all large b, or from
        n - 1 to n. Source: Theorem 3.10 (P0).

        >>> BatchPolynomial((0, 3, -2)).decreasing_from()
        2
        """
        return self.decreasing_certificate().batch_size

    def decreasing_certificate(self) -> roots.DecreasingCertificate | PopulationCertificate:
        """The proof of `decreasing_from`, to be re-checked by `exact.roots.verify_decreasing`."""
        self._require_rational("decreasing_from")
        if self.truncated is not None:
            raise AssumptionError(f"the polynomial is known to order {self.truncated} in 1/b only; its truncation "
                                  "proves nothing about the whole. Ask for the whole polynomial.")
        if self.learning_rate_order is not None:
            raise AssumptionError("the polynomial is a series in the learning rate to order "
                                  f"{self.learning_rate_order}; what is left out could change every sign. Ask for the "
                                  "whole polynomial.")
        if self.population is not None:
            return decreasing_in_population(self.entries, self.population)
        return roots.decreasing_from(self.entries)

    def _require_rational(self, question: str) -> None:
        if not self.is_rational:
            raise InputError(f"{question} needs rational coefficients, but this polynomial has letters or floats; "
                             "call evaluate({...}) with exact numbers first.")

    def _lift(self, other: Any) -> BatchPolynomial | None:
        if isinstance(other, BatchPolynomial):
            if None not in (self.population, other.population) and self.population != other.population:
                raise InputError(f"polynomials for n = {self.population} and n = {other.population} do not mix.")
            return other
        if is_integer(other) or isinstance(other, (Fraction, Polynomial, sympy.Expr)):
            return BatchPolynomial((other,))
        if is_foreign(other):
            return None
        raise OperandError(f"found {shown(other)} beside a BatchPolynomial; it goes with its like, numbers and sympy "
                           "expressions.")

    def _with(self, other: BatchPolynomial, coefficients: Sequence[Any], beyond: Any,
              last: tuple[Any, ...] | None) -> BatchPolynomial:
        truncated = least(self.truncated, other.truncated)
        kept = coefficients[: None if truncated is None else truncated + 1]
        population = self.population if self.population is not None else other.population
        series = least(self.learning_rate_order, other.learning_rate_order)
        return BatchPolynomial(tuple(kept), population, truncated, learning_rate_order=series,
                               next_coefficient=beyond, last_order=last)

    # -- other forms ----------------------------------------------------------------------------------------

    def to_sympy(self, b: sympy.Symbol | None = None, values: Mapping[Any, Any] | None = None) -> sympy.Expr:
        """A sympy expression in the batch size (by default the symbol `BatchPolynomial.batch_size`).

        Args:
            b: another symbol for the batch size.
            values: numbers for some of the letters, by name or symbol, as for ``evaluate(values, partial=True)``.
                (sympy's own ``subs("p", 3)`` makes a symbol without assumptions of the name, which is not the letter
                p of a width: that is a positive integer.)

        >>> n = sympy.Symbol("n", integer=True, positive=True)
        >>> BatchPolynomial((n + 1,)).to_sympy(values={"n": 3})
        4
        """
        if values is not None:
            return self.evaluate(values, partial=True).to_sympy(b)
        size = BATCH_SIZE if b is None else b
        if read_symbol(size, "b") in self.symbols:
            raise InputError(f"the symbol {size} occurs in the coefficients; pass another one for the batch size.")
        return sympy.Add(*(entry_to_sympy(c) / size**k for k, c in enumerate(self.entries)))

    @property
    def batch_size(self) -> sympy.Symbol:
        """The symbol b of `to_sympy`; equal to no symbol made by ``sympy.Symbol("b")``."""
        return BATCH_SIZE

    def latex(self) -> str:
        """LaTeX of the polynomial in 1/b."""
        return display.latex(self)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def __str__(self) -> str:
        return display.text(self)

    def __repr__(self) -> str:
        extra = "".join(f", {name}={value}" for name in ("population", "truncated", "learning_rate_order")
                        if (value := getattr(self, name)) is not None)
        bits = sum(c.numerator.bit_length() + c.denominator.bit_length() for c in self.entries
                   if isinstance(c, Fraction))
        shown = repr(self.entries) if bits <= _LONGEST_REPR else f"<{len(self.entries)} coefficients, {bits:,} bits>"
        return f"BatchPolynomial({shown}{extra})"

    def plot(self, **options: Any) -> Any:
        """Log-log plot against b; see `sgdmoments.show.plots.plot_batch_polynomials`."""
        return display.plot(self, **options)

    def to_json(self) -> str:
        """A JSON text from which `from_json` rebuilds an equal polynomial."""
        return polynomial_to_json(self)

    @classmethod
    def from_json(cls, text: str) -> BatchPolynomial:
        """The polynomial that `to_json` wrote; `InputError` where the text is not such a polynomial."""
        return cls(**polynomial_from_json(text))


_ORDER = "an integer is needed: >= 1 for a population, >= 0 for an order"

#: Rational coefficients of more bits than this together are counted, not written out, by repr.
_LONGEST_REPR = 10_000


def _numbers(entries: Sequence[Any]) -> bool:
    return all(isinstance(c, (Fraction, float)) for c in entries)
