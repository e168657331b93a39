"""Drawing a batch of b of n points: the hot spot of small simulations.

`numpy.random.choice` and `jax.random.choice` permute all n points to draw b of them. Two exact ways that
do not, vectorised over the replicates (last axis):

- a list of indices, by Floyd's algorithm: b draws; a draw that was there already is replaced by a point that cannot
  have been. It compares each draw with those before: b^2 / 2 cheap operations, and b rows to fetch afterwards.
- a mask of the n points (`bitsets`): its cost grows with n and hardly with b, and nothing is fetched.
"""

from __future__ import annotations

from typing import Any

from sgdmoments.simulate import bitsets
from sgdmoments.simulate.backend import jax, jnp
from sgdmoments.simulate.counters import below, words

#: Costs, relative to those of `bitsets.plan` (measured): of a comparison in Floyd's algorithm, of a row that is fetched
#: for its index, of a row that is gone through under a mask.
_COMPARISON, _FETCHED_ROW, _MASKED_ROW = 0.07, 3.0, 0.3


def draw_with_replacement(key: Any, replicates: Any, n: int, b: int) -> Any:
    """Indices (b, replicates): independent, uniform on 0..n-1."""
    return below(words(key, replicates, b), n).astype(jnp.int32)


def draw_subset(key: Any, replicates: Any, n: int, b: int) -> Any:
    """Indices (b, replicates) of a uniformly random b-subset of 0..n-1 (Floyd), in no particular order.

    At j = 0, ..., b-1 draw from 0..n-b+j; where that is taken already, take n-b+j itself.
    """
    bits = words(key, replicates, b)
    narrow = jnp.uint16 if n < 2**16 else jnp.uint32
    chosen = jnp.full((b, replicates.shape[0]), jnp.iinfo(narrow).max, dtype=narrow)
    parts = 4 if b >= 16 else 1  # so that early draws are compared with few others
    for part in range(parts):
        filled = b * (part + 1) // parts

        def draw(j: Any, chosen: Any, filled: int = filled) -> Any:
            last = (n - b + j).astype(jnp.uint32)
            drawn = below(bits[j], last + jnp.uint32(1))
            # the smallest difference: XLA's `any` does not vectorise as well
            taken = (chosen[:filled] ^ drawn.astype(narrow)).min(axis=0) == 0
            return chosen.at[j].set(jnp.where(taken, last, drawn).astype(narrow))

        chosen = jax.lax.fori_loop(b * part // parts, filled, draw, chosen)
    return chosen.astype(jnp.int32)


def draw_mask(key: Any, replicates: Any, n: int, b: int) -> Any:
    """Booleans (n, replicates) with exactly b of each column true, every b-subset equally likely."""
    return bitsets.unpack(bitsets.draw_bits(key, replicates, n, b), n)


def listing_is_cheaper(n: int, b: int) -> bool:
    """Whether drawing a list of b points and fetching them costs less than drawing a mask and going through all."""
    if b in (0, n):
        return b == 0
    return b * (_COMPARISON * b + _FETCHED_ROW) < bitsets.plan(n, b).cost + _MASKED_ROW * n
