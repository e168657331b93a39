"""Every rule, rechecked in a second way modulo a prime; and a rule gone wrong is named."""

from fractions import Fraction

import pytest
import sympy
from second_ways import check_expectation, check_gradient, check_update

import sgdmoments as sm
from sgdmoments.describe.laws.coordinates import Uniform
from sgdmoments.describe.laws.gaussian import Gaussian
from sgdmoments.errors import RewriteError
from sgdmoments.exact.ring import INVERSE_BATCH, Ring, ring_of
from sgdmoments.graphs.derived import relabelled
from sgdmoments.graphs.index_sum import array_of
from sgdmoments.graphs.join import squared_norm
from sgdmoments.graphs.labels import BATCH, Label
from sgdmoments.rules.expectation import EXPECTATION, Expectation
from sgdmoments.rules.gradient import GRADIENT
from sgdmoments.rules.random_letters import entry_law
from sgdmoments.rules.update import UPDATE, Update, along, update
from sgdmoments.tracing.system import system_of

p, p1, p2, p3, alpha = sympy.symbols("p p1 p2 p3 alpha")
ACTIVATIONS = [(0, 1), (Fraction(1), Fraction(1, 2), Fraction(2)), (0, 1, 0, 1)]
SIZES = {p: 2, p1: 3, p2: 4, p3: 2, BATCH: 2}


def system(widths, activation, noise=False):
    return system_of(sm.Network(widths, activation, noise=sm.Gaussian() if noise else None))


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("widths", [(p, p1), (p, p1, p2)])
def test_gradient(widths, activation):
    network = system(widths, activation)
    for label, array in zip(network.weights, network.gradients, strict=True):
        check_gradient(GRADIENT, network.loss, label, array, 2 * len(activation), SIZES)


def test_gradient_of_three_layers():
    network = system((p, p1, p2, p3), (0, 0, 1))
    for label, array in zip(network.weights, network.gradients, strict=True):
        check_gradient(GRADIENT, network.loss, label, array, 16, SIZES)


@pytest.mark.parametrize("activation", ACTIVATIONS[:2])
def test_update(activation):
    network = system((p, p1, p2), activation)
    ring = ring_of([p, p1, p2, alpha]).union(Ring((INVERSE_BATCH,)))
    directions = {w: -g for w, g in zip(network.weights, network.gradients, strict=True)}
    rule = Update(along(directions), ring)
    before = relabelled_data(network.loss) if activation == (0, 1) else squared_norm(array_of(network.weights[1]))
    after = update(before, rule, ring.generator(alpha), rule.degree_of(before))
    check_update(UPDATE, before, after, directions, alpha, SIZES)


def relabelled_data(expression):
    """The loss on another batch than the step's."""
    x = Label("x", (BATCH, p), "data")
    return relabelled(expression, {x: Label("z", (BATCH, p), "data")})


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sizes", [{p: 1, BATCH: 2}, {p: 2, BATCH: 1}])
@pytest.mark.parametrize("law", [Gaussian(), Uniform(-1, 2)])
def test_expectation(law, sizes, activation):
    network = system((p, p1, p2), activation)
    (x,) = network.data
    ring = ring_of([p, p1, p2]).union(Ring((INVERSE_BATCH,)))
    entry = entry_law(law, "x")
    before = squared_norm(network.gradients[1]) if activation == (0, 1) else network.loss
    after = Expectation({x: entry}, ring)(before)
    degree = max(sum(e[0] is x for g in m for e in g.edges) for m in before.monomials)
    check_expectation(EXPECTATION, before, after, {x: lambda k: law.moment((k,))}, degree, {**SIZES, **sizes})


def test_a_failure_names_its_rule():
    network = system((p, p1, p2), (0, 1))
    with pytest.raises(RewriteError, match="gradient"):
        check_gradient(GRADIENT, network.loss, network.weights[0], network.gradients[0] * 2, 4, SIZES)
