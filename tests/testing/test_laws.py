"""A law is tested against itself: the package's own pass, each thing that is wrong is named."""

from fractions import Fraction as F

import numpy as np
import pytest
import sympy

import sgdmoments as sm
from sgdmoments.testing import check_law

s = sympy.Symbol("s", positive=True)
ALWAYS = {"moment", "mean_and_covariance"}


@pytest.mark.parametrize(("law", "more"), [
    (sm.Gaussian(), {"entries", "source", "is_even", "copies"}),
    (sm.Gaussian([[2, 1], [1, s]]), {"entries", "source", "is_even", "copies"}),
    (sm.Rademacher(), {"support", "entries", "source", "is_even", "copies"}),
    (sm.Uniform(-1, "1/3"), {"entries", "source", "copies"}),
    (sm.Uniform(-2, 2), {"entries", "source", "is_even", "copies"}),
    (sm.Coordinates((0, 1, 2, s)), {"entries", "source", "copies"}),
    (sm.Coordinates((0, s, 0, 3 * s**2)), {"entries", "source", "is_even", "copies"}),
    (sm.Empirical([[1, s], [2, "1/3"]]), {"support", "copies"})])
@pytest.mark.parametrize("degree", [0, 1, 2, 4])
def test_laws_of_the_package(law, more, degree):
    assert set(check_law(law, degree=degree)) == ALWAYS | more


class Signs(sm.Law):
    """Independent signs, asked for nothing but moments."""

    dimension = 2

    def moment(self, exponents):
        return F(all(e % 2 == 0 for e in exponents))


def test_moments_alone():
    assert check_law(Signs()) == ("moment", "mean_and_covariance", "copies")


@pytest.mark.parametrize(("body", "message"), [
    ({"moment": lambda self, e: F(2) ** sum(e) if sum(e) < 2 else F(1)}, r"Wrong.moment: no law has these moments"),
    ({"moment": lambda self, e: "one"}, r"Wrong.moment\(\(0, 0\)\): cannot read the text 'one'"),
    ({"mean_and_covariance": lambda self, n: (np.zeros(2, dtype=int), np.array([[1, 0], [0, 2]]))},
     r"Wrong.mean_and_covariance: the moment \(0, 2\) is 2, but moment\(\(0, 2\)\) is 1"),
    ({"support": lambda self, n, d: [((1, 1), F(1, 2)), ((-1, -1), F(1, 2))]},
     r"Wrong.support: the moment \(1, 1\) is 1, but moment\(\(1, 1\)\) is 0"),
    ({"support": lambda self, n, d: [((1, 1), F(1, 2))]}, r"Wrong.support: the moment \(0, 0\) is 1/2"),
    ({"entries": lambda self: sm.Entries.normal()}, r"Wrong.entries: the moment \(0, 4\) is 3"),
    ({"entries": lambda self: sm.Entries.normal(covariance=[[1, 1], [1, 1]])},
     r"Wrong.entries: the moment \(1, 1\) is 1"),
    ({"source": lambda self: sm.Source.normal()}, r"Wrong.source: the moment \(0, 4\) is 3"),
    ({"source": lambda self: sm.Source.normal(1, np.array([1, 0]))}, r"Wrong.source: the moment \(1, 0\) is 1"),
    ({"source": lambda self: sm.Source.uniform(-1, 1)}, r"Wrong.source: the moment \(0, 2\) is 1/3"),
    ({"source": lambda self: sm.Source.atoms([1, -1], ["1/3", "2/3"])}, r"Wrong.source: the moment \(0, 1\) is -1/3"),
    ({"source": lambda self: sm.Source.moments([0, 1, 1])}, r"Wrong.source: the moment \(0, 3\) is 1"),
    ({"source": lambda self: sm.Source.table([[1, 1], [-1, -1]])}, r"Wrong.source: the moment \(1, 1\) is 1"),
    ({"points": np.array([[F(1), F(1)]])}, r"Wrong.points: the moment \(0, 1\) is 1"),
])
def test_what_disagrees_is_named(body, message):
    with pytest.raises(sm.InputError, match=message):
        check_law(type("Wrong", (Signs,), body)())


def test_a_law_that_is_not_even():
    wrong = type("Wrong", (Signs,), {"is_even": True, "moment": lambda self, e: F(1)})
    with pytest.raises(sm.InputError, match=r"Wrong.is_even: the moment \(0, 1\) is 0, but moment\(\(0, 1\)\) is 1"):
        check_law(wrong())


def test_only_laws():
    with pytest.raises(sm.InputError, match="expected a law, found 3"):
        check_law(3)
