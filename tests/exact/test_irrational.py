"""Irrational numbers: reduced forms against sympy's own simplification, and what is refused."""

import pickle
from itertools import product

import pytest
import sympy
from sympy import Rational, cbrt, cos, pi, root, sqrt

import sgdmoments as sm
from sgdmoments.exact.ring import Polynomial, ring_of

x = sympy.Symbol("x")

NUMBERS = [sqrt(2), sqrt(8) / 3, sqrt(Rational(3, 10)), cbrt(4), root(2, 6), 1 / (1 + sqrt(3)), sqrt(3 + 2 * sqrt(2)),
           sympy.GoldenRatio, cos(pi / 5), sqrt(2) * sqrt(3) - sqrt(6) + 1, 2 ** Rational(-7, 4), sqrt(6) + cbrt(9), pi]


def element(value) -> Polynomial:
    return ring_of([value])(value)


@pytest.mark.parametrize(("a", "b"), list(product(NUMBERS, NUMBERS)))
def test_arithmetic_agrees_with_sympy(a, b):
    f, g = element(a), element(b)
    for ours, theirs in ((f + g, a + b), (f * g, a * b), (f - g, a - b), (f**3 * g, a**3 * b)):
        difference = sympy.nsimplify(ours.to_sympy() - theirs)
        assert abs(difference.evalf(50)) < sympy.Float("1e-40")
    assert (f == g) == (abs((a - b).evalf(50)) < sympy.Float("1e-40"))
    assert f != g or hash(f) == hash(g)


def test_one_number_has_one_form_whatever_ring_it_comes_from():
    fourth = element(root(2, 4))
    assert fourth**2 == element(sqrt(2))
    assert hash(fourth**2) == hash(element(sqrt(2)))
    assert fourth**4 == 2
    assert element(sqrt(2)) * element(cbrt(2)) * element(root(2, 6)) == 2
    sixth = element(root(2, 6))
    assert sixth + element(sqrt(2)) * element(cbrt(2)) == sixth + element(2 ** Rational(5, 6))
    assert not element(sqrt(2)) * element(sqrt(3)) - element(sqrt(6))


def test_another_algebraic_number_obeys_its_minimal_polynomial():
    value = cos(2 * pi / 7)  # 8 c^3 + 4 c^2 - 4 c - 1 = 0
    c = element(value)
    assert 8 * c**3 + 4 * c**2 - 4 * c - 1 == 0
    z = sympy.Symbol("z")
    same = element(sympy.CRootOf(8 * z**3 + 4 * z**2 - 4 * z - 1, 2))
    assert c == same
    assert hash(c) == hash(same)
    assert c != element(sympy.CRootOf(8 * z**3 + 4 * z**2 - 4 * z - 1, 1))
    assert element(sqrt(1 + cbrt(2))) ** 6 - 3 * element(sqrt(1 + cbrt(2))) ** 4 + 3 * element(
        sqrt(1 + cbrt(2))) ** 2 == 3


def test_letters_stay_letters():
    polynomial = element(sqrt(2) * x**2 + pi * x)
    assert polynomial.symbols == {x}
    assert polynomial.evaluate({x: 3}) == element(9 * sqrt(2) + 3 * pi)
    assert polynomial.evaluate({x: 0.5}) == pytest.approx(2**0.5 / 4 + float(pi) / 2)
    assert polynomial * polynomial == element(2 * x**4 + 2 * sqrt(2) * pi * x**3 + pi**2 * x**2)


@pytest.mark.parametrize("value", [*NUMBERS, cos(pi / 7)])
def test_round_trips(value):
    f = element(value * x + 1)
    assert pickle.loads(pickle.dumps(f)) == f
    p = sm.BatchPolynomial((f, 1))
    assert sm.BatchPolynomial.from_json(p.to_json()) == p
    assert pickle.loads(pickle.dumps(p)) == p


@pytest.mark.parametrize("value", [
    sympy.log(2), sympy.exp(2), sqrt(pi), sympy.sin(1), 1 / pi, root(2, 1000003), sqrt(10**60 + 7),
    sympy.gamma(Rational(1, 3)), sympy.CRootOf(x**5 - x - 1, 1), sqrt(x), x ** sqrt(2)])
def test_other_numbers_are_refused(value):
    with pytest.raises(sm.InputError):
        element(value)


