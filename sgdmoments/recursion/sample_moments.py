"""The per-sample gradient as polynomials in weights and sample, and the moments of the sample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from operator import itemgetter, sub
from typing import Any

import flint
import numpy as np
import sympy

from sgdmoments.budget import tick
from sgdmoments.describe.array import arrays_of
from sgdmoments.describe.laws.base import Law
from sgdmoments.describe.letters import sample_letters, weight_letters
from sgdmoments.describe.model import Model
from sgdmoments.exact.ring import Exponents, Polynomial, Ring, ring_of

Scalar = Fraction | Polynomial

#: Rows of data multiplied at a time, so that memory stays flat in n.
_CHUNK = 8192


@dataclass(frozen=True)
class SampleGradient:
    """A model in component form, for one sample.

    Attributes:
        weights: letters of the flattened weights.
        sample: letters of the sample's coordinates, in the order of the law.
        loss: the loss as a polynomial in all letters; None where the model has none.
        components: for each weight what is subtracted from it: the derivative of the loss, or the model's direction.
    """

    weights: tuple[sympy.Symbol, ...]
    sample: tuple[sympy.Symbol, ...]
    loss: Polynomial | None
    components: tuple[Polynomial, ...]

    @property
    def ring(self) -> Ring:
        """That of the polynomials: weights, sample, then the problem's letters."""
        return self.components[0].ring


def sample_gradient(model: Model, constants: Mapping[str, np.ndarray[Any, Any]]) -> SampleGradient:
    """Run the model on letters and differentiate.

    Args:
        constants: exact arrays (numbers or symbols) for the model's constants.
    """
    weights = weight_letters(sum(int(array.size) for array in model.parameters))
    sample = sample_letters(sum(int(part.size) for part in model.law.parts))
    ring = Ring((*weights, *sample)).union(ring_of(entry for array in constants.values() for entry in array.flat))

    def lift(values: Iterable[Any]) -> np.ndarray[Any, Any]:
        lifted = [ring(value) for value in values]
        out = np.empty(len(lifted), dtype=object)
        out[:] = lifted
        return out

    given = (arrays_of(model.parameters, lift(weights)),
             {name: lift(array.flat).reshape(array.shape) for name, array in constants.items()},
             arrays_of(model.law.parts, lift(sample)))
    loss = None
    if model.predicts:
        loss = sum((r * r for r in model.residual(*given).flat), ring.zero) / 2
    elif model.has_loss:
        loss = ring(model.loss(*given))
    if not model.has_direction:
        assert loss is not None
        return SampleGradient(weights, sample, loss, tuple(loss.derivative(w) for w in weights))
    direction = model.direction(*given)
    entries = [ring(entry) for array in model.parameters for entry in np.ravel(direction[array.name])]
    return SampleGradient(weights, sample, loss, tuple(entries))


def by_sample(polynomial: Polynomial, sample: Sequence[sympy.Symbol], target: Ring) -> dict[Exponents, Polynomial]:
    """The polynomial by monomials of the sample; coefficients in the target ring."""
    tick("writing the gradient out")
    source = polynomial.ring
    last = len(source.generators)  # the place of a zero that is put behind each exponent
    inside = [source.index(s) for s in sample]
    outside = [last if g in sample or i < 0 else i for g in target.generators for i in [source.index(g)]]
    pick = itemgetter(*outside, last)
    parts: dict[Exponents, dict[Exponents, flint.fmpq]] = {}
    for e, c in polynomial.raw.to_dict().items():
        parts.setdefault(tuple(int(e[i]) for i in inside), {})[pick((*e, 0))[:-1]] = c
    return {m: Polynomial(target, target.context.from_dict(part)) for m, part in parts.items()}


