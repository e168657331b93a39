"""The moments of SGD by brute force: every sequence of batches is listed, in exact rationals.

The plainest true answer there is, for tiny cases only: the number of sequences is (number of batches)^steps.
It shares nothing with the routes: no moment recursion, no formula for a gradient (`Dual` numbers run through
the model's own prediction), no formula for a moment of a batch.

Where the exact answer is a polynomial in 1/b, this is its value at one b:

>>> import sgdmoments as sm
>>> sgd = sm.SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]), learning_rate="1/10", initial=[0])
>>> [enumerate_moment(sgd, sm.gradient(1), b) for b in (1, 2, 3)]
[Fraction(1337, 450), Fraction(259, 400), Fraction(0, 1)]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, combinations_with_replacement, product
from math import comb, factorial
from typing import Any, Literal, get_args

import numpy as np
import sympy

from sgdmoments.errors import AssumptionError, BudgetExceeded, InputError
from sgdmoments.models.laws import Empirical, Law, Rademacher
from sgdmoments.models.quantities import Quantity
from sgdmoments.models.run import SGD
from sgdmoments.testing.dual import Dual

Moment = Literal["variance", "second_moment", "mean"]
Vector = tuple[Any, ...]


def enumerate_moment(sgd: SGD, quantity: Quantity, batch_size: int, moment: Moment = "variance", *,
                     limit: int = 2_000_000) -> Any:
    """A moment of a quantity at one batch size, by listing every sequence of batches.

    E q = sum_s P(s) q(s), E||q||^2 = sum_s P(s) ||q(s)||^2, var(q) = E||q||^2 - ||E q||^2 over the sequences s.

    Args:
        sgd: with finite data, or a data law of finite support (`Rademacher`); the initial weights are arrays.
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
        AssumptionError: the law of the data, noise or initial weights cannot be listed.
    """
    if moment not in get_args(Moment):
        raise InputError(f"moment: found {moment!r}; use one of {', '.join(get_args(Moment))}.")
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
    and the A_i of sample_gradients act on this vector); a tuple of one number for the loss.

    Arguments and errors as for `enumerate_moment`.

    >>> import sgdmoments as sm
    >>> sgd = sm.SGD(sm.LinearRegression([[1], [2]], [1, 0]), learning_rate=1, initial=[0])
    >>> [(str(p), str(w)) for p, (w,) in outcomes(sgd, sm.weights(1), 1)]
    [('1/2', '1'), ('1/2', '0')]
    """
    if not isinstance(sgd, SGD) or not isinstance(quantity, Quantity):
        raise InputError(f"expected an SGD and a quantity such as gradient(1), found {sgd!r} and {quantity!r}.")
    problem = _Problem.read(sgd)
    if not isinstance(quantity.step, int):
        raise InputError(f"t: enumeration needs an integer step, found the symbol {quantity.step}.")
    draws = quantity.step + (quantity.kind == "gradient")
    _check_size(problem.count_batches(batch_size), draws, quantity, limit)
    finish = _reader(problem, quantity)
    batches = list(problem.batches(batch_size))
    rates = sgd.schedule.rates(quantity.step)

    def walk(t: int, probability: Fraction, weights: Vector) -> Iterator[tuple[Fraction, Vector]]:
        if t == draws:
            yield probability, finish(weights, None)
            return
        gradients = problem.gradients(weights)
        for chance, batch in batches:
            g = _mean([gradients[atom] for atom in batch])
            if t == quantity.step:
                yield probability * chance, finish(weights, g)
            else:
                moved = tuple(_tidy(w - rates[t] * d) for w, d in zip(weights, g, strict=True))
                yield from walk(t + 1, probability * chance, moved)

    return walk(0, Fraction(1), problem.start)


