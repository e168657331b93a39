"""Certified signs of rational polynomials on an interval, and the threshold b_0.

A polynomial is nonnegative on an interval where it is a square times a factor whose Bernstein coefficients
are nonnegative on each piece of a partition of the interval. `nonnegativity` finds such a proof or a point
where the polynomial is negative; `verify` re-checks a proof with a dozen lines of rational arithmetic that
share nothing with the search.

Source: threshold b_0 of Theorem 3.10 (P0), governed by the derivative in u = 1/b.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import flint

from sgdmoments.errors import CertificateError, NeverDecreases
from sgdmoments.exact.bernstein import Coefficients, bernstein, evaluate, scaled_bernstein
from sgdmoments.exact.population import PopulationCertificate, verify_population
from sgdmoments.exact.ring import from_fmpq, to_fmpq


@dataclass(frozen=True, slots=True)
class Certificate:
    """A proof that ``polynomial >= 0`` on [pieces[0], pieces[-1]].

    Claims: polynomial = square_root^2 * factor, and on each interval between neighbours in `pieces` all
    Bernstein coefficients of `factor` are >= 0. Coefficients are constant first.
    """

    polynomial: Coefficients
    square_root: Coefficients
    factor: Coefficients
    pieces: tuple[Fraction, ...]


@dataclass(frozen=True, slots=True)
class DecreasingCertificate:
    """A proof that p(1/b) never increases in real b >= batch_size, and that no smaller integer will do.

    Attributes:
        batch_size: b_0.
        derivative: the proof that dp/du >= 0 on [0, 1/b_0].
        witness: a point u in (1/b_0, 1/(b_0 - 1)] where dp/du < 0; None where b_0 = 1.
    """

    batch_size: int
    derivative: Certificate
    witness: Fraction | None


def verify(certificate: Certificate) -> None:
    """Re-check a certificate; raises `CertificateError` where it does not prove its claim."""
    product = [Fraction(0)] * (2 * len(certificate.square_root) + len(certificate.factor) - 2)
    for i, a in enumerate(certificate.square_root):
        for j, b in enumerate(certificate.square_root):
            for k, c in enumerate(certificate.factor):
                product[i + j + k] += a * b * c
    size = max(len(product), len(certificate.polynomial))
    if any(x != y for x, y in zip(_padded(product, size), _padded(certificate.polynomial, size), strict=True)):
        raise CertificateError("the polynomial is not the square times the factor.")
    pieces = certificate.pieces
    if len(pieces) < 2 or any(low >= high for low, high in pairwise(pieces)):
        raise CertificateError("the pieces do not form an interval.")
    for low, high in pairwise(pieces):
        if min(bernstein(certificate.factor, low, high)) < 0:
            raise CertificateError(f"a Bernstein coefficient on [{low}, {high}] is negative.")


def verify_decreasing(polynomial: Sequence[Fraction],
                      certificate: DecreasingCertificate | PopulationCertificate) -> None:
    """Re-check that `certificate` proves b_0 for the polynomial in u; raises `CertificateError` otherwise."""
    if isinstance(certificate, PopulationCertificate):
        verify_population(polynomial, certificate)
        return
    derivative = [k * c for k, c in enumerate(polynomial)][1:] or [Fraction(0)]
    proof, b0 = certificate.derivative, certificate.batch_size
    size = max(len(derivative), len(proof.polynomial))
    if _padded(derivative, size) != _padded(proof.polynomial, size):
        raise CertificateError("the certificate is about another polynomial.")
    if (proof.pieces[0], proof.pieces[-1]) != (Fraction(0), Fraction(1, b0)):
        raise CertificateError("the certificate does not cover [0, 1/b_0].")
    verify(proof)
    if b0 > 1:
        u = certificate.witness
        if u is None or not Fraction(1, b0) < u <= Fraction(1, b0 - 1) or evaluate(derivative, u) >= 0:
            raise CertificateError("no point shows that b_0 - 1 would be too small.")


def nonnegativity(polynomial: Sequence[Fraction], low: Fraction, high: Fraction) -> Certificate | Fraction:
    """A proof that the polynomial is >= 0 on [low, high], or a rational point there where it is negative."""
    root, factor = _split_square(polynomial)
    found = _positive_pieces(factor, low, high)
    if isinstance(found, Fraction):
        return found
    return Certificate(tuple(polynomial), root, factor, found)


def decreasing_from(polynomial: Sequence[Fraction]) -> DecreasingCertificate:
    """The least integer b_0 such that p is nondecreasing in real u on (0, 1/b_0], with its proof.

    Raises `NeverDecreases` where p decreases in u right of 0 (it then increases with b for all large b). For the
    integers 1, ..., n alone see `sgdmoments.exact.population`.

    >>> decreasing_from((Fraction(0), Fraction(1), Fraction(-1))).batch_size  # u - u^2 peaks at b = 2
    2
    """
    derivative: Coefficients = tuple(k * c for k, c in enumerate(polynomial))[1:] or (Fraction(0),)
    root, factor = _split_square(derivative)
    change = _first_sign_change(factor, Fraction(0), Fraction(1))
    if change is None:
        b0 = 1
    elif not change[1]:
        raise NeverDecreases("the polynomial increases with b for all large b: its first nonzero coefficient after "
                             "the constant is negative, so no b_0 exists.")
    else:
        b0 = _least_batch_size(factor, *change)
    witness = None if b0 == 1 else _negative_point(factor, root, Fraction(1, b0), Fraction(1, b0 - 1))
    pieces = _positive_pieces(factor, Fraction(0), Fraction(1, b0))
    assert not isinstance(pieces, Fraction)
    return DecreasingCertificate(b0, Certificate(derivative, root, factor, pieces), witness)


def _padded(values: Sequence[Fraction], size: int) -> list[Fraction]:
    return list(values) + [Fraction(0)] * (size - len(values))


def _split_square(polynomial: Sequence[Fraction]) -> tuple[Coefficients, Coefficients]:
    """(r, f) with polynomial = r^2 f and f squarefree."""
    poly = flint.fmpq_poly([to_fmpq(c) for c in polynomial])
    if not poly:
        return (Fraction(0),), (Fraction(0),)
    constant, factors = poly.factor_squarefree()
    root, rest = flint.fmpq_poly([1]), flint.fmpq_poly([constant])
    for factor, multiplicity in factors:
        root *= flint.fmpq_poly(factor) ** (multiplicity // 2)
        rest *= flint.fmpq_poly(factor) ** (multiplicity % 2)
    return tuple(map(from_fmpq, root.coeffs())), tuple(map(from_fmpq, rest.coeffs()))


def _halve(coefficients: list[int]) -> tuple[list[int], list[int]]:
    """De Casteljau: Bernstein coefficients on the two halves, both times 2^degree."""
    left, right, row = [], [], list(coefficients)
    while row:
        left.append(row[0] << (len(row) - 1))
        right.append(row[-1] << (len(row) - 1))
        row = [a + b for a, b in pairwise(row)]
    return left, right[::-1]


def _positive_pieces(factor: Coefficients, low: Fraction, high: Fraction) -> tuple[Fraction, ...] | Fraction:
    """A partition of [low, high] with nonnegative Bernstein coefficients, or a point of negative value.

    `factor` is squarefree, so the bisection ends: a root inside is a change of sign, which shows.
    """
    pieces = [low]
    stack = [(low, high, scaled_bernstein(factor, low, high))]
    while stack:
        left, right, coefficients = stack.pop()
        if min(coefficients) >= 0:
            pieces.append(right)
        elif coefficients[0] < 0:
            return left
        elif coefficients[-1] < 0:
            return right
        else:
            middle = (left + right) / 2
            first, second = _halve(coefficients)
            stack += [(middle, right, second), (left, middle, first)]
    return tuple(pieces)


def _first_sign_change(factor: Coefficients, low: Fraction, high: Fraction) -> tuple[Fraction, Fraction] | None:
    """An interval [l, r] holding the place where a squarefree polynomial, >= 0 on [low, l], turns negative.

    None where it is >= 0 on all of [low, high]; (low, low) where it is negative right of low.
    """
    found = _positive_pieces(factor, low, high)
    if not isinstance(found, Fraction):
        return None
    shifted = scaled_bernstein(factor, low, high)
    if next(c for c in shifted if c) < 0:  # the sign right of low
        return low, low
    stack = [(low, high, shifted)]
    while stack:
        left, right, coefficients = stack.pop()
        if min(coefficients) >= 0:
            continue
        signs = [c > 0 for c in coefficients if c]
        changes = sum(a != b for a, b in pairwise(signs))
        if changes == 1 and signs[0] and coefficients[-1] < 0:
            return left, right  # exactly one root inside (Descartes), from + to -
        if not signs[0]:  # the root lies at `left` itself
            return left, left
        middle = (left + right) / 2
        first, second = _halve(coefficients)
        stack += [(middle, right, second), (left, middle, first)]
    raise AssertionError("a negative value without a change of sign")


def _least_batch_size(factor: Coefficients, left: Fraction, right: Fraction) -> int:
    """The least integer b with 1/b <= r, r the only root in [left, right] (sign + before, - after)."""
    while True:
        smallest = -int(-(1 / right) // 1)  # ceil(1/right): 1/b <= right
        if evaluate(factor, Fraction(1, smallest)) >= 0 or left >= Fraction(1, smallest):
            return smallest
        if left and -int(-(1 / left) // 1) == smallest + 1:
            return smallest + 1
        middle = (left + right) / 2
        if evaluate(factor, middle) >= 0:
            left = middle
        else:
            right = middle


def _negative_point(factor: Coefficients, root: Coefficients, low: Fraction, high: Fraction) -> Fraction:
    """A point in (low, high] where root^2 * factor is negative."""
    if evaluate(factor, high) < 0 and evaluate(root, high):
        return high
    step = high - low
    while True:
        step /= 2
        u = low + step
        while u <= high:
            if evaluate(factor, u) < 0 and evaluate(root, u):
                return u
            u += step
