"""Which numbers are moments: the truncated moment problem, decided exactly.

Numbers m_1, ..., m_k are the moments of a law on the line iff the Hankel matrix (m_(i+j)) is positive semidefinite
and, where it is singular, every moment follows the recurrence of its kernel (a law on r points is fixed by its first
2r moments). With the orthogonal polynomials pi_j of the list that is: E pi_j^2 > 0 for j = 0, 1, ..., and at the
first j with E pi_j^2 = 0, E pi_j x^l = 0 for all l.

Source: Curto and Fialkow, Recursiveness, positivity, and truncated moment problems (1991), Theorems 3.1 and 3.9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import takewhile
from typing import Any

import flint
import networkx
import numpy as np
import sympy

Exponents = tuple[int, ...]

#: In several coordinates sets of more monomials than this are left undecided.
MOST_MONOMIALS = 60


def refute(moments: Sequence[Any]) -> str:
    """Why no law on the line has the moments E x, E x^2, ...; an empty text where one has, or letters leave it open.

    >>> refute((5, 1))
    'E x^2 = 1 is below (E x)^2 = 25'
    >>> refute((0, 1, 0, 1)), refute((0, sympy.Symbol("s"), 0, 3))
    ('', '')
    >>> refute((0, 1, 0, 1, 0, 2))  # signs: E x^6 is 1
    'moments up to order 4 are those of a law on 2 points, whose moment of order 6 is 1, not 2'
    """
    for order in range(2, len(moments) + 1, 2):
        value = moments[order - 1]
        if (isinstance(value, Fraction | int) and value < 0) or (isinstance(value, sympy.Expr) and value.is_negative):
            return f"E x^{order} = {value} is negative"
    known = [Fraction(1), *map(Fraction, takewhile(lambda m: isinstance(m, Fraction | int), moments))]
    last = len(known) - 1
    before, now = [Fraction(0)] * (last + 1), known  # E pi_(j-1) x^l and E pi_j x^l for l = 0, 1, ...
    squares: list[Fraction] = []  # E pi_j^2
    for j in range(last // 2 + 1):
        if now[j] < 0:
            return f"E x^2 = {known[2]} is below (E x)^2 = {known[1] ** 2}" if j == 1 else \
                f"the Hankel matrix of the moments up to order {2 * j} has a negative determinant"
        if not now[j]:
            wrong = next((j + i for i, value in enumerate(now[j:last - j + 1]) if value), None)
            if wrong is None:
                return ""
            order = wrong + j
            return (f"moments up to order {2 * j} are those of a law on {j} point{'s' * (j != 1)}, whose moment of "
                    f"order {order} is {known[order] - now[wrong]}, not {known[order]}")
        squares.append(now[j])
        if 2 * j + 1 > last:
            break
        a = now[j + 1] / now[j] - (before[j] / before[j - 1] if j else 0)
        b = squares[j] / squares[j - 1] if j else Fraction(0)
        following = [now[i + 1] - a * now[i] - b * before[i] for i in range(last - j)]
        before, now = now, following
    return ""


def refute_joint(moments: Mapping[Exponents, Any]) -> str:
    """Why no law has the given mixed moments, as far as that can be decided; an empty text otherwise.

    Matrices (E x^(a+b)) over sets of exponents a, b all of whose sums are given as numbers must be positive
    semidefinite, and a polynomial p with E p^2 = 0 must have E p x^c = 0 for every c where that is known.

    >>> refute_joint({(2, 0): Fraction(1), (1, 1): Fraction(2), (0, 2): Fraction(1)})
    'the matrix of the moments of the products of x1, x2 is not positive semidefinite'
    """
    known = {e: Fraction(m) for e, m in moments.items() if isinstance(m, Fraction | int)}
    if not known:
        return ""
    zero = (0,) * len(next(iter(known)))
    if known.get(zero, Fraction(1)) != 1:
        return f"the moment of order 0 is 1, not {known[zero]}"
    known[zero] = Fraction(1)
    nodes = sorted({tuple(p // 2 for p in e) for e in known if not any(p % 2 for p in e)}, key=_grade)
    negative = next((_sum(e, e) for e in nodes if known[_sum(e, e)] < 0), None)
    if negative is not None:
        return f"the moment {negative} is a mean of squares and cannot be {known[negative]}"
    graph = networkx.Graph()
    graph.add_nodes_from(nodes[:MOST_MONOMIALS])
    graph.add_edges_from((a, c) for i, a in enumerate(nodes[:MOST_MONOMIALS]) for c in nodes[:i] if _sum(a, c) in known)
    for clique in networkx.find_cliques(graph):
        places = sorted(clique, key=_grade)
        matrix = np.array([[known[_sum(a, c)] for c in places] for a in places], dtype=object)
        if not is_semidefinite(matrix):
            names = ", ".join(filter(None, map(_monomial, places)))
            return f"the matrix of the moments of the products of {names} is not positive semidefinite"
        for null in _kernel(matrix):
            shifts = {tuple(x - y for x, y in zip(e, places[-1], strict=True)) for e in known}
            for shift in sorted(shift for shift in shifts if min(shift) >= 0):
                terms = [(c, _sum(e, shift)) for c, e in zip(null, places, strict=True) if c]
                if all(e in known for _, e in terms) and sum((c * known[e] for c, e in terms), Fraction(0)):
                    zeros = " + ".join(f"({c}) {_monomial(e) or 1}" for c, e in zip(null, places, strict=True) if c)
                    return (f"{zeros} has mean square 0, so its product with {_monomial(shift) or 1} has mean 0, "
                            "which the moments deny")
    return ""


def is_semidefinite(matrix: np.ndarray[Any, Any]) -> bool:
    """Exact test by symmetric elimination: no negative pivot, and a zero pivot has a zero row."""
    a = [list(row) for row in matrix]
    for k in range(len(a)):
        if a[k][k] < 0 or (a[k][k] == 0 and any(a[k][j] for j in range(k, len(a)))):
            return False
        if a[k][k]:
            for i in range(k + 1, len(a)):
                ratio = a[i][k] / a[k][k]
                for j in range(k, len(a)):
                    a[i][j] -= ratio * a[k][j]
    return True


def _kernel(matrix: np.ndarray[Any, Any]) -> list[list[Fraction]]:
    size = len(matrix)
    reduced, rank = flint.fmpq_mat([[flint.fmpq(m.numerator, m.denominator) for m in row] for row in matrix]).rref()
    pivots = [next(j for j in range(size) if reduced[i, j]) for i in range(rank)]
    vectors = []
    for free in (j for j in range(size) if j not in pivots):
        vector = [Fraction(int(j == free)) for j in range(size)]
        for i, p in enumerate(pivots):
            vector[p] = -Fraction(int(reduced[i, free].p), int(reduced[i, free].q))
        vectors.append(vector)
    return vectors


def _grade(exponents: Exponents) -> tuple[int, Exponents]:
    return sum(exponents), tuple(-e for e in exponents)


def _sum(a: Sequence[int], c: Sequence[int]) -> Exponents:
    return tuple(x + y for x, y in zip(a, c, strict=True))


def _monomial(exponents: Sequence[int]) -> str:
    return " ".join(f"x{i + 1}" + f"^{e}" * (e > 1) for i, e in enumerate(exponents) if e)
