"""The moments of SGD by brute force: every sequence of batches is listed, in exact rationals.

The plainest true answer there is, for tiny cases only: the number of sequences is (number of batches)^steps.
It shares nothing with the routes: no moment recursion, no formula for a gradient (`Dual` numbers run through
the model's own prediction), no formula for a moment of a batch.

Where the exact answer is a polynomial in 1/b, this is its value at one b:

>>> import sgdmoments as sm
>>> sgd = sm.SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]), learning_rate="1/10", initial=[0])
>>> [enumerate_moment(sgd, sm.gradient(1), b) for b in (1, 2, 3)]
[Fraction(1337, 450), Fraction(259, 400), Fraction(0, 1)]

For Gaussian and other infinite data laws each sample is listed by a signed measure with the moments that count
(`sgdmoments.testing.listing`); var(g_0) = (p + 1)/b ||W2^T R||^2 for the first layer of a linear network:

>>> net = sm.Network((2, 1, 1))
>>> sgd = sm.SGD(net, 1, {"W1": [[1, 2]], "W2": [[3]], "W1*": [[0, 0]], "W2*": [[0]]})
>>> enumerate_moment(sgd, sm.gradient(0, layer=1), 2) == Fraction(2 + 1, 2) * 9 * (9 + 36)
True
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations, combinations_with_replacement, product
from math import comb, factorial, prod
from typing import Any, Literal, get_args

import numpy as np
import sympy

from sgdmoments.describe.array import arrays_of
from sgdmoments.describe.model import as_array, no_loss
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.update import Step
from sgdmoments.errors import AssumptionError, BudgetExceeded, InputError
from sgdmoments.reading import read_choice, read_integer, shown
from sgdmoments.sgd import SGD
from sgdmoments.testing.dual import Dual
from sgdmoments.testing.listing import Degrees, Listing, degrees, listing, listing_sizes

Moment = Literal["variance", "second_moment", "mean"]
Vector = tuple[Any, ...]


def enumerate_moment(sgd: SGD, quantity: Quantity, batch_size: int, moment: Moment = "variance", *,
                     limit: int = 2_000_000) -> Any:
    """A moment of a quantity at one batch size, by listing every sequence of batches.

    E q = sum_s P(s) q(s), E||q||^2 = sum_s P(s) ||q(s)||^2, var(q) = E||q||^2 - ||E q||^2 over the sequences s.

    Args:
        sgd: with initial weights that are arrays, and a data law whose moments are numbers.
        quantity: any quantity at an integer step.
        batch_size: b; at most n where batches are drawn without replacement.
        moment: "variance", "second_moment" or "mean".
        limit: the largest number of sequences to list.

    Returns:
        A Fraction (a sympy expression where data, weights or rates hold symbols); for the mean of an array
        an object array of them, of one dimension, ordered as in `outcomes`.

    Raises:
        BudgetExceeded: there are more than `limit` sequences; the message says how many.
        InputError: b is not an integer in 1..n, or something else cannot be used.
        AssumptionError: the data, the noise or the initial weights cannot be listed.
    """
    read_choice(moment, "moment", get_args(Moment))
    mean: list[Any] | None = None
    second: Any = Fraction(0)
    for probability, value in outcomes(sgd, quantity, batch_size, limit=limit):
        mean = [Fraction(0)] * len(value) if mean is None else mean
        for k, entry in enumerate(value):
            weighted = probability * entry
            mean[k] = mean[k] + weighted
            second = second + weighted * entry
    assert mean is not None
    if moment == "mean":
        tidied = [_tidy(entry) for entry in mean]
        return tidied[0] if quantity.kind == "loss" else np.array(tidied, dtype=object)
    if moment == "variance":
        for entry in mean:
            second = second - entry * entry
    return _tidy(second)


def outcomes(sgd: SGD, quantity: Quantity, batch_size: int, *,
             limit: int = 2_000_000) -> Iterator[tuple[Fraction, Vector]]:
    """The exact law of a quantity: (probability, value) for every sequence of batches.

    A value is a tuple: the entries of each parameter array in row-major order, layers in order (``A @ q``
    and the A_i of sample_gradients act on this vector); a tuple of one number for the loss. For data laws with
    infinitely many values the probabilities are signed weights: first and second moments are right, no more.

    Arguments and errors as for `enumerate_moment`.

    >>> import sgdmoments as sm
    >>> sgd = sm.SGD(sm.LinearRegression([[1], [2]], [1, 0]), learning_rate=1, initial=[0])
    >>> [(str(p), str(w)) for p, (w,) in outcomes(sgd, sm.weights(1), 1)]
    [('1/2', '1'), ('1/2', '0')]
    """
    if not isinstance(sgd, SGD) or not isinstance(quantity, Quantity):
        raise InputError(f"expected an SGD and a quantity such as gradient(1), found {shown(sgd)} and "
                         f"{shown(quantity)}.")
    if not quantity.is_along_the_run:
        raise InputError(f"{quantity!r}: gradients, weights, the training loss and sums of sample gradients are "
                         "listed.")
    if not isinstance(quantity.step, int):
        raise InputError(f"t: enumeration needs an integer step, found the symbol {quantity.step}.")
    limit = read_integer(limit, "limit", 0, "the limit is an integer >= 0")
    problem = _Problem(sgd, quantity)
    weights = tuple(entry for q in sgd.model.parameters for entry in _array(sgd, q.name).ravel())
    update = sgd.update_for(quantity)
    start = tuple(_slot_start(update.start_of(slot), weights) for slot in update.slots)
    _check_size([problem.count_batches(batch_size, s) for s in range(problem.draws)], quantity, limit)
    finish = _reader(problem)
    samples = [problem.sample(s) for s in range(problem.draws)]
    batches = [list(problem.batches(batch_size, sample)) for sample in samples]
    steps = [_entries_at(sgd, update.step(t), t, quantity.step) for t in range(problem.draws)]
    read = 0 if quantity.slot_name is None else update.slots.index(quantity.slot_name)

    def walk(t: int, probability: Fraction, slots: tuple[Vector, ...]) -> Iterator[tuple[Fraction, Vector]]:
        if t == problem.draws:
            yield probability, finish(slots[read], None)
            return
        gradients = problem.gradients(_sum_of(steps[t]["C"], slots), samples[t])
        for chance, batch in batches[t]:
            g = _mean([gradients[atom] for atom in batch])
            if t == quantity.step:
                yield probability * chance, finish(slots[read], g)
            else:
                moved = tuple(_sum_of([*row, gain], [*slots, g])
                              for row, gain in zip(steps[t]["A"], steps[t]["B"], strict=True))
                yield from walk(t + 1, probability * chance, moved)

    return walk(0, Fraction(1), start)


def _entries_at(sgd: SGD, step: Step, t: int, last: int) -> dict[str, Any]:
    """A, B and C of a step with the learning rates put in: for each entry the factors of all weights."""
    sizes = [int(array.size) for array in sgd.model.parameters]

    def factors(powers: Any) -> list[Any]:
        if len(powers) < 2:  # the rate, which need not be known at the quantity's own step, does not matter
            return [powers[0] if powers else Fraction(0)] * sum(sizes)
        return [sum((c * rate**k for k, c in enumerate(powers)), Fraction(0))
                for size, rate in zip(sizes, sgd.rates(t), strict=True) for _ in range(size)]

    moves = t < last
    return {"A": [[factors(entry) for entry in row] for row in step.A] if moves else [],
            "B": [factors(entry) for entry in step.B] if moves else [], "C": [factors(entry) for entry in step.C]}


def _sum_of(factors: Sequence[Sequence[Any]], vectors: Sequence[Vector]) -> Vector:
    """The sum of vectors, each multiplied entry by entry; what is multiplied by 0 is left out."""
    totals = [Fraction(0)] * len(vectors[0])
    for own, vector in zip(factors, vectors, strict=True):
        for i, (factor, entry) in enumerate(zip(own, vector, strict=True)):
            if factor != 0:
                totals[i] = totals[i] + factor * entry
    return tuple(map(_tidy, totals))


def _slot_start(start: Any, weights: Vector) -> Vector:
    if isinstance(start, np.ndarray):
        return tuple(start.flat)
    return weights if start is not None else (Fraction(0),) * len(weights)


@dataclass(frozen=True)
class _Problem:
    """A question about a run: the samples of each step and the batches they form, written out."""

    sgd: SGD
    quantity: Quantity

    @property
    def draws(self) -> int:
        """The number of batches on which the quantity depends."""
        return int(self.quantity.step) + (self.quantity.kind == "gradient")

    @cached_property
    def constants(self) -> dict[str, Any]:
        """The model's constants."""
        return {array.name: _array(self.sgd, array.name) for array in self.sgd.model.constants}

    @cached_property
    def population(self) -> Listing:
        """A sample under which the means of the loss and of its gradient are those of the data law."""
        return listing(self.sgd.model.law, [max(self._degrees.loss_in[k], d) for k, d in enumerate(
            self._degrees.step_in)])

    @cached_property
    def _degrees(self) -> Degrees:
        return degrees(self.sgd.model)

    def _orders(self, step: int) -> list[int]:
        """The degree of the squared quantity in the batch of `step`, by factors of a sample."""
        gradient, later = max(self._degrees.step, 1), int(self.quantity.step) - step
        if self.quantity.kind == "loss":
            order = 2 * self._degrees.loss * gradient ** (later - 1)
        else:
            order = 2 * gradient ** (later - (self.quantity.kind == "weights"))
        return [d * int(order) for d in self._degrees.step_in]

    def sample(self, step: int) -> Listing:
        """The sample of a step, faithful to all that the square of the quantity makes of it."""
        return listing(self.sgd.model.law, self._orders(step))

    def count_batches(self, b: Any, step: int) -> int:
        """The number of batches that `batches` lists at a step, at most."""
        b = read_integer(b, "batch_size", 1, "a batch size is an integer >= 1")
        n, beside = listing_sizes(self.sgd.model.law, self._orders(step))
        if self.sgd.batches.independent:
            return comb(n * beside + b - 1, b)
        if b > n:
            raise InputError(f"batch_size: b = {shown(b)} is larger than n = {n}, and batches are drawn without "
                             "replacement; take b <= n, or sampling='with_replacement'.")
        return comb(n, b) * beside**b

    def batches(self, b: int, sample: Listing) -> Iterator[tuple[Fraction, tuple[int, ...]]]:
        """Every batch, as a tuple of atoms, with its probability."""
        n = len(sample.points)
        if not self.sgd.batches.independent:
            for chosen in combinations(sample.points, b):
                for batch in product(*chosen):  # given its points: each atom has n times its chance
                    yield prod((n * sample.chances[atom] for atom in batch), start=Fraction(1, comb(n, b))), batch
            return
        for batch in combinations_with_replacement(range(len(sample.atoms)), b):
            chance = Fraction(factorial(b))  # the number of orders in which the batch can be drawn ...
            for atom, times in Counter(batch).items():
                chance *= sample.chances[atom] ** times / factorial(times)
            yield chance, batch

    def losses(self, weights: Vector, sample: Listing) -> list[Dual]:
        """The loss of every atom, with its derivatives by the flat weights."""
        model = self.sgd.model
        flat = np.empty(len(weights), dtype=object)
        flat[:] = [Dual(w, {k: Fraction(1)}) for k, w in enumerate(weights)]
        given = arrays_of(model.parameters, flat), self.constants
        found = []
        for atom in sample.atoms:
            values = arrays_of(model.law.parts, atom)
            if model.predicts:
                total = Dual(Fraction(0))
                for entry in model.residual(*given, values).flat:
                    total = total + Dual.lift(entry) ** 2
                found.append(total * Fraction(1, 2))
            else:
                found.append(Dual.lift(as_array(model.loss(*given, values)).flat[0]))
        return found

    def gradients(self, weights: Vector, sample: Listing) -> list[Vector]:
        """What every atom says is to be subtracted: the gradient of its loss, or the model's own direction."""
        model = self.sgd.model
        if not model.has_direction:
            return [tuple(_tidy(loss.tangent.get(k, Fraction(0))) for k in range(len(weights)))
                    for loss in self.losses(weights, sample)]
        arrays = arrays_of(model.parameters, np.array([*weights, None], dtype=object)[:-1])
        moves = (model.direction(arrays, self.constants, arrays_of(model.law.parts, atom)) for atom in sample.atoms)
        return [tuple(_tidy(entry) for array in model.parameters for entry in as_array(move[array.name]).flat)
                for move in moves]