def test_two_algebraic_numbers_that_are_no_radicals_are_refused():
    with pytest.raises(sm.InputError, match="occur together"):
        element(cos(pi / 7) + sqrt(2))
    assert element(cos(pi / 7)) != element(sqrt(2))  # equality is decided all the same


def listed(points, targets, rate, start, steps, moment_of):
    """E over every sequence of single points of moment_of(w_0, ..., w_t), in sympy."""
    total = 0
    for sequence in product(range(len(points)), repeat=steps + 1):
        w = start
        for i in sequence[:-1]:
            w = w - rate * points[i] * (points[i] * w - targets[i])
        last = sequence[-1]
        total += moment_of(w, points[last] * (points[last] * w - targets[last]))
    return sympy.expand(total / len(points) ** (steps + 1))


@pytest.mark.parametrize("route", ["closure", "components"])
def test_regression_on_irrational_data(route):
    points, targets, rate, start = [sqrt(2), 1, sqrt(3) / 2], [1, 2, sqrt(5)], 1 / sqrt(2), pi
    sgd = sm.SGD(sm.LinearRegression([[v] for v in points], targets), rate, [start], sampling="with_replacement")
    mean = listed(points, targets, rate, start, 2, lambda w, g: g)
    square = listed(points, targets, rate, start, 2, lambda w, g: g**2)
    assert sympy.expand(sgd.mean(sm.gradient(2), route=route)[0](1) - mean) == 0
    assert sympy.expand(sgd.second_moment(sm.gradient(2), route=route)(1) - square) == 0
    assert sympy.expand(sgd.variance(sm.gradient(2), route=route)(1) - square + mean**2) == 0
    weights = listed(points, targets, rate, start, 2, lambda w, g: w**2)
    assert sympy.expand(sgd.second_moment(sm.weights(2), route=route)(1) - weights) == 0


@pytest.mark.parametrize("route", ["symbolic", "components"])
def test_network_at_irrational_weights(route):
    """f = W2 W1 x, x = 1 or -1: at b = 1 each step is sure, and is taken in sympy."""
    rate, error = sqrt(2) / 10, sqrt(3) - sqrt(5)
    sgd = sm.SGD(sm.Network((1, 1, 1), data=sm.Rademacher()), rate,
                 {"W1": [[sqrt(3)]], "W2": [[1]], "W1*": [[sqrt(5)]], "W2*": [[1]]})
    for layer, expected in ((1, sqrt(3) - rate * error), (2, 1 - rate * error * sqrt(3))):
        found = sgd.second_moment(sm.weights(1, layer=layer), route=route)(1)
        assert sympy.expand(found - expected**2) == 0


@pytest.mark.parametrize("route", ["symbolic", "components"])
def test_network_on_irrational_data(route):
    points, targets = [sqrt(2), -1], [sqrt(3), 1]
    sgd = sm.SGD(sm.Network((1, 1, 1), data=sm.Empirical([[v] for v in points]), targets=targets), 1,
                 {"W1": [[sqrt(6)]], "W2": [[cbrt(2)]]}, sampling="with_replacement")
    total = sum(((cbrt(2) * sqrt(6) * v - y) * v * cbrt(2)) ** 2 for v, y in zip(points, targets, strict=True))
    found = sgd.second_moment(sm.gradient(0, layer=1), route=route)(1)
    assert sympy.expand(found - total / 2) == 0


@pytest.mark.parametrize("route", ["closure", "components", "symbolic"])
def test_laws_with_irrational_moments(route):
    """One layer at step 0: E g^2 = E x^4 E (w - w*)^2 + E x^2 E noise^2."""
    model = sm.Network((1, 1), data=sm.Coordinates((0, sqrt(2), 0, 5)), noise=sm.Coordinates((0, sqrt(3), 0, 4)))
    sgd = sm.SGD(model, "1/10", {"W1": sm.GaussianInit(variance=sqrt(5)), "W1*": [[sqrt(7)]]})
    found = sgd.second_moment(sm.gradient(0), route=route)(1)
    assert sympy.expand(found - (5 * (sqrt(5) + 7) + sqrt(6))) == 0


@pytest.mark.parametrize("route", ["components", "expansion", "closure"])
def test_a_letter_in_the_law_of_the_weights(route):
    """E w_1^2 at first order in 1/b, the law's variance s a letter: w_1 = w - a m (w - 1), m a mean of b squares."""
    s = sympy.Symbol("s", positive=True)
    sgd = sm.SGD(sm.Network((1, 1)), "1/10", {"W1": sm.GaussianInit(variance=s), "W1*": [[1]]})
    options = {"inverse_batch_order": 1} if route == "expansion" else {}
    found = sgd.second_moment(sm.weights(1), route=route, **options)
    assert sympy.expand(found.coefficients[0] - (81 * s / 100 + Rational(1, 100))) == 0
    assert sympy.expand(found.coefficients[1] - (s + 1) / 50) == 0


