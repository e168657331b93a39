"""Letters of a ring that obey rules: irrational numbers, whose powers are known, and reciprocals of symbols.

Products of roots of primes with exponents below 1 that differ for some prime are linearly independent over ℚ (A. S.
Besicovitch, 1940), so that radicals of rationals have one reduced form and equality is exact. Another algebraic number
obeys its minimal polynomial; a ring takes one such number and no radicals beside it, since relations between them would
not show. A symbol times its reciprocal is 1.

>>> n = sympy.Symbol("n")
>>> with_letters(sympy.sqrt(8) * n + 1 / n**2)
2*2^(1/2)*n + 1/n**2
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import lcm
from typing import Any

import sympy

from sgdmoments.errors import InputError
from sgdmoments.exact.irrational import NumberLetter, to_letters

Exponents = tuple[int, ...]


class ReciprocalLetter(sympy.Symbol):  # type: ignore[misc]
    """A generator that stands for 1/s, s a symbol: in a ring with s the product of the two is 1.

    Attributes:
        symbol: s.
    """

    __slots__ = ("symbol",)

    symbol: sympy.Symbol

    def __new__(cls, symbol: sympy.Symbol) -> ReciprocalLetter:
        letter: ReciprocalLetter = sympy.Symbol.__xnew__(cls, f"1/{symbol}")
        letter.symbol = symbol
        return letter

    def _hashable_content(self) -> tuple[Any, ...]:
        return (*self.symbol._hashable_content(), type(self.symbol).__name__)

    def __reduce__(self) -> tuple[Any, ...]:
        return ReciprocalLetter, (self.symbol,)

    @property
    def number(self) -> sympy.Expr:
        """1/s, as sympy writes it."""
        return 1 / self.symbol


#: Generators that obey a rule.
RULED = (NumberLetter, ReciprocalLetter)


def with_letters(expression: sympy.Expr) -> sympy.Expr:
    """The expression with every irrational number in it, and every power of 1/symbol, written in letters.

    Raises `InputError` for numbers that are neither real and algebraic nor pi nor e.
    """
    if isinstance(expression, (sympy.Symbol, sympy.Rational)):
        return expression
    if not expression.free_symbols:
        return to_letters(expression)
    if isinstance(expression, (sympy.Add, sympy.Mul)):
        return expression.func(*map(with_letters, expression.args))
    if isinstance(expression, sympy.Pow) and isinstance(expression.exp, sympy.Integer):
        base = with_letters(expression.base)
        if expression.exp < 0 and isinstance(base, sympy.Symbol):
            return ReciprocalLetter(base) ** -expression.exp
        return base ** expression.exp
    return expression  # no polynomial: the ring will say so


def ruled_letters(values: Iterable[Any]) -> frozenset[sympy.Symbol]:
    """The letters with rules that the sympy expressions among the values need."""
    found: set[sympy.Symbol] = set()
    for value in values:
        if isinstance(value, sympy.Expr):
            found |= with_letters(value).atoms(*RULED)
    return frozenset(found)


class Reduction:
    """The rules for the powers of the number letters among a ring's generators, and for symbols times reciprocals.

    Raises `InputError` for an algebraic number beside another one, where both are not radicals.
    """

    __slots__ = ("_generators", "_other", "_pairs", "_primes")

    def __init__(self, generators: Sequence[sympy.Symbol]) -> None:
        numbers = [(k, g) for k, g in enumerate(generators) if isinstance(g, NumberLetter)]
        self._generators = tuple(generators)
        place = {g: k for k, g in enumerate(generators)}
        self._pairs = [(place[g.symbol], k) for k, g in enumerate(generators)
                       if isinstance(g, ReciprocalLetter) and g.symbol in place]
        primes: dict[int, list[tuple[int, int]]] = {}
        for k, letter in numbers:
            if letter.radical:
                primes.setdefault(letter.radical[0], []).append((k, letter.radical[1]))
        self._primes = [(prime, tuple(k for k, _ in roots), *_representatives(tuple(s for _, s in roots)))
                        for prime, roots in sorted(primes.items())]
        others = [(k, letter.powers) for k, letter in numbers if letter.powers]
        self._other = others[0] if others else None
        if len(others) > 1 or (others and primes):
            named = ", ".join(str(letter.number) for _, letter in numbers)
            raise InputError(f"the algebraic numbers {named} occur together; relations between them would not be seen. "
                             "Radicals of rationals go together; put symbols in the place of the others.")

    def __bool__(self) -> bool:
        return bool(self._primes or self._other or self._pairs)

    def changes_nothing(self, degrees: Sequence[int]) -> bool:
        """Whether an element of these degrees is reduced already, as far as its degrees tell."""
        if self._other is not None and degrees[self._other[0]] >= len(self._other[1]):
            return False
        if any(degrees[i] and degrees[j] for i, j in self._pairs):
            return False
        return all(not any(degrees[k] for k in places) or (len(places) == 1 and degrees[places[0]] < len(table))
                   for _, places, _, table in self._primes)

    def __call__(self, terms: Mapping[Exponents, Any]) -> dict[Exponents, Fraction]:
        """The same sum with every power reduced."""
        result: dict[Exponents, Fraction] = {}
        for exponents, coefficient in terms.items():
            new, value = list(map(int, exponents)), Fraction(int(coefficient.p), int(coefficient.q))
            for prime, places, steps, table in self._primes:
                whole, rest = divmod(sum(int(exponents[k]) * step for k, step in zip(places, steps, strict=True)),
                                     len(table))
                lowest, carry = table[rest]
                for k, e in zip(places, lowest, strict=True):
                    new[k] = e
                value *= Fraction(prime) ** (whole - carry)
            for i, j in self._pairs:
                common = min(new[i], new[j])
                new[i], new[j] = new[i] - common, new[j] - common
            for power, c in self._powers(new):
                key = tuple(power)
                result[key] = result.get(key, Fraction(0)) + value * c
        return {e: c for e, c in result.items() if c}

    def radical(self, letter: NumberLetter) -> sympy.Expr | None:
        """A root of a prime in the ring's own roots of that prime, None where they do not hold it."""
        for prime, places, _, table in self._primes:
            if letter.radical and letter.radical[0] == prime and len(table) % letter.radical[1] == 0:
                exponents, carry = table[len(table) // letter.radical[1]]
                factors = [self._generators[k] ** e for k, e in zip(places, exponents, strict=True)]
                return sympy.Mul(sympy.Integer(prime) ** -carry, *factors)
        return None

    def _powers(self, exponents: list[int]) -> Iterable[tuple[list[int], Fraction]]:
        if self._other is None or exponents[self._other[0]] < len(self._other[1]):
            yield exponents, Fraction(1)
            return
        place, powers = self._other
        for k, c in enumerate(_power(powers, exponents[place])):
            if c:
                yield [*exponents[:place], k, *exponents[place + 1:]], c


@lru_cache(maxsize=1024)
def _representatives(roots: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[tuple[Exponents, int], ...]]:
    """How powers of p^(1/s_1), ..., p^(1/s_k) are written, N the common multiple of the s_i.

    The steps N/s_i, and for each r < N (the exponents e of a power with sum e_i / s_i = c + r/N, the integer c).
    """
    common = lcm(*roots)
    steps = tuple(common // root for root in roots)
    table: dict[int, tuple[Exponents, int]] = {}
    choices = product(*(range(root) for root in roots))
    for total, exponents in sorted((sum(map(int.__mul__, e, steps)), e) for e in choices):
        table.setdefault(total % common, (exponents, total // common))
    return steps, tuple(table[r] for r in range(common))  # every r is reached: the steps and N have no common divisor


@lru_cache(maxsize=4096)
def _power(powers: tuple[Fraction, ...], exponent: int) -> tuple[Fraction, ...]:
    """x^exponent in 1, ..., x^(d - 1), where x^d is given so."""
    current = [Fraction(k == 0) for k in range(len(powers))]
    for _ in range(exponent):
        top = current[-1]
        current = [before + top * c for before, c in zip([Fraction(0), *current[:-1]], powers, strict=True)]
    return tuple(current)
