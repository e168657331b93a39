"""Laws of several named parts are values too: rebuilt by repr, JSON and pickle, with the moments of their parts."""

import pickle
from fractions import Fraction as F

import pytest

import sgdmoments as sm
from sgdmoments import Array, Empirical, Gaussian, Product, Rademacher, Uniform  # noqa: F401 (names in reprs)
from sgdmoments.models.moment_regression import JointMoments

POINTS = Empirical(x=[[1, 2], [3, 4]], label=[5, "1/3"])
LAWS = [
    (Empirical([[1, 2]]), "Empirical([[1, 2]])"),
    (POINTS, "Empirical(x=[[1, 2], [3, 4]], label=[5, '1/3'])"),
    (Empirical(z=[[1], [2]]), "Empirical(z=[[1], [2]])"),
    (Empirical(x=[1, 2]), "Empirical(x=[1, 2])"),
    (Product(x=(Gaussian(), 2), noise=(Uniform(0, 1), ())), "Product(x=(Gaussian(), (2,)), noise=(Uniform(0, 1), ()))"),
    (Product(noise=(Rademacher(), 1), data=POINTS),
     "Product(x=Empirical(x=[[1, 2], [3, 4]], label=[5, '1/3']), noise=(Rademacher(), (1,)))")]


@pytest.mark.parametrize(("law", "text"), LAWS)
def test_every_copy_is_equal(law, text):
    assert repr(law) == text
    for copy in (eval(text), type(law).from_json(law.to_json()), pickle.loads(pickle.dumps(law))):
        assert copy == law
        assert (copy.parts, hash(copy)) == (law.parts, hash(law))


def test_two_factors_of_several_parts_are_both_kept():
    joint = JointMoments(2, {(2, 0): 1})
    law = Product(a=Empirical(u=[1, 2], v=[3, 4]), b=joint)
    assert [part.name for part in law.parts] == ["u", "v", "x", "label"]
    assert Product.from_json(law.to_json()) == law


def test_moments_are_those_of_the_parts_by_hand():
    law = Product(noise=(Rademacher(), 1), data=POINTS)  # the data set comes first
    assert law.moment((1, 1, 1, 2)) == F(1 * 2 * 5 + 3 * 4 * F(1, 3)) / 2
    assert law.moment((1, 0, 0, 1)) == 0
    mean, covariance = law.mean_and_covariance(4)
    assert (mean[0], covariance[0, 0], covariance[3, 3], covariance[0, 3]) == (2, 1, 1, 0)


@pytest.mark.parametrize(("make", "message"), [
    (lambda: Empirical(), "give the points"), (lambda: Empirical([[1]], x=[1]), "give the points"),
    (lambda: Empirical(x=[1, 2], label=[1]), r"x of shape \(2,\), label of shape \(1,\)"),
    (lambda: Empirical(x=5), r"each part has a row"), (lambda: POINTS.part("y"), "has the parts x, label"),
    (lambda: Product(), "expected the laws of named parts"), (lambda: Product(x=5), "x: expected a law"),
    (lambda: Product(x=Gaussian()), "the length of x must be said"),
    (lambda: Product(x=(Gaussian([[1]]), 2)), "the law has 1 coordinates, the shape .* has 2"),
    (lambda: Product(a=POINTS, b=POINTS), "two finite data sets"),
    (lambda: Product(a=POINTS, label=(Gaussian(), 1)), "two parts have one name: x, label, label")])
def test_what_makes_no_law_is_refused(make, message):
    with pytest.raises(sm.InputError, match=message):
        make()
