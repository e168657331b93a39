"""The expansion a second, plain way: the weights written out in the fluctuations of all steps, and truncated.

Each batch statistic is its mean plus a fluctuation; w_t is a polynomial in the fluctuations of the steps 0, ..., t - 1,
cut off at total degree 2K; the quantity is squared, and integrated by central moments. No cumulant of a weight, no
step backward, no noiseless path: only this file's loop and the moments of batch means.
"""

from __future__ import annotations

import pytest

import sgdmoments as sm
from sgdmoments.exact.ring import INVERSE_BATCH, Ring
from sgdmoments.recursion.backward import compose
from sgdmoments.recursion.components import read, statistic_letters


def plain_variance(sgd, quantity, order):
    problem = read(sgd, quantity)
    steps, count = quantity.step + 1, len(problem.statistics)
    blocks = [statistic_letters(k, count) for k in range(steps)]
    letters = [s for block in blocks for s in block]
    ring = Ring((INVERSE_BATCH, *letters))
    means = [problem.moments(tuple(int(i == j) for j in range(count))) for i in range(count)]

    def cut(p):
        return ring.from_terms({e: c for e, c in p.terms() if sum(e[1:]) <= 2 * order})

    def batch(by, weights, block):
        images = dict(zip(problem.weights, weights, strict=True))
        total = ring.zero
        for i, c in by.items():
            value = cut(compose(c, images, ring))
            total = total + (value if i < 0 else cut(value * (ring.generator(block[i]) + ring(means[i]))))
        return total

    def integrated(p):
        result = [0] * (order + 1)
        for e, c in p.terms():
            term = problem.moments.ring.one
            for k in range(steps):
                term = term * problem.moments.central(e[1 + k * count:1 + (k + 1) * count])
            for j, part in enumerate(term.coefficients(INVERSE_BATCH)[: order + 1]):
                result[j] += c * part.to_fraction()
        return result

    weights = [ring(w) for w in problem.start]
    for rate, block in zip(sgd.schedule.rates(quantity.step), blocks, strict=False):
        weights = [w - rate * batch(by, weights, block) for w, by in zip(weights, problem.gradient, strict=True)]
    values = [batch(by, weights, blocks[-1]) for by in problem.outputs]
    variance = [0] * (order + 1)
    for value in values:
        mean, second = integrated(value), integrated(cut(value * value))
        for i in range(order + 1):
            variance[i] += second[i] - sum(mean[j] * mean[i - j] for j in range(i + 1))
    return variance


SCALAR = sm.SGD(sm.Network((1, 1, 1)), learning_rate=["1/4", "1/5", "1/3", "1/7"],
                initial={"W1": [["2/3"]], "W2": [["-5/4"]], "W1*": [["3/7"]], "W2*": [[1]]})
LINEAR = sm.SGD(sm.Network((2, 2, 1), data=sm.Gaussian([[2, 1], [1, 1]])),
                learning_rate=["1/10", "1/13", "1/9"], initial={
    "W1": [[1, "1/2"], ["-1/3", 2]], "W2": [["3/4", -1]], "W1*": [[1, 0], ["1/5", 1]], "W2*": [[1, 2]]})
FINITE = sm.SGD(sm.Network((1, 2, 1), activation=(0, 1, 1), data=sm.Empirical([[1], [2], ["1/2"]])),
                learning_rate=["1/20", "1/30"], sampling="with_replacement",
                initial={"W1": [["1/2"], [-1]], "W2": [["2/3", 1]], "W1*": [[1], ["1/3"]], "W2*": [[1, "-1/2"]]})


@pytest.mark.parametrize(("sgd", "quantity", "order"), [
    (SCALAR, sm.gradient(3), 1), (SCALAR, sm.gradient(3), 2), (SCALAR, sm.gradient(3), 3),
    (SCALAR, sm.gradient(4), 2), (LINEAR, sm.gradient(3, layer=1), 1), (LINEAR, sm.gradient(1), 2),
    (FINITE, sm.gradient(2, layer=2), 2), (FINITE, sm.full_gradient(2), 1)], ids=str)
def test_the_plain_way_gives_the_same(sgd, quantity, order):
    plain = plain_variance(sgd, quantity, order)
    found = sgd.variance(quantity, route="expansion", inverse_batch_order=order)
    assert (list(found.coefficients) + [0] * order)[: order + 1] == plain
