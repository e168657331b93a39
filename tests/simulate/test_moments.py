import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sgdmoments.simulate.moments import FOLD, Moments, Stream


def direct(values):
    d = values - values.mean(axis=0)
    return [values.mean(axis=0), *((d**k).sum(axis=0) for k in (2, 3, 4)), values.min(axis=0), values.max(axis=0)]


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 10**6))
def test_merged_moments_are_the_moments_of_all(n, m, seed):
    rng = np.random.default_rng(seed)
    values = rng.exponential(size=(n + m, 3, 2)) + 5
    merged = Moments.of(values[:n], cross=True).merge(Moments.of(values[n:], cross=True))
    for found, exact in zip((merged.mean, merged.m2, merged.m3, merged.m4, merged.low, merged.high), direct(values),
                            strict=True):
        np.testing.assert_allclose(found, exact, rtol=1e-9, atol=1e-9)
    d = values - values.mean(axis=0)
    np.testing.assert_allclose(merged.cross, np.einsum("nbk,nck->bck", d, d), rtol=1e-9, atol=1e-9)


@given(st.lists(st.integers(1, 150), min_size=1, max_size=6), st.integers(0, 10**6))
def test_stream_does_not_depend_on_the_pieces(pieces, seed):
    values = np.random.default_rng(seed).normal(size=(sum(pieces), 2))
    whole, cut, start = Stream(), Stream(), 0
    whole.add(values)
    for piece in pieces:
        cut.add(values[start:start + piece])
        start += piece
    assert cut.count == whole.count == len(values)
    assert len(cut.pending) < FOLD
    for name in ("mean", "m2", "m3", "m4"):
        assert (getattr(cut.moments(), name) == getattr(whole.moments(), name)).all()


def test_kurtosis_and_skewness_of_known_laws():
    values = np.random.default_rng(0).exponential(size=200_000)
    moments = Moments.of(values)
    assert abs(moments.kurtosis() - 9) < 0.7
    assert abs(moments.skewness() - 2) < 0.1
    constant = Moments.of(np.ones(10))
    assert constant.standard_error() == 0
    assert constant.kurtosis() == 3
