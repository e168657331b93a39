"""Random questions of every kind against the listing of every batch; `differential.py` is the same as a program."""

import time

import pytest
from differential import run


def check(seed, count):
    tally = run(seed, count)
    print(f"seed {seed}: {tally.total} numbers compared")
    assert not tally.wrong, "\n".join(tally.wrong[:20])
    assert not tally.failed, "\n".join(tally.failed[:5])
    assert tally.total >= count
    return tally


def test_a_thousand_numbers():
    assert len(check("1", 1_000).compared) > 30


@pytest.mark.slow
def test_a_hundred_thousand_new_numbers():
    check(str(time.time_ns()), 100_000)
