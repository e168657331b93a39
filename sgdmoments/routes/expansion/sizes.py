"""What a question of the expansion route will need: arithmetic on the sizes of the problem, before any work."""

from __future__ import annotations

from math import comb
from typing import Any

from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.recursion.places import coordinates
from sgdmoments.recursion.term_count import problem_size
from sgdmoments.routes.components.sizes import setup_seconds

#: Seconds that the truncated polynomials take for one monomial of the state, one step and one target, measured.
SECONDS_PER_MONOMIAL = 4e-4
#: Seconds for a joint moment of the statistics in the tables that diagrams are read from; about so many are met as
#: there are of order 2 (K + 1).
SECONDS_PER_MOMENT = 3e-5


def estimate(sgd: Run, quantity: Quantity, moment: str, order: int, arithmetic: str) -> dict[str, Any]:
    """Terms (monomials of the truncated state, or entries of the largest array), seconds, memory in bytes."""
    size = problem_size(sgd)
    width, count, degree = size.width, size.statistics, size.weight_degree
    steps = max(int(quantity.step), 1)
    if arithmetic == "exact":
        terms = comb(width + 2 * order, 2 * order)
        outputs = 1 if quantity.is_number else len(quantity.left or ()) or len(coordinates(sgd, quantity))
        targets = 1 if moment == "second_moment" else outputs + (moment == "variance")
        # the noiseless path's rationals grow threefold in length with each step (letters: in number of terms)
        grown = min(int(quantity.step), 12)
        growth = float(sum(max(degree, 1) ** t for t in range(grown))) or 1.0
        growth += (int(quantity.step) - grown) * float(max(degree, 1)) ** 12
        seconds = SECONDS_PER_MONOMIAL * terms * (steps * (1 + targets / 4) * (1 + count) ** (order / 2)
                                                  + terms * growth / 3_000)
        memory = 500 * terms * (1 + targets)
    else:
        # a vertex of the mean has at most 2 K legs, one of a covariance 2 K - 1: all others close on one block
        mean = width ** (1 + min(degree, 2 * (order - (moment == "variance"))))
        pair = width * (width + count) ** min(degree + 1, 2 * order - 1)
        terms = max(mean, pair, (width + count) ** (order + 1))
        count_of_diagrams = 2 * 8**order  # about the number of diagrams: 4, 33 and 331 to the orders 1, 2 and 3
        seconds = steps * (2e-4 * count_of_diagrams + (1e-8 if arithmetic == "float" else 2e-6) * terms)
        seconds += SECONDS_PER_MOMENT * comb(count + 2 * order + 2, count)
        memory = 24 * terms
    seconds += setup_seconds(sgd, size) / 4  # the gradient is written out, but only means of it are squared
    return {"route": "expansion", "inverse_batch_order": order, "arithmetic": arithmetic, "terms": terms,
            "seconds": seconds, "memory": memory}
