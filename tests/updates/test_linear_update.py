"""Linear updates of a user's own: listings, lookahead, starts, equality and refusals."""

from fractions import Fraction as F

import pytest

import sgdmoments as sm
from sgdmoments.testing import enumerate_moment


def rate(t, alpha):
    return -alpha


def ahead(t, alpha):
    return -alpha / 3


def gain(t, alpha):
    return 1 - F(t, 10)


def square(t, alpha):
    return alpha**2


LOOKAHEAD = sm.LinearUpdate(("w", "v"), A=[[1, ahead], [0, "1/3"]], B=[rate, gain], C=[1, ahead])
THREE = sm.LinearUpdate(("w", "a", "b"), A=[[1, "1/2", 0], ["1/5", "1/3", 1], [0, square, "1/2"]], B=[rate, 1, "1/7"],
                        start={"a": "w"})
GIVEN = sm.LinearUpdate(A=[["1/2", 1], ["1/5", "1/3"]], B=[rate, 1], start={"v": [3, "1/2"]})
REGRESSION = sm.LinearRegression([[1, 2], [3, -1], [0, 1]], [1, 0, 2])


@pytest.mark.parametrize("update", [LOOKAHEAD, THREE, GIVEN], ids=["lookahead", "three slots", "given start"])
@pytest.mark.parametrize("sampling", ["with_replacement", "without_replacement"])
def test_routes_give_the_listing(update, sampling):
    sgd = sm.SGD(REGRESSION, ["1/10", "1/5", "1/7"], ["1/2", -1], sampling, update=update)
    asked = [sm.gradient(2), sm.full_gradient(1), sm.weights(2), sm.average(2), sm.average(1, decay="1/4"), sm.loss(1)]
    for q in asked + [sm.velocity(2)] * ("v" in update.slots):
        for moment in ("variance", "mean"):
            answers = [getattr(sgd, moment)(q, route=route) for route in ("closure", "components")]
            for b in (1, 2):
                listed = enumerate_moment(sgd, q, b, moment=moment)
                for answer in answers:
                    found = [p(b) for p in answer.flat] if hasattr(answer, "flat") else answer(b)
                    assert found == (list(listed) if hasattr(listed, "flat") else listed), (q, moment, b)


def test_a_network_beside_the_weights():
    start = {"W1": [[1, 2]], "W2": [[1]], "W1*": [[1, 0]], "W2*": [[2]]}
    sgd = sm.SGD(sm.Network((2, 1, 1), data=sm.Empirical([[1, 2], [3, 1], [0, 1]])), "1/10", start, update=LOOKAHEAD)
    for q in (sm.gradient(1), sm.weights(1), sm.velocity(2)):
        p = sgd.variance(q)
        assert [p(b) for b in (1, 2)] == [enumerate_moment(sgd, q, b) for b in (1, 2)]
    with pytest.raises(sm.RouteError, match="not taken at the weights"):
        sgd.variance(sm.gradient(1), route="symbolic")


def test_plain_sgd_can_be_said_as_a_linear_update():
    own = sm.LinearUpdate(("w",), A=[[1]], B=[rate])
    plain = sm.SGD(REGRESSION, "1/10", ["1/2", -1])
    sgd = plain.replace(update=own)
    assert sgd.variance(sm.gradient(2)) == plain.variance(sm.gradient(2))
    assert sgd.replace(momentum="1/2") == plain.replace(momentum="1/2")
    assert sgd.replace(momentum="1/2").replace(update=own) == sgd


def test_updates_are_descriptions():
    import pickle

    for sgd in (sm.SGD(REGRESSION, "1/10", [0, 1], momentum="1/2", nesterov=True, weight_decay="1/3"),
                sm.SGD(REGRESSION, "1/10", [0, 1], update=sm.LinearUpdate(A=[[1, "-1/2"], [0, 1]], B=[0, 1]))):
        assert eval(repr(sgd), vars(sm).copy()) == sgd
        assert pickle.loads(pickle.dumps(sgd)) == sgd
        assert sm.SGD.from_json(sgd.to_json()) == sgd
        assert sgd != sgd.replace(weight_decay="1/9")
    for q in (sm.velocity(2, layer=1), sm.average(3), sm.average(3, decay="1/3")):
        assert eval(repr(q), vars(sm).copy()) == q
        assert type(q).from_json(q.to_json()) == q


def test_what_cannot_be_an_update_is_refused():
    for arguments in ({"A": [[1]], "B": [0, 1]}, {"A": [[1, 0], [0]], "B": [0, 1]}, {"A": [[1, 0]], "B": [0, 1]},
                      {"B": [0, 1]}, {"slots": ("w", "w"), "A": [[1, 0], [0, 1]], "B": [0, 1]},
                      {"A": [[1, 0], [0, 1]], "B": [0, len]}, {"slots": "wv", "A": [[1, 0], [0, 1]], "B": [0, 1]},
                      {"A": [[1, 0], [0, 1]], "B": [0, 1], "start": {"x": "w"}}):
        with pytest.raises(sm.InputError):
            sm.LinearUpdate(**arguments)
    with pytest.raises(sm.InputError, match="shape"):
        sm.SGD(REGRESSION, "1/10", [0, 0], update=sm.LinearUpdate(A=[[1, 0], [0, 1]], B=[0, 1], start={"v": [1]}))
    root = sm.LinearUpdate(("w",), A=[[1]], B=[lambda t, alpha: -alpha**F(1, 2)])
    with pytest.raises(sm.AssumptionError, match="polynomial in the learning rate"):
        sm.SGD(REGRESSION, "1/10", [0, 0], update=root).variance(sm.weights(1))
