"""The recheck of each rewrite accepts what is right and names the rule where something is wrong."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy

import sgdmoments as sm
from sgdmoments.describe.batches import Batches
from sgdmoments.describe.laws.coordinates import Coordinates, Rademacher, Uniform
from sgdmoments.errors import RewriteError
from sgdmoments.exact.ring import INVERSE_BATCH, Ring
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.join import squared_norm
from sgdmoments.graphs.labels import BATCH, Label
from sgdmoments.rules.batch import Sampling, sample_label
from sgdmoments.rules.expectation import EntryLaw, Expectation
from sgdmoments.rules.gradient import differentiate
from sgdmoments.rules.recheck import (
    CheckedMean,
    CheckedUpdate,
    recheck_expectation,
    recheck_gradient,
    recheck_sampling,
    recheck_update,
)
from sgdmoments.rules.update import Update, along
from sgdmoments.tracing.system import system_of

P, P1, P2, T = sympy.symbols("p p1 p2 t", integer=True, positive=True)
RING = Ring((INVERSE_BATCH, P, P1, P2, T))
X = Label("x", (BATCH, P), kind="data")
SIGMA = Label("Sigma", (P, P), symmetric=True)


def system(activation=(0, 1), widths=(P, P1, P2)):
    return system_of(sm.Network(widths, activation))


@pytest.mark.parametrize(("activation", "depth"), [
    ((0, 1), 2), ((1, 2, 3), 2), ((0, 1, 0, 1), 2), ((0, 1), 3), ((0, 1, 2), 3)])
def test_gradients_of_networks(activation, depth):
    net = system(activation, (P, P1, P2, T)[: depth + 1])
    for label, gradient in zip(net.weights, net.gradients, strict=True):
        recheck_gradient(net.loss, label, gradient)
        with pytest.raises(RewriteError, match="'gradient'"):
            recheck_gradient(net.loss, label, gradient * 2)
    recheck_gradient(net.loss, Label("Z", (P, P)), differentiate(net.loss, Label("Z", (P, P))))


@pytest.mark.parametrize("activation", [(0, 1), (1, 2, 3)])
def test_updates_of_every_order(activation):
    net = system(activation)
    rule = CheckedUpdate(along({W: -g for W, g in zip(net.weights, net.gradients, strict=True)}), RING)
    (first, *_) = squared_norm(net.gradients[0]).monomials
    orders = [rule.order(first, order) for order in range(4 if activation == (0, 1) else 2)]
    assert rule.count >= len(orders)
    wrong = Expression.from_raw(RING, orders[1]) * 3
    with pytest.raises(RewriteError, match="'update'"):
        recheck_update(rule.images, first, 1, wrong)
    with pytest.raises(RewriteError, match="'update'"):
        recheck_update(rule.images, first, 1, Expression({}, RING))


LAWS = {
    "gaussian": EntryLaw.gaussian(),
    "variance 2/3": EntryLaw.gaussian(Fraction(2, 3)),
    "covariance": EntryLaw.gaussian_rows(SIGMA),
    "rademacher": EntryLaw(Rademacher().cumulant),
    "uniform": EntryLaw(Uniform(-1, 3).cumulant),
    "skew": EntryLaw(Coordinates((1, 2, 6, 24, 120, 720, 5040, 40320)).cumulant),
}


@pytest.mark.parametrize("law", LAWS)
def test_expectations_over_a_batch(law):
    rule = Expectation({X: LAWS[law]}, RING)
    for net in (system(), system((1, 1, 2))):
        for monomial in net.loss.monomials[:8] + squared_norm(net.gradients[1]).monomials[:2]:
            result = rule.monomial(monomial)
            assert recheck_expectation(rule, monomial, result)
            if result:  # odd moments of symmetric laws are zero
                with pytest.raises(RewriteError, match="'expectation'"):
                    recheck_expectation(rule, monomial, {m: c * 2 for m, c in result.items()})


def test_expectations_over_weights():
    W = Label("W1", (P1, P))
    rule = Expectation({W: EntryLaw(Uniform(0, 1).cumulant)}, RING)
    for monomial in (Expression.from_edges([(W, 0, 1), (W, 0, 2), (SIGMA, 1, 2)]).monomials
                     + Expression.from_edges([(W, 0, 1), (W, 0, 1), (W, 0, 1)]).monomials):
        assert recheck_expectation(rule, monomial, rule.monomial(monomial))


def test_what_is_too_large_or_cut_off_is_not_claimed_to_be_checked():
    large = Label("x", (BATCH, 9), kind="data")
    net = system(widths=(9, 2, 3))
    rule = Expectation({large: EntryLaw.gaussian()}, RING)
    (monomial,) = net.loss.monomials
    assert not recheck_expectation(rule, monomial, rule.monomial(monomial))
    cut = Expectation({X: EntryLaw.gaussian()}, RING, inverse_batch_order=0)
    (monomial,) = squared_norm(system().gradients[0]).monomials
    assert not recheck_expectation(cut, monomial, cut.monomial(monomial))


@pytest.mark.parametrize("without_replacement", [True, False])
@pytest.mark.parametrize("n", [1, 2, 4])
def test_batches_of_a_finite_data_set(without_replacement, n):
    batches = Batches("without_replacement" if without_replacement else "with_replacement", n)
    rule = Sampling({X: sample_label("X", n, X)}, batches, RING)
    for net in (system(), system((1, 2, 3))):
        for monomial in net.loss.monomials + squared_norm(net.gradients[0]).monomials[:2]:
            result = rule.monomial(monomial)
            assert recheck_sampling(rule, monomial, result)
            with pytest.raises(RewriteError, match="'batch'"):
                recheck_sampling(rule, monomial, {m: c * 2 for m, c in result.items()})


def test_checked_rules_count_their_checks():
    mean = CheckedMean(Expectation({X: EntryLaw.gaussian()}, RING))
    norm = squared_norm(system().gradients[0])
    assert mean(norm) == mean.mean(norm)
    assert (mean.asked, mean.count) == (1, 1)
    assert mean.monomial(norm.monomials[0]) == mean.mean.monomial(norm.monomials[0])
    assert mean.asked == 1
    assert mean.memo_size == mean.mean.memo_size
    sampled = CheckedMean(Sampling({X: sample_label("X", 3, X)}, Batches("without_replacement", 3), RING))
    sampled(norm)
    assert (sampled.asked, sampled.count) == (1, 1)


def test_a_user_asks_for_the_recheck():
    sgd = sm.SGD(sm.Network(("p", "p1", "p2"), data=sm.Gaussian("Sigma")))
    checked = sgd.variance(sm.gradient(1, layer=1), route="symbolic", learning_rate_order=1, check=True)
    assert checked == sgd.variance(sm.gradient(1, layer=1), learning_rate_order=1)
    gradients, updates, means = checked.provenance.checks
    assert gradients.startswith("gradient of each layer")
    done, asked = (int(word) for word in means.split() if word.isdigit())
    assert 0 < done == asked
    assert updates != "0 updates"


def test_random_weights_and_finite_data_are_rechecked_too():
    names = ("W1", "W2", "W1*", "W2*")
    random_start = sm.SGD(sm.Network(("d", "K", 1)), initial=dict.fromkeys(names, sm.GaussianInit()))
    finite = sm.SGD(sm.Network((2, 2, 1), data=sm.Empirical([[1, 2], [0, 1], [1, 1]])))
    for sgd, lines in ((random_start, 4), (finite, 3)):
        checked = sgd.second_moment(sm.gradient(0), route="symbolic", check=True)
        assert len(checked.provenance.checks) == lines
        assert checked == sgd.second_moment(sm.gradient(0), route="symbolic")


def test_a_wrong_rule_is_named(monkeypatch):
    right = Update.order
    monkeypatch.setattr(Update, "order", lambda self, monomial, order: {
        m: c * (2 if order else 1) for m, c in right(self, monomial, order).items()})
    sgd = sm.SGD(sm.Network(("p", "p1", "p2")))
    with pytest.raises(RewriteError, match="'update'"):
        sgd.variance(sm.gradient(1, layer=1), route="symbolic", learning_rate_order=1, check=True)


@pytest.mark.parametrize("law", ["gaussian", "skew", "rademacher"])
def test_symmetric_letters_are_rechecked(law):
    """Independent entries up to symmetry: the recheck lists the entries on and below the diagonal."""
    S, A = Label("S", (P, P), symmetric=True), Label("A", (P, P))
    rule = Expectation({S: LAWS[law]}, RING)
    for edges in ([(S, 0, 1), (S, 1, 0)], [(S, 0, 0), (S, 1, 1)], [(S, 0, 1), (A, 1, 2), (S, 2, 3), (A, 3, 0)]):
        (monomial,) = Expression.from_edges(edges).monomials
        result = rule.monomial(monomial)
        assert recheck_expectation(rule, monomial, result)
        plain = Expectation({Label("S", (P, P)): LAWS[law]}, RING)
        (as_plain,) = Expression.from_edges([(Label("S", (P, P)) if e[0] is S else e[0], *e[1:])
                                             for e in edges]).monomials
        wrong = dict(plain.monomial(as_plain))
        if wrong != result:  # as it is for all but the square of the trace
            with pytest.raises(RewriteError, match="'expectation'"):
                recheck_expectation(rule, monomial, wrong)


def test_every_check_is_counted():
    mean = CheckedMean(Expectation({X: EntryLaw.gaussian()}, RING))
    monomials = system((1, 1, 2)).loss.monomials[:3]
    for count, monomial in enumerate(monomials, 1):
        mean.monomial(monomial)
        assert (mean.asked, mean.count) == (count, count)
    sampled = CheckedMean(Sampling({X: sample_label("X", 3, X)}, Batches("without_replacement", 3), RING))
    for count, monomial in enumerate(monomials, 1):
        sampled.monomial(monomial)
        assert (sampled.asked, sampled.count) == (count, count)
    large = CheckedMean(Sampling({X: sample_label("X", 300, X)}, Batches("without_replacement", 300), RING))
    large.monomial(monomials[0])
    assert (large.asked, large.count) == (1, 0)
    net = system()
    update = CheckedUpdate(along({W: -g for W, g in zip(net.weights, net.gradients, strict=True)}), RING)
    update.order(net.loss.monomials[0], 1)  # and what the derived letter stands for
    first = update.count
    for count in (1, 2):
        update.order(net.loss.monomials[0], 1)
        assert update.count == first + count
