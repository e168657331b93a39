"""The weights of batch means: for functions f_1, ..., f_j of a sample, with the population mean written m[.],

    E[ mean_B f_1 ... mean_B f_j ] = sum over set partitions rho of {1..j} of W_rho(u) prod_blocks m[prod f],

u = 1/b. For independent draws W_rho = b^-j (b)_|rho|. Without replacement from n points the sum over distinct
samples is turned into free sums by Moebius inversion on the lattice of partitions, so that no subset of the
data is ever listed.

Without replacement only b = 1, ..., n exist, and many polynomials in u have the same values there: W_rho is the one of
degree < n. It is unique, so that every route gives the same polynomial for the moments of one step; the weights of
different steps are multiplied and not reduced again. `describe.batches.Batches` is asked for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from math import factorial, prod

#: A polynomial in u = 1/b (or in c_b) with rational coefficients, constant first.
UPolynomial = tuple[Fraction, ...]


def set_partitions(size: int, most: int | None = None) -> Iterator[tuple[tuple[int, ...], ...]]:
    """All set partitions of {0, ..., size-1} (into at most `most` blocks), blocks in order of their least element.

    >>> [len(list(set_partitions(k))) for k in range(6)], len(list(set_partitions(5, most=2)))
    ([1, 1, 2, 5, 15, 52], 16)
    """
    if size == 0:
        yield ()
        return
    last = size - 1
    for smaller in set_partitions(size - 1, most):
        for k, block in enumerate(smaller):
            yield (*smaller[:k], (*block, last), *smaller[k + 1:])
        if most is None or len(smaller) < most:
            yield (*smaller, (last,))


@cache
def batch_weight(block_sizes: tuple[int, ...], n: int | None) -> UPolynomial:
    """W_rho(u) for a partition with the given block sizes; n None: independent draws.

    >>> batch_weight((2,), 5), batch_weight((1, 1), 5)  # c_b = (5u - 1)/4 and 1 - c_b
    ((Fraction(-1, 4), Fraction(5, 4)), (Fraction(5, 4), Fraction(-5, 4)))
    >>> batch_weight((1, 1), None)
    (Fraction(1, 1), Fraction(-1, 1))
    """
    order = sum(block_sizes)
    if n is None:
        return distinct_weight(len(block_sizes), order, None)
    total = [Fraction(0)] * (order + 1)
    for refinement, weight in _refinements(tuple(sorted(block_sizes))):
        if refinement <= n:  # more distinct samples do not exist
            for k, c in enumerate(distinct_weight(refinement, order, n)):
                total[k] += weight * n ** len(block_sizes) * c
    return _trimmed(total)


@cache
def distinct_weight(count: int, order: int, n: int | None) -> UPolynomial:
    """b^-order (b)_count, and without replacement that over (n)_count: the weight of `count` distinct samples.

    A product of `order` batch means is the sum of these weights times sums over tuples of distinct draws (for
    independent draws: of distinct places in the batch). Without replacement it has degree < n.

    >>> distinct_weight(2, 2, None), distinct_weight(1, 3, 2)  # u^2 is (3u - 1)/2 at b = 1 and at b = 2
    ((Fraction(1, 1), Fraction(-1, 1)), (Fraction(-1, 4), Fraction(3, 4)))
    """
    poly = [Fraction(0)] * (order - count) + [Fraction(c) for c in _falling(count)]
    if n is None:
        return tuple(poly)
    scale = prod(range(n - count + 1, n + 1))
    return _trimmed([c / scale for c in _below_degree(n, poly)])


@cache
def _falling(count: int) -> tuple[int, ...]:
    """b^-count (b)_count = (1 - u)(1 - 2u) ... (1 - (count - 1)u) in powers of u."""
    if count < 2:
        return (1,)
    less = _falling(count - 1)
    return tuple(a - (count - 1) * c for a, c in zip((*less, 0), (0, *less), strict=True))


@cache
def in_cb(weight: UPolynomial, n: int) -> UPolynomial:
    """A polynomial in u as one in c_b = (n - b)/(b (n - 1)): u = 1/n + (n - 1)/n c_b is put in.

    >>> in_cb(batch_weight((2,), 5), 5)
    (Fraction(0, 1), Fraction(1, 1))
    """
    constant, slope = Fraction(1, n), Fraction(n - 1, n)
    result: list[Fraction] = []
    for coefficient in reversed(weight):
        grown = [r * constant for r in result] + [Fraction(0)]
        for k, r in enumerate(result):
            grown[k + 1] += slope * r
        grown[0] += coefficient
        result = grown
    return _trimmed(result)


def _below_degree(n: int, polynomial: list[Fraction]) -> list[Fraction]:
    """The polynomial of degree < n with the same values at u = 1, 1/2, ..., 1/n: a remainder."""
    if len(polynomial) <= n:
        return polynomial
    vanishing, rest = _vanishing(n), list(polynomial)
    while len(rest) > n:
        leading = rest.pop()
        for k in range(n):
            rest[len(rest) - n + k] -= leading * vanishing[k]
    return rest


@cache
def _vanishing(n: int) -> UPolynomial:
    """(u - 1)(u - 1/2) ... (u - 1/n), constant first."""
    product = [Fraction(1)]
    for b in range(1, n + 1):
        product = [a - c / b for a, c in zip([Fraction(0), *product], [*product, Fraction(0)], strict=True)]
    return tuple(product)


def _trimmed(polynomial: Sequence[Fraction]) -> UPolynomial:
    last = max((k for k, c in enumerate(polynomial) if c), default=0)
    return tuple(polynomial[:last + 1])


@cache
def _refinements(block_sizes: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """(number of blocks, summed Moebius value mu(pi, rho)) over the partitions pi that refine rho."""
    totals = {0: 1}
    for size in block_sizes:
        own: dict[int, int] = {}
        for partition in set_partitions(size):
            c = len(partition)
            own[c] = own.get(c, 0) + (-1) ** (c - 1) * factorial(c - 1)
        merged: dict[int, int] = {}
        for a, x in totals.items():
            for c, y in own.items():
                merged[a + c] = merged.get(a + c, 0) + x * y
        totals = merged
    return tuple(sorted(totals.items()))