@dataclass(frozen=True)
class _Problem:
    """An SGD problem written out: every value that a sample can take, with its probability.

    An atom is a sample (x, label); `points` numbers the data point that it came from, so that several
    atoms (values of the label noise) may belong to one point.
    """

    sgd: SGD
    atoms: tuple[tuple[Any, Any], ...]
    chances: tuple[Fraction, ...]
    points: tuple[tuple[int, ...], ...]
    start: Vector

    @classmethod
    def read(cls, sgd: SGD) -> _Problem:
        model = sgd.model
        start = {q.name: _array(sgd, q.name) for q in model.parameters}
        teacher = {q.name: _array(sgd, q_star.name)
                   for q, q_star in zip(model.parameters, model.teacher_parameters, strict=False)}
        xs = _support(model.data, start[model.parameters[0].name].shape[-1], "data")
        atoms: list[tuple[Any, Any]] = []
        points: list[tuple[int, ...]] = []
        for i, x in enumerate(xs):
            label = model.predict(teacher, x) if model.targets is None else model.targets[i]
            shifts = [np.full(len(label), Fraction(0), dtype=object)] if model.noise is None \
                else _support(model.noise, len(label), "noise")
            points.append(tuple(range(len(atoms), len(atoms) + len(shifts))))
            atoms += [(x, label + shift) for shift in shifts]
        flat = tuple(entry for q in model.parameters for entry in start[q.name].ravel())
        return cls(sgd, tuple(atoms), (Fraction(1, len(atoms)),) * len(atoms), tuple(points), flat)

    def count_batches(self, b: Any) -> int:
        """The number of batches that `batches` lists."""
        if isinstance(b, bool) or not isinstance(b, (int, np.integer)) or b < 1:
            raise InputError(f"batch_size: found {b!r}; a batch size is an integer >= 1.")
        n, noise_values = len(self.points), len(self.points[0])
        if self.sgd.sampling != "without_replacement":
            return comb(len(self.atoms) + int(b) - 1, int(b))
        if b > n:
            raise InputError(f"batch_size: b = {b} is larger than n = {n}, and batches are drawn without "
                             "replacement; take b <= n, or sampling='with_replacement'.")
        return comb(n, int(b)) * noise_values ** int(b)

    def batches(self, b: int) -> Iterator[tuple[Fraction, tuple[int, ...]]]:
        """Every batch, as a tuple of atoms, with its probability."""
        if self.sgd.sampling == "without_replacement":
            chance = Fraction(1, self.count_batches(b))
            for chosen in combinations(self.points, b):
                for batch in product(*chosen):
                    yield chance, batch
            return
        for batch in combinations_with_replacement(range(len(self.atoms)), b):
            chance = Fraction(factorial(b))  # the number of orders in which the batch can be drawn ...
            for atom, times in Counter(batch).items():
                chance *= self.chances[atom] ** times / factorial(times)
            yield chance, batch

    def losses(self, weights: Vector) -> list[Dual]:
        """The loss 1/2 ||prediction - label||^2 of every atom, with its derivatives by the flat weights."""
        arrays: dict[str, Any] = {}
        offset = 0
        for q in self.sgd.model.parameters:
            array = np.empty(q.shape, dtype=object)
            for index in np.ndindex(array.shape):
                array[index] = Dual(weights[offset], {offset: Fraction(1)})
                offset += 1
            arrays[q.name] = array
        found = []
        for x, label in self.atoms:
            total = Dual(Fraction(0))
            for f, y in zip(self.sgd.model.predict(arrays, x), label, strict=True):
                total = total + (Dual.lift(f) - y) ** 2
            found.append(total * Fraction(1, 2))
        return found

    def gradients(self, weights: Vector) -> list[Vector]:
        """The gradient of every atom's loss."""
        return [tuple(_tidy(loss.tangent.get(k, Fraction(0))) for k in range(len(weights)))
                for loss in self.losses(weights)]


def _reader(problem: _Problem, quantity: Quantity) -> Any:
    """The quantity as a function of the weights w_t and, for the mini-batch gradient, of g_t."""
    model = problem.sgd.model
    layer = quantity.layer
    if layer is not None and layer > model.layers:
        raise InputError(f"layer: found {layer}; the model has the layers 1, ..., {model.layers}.")
    kept: list[int] = []
    offset = 0
    for q in model.parameters:
        size = int(q.size)
        kept += range(offset, offset + size) if layer in (None, q.layer) else ()
        offset += size
    matrices = quantity.matrices
    if matrices is not None:
        if not isinstance(model.data, Empirical) or len(matrices) != len(problem.points):
            raise InputError(f"matrices: {len(matrices)} are given; sample_gradients needs one for each point of "
                             f"a finite data set (here {model.data!r}).")
        _check_columns("matrices", matrices[0], offset)
    rows = len(kept) if matrices is None else len(matrices[0])
    if quantity.left is not None:
        _check_columns("A", quantity.left, rows)

    def read(weights: Vector, g: Vector | None) -> Vector:
        if quantity.kind == "loss":
            return (_tidy(sum((c * d.value for c, d in zip(problem.chances, problem.losses(weights), strict=True)),
                              Fraction(0))),)
        if quantity.kind == "weights":
            value = weights
        elif quantity.kind == "gradient":
            assert g is not None
            value = g
        elif quantity.kind == "full_gradient":
            value = _combine(list(zip(problem.chances, problem.gradients(weights), strict=True)))
        else:
            assert matrices is not None
            gradients = problem.gradients(weights)
            per_point = [_mean([gradients[atom] for atom in point]) for point in problem.points]
            return _apply(quantity.left, _combine([(Fraction(1), _apply(a, v))
                                                   for a, v in zip(matrices, per_point, strict=True)]))
        return _apply(quantity.left, tuple(value[k] for k in kept))

    return read


def _support(law: Law, dimension: int, name: str) -> list[Any]:
    """The values of a law that takes finitely many, each equally likely."""
    if isinstance(law, Empirical):
        return list(law.points)
    if isinstance(law, Rademacher):
        signs = (Fraction(1), Fraction(-1))
        return [np.array(x, dtype=object) for x in product(signs, repeat=dimension)]
    raise AssumptionError(f"{name}: {law!r} does not list finitely many values, so nothing can be enumerated; "
                          "use Empirical(points) or Rademacher(), or compare with a simulation.")


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


def _check_size(batches: int, draws: int, quantity: Quantity, limit: int) -> None:
    count = batches**draws
    if count <= limit:
        return
    reach = 0
    while batches ** (reach + 1) <= limit:
        reach += 1
    steps = reach - (quantity.kind == "gradient")
    nearest = f"t <= {steps} at this batch size" if steps >= 0 else "a smaller batch size or data set"
    raise BudgetExceeded(
        f"{quantity}: {batches:,} batches at each of {draws} draws are {count:,} sequences, over the limit of "
        f"{limit:,} (limit=...).", {"sequences": count}, nearest)


def _combine(parts: list[tuple[Any, Vector]]) -> Vector:
    """The linear combination of vectors."""
    return tuple(sum((c * v[k] for c, v in parts), Fraction(0)) for k in range(len(parts[0][1])))


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
