"""How large a problem is in component form, before it is written out: the model run on sizes.

A `Size` is a bound of the number of terms of a polynomial in weights and sample, with its degrees in both: sums add,
products multiply, and no polynomial has more terms than there are monomials of its degrees.

>>> import sgdmoments as sm
>>> size = problem_size(sm.SGD(sm.Network((2, 3, 1)), initial={"W1*": [[1, 0], [1, 1], [0, 1]], "W2*": [[1, 2, 1]]}))
>>> size.prediction_terms, size.weight_degree, size.statistics
(6, 3, 3)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np

from sgdmoments.describe.initial import is_random
from sgdmoments.describe.model import Model, as_array
from sgdmoments.describe.run import Run
from sgdmoments.exact.beside_arrays import beside_arrays

#: Larger counts are not told apart.
_MANY = 10**40

#: More weights than this are never written out in components.
MOST_WEIGHTS = 3_000


@beside_arrays
@dataclass(frozen=True, slots=True)
class Size:
    """A bound of the number of terms, the degree in the weights, and the degree in the sample."""

    terms: int
    weights: int = 0
    sample: int = 0

    def __add__(self, other: Any) -> Size:
        if not isinstance(other, Size):
            return Size(self.terms + int(other != 0), self.weights, self.sample)
        return Size(self.terms + other.terms, max(self.weights, other.weights), max(self.sample, other.sample))

    __radd__ = __add__
    __sub__ = __add__
    __rsub__ = __add__

    def __neg__(self) -> Size:
        return self

    def __mul__(self, other: Any) -> Size:
        if not isinstance(other, Size):
            return self if other != 0 else Size(0)
        if not self.terms or not other.terms:
            return Size(0)
        return Size(min(self.terms * other.terms, _MANY), self.weights + other.weights, self.sample + other.sample)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Size:
        return self

    def __pow__(self, exponent: int) -> Size:
        product = Size(1)
        for _ in range(exponent):
            product = product * self
        return product


@dataclass(frozen=True, slots=True)
class ProblemSize:
    """A problem in component form, as sizes; bounds from above.

    Attributes:
        width: the number of weights.
        outputs: the number of entries of the prediction.
        letters: symbols in the coefficients, those of random initial weights included.
        prediction_terms: the terms of one entry of the prediction.
        residual_terms: the terms of one entry of prediction - label.
        weight_degree: the degree of the gradient in the weights.
        monomials: the number of monomials of a sample in the gradient.
        statistics: the number of batch statistics: of those monomials, as many as are independent.
        label_terms: the terms of the label in the weights: those of the teacher where it is open, else 1.
    """

    width: int
    outputs: int
    letters: int
    prediction_terms: int
    residual_terms: int
    weight_degree: int
    monomials: int
    statistics: int
    label_terms: int = 1

    @property
    def loss_terms(self) -> int:
        """The terms of the squared prediction."""
        return self.outputs * self.prediction_terms**2

    @property
    def gradient_terms(self) -> int:
        """The terms of all components of the gradient together."""
        return self.outputs * self.residual_terms * self.prediction_terms * max((self.weight_degree + 1) // 2, 1)


def problem_size(sgd: Run) -> ProblemSize:
    """The size of a problem whose dimensions are numbers; kept with the SGD object."""
    if "problem size" not in sgd.memo:
        sgd.memo["problem size"] = _problem_size(sgd)
    found: ProblemSize = sgd.memo["problem size"]
    return found


def weight_count(model: Model) -> int:
    """The number of weights."""
    return sum(int(p.size) for p in model.parameters)


def _problem_size(sgd: Run) -> ProblemSize:
    model, law = sgd.model, sgd.model.law
    width = weight_count(model)
    first = law.factors[0].parts[0]
    inputs = int(first.size)
    letters = len(sgd.symbols()) + sum(int(p.size) for p in (*model.parameters, *model.constants)
                                       if not isinstance(sgd.initial[p.name], np.ndarray))
    if not model.predicts or model.has_direction:
        return _of_own_loss(sgd, width, letters)
    prediction = _largest(model, model.predict)
    outputs = prediction[1]
    size = prediction[0]
    open_constants = any(sgd.initial[q.name] is None or is_random(sgd.initial[q.name]) for q in model.constants)
    labels = sum(int(part.size) for factor in law.factors for part in factor.parts) - inputs
    further = min(1, labels)
    if model.constants:
        further += size.terms if open_constants else comb(inputs + size.sample, inputs)
    further += max(len(law.factors) - 1, 0) * (not model.constants)
    degree = 2 * size.sample
    monomials = comb(inputs + degree - 1, degree) if size.sample == 1 else comb(inputs + degree, degree) - 1
    monomials += labels * (comb(inputs + size.sample, size.sample) - 1)
    return ProblemSize(width, outputs, letters, size.terms, size.terms + further, max(2 * size.weights - 1, 0),
                       monomials, _independent(sgd, monomials), size.terms if open_constants else 1)


def _of_own_loss(sgd: Run, width: int, letters: int) -> ProblemSize:
    """Of a model that gives its loss or its direction: that method run on sizes."""
    model, coordinates = sgd.model, sum(int(part.size) for part in sgd.model.law.parts)
    size, _ = _largest(model, model.direction if model.has_direction else model.loss)
    degree = size.weights if model.has_direction else max(size.weights - 1, 0)
    monomials = min(comb(coordinates + size.sample, coordinates) - 1, size.terms)
    return ProblemSize(width, 1, letters, 1, size.terms * max(width, 1), degree, monomials,
                       _independent(sgd, monomials))


def _independent(sgd: Run, monomials: int) -> int:
    """How many statistics n points carry, where relations between them are looked for."""
    n = sgd.model.n
    return min(monomials, max(n - 1, 0)) if isinstance(n, int) and not sgd.symbols() else monomials


def _largest(model: Model, method: Any) -> tuple[Size, int]:
    """The largest entry of what a method gives for weights that are letters, and the number of its entries."""
    groups = ((model.parameters, Size(1, weights=1)), (model.constants, Size(1)), (model.law.parts, Size(1, sample=1)))
    found = method(*({array.name: np.full(tuple(map(int, array.shape)), entry, dtype=object) for array in arrays}
                     for arrays, entry in groups))
    values = [as_array(value) for value in (found.values() if isinstance(found, Mapping) else [found])]
    entries = [e if isinstance(e, Size) else Size(1) for value in values for e in value.flat]
    return Size(max(e.terms for e in entries), max(e.weights for e in entries),
                max(e.sample for e in entries)), len(entries)
