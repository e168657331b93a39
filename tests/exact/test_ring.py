"""The ring on FLINT against SymPy, and what a wrapper must keep: immutability, hashing, pickling, names."""

import gc
import pickle
from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from sgdmoments.errors import InputError
from sgdmoments.exact import ring
from sgdmoments.exact.ring import INVERSE_BATCH, RATIONALS, Ring, ring_of

X, Y, Z = sympy.symbols("x y z")
RING = Ring((X, Y))

rationals = st.fractions(min_value=-9, max_value=9, max_denominator=7)
elements = st.dictionaries(st.tuples(st.integers(0, 3), st.integers(0, 3)), rationals, max_size=5).map(RING.from_terms)


@given(elements, elements, elements)
def test_ring_laws(f, g, h):
    assert (f + g) * h == f * h + g * h
    assert f * g == g * f
    assert (f - g) + g == f
    assert -f + f == RING.zero


@given(elements, elements)
def test_agrees_with_sympy(f, g):
    assert sympy.expand((f * g - 2 * f).to_sympy() - (f.to_sympy() * g.to_sympy() - 2 * f.to_sympy())) == 0


@given(elements)
def test_round_trips(f):
    assert pickle.loads(pickle.dumps(f)) == f
    assert RING(f.to_sympy()) == f
    assert hash(pickle.loads(pickle.dumps(f))) == hash(f)


@given(elements)
def test_equal_in_larger_rings(f):
    larger = Ring((Z, Y, X))(f)
    assert larger == f
    assert hash(larger) == hash(f)


@given(elements, rationals, rationals)
def test_evaluation_is_substitution(f, a, b):
    assert f.evaluate({X: a, Y: b}) == f.substitute({X: a, Y: b}).to_fraction()


@given(elements)
def test_coefficients_rebuild(f):
    x = RING.generator(X)
    assert sum((c * x**k for k, c in enumerate(f.coefficients(X))), RING.zero) == f


@given(elements)
def test_factors_multiply_back(f):
    constant, factors = f.factor()
    product = RING.one * constant
    for factor, multiplicity in factors:
        product = product * factor**multiplicity
    assert product == f


def test_symbols_of_one_name_stay_apart():
    positive = sympy.Symbol("x", positive=True)
    difference = ring_of([X])(X) - ring_of([positive])(positive)
    assert difference
    assert difference.symbols == {X, positive}


def test_the_batch_letter_is_no_symbol_of_the_users():
    assert sympy.Symbol("u") != INVERSE_BATCH
    assert pickle.loads(pickle.dumps(Ring((INVERSE_BATCH,)))) is Ring((INVERSE_BATCH,))


def test_refusals():
    with pytest.raises(InputError, match="not a polynomial"):
        RING(1 / (X + 1))
    with pytest.raises(InputError, match="not among the generators"):
        RING(1 / X)
    with pytest.raises(InputError, match="not among the generators"):
        RING(Z)
    with pytest.raises(InputError, match="not a generator"):
        RING.generator(Z)
    with pytest.raises(InputError, match="distinct generators"):
        Ring((X, X))
    with pytest.raises(InputError, match="not a rational number"):
        RING.generator(X).to_fraction()
    with pytest.raises(TypeError):
        RING.one + 0.5


def test_constants_are_numbers():
    assert RATIONALS(3) == 3 == RING(3)
    assert RING(Fraction(2, 3)).simplest() == Fraction(2, 3)
    assert hash(RING(Fraction(2, 3))) == hash(Fraction(2, 3))
    assert RING.zero.degree() == -1


def test_rings_that_nothing_holds_are_let_go():
    gc.collect()
    held = [Ring(sympy.symbols(f"kept_{k}_x kept_{k}_y")) for k in range(50)]
    before = len(ring._RINGS)
    for k in range(1000):
        assert Ring(sympy.symbols(f"gone_{k}_x gone_{k}_y")).generators
    gc.collect()
    assert len(ring._RINGS) <= before + ring._RECENT.maxlen
    assert all(Ring(one.generators) is one for one in held)


def test_reciprocals_at_whole_numbers():
    """1/x + 1/x^2 at 4 is 5/16, whether 4 is an int or a Fraction."""
    reciprocals = ring_of([1 / X])
    for four in (4, Fraction(4)):
        assert reciprocals(1 / X + 1 / X**2).evaluate({X: four}) == Fraction(5, 16)
        assert reciprocals(1 / X + 1 / X**2).substitute({X: four}) == Fraction(5, 16)
    with pytest.raises(InputError, match="cannot be zero"):
        reciprocals(1 / X).evaluate({X: 0})


def test_derivatives_by_hand():
    f = RING(X**2 * Y + 3 * Y)
    assert f.derivative(X) == 2 * X * Y
    assert f.derivative(Y) == X**2 + 3
    assert f.derivative(Z) == 0
    assert RING(5).derivative(X) == 0
