"""The check passes what is right, rejects what is wrong, and says what it cannot see."""

import json
from fractions import Fraction

import numpy as np
import pytest

import sgdmoments as sm
from sgdmoments.simulate.check import check
from sgdmoments.simulate.fit import generalised_least_squares, identifying_batch_sizes

RNG = np.random.default_rng(3)
X, Y = RNG.integers(-3, 4, size=(9, 2)), RNG.integers(-3, 4, size=9)
REGRESSION = sm.SGD(sm.LinearRegression(X, Y), ["1/10", "1/20", "1/7"], [1, -1])
REPLACED = sm.SGD(sm.LinearRegression(X, Y), ["1/10", "1/20", "1/7"], [1, -1], "with_replacement")
NETWORK = sm.SGD(sm.Network((2, 3, 1)), "1/100",
                 {"W1": [[1, -1], [0, 2], [1, 1]], "W2": [[1, 2, -1]], "W1*": [[0, 1], [1, 1], [-1, 2]],
                  "W2*": [[1, 0, 1]]})
Q = sm.gradient(1)


def changed(p, k, factor):
    entries = list(p.coefficients)
    entries[k] = entries[k] * Fraction(factor)
    return sm.BatchPolynomial(tuple(entries), p.population)


def false_alarms(sgd, q, samples, seeds):
    claim = sgd.variance(q)
    reports = [check(sgd, q, samples, claim=claim, seed=seed) for seed in range(seeds)]
    z = np.array([[p.z for p in r.points if not p.deterministic] for r in reports])
    return sum(not r.passed for r in reports), z


def test_false_alarm_rate():
    alarms, z = false_alarms(REGRESSION, Q, 4096, 20)
    assert alarms <= 2
    assert 0.85 < z.std() < 1.15


@pytest.mark.slow
@pytest.mark.parametrize(("sgd", "q", "samples"), [(REGRESSION, Q, 8192), (NETWORK, sm.gradient(1, layer=1), 16_384)])
def test_false_alarm_rate_over_a_hundred_seeds(sgd, q, samples):
    alarms, z = false_alarms(sgd, q, samples, 100)
    assert alarms <= 5
    assert 0.9 < z.std() < 1.1


@pytest.mark.parametrize("sgd", [REGRESSION, REPLACED], ids=["without replacement", "with replacement"])
def test_one_wrong_coefficient_is_found_at_the_chosen_sample_size(sgd):
    p = sgd.variance(Q)
    report = check(sgd, Q, seconds=3)
    assert report.passed, report
    for k in range(p.degree + 1):
        if p.coefficients[k] and report.coefficients[k].detectable < 0.5 * abs(p.coefficients[k]):
            assert not check(sgd, Q, report.samples, claim=changed(p, k, -1)).passed, k
            assert not check(sgd, Q, report.samples, claim=changed(p, k, "3/2")).passed, k
    small = changed(p, 1, "21/20")
    assert not check(sgd, Q, report.samples, claim=small).passed
    differs = [c.power for c in check(sgd, Q, report.samples, claim=small).coefficients if c.status == "differs"]
    assert 1 in differs


def test_one_wrong_coefficient_of_a_network():
    q = sm.gradient(1, layer=1)
    p = NETWORK.variance(q)
    sizes = [1, 2, 3, 4, 6, 10, 24]
    report = check(NETWORK, q, 40_000, sizes)
    assert report.passed, report
    for claim in (changed(p, 1, "9/10"), changed(p, 2, -1), 2 * p):
        assert not check(NETWORK, q, 40_000, sizes, claim=claim).passed


def test_theorem_3_2_as_printed_is_rejected():
    """Without the factor 1/2 in front of the sum over ordered pairs (P0, Theorem 3.2) at t = 1."""
    n = len(Y)
    x = [[Fraction(int(v)) for v in row] for row in X]
    residuals = [row[0] - row[1] - int(y) for row, y in zip(x, Y, strict=True)]  # at w_0 = (1, -1)
    g = np.array([[r * v for v in row] for r, row in zip(residuals, x, strict=True)], dtype=object)
    k = sum(np.outer(row, row) for row in np.array(x, dtype=object)) / n
    alpha = Fraction(1, 10)
    full = g.sum(axis=0) / n
    after = full - alpha * k @ full
    spread = sum(((k @ (g[i] - g[j])) ** 2).sum() for i in range(n) for j in range(n))
    for factor, verdict in ((Fraction(1, 2), "passed"), (1, "rejected")):
        slope = factor * alpha**2 / n**2 * spread
        claim = sm.BatchPolynomial.from_cb(((after**2).sum(), slope), n)
        report = check(REGRESSION, sm.full_gradient(1), 20_000, claim=claim, moment="second_moment")
        assert report.verdict == verdict, report


