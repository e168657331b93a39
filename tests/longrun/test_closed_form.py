"""Closed forms in t against enumeration, against the closure route step by step, and data against letters."""

import time
from fractions import Fraction as F

import pytest
import sympy

import sgdmoments as sm
from sgdmoments.exact.ring import Ring
from sgdmoments.longrun.closed_form.limit import Convergence, _split, limit_of
from sgdmoments.longrun.closed_form.powers import radical_formula
from sgdmoments.longrun.closed_form.system import LinearSystem
from sgdmoments.models.moment_regression import MomentRegression
from sgdmoments.testing.enumerate import enumerate_moment

X1, Y1 = [[1], [-2], [3], [1]], [1, 0, 2, F(1, 2)]
X2, Y2 = [[1, 2], [0, 1], [3, 1], [-1, 1]], [1, -1, 2, 0]
t, b, n, z = sympy.symbols("t b n z")

QUANTITIES = [sm.gradient, sm.full_gradient, sm.weights, sm.loss]


def moments_of(X, y, order=4):
    """The means of x^i y^j over the data: numbers for the letters of `MomentRegression`."""
    return {f"m_{i}{j}": F(sum(F(row[0])**i * F(v)**j for row, v in zip(X, y, strict=True)), len(y))
            for i in range(order + 1) for j in range(order + 1) if 0 < i + j <= order}


def put(expression, values):
    """A sympy expression at numbers given by the names of its symbols."""
    numbers = {s: sympy.Rational(values[s.name]) for s in expression.free_symbols}
    return sympy.cancel(expression.xreplace(numbers))


@pytest.mark.parametrize("sampling", ["without_replacement", "with_replacement"])
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_values_equal_enumeration(quantity, sampling):
    sgd = sm.SGD(sm.LinearRegression(X2, Y2), "1/7", [F(1, 2), -1], sampling)
    for moment in ("variance", "second_moment"):
        closed = sgd.closed_form(quantity, moment)
        for step in (0, 2):
            for size in (1, 3, 4):
                if sampling == "with_replacement" and size > 1 and step:
                    continue  # too many sequences
                expected = enumerate_moment(sgd, quantity(step), size, moment)
                assert closed.value(step, size) == expected == closed.at(step)(size)


@pytest.mark.parametrize("moment", ["variance", "second_moment"])
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_formula_of_one_weight(quantity, moment):
    sgd = sm.SGD(sm.LinearRegression(X1, Y1), "1/5", [2])
    closed = sgd.closed_form(quantity, moment)
    formula = closed.formula(t, b=b)
    for step in range(4):
        assert closed.at(step) == getattr(sgd, moment)(quantity(step))
        for size in (1, 3):
            assert formula.subs({t: step, b: size}) == sympy.Rational(closed.value(step, size))


def test_bases_are_those_of_the_theory():
    """1, 1 - alpha a, (1 - alpha a)^2 and (1 - alpha a)^2 + alpha^2 c (q - a^2)."""
    sgd = sm.SGD(MomentRegression(n=n))
    alpha = sgd.schedule.constant
    closed = sgd.closed_form(sm.weights, "second_moment")
    a, q = (sympy.Symbol(name, real=True) for name in ("m_20", "m_40"))
    noisy = (1 - alpha * a) ** 2 + alpha**2 * closed.v * (q - a**2)
    assert {term.base.to_sympy() for term in closed.terms} == {1, 1 - alpha * a, sympy.expand(noisy)}
    assert {term.base.to_sympy() for term in sgd.closed_form(sm.gradient).terms} == {
        1, 1 - alpha * a, sympy.expand((1 - alpha * a) ** 2), sympy.expand(noisy)}


