"""The polynomial ring ℚ[symbols] on FLINT; long, since rings make elements and elements know their ring.

Rings and elements are immutable, hashable, picklable values.

FLINT's own multivariate polynomials are mutable, unhashable and do not pickle, and name their variables by
strings, so that two symbols of one name would be one variable. Here a generator *is* a sympy symbol; FLINT
sees only numbered names. Elements of different rings combine in the ring of the united generators. Irrational
numbers are generators with a rule for their powers (`exact.reduction`); every element is kept reduced.

Laws:

>>> x, y = sympy.symbols("x y")
>>> R = Ring((x, y))
>>> f, g = R.generator(x) + 1, R.generator(y) / 2
>>> f * g == g * f, (f + g) ** 2 == f * f + 2 * f * g + g * g, f - f == R.zero
(True, True, True)
>>> hash(R(1)) == hash(1), R(1) == 1
(True, True)
>>> root = ring_of([sympy.sqrt(2)])(sympy.sqrt(2))
>>> root * root == 2, root ** 3
(True, 2*sqrt(2))
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from math import gcd, lcm
from typing import Any, Union
from weakref import WeakValueDictionary

import flint
import sympy

from sgdmoments.errors import InputError
from sgdmoments.exact.irrational import NumberLetter, vanishes
from sgdmoments.exact.numbers import to_exact
from sgdmoments.exact.reduction import RULED, ReciprocalLetter, Reduction, ruled_letters
from sgdmoments.exact.ring_arithmetic import RingArithmetic, number_of
from sgdmoments.exact.ring_sympy import expression_of, terms_of

Exponents = tuple[int, ...]
Scalar = Union[int, Fraction, "Polynomial"]

#: The letter u = 1/b as a ring generator. A Dummy: no symbol of a user can be equal to it.
INVERSE_BATCH = sympy.Dummy("u", dummy_index=1_000_001)


def to_fmpq(value: int | Fraction) -> flint.fmpq:
    """FLINT's rational of an int or Fraction."""
    return flint.fmpq(value.numerator, value.denominator)


def from_fmpq(value: flint.fmpq) -> Fraction:
    """The Fraction of FLINT's rational (already in lowest terms)."""
    return Fraction(int(value.p), int(value.q))


#: Coefficients of more bits are counted, not written out, by repr.
_LONGEST_REPR = 10_000


class Ring:
    """ℚ[generators]: an immutable description; rings with equal generators are one object.

    Args:
        generators: sympy symbols, each once. The order fixes the order of exponents.
    """

    __slots__ = ("__weakref__", "_index", "context", "generators", "one", "reduction", "zero")

    generators: tuple[sympy.Symbol, ...]
    _index: dict[sympy.Symbol, int]
    #: FLINT's context, for code that works on raw `fmpq_mpoly` in a hot loop.
    context: flint.fmpq_mpoly_ctx
    #: The rules for irrational numbers and reciprocals among the generators; None where there are none.
    reduction: Reduction | None
    zero: Polynomial
    one: Polynomial

    def __new__(cls, generators: Iterable[sympy.Symbol] = ()) -> Ring:
        return _ring(tuple(generators))

    def __call__(self, value: Any) -> Polynomial:
        """The element of this ring that `value` denotes: a number, sympy expression, or smaller ring's element."""
        if isinstance(value, Polynomial):
            return value if value.ring is self else self._convert(value)
        if isinstance(value, (int, Fraction)):
            return Polynomial(self, self.context.constant(to_fmpq(value)))
        exact = to_exact(value, "coefficient")
        if isinstance(exact, Fraction):
            return Polynomial(self, self.context.constant(to_fmpq(exact)))
        return self.from_terms(terms_of(exact, self.generators, self.reduction))

    def generator(self, symbol: sympy.Symbol) -> Polynomial:
        """The generator `symbol` as an element."""
        if symbol not in self._index:
            raise InputError(f"{symbol} is not a generator of {self}.")
        return Polynomial(self, self.context.gen(self._index[symbol]))

    def index(self, symbol: sympy.Symbol) -> int:
        """The position of `symbol` among the generators; -1 where it is none."""
        return self._index.get(symbol, -1)

    def from_terms(self, terms: Mapping[Exponents, int | Fraction]) -> Polynomial:
        """The element with the given rational coefficient at each exponent tuple."""
        return Polynomial(self, self.context.from_dict({e: to_fmpq(c) for e, c in terms.items() if c}))

    def union(self, other: Ring) -> Ring:
        """The ring of both generator sets, this ring's first."""
        if self is other or not other.generators:
            return self
        extra = tuple(g for g in other.generators if g not in self._index)
        return Ring(self.generators + extra) if extra else self

    def reduced(self, raw: flint.fmpq_mpoly) -> flint.fmpq_mpoly:
        """FLINT's value with the rules for irrational numbers and reciprocals applied."""
        if self.reduction is None or self.reduction.changes_nothing(raw.degrees()):
            return raw
        return self.context.from_dict({e: to_fmpq(c) for e, c in self.reduction(raw.to_dict()).items()})

    def _convert(self, value: Polynomial) -> Polynomial:
        source = value.ring
        places = [self.index(g) for g in source.generators]
        width = len(self.generators)
        terms = {}
        for exponents, coefficient in value.raw.to_dict().items():
            target = [0] * width
            for place, generator, e in zip(places, source.generators, exponents, strict=True):
                if e:
                    if place < 0:
                        raise InputError(f"{value} contains {generator}, which is not a generator of {self}.")
                    target[place] = e
            terms[tuple(target)] = coefficient
        return Polynomial(self, self.context.from_dict(terms))

    def __repr__(self) -> str:
        return f"Ring(({', '.join(map(str, self.generators))}{',' * (len(self.generators) == 1)}))"

    def __reduce__(self) -> tuple[type[Ring], tuple[tuple[sympy.Symbol, ...]]]:
        return Ring, (self.generators,)


