"""The mean over random letters: matrices with independent entries of a given law, in any expression.

The same rewrite that integrates the data integrates initial weights, and any other random matrix: Wishart
moments, for instance, are E tr (X^T X)^k over a Gaussian X, polynomials in its dimensions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sgdmoments.budget import Budget, Monitor, ProgressCallback
from sgdmoments.errors import AssumptionError, InputError
from sgdmoments.exact.ring import ring_of
from sgdmoments.graphs.expression import Expression
from sgdmoments.models.initial import GaussianInit, IndependentInit, Init
from sgdmoments.models.laws import IndependentCoordinates
from sgdmoments.rules.expectation import EntryLaw, Expectation


def expectation(expression: Expression, laws: Mapping[str, Init], *, budget: Budget | None = None,
                progress: ProgressCallback | None = None) -> Expression:
    """E[expression] over the letters named in `laws`, the others being constants.

    Args:
        expression: traces and products of them, as `sgdmoments.trace` and its kin make; open ends are kept.
        laws: by name of the letter: `GaussianInit(variance=...)` or `IndependentInit(...)`.

    Raises `InputError` for a name that no letter bears, `AssumptionError` for a law without independent entries.

    >>> import sgdmoments as sm
    >>> X = sm.matrix("X", "n", "p")
    >>> expectation(sm.trace(X.T @ X @ X.T @ X), {"X": sm.GaussianInit()}).to_sympy().factor()
    n*p*(n + p + 1)
    """
    labels = {label.name: label for label in expression.labels}
    unknown = sorted(set(laws) - set(labels))
    if unknown:
        raise InputError(f"laws: no letter is called {', '.join(unknown)}; the expression has {', '.join(labels)}.")
    chosen = {labels[name]: entry_law(law, name) for name, law in laws.items()}
    symbols = [s for law in laws.values() for s in law_symbols(law)]
    dimensions = [d for label in labels.values() for d in label.dimensions if not isinstance(d, int)]
    ring = expression.ring.union(ring_of([*dimensions, *symbols]))
    return Expectation(chosen, ring, monitor=Monitor(budget, progress))(expression)


def entry_law(law: Init, name: str) -> EntryLaw:
    """The law of the entries; `AssumptionError` where they are not independent with mean zero or given moments."""
    if isinstance(law, IndependentInit):
        return independent_law(law.law)
    if isinstance(law, GaussianInit) and law.variance is not None and law.mean is None:
        return EntryLaw.gaussian(ring_of([law.variance])(law.variance))
    raise AssumptionError(f"{name}: index graphs know independent entries with mean zero (GaussianInit(variance=...)) "
                          f"or with given moments (IndependentInit), not {law!r}.")


def independent_law(law: IndependentCoordinates) -> EntryLaw:
    """Independent entries with the law's cumulants."""
    def cumulant(order: int) -> Any:
        value = law.cumulant(order)
        return ring_of([value])(value)

    return EntryLaw(cumulant)


def law_symbols(law: Init) -> list[Any]:
    """The symbols in a law's parameters."""
    values = getattr(law.law, "moments", ()) if isinstance(law, IndependentInit) else [getattr(law, "variance", None)]
    return [value for value in values if hasattr(value, "free_symbols")]
