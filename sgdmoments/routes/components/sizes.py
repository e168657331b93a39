"""How large a question of the components route is: counted from degrees, before any work is done.

Small problems are read, which costs milliseconds, and counted as they are; of larger ones only sizes are known
(`term_count`), and what is said is an estimate: terms that cancel are not known, nor are all symmetries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import flint
import numpy as np

from sgdmoments.describe.laws.base import Law
from sgdmoments.describe.quantity import NUMBERS, PRODUCTS, Quantity
from sgdmoments.describe.run import Run
from sgdmoments.exact.ring import INVERSE_BATCH, Polynomial
from sgdmoments.recursion.components import MOST_RELATED, Problem, degree_in
from sgdmoments.recursion.term_count import ProblemSize
from sgdmoments.routes.components.growth import Degrees, Sizes, monomials, sizes_of

#: Seconds to begin, to write out one term of the gradient, for an entry of the Gram matrix of monomials and a moment
#: of two statistics.
SECONDS_AT_LEAST, SECONDS_PER_TERM, SECONDS_PER_SQUARE = 6e-3, 2.5e-5, 2e-5
#: Seconds for a pair of statistics in a component that is squared, one product of two terms there, and one term of the
#: sum of the squares; for a letter of the data in a moment.
SECONDS_PER_PAIR, SECONDS_PER_PRODUCT, SECONDS_PER_SQUARED, SECONDS_PER_LETTER = 5e-6, 2e-7, 2e-5, 8e-5
#: Seconds to cut one term of a quantity given w_t into pieces and to put the start in.
SECONDS_PER_HELD = 5e-6
#: Larger counts are not told apart.
_MANY = 1e12
#: Seconds of set-up up to which a problem is read for its estimate.
READ_AT_ONCE = 0.06


def predict(problem: Problem, targets: Sequence[Polynomial], moment: str) -> Sizes:
    """The sizes of the largest of E[target(w_t)].

    Args:
        targets: components of the quantity (or its squared norm) given w_t, integrated over its own step.
        moment: "mean", "second_moment" or "variance".
    """
    law, batches = problem.moments.law, problem.batches
    by = Degrees(
        len(problem.steps), problem.weight_degree, 0, 0, len(problem.state), len(problem.statistics),
        len(problem.letters), len({s for w in problem.start for s in w.symbols}), _gradings(problem),
        problem.is_batch_quantity * (1 if moment == "mean" else 2), batches.independent,
        len(law.free_symbols & set(problem.letters)), max(map(sum, problem.statistics), default=1),
        len(problem.rate_letters), _noisy_points(batches.independent, law), law.n if isinstance(law.n, int) else 0)
    sizes = {(degree_in(target, problem.state), len(target)) for target in targets}
    largest = max((sizes_of(replace(by, top=top, held=held)) for top, held in sorted(sizes)),
                  key=lambda found: found.terms, default=Sizes(0, 0, 0))
    return replace(largest, setup=SECONDS_PER_HELD * sum(map(len, targets)))


def is_small(sgd: Run, size: ProblemSize, quantity: Quantity) -> bool:
    """Whether reading the problem takes no longer than an estimate may."""
    points = sgd.model.n if isinstance(sgd.model.n, int) else 0
    rate = 2e-6 if isinstance(sgd.schedule(0), Fraction) else 2e-4
    reading = setup_seconds(sgd, size) + 1e-6 * points * size.statistics + rate * int(quantity.step)
    return reading <= READ_AT_ONCE and size.letters <= 40


def setup_seconds(sgd: Run, size: ProblemSize) -> float:
    """Seconds to write the problem out and to square the quantity."""
    letters = len(sgd.model.free_symbols)
    width, count = max(size.width, 1), size.statistics + 1
    entries = min(size.monomials, MOST_RELATED) ** 2 if size.letters == 0 else 0
    terms = _dense_terms(size)
    products = terms**2 / width
    return (SECONDS_AT_LEAST + SECONDS_PER_TERM * terms + SECONDS_PER_SQUARE * (entries + min(count, 1000) ** 2 / 2)
            + letters * SECONDS_PER_LETTER * min(count, 1000) ** 2 / 2
            + SECONDS_PER_PAIR * width * min(count, terms / width) ** 2 + SECONDS_PER_PRODUCT * products
            + SECONDS_PER_SQUARED * min(products / 10, monomials(size.width, 2 * size.weight_degree)))


def unread(sgd: Run, size: ProblemSize, quantity: Quantity, moment: str) -> Sizes:
    """The sizes of a problem that is not read, about."""
    times = 1 if moment == "mean" else 2
    top = times * _degree(quantity, size.weight_degree)
    now = times * _factors(quantity)
    terms = (float(monomials(size.width, top)) if quantity.kind == "combination" else
             _target_terms(size, quantity.kind, times))
    if sgd.model.law.points is None and quantity.kind != "weights":  # most coordinates of a law are uncorrelated
        terms /= max(2.0, int(sgd.model.law.parts[0].size) / 2)
    start = sum(int(p.size) for p in sgd.model.parameters if not isinstance(sgd.initial[p.name], np.ndarray))
    data = len(sgd.model.free_symbols)
    inner = max(size.letters - start - data, 0)  # of the teacher and of the rates
    width = size.width * len(sgd.update_for(quantity).slots)
    held = int(max(1.0, min(terms, monomials(size.width + inner, top)))) * max(now, 1)
    found = sizes_of(Degrees(
        int(quantity.step), size.weight_degree, top, held, width, size.statistics, size.letters, start,
        start + (len(sgd.model.parameters) + 1 if inner else 0), now, sgd.batches.independent, data,
        2, len(sgd.schedule.symbols(int(quantity.step))), _noisy_points(sgd.batches.independent, sgd.model.law),
        sgd.model.n if isinstance(sgd.model.n, int) else 0))
    return replace(found, setup=setup_seconds(sgd, size))


def _degree(quantity: Quantity, slope: int) -> int:
    """The degree in the weights of a quantity, that of the gradient being given."""
    own = {"weights": 1, "loss": slope + 1, "squared_gradient": 2 * slope,
           "hessian_trace": quantity.power * (slope - 1), "hessian_spread": 3 * slope - 1,
           "hessian_slope": 3 * slope - 1}
    if quantity.kind != "combination":
        return own.get(quantity.kind, slope)
    degrees = [_degree(part, slope) for part in quantity.parts]
    return sum(degrees) if quantity.operation in PRODUCTS else max(degrees, default=0)


def _factors(quantity: Quantity) -> int:
    """How many factors of its own step's batch statistics a quantity has."""
    factors = [_factors(part) for part in quantity.parts] or [int(quantity.kind == "gradient")]
    return sum(factors) if quantity.operation in PRODUCTS else max(factors)


