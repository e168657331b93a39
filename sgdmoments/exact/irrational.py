"""Irrational numbers in exact arithmetic: letters of a ring that know which number they are.

A root p^(1/s) of a prime, another real algebraic number, pi or e is a `NumberLetter`: a generator of a `Ring` like any
symbol, with a rule for its powers. Products of roots of primes with exponents below 1 that differ for some prime are
linearly independent over ℚ (A. S. Besicovitch, 1940), so that radicals of rationals have one reduced form and equality
is exact. Another algebraic number obeys its minimal polynomial; a ring takes one such number and no radicals beside
it, since relations between them would not show. Between pi, e and the others no relation is used.

>>> value = sympy.sqrt(6) + sympy.cbrt(2)
>>> with_letters(value), with_letters(sympy.sqrt(sympy.Rational(1, 8)))
(2^(1/2)*3^(1/2) + 2^(1/3), 2^(1/2)/4)
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

Exponents = tuple[int, ...]

#: Radicands with longer numerators or denominators, in bits, are not factored into primes.
_MOST_BITS = 80
#: Roots of a higher order, and algebraic numbers of a higher degree, are refused.
_MOST_DEGREE = 24


class NumberLetter(sympy.Symbol):  # type: ignore[misc]
    """A generator that stands for an irrational real number.

    Attributes:
        number: the number, as sympy writes it.
        radical: (p, s) for the root p^(1/s) of a prime, else None.
        powers: for another algebraic number the coefficients of x^d in 1, x, ..., x^(d - 1), by its minimal
            polynomial; () for radicals, pi and e.
        place: which real root of its minimal polynomial that number is, the least one being 0.
    """

    __slots__ = ("number", "place", "powers", "radical")

    number: sympy.Expr
    radical: tuple[int, int] | None
    powers: tuple[Fraction, ...]
    place: int

    def __new__(cls, number: sympy.Expr, radical: tuple[int, int] | None = None,
                powers: Sequence[Fraction] = (), place: int = 0) -> NumberLetter:
        name = f"{radical[0]}^(1/{radical[1]})" if radical else str(number)
        letter: NumberLetter = sympy.Symbol.__xnew__(cls, name, real=True)
        letter.number, letter.radical, letter.powers, letter.place = number, radical, tuple(powers), place
        return letter

    def _hashable_content(self) -> tuple[Any, ...]:
        known = self.radical or (self.powers and (self.powers, self.place)) or self.number
        return (str(known),)  # text, since sympy orders symbols by it

    def __reduce__(self) -> tuple[Any, ...]:
        return NumberLetter, (self.number, self.radical, self.powers, self.place)


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


#: Generators that obey a rule.
RULED = (NumberLetter, ReciprocalLetter)


def with_letters(expression: sympy.Expr) -> sympy.Expr:
    """The expression with every irrational number in it, and every power of 1/symbol, written in letters.

    Raises `InputError` for numbers that are neither real and algebraic nor pi nor e.
    """
    if isinstance(expression, (sympy.Symbol, sympy.Rational)):
        return expression
    if not expression.free_symbols:
        return _number(expression)
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


@lru_cache(maxsize=4096)
def _number(value: sympy.Expr) -> sympy.Expr:
    """A real number as a polynomial in number letters."""
    if value in (sympy.pi, sympy.E):
        return NumberLetter(value)
    if isinstance(value, sympy.Rational):
        return value
    if isinstance(value, (sympy.Add, sympy.Mul)):
        return sympy.expand(value.func(*map(_number, value.args)))
    if isinstance(value, sympy.Pow):
        base, exponent = value.base, value.exp
        if isinstance(exponent, sympy.Integer) and exponent > 0:
            return sympy.expand(_number(base) ** exponent)
        if isinstance(base, sympy.Rational) and base > 0 and isinstance(exponent, sympy.Rational):
            return _radicals(base, exponent)
    simpler = sympy.sqrtdenest(sympy.radsimp(value))
    return _algebraic(value) if simpler == value else _number(simpler)


def _radicals(base: sympy.Rational, exponent: sympy.Rational) -> sympy.Expr:
    """base^exponent in roots of primes."""
    if max(int(base.p), int(base.q)).bit_length() > _MOST_BITS or exponent.q > _MOST_DEGREE:
        raise InputError(f"roots of order up to {_MOST_DEGREE} of rationals of up to {_MOST_BITS} bits are carried "
                         "exactly; put a symbol in the place of another one and its value into evaluate(), or use "
                         "floats.")
    result: sympy.Expr = sympy.Integer(1)
    for prime, power in sympy.factorrat(base).items():
        total = sympy.Rational(power) * exponent
        whole = int(total.p // total.q)
        rest = total - whole
        result *= sympy.Integer(prime) ** whole
        if rest:
            result *= radical_letter(int(prime), int(rest.q)) ** int(rest.p)
    return result


def radical_letter(prime: int, root: int) -> NumberLetter:
    """The letter of prime^(1/root)."""
    return NumberLetter(sympy.Integer(prime) ** sympy.Rational(1, root), (prime, root))


def root_letter(powers: Sequence[Fraction], place: int) -> NumberLetter:
    """The letter of the given real root (the least one is 0) of x^d = sum of powers[k] x^k."""
    x = sympy.Symbol("x")
    lower = sum(sympy.Rational(c.numerator, c.denominator) * x**k for k, c in enumerate(powers))
    return NumberLetter(sympy.CRootOf(x ** len(powers) - lower, place), None, powers, place)


def _algebraic(value: sympy.Expr) -> sympy.Expr:
    """A real algebraic number by its minimal polynomial and its place among the real roots."""
    refusal = InputError(f"{value} is not a real algebraic number that can be carried exactly; put a symbol in its "
                         "place and its value into evaluate().")
    if value.is_real is False or value.is_algebraic is not True:
        raise refusal
    x = sympy.Dummy("x")
    try:
        minimal = sympy.Poly(sympy.minimal_polynomial(value, x), x)
    except (NotImplementedError, sympy.PolynomialError, ValueError):
        raise refusal from None
    if minimal.degree() > _MOST_DEGREE:
        raise refusal
    if minimal.degree() <= 2:
        a, b, c = map(sympy.Rational, [0, 0, *minimal.all_coeffs()][-3:])
        if not a:
            return -c / b
        half, root = -b / (2 * a), sympy.sqrt(b * b - 4 * a * c) / (2 * a)
        return _number(half + root if (half < value) == (root > 0) else half - root)
    intervals = [interval for interval, _ in minimal.intervals(eps=sympy.Rational(1, 10**15))]
    places = [k for k, (low, high) in enumerate(intervals) if low <= value and value <= high]
    if len(places) != 1:
        raise refusal
    top, *lower = [Fraction(int(c.p), int(c.q)) for c in minimal.all_coeffs()]
    return NumberLetter(value, None, [-c / top for c in reversed(lower)], places[0])


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
