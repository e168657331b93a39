"""Whatever decides a value decides equality, hash, JSON, pickle and arithmetic."""

import pickle
from fractions import Fraction as F
from itertools import permutations
from math import prod

import numpy as np
import pytest
import sympy

import sgdmoments as sm
from sgdmoments.graphs.labels import Label
from sgdmoments.graphs.meaning import read_known, same_numbers
from sgdmoments.graphs.run_letters import step_of

START, TEACHER, OTHER = {"W1": [[1, 2]]}, {"W1*": [[3, 1]]}, {"W1*": [[3, 2]]}
X, Z, Y = [[1, 2], [3, 1]], [[1, 2], [3, 2]], [[1], [2]]


def network(**options):
    initial = options.pop("initial", {})
    return sm.SGD(sm.Network((2, 1), **options), "1/10", initial).variance(sm.gradient(1), route="symbolic")


def on_points(points=X, targets=Y, sampling=None, initial=None, **options):
    model = sm.Network((2, 1), data=sm.Empirical(points), targets=targets, teacher=False)
    return sm.SGD(model, "1/10", initial, sampling).variance(sm.gradient(1), route="symbolic", **options)


S, T = [[2, 1], [1, 3]], [[5, 0], [0, 7]]
#: Two answers whose numbers differ, and the letters that are still open in both.
PAIRS = {
    "covariance": (lambda: network(data=sm.Gaussian(S)), lambda: network(data=sm.Gaussian(T)), {**START, **TEACHER}),
    "teacher": (lambda: network(initial=TEACHER), lambda: network(initial=OTHER), START),
    "given weights": (lambda: network(initial=START), lambda: network(initial={"W1": [[1, 3]]}), TEACHER),
    "noise": (lambda: network(noise=sm.Gaussian([[2]])), lambda: network(noise=sm.Gaussian([[3]])),
              {**START, **TEACHER}),
    "points": (on_points, lambda: on_points(Z), START),
    "targets": (on_points, lambda: on_points(targets=[[1], [5]]), START),
    "points and weights": (lambda: on_points([*X, [0, 1]], [*Y, [1]]), lambda: on_points([*Z, [0, 1]], [*Y, [1]]),
                           START),
    "initial law": (lambda: network(initial={"W1": sm.GaussianInit(variance=1)}),
                    lambda: network(initial={"W1": sm.GaussianInit(variance=2)}), TEACHER),
}


@pytest.mark.parametrize("name", PAIRS)
def test_numbers_decide_equality_and_arithmetic(name):
    make, make_other, values = PAIRS[name]
    a, b = make(), make_other()
    assert a != b
    assert a == make()
    assert hash(a) == hash(make())
    one, other = a.evaluate(values), b.evaluate(values)
    assert one != other
    for size in (1, 2):
        assert (a + b).evaluate(values)(size) == one(size) + other(size)
        assert (b + a).evaluate(values)(size) == one(size) + other(size)
        assert (a - b).evaluate(values)(size) == one(size) - other(size)
        assert (a * b).evaluate(values)(size) == one(size) * other(size)
    assert a + b == b + a
    assert hash(a + b) == hash(b + a)
    assert (a + b) - b == a
    assert a - b != sm.BatchPolynomial((0,))


@pytest.mark.parametrize("name", PAIRS)
def test_saving_keeps_the_numbers(name):
    make, make_other, values = PAIRS[name]
    for p in (make(), make() + make_other()):
        for again in (sm.BatchPolynomial.from_json(p.to_json()), pickle.loads(pickle.dumps(p))):
            assert again == p
            assert hash(again) == hash(p)
            assert again.evaluate(values) == p.evaluate(values)


def test_the_example_of_two_covariances_by_number():
    values = {"W1": (((1, 2),)), "W1*": ((3, 1),)}
    a, b = PAIRS["covariance"][0](), PAIRS["covariance"][1]()
    assert (a.evaluate(values)(1), b.evaluate(values)(1)) == (F(93, 2), F(78863, 100))
    assert (a + b).evaluate(values)(1) == F(93, 2) + F(78863, 100)
    assert "Sigma_2" in str(a + b)


def test_equality_sees_through_numbers_and_definitions():
    plain, identity = network(), network(data=sm.Gaussian([[1, 0], [0, 1]]))
    assert plain.entries[1].raw != identity.entries[1].raw
    assert plain == identity
    assert hash(plain) == hash(identity)
    # with no teacher to learn from and weights 0 nothing moves: var(g) has no term but those of the noise
    still = network(initial={"W1*": [[0, 0]]}).evaluate({"W1": [[0, 0]]}, partial=True)
    assert still == sm.BatchPolynomial((0,))
    assert hash(still) == hash(sm.BatchPolynomial((0,)))


def test_numbers_that_do_not_occur_do_not_count():
    A, B = sm.matrix("A", 2, 2), sm.matrix("B", 2, 2)
    (a,), (b,) = sm.trace(A).labels, sm.trace(B).labels
    one = sm.trace(A).with_known({a: X, b: X})
    two = sm.trace(A).with_known({a: X, b: Z})
    assert one == two
    assert hash(one) == hash(two)
    assert sm.trace(A).with_known({a: X}) == 2  # 1 + 1
    assert hash(sm.trace(A).with_known({a: X})) == hash(2)