#: The rings that something holds, and the last ones made, which are likely to be asked for again.
_RINGS: WeakValueDictionary[tuple[sympy.Symbol, ...], Ring] = WeakValueDictionary()
_RECENT: deque[Ring] = deque(maxlen=256)


def _ring(generators: tuple[sympy.Symbol, ...]) -> Ring:
    known = _RINGS.get(generators)
    if known is None:
        known = _RINGS.setdefault(generators, _make_ring(generators))
        _RECENT.append(known)
    return known


def _make_ring(generators: tuple[sympy.Symbol, ...]) -> Ring:
    if len(set(generators)) != len(generators):
        raise InputError(f"a ring needs distinct generators, found {generators}.")
    ring = object.__new__(Ring)
    ring.generators = generators
    ring.context = flint.fmpq_mpoly_ctx.get([f"x{i}" for i in range(len(generators))], flint.Ordering.deglex)
    ring._index = {g: i for i, g in enumerate(generators)}
    ring.reduction = Reduction(generators) if any(isinstance(g, RULED) for g in generators) else None
    ring.zero = Polynomial(ring, ring.context.constant(0))
    ring.one = Polynomial(ring, ring.context.constant(1))
    return ring


def ring_of(values: Iterable[Any]) -> Ring:
    """The smallest ring that holds every value: generators in order of their names.

    >>> ring_of([1, sympy.Symbol("b") * sympy.Symbol("a")])
    Ring((a, b))
    """
    symbols: set[sympy.Symbol] = set()
    for value in values:
        if isinstance(value, Polynomial):
            symbols.update(value.ring.generators)
        elif isinstance(value, sympy.Basic):
            symbols |= value.free_symbols | ruled_letters([value])
    return Ring(sorted(symbols, key=lambda s: (s.name, str(sorted(s.assumptions0.items())), s.sort_key())))


