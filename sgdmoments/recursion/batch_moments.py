"""Joint moments of batch means, E[S_1^e_1 ... S_k^e_k], as exact polynomials in u = 1/b.

The S_i are means over the batch of monomials m_i of a sample. Write theta.m = sum_i theta_i m_i and let the
bar be the mean over the data law. Both ways of sampling come from one generating function in a letter y:

    independent draws      exp(y (bar exp(theta.m) - 1)),          y^k -> (b)_k
    without replacement    prod_points (1 + y (exp(theta.m) - 1)), y^k -> (b)_k / (n)_k

where both are divided by b^|e| (the weights of `Batches.distinct_weight`). Its logarithm has the
coefficients C_e(y) = y bar(m^e), and C_e(y) = n bar(m^e) kappa_|e|(y) with the cumulants kappa of a Bernoulli(y)
variable. The moments follow from the logarithm by the usual recursion, one factor at a time, each kept: no set
partition and no subset of the data is ever listed.

Source: Lemma 3.1 and Theorem 3.6 (P0), whose counting of equal indices this replaces.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import product
from math import comb
from typing import Any

import flint
import sympy

from sgdmoments.budget import tick
from sgdmoments.describe.batches import Batches
from sgdmoments.describe.laws.base import Law
from sgdmoments.exact.ring import INVERSE_BATCH, Exponents, Polynomial, Ring, ring_of, to_fmpq
from sgdmoments.recursion.sample_moments import SampleMoments

_Y = sympy.Dummy("y", dummy_index=1_000_010)


class BatchMoments:
    """Joint moments of the batch means of chosen monomials of a sample.

    Args:
        law: of a sample.
        batches: how a batch is drawn.
        statistics: the exponents of the monomials m_1, ..., m_k.
        ring: the ring of the answers; it has `INVERSE_BATCH` and the letters of the data.

    >>> from sgdmoments.describe.laws.gaussian import Gaussian
    >>> BatchMoments(Gaussian([[1]]), Batches("fresh"), ((2,),), Ring((INVERSE_BATCH,)))((2,))  # E (mean of x^2)^2
    2*_u + 1
    """

    def __init__(self, law: Law, batches: Batches, statistics: Iterable[Exponents], ring: Ring) -> None:
        self.law = law
        self.statistics = tuple(statistics)
        self.ring = ring
        self.batches = batches
        self._sample = SampleMoments(law)
        noisy = law.points is not None and len(law.factors) > 1
        self._points = tuple(map(tuple, law.points)) if noisy and not batches.independent else ()  # type: ignore[arg-type]
        self._letters = Ring((_Y, *(g for g in ring.generators if g is not INVERSE_BATCH)))
        self._numeric = not ring_of(law.expressions).generators
        self._y: Any = flint.fmpq_poly([0, 1]) if self._numeric else self._letters.generator(_Y)
        self._logarithm: dict[Exponents, Any] = {}
        self._series: dict[Exponents, Any] = {(0,) * len(self.statistics): self._y**0}
        self._moments: dict[Exponents, Polynomial] = {}
        self._bernoulli: list[Any] = [self._y]
        self._at_points: dict[tuple[int, ...], Any] = {}
        # without replacement the generating function has degree n in y: nothing above it needs to be held
        self._length = batches.population + 1 if self._numeric and isinstance(batches.population, int) else None

    def __call__(self, exponents: Exponents) -> Polynomial:
        """E[S^exponents], an element of `ring`."""
        if exponents not in self._moments:
            self._moments[exponents] = self._in_batch_size(self._moment_series(exponents), sum(exponents))
        return self._moments[exponents]

    def __reduce__(self) -> tuple[Any, ...]:  # FLINT's polynomials do not pickle: the memo is left behind
        return BatchMoments, (self.law, self.batches, self.statistics, self.ring)

    def prepare(self, wanted: Iterable[Exponents]) -> None:
        """Compute the wanted moments together: one pass over the data, lower orders first."""
        below: set[Exponents] = set()
        frontier = set(wanted)
        while frontier:
            below |= frontier
            frontier = {(*e[:i], e[i] - 1, *e[i + 1:]) for e in frontier for i in range(len(e)) if e[i]} - below
        self._sample({self._monomial(e) for e in below if any(e) and e not in self._logarithm})
        for e in sorted(below, key=sum):  # in this order the recursion is never deep
            tick("moments of batch means")
            self._moment_series(e)

    def sample_moment(self, exponents: Exponents) -> Any:
        """The mean over the law of prod m_i^e_i for one sample: a Fraction or a polynomial in the data's letters."""
        monomial = self._monomial(exponents)
        return self._sample([monomial])[monomial]

    def central(self, exponents: Exponents) -> Polynomial:
        """E[prod (S_i - E S_i)^e_i], an element of `ring`."""
        total = self.ring.zero
        width = range(len(exponents))
        means = [self(tuple(int(i == j) for j in width)) if exponents[i] else self.ring.zero for i in width]
        for f in _below(exponents):
            term = self(f)
            for i in width:
                if exponents[i] > f[i]:
                    term = term * (-means[i]) ** (exponents[i] - f[i]) * comb(exponents[i], f[i])
            total = total + term
        return total

    def _monomial(self, exponents: Exponents) -> Exponents:
        if not self.statistics:
            return ()
        total = [0] * len(self.statistics[0])
        for power, monomial in zip(exponents, self.statistics, strict=True):
            if power:
                total = [a + power * m for a, m in zip(total, monomial, strict=True)]
        return tuple(total)

    def _moment_series(self, e: Exponents) -> Any:
        """The coefficient e! [theta^e] of the generating function, a polynomial in y."""
        found = self._series.get(e)
        if found is None:
            rest = _less_one(e)
            first = _first(e)
            found = 0 * self._y
            for f in _below(rest):
                tick("moments of batch means")
                factor = self._log_series((*f[:first], f[first] + 1, *f[first + 1:]))
                if factor:
                    other = self._moment_series(tuple(a - c for a, c in zip(rest, f, strict=True)))
                    found += _binomial(rest, f) * (factor * other)
            self._series[e] = found = self._cut(found)
        return found

    def _log_series(self, e: Exponents) -> Any:
        """The coefficient e! [theta^e] of the logarithm of the generating function."""
        found = self._logarithm.get(e)
        if found is None:
            if self._points:
                found = sum((self._point_cumulant(k, e) for k in range(len(self._points))), 0 * self._y)
            elif self.batches.independent:
                found = self._y * self._scalar(self.sample_moment(e))
            else:
                found = self._bernoulli_cumulant(sum(e)) * self._scalar(self.batches.population * self.sample_moment(e))
            self._logarithm[e] = found
        return found

    def _bernoulli_cumulant(self, order: int) -> Any:
        """kappa_1 = y, kappa_(r+1) = y (1 - y) d kappa_r / dy."""
        y = self._y
        while len(self._bernoulli) < order:
            last = self._bernoulli[-1]
            slope = last.derivative() if self._numeric else last.derivative(_Y)
            self._bernoulli.append(self._cut(y * (1 - y) * slope))
        return self._bernoulli[order - 1]

    def _point_cumulant(self, k: int, e: Exponents) -> Any:
        """The cumulant of one point's own contribution 1 + y (E exp(theta.m) - 1), E over what is drawn with it."""
        key = (-1 - k, *e)
        found = self._logarithm.get(key)
        if found is None:
            rest, first = _less_one(e), _first(e)
            found = self._y * self._point_moment(k, e)
            for f in _below(rest):
                if f != rest:
                    other = tuple(a - c for a, c in zip(rest, f, strict=True))
                    lower = self._point_cumulant(k, (*f[:first], f[first] + 1, *f[first + 1:]))
                    found -= _binomial(rest, f) * (lower * (self._y * self._point_moment(k, other)))
            self._logarithm[key] = found = self._cut(found)
        return found

    def _cut(self, series: Any) -> Any:
        """Without what lies above the degree in y of the generating function."""
        return series if self._length is None else series.truncate(self._length)

    def _point_moment(self, k: int, e: Exponents) -> Any:
        """E of m^e at the data point k, over what is drawn with it."""
        key = (k, *e)
        if key not in self._at_points:
            point, monomial = self._points[k], self._monomial(e)
            value: Any = self.law.moments_beside(monomial[len(point):])
            for entry, power in zip(point, monomial, strict=False):
                if power:
                    value = value * entry**power
            self._at_points[key] = self._scalar(value)
        return self._at_points[key]

    def _scalar(self, value: Any) -> Any:
        return to_fmpq(value) if self._numeric else self._letters(value)

    def _in_batch_size(self, series: Any, order: int) -> Polynomial:
        """y^k -> the weight of k distinct samples in a product of `order` batch means."""
        parts = [series[k] for k in range(series.degree() + 1)] if self._numeric else series.coefficients(_Y)
        numeric, total = flint.fmpq_poly(), self.ring.zero
        for k, part in enumerate(parts):
            if not part:
                continue
            weight = _weight(k, order, self.batches)
            if self._numeric:
                numeric += weight * part
            else:
                total = total + self.ring(part) * self._univariate(weight)
        return self._univariate(numeric) if self._numeric else total

    def _univariate(self, polynomial: flint.fmpq_poly) -> Polynomial:
        """A polynomial in u as an element of `ring`."""
        place, after = self.ring.index(INVERSE_BATCH), len(self.ring.generators)
        terms = {(0,) * place + (j,) + (0,) * (after - place - 1): polynomial[j]
                 for j in range(polynomial.degree() + 1) if polynomial[j]}
        return Polynomial(self.ring, self.ring.context.from_dict(terms))


@cache
def _weight(count: int, order: int, batches: Batches) -> flint.fmpq_poly:
    """`Batches.distinct_weight` as FLINT's polynomial in u; to be read, never changed."""
    return flint.fmpq_poly(list(map(to_fmpq, batches.distinct_weight(count, order))))


def _first(e: Exponents) -> int:
    return next(i for i, power in enumerate(e) if power)


def _less_one(e: Exponents) -> Exponents:
    first = _first(e)
    return (*e[:first], e[first] - 1, *e[first + 1:])


def _below(e: Exponents) -> Iterator[Exponents]:
    return product(*(range(power + 1) for power in e))


def _binomial(e: Exponents, f: Exponents) -> int:
    value = 1
    for a, c in zip(e, f, strict=True):
        value *= comb(a, c)
    return value
