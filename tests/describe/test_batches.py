"""The description of how a batch is drawn, by hand and against the listing of every batch."""

from fractions import Fraction as F
from itertools import combinations, product

import pytest
import sympy

import sgdmoments as sm
from sgdmoments.describe.batch_weights import set_partitions
from sgdmoments.describe.batches import Batches

WITHOUT, WITH, FRESH = Batches("without_replacement", 4), Batches("with_replacement", 4), Batches("fresh")
n = sympy.Symbol("n")
LETTER = Batches("without_replacement", n)


def test_defaults_and_names():
    assert Batches.read(None, 4) == WITHOUT != WITH
    assert Batches.read(None, None) == FRESH
    assert (WITHOUT.is_default, WITH.is_default, FRESH.is_default) == (True, False, True)
    assert [x.independent for x in (WITHOUT, WITH, FRESH)] == [False, True, True]
    assert [x.population for x in (WITHOUT, WITH, FRESH, LETTER)] == [4, None, None, n]
    sgd = sm.SGD(sm.LinearRegression([[1]] * 4, [0] * 4), sampling="with_replacement")
    assert sgd.batches == WITH
    assert sgd.batches.words == "with replacement"
    with pytest.raises(sm.InputError, match="frozen"):
        sgd.batches.n = 3


@pytest.mark.parametrize(("sampling", "points", "message"), [
    ("bootstrap", 4, "sampling: found 'bootstrap'; use one of without_replacement"),
    ("fresh", 4, "'fresh' does not fit a finite data set"), ("with_replacement", None, "does not fit a data law")])
def test_a_sampling_that_does_not_fit(sampling, points, message):
    with pytest.raises(sm.InputError, match=message):
        Batches.read(sampling, points)


@pytest.mark.parametrize("batches", [WITHOUT, WITH])
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_weights_are_those_of_the_listing(batches, order):
    # E prod of batch means of f_j = sum over rho of W_rho prod over blocks of the mean of prod f
    functions = [[1, 2, 5, -3], [2, 0, 1, 7], [1, 1, 4, -1], [0, 3, 1, 2]][:order]
    for b in (1, 2, 3, 4):
        drawn = list(product(range(4), repeat=b) if batches.independent else combinations(range(4), b))
        listed = sum((F(1, len(drawn)) * _product(F(sum(f[i] for i in batch), b) for f in functions)
                      for batch in drawn), F(0))
        in_u, in_v = F(0), F(0)
        for rho in set_partitions(order):
            blocks = _product(F(sum(_product(functions[j][i] for j in block) for i in range(4)), 4) for block in rho)
            sizes = tuple(map(len, rho))
            in_u += blocks * sum(c * F(1, b) ** k for k, c in enumerate(batches.partition_weight(sizes)))
            in_v += blocks * sum(c * batches.value(b) ** k
                                 for k, c in enumerate(batches.partition_weight_in_v(sizes)))
        assert in_u == in_v == listed


def _product(values):
    total = 1
    for value in values:
        total = total * value
    return total


def test_the_variable_by_hand():
    assert [WITHOUT.value(b) for b in (1, 2, 4)] == [1, F(1, 3), 0]  # (4 - b)/(3 b)
    assert [WITH.value(b) for b in (1, 2, 8)] == [FRESH.value(b) for b in (1, 2, 8)] == [1, F(1, 2), F(1, 8)]
    assert Batches("without_replacement", 1).value(1) == 0
    assert (WITHOUT.size_at(F(1, 3)), WITH.size_at(F(1, 3))) == (2, 3)
    assert WITH.size_at(F(0)) is LETTER.size_at(F(1)) is None
    assert (str(WITHOUT.variable()), str(WITH.variable())) == ("c_b", "u")
    assert str(FRESH.variable([sympy.Symbol("u", real=True)])) == "u_1"
    assert str(Batches("without_replacement", sympy.Symbol("c_b")).variable()) == "c_b_1"
    b = sympy.Symbol("b")
    assert LETTER.expression(b) == (n - b) / (b * (n - 1))
    assert LETTER.expression(2, n=4) == sympy.Rational(1, 3)
    assert FRESH.expression(b) == 1 / b
    assert WITHOUT.polynomial((0, 1)).coefficients == (F(-1, 3), F(4, 3))
    assert WITH.polynomial((F(0), F(1))).coefficients == (0, 1)


@pytest.mark.parametrize(("ask", "message"), [
    (lambda: WITHOUT.value(5), r"b: found 5; a batch size lies in 1\.\.4"),
    (lambda: WITHOUT.value("3/2"), r"lies in 1\.\.4"), (lambda: FRESH.value(0), r"lies in 1\.\.∞"),
    (lambda: LETTER.value(2), "n is the letter n"), (lambda: WITHOUT.read_size(5), "found 5 > n = 4"),
    (lambda: FRESH.read_size(1.5), "found 1.5; a batch size is a positive integer")])
def test_sizes_that_do_not_exist(ask, message):
    with pytest.raises(sm.InputError, match=message):
        ask()


def test_orders_above_two_need_a_number():
    assert LETTER.partition_weight_in_v((1, 1)) == (1, -1)
    with pytest.raises(sm.RouteError, match="put a number in place of n"):
        LETTER.partition_weight_in_v((1, 2))


def test_a_closed_form_knows_the_sizes_that_exist():
    closed = sm.SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]), "1/10", [0]).closed_form(sm.gradient)
    assert closed.value(1, 2) == closed.at(1)(2)
    with pytest.raises(sm.InputError, match=r"lies in 1\.\.3"):  # as the polynomial itself says
        closed.value(1, "3/2")
