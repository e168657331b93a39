"""The per-sample gradient as polynomials in weights and sample, and the moments of the sample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from operator import sub
from typing import Any

import flint
import numpy as np
import sympy

from sgdmoments.budget import tick
from sgdmoments.describe.letters import sample_letters, weight_letters
from sgdmoments.describe.model import Model
from sgdmoments.exact.ring import Exponents, Polynomial, Ring, ring_of

Scalar = Fraction | Polynomial

#: Rows of data multiplied at a time, so that memory stays flat in n.
_CHUNK = 8192


@dataclass(frozen=True)
class SampleGradient:
    """The gradient of one sample's loss in component form.

    Attributes:
        weights: letters of the flattened weights.
        sample: letters of the sample: x, then the target or nothing, then the noise or nothing.
        loss: the loss 1/2 ||prediction - label||^2 as a polynomial in all letters.
        components: its derivative by each weight.
    """

    weights: tuple[sympy.Symbol, ...]
    sample: tuple[sympy.Symbol, ...]
    loss: Polynomial
    components: tuple[Polynomial, ...]


def sample_gradient(model: Model, teacher: Mapping[str, np.ndarray[Any, Any]]) -> SampleGradient:
    """Run the model on letters and differentiate.

    Args:
        teacher: exact arrays (numbers or symbols) for the teacher's parameters, by their own names.
    """
    sizes = [int(parameter.size) for parameter in model.parameters]
    inputs, outputs = int(model.inputs), int(model.outputs)
    counts = (inputs, outputs if model.targets is not None or model.joint else 0,
              outputs if model.noise is not None else 0)
    weights, sample = weight_letters(sum(sizes)), sample_letters(sum(counts))
    constants = ring_of(entry for array in teacher.values() for entry in array.flat)
    ring = Ring((*weights, *sample)).union(constants)

    def lift(values: Iterable[Any]) -> np.ndarray[Any, Any]:
        lifted = [ring(value) for value in values]
        out = np.empty(len(lifted), dtype=object)
        out[:] = lifted
        return out

    arrays, start = {}, 0
    for parameter, size in zip(model.parameters, sizes, strict=True):
        shape = tuple(int(s) for s in parameter.shape)
        arrays[parameter.name] = lift(weights[start:start + size]).reshape(shape)
        start += size
    x = lift(sample[:inputs])
    label = lift(sample[inputs:inputs + counts[1]])
    if not counts[1]:
        teacher_arrays = {student.name: lift(teacher[own.name].flat).reshape(teacher[own.name].shape)
                          for student, own in zip(model.parameters, model.teacher_parameters, strict=True)}
        label = model.predict(teacher_arrays, x)
    if model.noise is not None:
        label = label + lift(sample[inputs + counts[1]:])
    residual = model.predict(arrays, x) - label
    loss = sum((r * r for r in residual), ring.zero) / 2
    return SampleGradient(weights, sample, loss, tuple(loss.derivative(w) for w in weights))


class SampleMoments:
    """E[sample^exponents] under the model's data law, with targets and noise."""

    def __init__(self, model: Model) -> None:
        self._noise = model.noise
        self._law = model.data
        self._rows: np.ndarray[Any, Any] | None = None
        if model.data.points is not None:
            targets = [] if model.targets is None else [model.targets]
            self._rows = np.concatenate([model.data.points, *targets], axis=1)
        inputs = int(model.inputs)
        self._plain = inputs + int(model.outputs) * model.joint if self._rows is None else self._rows.shape[1]
        self._known: dict[Exponents, Scalar] = {}

    @property
    def rational_rows(self) -> np.ndarray[Any, Any] | None:
        """The data points with their targets, where these are numbers and there is no noise; else None."""
        if self._rows is None or self._noise is not None or set(map(type, self._rows.flat)) != {Fraction}:
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
                noise = self._noise.moment(e[self._plain:]) if self._noise is not None else Fraction(1)
                value = _scalar(data[e[:self._plain]])
                self._known[e] = value if noise == 1 else value * _scalar(noise)
        return {e: self._known[e] for e in wanted}

    def _of_law(self, exponents: set[Exponents]) -> dict[Exponents, Any]:
        found = {}
        for e in exponents:
            tick("moments of the law")
            found[e] = self._law.moment(e)
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
