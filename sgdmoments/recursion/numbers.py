"""Quantities that are numbers at given weights: the loss, and what the gradients of one sample and the Hessian make.

With l the gradient of one sample's loss and H the Hessian of L: L(w), E ||l||^2, tr H^k, E l'Hl, grad L' H grad L; each
a polynomial in the weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any

from sgdmoments.describe.laws.base import Law
from sgdmoments.describe.quantity import Quantity
from sgdmoments.errors import InputError
from sgdmoments.exact.ring import Polynomial, Ring
from sgdmoments.recursion.sample_moments import SampleGradient, SampleMoments, by_sample


def number_of(quantity: Quantity, sample: SampleGradient, law: Law, chosen: Sequence[int]) -> Polynomial:
    """The value at w_t as a polynomial in the weights' letters and those of the problem.

    Args:
        sample: the model in component form.
        chosen: the places of the layer asked for among the weights.
        law: of a sample that trains; a loss may be that of another one.
    """
    if quantity.kind == "loss":
        assert sample.loss is not None
        return averaged(sample.loss, sample, law if quantity.data is None else _fitting(quantity.data, law))
    gradient = [sample.components[i] for i in chosen]
    if quantity.kind == "squared_gradient":
        return averaged(reduce(add, (g * g for g in gradient)), sample, law)
    mean = [averaged(g, sample, law) for g in gradient]
    hessian = [[m.derivative(sample.weights[i]) for i in chosen] for m in mean]
    count = range(len(mean))
    if quantity.kind == "hessian_trace":
        power = hessian
        for _ in range(quantity.power - 1):
            power = [[reduce(add, (row[k] * hessian[k][j] for k in count)) for j in count] for row in power]
        return reduce(add, (power[i][i] for i in count))
    if quantity.kind == "hessian_slope":
        return reduce(add, (mean[i] * hessian[i][j] * mean[j] for i in count for j in count))
    return reduce(add, (averaged(gradient[i] * gradient[j], sample, law) * hessian[i][j] for i in count for j in count))


def averaged(value: Polynomial, sample: SampleGradient, law: Law) -> Polynomial:
    """The mean over one sample of a polynomial in weights and sample."""
    ring = Ring(g for g in value.ring.generators if g not in set(sample.sample))
    parts = by_sample(value, sample.sample, ring)
    known = SampleMoments(law)(parts)
    return sum((part * known[monomial] for monomial, part in parts.items()), ring.zero)


def _fitting(other: Law, law: Law) -> Law:
    """The law of other samples, its parts those of the law that trains."""
    found, wanted = ([(part.name, int(part.size)) for part in one.parts] for one in (other, law))
    if found != wanted:
        raise InputError(f"data: found a law of {_words(found)}; the model's samples have {_words(wanted)}.")
    return other


def _words(parts: list[Any]) -> str:
    return " and ".join(f"{name} of {size} entries" for name, size in parts)