def test_irrational_numbers_are_compared_exactly():
    A, B = sm.matrix("A", 1, 1), sm.matrix("B", 1, 1)
    (a,) = sm.trace(A).labels
    root = sm.trace(B @ B.T @ A @ A).with_known({a: [[sympy.sqrt(2)]]})
    assert root == 2 * sm.trace(B @ B.T)
    assert hash(root) == hash(2 * sm.trace(B @ B.T))
    assert root != sm.trace(B @ B.T)


def test_learning_rates_of_one_name_are_two_letters():
    plain, positive = sympy.Symbol("alpha"), sympy.Symbol("alpha", positive=True)
    p, q = (sm.SGD(sm.Network((2, 1)), rate).variance(sm.gradient(1)) for rate in (plain, positive))
    assert p != q
    assert sm.BatchPolynomial.from_json(q.to_json()) == q
    assert p - q != sm.BatchPolynomial((0,))
    with pytest.raises(sm.InputError, match="two symbols are called 'alpha'"):
        (p + q).evaluate({"alpha": 1, **START, **TEACHER})
    twins = sm.BatchPolynomial((plain, positive))
    with pytest.raises(sm.InputError, match="two symbols are called 'alpha'"):
        twins.evaluate({"alpha": 1})
    assert twins.evaluate({plain: 1, positive: 2}) == sm.BatchPolynomial((1, 2))


def test_population_and_truncation_decide():
    assert on_points() != on_points(sampling="with_replacement")
    cut = on_points(sampling="with_replacement", inverse_batch_order=1)
    assert cut != on_points(sampling="with_replacement", inverse_batch_order=2)
    assert sm.BatchPolynomial((1,)) != sm.BatchPolynomial((1,), population=2)


def test_letters_may_be_left_open():
    p = sm.SGD(sm.Network(("n", 1)), "1/10").variance(sm.gradient(0))
    part = p.evaluate({"n": 3, "not there": 1}, partial=True)
    whole = {"W1": [[1, 2, 3]], "W1*": [[0, 1, 1]]}
    assert part.evaluate(whole) == p.evaluate(whole)
    with pytest.raises(sm.InputError, match="expected shape"):
        part.evaluate({"W1": [[1, 2]], "W1*": [[0, 1]]})
    first = p.evaluate({"W1": [[1, 2, 3]]}, partial=True)
    assert first.evaluate({"W1*": [[0, 1, 1]]}) == p.evaluate(whole)
    assert first != p
    with pytest.raises(sm.InputError, match="no value given for 'W1"):
        first.evaluate({})
    with pytest.raises(sm.InputError, match="n = 3"):
        first.evaluate({"W1*": [[0, 1]]})


def test_numbers_by_name_into_sympy():
    A = sm.matrix("A", "n", "p")
    moment = sm.expectation(sm.trace(A.T @ A @ A.T @ A), {"A": sm.GaussianInit()})
    p = sympy.Symbol("p", integer=True, positive=True)
    assert sympy.expand(moment.evaluate({"n": 3}, partial=True).to_sympy() - 3 * p * (p + 4)) == 0
    assert sm.BatchPolynomial((moment,)).to_sympy(values={"n": 3, "p": 2}) == 36


def test_an_answer_integrated_over_its_open_weights_keeps_its_numbers():
    given = network(data=sm.Gaussian(S), initial=TEACHER)
    integrated = sm.expectation(given.entries[1], {"W1": sm.GaussianInit()})
    whole = network(data=sm.Gaussian(S), initial={**TEACHER, "W1": sm.GaussianInit()})
    assert integrated == whole.entries[1]
    assert integrated.evaluate({}) == whole.entries[1]


def test_arrays_with_numbers_keep_them():
    a = sm.expectation(sm.matrix("A", 1, 2), {"A": sm.GaussianInit(mean=[[1, 2]])})
    b = sm.expectation(sm.matrix("A", 1, 2), {"A": sm.GaussianInit(mean=[[3, 5]])})
    assert sm.squared_norm(a) == 5
    assert sm.trace((a + b) @ (a + b).T) == 16 + 49
    assert sm.trace(a @ b.T) == 13


def test_a_dimension_in_a_coefficient_is_no_number():
    """n tr(A A) and k tr(A A) are equal at n = k only."""
    n = sympy.Symbol("n", integer=True, positive=True)
    A, B = sm.matrix("A", n, n), sm.matrix("B", n, 2)
    for k in range(1, 7):
        for graph in (sm.trace(A @ A), sm.trace(A @ A @ A @ A), sm.trace(B.T @ B), sm.trace(B.T @ A @ B)):
            assert n * graph != k * graph
            assert (n - k) * graph != 0
            assert n * graph == graph * n


