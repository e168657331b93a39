"""Uniformly random b-subsets of n points as bits, 32 points to a word: arrays (words, replicates).

Drawing point by point needs n random words. Here, in three exact steps, a few bits a point:

1. take every point with a probability q = m/2^d near b/n: d random bits decide a point, 32 points at a time;
2. do so several times and keep the set whose size came nearest to b. Given its size such a set is uniform, and the
   choice looks at sizes alone;
3. add (or remove) points one at a time, uniform among those out (or in), until there are b.

Step 3 goes on for as many rounds as the slowest replicate needs; step 2 is there to make them few.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np

from sgdmoments.simulate.backend import jax, jnp
from sgdmoments.simulate.counters import below, threefry, words

#: Costs of one random word and of a round of step 3 (for each word, and besides), relative to each other (measured).
_RANDOM_WORD, _ROUND_WORD, _ROUND = 0.5, 0.17, 1.0
_BLOCK = 64  # words that a round looks through in one piece of straight-line code
_ALL = np.uint32(0xFFFFFFFF)  # a word with every bit set
_NO_POINT = _ALL


@dataclass(frozen=True)
class Plan:
    """How a subset of b of n points is drawn.

    Attributes:
        numerator, depth: q = numerator / 2^depth, numerator odd.
        tries: sets drawn in step 2.
        rounds: of step 3, about, for the slowest of 4,096 replicates.
        cost: in nanoseconds per replicate on one machine; for comparisons.
    """

    numerator: int
    depth: int
    tries: int
    rounds: int
    cost: float


@lru_cache(maxsize=1024)
def plan(n: int, b: int) -> Plan:
    """The cheapest plan for 0 < b < n."""
    count = -(-n // 32)
    plans = []
    for depth in range(1, 7):
        numerator = min(max(round(b / n * 2**depth), 1), 2**depth - 1)
        if numerator % 2 == 0:
            continue  # a smaller depth has it
        q = numerator / 2**depth
        size = NormalDist(n * q, (n * q * (1 - q)) ** 0.5)
        for tries in (1, 2, 3, 4, 6, 8, 12, 16):
            rounds = 1
            while (1 - size.cdf(b + rounds) + size.cdf(b - rounds)) ** tries > 1 / 4096:
                rounds += 1 + rounds // 16
            cost = tries * depth * count * _RANDOM_WORD + rounds * (count * _ROUND_WORD + _ROUND)
            plans.append(Plan(numerator, depth, tries, rounds, cost))
    return min(plans, key=lambda p: p.cost)


def draw_bits(key: Any, replicates: Any, n: int, b: int) -> Any:
    """Words (ceil(n / 32), replicates): bit i % 32 of word i // 32 says whether point i is in."""
    count = -(-n // 32)
    valid = np.full((count, 1), _ALL)
    if n % 32:
        valid[-1] = (1 << n % 32) - 1
    if b in (0, n):
        return jnp.broadcast_to(jnp.uint32(0) if b == 0 else jnp.asarray(valid), (count, replicates.shape[0]))
    chosen = plan(n, b)
    bits, surplus = _nearest_in_size(key, replicates, b, valid, chosen)
    return _repair(key, replicates, bits, surplus, n, b, chosen.tries * _pairs(chosen, count))


def unpack(bits: Any, n: int) -> Any:
    """Booleans (n, replicates)."""
    shifts = jnp.arange(32, dtype=jnp.uint32)[None, :, None]
    return ((bits[:, None, :] >> shifts) & jnp.uint32(1) != 0).reshape(-1, bits.shape[1])[:n]


def _pairs(plan: Plan, count: int) -> int:
    """Pairs of random words that a try takes."""
    return (plan.depth * count + 1) // 2


def _nearest_in_size(key: Any, replicates: Any, b: int, valid: Any, plan: Plan) -> Any:
    """Steps 1 and 2: the bits, and by how much there are too many."""
    count = len(valid)

    def attempt(i: Any, state: Any) -> Any:
        best, surplus = state
        planes = words(key, replicates, plan.depth * count, i * _pairs(plan, count)).reshape(plan.depth, count, -1)
        bits = planes[0]  # from the last binary digit of q, a one, to the first
        for k in range(1, plan.depth):
            bits = bits | planes[k] if plan.numerator >> k & 1 else bits & planes[k]
        bits = bits & valid
        new = _ones(bits).sum(axis=0, dtype=jnp.int32) - b
        nearer = jnp.abs(new) < jnp.abs(surplus)
        return jnp.where(nearer, bits, best), jnp.where(nearer, new, surplus)

    start = jnp.zeros((count, replicates.shape[0]), dtype=jnp.uint32), jnp.full(replicates.shape, 2**31 - 1, jnp.int32)
    return jax.lax.fori_loop(0, plan.tries, attempt, start)


def _repair(key: Any, replicates: Any, bits: Any, surplus: Any, n: int, b: int, first: int) -> Any:
    """Step 3. A round's change is made in the next round: XLA would compute `_locate` anew for every word."""
    short = surplus < 0
    inverted = jnp.where(short, _ALL, jnp.uint32(0))  # what is outside is where points are taken from
    wanted = jnp.where(short, jnp.uint32(n - b), jnp.uint32(b))
    pool = wanted + jnp.abs(surplus).astype(jnp.uint32)
    word_numbers = jnp.arange(len(bits), dtype=jnp.uint32)[:, None]
    idle = jnp.full(replicates.shape, _NO_POINT)

    def unfinished(state: Any) -> Any:
        i, _, _, last = state
        return (i == 0) | (last != _NO_POINT).any()

    def change(state: Any) -> Any:
        i, bits, pool, last = state
        hit = (last >> jnp.uint32(5)) == word_numbers
        bits = jnp.where(hit, bits ^ (jnp.uint32(1) << (last & jnp.uint32(31))), bits)
        rank = below(threefry(key, replicates, jnp.broadcast_to(i + jnp.uint32(first), replicates.shape))[0], pool)
        point = _locate(bits, inverted, rank)
        more = pool > wanted
        return (i + jnp.uint32(1), bits, pool - more.astype(jnp.uint32), jnp.where(more, point, idle))

    return jax.lax.while_loop(unfinished, change, (jnp.uint32(0), bits, pool, idle))[1]


def _locate(bits: Any, inverted: Any, rank: Any) -> Any:
    """The point of that rank (from 0) among those whose bits, inverted where `inverted` says so, are set.

    Bits beyond the n-th are in the way of no rank: they come last.
    """
    def look(rows: Any, state: Any) -> Any:
        left, word, offset, number = state
        for k in range(rows.shape[0]):
            here = rows[k] ^ inverted
            past = left >= 0  # the rank, counted from this word's first
            word, offset = jnp.where(past, here, word), jnp.where(past, left, offset)
            number = number + past.astype(jnp.uint32)
            left = left - _ones(here).astype(jnp.int32)
        return left, word, offset, number

    def block(i: Any, state: Any) -> Any:
        return look(jax.lax.dynamic_slice_in_dim(bits, i * _BLOCK, _BLOCK), state)

    zero = jnp.zeros_like(rank)
    state = (rank.astype(jnp.int32), zero, zero.astype(jnp.int32), zero)
    blocks = (len(bits) - 1) // _BLOCK
    if blocks:
        state = jax.lax.fori_loop(0, blocks, block, state)
    _, word, offset, number = look(bits[blocks * _BLOCK:], state)
    return (number - jnp.uint32(1)) * jnp.uint32(32) + _bit_of_rank(word, offset.astype(jnp.uint32))


def _bit_of_rank(word: Any, rank: Any) -> Any:
    """The position of the set bit of that rank (from 0), by halves."""
    position = jnp.zeros_like(word)
    for width in (16, 8, 4, 2, 1):
        ones = _ones((word >> position) & jnp.uint32((1 << width) - 1))
        beyond = rank >= ones
        rank = jnp.where(beyond, rank - ones, rank)
        position = jnp.where(beyond, position + jnp.uint32(width), position)
    return position


def _ones(x: Any) -> Any:
    return jax.lax.population_count(x)

