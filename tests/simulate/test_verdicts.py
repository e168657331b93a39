"""Passed, rejected, undecided: nothing passes that the runs refute, or that they could not have refuted."""

import json
import math
from fractions import Fraction

import numpy as np
import pytest

import sgdmoments as sm
from sgdmoments.simulate.check import check
from sgdmoments.simulate.estimate import simulate

SGD = sm.SGD(sm.LinearRegression([[1, 2], [3, 4], [0, 1], [5, 5]], [1, 0, 2, 1]), "1/100", [0, 1])
Q = sm.gradient(1)
V = SGD.variance(Q)
SIZES = [1, 2, 3, 4]
COUNTS = [16, 64, 256, 1024, 4096]


def scaled(factor):
    return [Fraction(factor) * c for c in V.coefficients]


@pytest.fixture(scope="module")
def runs():
    return dict(zip(COUNTS, simulate(SGD, Q, None, SIZES, COUNTS).stages, strict=True))


def verdict(runs, n, claim):
    return check(SGD, Q, claim=claim, run=runs[n]).verdict


def test_a_right_claim_passes_once_the_runs_can_tell(runs):
    assert [verdict(runs, n, V) for n in COUNTS] == ["undecided"] * 4 + ["passed"]


@pytest.mark.parametrize("claim", [scaled(-1), [0], scaled("-1/1000"), [1, -1]], ids=str)
def test_what_is_impossible_is_rejected_at_any_number_of_runs(runs, claim):
    assert [verdict(runs, n, claim) for n in COUNTS] == ["rejected"] * 5


@pytest.mark.parametrize(("factor", "first"), [(100, 256), (2, 1024), ("1/2", 1024), ("1/100", 64), ("1/10000", 16)])
def test_wrong_factors_never_pass_and_are_rejected_early(runs, factor, first):
    words = {n: verdict(runs, n, scaled(factor)) for n in COUNTS}
    assert "passed" not in words.values()
    assert all(word == "rejected" for n, word in words.items() if n >= first), words


def test_the_points_that_were_taken_for_evidence_before(runs):
    """z = -2059, -1637, -2852 and 0 = 0 at b = n."""
    report = check(SGD, Q, 400, SIZES, claim=scaled(100))
    assert report.verdict == "rejected"
    assert not report.passed
    assert [p.informative for p in report.points] == [False] * 4
    assert report.points[3].note == "does not vary"
    assert not any("Heavy" in line for line in report.advice)
    assert [p.note for p in report.points[:3]] == ["too few runs"] * 3
    assert "too large" in str(report)


def test_agreement_where_sgd_does_not_vary_is_no_evidence():
    for samples in (16, 4096):
        report = check(SGD, Q, samples, [4])
        assert report.verdict == "undecided"
        assert "No batch size tells" in report.reasons[0]
        assert check(SGD, Q, samples, [4], claim=scaled("1001/1000")).verdict == "undecided"
        assert check(SGD, Q, samples, [4], claim=[1]).verdict == "rejected"


def test_what_has_no_noise_passes_where_it_tells():
    """With the last batch averaged exactly var(g_0) is known without error, at any number of runs."""
    v = SGD.variance(sm.gradient(0))
    for samples in (16, 64):
        assert check(SGD, sm.gradient(0), samples, SIZES, estimator="conditional").verdict == "passed"
        assert check(SGD, sm.gradient(0), samples, SIZES, estimator="conditional", claim=1.05 * np.array(
            [float(c) for c in v.coefficients])).verdict != "passed"


def test_a_right_claim_of_zero():
    fitted = sm.SGD(sm.LinearRegression([[1], [2], [3]], ["1/3", "2/3", 1]), "1/10", ["1/3"])
    assert check(fitted, sm.gradient(1), 16).verdict == "undecided"
    assert check(fitted, sm.gradient(1), 64).verdict == "passed"
    assert check(fitted, sm.gradient(1), 64, [3]).verdict == "undecided"
    assert check(fitted, sm.gradient(1), 4096, claim=[0, 1]).verdict == "rejected"


def test_random_initial_weights_are_shared_between_batch_sizes():
    sgd = sm.SGD(SGD.model, "1/100", sm.GaussianInit(1))
    for given in ("nothing", "initial"):
        words = [check(sgd, Q, 4096, SIZES, seed=seed, given=given).verdict for seed in range(8)]
        assert "rejected" not in words
    assert check(sgd, Q, 4096, SIZES, given="nothing", claim=2 * sgd.variance(Q, given="nothing")).verdict == "rejected"


@pytest.mark.filterwarnings("ignore")
def test_what_left_the_range_of_floats_is_no_evidence():
    wild = sm.SGD(sm.LinearRegression([[1e30], [2]], [2, 1]), "1/10", [1])
    for claim in ([0, 1], [0], [1, 1]):
        report = check(wild, sm.gradient(3), 64, [1], claim=claim)
        assert report.verdict != "passed"
        assert report.points[0].note == "left the range of floats"
        json.loads(report.to_json(), parse_constant=lambda name: pytest.fail(name))


def test_a_small_wrong_factor_does_not_pass_by_having_few_runs():
    words = [check(SGD, Q, 1024, SIZES, claim=scaled("21/20"), seed=seed).verdict for seed in range(12)]
    assert words.count("passed") <= 1
    assert "undecided" in words


def test_tolerance_is_what_is_told_apart(runs):
    assert verdict(runs, 4096, V) == "passed"
    assert check(SGD, Q, tolerance=0.001, run=runs[4096]).verdict == "undecided"
    assert check(SGD, Q, tolerance=0.5, run=runs[1024]).verdict == "passed"
    assert "about" in check(SGD, Q, tolerance=0.01, run=runs[4096]).reasons[0]


