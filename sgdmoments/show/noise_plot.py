"""The curve of the noise assumption's constants: the least M against M_V. Needs the extra `plot`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sgdmoments.errors import InputError
from sgdmoments.reading import read_sequence
from sgdmoments.show.numbers import to_decimal
from sgdmoments.show.plots import axes_of, new_axes

if TYPE_CHECKING:
    from sgdmoments.longrun.noise_bound import NoiseBound


def plot_noise_bound(bound: NoiseBound, batch_sizes: Sequence[int], ax: Any = None) -> Any:
    """Draw the least M against M_V for each batch size, on logarithmic axes; pairs above a curve satisfy the bound.

    Args:
        bound: from `SGD.noise_bound`, for a problem with numbers.
        batch_sizes: the values of b, below n.
        ax: matplotlib axes to draw on; new ones where None.

    Returns the axes.
    """
    sizes = read_sequence(batch_sizes, "batch_sizes", "a list of batch sizes is needed")
    if not sizes:
        raise InputError("plot: no batch size given.")
    axes = new_axes() if ax is None else axes_of(ax)
    for b in sizes:
        points = [p for p in bound.curve(b) if p.value > 0]
        axes.plot([float(to_decimal(p.slope, 17)) for p in points], [float(to_decimal(p.value, 17)) for p in points],
                  linewidth=1.6, label=f"$b = {b}$")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("$M_V$")
    axes.set_ylabel("least $M$")
    axes.set_title(r"$\mathrm{var}(g \mid w) \leq M + M_V\,\|\nabla L(w)\|^2$ for all $w$")
    axes.grid(True, which="major", alpha=0.3)
    axes.legend(frameon=False)
    return axes
