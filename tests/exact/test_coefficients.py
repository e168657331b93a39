"""Coefficients of every kind, the population as a letter, the sides of subtraction, and the ball backend, by hand."""

from fractions import Fraction as F

import flint
import numpy as np
import pytest
import sympy

import sgdmoments as sm
from sgdmoments.exact.backends.balls import BallBackend
from sgdmoments.exact.coefficients import entry_to_sympy, substitute_linear
from sgdmoments.exact.linear import matrix, solve, sub_matrix
from sgdmoments.exact.rational import RationalFunction
from sgdmoments.exact.ring import Ring

x, y, n = sympy.symbols("x y n")
RING = Ring((x, y))


def test_a_rational_function_is_a_coefficient():
    p = sm.BatchPolynomial((1 / (x + 1), y / x))
    assert p.evaluate({"x": 2, "y": 3}).coefficients == (F(1, 3), F(3, 2))
    assert p.evaluate({x: "1/2", y: 1}).coefficients == (F(2, 3), F(2))
    with pytest.raises(sm.InputError, match="'y'"):
        p.evaluate({"x": 2})
    assert sympy.simplify(p.to_sympy() - (1 / (x + 1) + y / x / p.batch_size)) == 0


def test_each_kind_in_sympy():
    assert entry_to_sympy(F(-2, 3)) == sympy.Rational(-2, 3)
    assert entry_to_sympy(0.25) == 0.25
    assert entry_to_sympy(RING.generator(x) ** 2 * F(3, 2)) == sympy.Rational(3, 2) * x**2
    assert entry_to_sympy(1 / x) == 1 / x


def test_the_population_as_a_letter_is_every_number():
    coefficients = (F(1, 2), F(3), F(-5), F(7, 3))
    letters = sm.BatchPolynomial.from_cb(coefficients, n)
    for size in (2, 3, 7):
        numbers = sm.BatchPolynomial.from_cb(coefficients, size)
        for b in range(1, size + 1):
            c = F(size - b, b * (size - 1))
            assert letters.evaluate({n: size})(b) == numbers(b) == sum(a * c**k for k, a in enumerate(coefficients))


def test_a_line_put_into_a_polynomial_with_letters():
    z = RING.generator(x)
    found = substitute_linear([z, F(2), z * z], F(1, 2), F(-3))
    value = sum((c * F(5) ** k for k, c in enumerate(found)), RING.zero)
    at = F(1, 2) - 15
    assert value == z + 2 * at + z * z * at**2


def test_subtraction_knows_its_sides():
    a = RING.generator(x)
    assert 3 - a == -(a - 3)
    assert (F(1, 2) - a).evaluate({x: F(1, 3)}) == F(1, 6)
    f = RationalFunction(RING.generator(y), a)
    assert 1 - f == -(f - 1)
    assert 2 / f == RationalFunction(2 * a, RING.generator(y))
    p = sm.BatchPolynomial((1, 2))
    assert (3 - p).coefficients == (F(2), F(-2))
    for other in ("text", object()):
        for work in (lambda o=other: o - p, lambda o=other: p - o, lambda o=other: p * o, lambda o=other: f / o,
                     lambda o=other: o / f):
            with pytest.raises(TypeError):
                work()


def test_mixed_populations():
    with_n, without = sm.BatchPolynomial((1, 2), population=5), sm.BatchPolynomial((3,))
    assert (with_n + without).population == (without + with_n).population == (without * with_n).population == 5
    assert with_n.decreasing_from() == 1


def test_arrays_of_values_stand_for_their_entries():
    w11, w12, v2 = sympy.symbols("W_11 W_12 v_2")
    p = sm.BatchPolynomial((w11 * w12, v2))
    assert p.evaluate({"W": [[2, "1/2"]], "v": [7, 9]}).coefficients == (F(1), F(9))
    assert p.evaluate({"W": sympy.Matrix([[2, 5]]), "v": np.array([1, 4], dtype=object)}).coefficients == (F(10), F(4))
    many = sympy.Symbol("v_1_11")
    assert sm.BatchPolynomial((many,)).evaluate({"v": [list(range(12))]}).coefficients == (F(10),)


def test_sub_matrices_and_solutions():
    ring = Ring((x,))
    a = matrix(ring, [[1, 2, 3], [4, 5, 6], [7, 8, 10]])
    assert sub_matrix(a, [0, 2]) == matrix(ring, [[1, 3], [7, 10]])
    found = solve(a, [ring(1), ring(0), ring(2)])
    for row, right in zip(a, (1, 0, 2), strict=True):
        assert sum((u * v for u, v in zip(found, row, strict=True)), RationalFunction(0)) == right


