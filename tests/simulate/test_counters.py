import numpy as np
import pytest

from sgdmoments.simulate import batches, bitsets, counters
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
@pytest.mark.parametrize("way", ["list", "mask"])
def test_every_subset_is_equally_likely(n, b, way):
    from math import comb

    key, ids = counters.step_key(jax.random.key(9), n, b), replicates(20_000)
    if way == "list":
        chosen = np.asarray(batches.draw_subset(key, ids, n, b))
        assert all(len(set(column)) == b for column in chosen.T[:500])
        mask = np.zeros((n, len(ids)), dtype=bool)
        mask[chosen, np.arange(len(ids))] = True
    else:
        mask = batches.draw_mask(key, ids, n, b)
    assert (np.asarray(mask).sum(axis=0) == b).all()
    counts = subset_counts(mask)
    assert len(counts) == comb(n, b)
    expected = len(ids) / comb(n, b)
    degrees = comb(n, b) - 1
    assert ((counts - expected) ** 2 / expected).sum() < degrees + 5 * (2 * degrees) ** 0.5 + 1


@pytest.mark.parametrize(("n", "b"), [(37, 18), (64, 50), (100, 7), (300, 2), (300, 299), (501, 250)])
@pytest.mark.parametrize("way", ["list", "mask"])
def test_points_and_pairs_are_equally_likely(n, b, way):
    """Inclusion of every point and of neighbouring pairs, across word boundaries, against their exact variances."""
    count = 20_000
    key, ids = counters.step_key(jax.random.key(4), n, b), replicates(count)
    if way == "list":
        mask = np.zeros((n, count), dtype=bool)
        mask[np.asarray(batches.draw_subset(key, ids, n, b)), np.arange(count)] = True
    else:
        mask = np.asarray(batches.draw_mask(key, ids, n, b))
    assert (mask.sum(axis=0) == b).all()
    for frequency, chance in ((mask.mean(axis=1), b / n),
                              ((mask & np.roll(mask, 1, axis=0)).mean(axis=1), b * (b - 1) / (n * (n - 1)))):
        z = (frequency - chance) / (chance * (1 - chance) / count) ** 0.5
        assert abs(z).max() < 4.5
        assert (z**2).sum() < n + 6 * (2 * n) ** 0.5


def test_sets_of_many_words():
    """More words than a round reads at once: three whole blocks of 64 and a part."""
    n, b = 200 * 32 + 5, 2000
    mask = np.asarray(batches.draw_mask(counters.step_key(jax.random.key(0), 0), replicates(512), n, b))
    assert mask.shape == (n, 512)
    assert (mask.sum(axis=0) == b).all()
    z = (mask.mean(axis=1) - b / n) / (b / n * (1 - b / n) / 512) ** 0.5
    assert abs(z).max() < 5
    assert (z**2).sum() < n + 6 * (2 * n) ** 0.5
    thirds = [part.sum(axis=0).mean() for part in np.array_split(mask, 3)]
    assert np.ptp(thirds) < 6  # repairs fall everywhere


@pytest.mark.parametrize(("n", "b"), [(2, 1), (31, 30), (32, 16), (33, 1), (500, 1), (500, 250), (500, 499),
                                      (50_000, 12_345)])
def test_plans(n, b):
    plan = bitsets.plan(n, b)
    assert 0 < plan.cost <= bitsets.plan(n + 32, b).cost
    assert plan.rounds <= min(b, n - b)
    assert 2**plan.halvings <= 2 * n


def test_lists_for_few_points_and_masks_for_many():
    assert batches.listing_is_cheaper(500, 8)
    assert not batches.listing_is_cheaper(500, 250)
    assert batches.listing_is_cheaper(7, 0)
    assert not batches.listing_is_cheaper(7, 7)


def test_with_replacement_covers_all_points():
    drawn = np.asarray(batches.draw_with_replacement(counters.step_key(jax.random.key(0), 0), replicates(2000), 3, 5))
    assert drawn.shape == (5, 2000)
    assert (np.bincount(drawn.ravel()) > 3000).all()