def test_graphs_at_irrational_numbers():
    S = sm.matrix("S", 2, 2)
    assert sm.trace(S.T @ S).evaluate({"S": [[sqrt(2), 0], [0, 1]]}) == 3
    value = [[sqrt(2), sqrt(3)], [1, sqrt(6)]]
    expected = sympy.expand((sympy.Matrix(value) ** 3).trace())
    assert sympy.expand(sympy.sympify(sm.trace(S @ S @ S).evaluate({"S": value})) - expected) == 0


def test_what_divides_is_refused_over_irrational_numbers():
    sgd = sm.SGD(sm.LinearRegression([[sqrt(2), 1], [1, 3]], [1, 2]), "1/10", [0, 0])
    with pytest.raises(sm.InputError, match="irrational"):
        sgd.stationary()


def test_products_of_several_radicals():
    """sqrt 6 = sqrt 2 sqrt 3, and 30^(1/3) from its three primes."""
    six, two, three = (ring_of([sqrt(k)])(sqrt(k)) for k in (6, 2, 3))
    assert six * six == 6
    assert two * three == six
    assert six * two == 2 * three
    cube = ring_of([cbrt(30)])(cbrt(30))
    assert cube**3 == 30
    assert cube != ring_of([cbrt(5)])(cbrt(5))


def test_nested_roots_that_are_quadratic_numbers():
    """sqrt(3 + 2 sqrt 2) = 1 + sqrt 2, and (sqrt(6 + 2 sqrt 5) - 1)/2 = sqrt(5)/2."""
    for value, simple in ((sqrt(3 + 2 * sqrt(2)), 1 + sqrt(2)), ((sqrt(6 + 2 * sqrt(5)) - 1) / 2, sqrt(5) / 2),
                          (sqrt(28 - 10 * sqrt(3)), 5 - sqrt(3))):
        found = ring_of([value])(value)
        assert found == ring_of([simple])(simple)
        assert found * found == ring_of([simple])(sympy.expand(simple**2))


def test_roots_of_one_cubic_are_told_apart():
    """x^3 - 3x + 1 has three real roots, 2 cos(2 pi k/9) for k = 1, 2, 4: their sum is 0, each obeys the equation."""
    z = sympy.Symbol("z")
    roots = [sympy.CRootOf(z**3 - 3 * z + 1, k) for k in range(3)]
    elements = [ring_of([value])(value) for value in roots]
    for value, element in zip(roots, elements, strict=True):
        assert element**3 == 3 * element - 1
        assert element**5 == 9 * element - 3 - element**2
        assert float(element.to_sympy()) == pytest.approx(float(value), rel=1e-12)
    assert len({id(element.ring) for element in elements}) == 3


def test_cube_roots_that_are_quadratic_numbers():
    """With phi = (1 + sqrt 5)/2: phi^3 = 2 + sqrt 5, phi^-3 = sqrt 5 - 2, phi^-6 = 9 - 4 sqrt 5."""
    for value, simple in ((cbrt(2 + sqrt(5)), (1 + sqrt(5)) / 2), (cbrt(sqrt(5) - 2), (sqrt(5) - 1) / 2),
                          (cbrt(9 - 4 * sqrt(5)), (3 - sqrt(5)) / 2)):
        assert ring_of([value])(value) == ring_of([simple])(simple)
    both = cbrt(2 + sqrt(5)) - cbrt(sqrt(5) - 2)
    assert ring_of([both])(both) == 1


@pytest.mark.parametrize("one", [cbrt(2 + sqrt(5)) - cbrt(sqrt(5) - 2), sqrt(3 + 2 * sqrt(2)) - sqrt(2)])
def test_roots_that_cancel_are_rational_data(one):
    letter = sympy.Symbol("a")
    assert ring_of([one])(one) == 1
    assert ring_of([letter])(one) == 1
    assert ring_of([letter * one])(letter * one) == letter
    written, plain = (sm.SGD(sm.LinearRegression([[value], [2]], [1, value]), "1/10", [0]).variance(sm.gradient(1))
                      for value in (one, 1))
    assert written == plain
