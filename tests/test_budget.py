"""Budgets are kept at every stage of every route, set-up included, and what can be known is refused at once."""

import time

import pytest

import sgdmoments as sm
from sgdmoments.budget import Budget, Monitor, allows, last_affordable, over, require, tick
from sgdmoments.memory import resident_bytes

POINTS = [[(7 * i + 3 * j * j) % 11 - 5 for j in range(12)] for i in range(30)]


def regression(p=12, n=30):
    return sm.SGD(sm.LinearRegression([row[:p] for row in POINTS[:n]], [i % 5 for i in range(n)]), "1/100", [0] * p)


def network(*widths, **options):
    initial = {f"W{k}{star}": [[1 + (i + 2 * j) % 3 for j in range(widths[k - 1])] for i in range(widths[k])]
               for k in range(1, len(widths)) for star in ("", "*")}
    return sm.SGD(sm.Network(widths, **options), "1/10", initial)


def traces(power):
    a = sm.matrix("A", "n", "n")
    return sm.trace((a @ a.T) ** power)


def cubed_gradient(sgd):
    g = sm.gradient_matrix(sgd, 2, 1)
    return sm.trace(g @ g.T) ** 3


#: Questions that would take minutes, one for each door.
LONG = {
    "closure": lambda budget: regression().variance(sm.loss(3), budget=budget),
    "closure, many steps": lambda budget: regression(2, 4).variance(sm.gradient(3000), budget=budget),
    "symbolic": lambda budget: sm.SGD(sm.Network(("p", "q", 1))).variance(
        sm.gradient(3), inverse_batch_order=1, learning_rate_order=9, budget=budget),
    "components": lambda budget: network(4, 4, 4, 1).variance(sm.gradient(0), route="components", budget=budget),
    "expansion": lambda budget: network(5, 5, 1).variance(
        sm.gradient(6), route="expansion", inverse_batch_order=3, budget=budget),
    "a query": lambda budget: (lambda sgd: sgd.expectation(cubed_gradient(sgd), budget=budget))(network(2, 2, 1)),
    "a derivation": lambda budget: network(2, 2, 1).derivation(sm.gradient(2), budget=budget),
    "random letters": lambda budget: sm.expectation(traces(40), {"A": sm.GaussianInit()}, budget=budget),
}


@pytest.mark.parametrize("question", LONG)
def test_seconds_are_kept(question):
    start = time.process_time()
    with pytest.raises(sm.BudgetExceeded):
        LONG[question](Budget(seconds=0.5))
    assert time.process_time() - start < 2  # the budget is in seconds of the clock: a busy machine only stops earlier


@pytest.mark.parametrize("question", LONG)
def test_a_byte_of_memory_is_refused_at_once(question):
    start = time.process_time()
    with pytest.raises(sm.BudgetExceeded, match="memory"):
        LONG[question](Budget(memory=1))
    assert time.process_time() - start < 0.5


def test_memory_is_watched_where_it_cannot_be_known():
    held = []

    def grow():
        for _ in range(1000):
            held.append(bytes(range(256)) * 2**10)
            time.sleep(0.001)
            tick("a loop")

    with pytest.raises(sm.BudgetExceeded, match="memory"), Monitor(Budget(memory=2**24)):
        grow()
    assert len(held) * 2**18 < 2 * 2**24 + 2**26


def test_work_inside_work_keeps_both_budgets():
    with pytest.raises(sm.BudgetExceeded, match="inner loop"), Monitor(Budget(seconds=0)), Monitor():
        tick("inner loop")
    tick("no work is watched here")


def test_the_memory_of_the_process_is_known():
    before = resident_bytes()
    held = bytearray(2**26)
    held[::4096] = b"x" * len(held[::4096])
    assert resident_bytes() >= before


@pytest.mark.parametrize("budget", [5, "10 s", (1, 2, 3)])
def test_a_budget_is_a_budget(budget):
    with pytest.raises(sm.InputError, match="Budget"):
        Monitor(budget)


@pytest.mark.parametrize("options", [{"seconds": -1}, {"terms": "many"}, {"memory": float("nan")}, {"seconds": True}])
def test_limits_are_numbers(options):
    with pytest.raises(sm.InputError, match="number >= 0"):
        Budget(**options)


def test_the_receipt_counts_the_whole_answer():
    regression(2).variance(sm.gradient(1))  # what is imported at the first question is no part of the second
    asked = regression(6)
    start = time.perf_counter()
    answer = asked.variance(sm.gradient(30))
    whole = time.perf_counter() - start
    assert 0.5 * whole <= answer.provenance.seconds <= whole


def test_needs_are_compared_with_a_budget_name_by_name():
    needs = {"terms": 5, "memory": 7, "seconds": 2.0, "degree": 10**9}
    assert allows(Budget(), needs)
    assert allows(Budget(terms=None, memory=None, seconds=None), dict.fromkeys(needs, 10**30))
    assert [over(Budget(**{name: value}), needs) for name, value in (("terms", 4), ("memory", 6), ("seconds", 1))] == [
        "terms", "memory", "seconds"]
    assert not any(over(Budget(**{name: needs[name]}), needs) for name in ("terms", "memory", "seconds"))
    with pytest.raises(sm.BudgetExceeded, match=r"^the work is predicted to need 7 bytes, over the budget") as error:
        require(Budget(memory=6), "the work", needs, lambda: "less work")
    assert (error.value.estimate, error.value.nearest) == (needs, "less work")


@pytest.mark.parametrize("below", [0, 1, 2, 3, 7, 8, 40])
def test_the_last_that_is_affordable_is_the_last_of_a_list(below):
    for limit in range(-1, 45):
        asked = []

        def needs(k, asked=asked, least=int(limit < 0)):
            asked.append(k)
            return {"terms": k + least}

        found = last_affordable(Budget(terms=max(limit, 0)), needs, below)
        assert found == max((k for k in range(below) if k + (limit < 0) <= max(limit, 0)), default=None)
        assert all(0 <= k < below for k in asked)


def test_the_last_that_is_affordable_is_found_without_asking_for_what_is_far_larger():
    asked = []
    assert last_affordable(Budget(terms=5), lambda k: asked.append(k) or {"terms": k}, 10**9) == 5
    assert max(asked) < 2 * 5 + 2
