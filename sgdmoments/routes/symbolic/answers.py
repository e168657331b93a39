"""Answers of the symbolic route: graph expressions as polynomials in 1/b, with the values that the user gave put in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sgdmoments.describe.run import Run
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.exact.provenance import Provenance
from sgdmoments.exact.ring import INVERSE_BATCH, ring_of
from sgdmoments.graphs.derived import definition
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.labels import Dimension
from sgdmoments.graphs.meaning import letters
from sgdmoments.routes.symbolic.question import GraphQuestion
from sgdmoments.routes.symbolic.setting import Setting

CONVENTIONS = ("loss 1/2 ||f(x) - label||^2 per sample", "g_t is the mean over the batch of step t",
               "the norm of an array is the root of the sum of its squared entries")


def filled(result: Any, dimensions: Sequence[Dimension]) -> Any:
    """A zero as an array of the right shape, where that is known; any other answer as it is."""
    if isinstance(result, np.ndarray) or any(result.entries) or not all(isinstance(d, int) for d in dimensions):
        return result
    array = np.empty(dimensions, dtype=object)
    array[...] = result
    return array


def polynomial(sgd: Run, asked: GraphQuestion, orders: Sequence[Expression], question: str) -> Any:
    """The sum of the orders in the learning rates, by powers of 1/b, with the values that the user gave put in."""
    setting = asked.setting
    expression = asked.total(orders)
    coefficients = _by_powers(asked, expression)
    sizes = (("graphs", len(expression)), ("coefficients", expression.size),
             ("memo", getattr(setting.mean, "memo_size", 0)))
    provenance = Provenance(
        question=question, route="symbolic", conventions=CONVENTIONS, sizes=sizes,
        rules=tuple(map(str, asked.rules)), checks=setting.checks, seconds=asked.monitor.seconds)
    memo: dict[Any, Any] = {}
    values = [_with_known(part, setting, memo) for part in coefficients]
    if any(isinstance(value, np.ndarray) for value in values):
        return _array_of_polynomials(values, asked, sgd, provenance)
    last = None
    if asked.cut_off is not None:
        last = tuple(_with_known(part, setting, memo) for part in _by_powers(asked, orders[-1]))
    return BatchPolynomial(tuple(values), sgd.population, asked.inverse_order, provenance, asked.cut_off,
                           last_order=last)


def _by_powers(asked: GraphQuestion, expression: Expression) -> list[Expression]:
    """The coefficients of the powers of 1/b that are kept."""
    coefficients = list(expression.coefficients(INVERSE_BATCH))
    return coefficients if asked.inverse_order is None else coefficients[: asked.inverse_order + 1]


def _with_known(expression: Expression, setting: Setting, memo: dict[Any, Any]) -> Any:
    """The value where every matrix is known; else the expression, which remembers what is known."""
    expression = expression.compact()
    if expression.labels and letters(expression.labels) <= setting.known.keys():
        symbols = ring_of(s for label in expression.labels for inner in (definition(label),) if inner is not None
                          for s in inner.symbols)
        return expression.evaluate(setting.known, memo=memo, open_symbols=symbols)
    if expression.labels:
        return expression.with_known(setting.known)
    return expression if expression.open_ends else expression.simplest()


def _array_of_polynomials(values: Sequence[Any], asked: GraphQuestion, sgd: Run, provenance: Provenance) -> Any:
    shape = next(value.shape for value in values if isinstance(value, np.ndarray))
    result = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        entries = tuple(value[index] if isinstance(value, np.ndarray) else value for value in values)
        result[index] = BatchPolynomial(entries, sgd.population, asked.inverse_order, provenance, asked.cut_off)
    return result