class SampleMoments:
    """E[sample^exponents] under the law of a sample; the exponents are those of all coordinates."""

    def __init__(self, law: Law) -> None:
        self._law = law
        self._rows = law.points
        #: The coordinates of the first factor: the points of a data set, or all that is drawn where there is but one.
        self._plain = int(law.factors[0].size)
        self._known: dict[Exponents, Scalar] = {}

    @property
    def rational_rows(self) -> np.ndarray[Any, Any] | None:
        """The data points, where these are numbers and nothing else is random; else None."""
        if self._rows is None or len(self._law.factors) > 1 or set(map(type, self._rows.flat)) != {Fraction}:
            return None
        return self._rows

    def __call__(self, exponents: Iterable[Exponents]) -> dict[Exponents, Scalar]:
        """The moments of all the given exponent tuples, computed together."""
        wanted = set(exponents)
        missing = wanted - self._known.keys()
        if missing:
            bases = {e[:self._plain] for e in missing}
            data = self._finite(bases) if self._rows is not None else self._of_law(bases)
            for e in missing:
                value, beside = _scalar(data[e[:self._plain]]), self._law.moments_beside(e[self._plain:])
                self._known[e] = value if beside == 1 else value * _scalar(beside)
        return {e: self._known[e] for e in wanted}

    def _of_law(self, exponents: set[Exponents]) -> dict[Exponents, Any]:
        found = {}
        for e in exponents:
            tick("moments of the law")
            found[e] = self._law.factors[0].law.moment(e)
        return found

    def _finite(self, exponents: set[Exponents]) -> dict[Exponents, Any]:
        assert self._rows is not None
        if all(isinstance(entry, Fraction) for entry in self._rows.flat):
            return _numeric_moments(self._rows, sorted(exponents))
        ring = ring_of(self._rows.flat)
        rows = [[ring(entry) for entry in row] for row in self._rows]
        means = {}
        for e in exponents:
            total = ring.zero
            for row in rows:
                tick("moments of the data")
                term = ring.one
                for entry, power in zip(row, e, strict=True):
                    if power:
                        term = term * entry**power
                total = total + term
            means[e] = total / len(rows)
        return means


def _scalar(value: Any) -> Scalar:
    if isinstance(value, (Fraction, Polynomial)):
        return value
    return ring_of([value])(value)


def _numeric_moments(rows: np.ndarray[Any, Any], exponents: list[Exponents]) -> dict[Exponents, Fraction]:
    """Means of monomials over the rows, as one integer matrix product.

    Each column is scaled to integers; each monomial is split in two halves; the sums of all products of a
    left and a right half are one product of FLINT integer matrices, in blocks of rows.
    """
    n, columns = rows.shape
    scales = [lcm(*(entry.denominator for entry in rows[:, j])) for j in range(columns)]
    halves = [_halves(e) for e in exponents]
    left = {e: k for k, e in enumerate(sorted({a for a, _ in halves}))}
    right = {e: k for k, e in enumerate(sorted({b for _, b in halves}))}
    total = flint.fmpz_mat(len(left), len(right))
    for start in range(0, n, _CHUNK):
        block = rows[start:start + _CHUNK]
        integers = [np.array([entry.numerator * (scale // entry.denominator) for entry in block[:, j]], dtype=object)
                    for j, scale in enumerate(scales)]
        total += _columns(integers, left) * _columns(integers, right).transpose()
    means = {}
    for e, (a, b) in zip(exponents, halves, strict=True):
        tick("moments of the data")
        denominator = n
        for scale, power in zip(scales, e, strict=True):
            denominator *= scale**power
        means[e] = Fraction(int(total[left[a], right[b]]), denominator)
    return means


def _halves(exponents: Exponents) -> tuple[Exponents, Exponents]:
    """A monomial as the product of two of half the degree."""
    take = sum(exponents) // 2
    first = [0] * len(exponents)
    for i, e in enumerate(exponents):
        if e:
            first[i] = min(e, take)
            take -= first[i]
            if not take:
                break
    return tuple(first), tuple(map(sub, exponents, first))


def _columns(integers: list[np.ndarray[Any, Any]], monomials: Mapping[Exponents, int]) -> flint.fmpz_mat:
    """The value of each monomial (row) at each data point (column)."""
    table = []
    for e in monomials:
        tick("moments of the data")
        product = np.ones(len(integers[0]), dtype=object)
        for column, power in zip(integers, e, strict=True):
            for _ in range(power):
                product = product * column
        table.append(product.tolist())
    return flint.fmpz_mat(table)
