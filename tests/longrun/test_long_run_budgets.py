"""Budgets of questions over all steps: kept within a factor 2, and refused before the work where that can be known."""

import time
from dataclasses import replace
from fractions import Fraction as F
from random import Random

import numpy as np
import pytest

import sgdmoments as sm


def regression(n, p, rate="1/100"):
    random = Random(1)
    x = [[random.randint(-3, 3) for _ in range(p)] for _ in range(n)]
    return sm.SGD(sm.LinearRegression(x, [random.randint(-3, 3) for _ in range(n)]), rate, [0] * p)


def seconds_of(question):
    before = time.process_time()
    question()
    return time.process_time() - before


def test_a_block_with_letters_that_is_too_large_is_known_before_the_work():
    closed = regression(12, 4).closed_form(sm.loss)

    def ask():
        with pytest.raises(sm.BudgetExceeded, match=r"block of 55 x 55 .* \.limit\(b\)"):
            closed.limit()

    assert seconds_of(ask) < 1  # 28 s before
    assert closed.limit(2).to_fraction() > 0


def test_a_system_that_is_too_large_in_numbers_is_not_named_as_affordable():
    with pytest.raises(sm.BudgetExceeded, match=r"\.value\(t, b\)\.$"):
        regression(20, 6).closed_form(sm.loss).limit()


@pytest.mark.parametrize("question", [
    lambda sgd, budget: sgd.closed_form(sm.loss, budget=budget),
    lambda sgd, budget: sgd.stability(budget=budget),
    lambda sgd, budget: sgd.stationary(2, budget=budget),
    lambda sgd, budget: sgd.noise_bound(budget=budget),
], ids=["closed form", "stability", "stationary", "noise bound"])
def test_seconds_are_kept(question):
    sgd = regression(40, 20)

    def ask():
        with pytest.raises(sm.BudgetExceeded):
            question(sgd, sm.Budget(seconds=1))

    assert seconds_of(ask) < 2


def test_questions_of_an_answer_keep_its_budget():
    closed = regression(12, 3).closed_form(sm.loss, budget=sm.Budget(seconds=2))
    with pytest.raises(sm.BudgetExceeded, match="exceed the budget of 2 s"):
        closed.in_v(10**9)
    stability = replace(regression(60, 12).stability(), budget=sm.Budget(seconds=1e-3))
    with pytest.raises(sm.BudgetExceeded, match=r"10 linear systems of 78 covariances .*is_stable"):
        stability.threshold(1)
    fourth = regression(20, 4).stability(4, budget=sm.Budget(seconds=100))
    with pytest.raises(sm.BudgetExceeded, match="polynomial of 35 moments of order 4"):
        replace(fourth, budget=sm.Budget(seconds=1e-3)).is_stable("1/100", 1)


@pytest.mark.parametrize(("n", "p"), [(7, 3), (3, 4)], ids=["full rank", "more weights than data"])
def test_the_step_on_covariances_is_that_of_the_listed_batches(n, p):
    sgd = regression(n, p)
    pencil = sgd.stability().pencil
    x = sgd.model.law.points[:, :p]
    basis = np.array([[entry.to_fraction() for entry in row] for row in pencil.basis], dtype=object)
    r, v = pencil.rank, F(1, 3)
    step = [x[i:i + 1].T @ x[i:i + 1] for i in range(n)]
    hessian = sum(step) * F(1, n)
    pairs = [(k, m) for k in range(r) for m in range(k, r)]
    for column, (k, m) in enumerate(pairs):
        z = np.zeros((r, r), dtype=object) + F(0)
        z[k, m] = z[m, k] = F(1)
        s = basis @ z @ basis.T
        first = hessian @ s + s @ hessian
        growth = (1 - v) * hessian @ s @ hessian + v * sum(h @ s @ h for h in step) * F(1, n)
        for line, (i, j) in enumerate(pairs):
            place = pencil.pivots[i], pencil.pivots[j]
            assert pencil.first[line][column].to_fraction() == first[place]
            assert (pencil.second[line][column] + v * pencil.third[line][column]).to_fraction() == growth[place]
