"""Drawing a batch of b of n points: the hot spot of small simulations.

`numpy.random.choice` and `jax.random.choice` permute all n points to draw b of them. Two exact ways that
do not, vectorised over the replicates (last axis):

- Floyd's algorithm: b draws; a draw that was there already is replaced by a point that cannot have been.
  It compares each draw with those before: b^2 cheap operations.
- Selection sampling (Knuth, TAOCP 2, Algorithm S): go through the points, take each with probability
  (still wanted) / (still to come): n random words, whatever b is.
"""

from __future__ import annotations

from typing import Any

from sgdmoments.simulate.backend import jax, jnp
from sgdmoments.simulate.counters import below, threefry, words

#: Floyd's b^2 comparisons cost less than selection's n random words up to b^2 = this many times n (measured).
_FLOYD_REACH = 30


def draw_with_replacement(key: Any, replicates: Any, n: int, b: int) -> Any:
    """Indices (b, replicates): independent, uniform on 0..n-1."""
    return below(words(key, replicates, b), n).astype(jnp.int32)


def draw_subset(key: Any, replicates: Any, n: int, b: int) -> Any:
    """Indices (b, replicates) of a uniformly random b-subset of 0..n-1 (Floyd), in no particular order.

    At j = 0, ..., b-1 draw from 0..n-b+j; where that is taken already, take n-b+j itself.
    """
    bits = words(key, replicates, b)

    def body(j: Any, chosen: Any) -> Any:
        last = (n - b + j).astype(jnp.uint32)
        drawn = below(bits[j], last + jnp.uint32(1))
        taken = (chosen == drawn).any(axis=0)
        return chosen.at[j].set(jnp.where(taken, last, drawn))

    nothing = jnp.full((b, replicates.shape[0]), 0xFFFFFFFF, dtype=jnp.uint32)
    return jax.lax.fori_loop(0, b, body, nothing).astype(jnp.int32)


def select_mask(key: Any, replicates: Any, n: int, b: int) -> Any:
    """Booleans (n, replicates) with exactly b of each column true, every b-subset equally likely."""
    count = replicates.shape[0]

    def body(i: Any, state: Any) -> Any:
        wanted, mask = state
        pair = threefry(key, replicates, jnp.full(count, i, dtype=jnp.uint32))
        for k, bits in enumerate(pair):
            left = jnp.maximum(n - (2 * i + k), 0).astype(jnp.uint32)
            take = (below(bits, left) < wanted) & (left > 0)
            wanted = wanted - take.astype(jnp.uint32)
            mask = mask.at[2 * i + k].set(take)
        return wanted, mask

    start = (jnp.full(count, b, dtype=jnp.uint32), jnp.zeros((n + n % 2, count), dtype=bool))
    return jax.lax.fori_loop(0, (n + 1) // 2, body, start)[1][:n]


def subset_mask(key: Any, replicates: Any, n: int, b: int) -> Any:
    """Booleans (n, replicates) of a random b-subset, by the cheaper of the two algorithms."""
    small = min(b, n - b)
    if small * small > _FLOYD_REACH * n:
        return select_mask(key, replicates, n, b)
    count = replicates.shape[0]
    inside = jnp.full((n, count), small != b)
    if small:
        chosen = draw_subset(key, replicates, n, small)
        inside = inside.at[chosen, jnp.arange(count)].set(small == b, mode="promise_in_bounds")
    return inside


def floyd_is_cheap(n: int, b: int) -> bool:
    """Whether listing a b-subset by Floyd's algorithm costs less than going through the n points."""
    return b * b <= _FLOYD_REACH * n
