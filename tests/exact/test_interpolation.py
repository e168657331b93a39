"""Newton's interpolation: the polynomial comes back from its values, whatever the degree that is allowed."""

from fractions import Fraction as F

import pytest

from sgdmoments.exact.interpolation import interpolated


@pytest.mark.parametrize("coefficients", [
    (F(0),), (F(5, 3),), (F(1), F(-2)), (F(0), F(0), F(7, 2)), (F(-1, 3), F(2), F(0), F(5)),
    (F(1), F(1, 2), F(-3), F(0), F(4), F(-1, 7))])
@pytest.mark.parametrize("more", [0, 1, 3])
def test_the_polynomial_comes_back(coefficients, more):
    asked = []

    def value(k):
        asked.append(k)
        return sum((c * k**j for j, c in enumerate(coefficients)), F(0))

    assert interpolated(value, len(coefficients) - 1 + more) == coefficients
    assert asked == list(range(len(coefficients) + more))