def test_letters_for_the_data_agree_with_symbolic_data():
    """Every letter kept, b and n too: putting symbolic x_i, y_i in gives the answer for those data."""
    xs, ys = sympy.symbols("x_1:4"), sympy.symbols("y_1:4")
    letters = sm.SGD(MomentRegression(n=n)).closed_form(sm.gradient)
    data = sm.SGD(sm.LinearRegression([[x] for x in xs], ys)).closed_form(sm.gradient)
    ours, theirs = letters.formula(t, b=b), data.formula(t, b=b)
    powers = {f"m_{i}{j}": sum(x**i * y**j for x, y in zip(xs, ys, strict=True)) / 3
              for i in range(5) for j in range(5) if 0 < i + j <= 4}
    numbers = {"alpha": F(1, 9), "w_1": F(2, 3), "n": 3, "b": 2} | dict(zip(
        [s.name for s in (*xs, *ys)], (1, F(-1, 2), 2, 3, 0, 1), strict=True))
    for step in range(4):
        found = ours.subs({s: powers[s.name] for s in ours.free_symbols if s.name in powers}).subs(t, step)
        assert put(found, numbers) == put(theirs.subs(t, step), numbers)


def test_letters_for_the_data_agree_with_enumeration():
    sgd = sm.SGD(sm.LinearRegression(X1, Y1), "1/5", [2])
    letters = sm.SGD(MomentRegression(n=n))
    values = moments_of(X1, Y1) | {"alpha": F(1, 5), "w_1": F(2), "n": 4}
    for quantity in (sm.gradient, sm.full_gradient, sm.weights):
        answer = letters.variance(quantity(2)).evaluate(values)
        assert letters.closed_form(quantity).at(2).evaluate(values) == answer
        for size in (1, 2, 4):
            assert answer(size) == enumerate_moment(sgd, quantity(2), size)
    mean = letters.mean(sm.loss(2)).evaluate(values)
    assert mean(3) == enumerate_moment(sgd, sm.loss(2), 3, "mean")


def test_moments_of_two_features():
    """p = 2 by its moments, n a number."""
    values = {}
    for i in range(5):
        for j in range(5 - i):
            for k in range(5 - i - j):
                total = sum(F(r[0])**i * F(r[1])**j * F(y)**k for r, y in zip(X2, Y2, strict=True))
                values[i, j, k] = total / 4
    numbers = sm.SGD(MomentRegression(values, features=2, n=4), "1/7", [F(1, 2), -1])
    data = sm.SGD(sm.LinearRegression(X2, Y2), "1/7", [F(1, 2), -1])
    assert numbers.variance(sm.gradient(3)) == data.variance(sm.gradient(3))


def expand(function, count):
    """The first power series coefficients of a rational function of z with numbers as coefficients."""
    above, below = ([c.to_fraction() for c in p.coefficients(z)] for p in (function.numerator, function.denominator))
    found = []
    for k in range(count):
        known = sum((below[j] * found[k - j] for j in range(1, min(k, len(below) - 1) + 1)), F(0))
        found.append(((above[k] if k < len(above) else 0) - known) / below[0])
    return found


def test_two_weights_with_a_symbolic_rate():
    """The generating function over Q(alpha, c_b) expands to the moments; so does the recurrence."""
    sgd = sm.SGD(sm.LinearRegression(X2, Y2), initial=[F(1, 2), -1])
    closed = sgd.closed_form(sm.gradient)
    alpha = sgd.schedule.constant
    function = closed.generating_function(z)
    at = function.substitute({alpha: F(1, 11), closed.v: F(2, 3)})
    series = expand(at, 6)
    recurrence = closed.recurrence()
    values = [closed.in_v(step) for step in range(recurrence.first + 3)]
    for step in range(6):
        number = values[step].substitute({alpha: F(1, 11), closed.v: F(2, 3)}).to_fraction()
        assert series[step] == number
    assert tuple(values[:recurrence.first]) == recurrence.initial
    for step in range(recurrence.first, len(values)):
        past = [values[step - 1 - k] for k in range(len(recurrence.coefficients))]
        assert values[step] == sum(c * s for c, s in zip(recurrence.coefficients, past, strict=True))
    enumerated = sm.SGD(sm.LinearRegression(X2, Y2), "1/11", [F(1, 2), -1])
    size = F(4, 3)  # c_b = 2/3 at n = 4
    assert enumerated.variance(sm.gradient(2)).to_sympy(b).subs(b, sympy.Rational(size)) == sympy.Rational(series[2])


