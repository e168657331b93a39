"""Random numbers that belong to a replicate and a step, however the work is cut up.

Word k of replicate r at a step is threefry2x32(key of the step)(r, k): a function of the seed and those numbers
alone, so chunks, devices and processes change nothing. The block cipher is JAX's own (20 rounds), written
out so that XLA fuses it with what follows; JAX's generic one loops over whole arrays on a CPU.

All arrays here have the replicates on their last axis: that is the axis along which a CPU vectorises.
"""

from __future__ import annotations

from typing import Any

from sgdmoments.simulate.backend import jax, jnp

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


def step_key(key: Any, *numbers: Any) -> Any:
    """The two words of the key for e.g. (stream, step), derived with `jax.random.fold_in`."""
    for number in numbers:
        key = jax.random.fold_in(key, number)
    return jax.random.key_data(key)


def threefry(key: Any, x0: Any, x1: Any) -> tuple[Any, Any]:
    """Threefry-2x32 with 20 rounds of the counters (x0, x1), unsigned 32-bit arrays of one shape."""
    schedule = (key[0], key[1], key[0] ^ key[1] ^ jnp.uint32(0x1BD11BDA))
    x0, x1 = x0 + schedule[0], x1 + schedule[1]
    for block in range(5):
        for r in _ROTATIONS[block % 2]:
            x0 = x0 + x1
            x1 = ((x1 << jnp.uint32(r)) | (x1 >> jnp.uint32(32 - r))) ^ x0
        x0 = x0 + schedule[(block + 1) % 3]
        x1 = x1 + schedule[(block + 2) % 3] + jnp.uint32(block + 1)
    return x0, x1


def word_pairs(key: Any, replicates: Any, count: int, first: Any = 0) -> tuple[Any, Any]:
    """Two arrays (count, replicates) of 32-bit words, the pairs number first, first + 1, ... of each replicate."""
    shape = (count, replicates.shape[0])
    numbers = jnp.arange(count, dtype=jnp.uint32) + jnp.asarray(first).astype(jnp.uint32)
    counters = jnp.broadcast_to(numbers[:, None], shape)
    pair = threefry(key, jnp.broadcast_to(replicates[None, :], shape), counters)
    return jax.lax.optimization_barrier(pair)


def words(key: Any, replicates: Any, count: int, first: Any = 0) -> Any:
    """Array (count, replicates) of 32-bit words, from pair number `first` on."""
    pair = word_pairs(key, replicates, (count + 1) // 2, first)
    return jnp.stack(pair, axis=1).reshape(-1, replicates.shape[0])[:count]


def below(bits: Any, bound: Any) -> Any:
    """floor(bits * bound / 2^32): uniform on 0..bound-1 up to a bias of bound / 2^32."""
    if jax.config.jax_enable_x64:
        wide = bits.astype(jnp.uint64) * jnp.asarray(bound).astype(jnp.uint64)
        return jnp.right_shift(wide, jnp.uint64(32)).astype(jnp.uint32)
    half = jnp.uint32(16)  # the high word of the 64-bit product, by halves
    bound = jnp.asarray(bound).astype(jnp.uint32)
    low, high = bits & jnp.uint32(0xFFFF), bits >> half
    bound_low, bound_high = bound & jnp.uint32(0xFFFF), bound >> half
    middle = high * bound_low + ((low * bound_low) >> half)
    other = low * bound_high + (middle & jnp.uint32(0xFFFF))
    return high * bound_high + (middle >> half) + (other >> half)


def uniforms(key: Any, replicates: Any, count: int) -> Any:
    """Array (count, replicates), uniform on (0, 1): 52 random bits in 64-bit mode, 23 otherwise."""
    first, second = word_pairs(key, replicates, count)
    if jax.config.jax_enable_x64:
        wide = (first.astype(jnp.uint64) << jnp.uint64(20)) | (second.astype(jnp.uint64) >> jnp.uint64(12))
        return (wide.astype(jnp.float64) + 0.5) * 2.0**-52
    return ((first >> jnp.uint32(9)).astype(jnp.float32) + 0.5) * 2.0**-23


def normals(key: Any, replicates: Any, count: int) -> Any:
    """Array (count, replicates) of standard normal numbers, by inversion."""
    return 2**0.5 * jax.lax.erf_inv(2 * uniforms(key, replicates, count) - 1)


def signs(key: Any, replicates: Any, count: int) -> Any:
    """Array (count, replicates) of +1 and -1, each with probability 1/2; 32 to a word."""
    bits = words(key, replicates, (count + 31) // 32)
    shifts = jnp.arange(32, dtype=jnp.uint32)[None, :, None]
    spread = (bits[:, None, :] >> shifts) & jnp.uint32(1)
    return (2.0 * spread.reshape(-1, replicates.shape[0])[:count] - 1.0).astype(float)