def test_balls_hold_the_exact_products():
    backend = BallBackend()
    a = backend.matrix({(0, 0): F(1, 3), (0, 1): F(2), (1, 1): F(-5, 7)}, 2, 2)
    row = backend.table([{0: F(1, 2), 1: F(3)}], 2)
    two = backend.table([{0: F(1)}, {0: F(1, 2), 1: F(3)}], 2)

    def holds(table, expected):
        assert (table.nrows(), table.ncols()) == (len(expected), len(expected[0]))
        for i, line in enumerate(expected):
            for j, value in enumerate(line):
                assert (table[i, j] - flint.arb(flint.fmpq(value.numerator, value.denominator))).contains(0)
                assert table[i, j].rad() < 1e-12

    holds(backend.multiply(row, a), [[F(1, 6), 1 - F(15, 7)]])
    holds(backend.combine([(F(3), a), (F(1, 2), a)]), [[F(7, 6), F(7)], [F(0), F(-5, 2)]])
    holds(backend.scale_rows(row, [F(1, 3), F(2)]), [[F(1, 6), F(1)], [F(1), F(6)]])
    holds(backend.scale_rows(two, [F(1, 3), F(2)]), [[F(1, 3), F(0)], [F(1), F(6)]])
    holds(backend.add(row, row), [[F(1), F(6)]])


def test_balls_beside_fractions():
    """1/3 + 2/b + 5/b^2 at b = 2 is 31/12, inside the ball."""
    value = sm.BatchPolynomial((F(1, 3), flint.arb(2), F(5)))(2)
    assert value.contains(flint.fmpq(31, 12))
    assert value.rad() < 1e-14
    assert sm.BatchPolynomial((F(1), flint.arb(2)))(4).contains(flint.fmpq(3, 2))


def test_letters_for_letters_and_letters_that_stay():
    p = sm.BatchPolynomial((x, x * y))
    assert p.evaluate({"x": y + 1, "y": 2}).coefficients == (y + 1, 2 * (y + 1))
    assert p.evaluate({"x": 2}, partial=True).coefficients == (2, 2 * y)
    assert p.evaluate({}, partial=True) == p
    for values in ({}, {"x": 1}, {"y": 1}):
        with pytest.raises(sm.InputError, match="no value given for"):
            p.evaluate(values)


def test_coefficients_that_are_no_polynomials():
    root = sm.BatchPolynomial((sympy.sqrt(x), sympy.exp(x) * y))
    assert root.evaluate({"x": 4, "y": 0}).coefficients == (2,)
    assert root.evaluate({"x": 0}, partial=True).coefficients == (0, y)


def test_letters_of_coefficients_of_every_kind():
    a, b = sympy.symbols("a b")
    graph = sm.trace(sm.matrix("A", "k", "k")) * b
    p = sm.BatchPolynomial((sympy.sqrt(a), x, RationalFunction(RING(1), RING(y)), graph, F(1)))
    assert {s.name for s in p.symbols} == {"a", "x", "y", "b"} | {s.name for s in graph.free_symbols}


def test_dummies_come_back_from_a_file_as_themselves():
    first, second = sympy.Dummy("d"), sympy.Dummy("d")
    p = sm.BatchPolynomial((first, second * 2))
    again = sm.BatchPolynomial.from_json(p.to_json())
    assert again == p
    assert again.symbols == {first, second}
    assert again != sm.BatchPolynomial((second, first * 2))


def test_coefficients_are_shown_factored():
    (found,) = sm.BatchPolynomial((x**2 - y**2,)).coefficients
    assert found.is_Mul
    assert set(found.args) == {x - y, x + y}


def test_every_kind_of_coefficient_comes_back_from_a_file():
    ball = flint.arb(flint.fmpq(1, 3))
    p = sm.BatchPolynomial((RationalFunction(RING(1), RING(x + y)), F(2, 3), 0.1, RING(x * y - 1)))
    again = sm.BatchPolynomial.from_json(p.to_json())
    assert again == p
    assert [type(entry) for entry in again.entries] == [type(entry) for entry in p.entries]
    (found,) = sm.BatchPolynomial.from_json(sm.BatchPolynomial((ball,)).to_json()).entries
    assert found.mid() == ball.mid()
    assert found.contains(ball)
