"""Hypothesis strategies for problems of the package: small, exact, and rich in awkward cases.

Everything is sized for `enumerate_moment`: a few samples, a few weights, rationals with small denominators.

>>> from hypothesis import given, settings
>>> from sgdmoments import gradient
>>> from sgdmoments.testing import enumerate_moment
>>> @settings(max_examples=5, derandomize=True, database=None)
... @given(regression_sgds(max_n=3, max_p=2, sampling="without_replacement"))
... def the_whole_data_set_has_no_noise(sgd):
...     assert enumerate_moment(sgd, gradient(1), sgd.n) == 0
>>> the_whole_data_set_has_no_noise()
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmoments.describe.laws.base import Law
from sgdmoments.describe.laws.coordinates import Rademacher
from sgdmoments.describe.laws.empirical import Empirical
from sgdmoments.describe.model import Model
from sgdmoments.describe.quantities import full_gradient, gradient, loss, sample_gradients, weights
from sgdmoments.describe.quantity import Quantity
from sgdmoments.errors import MissingExtraError
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.models.network import Network
from sgdmoments.models.regression import LinearRegression
from sgdmoments.sgd import SGD

try:
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtraError("sgdmoments.testing.strategies", "test") from None

Array = np.ndarray[Any, Any]

#: The kinds of `quantities`, in the order in which Hypothesis shrinks towards the first.
KINDS = ("gradient", "weights", "full_gradient", "loss", "sample_gradients")


def rationals(numerator: int = 4, denominator: int = 3) -> st.SearchStrategy[Fraction]:
    """Fractions k/m with abs(k) <= `numerator` and 1 <= m <= `denominator`; zero and ones are frequent."""
    return st.one_of(
        st.integers(-2, 2).map(Fraction),
        st.builds(Fraction, st.integers(-numerator, numerator), st.integers(1, denominator)))


def arrays(*shape: int, entries: st.SearchStrategy[Fraction] | None = None) -> st.SearchStrategy[Array]:
    """Object arrays of rationals of the given shape."""
    size = int(np.prod(shape))
    cells = st.lists(rationals() if entries is None else entries, min_size=size, max_size=size)
    return cells.map(lambda values: np.array(values, dtype=object).reshape(shape))


@st.composite
def designs(draw: st.DrawFn, n: int, p: int) -> Array:
    """Design matrices (n, p): generic, with repeated rows, of rank one, with a zero row, or with a zero column."""
    X: Array = draw(arrays(n, p))
    fault = draw(st.sampled_from(("none", "repeated row", "rank one", "zero row", "zero column")))
    if fault == "repeated row":
        X[draw(st.integers(0, n - 1))] = X[0]
    elif fault == "rank one":
        X = np.outer(X[:, 0], draw(arrays(p)))
    elif fault == "zero row":
        X[draw(st.integers(0, n - 1))] = Fraction(0)
    elif fault == "zero column":
        X[:, draw(st.integers(0, p - 1))] = Fraction(0)
    return X


@st.composite
def regressions(draw: st.DrawFn, max_n: int = 5, max_p: int = 3) -> LinearRegression:
    """Least-squares problems with 1 <= n <= `max_n`, 1 <= p <= `max_p`: p > n and rank-deficient X included."""
    n, p = draw(st.integers(1, max_n)), draw(st.integers(1, max_p))
    return LinearRegression(draw(designs(n, p)), draw(arrays(n)))


@dataclass(frozen=True, slots=True)
class DecayingRate:
    """The schedule alpha_t = scale / (t + shift): a callable that prints what it is.

    >>> DecayingRate(Fraction(1, 2), 1)(2)
    Fraction(1, 6)
    """

    scale: Fraction
    shift: int

    def __call__(self, t: int) -> Fraction:
        return self.scale / (t + self.shift)


def schedules(steps: int) -> st.SearchStrategy[Fraction | list[Fraction] | Callable[[int], Fraction]]:
    """Learning rates for `steps` steps in each form that `SGD` takes: a number, a list, a callable of t."""
    rate = st.builds(Fraction, st.integers(0, 4), st.integers(1, 5))
    return st.one_of(
        rate, st.lists(rate, min_size=max(steps, 1), max_size=steps + 2),
        st.builds(DecayingRate, rate, st.integers(1, 3)))


def samplings() -> st.SearchStrategy[str]:
    """The two ways to draw from a finite data set."""
    return st.sampled_from(("without_replacement", "with_replacement"))


@st.composite
def networks(draw: st.DrawFn, max_width: int = 2, max_layers: int = 2, max_degree: int = 2, max_n: int = 3,
             laws: bool = True) -> Network:
    """Networks with 1 to `max_layers` layers on data that can be listed.

    The data are at most `max_n` points with a teacher or with targets, or (where `laws`) signs of a
    Rademacher law, then perhaps with label noise; the activation has degree 1 to `max_degree`.
    """
    layers = draw(st.integers(1, max_layers))
    widths = draw(st.lists(st.integers(1, max_width), min_size=layers + 1, max_size=layers + 1))
    degree = draw(st.integers(1, max_degree))
    activation = [*draw(st.lists(rationals(), min_size=degree, max_size=degree)),
                  draw(rationals().filter(lambda c: c != 0))]
    if laws and draw(st.booleans()):
        return Network(widths, activation, Rademacher(), noise=draw(st.sampled_from((None, Rademacher()))))
    n = draw(st.integers(1, max_n))
    data: Law = Empirical(draw(designs(n, widths[0])))
    targets = draw(st.one_of(st.none(), arrays(n, widths[-1])))
    return Network(widths, activation, data, teacher=targets is None, targets=targets)


@st.composite
def initial_weights(draw: st.DrawFn, model: Model) -> dict[str, Array]:
    """Initial weights of a model with integer shapes, the teacher's included, by name."""
    every = (*model.parameters, *model.constants)
    return {q.name: draw(arrays(*(int(s) for s in q.shape))) for q in every}


