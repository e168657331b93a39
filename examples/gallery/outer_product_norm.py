"""For x ~ N(0, I_p) and any matrix A with p rows: E‖x xᵀ A‖² = (p + 2) ‖A‖², and
E‖(x xᵀ)² A‖² = (p + 2)(p + 4)(p + 6) ‖A‖².

Source: P1; the constant behind the variance of the first gradient.
"""

from __future__ import annotations

import sympy

from sgdmoments.exact.ring import ring_of
from sgdmoments.graphs.query import matrix, squared_norm, vector
from sgdmoments.rules.expectation import EntryLaw, Expectation


def example():
    """(computed, known), as expressions in the letters A and p: also for the second power of x xᵀ."""
    p = sympy.Symbol("p", integer=True, positive=True)
    x, A = vector("x", p), matrix("A", p, "q")
    (label,) = x.array.labels
    mean = Expectation({label: EntryLaw.gaussian()}, ring_of([p]))
    outer = x @ x.T
    computed = [mean(squared_norm(outer @ A)), mean(squared_norm(outer @ outer @ A))]
    return computed, [(p + 2) * squared_norm(A), (p + 2) * (p + 4) * (p + 6) * squared_norm(A)]


if __name__ == "__main__":
    print("computed: {}\nknown:    {}".format(*example()))