def test_radicals_only_on_request():
    sgd = sm.SGD(sm.LinearRegression(X2, Y2), "1/11", [F(1, 2), -1])
    closed = sgd.closed_form(sm.weights, "mean")[0]
    with pytest.raises(sm.RouteError, match="radicals=True"):
        closed.formula(t)
    formula = closed.formula(t, radicals=True)
    for step in range(4):
        assert sympy.simplify(formula.subs(t, step) - sympy.Rational(closed.value(step, 1))) == 0


def test_cubic_radicals():
    """The quadratic monomials of two weights give an irreducible cubic in c_b."""
    sgd = sm.SGD(sm.LinearRegression(X2, Y2), "1/11", [F(1, 2), -1])
    closed = sgd.closed_form(sm.gradient)
    formula = closed.formula(t, b=3, radicals=True)
    for step in range(3):
        number = complex(formula.subs(t, step).evalf(40))
        assert number.real == pytest.approx(float(closed.value(step, 3)), rel=1e-12)
        assert abs(number.imag) < 1e-12


def test_receipt():
    receipt = sm.SGD(sm.LinearRegression(X2, Y2)).closed_form(sm.gradient).at(1).provenance
    assert receipt.question == "variance of g_t at t = 1"
    assert any("Theorem 3.2" in rule for rule in receipt.rules)


def test_eigenvalues_that_are_rational_by_accident_need_no_radicals():
    """Orthogonal features: the operator is not triangular in this basis, but its eigenvalues are rational."""
    sgd = sm.SGD(sm.LinearRegression([[1, 1], [1, -1], [2, 2], [3, -3]], Y2), initial=[F(1, 2), -1])
    closed = sgd.closed_form(sm.weights, "mean")[1]
    alpha = sgd.schedule.constant
    formula = closed.formula(t).subs(alpha, sympy.Rational(1, 9))
    numbers = sm.SGD(sgd.model, "1/9", [F(1, 2), -1])
    for step in range(4):
        assert formula.subs(t, step) == sympy.Rational(numbers.mean(sm.weights(step))[1](1))


@pytest.mark.parametrize(("X", "rate"), [
    ([[1], [1], [-1]], "1/3"),   # x^2 constant: two equal powers
    ([[1], [1], [-1]], 1),       # 1 - alpha a = 0: a repeated eigenvalue 0
    ([[1], [1], [-1]], 2),       # 1 - alpha a = -1: a repeated eigenvalue 1
    ([[0], [0], [0]], "1/2"),    # nothing moves
    ([[1], [2], [3]], "3/14"),   # 1 - alpha a = 0, noise left
])
def test_repeated_and_vanishing_eigenvalues(X, rate):
    sgd = sm.SGD(sm.LinearRegression(X, [1, 1, 2]), rate, [F(5, 2)])
    for quantity in (sm.gradient, sm.loss):
        closed = sgd.closed_form(quantity)
        formula = closed.formula(t, b=b)
        for step in range(5):
            expected = sgd.variance(quantity(step))
            assert closed.at(step) == expected
            size = sympy.Rational(13, 11)  # where no two powers happen to be equal
            assert formula.subs({t: step, b: size}) == expected.to_sympy(b).subs(b, size)


@pytest.mark.parametrize("given", ["initial", "nothing"])
def test_random_initial_weights(given):
    sgd = sm.SGD(sm.LinearRegression(X2, Y2), "1/7", sm.GaussianInit(variance=2, mean=[1, F(1, 2)]))
    for quantity in (sm.gradient, sm.loss):
        closed = sgd.closed_form(quantity, given=given)
        assert [closed.at(step) for step in range(3)] == [
            sgd.variance(quantity(step), given=given) for step in range(3)]


def test_fresh_samples_and_a_matrix_on_the_left():
    sgd = sm.SGD(sm.Network((2, 1), data=sm.Gaussian([[2, 1], [1, 3]])), "1/20",
                 {"W1": [[1, -1]], "W1*": [[F(1, 2), 2]]})
    quantity = lambda step: [[1, 2], [0, 3], [1, 1]] @ sm.gradient(step)  # noqa: E731
    closed = sgd.closed_form(quantity)
    assert closed.at(3) == sgd.variance(quantity(3))
    assert closed.v.name == "u"


