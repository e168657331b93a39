"""Means of gradients and of products of two of them, for finite data in numbers: from one Gram matrix.

Where every term of a gradient has at most two factors of the sample, the moments of a product of two are of order four,

    mean_i x_ia x_ib x_ic x_id = (P^T P)_((a,b), (c,d)) / n,        P_i,(a,b) = x_ia x_ib,

with a constant column x_i0 = 1 for lower orders. Exponents of hundreds of letters are never read out of a polynomial.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm, prod
from typing import Any

import flint
import numpy as np

from sgdmoments.budget import tick
from sgdmoments.exact.ring import Exponents, Polynomial, to_fmpq

#: Products of two columns that are multiplied out at a time.
_AT_ONCE = 500_000

#: A term of a gradient: its weights, its coordinates of the sample (counted from 1), with repetition; its coefficient.
Term = tuple[tuple[int, ...], tuple[int, ...], flint.fmpq]


class PairMeans:
    """mean_i[g_a] and mean_i[g_a g_b] as dictionaries from exponents of the weights.

    Args:
        rows: the data points as Fractions.
        components: the gradient of a sample, polynomials in `count` weights, then in the sample.
    """

    def __init__(self, rows: np.ndarray[Any, Any], components: Sequence[Polynomial], count: int) -> None:
        self._terms = [_terms(g, count) for g in components]
        self._count, self._points = count, len(rows)
        self._scales = [1, *(lcm(*(entry.denominator for entry in column)) for column in rows.T)]
        columns = [[1] * len(rows), *([int(entry * scale) for entry in column]
                                      for column, scale in zip(rows.T, self._scales[1:], strict=True))]
        pairs = [(i, j) for i in range(len(columns)) for j in range(i, len(columns))]
        self._place = {pair: k for k, pair in enumerate(pairs)}
        self._gram = flint.fmpz_mat(len(pairs), len(pairs))
        at_once = max(1, _AT_ONCE // len(pairs))
        for start in range(0, len(rows), at_once):
            tick("moments of the data")
            part = [column[start:start + at_once] for column in columns]
            table = flint.fmpz_mat([[x * y for x, y in zip(part[i], part[j], strict=True)] for i, j in pairs])
            self._gram += table * table.transpose()
        self._exponents: dict[tuple[int, ...], Exponents] = {}

    @staticmethod
    def applies(components: Sequence[Polynomial], count: int) -> bool:
        """Whether no term has more than two factors of the sample."""
        return all(sum(e[count:]) <= 2 for g in components for e in g.raw.monoms())

    def __call__(self, chosen: Sequence[int]) -> dict[Exponents, flint.fmpq]:
        """The mean of the product of one or two components."""
        first = self._terms[chosen[0]]
        second: Sequence[Term] = self._terms[chosen[1]] if len(chosen) > 1 else [((), (), flint.fmpq(1))]
        gram, place = self._gram, self._place
        plain = max(self._scales) == 1
        total: dict[tuple[int, ...], flint.fmpq] = {}
        for w, x, c in first:
            tick("means of products of gradients")
            for v, y, d in second:
                a = sorted(x + y)
                a = [0] * (4 - len(a)) + a
                value = gram[place[a[0], a[1]], place[a[2], a[3]]]
                if value:
                    key = w + v if not v or not w or w[-1] <= v[0] else tuple(sorted(w + v))
                    term = c * d * value
                    if not plain:
                        term = term / prod(self._scales[i] for i in a)
                    before = total.get(key)
                    total[key] = term if before is None else before + term
        return {self._dense(key): value / self._points for key, value in total.items() if value}

    def _dense(self, key: tuple[int, ...]) -> Exponents:
        found = self._exponents.get(key)
        if found is None:
            exponents = [0] * self._count
            for i in key:
                exponents[i] += 1
            found = self._exponents[key] = tuple(exponents)
        return found


def _terms(polynomial: Polynomial, count: int) -> list[Term]:
    found = []
    for e, c in polynomial.terms():
        weights = tuple(i for i, power in enumerate(e[:count]) for _ in range(power))
        sample = tuple(i + 1 for i, power in enumerate(e[count:]) for _ in range(power))
        found.append((weights, sample, to_fmpq(Fraction(c))))
    return found
