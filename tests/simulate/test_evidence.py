"""The tests behind a verdict, on values of known laws: they reject what is right as seldom as they say."""

import numpy as np
import pytest

from sgdmoments.simulate.evidence import Evidence, student_to_normal, without_skewness
from sgdmoments.simulate.fit import chi_square_p, hotelling_p
from sgdmoments.simulate.gross import p_too_large, p_too_small, relative_variance_bound
from sgdmoments.simulate.moments import Moments
from sgdmoments.simulate.result import Estimates
from sgdmoments.simulate.verdict import judge

SIZES = (1, 2, 4)


def evidence(values, claim):
    """values: (number, batch sizes)."""
    m = Moments.of(values)
    found = Estimates(m.mean, m.standard_error(), m.kurtosis(), m.skewness(), m.largest_share(), m.count)
    return Evidence(SIZES, found, np.asarray(claim, float), None, np.zeros(len(SIZES), bool))


def variances(draw, count):
    """Sample variances of groups of 16 means of b draws."""
    return np.stack([draw((b, count, 16)).mean(axis=0).var(axis=1, ddof=1) for b in SIZES], axis=1)


def laws(rng):
    return {"normal": (lambda s: rng.normal(size=s), 1.0), "laplace": (lambda s: rng.laplace(size=s), 2.0),
            "cube": (lambda s: rng.normal(size=s) ** 3, 15.0),
            "rare": (lambda s: 1.0 * (rng.random(s) < 0.02), 0.0196)}


@pytest.mark.parametrize("name", ["normal", "laplace", "cube", "rare"])
@pytest.mark.parametrize("count", [1, 4, 16, 64])
def test_right_claims_are_hardly_ever_rejected(name, count):
    rng = np.random.default_rng(7)
    draw, variance = laws(rng)[name]
    words = [judge(evidence(variances(draw, count), variance / np.array(SIZES)), 1, 0.01, 0.05, 16 * count).word
             for _ in range(60)]
    assert words.count("rejected") <= 1
    assert "passed" not in words


def test_gross_errors_are_seen_in_few_values():
    rng = np.random.default_rng(8)
    values = variances(lambda s: rng.normal(size=s), 8)
    right = 1 / np.array(SIZES)
    assert p_too_large(evidence(values, 100 * right)) < 1e-5
    assert p_too_small(evidence(values, right / 100)) < 1e-4
    assert p_too_large(evidence(values, right / 100)) == 1
    assert p_too_small(evidence(values, 100 * right)) == 1
    assert p_too_large(evidence(values[:1], 100 * right)) == 1  # one value at each b bounds no variance
    assert p_too_small(evidence(values[:1], right / 10**6)) < 1e-4  # Markov's inequality holds for one value too
    assert relative_variance_bound(evidence(values, right)) > 2 / 15  # of 16 normal numbers: 2/15


def test_bounds_hold_as_often_as_they_say():
    """P(p <= 0.1) is at most 0.1, for values with a heavy tail."""
    rng = np.random.default_rng(9)
    p = [p_too_small(evidence(rng.exponential(size=(12, 3)) ** 2, [2, 2, 2])) for _ in range(400)]
    assert np.mean(np.array(p) <= 0.1) <= 0.1


def test_tails_are_no_lighter_than_at_larger_batches():
    rng = np.random.default_rng(10)
    values = rng.gamma(7.5, size=(400, 3))
    values[0, 2] = 500.0
    found = evidence(values, [7.5, 7.5, 7.5])
    assert found.kurtosis.tolist() == [found.found.kurtosis[2]] * 3
    assert not found.trusted.any()
    assert found.heavy.all()
    values[0, 2], values[0, 0] = 7.5, 500.0
    assert evidence(values, [7.5, 7.5, 7.5]).trusted.tolist() == [False, True, True]


def test_scores_of_skew_values_are_normal():
    rng = np.random.default_rng(11)
    z = np.concatenate([evidence(rng.gamma(7.5, size=(100, 3)), [7.5] * 3).scores for _ in range(400)])
    assert abs(z.mean()) < 0.1
    assert 0.7 < z.std() < 1.05
    assert (np.abs(z) > 2.576).mean() <= 0.01


def test_transformations():
    """Against Hall's polynomial T + gT^2/3 + g^2T^3/27 + g/6, and quantiles of Student's law from tables."""
    t, g = np.array([-3.0, 0.5, 2.0]), np.array([0.1, 0.2, -0.1])
    np.testing.assert_allclose(without_skewness(t, g), t + g * t**2 / 3 + g**2 * t**3 / 27 + g / 6, rtol=1e-12)
    normal = student_to_normal(np.array([2.045, -2.756, 3.659]), 29)
    np.testing.assert_allclose(normal, [1.96, -2.576, 3.291], atol=0.01)


def test_hotelling_for_two_means():
    """For p = 2, P(F_(2, k) >= f) = (1 + 2f/k)^(-k/2)."""
    assert hotelling_p(7.5, 2, 20) == pytest.approx((1 + 2 * (7.5 * 18 / 38) / 18) ** -9)
    assert hotelling_p(7.5, 2, 10**7) == pytest.approx(chi_square_p(7.5, 2), rel=1e-4)
    assert hotelling_p(7.5, 20, 20) == 1