def _reader(problem: _Problem) -> Callable[[Vector, Vector | None], Vector]:
    """The quantity as a function of the weights w_t and, for the mini-batch gradient, of g_t."""
    model, quantity, sample = problem.sgd.model, problem.quantity, problem.population
    if quantity.kind == "loss" and not model.has_loss:
        raise InputError(f"loss: {no_loss(model)}.")
    places = model.places(quantity.layer)
    kept: list[int] = []
    offset = 0
    for place, array in enumerate(model.parameters):
        kept += range(offset, offset + int(array.size)) if place in places else ()
        offset += int(array.size)
    matrices = quantity.matrices
    if matrices is not None:
        if model.n is None or len(matrices) != len(sample.points):
            raise InputError(f"matrices: {len(matrices)} are given; sample_gradients needs one for each point of "
                             f"a finite data set (here {model.law}).")
        _check_columns("matrices", matrices[0], offset)
    if quantity.left is not None:
        _check_columns("A", quantity.left, len(kept) if matrices is None else len(matrices[0]))

    def read(weights: Vector, g: Vector | None) -> Vector:
        if quantity.kind == "loss":
            losses = problem.losses(weights, sample)
            return (_tidy(sum((c * d.value for c, d in zip(sample.chances, losses, strict=True)), Fraction(0))),)
        if quantity.kind == "weights":
            value = tuple(quantity.scale * entry for entry in weights)
        elif quantity.kind == "gradient":
            assert g is not None
            value = g
        else:
            gradients = problem.gradients(weights, sample)
            if matrices is None:
                value = _combine(sample.chances, gradients)
            else:
                scaled = [len(matrices) * c for c in sample.chances]  # the chance of an atom given its point
                images = [_apply(a, gradients[atom])
                          for a, point in zip(matrices, sample.points, strict=True) for atom in point]
                return _apply(quantity.left, _combine(scaled, images))
        return _apply(quantity.left, tuple(value[k] for k in kept))

    return read


