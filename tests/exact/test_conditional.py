"""Functions under a condition: it is decided when its last letter is a number, and carried until then."""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction as F

import pytest
import sympy

from sgdmoments.errors import Diverges, InputError
from sgdmoments.exact.conditional import Conditional
from sgdmoments.exact.rational import RationalFunction
from sgdmoments.exact.ring import ring_of

x, y, z = sympy.symbols("x y z")
X, Y = (RationalFunction(ring_of([s])(s)) for s in (x, y))


@dataclass(frozen=True)
class Below:
    """1 + x + x^2 + ... = 1/(1 - x) where |x| < 1; with `exact` the sum comes with the decision."""

    bound: int = 1
    exact: bool = True
    letters: tuple = (x, y)
    needed: frozenset = frozenset({x})

    def decide(self, values: Mapping) -> RationalFunction | None:
        if abs(values[x]) >= self.bound:
            raise Diverges(f"x = {values[x]} is not below {self.bound}.", None)
        return 1 / RationalFunction(1 - values[x]) if self.exact else None

    def __str__(self):
        return f"|x| < {self.bound}"


def geometric(**options):
    return Conditional.under(1 / (1 - X), Below(**options), direct=True)


def test_a_condition_is_decided_by_its_last_number():
    for exact in (True, False):
        value = geometric(exact=exact)
        assert isinstance(value, Conditional)
        assert value.substitute({x: F(1, 2)}) == 2
        assert not isinstance(value.substitute({x: F(1, 2)}), Conditional)
        assert value.evaluate({"x": "1/3"}) == F(3, 2)
        with pytest.raises(Diverges, match="x = 2 is not below 1"):
            value.substitute({"x": 2})
        assert value.substitute({y: 5}) == value
        assert isinstance(value.substitute({y: 5}), Conditional)
        with pytest.raises(Diverges):
            value.substitute({y: 5}).substitute({x: -1})


def test_letters_may_be_put_in_for_letters():
    """1/(1 - x) at x = 2y is 1/(1 - 2y), for |2y| < 1."""
    value = geometric().substitute({x: 2 * Y})
    assert isinstance(value, Conditional)
    assert value == 1 / (1 - 2 * Y)
    assert value.substitute({y: F(1, 4)}) == 2
    with pytest.raises(Diverges, match="x = 2 "):
        value.substitute({y: 1})
    assert geometric().substitute({x: (2 * Y).numerator}) == value
    assert geometric().substitute({x: 2 * y}) == value


@pytest.mark.parametrize(("make", "at_half"), [
    (lambda v: v + 1, 3), (lambda v: 1 + v, 3), (lambda v: v - 5, -3), (lambda v: 5 - v, 3), (lambda v: -v, -2),
    (lambda v: v * 3, 6), (lambda v: 3 * v, 6), (lambda v: v / 4, F(1, 2)), (lambda v: 4 / v, 2), (lambda v: v * v, 4),
    (lambda v: v + v, 4), (lambda v: v - v, 0), (lambda v: v / v, 1), (lambda v: v * Y, 14), (lambda v: Y / v, F(7, 2)),
    (lambda v: Y - v, 5), (lambda v: Y + v, 9)])
def test_arithmetic_keeps_the_condition(make, at_half):
    value = make(geometric())
    assert isinstance(value, Conditional)
    assert len(value.conditions) == 1
    assert value.substitute({x: F(1, 2), y: 7}) == at_half
    with pytest.raises(Diverges):
        value.substitute({x: 3, y: 7})
    with pytest.raises(Diverges):
        value.substitute({y: 7}).substitute({x: 3})


def test_two_conditions_are_both_kept():
    strict, loose = geometric(), geometric(bound=3)
    for value in (strict * loose, loose + strict, loose / strict, loose - strict):
        assert len(value.conditions) == 2
        assert {str(c.condition) for c in value.conditions} == {"|x| < 1", "|x| < 3"}
        with pytest.raises(Diverges, match="not below 1"):
            value.substitute({x: 2})
    assert (strict * loose).substitute({x: F(1, 2)}) == 4


def test_the_exact_value_takes_the_place_of_a_gap():
    """x/x stands for 1; at x = 0 the formula has a gap, which the value that comes with the decision fills."""
    @dataclass(frozen=True)
    class One:
        letters: tuple = (x,)
        needed: frozenset = frozenset({x})

        def decide(self, values):
            return RationalFunction(1 if values[x] else 7)

    direct = Conditional.under(RationalFunction(1), One(), direct=True)
    assert [direct.substitute({x: v}) for v in (1, 0)] == [1, 7]
    computed = direct + 1  # the formula was computed with: 1 + 1, which is not 7 + 1
    assert computed.substitute({x: 1}) == 2
    with pytest.raises(InputError, match="has a gap"):
        computed.substitute({x: 0})


def test_without_letters_it_is_decided_at_once():
    @dataclass(frozen=True)
    class Never:
        letters: tuple = ()
        needed: frozenset = frozenset()

        def decide(self, values):
            assert values == {}
            return RationalFunction(3)

    assert Conditional.under(X, Never(), direct=True) == 3
    assert Conditional.under(X, Never()) == X
    assert not isinstance(Conditional.under(X, Never()), Conditional)


def test_an_open_condition_is_named():
    with pytest.raises(InputError, match=r"holds under a condition on x: give numbers for these; \|x\| < 1"):
        geometric().to_fraction()
    with pytest.raises(InputError, match="condition on y"):
        geometric().substitute({x: 2 * Y}).to_fraction()


def test_pickles():
    value = geometric() * 2
    again = pickle.loads(pickle.dumps(value))
    assert again == value
    assert again.conditions == value.conditions
    direct = pickle.loads(pickle.dumps(geometric()))
    assert direct.substitute({x: F(1, 2)}) == 2
