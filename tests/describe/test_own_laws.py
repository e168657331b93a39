"""Laws of a user's own: `moment` opens components and closure; each further answer opens one thing more."""

from fractions import Fraction as F
from itertools import product

import numpy as np
import pytest

import sgdmoments as sm
from sgdmoments.describe.initial import Init
from sgdmoments.describe.laws.coordinates import IndependentCoordinates
from sgdmoments.testing import check_law, enumerate_moment, outcomes

START = {"W1": [[1, 2]], "W1*": [[0, 1]]}
SIGNS = [(1, 1, F(3, 8)), (-1, -1, F(3, 8)), (1, -1, F(1, 8)), (-1, 1, F(1, 8))]
ROWS = [[1, 1]] * 3 + [[-1, -1]] * 3 + [[1, -1], [-1, 1]]


class Moments(sm.Law):
    """(s, s') with signs of correlation 1/2: moments only."""

    dimension = 2

    def moment(self, exponents):
        i, j = (e % 2 for e in exponents)
        return F(0) if i != j else F(1, 2) if i else F(1)


class Listed(Moments):
    """The same, its values listed."""

    def support(self, size, degree):
        return [((F(s), F(t)), c) for s, t, c in SIGNS]


class Drawn(Moments):
    """The same, drawn from a table."""

    def source(self):
        return sm.Source.table([row[:2] for row in SIGNS], [row[2] for row in SIGNS])


class Independent(sm.Law):
    """Independent signs in any dimension, as index graphs know them."""

    def moment(self, exponents):
        return F(all(e % 2 == 0 for e in exponents))

    def entries(self):
        return sm.Entries(lambda order: {2: 1, 4: -2, 6: 16, 8: -272}[order] if order % 2 == 0 else 0)


def run(law, initial=START, **options):
    return sm.SGD(sm.Network((2, 1), data=law, **options), "1/10", initial)


def test_moments_are_enough_for_components_and_closure():
    sgd = run(Moments())
    table = sm.SGD(sm.Network((2, 1), data=sm.Empirical(ROWS)), "1/10", START, "with_replacement")
    for quantity in (sm.gradient(1), sm.loss(1), sm.weights(2)):
        answer = table.variance(quantity, route="closure")
        for route in ("closure", "components", "auto"):
            assert sgd.variance(quantity, route=route) == answer
    assert enumerate_moment(sgd, sm.gradient(0), 2) == sgd.variance(sm.gradient(0))(2)


def test_elsewhere_it_is_refused_by_name():
    sgd = run(Moments())
    with pytest.raises(sm.RouteError, match=r"index graphs know .* not Moments\(\)"):
        sgd.variance(sm.gradient(1), route="symbolic")
    with pytest.raises(sm.AssumptionError, match=r"draws samples, and Moments\(\) does not say .* give Moments"):
        sm.simulate(sgd, sm.gradient(0), None, batch_sizes=[2], samples=1000)
    with pytest.raises(sm.AssumptionError, match="give Moments a method entries"):
        Moments().entries()
    x = sm.matrix("x", 2, 1)
    with pytest.raises(sm.AssumptionError, match=r"x: index graphs know .* not Moments\(\)"):
        sm.expectation(sm.trace(x.T @ x), {"x": Moments()})


def test_a_support_shortens_the_enumeration():
    sgd, blind = run(Listed()), run(Moments())
    for quantity in (sm.gradient(1), sm.loss(1)):
        value = enumerate_moment(sgd, quantity, 1)
        assert value == sgd.variance(quantity)(1) == blind.variance(quantity)(1)
    assert sorted(chance for chance, _ in outcomes(sgd, sm.gradient(0), 1)) == [F(1, 8)] * 2 + [F(3, 8)] * 2
    assert enumerate_moment(sgd, sm.gradient(1), 1, limit=16) == sgd.variance(sm.gradient(1))(1)
    with pytest.raises(sm.BudgetExceeded):
        enumerate_moment(blind, sm.gradient(1), 1, limit=16)


@pytest.mark.parametrize("rows", [[((F(1), F(1)), F(1, 2))], [((F(1),), F(1))]])
def test_a_support_that_is_none_is_named(rows):
    wrong = type("Wrong", (Moments,), {"support": lambda self, size, degree: rows})
    with pytest.raises(sm.InputError, match=r"Wrong\(\).support: expected values in R\^2 whose probabilities sum to 1"):
        enumerate_moment(run(wrong()), sm.gradient(0), 1)


