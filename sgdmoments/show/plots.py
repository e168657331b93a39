"""Plots of polynomials in 1/b against the batch size. Needs the extra `plot`."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sgdmoments.errors import InputError, MissingExtraError
from sgdmoments.options import call
from sgdmoments.reading import attribute, read_sequence, read_text, shown
from sgdmoments.show.numbers import to_decimal

if TYPE_CHECKING:
    from sgdmoments.exact.polynomial import BatchPolynomial
    from sgdmoments.longrun.trajectory import Trajectory

#: Largest b drawn where nothing bounds it.
_UNBOUNDED_TOP = 1024


def pyplot() -> Any:
    """matplotlib.pyplot; `MissingExtraError` where matplotlib is not installed."""
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise MissingExtraError("plotting", "plot") from None
    return plt


def axes_of(ax: Any) -> Any:
    """The axes to draw on: those given, or new ones for None."""
    if ax is None:
        return pyplot().subplots(layout="constrained")[1]
    if not all(callable(attribute(ax, name)) for name in ("plot", "set_xscale", "legend")):
        raise InputError(f"ax: found {shown(ax)}; matplotlib axes are needed, or None for new ones.")
    return ax


def new_axes(width: float = 6.4, height: float = 4.2) -> Any:
    """Axes on a new figure outside pyplot: for a file, not for a window, and with nothing to close."""
    pyplot()
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained").add_subplot()


def plot_batch_polynomials(polynomials: Sequence[BatchPolynomial], labels: Sequence[str] | None = None, ax: Any = None,
                           *, batch_sizes: Sequence[int] | None = None, ylabel: str = "", title: str = "",
                           marker: str = "") -> Any:
    """Draw each polynomial's value against b on logarithmic axes; a family, e.g. one for each step t.

    Values are computed exactly and rounded for drawing. Points where a value is <= 0 (b = n without replacement,
    where a variance vanishes) have no place on a logarithmic axis and are left out.

    Args:
        polynomials: with numbers as coefficients (`BatchPolynomial.evaluate` gives them).
        labels: for the legend, one for each polynomial.
        ax: matplotlib axes to draw on; new ones where None.
        batch_sizes: the b at which values are computed; by default spread over 1..n (1..1024 without n).
        ylabel, title: texts.
        marker: matplotlib's marker for the computed points; none by default.

    Returns the axes (``.figure.savefig(...)`` writes a file).
    """
    if not polynomials:
        raise InputError("plot: no polynomial given.")
    texts = None if labels is None else [read_text(text, "label", "a text for the legend is needed")
                                         for text in read_sequence(labels, "labels", "a list of texts is needed")]
    if texts is not None and len(texts) != len(polynomials):
        raise InputError(f"plot: {len(polynomials)} polynomials but {len(texts)} labels.")
    axes = axes_of(ax)
    colours = pyplot().get_cmap("viridis")
    for k, polynomial in enumerate(polynomials):
        sizes, values = sample(polynomial, batch_sizes)
        if not sizes:
            raise InputError("plot: no value is positive and within floating-point numbers, so nothing can be drawn on "
                             "a logarithmic axis.")
        axes.plot(sizes, values, marker=marker, markersize=4, linewidth=1.6,
                  color=colours(0.85 * k / max(len(polynomials) - 1, 1)), label=texts[k] if texts else None)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.xaxis.set_major_formatter(lambda b, _: f"{b:g}")
    axes.set_xlabel("batch size $b$")
    if ylabel:
        axes.set_ylabel(ylabel)
    if title:
        axes.set_title(title)
    axes.grid(True, which="major", alpha=0.3)
    if texts:
        axes.legend(frameon=False)
    return axes


def plot_batch_polynomial(polynomial: BatchPolynomial, *, label: str | None = None, **options: Any) -> Any:
    """Draw one polynomial's value against b; `label` for the legend, options as for `plot_batch_polynomials`."""
    return call(plot_batch_polynomials, "plot", options, [polynomial], None if label is None else [label])


def plot_trajectory(trajectory: Trajectory, ax: Any = None, *, ylabel: str = "", title: str = "") -> Any:
    """Draw a moment against t on a logarithmic scale, one curve for each batch size.

    Args:
        trajectory: from `SGD.trajectory`; where it is certified the band between its bounds is drawn too.
        ax: matplotlib axes to draw on; new ones where None.
        ylabel: by default what the trajectory says of itself.
        title: text.

    Returns the axes.
    """
    axes = axes_of(ax)
    colours = pyplot().get_cmap("viridis")
    count = len(trajectory.batch_sizes)
    for k, b in enumerate(trajectory.batch_sizes):
        points = [(t, v) for t, v in enumerate(trajectory.values[:, k]) if 0 < v < float("inf")]
        colour = colours(0.85 * k / max(count - 1, 1))
        axes.plot([t for t, _ in points], [v for _, v in points], color=colour, linewidth=1.4, label=f"$b = {b}$")
        if trajectory.lower is not None and trajectory.upper is not None:
            axes.fill_between(range(trajectory.steps + 1), trajectory.lower[:, k], trajectory.upper[:, k],
                              color=colour, alpha=0.3, linewidth=0)
    axes.set_yscale("log")
    axes.set_xlabel("step $t$")
    axes.set_ylabel(ylabel or trajectory.question)
    if title:
        axes.set_title(title)
    axes.grid(True, which="major", alpha=0.3)
    axes.legend(frameon=False)
    return axes


def sample(polynomial: BatchPolynomial, batch_sizes: Sequence[int] | None = None) -> tuple[list[int], list[float]]:
    """Batch sizes and the positive values there, as floats; what is beyond floats is left out."""
    if not all(isinstance(c, (Fraction, float)) for c in polynomial.entries):
        raise InputError("plot: the coefficients have letters; call evaluate({...}) with numbers first.")
    sizes = default_batch_sizes(polynomial.population) if batch_sizes is None else list(batch_sizes)
    pairs = [(b, _as_float(polynomial(b))) for b in sizes]
    kept = [(b, v) for b, v in pairs if 0 < v < float("inf")]
    return [b for b, _ in kept], [v for _, v in kept]


def default_batch_sizes(population: int | None, count: int = 60) -> list[int]:
    """At most `count` batch sizes, evenly spread on a logarithmic scale over 1..n.

    >>> default_batch_sizes(8)
    [1, 2, 3, 4, 5, 6, 7, 8]
    """
    top = population or _UNBOUNDED_TOP
    if top <= count:
        return list(range(1, top + 1))
    return sorted({round(top ** (k / (count - 1))) for k in range(count)})


def _as_float(value: Any) -> float:
    return float(to_decimal(value, 17)) if isinstance(value, Fraction) else float(value)
