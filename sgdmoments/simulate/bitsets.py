"""Uniformly random b-subsets of n points as bits, 32 points to a word: arrays (words, replicates).

The b points with the smallest of n random keys are such a subset. The keys are looked at a bit at a time, for 32 points
at once: one random word halves the points that are still open, as in a search for the b-th smallest key,

    half = the open points whose next bit is 1;   if no more of them than are still wanted: all are in, and the rest
                                                  stays open; otherwise the rest is out, and they stay open.

When few are open the points still wanted are drawn from them one by one, each uniform among those left, in as many
rounds as the slowest replicate needs. Sizes alone decide, so no point is preferred.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from sgdmoments.simulate.backend import jax, jnp
from sgdmoments.simulate.counters import below, threefry, words

#: Nanoseconds for a word of a halving, for a word of a round, and for a round besides, on one machine (two cores);
#: for comparisons.
_HALVING_WORD, _ROUND_WORD, _ROUND = 0.7, 0.2, 0.7
_BLOCK = 64  # words that a round looks through in one piece of straight-line code
_NO_POINT = np.uint32(0xFFFFFFFF)


@dataclass(frozen=True)
class Plan:
    """How a subset of b of n points is drawn.

    Attributes:
        halvings: how many.
        rounds: about how many rounds follow, for the slowest of 4,096 replicates.
        cost: in nanoseconds per replicate on one machine; for comparisons.
    """

    halvings: int
    rounds: float
    cost: float


@lru_cache(maxsize=1024)
def plan(n: int, b: int) -> Plan:
    """The cheapest plan for 0 < b < n."""
    count = -(-n // 32)

    def after(halvings: int) -> Plan:
        left = n / 2**halvings
        rounds = min((left + 3 * left**0.5) / 2 + 1, b, n - b)
        return Plan(halvings, rounds, halvings * count * _HALVING_WORD + rounds * (count * _ROUND_WORD + _ROUND))

    return min(map(after, range(n.bit_length() + 1)), key=lambda p: p.cost)


def draw_bits(key: Any, replicates: Any, n: int, b: int) -> Any:
    """Words (ceil(n / 32), replicates): bit i % 32 of word i // 32 says whether point i is in."""
    count = -(-n // 32)
    every = np.full((count, 1), 0xFFFFFFFF, dtype=np.uint32)
    if n % 32:
        every[-1] = (1 << n % 32) - 1
    shape = (count, replicates.shape[0])
    if b in (0, n):
        return jnp.zeros(shape, dtype=jnp.uint32) if b == 0 else jnp.broadcast_to(every, shape)
    halvings = plan(n, b).halvings
    pairs = (count + 1) // 2

    def halve(i: Any, state: Any) -> Any:
        inside, open_, size, wanted = state
        half = open_ & words(key, replicates, count, i * pairs)
        ones = _ones(half).sum(axis=0, dtype=jnp.uint32)
        fits = ones <= wanted
        return (jnp.where(fits, inside | half, inside), jnp.where(fits, open_ ^ half, half),
                jnp.where(fits, size - ones, ones), jnp.where(fits, wanted - ones, wanted))

    start = (jnp.zeros(shape, dtype=jnp.uint32), jnp.broadcast_to(every, shape),
             jnp.full(shape[1], n, dtype=jnp.uint32), jnp.full(shape[1], b, dtype=jnp.uint32))
    inside, open_, size, wanted = jax.lax.fori_loop(0, halvings, halve, start)
    few = wanted <= size - wanted  # the fewer of those to take and those to leave are drawn
    inside = jnp.where(few, inside, inside | open_)
    return _toggle(key, replicates, inside, open_, size, jnp.where(few, wanted, size - wanted), halvings * pairs)


def unpack(bits: Any, n: int) -> Any:
    """Booleans (n, replicates)."""
    shifts = jnp.arange(32, dtype=jnp.uint32)[None, :, None]
    return ((bits[:, None, :] >> shifts) & jnp.uint32(1) != 0).reshape(-1, bits.shape[1])[:n]


def _toggle(key: Any, replicates: Any, inside: Any, open_: Any, size: Any, drawn: Any, first: int) -> Any:
    """`inside` with so many points of `open_` toggled, drawn one by one; random words from pair `first` on.

    A round's point is toggled in the next round: XLA would compute `_locate` anew for every word.
    """
    word_numbers = jnp.arange(len(open_), dtype=jnp.uint32)[:, None]

    def take(i: Any, state: Any) -> Any:
        inside, open_, last = state
        bit = jnp.where(last >> jnp.uint32(5) == word_numbers, jnp.uint32(1) << (last & jnp.uint32(31)), jnp.uint32(0))
        open_ = open_ ^ bit
        rank = below(threefry(key, replicates, jnp.broadcast_to(i + jnp.uint32(first), size.shape))[0], size - i)
        return inside ^ bit, open_, jnp.where(i < drawn, _locate(open_, rank), _NO_POINT)

    start = (inside, open_, jnp.full(size.shape, _NO_POINT))
    return jax.lax.fori_loop(jnp.uint32(0), drawn.max() + jnp.uint32(1), take, start)[0]


def _locate(bits: Any, rank: Any) -> Any:
    """The point of that rank (from 0) among those whose bits are set."""
    def look(rows: Any, state: Any) -> Any:
        left, word, offset, number = state
        for k in range(rows.shape[0]):
            past = left >= 0  # the rank, counted from this word's first
            word, offset = jnp.where(past, rows[k], word), jnp.where(past, left, offset)
            number = number + past.astype(jnp.uint32)
            left = left - _ones(rows[k]).astype(jnp.int32)
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