def test_mean_of_an_array_and_of_the_loss():
    sgd = sm.SGD(sm.LinearRegression(X2, Y2), "1/7", [F(1, 2), -1])
    assert [c.at(2) for c in sgd.closed_form(sm.weights, "mean")] == list(sgd.mean(sm.weights(2)))
    assert sgd.closed_form(sm.loss, "mean").at(2) == sgd.mean(sm.loss(2))


def test_user_letters_keep_their_own_meaning():
    """Data, weights and a rate called c_b, t, u, z, m_20 do not meet the letters of the answer."""
    c_b, u, m_20 = sympy.symbols("c_b u m_20")
    sgd = sm.SGD(sm.LinearRegression([[c_b], [t], [1]], [z, u, 0]), m_20, [z])
    closed = sgd.closed_form(sm.gradient)
    values = {c_b: F(1, 2), t: F(3), z: F(-1), u: F(2), m_20: F(1, 5)}
    plain = sm.SGD(sm.LinearRegression([[F(1, 2)], [3], [1]], [-1, 2, 0]), "1/5", [-1])
    assert closed.at(2).evaluate(values) == plain.variance(sm.gradient(2))
    assert closed.v.name == "c_b_1"
    step = next(s for s in closed.formula().free_symbols if s.name == "t_1")
    number = closed.formula(b=2).subs(step, 2).subs({k: sympy.Rational(v) for k, v in values.items()})
    assert number == sympy.Rational(plain.variance(sm.gradient(2))(2))
    with pytest.raises(sm.InputError, match="letter of the problem"):
        closed.formula(t)
    letters = sm.SGD(MomentRegression(n=n), initial=[m_20]).closed_form(sm.weights, "mean")[0]
    assert m_20 in letters.letters
    assert sympy.Symbol("m_20", real=True) in letters.letters


def test_scalar_problem_with_every_letter_is_fast():
    """E w_t, E w_t^2 and var(g_t) together: about 0.05 s; the limit leaves room for a busy machine."""
    start = time.perf_counter()
    sgd = sm.SGD(MomentRegression(n=n))
    sgd.closed_form(sm.weights, "mean")[0].formula(t, b=b)
    sgd.closed_form(sm.weights, "second_moment").formula(t, b=b)
    sgd.closed_form(sm.gradient).formula(t, b=b)
    assert time.perf_counter() - start < 1


def test_bad_input():
    model = sm.LinearRegression(X1, Y1)
    with pytest.raises(sm.AssumptionError, match="constant learning rate"):
        sm.SGD(model, lambda step: F(1, step + 1)).closed_form(sm.gradient)
    with pytest.raises(sm.InputError, match="function of t"):
        sm.SGD(model).closed_form(sm.gradient(3))
    with pytest.raises(sm.InputError, match="moment"):
        sm.SGD(model).closed_form(sm.gradient, "median")
    with pytest.raises(sm.InputError, match="given"):
        sm.SGD(model).closed_form(sm.gradient, given="everything")
    with pytest.raises(sm.RouteError, match="linear in its weights"):
        sm.SGD(sm.Network((1, 1, 1))).closed_form(sm.gradient)
    closed = sm.SGD(model).closed_form(sm.gradient)
    with pytest.raises(sm.InputError, match="batch size"):
        closed.value(1, 5)
    with pytest.raises(sm.InputError, match="step is an integer"):
        closed.at(-1)
    letters = sm.SGD(MomentRegression(n=n))
    with pytest.raises(sm.InputError, match="n is the letter"):
        letters.closed_form(sm.gradient).value(1, 2)
    with pytest.raises(sm.RouteError, match="order above 2"):
        letters.variance(sm.loss(1))
    with pytest.raises(sm.InputError, match="exponents"):
        MomentRegression({(1,): 2})
    with pytest.raises(sm.InputError, match="n: found"):
        MomentRegression(n=0)


