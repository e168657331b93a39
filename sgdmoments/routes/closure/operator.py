"""The matrix of one step on the monomials of degree <= m in the state s, s' = A s + B g(C s).

    T(s^beta) = E (A s + B g(C s))^beta,
    plain SGD: T(w^beta) = sum_(gamma <= beta) C(beta, gamma) (-alpha)^|gamma| w^(beta-gamma) E_B[g_B^gamma],
    E_B[g_B^gamma] = sum over set partitions of the factors of W_rho(v) prod_blocks mean_i[grad L_i^block],

with v = c_b = (n-b)/(b(n-1)) for batches without replacement (in c_b the second-order operator has degree 1 and
every coefficient is a positive map) and v = u = 1/b otherwise. No subset of the data is ever listed: the weights
W_rho come from `describe.batches.Batches`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import combinations_with_replacement
from math import prod
from operator import add
from typing import Any

import flint
import sympy

from sgdmoments.budget import tick
from sgdmoments.describe.batches import Batches
from sgdmoments.describe.update import Step
from sgdmoments.errors import RouteError
from sgdmoments.exact.backends.base import Sparse
from sgdmoments.exact.ring import Exponents, Polynomial, Ring, to_fmpq
from sgdmoments.recursion.initial_moments import to_scalar
from sgdmoments.recursion.sample_moments import SampleGradient, SampleMoments, Scalar
from sgdmoments.routes.closure.pairs import PairMeans

#: The learning rate in the places of the gradient.
_ALPHA = sympy.Dummy("alpha", dummy_index=6_000_001)

#: Terms of products of gradients that are averaged over the data together.
_AT_ONCE = 50_000

#: Terms of batch means of order 2 that are kept between steps.
_KEPT = 500_000

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


class StepOperator:
    """T for any step, as matrices: parts(step)[j][k] is the coefficient of alpha^j v^k.

    Args:
        gradient: the per-sample gradient, linear in the weights.
        moments: the moments of the sample.
        batches: how a batch is drawn.
        order: m, the greatest degree of an observable.
        slots: how many slots the state has.
    """

    def __init__(self, gradient: SampleGradient, moments: SampleMoments, batches: Batches, order: int, slots: int = 1,
                 ) -> None:
        self.order = order
        self.batches = batches
        self.gradient = gradient
        self.sample_moments = moments
        count = len(gradient.weights)
        if any(sum(e[:count]) > 1 for g in gradient.components for e, _ in g.terms()):
            raise RouteError("the closure route needs a gradient that is linear in the weights; this model's is not.")
        extra = gradient.ring.generators[count + len(gradient.sample):]
        #: The letters of the state, those of the weights first.
        self.state = (*gradient.weights, *(sympy.Dummy(f"s{i}", dummy_index=7_000_000 + i)
                                           for i in range(count, slots * count)))
        #: The ring of observables: the state first, then the symbols of the problem.
        self.ring = Ring((*self.state, *extra))
        self._between = (0,) * (len(self.state) - count)
        self.basis = monomials(len(self.state), order)
        self.index = {e: i for i, e in enumerate(self.basis)}
        self._means: dict[Exponents, Polynomial] = {}
        self._batch: dict[Exponents, VPolynomial] = {}
        self._kept = 0
        self._parts: dict[Step, list[list[Sparse]]] = {}

    @property
    def size(self) -> int:
        """The number of monomials."""
        return len(self.basis)

    def mean(self, gamma: Exponents) -> Polynomial:
        """mean_i of grad L_i(w)^gamma, a polynomial of degree |gamma| in the weights."""
        if gamma not in self._means:
            self._prepare([gamma])
        return self._means[gamma]

    def prepare(self, degree: int) -> None:
        """Compute the means up to a degree, so that the data are read a few times for all moments."""
        waiting: list[Exponents] = []
        terms = 0
        missing = [gamma for gamma in monomials(len(self.gradient.weights), degree)
                   if any(gamma) and gamma not in self._means]
        if not missing:
            return
        pairs = self._pair_means()
        for gamma in missing:
            if pairs is not None and sum(gamma) <= 2:
                found = {(*e, *self._between): c
                         for e, c in pairs([i for i, power in enumerate(gamma) for _ in range(power)]).items()}
                self._means[gamma] = Polynomial(self.ring, self.ring.context.from_dict(found))
                continue
            tick("products of gradients")
            waiting.append(gamma)
            terms += prod(len(g) ** power for g, power in zip(self.gradient.components, gamma, strict=True) if power)
            if terms > _AT_ONCE:
                self._prepare(waiting)
                waiting, terms = [], 0
        self._prepare(waiting)

    def _pair_means(self) -> PairMeans | None:
        """Means of one or two gradients from one matrix, where the data are numbers and nothing else is random."""
        count, rows = len(self.gradient.weights), self.sample_moments.rational_rows
        if rows is None or len(self.ring.generators) > len(self.state) or len(self.gradient.ring.generators) > (
                count + len(self.gradient.sample)) or not PairMeans.applies(self.gradient.components, count):
            return None
        return PairMeans(rows, self.gradient.components, count)

    def _prepare(self, gammas: Sequence[Exponents]) -> None:
        """Compute several means at once, so that the data are read once for all moments."""
        count, samples = len(self.gradient.weights), len(self.gradient.sample)
        products = {}
        for gamma in gammas:
            product = self.gradient.ring.one.raw
            for g, power in zip(self.gradient.components, gamma, strict=True):
                if power:
                    product = product * g.raw**power
            products[gamma] = {tuple(map(int, e)): c for e, c in product.to_dict().items()}
        wanted = {e[count:count + samples] for terms in products.values() for e in terms}
        values = self.sample_moments(wanted)
        for value in values.values():  # symbols of the data enter the ring of observables
            if isinstance(value, Polynomial):
                self.ring = self.ring.union(value.ring)
        numbers = {e: to_fmpq(value) for e, value in values.items() if isinstance(value, Fraction)}
        width = len(self.ring.generators)
        for gamma, terms in products.items():
            tick("means of products of gradients")
            numeric: dict[Exponents, flint.fmpq] = {}
            total = self.ring.zero
            for e, c in terms.items():
                inner = e[count:count + samples]
                outer = e[:count] + self._between + e[count + samples:]
                outer += (0,) * (width - len(outer))
                known = numbers.get(inner)
                if known is None:
                    total = total + Polynomial(self.ring, self.ring.context.from_dict({outer: c})) * values[inner]
                elif known:
                    before = numeric.get(outer)
                    numeric[outer] = c * known if before is None else before + c * known
            self._means[gamma] = total + Polynomial(self.ring, self.ring.context.from_dict(numeric))

    def batch_mean(self, gamma: Exponents) -> VPolynomial:
        """E_B[g_B^gamma] as polynomials in the weights, one for each power of v."""
        known = self._batch.get(gamma)
        if known is None:
            known = self._batch_mean(gamma)
            terms = sum(map(len, known))
            if sum(gamma) > 2 or self._kept + terms <= _KEPT:  # those of order 2 are quickly made again
                self._batch[gamma] = known
                self._kept += terms
        return known

    def _batch_mean(self, gamma: Exponents) -> VPolynomial:
        factors = [i for i, power in enumerate(gamma) for _ in range(power)]
        grouped: dict[tuple[Exponents, ...], int] = {}
        for partition in self.batches.partitions(len(factors)):
            blocks = tuple(sorted(self._block(factors, block) for block in partition))
            grouped[blocks] = grouped.get(blocks, 0) + 1
        by_sizes: dict[tuple[int, ...], Polynomial] = {}  # partitions of equal block sizes have equal weights
        for blocks, multiplicity in grouped.items():
            tick("means over a batch")
            product = self.ring.one * multiplicity
            for block in sorted(blocks, key=sum):
                product = product * self.mean(block)
            sizes = tuple(sorted(map(sum, blocks)))
            by_sizes[sizes] = by_sizes[sizes] + product if sizes in by_sizes else product
        total: VPolynomial = []
        for sizes, part in by_sizes.items():
            for k, weight in enumerate(self.batches.partition_weight_in_v(sizes)):
                while len(total) <= k:
                    total.append(self.ring.zero)
                if weight:
                    total[k] = total[k] + part * weight
        return total or [self.ring.one]

    def _block(self, factors: list[int], block: tuple[int, ...]) -> Exponents:
        exponents = [0] * len(self.gradient.weights)
        for i in block:
            exponents[factors[i]] += 1
        return tuple(exponents)

    def parts(self, step: Step) -> list[list[Sparse]]:
        """parts[j][k][(beta, beta')]: the coefficient of alpha^j v^k s^beta' in T(s^beta)."""
        if step in self._parts:
            return self._parts[step]
        self.prepare(self.order)
        collected = {gamma: self._at_places(gamma, step) for gamma in monomials(len(self.gradient.weights), self.order)}
        parts: list[list[dict[tuple[int, int], Any]]] = [
            [{} for _ in range(max(j, 1))] for j in range(self.order + 1)]
        for row, image in enumerate(self._images(step)):
            tick("the matrix of a step")
            for (rest, gamma, power), factor in image.items():
                for further, by_v in collected[gamma]:
                    while len(parts) <= power + further:
                        parts.append([{}])
                    by_power = parts[power + further]
                    for k, terms in enumerate(by_v):
                        while len(by_power) <= k:
                            by_power.append({})
                        entries = by_power[k]
                        for exponents, value in terms:
                            place = (row, self.index[tuple(map(add, rest, exponents))])
                            entries[place] = entries[place] + value * factor if place in entries else value * factor
        self._parts[step] = parts  # type: ignore[assignment]
        return parts  # type: ignore[return-value]

    def _images(self, step: Step) -> Iterator[dict[tuple[Exponents, Exponents, int], Any]]:
        """(A s + B x)^beta for each monomial: coefficients by the exponents of s, x and alpha."""
        count = len(self.gradient.weights)
        none, nothing = (0,) * len(self.state), (0,) * count
        forms = []  # the image of each letter: (place in s or None, place in x or None, power of alpha, coefficient)
        for j in range(len(self.state)):
            slot, i = divmod(j, count)
            linear = [(k * count + i, None, a, to_scalar(c)) for k, powers in enumerate(step.A[slot])
                      for a, c in enumerate(powers) if c != 0]
            forms.append([*linear, *((None, i, a, to_scalar(c)) for a, c in enumerate(step.B[slot]) if c != 0)])
        known: dict[Exponents, dict[tuple[Exponents, Exponents, int], Any]] = {}
        for beta in self.basis:
            last = max((j for j, power in enumerate(beta) if power), default=None)
            if last is None:
                image: dict[tuple[Exponents, Exponents, int], Any] = {(none, nothing, 0): 1}
            else:
                image = {}
                for (rest, gamma, power), c in known[_changed(beta, last, -1)].items():
                    for own, drawn, further, factor in forms[last]:
                        key = (rest if own is None else _changed(rest, own, 1),
                               gamma if drawn is None else _changed(gamma, drawn, 1), power + further)
                        value = c * factor
                        image[key] = image[key] + value if key in image else value
            known[beta] = image
            yield image

    def _at_places(self, gamma: Exponents, step: Step) -> list[tuple[int, list[list[tuple[Exponents, Scalar]]]]]:
        """E_B[g_B^gamma] at C s: for each power of alpha the terms for each power of v."""
        by_v = self.batch_mean(gamma)
        if step.at_weights:
            return [(0, [list(self.collect(part).items()) for part in by_v])]
        count = len(self.gradient.weights)
        ring = self.ring.union(Ring((_ALPHA,)))
        alpha = ring.generator(_ALPHA)
        images = {letter: sum((ring.generator(self.state[k * count + i]) * alpha**a * to_scalar(c)
                               for k, powers in enumerate(step.C) for a, c in enumerate(powers) if c != 0), ring.zero)
                  for i, letter in enumerate(self.gradient.weights)}
        found: dict[int, list[list[tuple[Exponents, Scalar]]]] = {}
        for k, part in enumerate(by_v):
            for a, coefficient in enumerate(part.substitute(images).coefficients(_ALPHA)):
                terms = list(self.collect(self.ring(coefficient)).items())
                if terms:
                    found.setdefault(a, [[] for _ in by_v])[k] = terms
        return sorted(found.items())

    def collect(self, polynomial: Polynomial) -> dict[Exponents, Scalar]:
        """Coefficients by exponents of the weights; numbers where the problem has no symbols."""
        count = len(self.state)
        if len(polynomial.ring.generators) == count:
            return dict(polynomial.terms())
        outer = Ring(polynomial.ring.generators[count:])
        split: dict[Exponents, dict[Exponents, Fraction]] = {}
        for e, c in polynomial.terms():
            split.setdefault(e[:count], {})[e[count:]] = c
        return {e: outer.from_terms(terms).simplest() for e, terms in split.items()}


def _changed(exponents: Exponents, place: int, by: int) -> Exponents:
    return (*exponents[:place], exponents[place] + by, *exponents[place + 1:])
