"""The part of the initial weights that SGD never moves: (1 - P) w_0, P the projection onto the span of the data."""

from __future__ import annotations

from typing import Any

import flint

from sgdmoments.describe.run import Run
from sgdmoments.exact.linear import rational_matrix
from sgdmoments.exact.rational import RationalFunction
from sgdmoments.exact.ring import from_fmpq
from sgdmoments.longrun.stability.pencil import Pencil
from sgdmoments.recursion.initial_moments import initial_moments
from sgdmoments.routes.closure.operator import monomials

Vector = tuple[RationalFunction, ...]


def unmoved_start(sgd: Run, system: Pencil) -> tuple[Vector, tuple[Vector, ...] | None]:
    """E (1 - P) w_0, and its covariance where the initial weights are random (else None)."""
    count = len(system.basis)
    if system.rank == count:
        return (RationalFunction(0),) * count, None
    basis = rational_matrix(system.basis)
    inverse = (basis.transpose() * basis).inv()
    away = flint.fmpq_mat(count, count, [int(i == j) for i in range(count) for j in range(count)]) - (
        basis * inverse * basis.transpose())
    moments = initial_moments(sgd, monomials(count, 2))

    def moment(*places: int) -> RationalFunction:
        return RationalFunction(moments[tuple(sum(p == a for p in places) for a in range(count))])

    def row(i: int) -> list[tuple[int, Any]]:
        return [(a, from_fmpq(away[i, a])) for a in range(count) if away[i, a]]

    mean = tuple(sum((moment(a) * c for a, c in row(i)), RationalFunction(0)) for i in range(count))
    if not sgd.starts_at_random:
        return mean, None
    return mean, tuple(tuple(
        sum((moment(a, b) * (c * d) for a, c in row(i) for b, d in row(j)), RationalFunction(0)) - mean[i] * mean[j]
        for j in range(count)) for i in range(count))
