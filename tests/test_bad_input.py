"""Bad input is refused with a message that says what was found and where."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import sympy

import sgdmoments as sm

X, Y = [[1, 2], [3, 4], [0, 1], [5, 5]], [1, 0, 2, 1]
nan, inf = math.nan, math.inf
t, x = sympy.Symbol("t"), sympy.Symbol("x")


def regression(rate=Fraction(1, 10), initial=(0, 1), sampling=None):
    return sm.SGD(sm.LinearRegression(X, Y), rate, initial, sampling)


def two_layers(**options):
    """A 2-3-1 network on four points, numbers everywhere unless `options` say otherwise."""
    model = sm.Network((2, 3, 1), data=sm.Empirical(X), targets=Y)
    return sm.SGD(model, Fraction(1, 10), {"W1": np.ones((3, 2), int), "W2": [[1, 2, 3]], **options})


def refused(error, message, call):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(("points", "targets", "message"), [
    ([[1, nan], [1, 2]], [1, 2], r"X\[0, 1\]: found nan; every number must be finite"),
    ([[1, 2], [inf, 2]], [1, 2], r"X\[1, 0\]: found inf; every number must be finite"),
    (np.array([[1.0, 2.0], [3.0, np.nan]]), [1, 2], r"X\[1, 1\]: found nan"),
    ([["1", "nan"]], [1], r"X\[0, 1\]: found NaN"),
    ([["1", "-inf"]], [1], r"X\[0, 1\]: found -Infinity"),
    ([[Decimal("sNaN"), 1]], [1], r"X\[0, 0\]: found sNaN"),
    ([["1", "two"]], [1], r"X\[0, 1\]: cannot read the text 'two'"),
    ([["1", "1/0"]], [1], r"X\[0, 1\]: '1/0' divides by zero"),
    ([[1, None]], [1], r"X\[0, 1\]: cannot read None of type NoneType"),
    ([[1, 1j]], [1], r"X\[0, 1\]: cannot read 1j of type complex"),
    ([[1, sympy.I]], [1], r"X\[0, 1\]: I is not a finite real polynomial expression"),
    ([[sympy.oo, 1]], [1], r"X\[0, 0\]: oo is not a finite real"),
    ([[sympy.nan, 1]], [1], r"X\[0, 0\]: nan is not a finite real"),
    ([[1, 2]], [nan], r"y\[0\]: found nan"),
    ([[1, 2], [3]], [1, 2], "X: rows of different lengths"),
    ([[1, [2]], [3, 4]], [1, 2], "X: rows of different lengths"),
    ([1, 2], [1, 2], r"X: expected 2 dimensions, found shape \(2,\)"),
    ([[[1]]], [1], r"X: expected 2 dimensions, found shape \(1, 1, 1\)"),
    ([[1], [2]], [1], "y: expected 2 entries, one for each row of X, found 1"),
    ([[1], [2]], [[1], [2]], r"y: expected 1 dimension, found shape \(2, 1\)"),
    ([[1], [2]], 3, r"y: expected 1 dimension, found shape \(\)"),
    (np.empty((0, 2)), [], r"X: the data set is empty \(shape \(0, 2\)\)"),
    (np.empty((2, 0)), [1, 2], r"X: the data set is empty \(shape \(2, 0\)\)"),
    ([], [], "X: expected 2 dimensions"),
])
def test_regression_data(points, targets, message):
    refused(sm.InputError, message, lambda: sm.LinearRegression(points, targets))


@pytest.mark.parametrize(("rate", "message"), [
    (-1, "learning_rate: found -1; a learning rate cannot be negative"),
    ("-1/3", "learning_rate: found -1/3; a learning rate cannot be negative"),
    ([1, Fraction(-1, 2)], r"learning_rate\[1\]: found -1/2; a learning rate cannot be negative"),
    (sympy.Symbol("alpha", negative=True), "learning_rate: found alpha; a learning rate cannot be negative"),
    (-sympy.Symbol("alpha", positive=True), "learning_rate: found -alpha; a learning rate cannot be negative"),
    (nan, "learning_rate: found nan"),
    ([1, inf], r"learning_rate\[1\]: found inf"),
    (sympy.Float("nan"), "learning_rate: nan is not a finite"),
    ([], "learning_rate: the sequence is empty"),
    ("fast", "learning_rate: cannot read the text 'fast'"),
    ({0: 1}, "learning_rate: cannot read {0: 1} of type dict"),
    (b"0.1", "learning_rate: found b'0.1'; bytes are not rates"),
    (bytearray(b"1"), "bytes are not rates"),
])
def test_learning_rates(rate, message):
    refused(sm.InputError, message, lambda: regression(rate))


def test_learning_rates_that_fail_only_when_asked():
    refused(sm.InputError, r"learning_rate\(1\): found -1; a learning rate cannot be negative",
            lambda: regression(lambda s: -s).variance(sm.gradient(2)))
    refused(sm.InputError, r"alpha_2 is needed, but the sequence ends at alpha_1; give at least 3 rates",
            lambda: regression([1, 2]).variance(sm.gradient(3)))
    assert regression([1, 2]).variance(sm.gradient(2)) is not None


@pytest.mark.parametrize(("call", "message"), [
    (lambda: regression(initial=[0]), r"initial\['w'\]: expected shape \(2,\), found \(1,\)"),
    (lambda: regression(initial=[[0, 1]]), r"initial\['w'\]: expected shape \(2,\), found \(1, 2\)"),
    (lambda: regression(initial=[0, nan]), r"initial\['w'\]\[1\]: found nan"),
    (lambda: regression(initial={"v": [0, 1]}), r"initial: unknown names \['v'\]; the model has w"),
    (lambda: two_layers(W1=np.ones((2, 3))), r"initial\['W1'\]: expected shape \(3, 2\), found \(2, 3\)"),
    (lambda: two_layers(**{"W1*": [[1]]}), r"unknown names \['W1\*'\]; the model has W1, W2"),
    (lambda: sm.SGD(sm.Network((2, 1)), 1, [[1, 2]]), r"expected a dict with the names W1, W1\*, found list"),
    (lambda: sm.SGD(sm.Network(("p", 1)), 1, {"W1": [[1, 2]]}), r"initial\['W1'\]: the widths \[p\] are letters"),
    (lambda: regression(initial=sm.GaussianInit(mean=[1, 2, 3])), "a mean with 2 entries is needed, found 3"),
    (lambda: sm.GaussianInit(variance=-1), "variance: found -1; a variance cannot be negative"),
    (lambda: sm.GaussianInit(variance=1, covariance=[[1]]), "variance or covariance, not both"),
    (lambda: sm.RandomInit([0, 0], [[1]]), r"covariance: expected shape \(2, 2\), found \(1, 1\)"),
    (lambda: sm.RandomInit([0, 0], [[1, 2], [2, 1]]), "not positive semidefinite"),
    (lambda: sm.RandomInit([0, 0], None), "covariance: expected 2 dimensions"),
    (lambda: sm.RandomInit(None, [[1]]), "mean: cannot read None"),
    (lambda: sm.RandomInit([0], "S"), "covariance: expected 2 dimensions"),
    (lambda: sm.GaussianInit(covariance="S"), "covariance: expected 2 dimensions"),
    (lambda: sm.GaussianInit(variance=sympy.Symbol("v", negative=True)), "variance: found v; a variance cannot be neg"),
    (lambda: sm.GaussianInit(mean=[1, 2], covariance=[[1]]), r"covariance: expected shape \(2, 2\), found \(1, 1\)"),
    (lambda: regression(initial=sm.GaussianInit(covariance=[[1]])), r"a covariance of 2 entries is needed"),
    (lambda: regression(initial=sm.RandomInit([1], [[1]])), "a mean with 2 entries is needed, found 1"),
    (lambda: two_layers(W1=sm.GaussianInit(mean=np.ones((2, 3)))), r"a mean of shape \(3, 2\) is needed, found \(2, 3"),
])
def test_initial_weights(call, message):
    refused(sm.InputError, message, call)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: regression(sampling="bootstrap"), "found 'bootstrap'; use one of without_replacement, with_replacement"),
    (lambda: regression(sampling="fresh"), "'fresh' does not fit a finite data set"),
    (lambda: sm.SGD(sm.Network((2, 1)), sampling="without_replacement"),
     "'without_replacement' does not fit a data law"),
    (lambda: sm.SGD(X), r"model: expected LinearRegression or Network, found \[\["),
])
def test_sampling_and_model(call, message):
    refused(sm.InputError, message, call)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: sm.gradient(-1), "t: found -1; a step is an integer >= 0"),
    (lambda: sm.weights(1.5), "t: found 1.5; a step is an integer >= 0"),
    (lambda: sm.loss(True), "t: found True; a step is an integer >= 0"),
    (lambda: sm.full_gradient("1"), "t: found '1'; a step is an integer >= 0"),
    (lambda: sm.gradient(None), "t: found None; a step is an integer >= 0"),
    (lambda: sm.gradient(0, layer=0), "layer: found 0; layers count from 1"),
    (lambda: sm.gradient(0, layer=-1), "layer: found -1; layers count from 1"),
    (lambda: sm.gradient(0, layer=" "), "layer: found ' '; expected a number or the name of a parameter"),
    (lambda: [[1, 2]] @ sm.loss(1), "the loss is a number; a matrix cannot be applied"),
    (lambda: [1, 2] @ sm.gradient(1), r"A: expected 2 dimensions, found shape \(2,\)"),
    (lambda: [[1, 2], [3]] @ sm.gradient(1), "A: rows of different lengths"),
    (lambda: [[1, nan]] @ sm.gradient(1), r"A\[0, 1\]: found nan"),
    (lambda: [[1, 2, 3]] @ ([[1, 2]] @ sm.gradient(1)), r"A: shape \(1, 3\) does not fit .* \(1, 2\)"),
    (lambda: sm.sample_gradients(0, []), "matrices: expected matrices of one shape, found none"),
    (lambda: sm.sample_gradients(0, [[[1, 2]], [[1], [2]]]), r"matrices: .* one shape, found \[\(1, 2\), \(2, 1\)\]"),
    (lambda: sm.sample_gradients(0, [[[1, nan]]]), r"matrices\[0\]\[0, 1\]: found nan"),
])
def test_quantities(call, message):
    refused(sm.InputError, message, call)


@pytest.mark.parametrize("moment", ["variance", "second_moment", "mean"])
@pytest.mark.parametrize(("quantity", "message"), [
    (sm.gradient(1, layer=2), "layer: found 2, but the model has 1 layer"),
    ([[1, 2, 3]] @ sm.gradient(1), "A @ gradient: the matrix has 3 columns, the quantity 2 components"),
    (sm.sample_gradients(1, [[[1, 2]]] * 3), r"expected n = 4 matrices with 2 columns, found 3 of shape \(1, 2\)"),
    (sm.sample_gradients(1, [[[1]]] * 4), r"expected n = 4 matrices with 2 columns, found 4 of shape \(1, 1\)"),
    ("gradient", "quantity: .*'gradient'"),
    (sm.gradient, "quantity: "),
])
def test_quantities_that_do_not_fit_the_model(moment, quantity, message):
    refused(sm.InputError, message, lambda: getattr(regression(), moment)(quantity))


@pytest.mark.parametrize(("options", "message"), [
    ({"route": "magic"}, "route: found 'magic'"),
    ({"arithmetic": "approximate"}, "arithmetic: found 'approximate'"),
    ({"given": "everything"}, "given: found 'everything'"),
    ({"colour": 1}, "colour"),
])
def test_unknown_names(options, message):
    refused(sm.InputError, message, lambda: regression().variance(sm.gradient(1), **options))


def test_symbols_that_are_not_polynomial_are_refused():
    for entry in (1 / (x + 1), sympy.sqrt(x), sympy.sin(x), x**sympy.Rational(3, 2)):
        sgd = sm.SGD(sm.LinearRegression([[entry, 1], [2, 3]], [1, 2]), 1, [0, 1])
        refused(sm.InputError, "not a polynomial with rational coefficients", lambda s=sgd: s.variance(sm.gradient(1)))


def test_a_reciprocal_of_a_symbol_is_data():
    found = sm.SGD(sm.LinearRegression([[1 / x, 1], [2, 3]], [1, 2]), 1, [0, 1]).variance(sm.gradient(1))
    number = sm.SGD(sm.LinearRegression([["1/3", 1], [2, 3]], [1, 2]), 1, [0, 1]).variance(sm.gradient(1))
    assert found.evaluate({"x": 3}) == number


def test_floats_inside_expressions_are_taken_exactly():
    sgd = sm.SGD(sm.LinearRegression([[0.1, 1], [2, 3]], [1, 2]), 0.25, [0, 1])
    exact = sm.SGD(sm.LinearRegression([[Fraction(*(0.1).as_integer_ratio()), 1], [2, 3]], [1, 2]), "1/4", [0, 1])
    inside = sm.SGD(sm.LinearRegression([[0.1 * x, 1], [2, 3]], [1, 2]), sympy.Float(0.25), [0, 1])
    assert sgd.variance(sm.gradient(1)) == exact.variance(sm.gradient(1))
    assert inside.variance(sm.gradient(1)).evaluate({"x": 1}) == exact.variance(sm.gradient(1))


@pytest.mark.parametrize(("b", "message"), [
    (0, "b: found 0; a batch size is a positive integer"),
    (-1, "b: found -1; a batch size is a positive integer"),
    (1.5, "b: found 1.5; a batch size is a positive integer"),
    (Fraction(5, 2), "b: found 5/2; a batch size is a positive integer"),
    (5, "b: found 5 > n = 4; batches are drawn without replacement"),
    (nan, "b: found nan"),
    ("many", "b: cannot read the text 'many'"),
])
def test_batch_sizes(b, message):
    refused(sm.InputError, message, lambda: regression().variance(sm.gradient(0))(b))


def test_batch_sizes_with_replacement_have_no_upper_bound():
    p = regression(sampling="with_replacement").variance(sm.gradient(0))
    assert p(5) == p(1) / 5
    refused(sm.AssumptionError, "c_b belongs to sampling without replacement", p.in_cb)


def test_polynomials_with_letters_cannot_be_certified():
    p = regression(rate=None).variance(sm.gradient(1))
    refused(sm.InputError, "decreasing_from needs rational coefficients", p.decreasing_from)
    refused(sm.InputError, "is_nonnegative_in_cb needs rational coefficients", p.is_nonnegative_in_cb)
    refused(sm.InputError, "alpha", lambda: p.evaluate({}))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "other"}', "not json"])
def test_saved_polynomials(text):
    refused(sm.InputError, "from_json: ", lambda: sm.BatchPolynomial.from_json(text))


@pytest.mark.parametrize(("call", "message"), [
    (lambda: sm.Network((2,)), r"widths: expected \(p, p_1, ..., p_H\)"),
    (lambda: sm.Network((2, 0)), r"widths\[1\]: found 0; a width is a positive integer"),
    (lambda: sm.Network((2, 1.5)), r"widths\[1\]: found 1.5; a width is a positive integer"),
    (lambda: sm.Network((2, sympy.Symbol("p1", negative=True))), r"widths\[1\]: the symbol p1 is assumed not to be"),
    (lambda: sm.Network((2, 1), activation=(0, 0)), "activation: every coefficient is zero"),
    (lambda: sm.Network((2, 1), activation=()), "activation: every coefficient is zero"),
    (lambda: sm.Network((2, 1), activation=(0, nan)), r"activation\[1\]: found nan"),
    (lambda: sm.Network((2, 1), data=X), "data: expected a law such as Gaussian"),
    (lambda: sm.Network((3, 1), data=sm.Empirical(X)), r"the law lives in dimension 2, but widths\[0\] is 3"),
    (lambda: sm.Network((2, 1), targets=Y), "labels can only be listed for a finite data set"),
    (lambda: sm.Network((2, 1), data=sm.Empirical(X), targets=[1]),
     r"targets: expected shape \(4, 1\), found \(1, 1\)"),
    (lambda: sm.Network("2,1"), r"widths: found '2,1'; expected a sequence"),
    (lambda: sm.Network(b"21"), r"widths: found b'21'; expected a sequence"),
    (lambda: sm.Network({2: 1, 1: 2}), "widths: found {2: 1, 1: 2}; expected a sequence"),
    (lambda: sm.Network({2, 1}), "widths: found {1, 2}; expected a sequence"),
    (lambda: sm.Network(3), "widths: found 3; expected a sequence"),
    (lambda: sm.Network((2, "p,q")), r"widths\[1\]: cannot read the text 'p,q'"),
    (lambda: sm.Network((2, True)), r"widths\[1\]: found True"),
    (lambda: sm.Network((2, 1), activation="12"), "activation: found '12'; expected a sequence"),
    (lambda: sm.Network((2, 1), teacher="no"), "teacher: found 'no'; use True or False"),
    (lambda: sm.Network((2, 1), noise=sm.Gaussian([[1, 0], [0, 1]])),
     r"noise: the law lives in dimension 2, but widths\[-1\], the length of the label, is 1"),
    (lambda: sm.Network((2, "p"), noise=sm.Gaussian([[1, 0], [0, 1]])), "noise: the law lives in dimension 2, but"),
    (lambda: sm.Gaussian(""), "covariance: found ''; a matrix is needed, or a name"),
    (lambda: sm.Gaussian(np.empty((0, 0))), "covariance: the matrix is empty"),
    (lambda: sm.Gaussian([[-1, x], [x, 1]]), "not positive semidefinite"),
    (lambda: sm.Coordinates("123"), "moments: found '123'; expected a sequence"),
    (lambda: sm.IndependentInit("123"), "moments: found '123'; expected a sequence"),
    (lambda: sm.IndependentInit(3), "moments: found 3; expected a sequence"),
    (lambda: sm.MomentRegression([1, 2]), r"moments: found \[1, 2\]; expected a dict"),
    (lambda: sm.MomentRegression({2: 1}), "moments: found the key 2"),
    (lambda: sm.Network((2, 1), teacher=False), "teacher=False: give targets"),
    (lambda: sm.Network((2, 1), noise=1), "noise: expected a law"),
    (lambda: sm.Gaussian([[1, 2], [3, 4]]), "not symmetric"),
    (lambda: sm.Gaussian([[1, 2]]), r"expected a symmetric matrix, found shape \(1, 2\)"),
    (lambda: sm.Gaussian([[1, 2], [2, 1]]), "not positive semidefinite"),
    (lambda: sm.Uniform(1, 1), "needs a < b, found a = 1, b = 1"),
    (lambda: sm.Uniform(0, x), "b: expected a rational number, found the symbolic expression x"),
    (lambda: sm.Coordinates([]), "needs at least the first moment"),
    (lambda: sm.Coordinates([0, inf]), r"moments\[1\]: found inf"),
    (lambda: sm.Empirical(np.empty((0, 3))), r"points: the data set is empty \(shape \(0, 3\)\)"),
    (lambda: sm.Empirical([1, 2]), "points: expected 2 dimensions"),
])
def test_networks_and_laws(call, message):
    refused(sm.InputError, message, call)


@pytest.mark.parametrize("value", [5, "gradient", [1], {}])
def test_what_is_no_function_of_t_or_no_quantity_is_refused(value):
    sgd = sm.SGD(sm.LinearRegression([[1, 2], [3, 4]], [1, 2]), "1/10", [0, 0])
    for ask in (lambda: sgd.trajectory(value, 3, [1]), lambda: sgd.closed_form(value), lambda: sgd.recurrence(value),
                lambda: sgd.derivation(value), lambda: sgd.variance(value), lambda: sgd.plan(value),
                lambda: sgd.variance(sm.gradient(1), progress=value),
                lambda: sgd.variance(sm.gradient(1), route="components", executor=value)):
        with pytest.raises(sm.InputError):
            ask()
