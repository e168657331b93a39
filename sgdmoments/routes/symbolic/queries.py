"""Expectations of products of traces in weights and gradients of several steps: the left sides of Theorems 3.6–3.8.

From the last step down to 0: the letters W_(s+1) become W_s − α_s g_s, the letters g_(s,k) of the query the gradient's
graph (on the same batch), the mean over that batch is taken, and the letters W_(s,k) join the current weights.

Source: P0, Theorems 3.6, 3.7 and 3.8.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmoments.budget import Budget, Monitor, ProgressCallback
from sgdmoments.describe.quantities import weights
from sgdmoments.describe.run import Run
from sgdmoments.errors import InputError
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.exact.ring import ring_of
from sgdmoments.graphs.derived import expand_derived, relabelled, substitute_letters
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.labels import Label
from sgdmoments.graphs.matrices import MatrixExpression
from sgdmoments.graphs.run_letters import base_of, is_initial, step_of
from sgdmoments.reading import shown
from sgdmoments.routes.symbolic.answers import filled, polynomial
from sgdmoments.routes.symbolic.question import GraphQuestion
from sgdmoments.routes.symbolic.setting import one_batch_mean
from sgdmoments.rules.update import update


def expectation(sgd: Run, query: Expression | MatrixExpression, *, budget: Budget | None = None,
                progress: ProgressCallback | None = None) -> Any:
    """E[query given W_0], a polynomial in u = 1/b; of a matrix one whose coefficients have open ends, or an array of
    polynomials where every letter has a value.

    Args:
        sgd: the run; its model predicts a polynomial.
        query: an expression or matrix in letters of the run (`weights_matrix`, `gradient_matrix`,
            `teacher_matrix`) and constants of the user's, which are letters of their own whatever their names.
        budget: what the work may use.
        progress: called with a `Progress` now and then.
    """
    if isinstance(query, MatrixExpression):
        return filled(expectation(sgd, query.array, budget=budget, progress=progress), (*query.rows, *query.columns))
    if not isinstance(query, Expression):
        raise InputError(f"query: expected traces of matrices, or a matrix, found {shown(query)}; letters of the run "
                         "come from weights_matrix, gradient_matrix and teacher_matrix.")
    with Monitor(budget, progress) as monitor:
        return _expectation(sgd, query, monitor)


def _expectation(sgd: Run, query: Expression, monitor: Monitor) -> BatchPolynomial:
    query = expand_derived(query)  # those of another answer hold initial weights
    letters = [label for label in query.labels if label.kind in ("weights", "gradient") or is_initial(label)]
    taken = {label.name for label in query.labels.difference(letters)}
    last = max(map(step_of, letters), default=0)
    asked = GraphQuestion(sgd, weights(last), monitor=monitor, taken=taken)
    setting = asked.setting
    ring = setting.ring.union(query.ring).union(ring_of(d for label in query.labels for d in label.dimensions
                                                        if not isinstance(d, int)))
    if ring is not setting.ring:
        asked = GraphQuestion(sgd, weights(last), monitor=asked.monitor, further=ring.generators, taken=taken)
        setting = asked.setting
    ring = setting.ring
    current, trained = setting.parameters, setting.system.weights
    gradients = dict(zip(map(base_of, trained), setting.system.gradients, strict=True))
    for label in letters:
        own = current.get(base_of(label))
        if own is None or own.dimensions != label.dimensions or (label.kind != "matrix" and own not in trained):
            raise InputError(f"the query has a letter {label.name} of dimensions {label.dimensions}, but the arrays of "
                             f"the run are {', '.join(f'{name} {own.dimensions}' for name, own in current.items())}.")
    for label in query.labels:
        known, given = query.known.get(label), setting.known.get(label)
        if label.kind == "run" and (known is None or given is None or not np.array_equal(known, given)):
            raise InputError(f"the query has the letter {label.name} of another answer, whose values are not those of "
                             "this run; evaluate() it first.")
    start = {label: Label(base_of(label), label.dimensions, "initial") for label in letters if is_initial(label)}
    expression = relabelled(query.in_ring(ring), start)
    steps = setting.steps(asked.rates)
    for step in range(last, -1, -1):
        if step < last:
            rule, rate = steps[step][0].update, steps[step][1]
            expression = update(expression, rule, rate, rule.degree_of(expression))
        here = {label: gradients[base_of(label)] for label in letters
                if label.kind == "gradient" and step_of(label) == step}
        expression = one_batch_mean(setting, substitute_letters(expression, here).in_ring(ring))
        expression = relabelled(expression, {label: current[base_of(label)] for label in letters
                                             if label.kind == "weights" and step_of(label) == step})
        asked.monitor.update("query", last - step + 1, last + 1, expression.size)
    expression = setting.at_start(expression) if len(setting.slots) > 1 else expression
    expression = relabelled(expression, {new: current[base_of(old)] for old, new in start.items()})
    return polynomial(sgd, asked, [asked.over_initial(expression)], "mean of a query")
