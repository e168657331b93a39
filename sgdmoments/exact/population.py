"""The threshold b_0 of a polynomial in u = 1/b that has a meaning at the integers b = 1, ..., n only.

Batches drawn without replacement from n points have no other sizes, so b_0 is a statement about n numbers: the
least b_0 with p(1/b) >= p(1/(b + 1)) for b = b_0, ..., n - 1. Where dp/du >= 0 on an interval, all its integers are
settled at once; what is left are pairs of neighbours, compared by their values.

Source: threshold b_0 of Theorem 3.10 (P0), for the batch sizes that exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import flint

from sgdmoments.errors import CertificateError, NeverDecreases
from sgdmoments.exact.bernstein import Coefficients, bernstein, evaluate, scaled_bernstein
from sgdmoments.exact.ring import to_fmpq


@dataclass(frozen=True, slots=True)
class PopulationCertificate:
    """A proof that p(1/b) never increases over the integers b = batch_size, ..., population, and for no smaller start.

    Claims: for neighbours k < l in `chain`, p(1/k) >= p(1/l) where l = k + 1, else the Bernstein coefficients of
    dp/du on [1/l, 1/k] are >= 0; and p(1/(b_0 - 1)) < p(1/b_0) where b_0 > 1.

    Attributes:
        batch_size: b_0; below n where n > 1.
        population: n.
        chain: integers from b_0 to n, ascending.
    """

    batch_size: int
    population: int
    chain: tuple[int, ...]


def decreasing_in_population(polynomial: Sequence[Fraction], n: int) -> PopulationCertificate:
    """The least b_0 from which p(1/b) never increases with b = b_0, ..., n, with its proof.

    Raises `NeverDecreases` where p(1/(n - 1)) < p(1/n): then the last step up to n increases it.

    >>> decreasing_in_population((Fraction(0), Fraction(1), Fraction(-1)), 5)  # u - u^2: 0, 1/4, 2/9, ...
    PopulationCertificate(batch_size=2, population=5, chain=(2, 5))
    """
    derivative: Coefficients = tuple(k * c for k, c in enumerate(polynomial))[1:] or (Fraction(0),)
    whole = flint.fmpq_poly(list(map(to_fmpq, polynomial)))
    chain = [n]
    waiting = [(1, n)] if n > 1 else []
    while waiting:  # intervals of batch sizes, the largest sizes on top
        low, high = waiting.pop()
        falls = (whole(flint.fmpq(1, low)) >= whole(flint.fmpq(1, high)) if high == low + 1 else
                 min(scaled_bernstein(derivative, Fraction(1, high), Fraction(1, low))) >= 0)
        if falls:
            chain.append(low)
        elif high == low + 1:
            break
        else:
            middle = min(max(2 * low * high // (low + high), low + 1), high - 1)  # the middle of the interval in u
            waiting += [(low, middle), (middle, high)]
    if chain == [n] and n > 1:
        raise NeverDecreases(f"the polynomial increases with b from b = {n - 1} to b = {n} = n, so no b_0 < n exists.")
    return PopulationCertificate(chain[-1], n, tuple(reversed(chain)))


def verify_population(polynomial: Sequence[Fraction], certificate: PopulationCertificate) -> None:
    """Re-check a certificate for the polynomial in u; raises `CertificateError` where it does not prove its claim."""
    b0, n, chain = certificate.batch_size, certificate.population, certificate.chain
    if (chain[0], chain[-1]) != (b0, n) or any(low >= high for low, high in pairwise(chain)) or not 1 <= b0 <= n:
        raise CertificateError("the chain does not lead from b_0 to n.")
    if b0 == n > 1:
        raise CertificateError("b_0 = n says nothing.")
    derivative = [k * c for k, c in enumerate(polynomial)][1:] or [Fraction(0)]
    for low, high in pairwise(chain):
        if high == low + 1:
            if evaluate(polynomial, Fraction(1, low)) < evaluate(polynomial, Fraction(1, high)):
                raise CertificateError(f"the polynomial increases from b = {low} to b = {high}.")
        elif min(bernstein(derivative, Fraction(1, high), Fraction(1, low))) < 0:
            raise CertificateError(f"a Bernstein coefficient of the derivative on [1/{high}, 1/{low}] is negative.")
    if b0 > 1 and evaluate(polynomial, Fraction(1, b0 - 1)) >= evaluate(polynomial, Fraction(1, b0)):
        raise CertificateError("b_0 - 1 would do as well.")
