"""Simulations that would take days or terabytes are refused at once, with an estimate and what is affordable."""

import itertools
import time

import jax.numpy as jnp
import numpy as np
import optax
import pytest

import sgdmoments as sm
from sgdmoments.simulate.check import _Sufficient, check
from sgdmoments.simulate.cost import Clock
from sgdmoments.simulate.estimate import simulate
from sgdmoments.simulate.first_coefficient import first_coefficient
from sgdmoments.simulate.losses import simulate_loss

SGD = sm.SGD(sm.LinearRegression([[1, 2], [0, 1], [3, -1], [1, 1]], [1, 0, 2, -1]), "1/10", [1, -1])
NETWORK = sm.SGD(sm.Network((2, 3, 1)), "1/10", {"W1": [[1, 1], [0, 1], [1, 0]], "W2": [[1, 1, 1]],
                                                 "W1*": [[1, 0], [0, 1], [1, 1]], "W2*": [[1, 0, 1]]})
DATA = np.ones((4, 2)), np.ones(4)


def mean_square(w, batch):
    return 0.5 * ((batch[0] @ w - batch[1]) ** 2).mean()


def square(w, sample):
    return 0.5 * (sample[0] @ w - sample[1]) ** 2


def costly(w, batch):
    matrix = w[0] + jnp.arange(40_000.0).reshape(200, 200)
    return mean_square(w, batch) + 1e-30 * (matrix @ matrix @ matrix).sum()


