"""Sizes of questions in components by hand, and what work says of itself: its receipt and its progress."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from math import lcm

import numpy as np
import pytest
import sympy

import sgdmoments as sm
from sgdmoments.exact.ring import Ring
from sgdmoments.recursion.backward import pieces
from sgdmoments.recursion.term_count import ProblemSize, Size, problem_size
from sgdmoments.routes.closure.sizes import _bits_per_step, _letters, estimate, operator_terms
from sgdmoments.routes.components.growth import BEYOND, Degrees, monomials, sizes_of

LINEAR = Degrees(steps=2, weight_degree=1, top=2, held=6, width=2, statistics=3, letters=0, start_letters=0, gradings=0,
                 now=2, independent=True)
TWO_LAYERS = replace(LINEAR, weight_degree=3, top=6)


def network(*widths, **options):
    start = {f"W{k}{star}": [[1 + (i + 2 * j) % 3 for j in range(widths[k - 1])] for i in range(widths[k])]
             for k in range(1, len(widths)) for star in ("", "*")}
    return sm.SGD(sm.Network(widths, **options), "1/10", start)


@pytest.mark.parametrize(("by", "degree"), [
    (replace(LINEAR, steps=0), 1), (replace(LINEAR, steps=1), 2), (LINEAR, 3),  # E||g_t||^2 has degree t + 1
    (replace(LINEAR, now=0), 2), (replace(LINEAR, steps=0, now=0), 0), (replace(LINEAR, now=1, top=1), 0),
    (replace(TWO_LAYERS, steps=0), 1), (replace(TWO_LAYERS, steps=1), 1 + 5), (TWO_LAYERS, 1 + 5 + 17),  # 6, 18 factors
    (replace(LINEAR, independent=False), 3),
])
def test_degrees_in_1_over_b_by_hand(by, degree):
    """Each step's statistics join a factor of degree m in w_(k+1) in m places: m - 1 powers of 1/b more."""
    assert sizes_of(by).degree == degree


def test_terms_by_hand():
    """Forward the 10 monomials of degree <= 2 of 3 statistics, times 1 + 1 powers of 1/b; one step back 2 * 10 times
    all 6 monomials of 2 weights, or a half of as large a part of them as is held."""
    one = replace(LINEAR, steps=1)
    assert (sizes_of(one).terms, sizes_of(one).middle) == (20, 1)
    letters = replace(one, letters=2, start_letters=2, gradings=2)  # the letters of w_0 stand in no step: two gradings
    assert sizes_of(letters).terms == 2 * 10 * 6 * (6 / (2 * 6)) / 2
    assert (sizes_of(replace(letters, held=12)).terms, sizes_of(replace(letters, held=12)).middle) == (2 * 10 * 6, 0)
    assert sizes_of(replace(LINEAR, steps=0)).terms == 6


