"""An SGD problem in component form: the step, the start and the question as polynomials.

One step is s' = A s + B g(C s) on the state s (the weights, and what else the update keeps), with the gradient
g = sum_m c_m(w) S_m, S_m the batch means of the monomials m of a sample that occur in it (S_1 = 1 among them). Nothing
here asks which model it is: the gradient is the derivative of the model's own prediction, run on letters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from operator import add
from typing import Any

import flint
import numpy as np
import sympy

from sgdmoments.budget import Monitor
from sgdmoments.describe.array import Array
from sgdmoments.describe.batches import Batches
from sgdmoments.describe.initial import Init, is_random
from sgdmoments.describe.letters import user_letters
from sgdmoments.describe.model import no_loss
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.describe.update import Update
from sgdmoments.errors import AssumptionError, RouteError
from sgdmoments.exact.ring import INVERSE_BATCH, Exponents, Polynomial, Ring, from_fmpq, ring_of, to_fmpq
from sgdmoments.recursion.batch_moments import BatchMoments
from sgdmoments.recursion.initial_moments import to_scalar
from sgdmoments.recursion.numbers import number_of
from sgdmoments.recursion.places import coordinates, left_matrix
from sgdmoments.recursion.sample_moments import SampleGradient, SampleMoments, by_sample, sample_gradient
from sgdmoments.recursion.steps import StateStep, start_of_slots, state_steps, step_now
from sgdmoments.recursion.term_count import MOST_WEIGHTS, problem_size, weight_count

#: Relations are looked for among at most so many monomials; their Gram matrix has the square of that.
MOST_RELATED = 200

#: A polynomial in letters and weights for each statistic (by number), and for the constant 1 (number -1).
ByStatistic = Mapping[int, Polynomial]


#: The most terms of a loss that is written out in components.
MOST_LOSS_TERMS = 3_000_000


def statistic_letters(step: int, count: int) -> tuple[sympy.Dummy, ...]:
    """The internal letters of the batch statistics of one step."""
    return tuple(sympy.Dummy(f"s{step}_{i}", dummy_index=4_000_000 + 10_000 * step + i) for i in range(count))


@dataclass(frozen=True)
class Problem:
    """What the components and expansion routes know of an SGD problem and a question.

    Attributes:
        letters: the user's symbols, then the letters of random initial weights.
        state: the letters of the state; those of the flattened weights come first.
        statistics: exponents (in the letters of a sample) of the monomials whose batch means occur.
        gradient: for each weight, its gradient by statistics, as polynomials in letters and weights.
        start: the state at step 0, as polynomials in the letters.
        random: letters of random weights, with their law; the entries of one array together.
        steps: those that lead to the quantity's own.
        moments: joint moments of the statistics, in the ring of u and the letters.
        outputs: the components of the quantity by statistics (those of the gradient hold batch statistics); none of a
            combination.
        leaves: the same of each quantity that a combination is made of.
        batches: how a batch is drawn.
        scalar: whether the quantity is a number.
    """

    letters: tuple[sympy.Symbol, ...]
    state: tuple[sympy.Symbol, ...]
    statistics: tuple[Exponents, ...]
    gradient: tuple[ByStatistic, ...]
    start: tuple[Polynomial, ...]
    random: tuple[tuple[tuple[sympy.Symbol, ...], Init], ...]
    steps: tuple[StateStep, ...]
    moments: BatchMoments
    outputs: tuple[ByStatistic, ...]
    batches: Batches
    scalar: bool
    leaves: Mapping[Quantity, tuple[ByStatistic, ...]] = field(default_factory=dict)

    @property
    def weights(self) -> tuple[sympy.Symbol, ...]:
        """The letters of the flattened weights, in which the gradient is written."""
        return self.state[:len(self.gradient)]

    @property
    def ring(self) -> Ring:
        """ℚ[u, letters, state]."""
        return Ring((INVERSE_BATCH, *self.letters, *self.state))

    @property
    def rate_letters(self) -> frozenset[sympy.Symbol]:
        """The letters in the coefficients of the steps."""
        return frozenset(s for step in set(self.steps) for c in step.coefficients if isinstance(c, Polynomial)
                         for s in c.symbols)

    @property
    def weight_degree(self) -> int:
        """The degree of the gradient in the weights."""
        return max((degree_in(c, self.weights) for by in self.gradient for c in by.values()), default=0)

    @property
    def is_batch_quantity(self) -> bool:
        """Whether the quantity holds statistics of its own step (the mini-batch gradient does)."""
        return any(i >= 0 for by in self.outputs for i in by)


def degree_in(polynomial: Polynomial, symbols: Iterable[sympy.Symbol]) -> int:
    """The total degree in some of the generators."""
    places = [i for i in map(polynomial.ring.index, symbols) if i >= 0]
    return max((int(sum(e[i] for i in places)) for e in polynomial.raw.monoms()), default=0)


def in_inverse_batch(value: Polynomial) -> tuple[Polynomial, ...]:
    """The coefficients of the powers of u, in the smallest ring: letters may have come with the law of the weights."""
    others = (g for g in value.ring.generators if g in value.occurring and g != INVERSE_BATCH)
    return Ring((INVERSE_BATCH, *others))(value).coefficients(INVERSE_BATCH)


def applies(sgd: Run, quantity: Quantity) -> str:
    """Why the question cannot be put in component form; an empty text where it can."""
    if sgd.model.has_letter_shapes or sgd.model.law.dimension is None:
        return "the widths are letters; component form needs integers"
    if isinstance(quantity.step, sympy.Symbol):
        return "t is a letter; component form needs a number"
    if sgd.model.law.has_letter:
        return "the covariance is a letter; component form needs a matrix"
    if sgd.model.law.makes_letters:
        return "only moments of (x, y) are known, which the closure route reads"
    if any(leaf.is_number for leaf in quantity.leaves) and not sgd.model.has_loss:
        return no_loss(sgd.model)
    if weight_count(sgd.model) > MOST_WEIGHTS:
        return f"the model has {weight_count(sgd.model):,} weights, over {MOST_WEIGHTS:,} for components"
    terms = problem_size(sgd).loss_terms
    if terms > MOST_LOSS_TERMS:
        return f"the loss has up to {terms:,} terms in components, over {MOST_LOSS_TERMS:,}"
    return ""


def read(sgd: Run, quantity: Quantity, monitor: Monitor | None = None, nearest: str = "") -> Problem:
    """The problem and the question in component form; the last one is kept, for the estimate and the answer.

    With a monitor a problem that is far too large to be written out is refused first.

    Raises `RouteError` where a width, the step or the covariance is a letter.
    """
    reason = applies(sgd, quantity)
    if reason:
        raise RouteError(f"component form: {reason}; try route='symbolic'.")
    if monitor is not None:
        terms = problem_size(sgd).gradient_terms
        monitor.require(f"components: writing out {quantity}",
                        {"terms": terms // 10, "seconds": 2e-6 * terms, "memory": 20 * terms}, nearest)
    asked, problem = sgd.memo.get("component form", (None, None))
    rates = tuple(sgd.rates(t) for t in range(int(quantity.step)))  # a callable may give others than it did
    if asked != (quantity, rates):
        problem = _read(sgd, quantity)
        sgd.memo["component form"] = ((quantity, rates), problem)
    return problem


def _read(sgd: Run, quantity: Quantity) -> Problem:
    model = sgd.model
    arrays, random = _initial_arrays(sgd, quantity)
    sample = sample_gradient(model, {q.name: arrays[q.name] for q in model.constants})
    start = start_of_slots(sgd, quantity, [entry for q in model.parameters for entry in arrays[q.name].flat])
    steps = state_steps(sgd, quantity)
    rates = [c for step in set(steps) for c in step.coefficients]
    update = sgd.update_for(quantity)
    left = [*quantity.expressions, *(leaf.scale for leaf in quantity.leaves)]
    inner = set(sample.weights) | set(sample.sample)
    laws = (model.law, *(leaf.data for leaf in quantity.leaves if leaf.data is not None))
    known = ring_of([*start, *rates, *left, sample.ring.one, *(e for law in laws for e in law.expressions)]).generators
    drawn = {s for symbols, _ in random for s in symbols}
    letters = (*(g for g in known if g not in inner and g not in drawn), *(s for names, _ in random for s in names))
    state = (*sample.weights, *(sympy.Dummy(f"s{i}", dummy_index=7_000_000 + i)
                                for i in range(len(sample.weights), len(start))))
    ring = Ring((INVERSE_BATCH, *letters, *state))
    by_monomial = [by_sample(g, sample.sample, ring) for g in sample.components]
    monomials = sorted({m for by in by_monomial for m in by if any(m)}, key=lambda m: (sum(m), m))
    statistics, relations = _independent(monomials, SampleMoments(model.law), len(sample.sample))
    gradient = tuple(_by_statistic(by, statistics, relations, ring) for by in by_monomial)
    small = Ring((INVERSE_BATCH, *letters))
    moments = BatchMoments(model.law, sgd.batches, statistics, small)
    in_small = {step: step.mapped(lambda c: small(c) if isinstance(c, Polynomial) else c) for step in set(steps)}
    leaves = {leaf: _outputs(sgd, leaf, sample, gradient, moments, ring, state, update) for leaf in quantity.leaves}
    return Problem(
        letters, state, statistics, gradient, tuple(small(entry) for entry in start), tuple(random),
        tuple(map(in_small.__getitem__, steps)), moments,
        leaves.get(quantity, ()), sgd.batches, quantity.is_number, leaves)


def _initial_arrays(sgd: Run, quantity: Quantity) -> tuple[dict[str, np.ndarray[Any, Any]], list[Any]]:
    """Exact arrays for all parameters (letters for random entries), and the random letters with their laws."""
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    random = []
    count = 0
    for parameter in (*sgd.model.parameters, *sgd.model.constants):
        value = sgd.initial[parameter.name]
        if is_random(value):
            names = tuple(sympy.Dummy(f"r{count + i}", dummy_index=5_000_000 + count + i)
                          for i in range(int(parameter.size)))
            count += len(names)
            random.append((names, value))
            value = _reshape(names, parameter)
        elif value is None:
            value = user_letters(parameter, sgd.symbols(quantity))
        arrays[parameter.name] = value
    return arrays, random


def _reshape(names: Sequence[sympy.Symbol], parameter: Array) -> np.ndarray[Any, Any]:
    array = np.empty(len(names), dtype=object)
    array[:] = names
    return array.reshape([int(s) for s in parameter.shape])


def _independent(monomials: list[Exponents], moments: SampleMoments, width: int,
                 ) -> tuple[tuple[Exponents, ...], dict[Exponents, dict[Exponents, Fraction]]]:
    """A subset of the monomials that is linearly independent (with 1) almost surely, and the others in terms of it.

    By the kernel of the Gram matrix E[m_i m_j]: a sign squared is 1, n points carry at most n - 1 statistics.
    """
    if len(monomials) > MOST_RELATED:
        return tuple(monomials), {}
    one = (0,) * width
    everything = [one, *monomials]
    products = {tuple(map(add, m, k)) for m in everything for k in everything}
    try:
        known = moments(products)
    except AssumptionError:  # moments of that order are not given: nothing can be said
        return tuple(monomials), {}
    numbers = {e: to_fmpq(value) for e, value in known.items() if isinstance(value, Fraction)}
    if len(numbers) < len(known):  # letters in the data: nothing is decided
        return tuple(monomials), {}
    gram = flint.fmpq_mat([[numbers[tuple(map(add, m, k))] for k in everything] for m in everything])
    reduced, rank = gram.rref()
    pivots = [next(j for j in range(len(everything)) if reduced[i, j]) for i in range(rank)]
    relations = {
        everything[j]: {everything[p]: from_fmpq(reduced[i, j]) for i, p in enumerate(pivots) if reduced[i, j]}
        for j in range(len(everything)) if j not in pivots}
    return tuple(everything[p] for p in pivots if p), relations


def _by_statistic(parts: Mapping[Exponents, Polynomial], statistics: tuple[Exponents, ...],
                  relations: Mapping[Exponents, Mapping[Exponents, Fraction]], ring: Ring) -> ByStatistic:
    number = {m: i for i, m in enumerate(statistics)}
    result: dict[int, Polynomial] = {}
    for monomial, part in parts.items():
        for m, factor in relations.get(monomial, {monomial: Fraction(1)}).items():
            i = number.get(m, -1)
            result[i] = result.get(i, ring.zero) + part * factor
    return {i: c for i, c in sorted(result.items()) if c}


def _outputs(sgd: Run, quantity: Quantity, sample: SampleGradient, gradient: tuple[ByStatistic, ...],
             moments: BatchMoments, ring: Ring, state: Sequence[sympy.Symbol], update: Update,
             ) -> tuple[ByStatistic, ...]:
    base: list[ByStatistic]
    if quantity.is_number:
        return ({-1: ring(number_of(quantity, sample, sgd.model.law, coordinates(sgd, quantity)))},)
    if quantity.kind == "sample_gradients":
        base = _sample_gradients(sgd, quantity, sample, ring)
    else:
        chosen = coordinates(sgd, quantity, update)
        if quantity.kind == "weights":
            base = [{-1: ring.generator(state[i]) * to_scalar(quantity.scale)} for i in chosen]
        elif quantity.kind == "gradient":
            base = [gradient[i] for i in chosen]
            now = step_now(sgd, quantity, update)
            if now is not None:
                images = dict(zip(sample.weights, now.places([ring.generator(s) for s in state]), strict=True))
                base = [{i: compose(c, images, ring) for i, c in by.items()} for by in base]
        else:
            base = [{-1: mean_over_batch(gradient[i], moments, ring)} for i in chosen]
    if quantity.left is None:
        return tuple(base)
    return tuple(_combine(row, base, ring) for row in left_matrix(quantity, len(base)))


def gradient_at(problem: Problem, step: StateStep, images: Mapping[sympy.Symbol, Polynomial] | None, ring: Ring,
                ) -> list[ByStatistic]:
    """The gradient by statistics at C s, with the state's letters replaced by elements of `ring` where given."""
    if step.points is not None:
        state = [ring(s) for s in problem.state] if images is None else [images[s] for s in problem.state]
        images = dict(zip(problem.weights, step.places(state), strict=True))
    if images is None:
        return list(problem.gradient)
    return [{i: compose(c, images, ring) for i, c in by.items()} for by in problem.gradient]