def _target_terms(size: ProblemSize, quantity: str, times: int) -> float:
    """The terms of the largest component of a mean, or of a sum of squares: unordered products of two terms each."""
    if quantity == "weights":
        return 1.0 if times == 1 else float(size.width)
    residual = float(size.prediction_terms + size.label_terms)
    if quantity in NUMBERS:
        loss = size.outputs * residual * (residual + 1) / 2
        return loss if times == 1 else loss * (loss + 1) / 2
    slope = size.outputs * size.prediction_terms * (size.weight_degree + 1) / 2 / max(size.width, 1)
    component = residual * max(slope, 1.0)
    return component if times == 1 else size.width * component * (component + 1) / 2


def _noisy_points(independent: bool, law: Law) -> int:
    """The points whose label noise is averaged one by one: without replacement no two are drawn alike."""
    return 0 if independent or law.n is None or len(law.factors) == 1 else law.n


def _dense_terms(size: ProblemSize) -> float:
    """The terms of the gradient in statistics: a monomial that depends on others is written in all of them."""
    dependent = 1 - size.statistics / max(size.monomials, 1)
    return min(size.gradient_terms * (1 + dependent * size.statistics), _MANY)


def _gradings(problem: Problem) -> int:
    """The number of independent ways to weigh letters and weights under which a step is homogeneous."""
    generators = problem.ring.generators
    rows = []
    step = problem.steps[0] if problem.steps else None
    if step is not None and step.points is not None:
        return 0
    for j, letter in enumerate(problem.state if step else problem.weights):
        own = problem.ring.index(letter)
        images = [part * (step.gain[j] if step else 1) for part in problem.gradient[j % len(problem.gradient)].values()]
        images += [problem.ring.generator(problem.state[k]) * c for k, c in (step.linear[j] if step else ())]
        for image in images:
            for e in image.raw.monoms():
                row = list(map(int, e))
                row[own] -= 1
                rows.append(row)
    u = generators.index(INVERSE_BATCH)
    rows = [row[:u] + row[u + 1:] for row in {tuple(row): row for row in rows}.values()]
    rows = [row for row in rows if any(row)]
    if not rows or not rows[0]:
        return 0
    return len(rows[0]) - int(flint.fmpz_mat(rows).rank())