QUESTIONS = {
    "samples": lambda: simulate(SGD, sm.gradient, 10, [1, 2], 2**31),
    "steps": lambda: simulate(SGD, sm.gradient(2**32 - 1), None, [1], 16),
    "recorded": lambda: simulate(SGD, sm.gradient, 2**31, [1], 16),
    "a range of steps": lambda: simulate(SGD, sm.gradient, range(0, 10**9, 3), [1], 16),
    "batch": lambda: simulate(NETWORK, sm.gradient(1), None, [2**30], 16),
    "memory": lambda: simulate(SGD, sm.gradient, 10_000, [1, 2], 16, budget=sm.Budget(memory=10**6)),
    "seconds": lambda: simulate(SGD, sm.gradient, 10_000, [1, 2], 10_000, budget=sm.Budget(seconds=1)),
    "check, samples": lambda: check(SGD, sm.gradient(1), 2**31, [1, 2], claim=[0, 1]),
    "check, batch": lambda: check(NETWORK, sm.gradient(1), 64, [2**30], claim=[0, 1]),
    "check, steps": lambda: check(SGD, sm.gradient(10**9), batch_sizes=[1, 2], claim=[0, 1]),
    "loss, samples": lambda: simulate_loss(mean_square, np.zeros(2), DATA, optax.sgd(0.1), [1], 2**31, 100),
    "loss, epochs": lambda: simulate_loss(mean_square, np.zeros(2), DATA, optax.sgd(0.1), [1], 16, 10**8),
    "loss, memory": lambda: simulate_loss(mean_square, np.zeros(2), DATA, optax.sgd(0.1), [1], 16,
                                          budget=sm.Budget(memory=10)),
    "first, steps": lambda: first_coefficient(square, np.zeros(2), DATA, np.full(10**5, 0.1),
                                              budget=sm.Budget(seconds=0.01)),
    "first, memory": lambda: first_coefficient(square, np.zeros(2), DATA, np.full(10**5, 0.1),
                                               budget=sm.Budget(memory=10**4)),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_refused_before_the_start(name):
    start = time.perf_counter()
    with pytest.raises(sm.BudgetExceeded) as error:
        QUESTIONS[name]()
    assert time.perf_counter() - start < 20
    assert error.value.estimate
    assert error.value.nearest


def test_refused_by_the_speed_of_the_first_chunk():
    """The estimate before the start knows nothing of a loss's cost; the first chunk does."""
    with pytest.raises(sm.BudgetExceeded, match="took") as error:
        simulate_loss(costly, np.zeros(2), DATA, optax.sgd(0.1), [1, 2], 4000, 2, memory=2000,
                      budget=sm.Budget(seconds=0.9))
    assert "samples=" in error.value.nearest


def test_what_the_refusal_calls_affordable_is():
    budget = sm.Budget(seconds=2)
    with pytest.raises(sm.BudgetExceeded) as error:
        simulate(SGD, sm.gradient, 100, [1, 2], 2**28, budget=budget)
    samples = int(error.value.nearest.removeprefix("samples=").rstrip("."))
    assert simulate(SGD, sm.gradient, 100, [1, 2], min(samples, 2000), budget=budget).samples >= 16
    assert check(SGD, sm.gradient(1), 64, [1, 2], claim=[0, 1], budget=sm.Budget()).samples == 64


def test_without_limits_nothing_is_refused():
    assert simulate(SGD, sm.gradient(1), None, [1], 16, budget=sm.Budget(seconds=None, memory=None)).samples == 16


def test_until_it_is_stopped():
    run = simulate(SGD, sm.gradient(1), None, [1, 2], None, target_precision=0.05)
    assert run.relative_precision() <= 0.05
    with pytest.raises(sm.InputError, match="samples"):
        simulate(SGD, sm.gradient(1), None, [1, 2], None)


def test_what_is_done_between_chunks_counts():
    """A slow callback after each small chunk uses the time up as the runs do."""
    calls = []

    def slow(progress):
        calls.append(progress.done)
        time.sleep(0.05)

    run = simulate(SGD, sm.gradient(1), None, [1, 2], None, seconds=0.5, memory=1, progress=slow)
    assert run.interrupted
    assert 1 <= len(calls) <= 11
    with pytest.raises(sm.BudgetExceeded, match="took"):
        simulate(SGD, sm.gradient(1), None, [1, 2], 1600, memory=1, progress=slow, budget=sm.Budget(seconds=0.5))


@pytest.mark.parametrize("limits", [{"seconds": 0.05}, {"budget": sm.Budget(seconds=0.05)}])
def test_runs_without_an_end_stop_when_the_time_is_up(limits):
    run = simulate(SGD, sm.gradient(1), None, [1, 2], None, target_precision=1e-9, **limits)
    assert run.interrupted
    assert run.samples >= 16


def test_seconds_are_for_runs_without_an_end():
    with pytest.raises(sm.InputError, match="seconds"):
        simulate(SGD, sm.gradient(1), None, [1, 2], 16, seconds=1)
    with pytest.raises(sm.InputError, match="seconds"):
        simulate(SGD, sm.gradient(1), None, [1, 2], None, seconds=0)


def test_a_chunk_is_a_part_of_the_time():
    clock = Clock.of(sm.Budget(seconds=80), 8)
    assert (clock.seconds, clock.share(0.1), clock.share(100)) == (8, 10, 1)
    assert Clock.of(sm.Budget(seconds=4), 8).seconds == 4
    assert not clock.is_over(6, 3)
    assert clock.is_over(7, 3)
    with pytest.raises(sm.BudgetExceeded, match=r"8 s \(seconds="):
        check(SGD, sm.gradient(10**7), batch_sizes=[1, 2], claim=[0, 1], seconds=8)


def test_verdicts_are_not_computed_after_every_chunk(monkeypatch):
    looks = []
    monkeypatch.setattr(_Sufficient, "_enough", lambda self, evidence: looks.append(evidence.count))
    check(SGD, sm.gradient(1), batch_sizes=[1, 2, 3, 4], memory=1, progress=lambda p: p.done < 20_000)
    growth = [b / a for a, b in itertools.pairwise(looks)]
    assert looks[0] == 4096 // 16
    assert 5 <= len(looks) <= 17
    assert all(g > 1.09 for g in growth)