def test_matrices_of_a_letter_dimension_have_no_relations():
    """The Gram determinant of the traceless parts of four matrices: at n = 2 they span three dimensions."""
    n = sympy.Symbol("n", integer=True, positive=True)
    for size, vanishes in ((n, False), (3, False), (2, True)):
        letters = [sm.matrix(name, size, size) for name in "ABCD"]
        gram = [[sm.trace(X @ Y) - sm.trace(X) * sm.trace(Y) / 2 for Y in letters] for X in letters]
        determinant = 0
        for places in permutations(range(4)):
            sign = prod(1 if places[i] < places[j] else -1 for i in range(4) for j in range(i + 1, 4))
            determinant = determinant + sign * gram[0][places[0]] * gram[1][places[1]] * gram[2][places[2]] * gram[3][
                places[3]]
        assert (determinant == 0) is vanishes


def test_a_letter_known_on_one_side_and_open_on_the_other_is_two_letters():
    """tr(A) with A = 2 known, plus, times and less tr(A) with A open: at A = 5 it is 7, 10, -3."""
    a = sm.trace(sm.matrix("A", 1, 1))
    known = a.with_known({next(iter(a.labels)): [[2]]})
    at = {"A": [[5]]}
    for first, second, signs in ((known, a, 1), (a, known, -1)):
        assert (first + second).evaluate(at) == 7
        assert (first * second).evaluate(at) == 10
        assert (first - second).evaluate(at) == -3 * signs
    assert known != a
    assert known + known == 4


def test_numbers_of_letters_are_compared_entry_by_entry():
    a, b = Label("A", (1, 2)), Label("B", (1, 2))
    one, same, other = (read_known({a: [[1, x]]}) for x in ("1/2", F(1, 2), F(1, 3)))
    assert same_numbers(one, same)
    assert not same_numbers(one, other)
    assert not same_numbers(one, read_known({b: [[1, "1/2"]]}))
    assert not same_numbers(one, {})
    assert same_numbers({}, {})


def test_an_array_that_cannot_be_written_to_is_read_exactly_all_the_same():
    floats = np.array([[0.5, 0.25]])
    floats.flags.writeable = False
    a = Label("A", (1, 2))
    found = read_known({a: floats})[a]
    assert [type(x) for x in found.flat] == [F, F]
    assert found.tolist() == [[F(1, 2), F(1, 4)]]
    assert read_known({a: found})[a] is found


def test_equality_with_irrational_numbers_is_decided_entry_by_entry():
    """tr(AA) and tr(AA^T) agree where all entries of A are equal, and nowhere near; so with a dimension as a letter."""
    root = sympy.sqrt(2)
    for rows in (2, "n"):
        a, s = sm.matrix("A", rows, rows), sm.matrix("S", rows, rows, symmetric=True)
        assert root * sm.trace(a @ a) != root * sm.trace(a @ a.T)
        assert root * sm.trace(a @ s) == root * sm.trace(a.T @ s)
        assert root * sm.trace(a @ s) != root * sm.trace(a) * sm.trace(s)
    wide = sm.matrix("B", 2, "n")
    gram = wide @ wide.T
    assert root * sm.trace(gram @ gram) != root * sm.trace(gram) ** 2
    minor = (sm.trace(gram) ** 2 - sm.trace(gram @ gram)) * root  # twice the determinant: a relation of 2 x 2 matrices
    assert sm.trace(gram @ gram @ gram) * root == sm.trace(gram) * sm.trace(gram @ gram) * root - sm.trace(
        gram) * minor / 2


def test_hashes_of_equal_expressions_are_equal():
    s, a = sm.matrix("S", 2, 2, symmetric=True), sm.matrix("A", 2, 2)
    identity = {next(iter(s.array.labels)): [[1, 0], [0, 1]]}
    weighed = sm.trace(a @ s @ a.T).with_known(identity)
    assert weighed == sm.trace(a @ a.T)
    assert hash(weighed) == hash(sm.trace(a @ a.T))
    assert hash(sm.trace(s @ a)) == hash(sm.trace(s @ a.T))
    arrays = (a @ s).array.with_known(identity), a.array
    assert arrays[0] == arrays[1]
    assert hash(arrays[0]) == hash(arrays[1])
    assert len({hash(sm.trace(s @ a)), hash(sm.trace(a)), hash(sm.trace(s))}) == 3


def test_separators_in_names_make_no_two_letters_one():
    names = ["a", "a\\", "a\\u", "a\x1f", "a\\\x1f", "a\\\\u", "a\x1fmatrix"]
    labels = [Label(name, (2,), kind) for name in names for kind in ("matrix", "s")]
    labels += [Label("a", (2, 2), "matrix", symmetric=True), Label("a\x1fmatrix", (2,), "s", meaning="2")]
    assert len(set(labels)) == len(labels)
    assert len({id(label) for label in labels}) == len(labels)
    assert [label.name for label in labels[::2][:7]] == names


def test_the_step_of_a_letter_is_behind_the_last_at_sign():
    assert step_of(Label("W", (1, 1), "weights", meaning="W@1@23")) == 23
