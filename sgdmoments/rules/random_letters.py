"""The mean over random letters: matrices with independent entries of a given law, in any expression.

The same rewrite that integrates the data integrates initial weights, and any other random matrix: Wishart
moments, for instance, are E tr (X^T X)^k over a Gaussian X, polynomials in its dimensions. The law of a symmetric
letter is that of independent entries on and above the diagonal, all of one law, mirrored below it (so the diagonal
of a Gaussian one has variance 1, not 2 as in the Gaussian orthogonal ensemble).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, overload

import numpy as np

from sgdmoments.budget import Budget, Monitor, ProgressCallback
from sgdmoments.describe.laws.base import Distribution
from sgdmoments.describe.laws.entries import Entries
from sgdmoments.errors import AssumptionError, InputError
from sgdmoments.exact.numbers import to_exact
from sgdmoments.exact.ring import ring_of
from sgdmoments.graphs.contract import evaluate
from sgdmoments.graphs.derived import expand_derived, substitute_letters
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.labels import Label
from sgdmoments.graphs.matrices import MatrixExpression, letter
from sgdmoments.reading import shown
from sgdmoments.rules.expectation import EntryLaw, Expectation


@overload
def expectation(expression: MatrixExpression, laws: Mapping[Any, Any], *, budget: Budget | None = None,
                progress: ProgressCallback | None = None) -> MatrixExpression: ...


@overload
def expectation(expression: Expression, laws: Mapping[Any, Any], *, budget: Budget | None = None,
                progress: ProgressCallback | None = None) -> Expression: ...


def expectation(expression: Any, laws: Mapping[Any, Any], *, budget: Budget | None = None,
                progress: ProgressCallback | None = None) -> Any:
    """E[expression] over the letters named in `laws`, the others being constants.

    Args:
        expression: traces and products of them, as `sgdmoments.trace` and its kin make, or a matrix.
        laws: by name of the letter, or by the letter itself: `GaussianInit`, `IndependentInit`, or a law of
            independent coordinates such as `Rademacher`. A symmetric letter has independent entries on and above
            its diagonal.

    Raises `InputError` for a name that no letter bears or that two bear, `AssumptionError` for a law that index
    graphs do not integrate.

    >>> import sgdmoments as sm
    >>> X = sm.matrix("X", "n", "p")
    >>> expectation(sm.trace(X.T @ X @ X.T @ X), {"X": sm.GaussianInit()}).to_sympy().factor()
    n*p*(n + p + 1)
    >>> expectation(X.T @ X, {"X": sm.GaussianInit()}) == sm.identity("p") * sm.trace(sm.identity("n"))
    True
    >>> S = sm.matrix("S", "n", "n", symmetric=True)
    >>> expectation(sm.trace(S @ S), {S: sm.GaussianInit()}).to_sympy(), expectation(sm.trace(S) ** 2, {S:
    ...     sm.GaussianInit()}).to_sympy()
    (n**2, n)
    """
    if isinstance(expression, MatrixExpression):
        return MatrixExpression(expectation(expression.array, laws, budget=budget, progress=progress),
                                *expression.shape)
    if not isinstance(expression, Expression):
        raise InputError(f"expectation: expected traces of matrices, or a matrix, found {shown(expression)}.")
    if not isinstance(laws, Mapping):
        raise InputError(f"laws: expected a dict of laws by name of the letter, found {shown(laws)}.")
    expression = expand_derived(expression)
    chosen: dict[Label, EntryLaw] = {}
    given: dict[Label, Any] = dict(expression.known)
    shifted: dict[Label, Expression] = {}
    for key, law in laws.items():
        label = _label(expression, key)
        if label in chosen:
            raise InputError(f"laws: found two laws for the letter {label.name}.")
        chosen[label], mean, covariance = _read(law, label)
        if mean is not None:
            constant = _constant(f"E {label.name}", label, 1, mean)
            given[constant] = mean
            shifted[label] = letter(label).array + letter(constant).array
        if covariance is not None:
            given[_constant(f"cov {label.name}", label, 2, covariance)] = covariance
    expression = substitute_letters(expression, shifted)
    dimensions = [d for label in expression.labels | set(chosen) for d in label.dimensions if not isinstance(d, int)]
    ring = expression.ring.union(ring_of([*dimensions, *(e for law in laws.values() for e in law.expressions)]))
    with Monitor(budget, progress) as monitor:
        result = Expectation(chosen, ring, monitor=monitor)(expression)
    known = {label: value for label, value in given.items() if label in result.labels}
    return evaluate(result, known, partial=True).with_known(known) if known else result


def _label(expression: Expression, key: Any) -> Label:
    """The letter of an expression that a key of `laws` names."""
    if isinstance(key, MatrixExpression):
        if key.label is None:
            raise InputError(f"laws: found a law for {key}; laws are given for single letters.")
        return key.label
    found = [label for label in sorted(expression.labels) if key in (label, label.name)]
    if not found:
        names = sorted({label.name for label in expression.labels})
        raise InputError(f"laws: no letter is called {key}; the expression has {', '.join(names) or 'none'}.")
    if len(found) > 1:
        shown = " and ".join(f"{label.dimensions}{' symmetric' * label.symmetric}" for label in found)
        raise InputError(f"laws: two letters are called {key}, of dimensions {shown}; give the law by the letter: "
                         "{sm.matrix(...): law}.")
    return found[0]


def _read(law: Any, label: Label) -> tuple[EntryLaw, np.ndarray[Any, Any] | None, np.ndarray[Any, Any] | None]:
    """The law of the entries about their mean, the mean and the covariance (arrays with the letter's ends)."""
    entries = _entries(law, label.name)
    if isinstance(entries.covariance, str) or (entries.by_rows and len(label.dimensions) > 1):
        raise _no_law(law, label.name)
    if entries.covariance is not None and label.symmetric:
        raise AssumptionError(f"{label.name}: a symmetric letter has independent entries on and above the diagonal; "
                              "give GaussianInit(variance=...).")
    mean = _shaped(entries.mean, label, 1) if entries.mean is not None else None
    if mean is not None and label.symmetric and not np.array_equal(mean, mean.T):
        raise InputError(f"{label.name}: the letter is symmetric, but the mean is not.")
    if entries.covariance is None:
        return _independent(entries, label.name), mean, None
    covariance = _shaped(entries.covariance, label, 2)
    return EntryLaw.gaussian_entries(_constant(f"cov {label.name}", label, 2, covariance)), mean, covariance


def _shaped(values: np.ndarray[Any, Any], label: Label, copies: int) -> np.ndarray[Any, Any]:
    """Numbers for the flattened entries as an array with the letter's ends."""
    shape = [d for d in label.dimensions if isinstance(d, int)]
    if len(shape) < len(label.dimensions) or prod(shape) ** copies != values.size:
        raise InputError(f"{label.name}: a mean or covariance of {values.shape} numbers needs a letter of as many "
                         f"entries, found dimensions {label.dimensions}.")
    return values.reshape(shape * copies)


def _constant(name: str, label: Label, copies: int, values: np.ndarray[Any, Any]) -> Label:
    """The letter of given numbers; other numbers make another letter."""
    return Label(name, label.dimensions * copies, kind="run", symmetric=label.symmetric,
                 meaning=" ".join(map(str, values.flat)))


def entry_law(law: Any, name: str) -> EntryLaw:
    """The law of independent entries with mean zero or given moments; `AssumptionError` where they are not."""
    entries = _entries(law, name)
    if entries.covariance is not None or entries.mean is not None:
        raise _no_law(law, name)
    return _independent(entries, name)


def _entries(law: Any, name: str) -> Entries:
    if not isinstance(law, Distribution):
        raise _no_law(law, name)
    try:
        return law.entries()
    except AssumptionError as error:
        raise _no_law(law, name) from error


def _independent(entries: Entries, name: str) -> EntryLaw:
    def cumulant(order: int) -> Any:
        value = to_exact(entries.cumulant(order), f"{name}: the cumulant of order {order}")
        return ring_of([value])(value)

    return EntryLaw(cumulant, pairs_only=entries.gaussian)


def _no_law(law: Any, name: str) -> AssumptionError:
    return AssumptionError(f"{name}: index graphs know independent entries, GaussianInit(variance=...) or "
                           f"IndependentInit(moments), not {law!r}.")
