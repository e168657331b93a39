import numpy as np
import pytest

from sgdmoments.simulate import batches, counters
from sgdmoments.simulate.backend import jax, jnp, precision


def replicates(count):
    return jnp.arange(count, dtype=jnp.uint32)


def test_threefry_is_jax_threefry():
    from jax.extend.random import threefry_2x32

    key = counters.step_key(jax.random.key(3), 5, 7)
    first, second = counters.word_pairs(key, replicates(6), 4)
    count = jnp.concatenate([jnp.tile(replicates(6), 4), jnp.repeat(replicates(4), 6)])
    assert (jnp.concatenate([first.ravel(), second.ravel()]) == threefry_2x32(key, count)).all()


@pytest.mark.parametrize("draw", [counters.words, counters.uniforms, counters.normals, counters.signs])
@pytest.mark.parametrize("x64", [True, False])
def test_numbers_belong_to_replicate_and_row(draw, x64):
    with precision(x64):
        key = counters.step_key(jax.random.key(0), 1)
        whole = np.asarray(draw(key, replicates(50), 40))
        assert (np.asarray(draw(key, replicates(50)[20:30], 7)) == whole[:7, 20:30]).all()
        assert len(np.unique(whole)) > (1 if draw is counters.signs else 1900)


@pytest.mark.parametrize("x64", [True, False])
def test_laws_of_numbers(x64):
    with precision(x64):
        key = counters.step_key(jax.random.key(1), 2)
        u = np.asarray(counters.uniforms(key, replicates(4096), 50), dtype=float)
        z = np.asarray(counters.normals(key, replicates(4096), 50), dtype=float)
        s = np.asarray(counters.signs(key, replicates(4096), 50), dtype=float)
        bits = counters.words(key, replicates(4096), 50)
        ints = np.asarray(counters.below(bits, 7))
    n = u.size
    assert u.min() > 0
    assert u.max() < 1
    for sample, moments in ((u, [1 / 2, 1 / 3, 1 / 4]), (z, [0, 1, 0, 3, 0, 15]), (s, [0, 1])):
        for k, exact in enumerate(moments, start=1):
            power = sample**k
            assert abs(power.mean() - exact) <= 4.5 * power.std() / n**0.5
    counts = np.bincount(ints.ravel(), minlength=7)
    assert ((counts - n / 7) ** 2 / (n / 7)).sum() < 25


@pytest.mark.parametrize("x64", [True, False])
@pytest.mark.parametrize("bound", [1, 7, 65_535, 65_537, 10**6, 2**31 + 11])
def test_below_is_the_high_word_of_the_product(bound, x64):
    with precision(x64):
        bits = counters.words(counters.step_key(jax.random.key(1), 2), replicates(64), 20)
        found = np.asarray(counters.below(bits, jnp.uint32(bound)))
    exact = [[int(v) * bound >> 32 for v in row] for row in np.asarray(bits)]
    assert (found == exact).all()


def subset_counts(mask):
    codes = (np.asarray(mask) * (1 << np.arange(len(mask)))[:, None]).sum(axis=0)
    return np.unique(codes, return_counts=True)[1]


@pytest.mark.parametrize(("n", "b"), [(5, 1), (5, 2), (6, 3), (5, 4), (5, 5)])
@pytest.mark.parametrize("way", ["floyd", "selection", "cheaper"])
def test_every_subset_is_equally_likely(n, b, way):
    from math import comb

    key, ids = counters.step_key(jax.random.key(9), n, b), replicates(20_000)
    if way == "floyd":
        chosen = np.asarray(batches.draw_subset(key, ids, n, b))
        assert all(len(set(column)) == b for column in chosen.T[:500])
        mask = np.zeros((n, len(ids)), dtype=bool)
        mask[chosen, np.arange(len(ids))] = True
    else:
        mask = (batches.select_mask if way == "selection" else batches.subset_mask)(key, ids, n, b)
    assert (np.asarray(mask).sum(axis=0) == b).all()
    counts = subset_counts(mask)
    assert len(counts) == comb(n, b)
    expected = len(ids) / comb(n, b)
    degrees = comb(n, b) - 1
    assert ((counts - expected) ** 2 / expected).sum() < degrees + 5 * (2 * degrees) ** 0.5 + 1


def test_large_batches_go_through_the_points():
    assert not batches.floyd_is_cheap(500, 250)
    mask = np.asarray(batches.subset_mask(counters.step_key(jax.random.key(0), 0), replicates(64), 501, 250))
    assert mask.shape == (501, 64)
    assert (mask.sum(axis=0) == 250).all()


def test_with_replacement_covers_all_points():
    drawn = np.asarray(batches.draw_with_replacement(counters.step_key(jax.random.key(0), 0), replicates(2000), 3, 5))
    assert drawn.shape == (5, 2000)
    assert (np.bincount(drawn.ravel()) > 3000).all()