def test_one_rare_point_is_not_forgotten():
    """One point in 200 carries the variance; before it has come, the runs seem to refute what is right."""
    rng = np.random.default_rng(1)
    X, y = rng.integers(-1, 2, size=(200, 2)), rng.integers(-1, 2, size=200)
    X[17], y[17] = (20, -30), 60
    sgd = sm.SGD(sm.LinearRegression(X, y), "1/1000", [0, 1])
    for samples in (64, 1024):
        for seed in range(5):
            report = check(sgd, Q, samples, [1, 2, 4, 16, 100, 200], seed=seed)
            assert report.verdict == "undecided", (samples, seed, report)


def test_two_in_a_hundred_right_claims_at_few_runs_would_be_too_many():
    words = [check(SGD, Q, samples, SIZES, claim=V, seed=seed).verdict for samples in (64, 256) for seed in range(40)]
    assert "rejected" not in words
    assert "passed" not in words


@pytest.mark.parametrize("claim", [[], [float("inf"), 1], [float("nan")], ["inf"], ["x"], "[1, 2]", "12", 5,
                                   {}, {1: 2}, [[1, 2], [3, 4]], [None], [True], [1j], [object()], {"a": 1}, b"1",
                                   np.zeros((2, 2)), [1, [2]]])
def test_claims_that_are_no_polynomials_are_refused(claim):
    with pytest.raises(sm.InputError):
        check(SGD, Q, 64, SIZES, claim=claim)


def test_claims_that_do_not_fit():
    import sympy

    with pytest.raises(sm.InputError, match="letters"):
        check(SGD, Q, 64, SIZES, claim=[sympy.Symbol("x")])
    with pytest.raises(sm.InputError, match="n = 9"):
        check(SGD, Q, 64, SIZES, claim=sm.BatchPolynomial((1, 2), 9))
    with pytest.raises(sm.InputError, match="beyond floating-point"):
        check(SGD, Q, 64, SIZES, claim=[10**400])
    assert check(SGD, Q, 64, SIZES, claim=["-1/2", 0.5]).verdict == "rejected"


@pytest.mark.parametrize(("argument", "values"), [
    ("samples", [0, -1, 1, True, 1.5, "64", float("nan"), float("inf"), 10**30, [], [64, 32], (16, True), {},
                 object()]),
    ("batch_sizes", ["1,2", [], [0], [-1], [1, 1], ["1"], [1.5], [float("nan")], [float("inf")], [True], [None], 3,
                     [[1]], {1: 2}, [10**40], b"12"]),
    ("seed", [-1, True, 2**64, "1", 0.5, float("nan"), None, [1]]),
    ("false_alarm_rate", [0, 1, -1, "0.01", None, float("nan"), True]),
    ("tolerance", [0, -1, "x", None, float("inf")]),
    ("seconds", [0, "x", None]),
    ("moment", ["median", 3, None, []]),
    ("x64", ["float32", 1, None]),
    ("estimator", ["exact", None, 3]),
    ("given", ["none", None]),
    ("paired", ["no", 1]),
    ("memory", [0, "1", -5]),
    ("devices", ["cpu", [], [1]]),
    ("budget", [5, "x"]),
])
def test_arguments_that_cannot_be_used(argument, values):
    for value in values:
        with pytest.raises((sm.InputError, sm.AssumptionError)):
            check(SGD, Q, **{"samples": 64, "batch_sizes": SIZES, argument: value})


def test_the_report_holds_the_verdict_in_every_form():
    for claim, word in ((V, "undecided"), (scaled(-1), "rejected")):
        report = check(SGD, Q, 16, SIZES, claim=claim)
        data = json.loads(report.to_json(), parse_constant=lambda name: pytest.fail(name))
        assert data["verdict"] == word
        assert data["passed"] is False
        assert data["reasons"]
        assert data["points"][0]["standard_error"] is None  # one value for each b
        assert word.upper() in str(report)
        assert word.upper() in report._repr_html_()
        assert report.plot().get_title() == word
    assert math.isinf(report.points[0].standard_error)


def test_a_run_that_is_there_already(runs):
    fresh, again = check(SGD, Q, 256, SIZES, claim=V), check(SGD, Q, claim=V, run=runs[256])
    assert again.points == fresh.points
    assert (again.verdict, again.smallest_p, again.seed) == (fresh.verdict, fresh.smallest_p, fresh.seed)
    other = sm.SGD(SGD.model, "1/50", [0, 1])
    for arguments in ({"samples": 64}, {"batch_sizes": [1]}, {"paired": True}, {"run": 3}, {"sgd": other},
                      {"q": sm.gradient(2)}):
        with pytest.raises(sm.InputError):
            check(**{"sgd": SGD, "q": Q, "claim": V, "run": runs[256], **arguments})


@pytest.mark.slow
@pytest.mark.parametrize("samples", [64, 480, 1024, 2048, 8192])
def test_error_rates_over_two_hundred_seeds(samples):
    rejected = passed = 0
    for seed in range(200):
        run = simulate(SGD, Q, None, SIZES, samples, seed)
        rejected += check(SGD, Q, claim=V, run=run).verdict == "rejected"
        passed += check(SGD, Q, claim=scaled("21/20"), run=run).verdict == "passed"
    assert rejected <= 6  # 2 expected at most
    assert passed <= 18  # 10 expected at most
