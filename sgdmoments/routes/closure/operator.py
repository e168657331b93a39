"""The matrix of one SGD step on the monomials of degree <= m in the weights.

    T(w^beta) = sum_(gamma <= beta) C(beta, gamma) (-alpha)^|gamma| w^(beta-gamma) E_B[g_B^gamma],
    E_B[g_B^gamma] = sum over set partitions of the factors of W_rho(v) prod_blocks mean_i[grad L_i^block],

with v = c_b = (n-b)/(b(n-1)) for batches without replacement (in c_b the second-order operator has degree 1 and
every coefficient is a positive map) and v = u = 1/b otherwise. No subset of the data is ever listed: the weights
W_rho come from `models.sampling.batch_weight`.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import combinations_with_replacement
from math import comb
from operator import add
from typing import Any

import flint
import sympy

from sgdmoments.errors import RouteError
from sgdmoments.exact.backends.base import Sparse
from sgdmoments.exact.ring import Exponents, Polynomial, Ring, to_fmpq
from sgdmoments.models.sampling import batch_weight, set_partitions
from sgdmoments.routes.closure.samples import SampleGradient, SampleMoments, Scalar

#: A polynomial in the weights for each power of v.
VPolynomial = list[Polynomial]


@lru_cache(maxsize=64)
def monomials(variables: int, degree: int) -> tuple[Exponents, ...]:
    """The exponents of all monomials of degree 0, 1, ..., degree, by degree.

    >>> monomials(2, 1)
    ((0, 0), (1, 0), (0, 1))
    """
    found = []
    for total in range(degree + 1):
        for places in combinations_with_replacement(range(variables), total):
            found.append(tuple(places.count(i) for i in range(variables)))
    return tuple(found)


@lru_cache(maxsize=256)
def v_weight(block_sizes: tuple[int, ...], population: int | sympy.Symbol | None) -> tuple[Fraction, ...]:
    """W_rho as a polynomial in v, constant first.

    >>> v_weight((2,), 7), v_weight((1, 1), None)
    ((Fraction(0, 1), Fraction(1, 1)), (Fraction(1, 1), Fraction(-1, 1)))
    """
    if isinstance(population, sympy.Symbol):
        if sum(block_sizes) > 2:
            raise RouteError(f"moments of order above 2 depend on n beyond c_b; put a number in place of "
                             f"{population}.")
        population = 2  # to order 2 the weights depend on n through c_b alone
    weights = batch_weight(block_sizes, population)
    if population is None:
        return weights
    constant, slope = Fraction(1, population), Fraction(population - 1, population)  # u = constant + slope * c_b
    result: list[Fraction] = []
    for w in reversed(weights):
        grown = [r * constant for r in result] + [Fraction(0)]
        for k, r in enumerate(result):
            grown[k + 1] += slope * r
        grown[0] += w
        result = grown
    while len(result) > 1 and not result[-1]:
        result.pop()
    return tuple(result)


class StepOperator:
    """T as matrices: parts[j][k] is the coefficient of alpha^j v^k, acting on rows of monomial coefficients.

    Args:
        gradient: the per-sample gradient, linear in the weights.
        moments: the moments of the sample.
        population: n for batches without replacement, else None.
        order: m, the greatest degree of an observable.
    """

    def __init__(self, gradient: SampleGradient, moments: SampleMoments, population: int | sympy.Symbol | None,
                 order: int) -> None:
        self.order = order
        self.population = population
        self.gradient = gradient
        self.sample_moments = moments
        count = len(gradient.weights)
        if any(sum(e[:count]) > 1 for g in gradient.components for e, _ in g.terms()):
            raise RouteError("the closure route needs a gradient that is linear in the weights; this model's is not.")
        extra = gradient.loss.ring.generators[count + len(gradient.sample):]
        #: The ring of observables: weights first, then the symbols of the problem.
        self.ring = Ring((*gradient.weights, *extra))
        self.basis = monomials(count, order)
        self.index = {e: i for i, e in enumerate(self.basis)}
        self._means: dict[Exponents, Polynomial] = {}
        self._batch: dict[Exponents, VPolynomial] = {}
        self._parts: list[list[Sparse]] | None = None

    @property
    def size(self) -> int:
        """The number of monomials."""
        return len(self.basis)

    def mean(self, gamma: Exponents) -> Polynomial:
        """mean_i of grad L_i(w)^gamma, a polynomial of degree |gamma| in the weights."""
        if gamma not in self._means:
            self._prepare([gamma])
        return self._means[gamma]

    def _prepare(self, gammas: Sequence[Exponents]) -> None:
        """Compute several means at once, so that the data are read once for all moments."""
        count, samples = len(self.gradient.weights), len(self.gradient.sample)
        products = {}
        for gamma in gammas:
            product = self.gradient.loss.ring.one
            for g, power in zip(self.gradient.components, gamma, strict=True):
                if power:
                    product = product * g**power
            products[gamma] = list(product.terms())
        wanted = {e[count:count + samples] for terms in products.values() for e, _ in terms}
        values = self.sample_moments(wanted)
        for value in values.values():  # symbols of the data enter the ring of observables
            if isinstance(value, Polynomial):
                self.ring = self.ring.union(value.ring)
        width = len(self.ring.generators)
        for gamma, terms in products.items():
            numeric: dict[Exponents, flint.fmpq] = {}
            total = self.ring.zero
            for e, c in terms:
                value = values[e[count:count + samples]]
                outer = e[:count] + e[count + samples:]
                outer += (0,) * (width - len(outer))
                if isinstance(value, Polynomial):
                    total = total + self.ring.from_terms({outer: c}) * value
                elif value:
                    numeric[outer] = numeric.get(outer, flint.fmpq(0)) + to_fmpq(c * value)
            self._means[gamma] = total + Polynomial(self.ring, self.ring.context.from_dict(numeric))

    def batch_mean(self, gamma: Exponents) -> VPolynomial:
        """E_B[g_B^gamma] as polynomials in the weights, one for each power of v."""
        if gamma not in self._batch:
            factors = [i for i, power in enumerate(gamma) for _ in range(power)]
            total: VPolynomial = []
            grouped: dict[tuple[Exponents, ...], int] = {}
            for partition in set_partitions(len(factors)):
                blocks = tuple(sorted(self._block(factors, block) for block in partition))
                grouped[blocks] = grouped.get(blocks, 0) + 1
            for blocks, multiplicity in grouped.items():
                product = self.ring.one * multiplicity
                for block in blocks:
                    product = product * self.mean(block)
                for k, weight in enumerate(v_weight(tuple(sorted(map(sum, blocks))), self.population)):
                    while len(total) <= k:
                        total.append(self.ring.zero)
                    if weight:
                        total[k] = total[k] + product * weight
            self._batch[gamma] = total or [self.ring.one]
        return self._batch[gamma]

    def _block(self, factors: list[int], block: tuple[int, ...]) -> Exponents:
        places = [factors[i] for i in block]
        return tuple(places.count(i) for i in range(len(self.gradient.weights)))

    def parts(self) -> list[list[Sparse]]:
        """parts[j][k][(beta, beta')]: the coefficient of alpha^j v^k w^beta' in T(w^beta)."""
        if self._parts is not None:
            return self._parts
        count = len(self.gradient.weights)
        self._prepare([gamma for gamma in self.basis if sum(gamma) and gamma not in self._means])
        collected = {gamma: [list(self.collect(part).items()) for part in self.batch_mean(gamma)]
                     for gamma in self.basis}
        parts: list[list[dict[tuple[int, int], Any]]] = [[{} for _ in range(max(j, 1))]
                                                         for j in range(self.order + 1)]
        for row, beta in enumerate(self.basis):
            for gamma in monomials(count, sum(beta)):
                if any(g > e for g, e in zip(gamma, beta, strict=True)):
                    continue
                j = sum(gamma)
                factor = (-1) ** j
                for e, g in zip(beta, gamma, strict=True):
                    factor *= comb(e, g)
                rest = tuple(e - g for e, g in zip(beta, gamma, strict=True))
                for k, terms in enumerate(collected[gamma]):
                    entries = parts[j][k]
                    for exponents, value in terms:
                        place = (row, self.index[tuple(map(add, rest, exponents))])
                        entries[place] = entries[place] + value * factor if place in entries else value * factor
        self._parts = parts  # type: ignore[assignment]
        return parts  # type: ignore[return-value]

    def collect(self, polynomial: Polynomial) -> dict[Exponents, Scalar]:
        """Coefficients by exponents of the weights; numbers where the problem has no symbols."""
        count = len(self.gradient.weights)
        if len(polynomial.ring.generators) == count:
            return dict(polynomial.terms())
        outer = Ring(polynomial.ring.generators[count:])
        split: dict[Exponents, dict[Exponents, Fraction]] = {}
        for e, c in polynomial.terms():
            split.setdefault(e[:count], {})[e[count:]] = c
        return {e: outer.from_terms(terms).simplest() for e, terms in split.items()}