def compose(value: Polynomial, images: Mapping[sympy.Symbol, Polynomial], ring: Ring) -> Polynomial:
    """The value with generators replaced by elements of `ring`, the others kept, as an element of `ring`."""
    full = [images[g].raw if g in images else ring.generator(g).raw if ring.index(g) >= 0
            else ring.zero.raw for g in value.ring.generators]
    return Polynomial(ring, value.raw.compose(*full, ctx=ring.context))


def mean_over_batch(parts: ByStatistic, moments: BatchMoments, ring: Ring) -> Polynomial:
    """sum_m c_m(w) E S_m."""
    count = len(moments.statistics)
    return sum((c if i < 0 else c * ring(moments(tuple(int(i == j) for j in range(count))))
                for i, c in parts.items()), ring.zero)


def _combine(row: Sequence[Any], parts: Sequence[ByStatistic], ring: Ring) -> ByStatistic:
    total: dict[int, Polynomial] = {}
    for factor, part in zip(row, parts, strict=True):
        if factor:
            for i, c in part.items():
                total[i] = total.get(i, ring.zero) + c * ring(factor)
    return {i: c for i, c in sorted(total.items()) if c}


def _sample_gradients(sgd: Run, quantity: Quantity, sample: SampleGradient, ring: Ring) -> list[ByStatistic]:
    """sum_i A_i grad L_i(w), the label noise of each point averaged."""
    law = sgd.model.law
    matrices = quantity.matrices
    if law.points is None or matrices is None or len(matrices) != law.n:
        raise AssumptionError("sample_gradients(t, A) needs a finite data set and one matrix A_i for each of its "
                              f"points; found {law} and {0 if matrices is None else len(matrices)} matrices.")
    total = [ring.zero] * len(matrices[0])
    for matrix, point in zip(matrices, law.points, strict=True):
        values = []
        for component in sample.components:
            value = ring.zero
            for m, c in by_sample(component, sample.sample, ring).items():
                factor: Any = law.moments_beside(m[len(point):])
                for entry, power in zip(point, m, strict=False):
                    if power:
                        factor = factor * entry**power
                value = value + c * ring(factor)
            values.append(value)
        for r, row in enumerate(left_matrix(_left_only(matrix), len(values))):
            for factor, value in zip(row, values, strict=True):
                if factor:
                    total[r] = total[r] + value * ring(factor)
    return [{-1: value} for value in total]


def _left_only(matrix: Any) -> Quantity:
    return Quantity("sample_gradients", 0, left=matrix)
