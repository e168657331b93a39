"""Every public door, with every kind of thing for every argument: an answer, or an error of the package's own.

The table is doors x arguments x kinds; CI takes every 23rd row of it, the `slow` test all. What compiles (JAX) is
tried on the few kinds that it refuses before it compiles. Counts are printed (``pytest -s``).
"""

import os
from collections import Counter

import numpy as np
import pytest
from attempts import Outcome, attempt
from doors import Door, doors, example, public_names
from kinds import KINDS

import sgdmoments as sm

#: CI takes one row in so many.
SHARE = 23
#: What every door of the simulator refuses at sight.
REFUSED_AT_SIGHT = ("text", "object", "empty dict", "deeply nested list", "repr raises", "5,000 digits", "complex")


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def rows(in_jax: bool):
    """(door, parameter, kind), always in the same order."""
    for door in doors():
        if door.in_jax == in_jax:
            for parameter in door.parameters:
                for kind in KINDS if not in_jax else REFUSED_AT_SIGHT:
                    if not (door.is_operator and isinstance(KINDS[kind](), np.ndarray)):  # NumPy's own operators
                        yield door, parameter, kind


def verdict(door: Door, parameter: str, kind: str) -> Outcome:
    return attempt(door.with_argument(parameter, KINDS[kind]()))


def run(chosen):
    counts, faults = Counter(), []
    for door, parameter, kind in chosen:
        found = verdict(door, parameter, kind)
        counts[found.verdict] += 1
        if found.verdict == "fault":
            faults.append(f"{door.name}({parameter} = {kind}): {found.text}")
    print(f"\n{counts.total():,} combinations: {counts['answer']:,} answers, {counts['own']:,} errors of the package's "
          f"own, {counts['fault']:,} raw")
    assert not faults, "\n".join(faults)
    return counts.total()


def test_every_public_name_has_a_door():
    names = {door.name for door in doors()}
    abstract = {"Law", "Model"}
    assert {name for name, _ in public_names()} - abstract <= names
    for door in doors():
        for name in () if door.is_operator else door.required:
            example(door.key, name)  # a parameter without a right argument is an error here
    assert len(KINDS) >= 45


def test_a_share_of_the_table():
    assert run(row for k, row in enumerate(rows(in_jax=False)) if k % SHARE == 0) >= 1000


@pytest.mark.slow
def test_the_whole_table():
    assert run(rows(in_jax=False)) >= 5000


@pytest.mark.slow
def test_the_simulator():
    run(row for row in rows(in_jax=True) if row[0].name != "simulate_loss")


def test_unknown_keywords():
    faults = []
    for door in doors():
        if door.is_operator or door.variadic or door.in_jax:
            continue
        given = {name: example(door.key, name) for name in door.required}
        found = attempt(lambda d=door, g=given: d.call(**g, no_such_option=1), allow_signature=not door.takes_options)
        if found.verdict not in ("own", "signature"):
            faults.append(f"{door.name}: {found}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(("door", "arguments"), [
    ("variance", (sm.gradient(1),)), ("expectation", (sm.trace(sm.matrix("A", 2, 2)),)),
    ("trajectory", (sm.gradient, 1, [1])), ("closed_form", (sm.gradient,)), ("recurrence", (sm.gradient,)),
    ("derivation", (sm.gradient(1),)),
])
def test_an_unknown_option_is_named_beside_the_known_ones(door, arguments):
    from kinds import regression

    with pytest.raises(sm.InputError, match=r"no option colour; it takes .*budget"):
        getattr(regression(), door)(*arguments, colour=1)


@pytest.mark.parametrize("call", [
    lambda: sm.BatchPolynomial([True]), lambda: sm.BatchPolynomial("12"), lambda: sm.BatchPolynomial({1: 2}),
    lambda: sm.BatchPolynomial({1, 2}), lambda: sm.BatchPolynomial((1, None)),
    lambda: sm.BatchPolynomial((1,), population=True), lambda: sm.BatchPolynomial((1,), truncated="1"),
    lambda: sm.BatchPolynomial.from_cb([1], "x"), lambda: sm.BatchPolynomial.from_cb("12", 5),
    lambda: sm.BatchPolynomial((1,)) + True, lambda: sm.BatchPolynomial((1, 2))(True),
    lambda: sm.sample_gradients(0, 5), lambda: sm.sample_gradients(0, {0: [[1]]}),
    lambda: sm.sample_gradients(0, "12"), lambda: sm.Network(b"21"), lambda: sm.Network({2, 1}),
    lambda: sm.Budget(seconds=True), lambda: sm.sweep({1, 2}), lambda: sm.sweep((), executor=5),
])
def test_misreadings(call):
    with pytest.raises(sm.SgdMomentsError):
        call()


def test_switches_and_lists_of_a_run():
    from kinds import regression

    sgd = regression()
    for arguments, options in (((sm.gradient, 1, {1, 2}), {}), ((sm.gradient, 1, "12"), {}),
                               ((sm.gradient, True, [1]), {}), ((sm.gradient, 1, [True]), {}),
                               ((sm.gradient, 1, {1: 2}), {}), ((sm.gradient, 1, [1]), {"certified": 1}),
                               ((sm.gradient, 1, [1]), {"certified": "no"}),
                               ((sm.gradient, 1, [1]), {"tolerance": True})):
        with pytest.raises(sm.InputError):
            sgd.trajectory(*arguments, **options)


assert os.name == "posix"  # the timer of `attempts`