def test_wrong_constant_term_is_found_where_sgd_does_not_vary():
    p = REGRESSION.variance(Q)
    report = check(REGRESSION, Q, 4096, claim=changed(p, 0, "1001/1000"))
    assert report.verdict == "rejected"
    assert report.points[-1].deterministic


def test_heavy_tails_are_told_and_take_no_part():
    wild = sm.SGD(NETWORK.model, "1/2", {k: NETWORK.initial[k] for k in ("W1", "W2", "W1*", "W2*")})
    q = sm.gradient(1, layer=1)
    report = check(wild, q, 2048, [1, 2, 8])
    assert not report.points[0].trusted
    assert any("Heavy tails" in note for note in report.advice)
    assert report.verdict != "rejected"
    calm = check(NETWORK, q, 60_000, [1, 2, 8])
    assert all(p.trusted for p in calm.points[1:])


def test_unresolved_coefficients_say_so():
    report = check(REGRESSION, sm.gradient(2), 2048, [1, 2, 3, 5])
    assert report.passed
    assert not report.resolved
    assert any("resolve" in note for note in report.advice)


def test_second_moments_means_and_options():
    sizes = [1, 3, 7]
    assert check(REGRESSION, sm.loss(1), 20_000, sizes, moment="mean").passed
    assert check(REGRESSION, sm.weights(2), 20_000, sizes, moment="second_moment").passed
    assert check(REGRESSION, Q, 20_000, sizes, estimator="conditional").passed
    assert check(REPLACED, Q, 20_000, sizes, paired=True).passed
    assert not check(REPLACED, Q, 20_000, sizes, paired=True, claim=changed(REPLACED.variance(Q), 1, "11/10")).passed


def test_report_in_every_form():
    report = check(REGRESSION, Q, 2048, batch_sizes=[1, 2, 4])
    text = str(report)
    assert "PASSED" in text
    assert "power of 1/b" in text
    data = json.loads(report.to_json())
    assert data["passed"] is True
    assert [p["batch_size"] for p in data["points"]] == [1, 2, 4]
    assert len(data["coefficients"]) == 3
    assert "<table>" in report._repr_html_()
    assert report.plot().get_xlabel() == "batch size b"


def test_bad_input():
    with pytest.raises(sm.InputError, match="letters"):
        check(sm.SGD(sm.LinearRegression([[1], [2]], [1, 0])), sm.gradient(0))
    with pytest.raises(sm.InputError, match="q"):
        check(REGRESSION, sm.gradient)
    with pytest.raises(sm.InputError, match="moment"):
        check(REGRESSION, Q, moment="median")
    with pytest.raises(sm.InputError, match="false_alarm_rate"):
        check(REGRESSION, Q, false_alarm_rate=0)
    with pytest.raises(sm.InputError, match="truncated"):
        check(REGRESSION, Q, claim=sm.BatchPolynomial((0, 1), None, 1))


@pytest.mark.parametrize("degree", [1, 3, 8, 20])
@pytest.mark.parametrize("largest", [None, 8, 499])
def test_batch_sizes_identify_the_polynomial(degree, largest):
    sizes = identifying_batch_sizes(degree, largest)
    assert sizes[0] == 1
    assert len(set(sizes)) == len(sizes)
    assert largest is None or sizes[-1] <= largest
    assert len(sizes) >= degree + 1 or sizes == tuple(range(1, largest + 1))


def test_least_squares_recovers_coefficients_without_noise():
    sizes = (1, 2, 3, 5, 8, 13)
    exact = [3, -2, Fraction(1, 2), 7]
    values = np.array([float(sum(c / Fraction(b) ** k for k, c in enumerate(exact))) for b in sizes])
    fit = generalised_least_squares(sizes, values, np.diag([1e-6, 2e-6, 1e-6, 3e-6, 1e-6, 1e-6]), 3)
    np.testing.assert_allclose(fit.coefficients, [float(c) for c in exact], rtol=1e-8)
    assert fit.condition > 10


def test_moments_beyond_floating_point_are_refused():
    sgd = sm.SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]), learning_rate=10**60, initial=[0])
    with pytest.raises(sm.InputError, match="beyond floating-point"):
        check(sgd, sm.gradient(3), samples=4096)
