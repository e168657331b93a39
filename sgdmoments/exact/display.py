"""How values are shown: a table of printers that the types ask and that `show/` fills when the package is imported.

A type says ``display.latex(self)``; which function that is, `sgdmoments.show.printers` says, once for all types. So
the types know nothing of formulas, pictures and plots, and a new printer is one line there.

>>> from fractions import Fraction
>>> latex(Fraction(1, 2))
Traceback (most recent call last):
TypeError: no printer shows a Fraction as LaTeX; sgdmoments.show.printers lists those there are.
>>> from sgdmoments import BatchPolynomial
>>> text(BatchPolynomial((0, 3)))
'3/b'
"""

from __future__ import annotations

from functools import singledispatch
from typing import Any


@singledispatch
def text(value: Any, **options: Any) -> str:
    """Plain text on one line, or a table."""
    raise _unknown(value, "text")


@singledispatch
def latex(value: Any, **options: Any) -> str:
    """A formula in LaTeX, without dollars."""
    raise _unknown(value, "LaTeX")


@singledispatch
def svg(value: Any, **options: Any) -> str:
    """A picture as SVG text."""
    raise _unknown(value, "a picture")


@singledispatch
def html(value: Any, **options: Any) -> str:
    """HTML for notebooks."""
    raise _unknown(value, "HTML")


@singledispatch
def plot(value: Any, *arguments: Any, **options: Any) -> Any:
    """Matplotlib axes with a curve drawn on them."""
    raise _unknown(value, "a plot")


def _unknown(value: Any, form: str) -> TypeError:
    return TypeError(f"no printer shows a {type(value).__name__} as {form}; sgdmoments.show.printers lists those "
                     "there are.")
