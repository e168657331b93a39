"""Answers put beside the listing of every batch sequence."""

import random
from fractions import Fraction

import numpy as np

import sgdmoments as sm
from sgdmoments.testing import outcomes

MOMENTS = ("mean", "second_moment", "variance")


def listed_moments(sgd, quantity, b, limit):
    """Mean, second moment and variance (as E||q - E q||^2) from one listing."""
    law = list(outcomes(sgd, quantity, b, limit=limit))
    mean = [sum(p * q[k] for p, q in law) for k in range(len(law[0][1]))]
    return {"mean": mean, "second_moment": sum(p * sum(e * e for e in q) for p, q in law),
            "variance": sum(p * sum((e - m) ** 2 for e, m in zip(q, mean, strict=True)) for p, q in law)}


def assert_equals_listing(sgd, quantity, batch_sizes=None, moments=MOMENTS, limit=1_500, **options):
    """The moments at each b that is allowed and small enough to list; returns how many batch sizes those are."""
    answers = {moment: getattr(sgd, moment)(quantity, **options) for moment in moments}
    listed = 0
    for b in batch_sizes or range(1, (sgd.population or 4) + 1):
        if sgd.population is not None and b > sgd.population:
            continue
        try:
            expected = listed_moments(sgd, quantity, b, limit)
        except sm.BudgetExceeded:
            continue
        listed += 1
        for moment, answer in answers.items():
            found = [entry(b) for entry in np.ravel(answer)] if moment == "mean" else answer(b)
            assert found == expected[moment], f"{moment} at b = {b}"
    return listed


class Numbers:
    """Unsymmetric rationals without zeros, the same for the same seed."""

    def __init__(self, seed):
        self._random = random.Random(seed)

    def array(self, *shape):
        size = int(np.prod(shape))
        values = [Fraction(self._random.choice((-3, -2, -1, 1, 2, 3, 5)), self._random.choice((1, 1, 2, 3)))
                  for _ in range(size)]
        return np.array(values, dtype=object).reshape(shape)

    def rates(self, steps):
        return [Fraction(self._random.randint(1, 5), self._random.randint(5, 9)) for _ in range(steps)]
