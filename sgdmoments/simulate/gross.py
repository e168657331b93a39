"""Tests that hold at any number of runs: for gross errors, where standard errors cannot be believed yet.

All moments here are means of values X >= 0. If v = E X is right, then for numbers fixed beforehand these have a mean
of at most 1 ("e-values"), so each is above 1/p with probability at most p (Markov)::

    claim too small:  mean X / v,  exp(a D - (-a - log(1 - a)) Q) with 0 < a < 1   for every law of X >= 0;
                      D^2 / (n c^2)                                                where var X <= c^2 v^2;
    claim too large:  exp(-a D - n c^2 (e^a - 1 - a)) with a > 0 (Bennett)         where var X <= c^2 v^2;

D = sum (X/v - 1) and Q = sum (X/v - 1)^2 over all n values, of all batch sizes where these are independent. A mean of
such numbers over a grid of a is one again. That a mean is overstated can never be told without a bound on the tails: a
rare value that has not come yet may carry it. Here c^2 is an upper 99 % confidence bound from the values themselves,
with a kurtosis of at least 6 (normal: 3) behind it; with fewer than two values at each batch size there is none.

Sources: X. Fan, I. Grama, Q. Liu, Exponential inequalities for martingales with applications, EJP 20 (2015), Lemma
4.1; G. Bennett, Probability inequalities for the sum of independent random variables, JASA 57 (1962).
"""

from __future__ import annotations

import numpy as np

from sgdmoments.simulate.evidence import Array, Evidence

_GRID = (0.05, 0.2, 0.5, 0.8)
_SLOPES = (0.02, 0.1, 0.5, 1.0, 1.5, 2.5)

#: The least kurtosis that is assumed behind a variance of values, and the normal quantile of the bound on it.
_KURTOSIS, _QUANTILE = 6.0, 2.326


def p_too_small(evidence: Evidence) -> float:
    """A bound on the probability that estimates exceed a right claim by so much."""
    d, q, independent = _sums(evidence)
    if not len(d):
        return 1.0
    logs = [_mean(np.log(np.maximum(1 + d / evidence.count, 1e-300)))]
    logs += [_product(a * d - (-a - np.log1p(-a)) * q, independent) for a in _GRID]
    total, bound = float(d.sum()), relative_variance_bound(evidence)
    if independent and total > 0 and 0 < bound < np.inf:
        logs.append(float(2 * np.log(total) - np.log(evidence.count * len(d) * bound)))
    return _p_value(logs)


def p_too_large(evidence: Evidence) -> float:
    """A bound on the probability that estimates fall short of a right claim by so much."""
    d, _, independent = _sums(evidence)
    bound = relative_variance_bound(evidence)
    if not len(d) or not np.isfinite(bound):
        return 1.0
    return _p_value([_product(-a * d - evidence.count * bound * (np.expm1(a) - a), independent) for a in _SLOPES])


def relative_variance_bound(evidence: Evidence) -> float:
    """c^2: an upper bound on the mean over the batch sizes of var X / (E X)^2; infinite where nothing is known."""
    take = _taking_part(evidence) & (evidence.found.value > 0)
    m, points = evidence.count, int(take.sum())
    if m < 2 or not points or points < int(_taking_part(evidence).sum()):
        return float("inf")
    relative = evidence.spread[take] / evidence.found.value[take] ** 2
    mean = float(relative.mean())
    pooled = float((evidence.found.kurtosis[take] * relative**2).mean()) / mean**2 if mean else 0.0
    degrees = 2 * points * (m - 1) / (max(pooled, _KURTOSIS) - 1)
    root = 1 - 2 / (9 * degrees) - _QUANTILE * np.sqrt(2 / (9 * degrees))  # Wilson and Hilferty's quantile
    return mean * m / (m - 1) / float(root) ** 3 if root > 0 else float("inf")


def _taking_part(evidence: Evidence) -> Array:
    return np.asarray((evidence.claim > 0) & ~evidence.fixed & np.isfinite(evidence.found.value))


def _sums(evidence: Evidence) -> tuple[Array, Array, bool]:
    take = _taking_part(evidence)
    with np.errstate(over="ignore"):
        deviation = evidence.found.value[take] / evidence.claim[take] - 1
        squares = evidence.spread[take] / evidence.claim[take] ** 2 + deviation**2
    return evidence.count * deviation, evidence.count * squares, evidence.found.covariance is None


def _mean(logs: Array) -> float:
    return float(np.logaddexp.reduce(logs) - np.log(len(logs)))


def _product(logs: Array, independent: bool) -> float:
    return float(logs.sum()) if independent else _mean(logs)


def _p_value(logs: list[float]) -> float:
    """1 / the mean of e-values with those logarithms."""
    log_e = _mean(np.array(logs))
    return 1.0 if np.isnan(log_e) else float(np.exp(-max(log_e, 0.0)))
