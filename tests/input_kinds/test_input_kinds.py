"""Every public door, with every kind of thing for every argument: an answer, or an error of the package's own.

The table is doors x arguments x kinds; CI takes every 29th row of it, the `slow` test all. The simulator's doors, which
compile, are tried in CI on the few kinds that they refuse at sight. Counts are printed (``pytest -s``).
"""

import math
import os
from collections import Counter
from decimal import Decimal

import numpy as np
import pytest
import sympy
from attempts import Outcome, attempt
from doors import Door, doors, example, jax_doors, public_names
from kinds import KINDS

import sgdmoments as sm
from examples import square
from sgdmoments.data import Design

LINE = sm.LinearRegression([[1], [2]], [1, 3])
MATRIX = sympy.Matrix([[1, 2], [3, 4]])
#: CI takes one row in so many.
SHARE = 29
#: What every door of the simulator refuses at sight.
REFUSED_AT_SIGHT = ("text", "object", "deeply nested list", "repr raises", "complex")


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def rows(chosen, kinds=KINDS):
    """(door, parameter, kind), always in the same order."""
    for door in chosen:
        for parameter in door.parameters:
            for kind in kinds:
                if not (door.is_operator and isinstance(KINDS[kind](), np.ndarray)):  # NumPy's own operators
                    yield door, parameter, kind


def plain_doors():
    return [door for door in doors() if not door.in_jax]


def simulators():
    return [door for door in doors() if door.in_jax]


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
    assert run(row for k, row in enumerate(rows(plain_doors())) if k % SHARE == 0) >= 1000


def test_the_simulator_at_sight():
    run(rows(simulators(), REFUSED_AT_SIGHT))


@pytest.mark.slow
def test_the_whole_table():
    assert run(rows(plain_doors())) >= 50_000


@pytest.mark.slow
def test_the_simulator(monkeypatch):
    """Up to the work itself, at which every argument has been read: compiling each program takes seconds."""
    from sgdmoments.simulate import estimate, first_coefficient, losses

    def start(*_):
        raise sm.Stopped("here the work starts")

    for module, name in ((estimate, "_run"), (losses, "_run"), (first_coefficient, "_check_cost")):
        monkeypatch.setattr(module, name, start)
    assert run(rows(simulators())) >= 6_000


@pytest.mark.slow
def test_what_simulations_give():
    assert run(rows(jax_doors())) >= 1_300


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


