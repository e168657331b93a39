"""What routes share: options of each, moments assembled from expectations, the nearest question; all by a toy route."""

from dataclasses import FrozenInstanceError, dataclass, fields
from fractions import Fraction as F
from inspect import getdoc

import pytest

import sgdmoments as sm
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.routes.assemble import Moments, ask
from sgdmoments.routes.base import Options, Route
from sgdmoments.routes.registry import ROUTES

#: The toy's start: w_0 is 1 or 3. Two components q = (w_0 + s, s w_0) with s = 1 or -1, each with probability 1/2.
POINTS = (F(1), F(3))
SIGNS = (F(1), F(-1))


@dataclass(frozen=True, slots=True, kw_only=True)
class ToyOptions(Options):
    """Options of the toy.

    Attributes:
        scale: what q is multiplied by.
    """

    scale: int = 1


class Toy(Route[ToyOptions]):
    name = "toy"
    Options = ToyOptions

    def why_not(self, sgd, quantity):
        return "no losses" if quantity.kind == "loss" else ""

    def needs(self, asked):
        return {"terms": (asked.quantity.step + 1) ** 2, "seconds": 0.0, "memory": 0}

    def nearest(self, asked, budget):
        return f"the same at t = {self.earlier(asked, budget)}"

    def prepare(self, asked, monitor):
        self.require(asked, monitor)
        return ToyMoments(asked)


class ToyMoments(Moments):
    """A state is a function of w_0; a value a number."""

    def __init__(self, asked):
        self.asked, self.scalar = asked, False

    def means(self):
        scale = self.asked.options.scale
        return [lambda w: scale * w, lambda w: F(0)]

    def square(self):
        scale = self.asked.options.scale
        return lambda w: scale**2 * (w**2 + 1 + w**2)

    def back(self, observables):
        yield from observables

    def at_start(self, state):
        points = POINTS if self.asked.sgd.starts_at_random else POINTS[:1]
        return sum(map(state, points)) / len(points)

    def spread(self, square, means):
        return lambda w: square(w) - sum(mean(w) ** 2 for mean in means)

    def spread_of_values(self, square, means):
        return square - sum(mean**2 for mean in means)

    def polynomial(self, value):
        return BatchPolynomial((value,))


def run(random):
    return sm.SGD(sm.Network((1, 2)), "1/10", {
        "W1": sm.GaussianInit() if random else [[1], [2]], "W1*": [[1], [1]]})


def toy(sgd, moment, quantity=None, **options):
    return ask(Toy(), sgd, quantity or sm.weights(0), moment, options, "it is a toy", 0.0)


def listed(points, scale, given):
    """(mean, second moment, variance) by listing w_0 and s."""
    def q(w, s):
        return scale * (w + s), scale * s * w

    draws = [(w, q(w, s)) for w in points for s in SIGNS]

    def mean(values):
        return tuple(sum(column) / len(values) for column in zip(*values, strict=True))

    def spread(values):
        return sum(sum(a * a for a in v) for v in values) / len(values) - sum(m * m for m in mean(values))

    everything = [value for _, value in draws]
    within = [spread([value for w, value in draws if w == point]) for point in points]
    return (mean(everything), sum(sum(a * a for a in v) for v in everything) / len(everything),
            spread(everything) if given == "nothing" else sum(within) / len(within))


@pytest.mark.parametrize("given", ["initial", "nothing"])
@pytest.mark.parametrize("random", [True, False])
@pytest.mark.parametrize("scale", [1, 3])
def test_moments_are_assembled_from_expectations(random, given, scale):
    sgd, options = run(random), {"given": given, "scale": scale}
    mean, second, variance = listed(POINTS if random else POINTS[:1], scale, given)
    found = toy(sgd, "mean", **options)
    assert found.shape == (2, 1)
    assert tuple(p.entries[0] for p in found.flat) == mean
    assert toy(sgd, "second_moment", **options).entries == (second,)
    assert toy(sgd, "variance", **options).entries == (variance,)


def test_answers_carry_their_reason_and_what_is_refused_says_why():
    answers = [toy(run(False), "variance"), *toy(run(False), "mean").flat]
    assert {answer.provenance.reason for answer in answers} == {"it is a toy"}
    assert all(answer.provenance.seconds > 0 for answer in answers)
    with pytest.raises(sm.RouteError, match=r"^route 'toy' cannot answer the variance of L_0: no losses\.$"):
        toy(run(False), "variance", sm.loss(0))
    with pytest.raises(sm.BudgetExceeded, match=r"^toy: the second moment of w_9 is predicted to need 100") as error:
        toy(run(False), "second_moment", sm.weights(9), budget=sm.Budget(terms=26))
    assert error.value.nearest == "the same at t = 4"


def test_an_unknown_option_is_refused_beside_those_there_are():
    with pytest.raises(sm.InputError, match=r"^the toy route has no option color; it takes given, .*, scale"):
        toy(run(False), "variance", color=1)
    with pytest.raises(sm.InputError, match=r"^the components route has no option check; it takes .*executor\.$"):
        run(False).variance(sm.gradient(0), route="components", check=True)


@pytest.mark.parametrize("name", ROUTES)
def test_options_of_every_route_are_typed_frozen_and_documented(name):
    options = ROUTES[name].Options
    inherited = {field.name for field in fields(Options)}
    assert {"given", "budget", "progress"} == inherited <= ROUTES[name].takes
    assert all(f"{option}:" in getdoc(options) for option in ROUTES[name].takes - inherited)
    assert options() == options()
    with pytest.raises(FrozenInstanceError):
        options().given = "nothing"
    for wrong in ({"given": "all"}, {"budget": 3}, {"progress": 3}):
        with pytest.raises(sm.InputError, match=next(iter(wrong))):
            options(**wrong)


def test_an_option_of_another_route_is_left_out_where_it_is_none():
    """What the door takes for every route (`learning_rate_order=None`) is no option of each."""
    sgd = run(False)
    plain = sgd.variance(sm.gradient(1))
    nothing = dict.fromkeys(("learning_rate_order", "inverse_batch_order", "executor"))
    assert plain.provenance.route == "closure"
    assert sgd.variance(sm.gradient(1), **nothing) == plain
    assert sgd.variance(sm.gradient(1), route="components", **nothing) == plain
    with pytest.raises(sm.InputError, match="has no option learning_rate_order"):
        sgd.variance(sm.gradient(1), route="components", learning_rate_order=2)
    with pytest.raises(sm.InputError, match="has no option order"):
        sgd.variance(sm.gradient(1), order=None)
