"""Orders of rewrites by hand: powers of 1/b that are kept, orders in the learning rate, scales of derived letters."""

from fractions import Fraction

import numpy as np
import pytest

import sgdmoments as sm
from sgdmoments.exact.ring import Ring
from sgdmoments.graphs.derived import derived_letter
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.labels import Label
from sgdmoments.graphs.matrices import letter
from sgdmoments.graphs.query import matrix, trace
from sgdmoments.rules.gradient import differentiate
from sgdmoments.rules.update import Update, along

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("sampling", ["without_replacement", "with_replacement"])
@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_powers_of_the_inverse_batch_size_up_to_the_order_are_kept(sampling, order):
    """The first coefficients are those of the whole polynomial, which the route in components finds."""
    data = sm.Empirical([[1, 2], [3, 1], [0, 1], [2, 2], [1, -1]])
    sgd = sm.SGD(sm.Network((2, 1), data=data), "1/10", {"W1": [[1, 2]], "W1*": [[3, 1]]}, sampling)
    for quantity in (sm.gradient(1), sm.loss(1)):
        whole = sgd.second_moment(quantity, route="components")
        cut = sgd.second_moment(quantity, route="symbolic", inverse_batch_order=order)
        assert cut.entries == whole.entries[: order + 1]
        assert all(whole.entries[: order + 1])


def test_the_derivative_of_a_derived_letter_has_its_scale():
    """d/dA ‖3A − 2B‖² = 6 (3A − 2B)."""
    a, b = matrix("A", 2, 3), matrix("B", 2, 3)
    (label,) = a.array.labels
    d = letter(derived_letter("D", (3 * a - 2 * b).array))
    found = differentiate(trace(d @ d.T), label)
    na, nb = RNG.integers(-4, 5, (2, 2, 3)).astype(object)
    assert (found.evaluate({"A": na, "B": nb}) == 6 * (3 * na - 2 * nb)).all()


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_the_update_of_a_product_of_many_matrices_has_every_order(depth):
    """W_H ⋯ W_1 at W_k + α G_k: the part of order m takes G in m places."""
    ring = Ring(())
    names = [f"W{k}" for k in range(depth)]
    weights = [Label(name, (2, 2)) for name in names]
    moves = {label: letter(Label(f"G{label.name}", (2, 2))).array for label in weights}
    product = letter(weights[0])
    for label in weights[1:]:
        product = letter(label) @ product
    values = {name: RNG.integers(-3, 4, (2, 2)).astype(object) for name in [*names, *(f"G{n}" for n in names), "C"]}
    rule = Update(along(moves), ring)
    for factor in (product, letter(derived_letter("R", (3 * product).array))):
        scale = 1 if factor is product else 3
        (monomial,) = trace(factor @ matrix("C", 2, 2)).monomials
        orders = [np.eye(2, dtype=object) * scale]
        for name in names:  # a polynomial in α with matrix coefficients
            grown = [values[name] @ c for c in orders] + [np.zeros((2, 2), dtype=object)]
            for k, c in enumerate(orders):
                grown[k + 1] = grown[k + 1] + values[f"G{name}"] @ c
            orders = grown
        assert rule.degree_of(Expression({monomial: 1})) == depth
        for order, expected in enumerate(orders):
            found = Expression.from_raw(ring, rule.order(monomial, order))
            assert found.evaluate(values) == Fraction(int(np.trace(expected @ values["C"])))


def test_equal_parts_of_an_update_add_up():
    """tr(VA) + 2 tr(WA) at V + αC, W + αC: the part of order 1 is 3 tr(CA)."""
    v, w, c, a = (Label(name, (2, 2)) for name in "VWCA")
    rule = Update(along({v: letter(c).array, w: letter(c).array}), Ring(()))
    query = trace(letter(v) @ letter(a)) + 2 * trace(letter(w) @ letter(a))
    assert rule.expression_order(query, 1) == 3 * trace(letter(c) @ letter(a))
    product = trace(letter(v) @ letter(a)) * trace(letter(w) @ letter(a))
    assert rule.expression_order(product, 1) == trace(letter(c) @ letter(a)) * (
        trace(letter(v) @ letter(a)) + trace(letter(w) @ letter(a)))
    assert rule.expression_order(product, 2) == trace(letter(c) @ letter(a)) ** 2


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_powers_of_the_inverse_batch_size_of_fresh_samples(order):
    """Of a Gaussian law too; a block of m samples brings m - 1 powers, and those at the order itself are kept."""
    sgd = sm.SGD(sm.Network((2, 1), noise=sm.Gaussian()), "1/10", {"W1": [[1, 2]], "W1*": [[3, 1]]})
    for quantity in (sm.gradient(1), sm.loss(1)):
        whole = sgd.second_moment(quantity, route="components")
        cut = sgd.second_moment(quantity, route="symbolic", inverse_batch_order=order)
        assert cut.entries == whole.entries[: order + 1]
        assert sgd.second_moment(quantity, route="symbolic") == whole