class Polynomial(RingArithmetic):
    """An immutable element of a `Ring`; a thin wrapper of FLINT's ``fmpq_mpoly``.

    Mixed arithmetic with int, Fraction and elements of other rings is exact; floats are refused.
    Division is by nonzero rationals only; for exact division by a polynomial see `exact_quotient`.
    """

    __slots__ = ("_hash", "raw", "ring")

    def __init__(self, ring: Ring, raw: flint.fmpq_mpoly) -> None:
        self.ring = ring
        #: FLINT's value: to be read, never changed in place.
        self.raw = raw if ring.reduction is None else ring.reduced(raw)
        self._hash: int | None = None

    def _pair(self, other: Any) -> tuple[Polynomial, Polynomial] | None:
        if isinstance(other, Polynomial):
            if other.ring is self.ring:
                return self, other
            ring = self.ring.union(other.ring)
            return ring(self), ring(other)
        number = number_of(other)
        if number is not None:
            return self, Polynomial(self.ring, self.ring.context.constant(number))
        if isinstance(other, sympy.Expr):
            ring = self.ring.union(ring_of([other]))
            return ring(self), ring(other)
        return None

    def __eq__(self, other: object) -> bool:
        try:
            pair = self._pair(other)
        except InputError:  # algebraic numbers that no ring holds together
            return vanishes(self.to_sympy() - sympy.sympify(other))
        return NotImplemented if pair is None else bool(pair[0].raw == pair[1].raw)

    def __hash__(self) -> int:
        if self._hash is None:  # equal elements of different rings must have equal hashes
            if self.raw.is_constant():
                self._hash = hash(self.to_fraction())
            elif any(isinstance(g, NumberLetter) for g in self.occurring):  # a number has several forms
                self._hash = hash((NumberLetter, self.symbols))
            else:
                self._hash = hash(frozenset(
                    (frozenset((g, e) for g, e in zip(self.ring.generators, exponents, strict=True) if e), c)
                    for exponents, c in self.terms()))
        return self._hash

    def __bool__(self) -> bool:
        return not self.raw.is_zero()

    def terms(self) -> Iterator[tuple[Exponents, Fraction]]:
        """The nonzero terms as (exponents, coefficient), largest monomial first."""
        for exponents, coefficient in self.raw.terms():
            yield tuple(map(int, exponents)), from_fmpq(coefficient)

    def __len__(self) -> int:
        """The number of nonzero terms."""
        return len(self.raw)

    @property
    def is_constant(self) -> bool:
        """Whether the element is a rational number."""
        return bool(self.raw.is_constant())

    @property
    def occurring(self) -> frozenset[sympy.Symbol]:
        """The generators that occur in the element, irrational numbers and reciprocals among them."""
        degrees = self.raw.degrees()
        return frozenset(g for g, d in zip(self.ring.generators, degrees, strict=True) if d > 0)

    @property
    def symbols(self) -> frozenset[sympy.Symbol]:
        """The symbols that occur in the element; irrational numbers are none."""
        return frozenset(g.symbol if isinstance(g, ReciprocalLetter) else g for g in self.occurring
                         if not isinstance(g, NumberLetter))

    def to_fraction(self) -> Fraction:
        """The rational number that a constant element is; `InputError` otherwise."""
        if not self.is_constant:
            raise InputError(f"{self} is not a rational number; evaluate its symbols first.")
        if not self:
            return Fraction(0)
        return from_fmpq(self.raw.leading_coefficient())

    def simplest(self) -> Fraction | Polynomial:
        """A Fraction where the element is constant, else itself."""
        return self.to_fraction() if self.is_constant else self

    def degree(self, symbol: sympy.Symbol | None = None) -> int:
        """The degree in one generator, or the total degree; -1 for zero."""
        if not self:
            return -1
        if symbol is None:
            return int(self.raw.total_degree())
        place = self.ring.index(symbol)
        return 0 if place < 0 else int(self.raw.degrees()[place])

    def coefficients(self, symbol: sympy.Symbol) -> tuple[Polynomial, ...]:
        """The coefficients of the powers 0, 1, ..., degree of one generator (elements of the same ring)."""
        place = self.ring.index(symbol)
        if place < 0 or not self:
            return (self,)
        parts: list[dict[Exponents, flint.fmpq]] = [{} for _ in range(self.degree(symbol) + 1)]
        for exponents, c in self.raw.to_dict().items():
            parts[exponents[place]][(*exponents[:place], 0, *exponents[place + 1:])] = c
        return tuple(Polynomial(self.ring, self.ring.context.from_dict(part)) for part in parts)

    def derivative(self, symbol: sympy.Symbol) -> Polynomial:
        """The partial derivative by one generator."""
        place = self.ring.index(symbol)
        return self.ring.zero if place < 0 else Polynomial(self.ring, self.raw.derivative(place))

    def substitute(self, values: Mapping[sympy.Symbol, Scalar]) -> Polynomial:
        """The element with generators replaced by numbers or polynomials, all at once; reciprocals by numbers."""
        images = [_reciprocal(values[g.symbol]) if isinstance(g, ReciprocalLetter) and g.symbol in values
                  else values.get(g) for g in self.ring.generators]
        if all(image is None for image in images):
            return self
        ring = self.ring
        for image in images:
            if isinstance(image, Polynomial):
                ring = ring.union(image.ring)
        full = [ring(g if image is None else image).raw
                for g, image in zip(self.ring.generators, images, strict=True)]
        return Polynomial(ring, self.raw.compose(*full, ctx=ring.context))

    def evaluate(self, values: Mapping[sympy.Symbol, Any]) -> Any:
        """The value at numbers of any commutative ring (Fraction, float, arb, ...), term by term."""
        missing = self.symbols - set(values)
        if missing:
            raise InputError(f"no value given for {sorted(map(str, missing))}.")
        if self.ring.reduction is not None:
            floating = any(isinstance(value, float) for value in values.values())
            numbers = {g: float(g.number) if floating else self.ring.generator(g)
                       for g in self.occurring if isinstance(g, NumberLetter)}
            reciprocals = {g: _reciprocal(values[g.symbol]) for g in self.occurring if isinstance(g, ReciprocalLetter)}
            values = {**numbers, **reciprocals, **values}
        total: Any = 0
        for exponents, coefficient in self.terms():
            product: Any = coefficient
            for generator, e in zip(self.ring.generators, exponents, strict=True):
                if e:
                    product = product * values[generator] ** e
            total = total + product
        return total

    def factor(self) -> tuple[Fraction, tuple[tuple[Polynomial, int], ...]]:
        """The factorisation over ℚ: a rational constant and irreducible factors with multiplicities.

        Each factor has integer coefficients without a common divisor, the leading one positive.
        """
        if self.is_constant:
            return self.to_fraction(), ()
        raw_constant, raw_factors = self.raw.factor()
        constant, factors = from_fmpq(flint.fmpq(raw_constant)), []
        for raw, m in raw_factors:
            factor = Polynomial(self.ring, raw)
            content = factor.content()
            constant *= content ** int(m)
            factors.append((factor / content, int(m)))
        return constant, tuple(factors)

    def content(self) -> Fraction:
        """The rational c, of the leading coefficient's sign, with self / c integral and primitive (self != 0)."""
        coefficients = [c for _, c in self.terms()]
        size = Fraction(gcd(*(c.numerator for c in coefficients)), lcm(*(c.denominator for c in coefficients)))
        return size if coefficients[0] > 0 else -size

    def to_sympy(self, factored: bool = False) -> sympy.Expr:
        """The sympy expression, expanded or factored over ℚ."""
        if factored and self:
            constant, factors = self.factor()
            return sympy.Mul(sympy.Rational(constant.numerator, constant.denominator),
                             *(f.to_sympy() ** m for f, m in factors))
        return expression_of(self.terms(), self.ring.generators)

    def _sympy_(self) -> sympy.Expr:
        return self.to_sympy()

    def latex(self) -> str:
        """LaTeX of the expanded element."""
        return str(sympy.latex(self.to_sympy()))

    def __repr__(self) -> str:
        bits = max((c.numerator.bit_length() + c.denominator.bit_length() for _, c in self.terms()), default=0)
        return str(self.to_sympy()) if bits <= _LONGEST_REPR else f"<{len(self)} terms, coefficients of {bits:,} bits>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.ring, tuple(self.terms()))


def _reciprocal(value: Any) -> Any:
    """1/value of a number, or of a polynomial in one term without irrational numbers."""
    if value == 0:
        raise InputError("a letter whose reciprocal occurs cannot be zero.")
    if isinstance(value, Polynomial):
        value = value.simplest()
    if isinstance(value, Polynomial):
        return ring_of([1 / value.to_sympy()])(1 / value.to_sympy())
    return Fraction(1, value) if isinstance(value, int) else 1 / value


def _rebuild(ring: Ring, terms: tuple[tuple[Exponents, Fraction], ...]) -> Polynomial:
    return ring.from_terms(dict(terms))


#: The ring without generators, ℚ itself.
RATIONALS = Ring()