@pytest.mark.parametrize("quantity", [sm.gradient(1), sm.loss(1)])
def test_a_source_is_drawn_from(quantity):
    report = sm.check(run(Drawn()), quantity, samples=40_000, batch_sizes=[1, 2, 4], seed=3)
    assert report.passed


def test_labels_may_have_such_noise():
    noise = type("Pair", (Drawn,), {})()
    start = {"W1": [[1], [2]], "W1*": [[0], [1]]}
    sgd = sm.SGD(sm.Network((1, 2), data=sm.Rademacher(), noise=noise), "1/10", start)
    for route in ("closure", "components"):
        assert sgd.variance(sm.gradient(0), route=route)(2) == enumerate_moment(sgd, sm.gradient(0), 2)
    with pytest.raises(sm.RouteError, match="index graphs know"):
        sgd.variance(sm.gradient(0), route="symbolic")
    assert sm.check(sgd, sm.gradient(1), samples=40_000, batch_sizes=[1, 2], seed=1).passed


def test_entries_open_the_graphs():
    sgd = run(Independent())
    for quantity in (sm.gradient(1), sm.loss(1)):
        answer = sgd.variance(quantity, route="symbolic")
        assert answer == sgd.variance(quantity, route="closure") == run(sm.Rademacher()).variance(quantity)
    assert sm.SGD(sm.Network(("p", 1), data=Independent())).variance(sm.gradient(0)) == \
        sm.SGD(sm.Network(("p", 1), data=sm.Rademacher())).variance(sm.gradient(0))


def test_a_law_with_points_is_a_finite_data_set():
    class Corners(sm.Law):
        dimension = 2

        def __init__(self):
            self.points = np.array([[F(s), F(t)] for s, t in product((0, 1), repeat=2)], dtype=object)

        def moment(self, exponents):
            return F(1, 2 ** sum(e > 0 for e in exponents))

    sgd = run(Corners())
    same = run(sm.Empirical([[0, 0], [0, 1], [1, 0], [1, 1]]))
    assert (sgd.n, sgd.sampling, Corners().n) == (4, "without_replacement", 4)
    for route in ("closure", "components", "symbolic"):
        assert sgd.variance(sm.gradient(1), route=route) == same.variance(sm.gradient(1), route=route)
    assert sgd.variance(sm.gradient(1))(2) == enumerate_moment(sgd, sm.gradient(1), 2)


@pytest.mark.parametrize(("points", "message"), [
    ((1, 2), r"Wrong.points: expected 2 dimensions, found shape \(2,\)"),
    (np.empty((0, 2), dtype=object), r"Wrong.points: the data set is empty \(shape \(0, 2\)\)"),
    ([["one", 2]], r"Wrong.points\[0, 0\]: cannot read the text 'one'")])
def test_points_that_are_none_are_named(points, message):
    with pytest.raises(sm.InputError, match=message):
        type("Wrong", (Moments,), {"points": points})()


class Ends(Init):
    """Every weight 0 or 2, all together."""

    def moment(self, exponents):
        return F(1) if not any(exponents) else F(2 ** sum(exponents), 2)


class DrawnEnds(Ends):
    """The same, drawn."""

    def source(self):
        return sm.Source.table([[0, 0], [2, 2]])


def test_so_are_initial_weights():
    sgd = run(sm.Rademacher(), {"W1": Ends(), "W1*": [[0, 1]]})
    by_hand = [run(sm.Rademacher(), {"W1": [[w, w]], "W1*": [[0, 1]]}).second_moment(sm.gradient(1)) for w in (0, 2)]
    for route in ("closure", "components"):
        assert sgd.second_moment(sm.gradient(1), route=route) == (by_hand[0] + by_hand[1]) * F(1, 2)
    with pytest.raises(sm.RouteError, match=r"initial\['W1'\] has entries that are not independent"):
        sgd.variance(sm.gradient(1), route="symbolic")
    with pytest.raises(sm.AssumptionError, match=r"Ends\(\) does not say from what"):
        sm.simulate(sgd, sm.gradient(0), None, batch_sizes=[2], samples=1000)
    drawn = run(sm.Rademacher(), {"W1": DrawnEnds(), "W1*": [[0, 1]]})
    assert sm.check(drawn, sm.gradient(1), samples=40_000, batch_sizes=[1, 2], seed=2).passed