def _array(sgd: SGD, name: str) -> Any:
    value = sgd.initial[name]
    if not isinstance(value, np.ndarray):
        raise AssumptionError(f"initial[{name!r}]: enumeration starts from given weights (numbers or sympy "
                              f"symbols), found {'none' if value is None else repr(value)}.")
    return value


def _check_columns(name: str, matrix: Any, rows: int) -> None:
    if len(matrix[0]) != rows:
        raise InputError(f"{name}: {rows} columns are needed, one for each entry of the vector that the matrix "
                         f"is applied to, found {len(matrix[0])}.")


def _check_size(batches: list[int], quantity: Quantity, limit: int) -> None:
    count = prod(batches)
    if count > limit:
        each = ", then ".join(f"{k:,}" for k in batches)
        raise BudgetExceeded(f"{quantity}: {each} batches are {count:,} sequences, over the limit of {limit:,} "
                             "(limit=...).", {"sequences": count}, "a smaller step, batch size or data set.")


def _combine(factors: Any, vectors: list[Vector]) -> Vector:
    """The linear combination of vectors."""
    return tuple(sum((c * v for c, v in zip(factors, entries, strict=True)), Fraction(0))
                 for entries in zip(*vectors, strict=True))


def _mean(vectors: list[Vector]) -> Vector:
    return tuple(sum(entries, Fraction(0)) / len(vectors) for entries in zip(*vectors, strict=True))


def _apply(matrix: Any, vector: Vector) -> Vector:
    """matrix @ vector; None is the identity."""
    if matrix is None:
        return vector
    return tuple(sum((a * v for a, v in zip(row, vector, strict=True)), Fraction(0)) for row in matrix)


def _tidy(value: Any) -> Any:
    """A sympy expression expanded, and a rational number as a Fraction."""
    if isinstance(value, sympy.Expr):
        value = sympy.expand(value)
        return Fraction(int(value.p), int(value.q)) if value.is_Rational else value
    return value