def test_a_letter_for_n_in_print():
    """Coefficients are then quotients, whose denominators keep their brackets beside b."""
    answer = sm.SGD(MomentRegression({(2, 0): 1, (1, 1): 0, (3, 1): 0}, n=n), initial=[0]).variance(sm.gradient(0))
    assert answer.latex() == r"-\frac{m_{22}}{n - 1} + \frac{m_{22} n}{\left(n - 1\right) b}"
    assert answer.evaluate({"m_22": 6, "n": 4})(2) == 2


@pytest.mark.parametrize("count", [None, 1, 6, 7])
def test_the_letter_of_the_batch_size_and_the_batch_size_are_inverse(count):
    """c_b = (n-b)/(b(n-1)) and 1/b, solved for b: n/(1 + c_b (n-1)), which has no value at c_b = -1/(n-1)."""
    points = [[k] for k in range(1, (count or 3) + 1)]
    sgd = sm.SGD(sm.LinearRegression(points, [1] * len(points)), "1/100", [0],
                 "without_replacement" if count else "with_replacement")
    for holder in (sgd.closed_form(sm.gradient), sgd.stability().pencil):
        for size in range(1, (count or 9) + 1):
            assert holder.batch_size_of(holder.noise(size)) == size
        if count is None:
            assert holder.batch_size_of(F(0)) is None
        elif count > 1:
            assert holder.batch_size_of(F(-1, count - 1)) is None
            assert holder.batch_size_of(F(-2, count - 1)) == -count


def test_no_batch_size_belongs_to_a_letter_where_n_is_one():
    sgd = sm.SGD(MomentRegression(n=n), "1/10", [0])
    assert sgd.closed_form(sm.gradient).batch_size_of(F(1, 2)) is None
    assert sgd.stability().pencil.batch_size_of(F(1, 2)) is None


def test_radicals_of_two_factors_by_hand():
    """Two blocks with eigenvalues +-sqrt 2 and +-sqrt 5: neither rational, nor a factor of the other."""
    ring = Ring(())
    entries = [[0, 2, 0, 0], [1, 0, 0, 0], [0, 0, 0, 5], [0, 0, 1, 0]]
    system = LinearSystem(tuple(map(ring, (1, 1, 1, 2))), tuple(tuple(map(ring, row)) for row in entries),
                          tuple(map(ring, (1, 2, 3, 1))))
    formula = radical_formula(system, t)
    # (w, x) -> (2x, w) from (1, 2), and (y, z) -> (5z, y) from (3, 1); s = w + x + y + 2z
    by_hand = {0: 1 + 2 + 3 + 2, 1: 4 + 1 + 5 + 6, 2: 2 + 4 + 15 + 10, 3: 8 + 2 + 25 + 30}
    for step, value in by_hand.items():
        assert sympy.simplify(formula.subs(t, step)) == value


def test_conditions_of_limits_in_words():
    """One weight of rate alpha on 1, 2, 3: the mean moves by 1 - 14 alpha/3. Two weights: by det(x - 1 + alpha H)."""
    one = sm.SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]), None, [0]).closed_form(sm.weights, "mean")[0]
    assert [str(c) for c in conditions(one)] == ["mean of w_t converges where |1 - 14*alpha/3| < 1"]
    two = sm.SGD(sm.LinearRegression([[1, 1], [1, 0]], [1, 2]), None, [0, 0]).closed_form(sm.weights, "mean")[0]
    (condition,) = conditions(two)  # H = [[2, 1], [1, 1]]/2: x^2 - (2 - 3a/2) x + 1 - 3a/2 + a^2/4
    text = str(condition).removeprefix("mean of w_t converges where all roots x of ")
    x, alpha = sympy.symbols("x alpha")
    polynomial = sympy.sympify(text.removesuffix(" have |x| < 1"))
    assert sympy.expand(polynomial - (x**2 - (2 - 3 * alpha / 2) * x + 1 - 3 * alpha / 2 + alpha**2 / 4)) == 0


def conditions(closed):
    return [Convergence(closed, *_split(limit_of(closed.systems)[1]))]