@st.composite
def regression_sgds(draw: st.DrawFn, max_n: int = 5, max_p: int = 3, steps: int = 2,
                    sampling: str | None = None) -> SGD:
    """SGD on `regressions` with given initial weights, any schedule, and either sampling (or the one given)."""
    model = draw(regressions(max_n, max_p))
    return SGD(model, draw(schedules(steps)), draw(initial_weights(model)),
               draw(samplings()) if sampling is None else sampling)


@st.composite
def network_sgds(draw: st.DrawFn, models: st.SearchStrategy[Network] | None = None, steps: int = 1) -> SGD:
    """SGD on `networks` (or on the strategy given) with student and teacher weights, any schedule and sampling."""
    model = draw(networks() if models is None else models)
    sampling = draw(samplings()) if model.n is not None else None
    return SGD(model, draw(schedules(steps)), draw(initial_weights(model)), sampling)


@st.composite
def quantities(draw: st.DrawFn, sgd: SGD, max_step: int = 2, kinds: Sequence[str] = KINDS) -> Quantity:
    """Quantities of a run at t <= `max_step`: any kind, of a layer or of all weights, perhaps ``A @ quantity``.

    `sample_gradients` occurs for finite data only.
    """
    model = sgd.model
    allowed = [kind for kind in kinds if kind != "sample_gradients" or sgd.n is not None]
    kind, t = draw(st.sampled_from(allowed)), draw(st.integers(0, max_step))
    if kind == "loss":
        return loss(t)
    size = sum(int(q.size) for q in model.parameters)
    if kind == "sample_gradients":
        assert sgd.n is not None
        rows = draw(st.integers(1, 3))
        return sample_gradients(t, [draw(arrays(rows, size)) for _ in range(sgd.n)])
    layer = draw(st.one_of(st.none(), st.integers(1, model.layers)))
    make = {"gradient": gradient, "weights": weights, "full_gradient": full_gradient}[kind]
    quantity = make(t, layer)
    if draw(st.booleans()):
        columns = sum(int(q.size) for q in model.parameters if layer in (None, q.layer))
        quantity = draw(arrays(draw(st.integers(1, 3)), columns)) @ quantity
    return quantity


@st.composite
def batch_sizes(draw: st.DrawFn, sgd: SGD, largest: int = 3) -> int:
    """Batch sizes that a run allows, at most `largest` (where draws are without replacement: at most n)."""
    return draw(st.integers(1, largest if sgd.population is None else min(largest, sgd.population)))


@st.composite
def batch_polynomials(draw: st.DrawFn, max_degree: int = 4, population: int | None = None) -> BatchPolynomial:
    """Polynomials in 1/b with rational coefficients, of degree at most `max_degree`."""
    return BatchPolynomial(tuple(draw(st.lists(rationals(), min_size=1, max_size=max_degree + 1))), population)
