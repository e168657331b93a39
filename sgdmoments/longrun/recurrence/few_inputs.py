"""Thresholds of one-layer networks with few inputs, in components.

Products of graphs of order m are independent functions of the weights only where there are m inputs or more. Below
that the operator on the monomials of one output's weights is used: with several outputs the threshold is the same,
as the moments of one row are among the moments, and bound the others (Hölder).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmoments.budget import Budget
from sgdmoments.describe.run import Run
from sgdmoments.errors import RouteError
from sgdmoments.exact.real_root import RealRoot
from sgdmoments.longrun.stability.higher import higher_stability
from sgdmoments.longrun.stability.pencil import pencil
from sgdmoments.models.network import Network
from sgdmoments.routes.closure.kept import operator_of
from sgdmoments.tracing.system import multiplies_x


def threshold_of_few_inputs(sgd: Run, order: int, width: int, b: Any) -> RealRoot:
    """The threshold of the moments of an even order at an input width in numbers; the law must hold numbers.

    Args:
        sgd: the run of a model that is linear in its weights: f(x) = W x, or any with lengths in numbers.

    Raises `RouteError` for another model with a letter for its number of inputs.
    """
    model = sgd.model
    if multiplies_x(model):  # W x, of which the moments of one row say it all
        row = Network((width, 1), data=model.law.factors[0].law)
        one = Run(row, initial={"W1*": [[0] * width]}, sampling=sgd.sampling)
    elif not model.has_letter_shapes:
        teacher = {q.name: np.zeros([int(s) for s in q.shape], dtype=int) for q in model.constants}
        one = Run(model, initial=teacher or None, sampling=sgd.sampling)
    else:
        raise RouteError(f"with {width} inputs the graphs depend on one another; give {type(model).__name__} its "
                         "lengths as numbers.")
    problem = higher_stability(pencil(one), operator_of(one, order, Budget()), one.symbols())
    found = problem.threshold(b)
    return found.root if found.root is not None else RealRoot((0, 1), found.low, found.high)