def test_work_by_hand():
    """Two layers: what has degree 6 in 2 weights becomes, for each j <= 6, degree j in 3 statistics, 6 + 2 j in
    weights; 3 letters of the data, in squares, stand in both factors of a moment that the target holds."""
    by = replace(TWO_LAYERS, steps=1, held=2 * 28, letters=2, start_letters=2, gradings=2)
    image = sum((j + 1) * (j + 2) // 2 * (2 * j + 7) * (2 * j + 8) // 2 for j in range(7))
    assert (sizes_of(by).terms, sizes_of(by).middle) == (2 * image, 0)
    assert (sizes_of(replace(by, letters=0, start_letters=0, gradings=0)).terms, monomials(3, 6)) == (2 * 84, 84)
    letters = replace(by, letters=3, start_letters=0, gradings=3, data_letters=3, sample_degree=2, held=28)
    assert sizes_of(letters).terms == 84 * (1 + 1) * monomials(2, 2 * 2)


def test_label_noise_without_replacement_takes_a_moment_of_each_point():
    by = replace(TWO_LAYERS, steps=1, independent=False)
    assert sizes_of(replace(by, points=8)).moments > 4 * sizes_of(by).moments


def test_long_and_hopeless_runs_by_hand():
    thousand, three = (sizes_of(replace(LINEAR, steps=steps)) for steps in (1000, 3000))
    assert (three.terms, three.degree) == (3 * thousand.terms, 3 * thousand.degree)
    assert thousand.degree == 1001
    for steps in (13, 10**9):
        assert sizes_of(replace(TWO_LAYERS, steps=steps)).terms == sizes_of(
            replace(TWO_LAYERS, steps=steps)).degree == int(BEYOND)
    assert sizes_of(replace(TWO_LAYERS, steps=12)).terms < BEYOND


def test_arithmetic_of_sizes_by_hand():
    """Two monomials of degrees (1, 1): products multiply terms and add degrees, sums add terms."""
    size = Size(2, 1, 1)
    assert size + size == size - size == Size(4, 1, 1)
    assert Size(2, 3, 1) + Size(1, 1, 4) == Size(3, 3, 4)
    assert size + 1 == 1 + size == 1 - size == Size(3, 1, 1)
    assert size + 0 == size * 3 == -size == size / 7 == size
    assert size * size == size**2 == Size(4, 2, 2)
    assert size**3 == Size(8, 3, 3)
    assert size * 0 == size * Size(0) == Size(0) * size == Size(0)


@pytest.mark.parametrize(("sgd", "found"), [
    # x of 2 entries: W2 W1 x has 6 terms, the teacher's part those of x: 2 + 1; the statistics are 3 products x_i x_j
    (network(2, 3, 1), ProblemSize(9, 1, 0, 6, 6 + 3, 3, 3, 3)),
    (network(3, 2), ProblemSize(6, 2, 0, 3, 3 + 4, 1, 6, 6)),
    (sm.SGD(sm.LinearRegression([[1, 2], [3, 4], [0, 1]], [1, 2, 3]), "1/10", [0, 0]),
     ProblemSize(2, 1, 0, 2, 2 + 1, 1, 5, 2)),  # n points carry n - 1 statistics
    # letters: weights, teacher, rate
    (sm.SGD(sm.Network((2, 3, 1))), ProblemSize(9, 1, 2 * 9 + 1, 6, 6 + 6, 3, 3, 3, 6)),
], ids=range(4))
def test_sizes_of_problems_by_hand(sgd, found):
    assert problem_size(sgd) == found
    assert found.loss_terms == found.outputs * found.prediction_terms**2
    assert found.gradient_terms >= found.outputs * found.residual_terms * found.prediction_terms


def regression(steps=3):
    return sm.SGD(sm.LinearRegression([[1, 2], [0, 1], [3, 1]], [1, 0, 2]), "1/10", [1, 1]), sm.gradient(steps)


RUNS = {
    "closure": lambda **more: regression()[0].variance(regression()[1], **more),
    "closure in fractions": lambda **more: regression()[0].variance(regression()[1], arithmetic="fractions", **more),
    "closure, many steps": lambda **more: regression()[0].variance(sm.gradient(40), **more),
    "components": lambda **more: network(1, 2, 1).variance(sm.gradient(2), route="components", **more),
    "expansion": lambda **more: network(1, 2, 1).variance(sm.gradient(2), route="expansion", **more),
    "expansion in floats": lambda **more: network(1, 2, 1).variance(
        sm.gradient(2), route="expansion", arithmetic="float", **more),
    "expansion in balls": lambda **more: network(1, 2, 1).variance(
        sm.gradient(2), route="expansion", arithmetic="balls", **more),
    "symbolic": lambda **more: sm.SGD(sm.Network(("p", 1), noise=sm.Gaussian())).variance(sm.gradient(2), **more),
    "trajectory": lambda **more: regression()[0].trajectory(sm.gradient, 3, [1, 2], **more),
    "certified trajectory": lambda **more: regression()[0].trajectory(sm.gradient, 3, [1, 2], certified=True, **more),
    "derivation": lambda **more: sm.SGD(sm.Network(("p", 1))).derivation(sm.gradient(1), **more),
}


def spread(**more):
    with ThreadPoolExecutor(2) as executor:
        return RUNS["components"](executor=executor, **more)


@pytest.mark.parametrize("run", [*RUNS.values(), spread], ids=[*RUNS, "components, spread over workers"])
def test_progress_is_a_part_of_the_whole(run):
    reports = []
    run(progress=reports.append)
    assert reports
    for report in reports:
        assert isinstance(report.stage, str)
        assert report.stage
        assert report.done >= 0
        assert report.total is None or report.done <= report.total
        assert report.terms >= 0
        assert report.seconds >= 0


@pytest.mark.parametrize(("name", "sizes"), [
    ("closure", {"monomials": 6, "steps": 3, "degree": 4, "arithmetic": "exact"}),
    ("components", {"statistics": 1, "weights": 4}), ("expansion", {"order": 1, "arithmetic": "exact", "weights": 4}),
    ("symbolic", {})])
def test_receipts(name, sizes):
    receipt = RUNS[name]().provenance
    assert receipt.route == name
    assert sizes.items() <= dict(receipt.sizes).items()
    assert receipt.checks == ()
    assert any("1/2" in convention for convention in receipt.conventions)
    assert any(f"Theorem 3.{k}" in rule for rule in receipt.rules for k in (2, 6, 8)) or name == "symbolic"
    assert 0 < receipt.seconds < 60
    if name == "closure":
        assert receipt.question == "variance of ∇L_3, given the initial weights" or "g_3" in receipt.question
        assert "sampling without replacement" in receipt.conventions
    if name == "components":
        assert "forward steps" in dict(receipt.sizes)


def test_degrees_of_questions_by_hand():
    """g of two layers has degree 3 in w_t, and w_t is linear in the statistics of step t - 1."""
    def degrees(quantity):
        return [{e.route: e.needs for e in network(1, 2, 1).plan(quantity, moment)}["components"]["degree"]
                for moment in ("mean", "second_moment")]

    assert degrees(sm.gradient(1)) == [2, 6]
    assert degrees(sm.loss(1)) == [3, 7]


class Five(sm.Network):
    """f(x) = 5."""

    def predict(self, weights, constants, sample):
        return np.array([5], dtype=object)


def test_a_prediction_that_is_a_number_has_a_size():
    found = problem_size(sm.SGD(Five((2, 1), data=sm.Empirical([[1, 2]]), teacher=False, targets=[3]), "1/10"))
    assert (found.prediction_terms, found.weight_degree) == (1, 0)


@pytest.mark.parametrize(("budget", "what"), [
    (sm.Budget(terms=3), "5 terms"), (sm.Budget(seconds=1e-5), r"0\.000112 s"), (sm.Budget(memory=70_000), "bytes")])
def test_what_is_too_large_to_write_out_is_refused_in_words(budget, what):
    sgd = network(2, 2, 1) if budget.memory != 70_000 else network(9, 9, 1)
    with pytest.raises(sm.BudgetExceeded, match=rf"^components: writing out g_0 is predicted to need .*{what}, over"):
        sgd.variance(sm.gradient(0), route="components", budget=budget)


def test_sizes_of_closure_by_hand():
    """Of 2 weights: 2 products of one gradient with 3 monomials each, and 3 of two with 6 each."""
    assert [operator_terms(2, order) for order in (1, 2)] == [2 * 3, 2 * 3 + 3 * 6]
    a, x = sympy.symbols("a x")
    start = sm.SGD(sm.LinearRegression([[1, 2], [0, 1]], [1, 0]), "1/10", [a, x])
    data = sm.SGD(sm.LinearRegression([[1, x], [0, 1]], [1, 0]), "1/10", [a, 1])
    rate = sm.SGD(sm.LinearRegression([[1, x], [0, 1]], [1, 0]), None, [1, 1])
    assert [_letters(sgd, sm.gradient(2)) for sgd in (start, data, rate)] == [0, 1, 2]  # those of w_0 are put in last


@pytest.mark.parametrize(("points", "targets", "rate"), [
    ([[1], [2], [3]], [1, 1, 2], "1/10"), ([[1, "1/3"], [0, 1], [3, 1]], [1, 0, 2], "1/7"),
    ([[17, 3], [5, 1], [3, 100]], [1, 0, 2], "3/1000")])
def test_numbers_grow_with_each_step_about_as_predicted(points, targets, rate):
    sgd = sm.SGD(sm.LinearRegression(points, targets), rate, [1] * len(points[0]))
    second = lcm(*(c.denominator for c in sgd.variance(sm.gradient(40)).coefficients)).bit_length() / 40
    first = sgd.mean(sm.weights(40))[0].coefficients[0].denominator.bit_length() / 40
    for order, found in ((1, first), (2, second)):
        assert found / 2 <= _bits_per_step(sgd, order) <= 4 * found


def test_terms_of_closure_by_hand():
    """After 3 steps the 6 moments of 2 weights have 4 powers of 1/b each, beside the means; of order 1 just 3."""
    sgd, quantity = regression(3)
    assert estimate(sgd, quantity, "variance")["terms"] == 6 * 4 + operator_terms(2, 2)
    assert estimate(sgd, quantity, "mean")["terms"] == 3 + operator_terms(2, 1)


def test_the_nearest_mean_is_affordable_and_the_next_is_not():
    sgd = regression()[0]
    with pytest.raises(sm.BudgetExceeded, match=r"^closure: the mean of w_1000000000 is predicted to need") as caught:
        sgd.mean(sm.weights(10**9))
    t = int(re.search(r"t = (\d+)", caught.value.nearest)[1])
    assert estimate(sgd, sm.weights(t), "mean")["seconds"] <= 900 < estimate(sgd, sm.weights(t + 1), "mean")["seconds"]


@pytest.mark.parametrize("name", ["closure", "closure in fractions"])
def test_each_step_undone_is_reported(name):
    reports = []
    RUNS[name](progress=reports.append)
    undone = [(report.done, report.total) for report in reports if report.stage == "undoing steps"]
    assert undone[:3] == [(0, 3), (1, 3), (2, 3)]


def test_pieces_add_up_to_the_whole():
    """A polynomial of 1,275 terms, cut: each piece at least 16 terms, none twice, their order that of the exponents."""
    ring = Ring(sympy.symbols("a b"))
    a, b = map(ring.generator, ring.generators)
    value = sum((a**i * b**j * (i + 50 * j + 1) for i in range(50) for j in range(50 - i)), ring.zero)
    parts = list(pieces(value))
    assert sum(parts, ring.zero) == value
    assert sum(map(len, parts)) == len(value) == 1275
    assert len(parts) > 1
    assert all(len(part) >= 16 for part in parts[:-1])
    assert list(pieces(a)) == [a]
