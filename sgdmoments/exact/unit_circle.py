"""Whether all roots of a polynomial lie strictly inside the unit circle, decided exactly.

Schur and Cohn: p = a_0 + ... + a_d x^d has all its roots in |x| < 1 exactly if |a_0| < |a_d| and the same holds
for (a_d p - a_0 p*)/x, of degree d - 1, where p* has the coefficients in reverse. Only rational numbers are
compared, so that roots on the circle itself are decided too.

Source: I. Schur, Über Potenzreihen, die im Innern des Einheitskreises beschränkt sind (1917); A. Cohn (1922).
"""

from __future__ import annotations

import flint

from sgdmoments.exact.precision import working_precision

#: Working precisions of the attempts in balls, which decide all but the cases next to the circle.
_PRECISIONS = (256, 1024, 4096)


def strictly_inside(polynomial: flint.fmpq_poly) -> bool:
    """Whether every root has absolute value below 1; true for a nonzero constant.

    >>> strictly_inside(flint.fmpq_poly([1, 0, 2])), strictly_inside(flint.fmpq_poly([1, 0, 1]))
    (True, False)
    """
    coefficients = flint.fmpz_poly(polynomial.numer()).coeffs()
    for precision in _PRECISIONS if len(coefficients) > 8 else ():
        decided = _in_balls(coefficients, precision)
        if decided is not None:
            return decided
    while len(coefficients) > 1:
        first, last = coefficients[0], coefficients[-1]
        if abs(first) >= abs(last):
            return False
        reduced = flint.fmpz_poly([last * a - first * b
                                   for a, b in zip(coefficients[1:], coefficients[-2::-1], strict=True)])
        coefficients = (reduced / reduced.content()).coeffs()
    return True


def _in_balls(coefficients: list[flint.fmpz], precision: int) -> bool | None:
    """The same in balls; None where a comparison stays open at this precision."""
    with working_precision(precision):
        row = [flint.arb(c) for c in coefficients]
        while len(row) > 1:
            ratio = row[0] / row[-1]
            if abs(ratio) >= 1:
                return False
            if not abs(ratio) < 1:
                return None
            row = [a - ratio * b for a, b in zip(row[1:], row[-2::-1], strict=True)]
    return True
