"""The exact, the readable and the floating-point arithmetic give one answer."""

from math import isclose

from hypothesis import given, settings
from hypothesis import strategies as st

from sgdmoments.testing import strategies

MOMENTS = ("variance", "second_moment")


@settings(max_examples=40)
@given(st.data())
def test_three_backends_agree(data):
    sgd = data.draw(strategies.regression_sgds(steps=4))
    quantity = data.draw(strategies.quantities(sgd, max_step=4))
    ask = getattr(sgd, data.draw(st.sampled_from(MOMENTS)))
    exact, plain, floats = (ask(quantity, arithmetic=name) for name in ("exact", "fractions", "float"))
    assert exact == plain
    assert exact.is_rational
    assert plain.is_rational
    assert all(isinstance(c, float) for c in floats.coefficients)
    scale = max(1, *(abs(float(c)) for c in exact.coefficients))
    for k in range(max(exact.degree, floats.degree) + 1):
        wanted = exact.coefficients[k] if k <= exact.degree else 0
        found = floats.coefficients[k] if k <= floats.degree else 0
        assert isclose(wanted, found, rel_tol=1e-9, abs_tol=1e-9 * scale)