@pytest.mark.parametrize(("make", "message"), [
    (lambda: sm.Source.atoms([]), "no values"),
    (lambda: sm.Source.atoms([1, 2], [1]), "chances: expected 2, one for each value, found 1"),
    (lambda: sm.Source.table([[1], [2]], ["1/2", "1/3"]), "probabilities that sum to 1, found 1/2, 1/3"),
    (lambda: sm.Source.table([[1], [2]], [2, -1]), "probabilities that sum to 1"),
    (lambda: sm.Source.table([1, 2]), "rows"),
])
def test_sources_are_read_with_names(make, message):
    with pytest.raises(sm.InputError, match=message):
        make()


def test_a_table_of_other_rows_than_the_sample_is_named():
    wrong = type("Wrong", (Moments,), {"source": lambda self: sm.Source.table([[1]])})
    with pytest.raises(sm.InputError, match=r"Wrong\(\).source: the rows have 1 entries, a sample has 2"):
        sm.simulate(run(wrong()), sm.gradient(0), None, batch_sizes=[1], samples=1000)


@pytest.mark.parametrize("law", [sm.Gaussian([[2, 1], [1, 3]]), sm.Gaussian(), sm.Uniform(0, 2), sm.Coordinates((1, 3)),
                                 sm.Rademacher(), sm.Empirical(ROWS), Moments()])
def test_mean_and_covariance_are_those_of_the_moments(law):
    mean, covariance = law.mean_and_covariance(2)
    own = [law.moment((1, 0)), law.moment((0, 1))]
    assert list(mean) == own
    for (i, j), value in np.ndenumerate(covariance):
        exponents = [0, 0]
        exponents[i] += 1
        exponents[j] += 1
        assert value == law.moment(tuple(exponents)) - own[i] * own[j]


@pytest.mark.parametrize(("law", "more"), [(Moments(), ()), (Listed(), ("support",)), (Drawn(), ("source",)),
                                           (Independent(), ("entries",))])
def test_they_agree_with_themselves(law, more):
    assert check_law(law, degree=6) == ("moment", "mean_and_covariance", *more, "copies")


class Integers(Moments):
    """Moments of independent signs as Python's own numbers; points that are no Fractions."""

    def moment(self, exponents):
        return [0, 1.0][all(e % 2 == 0 for e in exponents)]


class Scalar(IndependentCoordinates):
    """The same by a coordinate."""

    def coordinate_moment(self, order):
        return [1.0, 0][order % 2]


@pytest.mark.parametrize("law", [Integers(), Scalar()])
def test_whatever_number_a_law_returns_is_exact(law):
    assert {type(law.moment(e)) for e in ((0, 0), (1, 0), (2, 2))} == {F}
    sgd, signs = (run(x, noise=y) for x, y in ((law, Scalar()), (sm.Rademacher(), sm.Rademacher())))
    for route in ("closure", "components"):
        assert sgd.variance(sm.gradient(1), route=route) == signs.variance(sm.gradient(1), route=route)
    value = enumerate_moment(sgd, sm.gradient(0), 1)
    assert type(value) is F
    assert value == signs.variance(sm.gradient(0))(1)


def test_a_moment_that_is_no_number_is_named():
    wrong = type("Wrong", (Moments,), {"moment": lambda self, exponents: None})
    with pytest.raises(sm.InputError, match=r"Wrong\.moment\(\(.*\)\): cannot read None"):
        run(wrong()).variance(sm.gradient(0))


def test_points_are_read_exactly():
    listed = type("Points", (Moments,), {"points": [[0.5, 1], [1, "1/3"], [2, 0]]})()
    same = sm.Empirical([[0.5, 1], [1, "1/3"], [2, 0]])
    assert {type(entry) for entry in listed.points.flat} == {F}
    assert run(listed).variance(sm.gradient(1)) == run(same).variance(sm.gradient(1))
    assert enumerate_moment(run(listed), sm.gradient(0), 2) == enumerate_moment(run(same), sm.gradient(0), 2)
