"""Sweeps: the same answers, in order, however the work is spread."""

import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from fractions import Fraction

import pytest

import sgdmoments as sm
from sgdmoments.sweep import Question, sweep
from sgdmoments.testing.strategies import DecayingRate

WEIGHTS = {"W1": [[1, 0], [2, 1]], "W2": [[1, -1]], "W1*": [[1, 1], [0, 1]], "W2*": [[2, 1]]}
RUN = sm.SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]), "1/10", [0])


@pytest.mark.parametrize(("arguments", "message"), [
    ((3, sm.gradient(1)), "sgd: found 3"), ((RUN, "gradient"), "quantity: found 'gradient'"),
    ((RUN, sm.gradient(1), "second-moment"), "moment: found 'second-moment'; use one of variance, second_moment, mean"),
    ((RUN, sm.gradient(1), "Mean"), "moment: found 'Mean'"), ((RUN, sm.gradient(1), None), "moment: found None"),
    ((RUN, sm.gradient(1), "mean", "closure"), "options: found 'closure'"),
    ((RUN, sm.gradient(1), "mean", {1: 2}), "options: found {1: 2}")])
def test_a_question_is_checked_when_it_is_made(arguments, message):
    with pytest.raises(sm.InputError, match=message):
        Question(*arguments)


def test_a_question_is_frozen():
    options = {"route": "components"}
    question = Question(RUN, sm.gradient(1), options=options)
    options["route"] = "magic"
    assert sweep([question]) == [RUN.variance(sm.gradient(1))]
    for change in (lambda: setattr(question, "moment", "mean"), lambda: question.options.update(route="closure")):
        with pytest.raises(sm.InputError, match=r"frozen|read-only"):
            change()
    assert pickle.loads(pickle.dumps(question)) == question


def test_a_plan_is_for_a_moment_that_there_is():
    with pytest.raises(sm.InputError, match="moment: found 'second-moment'"):
        RUN.plan(sm.gradient(1), "second-moment")


def questions():
    regression = sm.LinearRegression([[1, 2], [2, 0], [0, 1], [3, 1]], [1, 0, 2, 1])
    runs = [sm.SGD(regression, rate, [0, 1]) for rate in ("1/10", DecayingRate(Fraction(1, 2), 1))]
    network = sm.SGD(sm.Network((2, 2, 1)), "1/10", WEIGHTS)
    return [*(Question(sgd, sm.gradient(t)) for sgd in runs for t in range(4)),
            Question(runs[0], sm.weights(2), "mean"), Question(runs[0], sm.loss(1), "second_moment"),
            Question(network, sm.gradient(1, layer=2)),
            Question(network, sm.gradient(3, layer=1), options={"inverse_batch_order": 1})]


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_answers_do_not_depend_on_the_workers(pool):
    alone = sweep(questions())
    with pool(2) as executor:
        together = sweep(questions(), executor=executor)
    for a, b in zip(alone, together, strict=True):
        assert (a == b).all() if hasattr(a, "shape") else a == b
    assert alone[3] == questions()[3].sgd.variance(sm.gradient(3))


def test_errors_and_stopping():
    wrong = Question(questions()[0].sgd, sm.gradient(1, layer=2))
    with ThreadPoolExecutor(2) as executor, pytest.raises(sm.InputError, match="layer: found 2"):
        sweep([*questions()[:2], wrong], executor=executor)
    with pytest.raises(sm.Stopped):
        sweep(questions(), progress=lambda report: report.done < 2)
    with pytest.raises(sm.InputError, match=r"questions\[0\]"):
        sweep([sm.gradient(1)])
