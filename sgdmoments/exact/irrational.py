"""Irrational numbers in exact arithmetic: letters of a ring that know which number they are.

A root p^(1/s) of a prime, another real algebraic number, pi or e is a `NumberLetter`: a generator of a `Ring` like any
symbol, whose powers obey a rule (`exact.reduction`). Between pi, e and the others no relation is used.

>>> to_letters(sympy.sqrt(6) + sympy.cbrt(2)), to_letters(sympy.sqrt(sympy.Rational(1, 8)))
(2^(1/2)*3^(1/2) + 2^(1/3), 2^(1/2)/4)
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy

from sgdmoments.errors import InputError

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


@lru_cache(maxsize=4096)
def to_letters(value: sympy.Expr) -> sympy.Expr:
    """A number as a polynomial in number letters; `InputError` unless it is real and algebraic, or pi or e."""
    if value in (sympy.pi, sympy.E):
        return NumberLetter(value)
    if isinstance(value, sympy.Rational):
        return value
    if isinstance(value, (sympy.Add, sympy.Mul)):
        return sympy.expand(value.func(*map(to_letters, value.args)))
    if isinstance(value, sympy.Pow):
        base, exponent = value.base, value.exp
        if isinstance(exponent, sympy.Integer) and exponent > 0:
            return sympy.expand(to_letters(base) ** exponent)
        if isinstance(base, sympy.Rational) and base > 0 and isinstance(exponent, sympy.Rational):
            return _radicals(base, exponent)
    simpler = sympy.sqrtdenest(sympy.radsimp(value))
    return _algebraic(value) if simpler == value else to_letters(simpler)


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
        return to_letters(half + root if (half < value) == (root > 0) else half - root)
    intervals = [interval for interval, _ in minimal.intervals(eps=sympy.Rational(1, 10**15))]
    places = [k for k, (low, high) in enumerate(intervals) if low <= value and value <= high]
    if len(places) != 1:
        raise refusal
    top, *lower = [Fraction(int(c.p), int(c.q)) for c in minimal.all_coeffs()]
    return NumberLetter(value, None, [-c / top for c in reversed(lower)], places[0])


def vanishes(expression: sympy.Expr) -> bool:
    """Whether a polynomial with algebraic coefficients is zero, each coefficient by its minimal polynomial."""
    x = sympy.Dummy("x")
    symbols = sorted(expression.free_symbols, key=str)
    coefficients = sympy.Poly(expression, *symbols, domain="EX").coeffs() if symbols else [expression]
    return all(sympy.minimal_polynomial(c, x) == x for c in coefficients)