def test_a_deep_tree_is_refused_and_does_no_harm():
    """JAX, given such a tree, takes every later one for too deep."""
    with pytest.raises(sm.InputError, match="deep"):
        sm.first_coefficient(square, KINDS["deeply nested list"](), [-1.0, 1.0], [0.5])
    endless = []
    endless.append(endless)
    with pytest.raises(sm.InputError, match="deep"):
        sm.first_coefficient(square, endless, [-1.0, 1.0], [0.5])
    for weights in (bytearray(b"1"), math.nan, np.timedelta64(1), np.ma.masked_array([1.0], mask=[True]), True):
        with pytest.raises(sm.InputError, match="weights"):
            sm.first_coefficient(square, weights, np.array([-1.0, 1.0]), [0.5])
    with pytest.raises(sm.InputError, match="samples"):
        sm.first_coefficient(square, 0.0, np.array([1.0, math.nan]), [0.5])
    with pytest.raises(sm.InputError, match="learning_rates"):
        sm.first_coefficient(square, 0.0, np.array([-1.0, 1.0]), [[0.5], [0.1]])
    with pytest.raises(sm.InputError, match="batch_sizes"):
        sm.simulate(sm.SGD(LINE, 1, [0]), sm.gradient, 1, {1, 2}, 64)
    with pytest.raises(sm.InputError, match="samples"):
        sm.simulate(sm.SGD(LINE, 1, [0]), sm.gradient, 1, [1], Decimal("1e999999999"))


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
    # bytes are no numbers, in whatever they are wrapped
    *(lambda given=given, call=call: call(given) for given in (bytearray(b"12"), memoryview(b"12"))
      for call in (lambda y: sm.LinearRegression([[1, 2], [3, 4]], y), lambda m: sm.GaussianInit(mean=m),
                   lambda w: sm.SGD(sm.LinearRegression([[1, 2]], [1]), 1, w))),
    # a matrix is no list
    lambda: sm.BatchPolynomial(MATRIX), lambda: sm.Network(MATRIX), lambda: sm.SGD(LINE, MATRIX),
    # numbers that are none, and things beside numbers
    lambda: sm.BatchPolynomial((1, math.nan)), lambda: sm.BatchPolynomial(np.array([1.0, math.inf])),
    lambda: sm.BatchPolynomial((1,), truncated=1, next_coefficient=sm.Gaussian()),
    lambda: sm.BatchPolynomial((1,), truncated=1, next_coefficient=sm.gradient(1)),
    # an answer is no function of t, and no number where it depends on b
    lambda: sm.SGD(LINE, sm.BatchPolynomial((0, 1))), lambda: sm.GaussianInit(sm.BatchPolynomial((1, 2))),
    lambda: sm.expectation(sm.vector("v", 2), {}, progress=sm.BatchPolynomial((1,))),
    # symbols that do not commute
    *(lambda call=call: call(sympy.Symbol("A", commutative=False)) for call in (
        sm.gradient, sm.weights, sm.BatchPolynomial((1, 2)), sm.BatchPolynomial((1, 2)).to_sympy,
        lambda n: sm.MomentRegression(n=n))),
    # names that are numbers, and keys that are no names
    lambda: sm.Gaussian("2"), lambda: sm.Gaussian("1/3"), lambda: sm.matrix("12", 2, 2), lambda: sm.vector("²", 2),
    lambda: sm.Array("1", (2,), 1), lambda: sm.BatchPolynomial((1, 2)).evaluate({1: 2}),
    lambda: sm.trace(sm.matrix("A", 2, 2)).evaluate({1: 2}),
    # arrays that are empty, or of another length than their names
    lambda: sm.GaussianInit(mean=[]), lambda: Design(((1, 2),), (1,), ("a",), "y", False),
    lambda: sm.Source.table([[]]), lambda: sm.Source.moments([]), lambda: sm.Source.uniform(1, 1),
    lambda: sm.Source.atoms((1, 2), (1, 1)), lambda: sm.Entries.normal(-1), lambda: sm.Entries.normal(by_rows=1),
    # moments that a law does not have
    lambda: sm.Gaussian([[2, 1], [1, 2]]).moment((1, 1, 1)), lambda: sm.Gaussian().moment((True, 2)),
    lambda: sm.Empirical([[1, 2]]).mean_and_covariance(3), lambda: sm.Rademacher().moment("22"),
    lambda: sm.Uniform(0, 1).cumulant(0), lambda: sm.GaussianInit(mean=[1, 2]).moment((1,)),
    lambda: sm.Gaussian([[1]]).moment((10_000,)), lambda: sm.Progress("work", True, 2, 3, 1.0),
])
def test_misreadings(call):
    with pytest.raises(sm.SgdMomentsError):
        call()


def test_a_closed_form_at_steps_and_batch_sizes_that_there_are():
    closed = sm.SGD(sm.LinearRegression([[1], [2]], [1, 1]), "1/10", [0]).closed_form(sm.gradient)
    for options in ({"t": sympy.nan}, {"t": sympy.I}, {"t": sympy.Float("0.1")}, {"t": -1}, {"b": 0}, {"b": 3},
                    {"n": 2}, {"b": sm.BatchPolynomial((1, 2))}, {"b": "3/2"}):
        with pytest.raises(sm.InputError):
            closed.formula(**options)
    for z in (sympy.nan, sympy.I, sympy.Integer(2), 1):
        with pytest.raises(sm.InputError):
            closed.generating_function(z)
    assert closed.formula(2, b=1) == sympy.Rational(*closed.at(2)(1).as_integer_ratio())
    fresh = sm.SGD(sm.MomentRegression({(2, 0): 1, (1, 1): 0, (0, 2): 1}), "1/10", [0]).closed_form(sm.weights)
    with pytest.raises(sm.InputError, match="independent draws"):
        fresh.formula(b=2, n=5)


def test_laws_read_their_arguments():
    """Lists, NumPy's integers and iterators of exponents mean the tuple; a user's own law is given it."""
    seen = []

    class Own(sm.Law):
        dimension = 2

        def moment(self, exponents):
            seen.append(exponents)
            return 1

    for given in ([2, 4], np.array([2, 4]), iter((2, 4)), (np.int8(2), 4)):
        assert Own().moment(given) == 1
        assert sm.Gaussian().moment((2, 4)) == 3
    assert seen == [(2, 4)] * 4
    assert {type(e) for exponents in seen for e in exponents} == {int}
    with pytest.raises(sm.InputError, match="2 coordinates, found 1 exponents"):
        Own().moment((1,))
    assert sm.BatchPolynomial((1, 2)) + np.int64(3) == sm.BatchPolynomial((4, 2))


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
