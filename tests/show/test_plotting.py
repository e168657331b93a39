"""Plots hold the exact values."""

from __future__ import annotations

import sys
from typing import Any

import pytest
import sympy

import sgdmoments as sm
from sgdmoments import BatchPolynomial
from sgdmoments.show.plots import default_batch_sizes, new_axes, plot_batch_polynomials

matplotlib = pytest.importorskip("matplotlib")


@pytest.fixture(autouse=True)
def _no_windows() -> Any:
    matplotlib.use("agg")
    yield
    matplotlib.pyplot.close("all")


def family() -> tuple[sm.SGD, list[BatchPolynomial]]:
    sgd = sm.SGD(sm.LinearRegression([[1, 0], [2, 1], [3, -1], [0, 2]], [1, 1, 2, 0]), "1/10", initial=[0, 1])
    return sgd, [sgd.variance(sm.gradient(t)) for t in (0, 2)]


def test_curves_are_the_polynomials() -> None:
    _, polynomials = family()
    axes = plot_batch_polynomials(polynomials, labels=["t = 0", "t = 2"], ylabel="variance", title="title")
    assert axes.get_xscale() == axes.get_yscale() == "log"
    for line, polynomial in zip(axes.get_lines(), polynomials, strict=True):
        x, y = line.get_data()
        assert list(x) == [1, 2, 3]  # at b = n the variance is 0 and has no logarithm
        assert list(y) == pytest.approx([float(polynomial(int(b))) for b in x], rel=1e-15)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["t = 0", "t = 2"]


def test_own_axes_and_batch_sizes() -> None:
    ax = new_axes()
    assert BatchPolynomial((0, 1, 2)).plot(ax=ax, batch_sizes=[2, 8]) is ax
    assert list(ax.get_lines()[0].get_xdata()) == [2, 8]


def test_numbers_beyond_doubles_are_drawn() -> None:
    axes = BatchPolynomial((0, "1/3", 10**200)).plot()
    assert axes.get_lines()[0].get_ydata()[0] == pytest.approx(1e200)


def test_default_batch_sizes() -> None:
    assert default_batch_sizes(5) == [1, 2, 3, 4, 5]
    sizes = default_batch_sizes(50_000)
    assert sizes[0] == 1
    assert sizes[-1] == 50_000
    assert len(sizes) <= 60


@pytest.mark.parametrize(("polynomials", "labels", "message"), [
    ([], None, "no polynomial given"), ([BatchPolynomial((1,))], ["a", "b"], "1 polynomials but 2 labels"),
    ([BatchPolynomial((0, -1))], None, "no value is positive"),
    ([BatchPolynomial((0, sympy.Symbol("x")))], None, "the coefficients have letters"),
])
def test_what_cannot_be_drawn(polynomials: list[BatchPolynomial], labels: list[str] | None, message: str) -> None:
    with pytest.raises(sm.InputError, match=message):
        plot_batch_polynomials(polynomials, labels)


def test_trajectories() -> None:
    sgd, polynomials = family()
    axes = sgd.trajectory(sm.gradient, steps=2, batch_sizes=[1, 3], certified=True).plot(title="title")
    first, second = axes.get_lines()
    assert first.get_ydata()[2] == pytest.approx(float(polynomials[1](1)), rel=1e-12)
    assert second.get_ydata()[0] == pytest.approx(float(polynomials[0](3)), rel=1e-12)
    assert axes.get_ylabel() == "variance of g_t"


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(sm.MissingExtraError, match=r"pip install 'sgdmoments\[plot\]'"):
        BatchPolynomial((0, 1)).plot()
