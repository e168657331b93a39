"""A linear system as an explicit sum of powers, s_t = sum_i K_i C(t, k_i) rho_i^(t - k_i).

With x = 1/z the generating function is N(x) / prod (x - rho_i)^(m_i), and s_t the sum of the residues of
x^t N(x) / prod: nothing but polynomial arithmetic where the rho_i are polynomials in the letters. They are read
off the diagonal of a triangular matrix, else found as factors of the characteristic polynomial over ℚ; what
stays irreducible is left to `radicals`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy

from sgdmoments.errors import RouteError
from sgdmoments.exact.rational import RationalFunction
from sgdmoments.exact.ring import Polynomial, Ring
from sgdmoments.longrun.closed_form.system import LinearSystem

#: The variable of characteristic polynomials while they are factored.
_X = sympy.Dummy("x", dummy_index=1_000_004)


@dataclass(frozen=True, slots=True)
class PowerTerm:
    """The sequence coefficient * C(t, order) * base^(t - order); where base = 0 it is nonzero at t = order only."""

    coefficient: RationalFunction
    base: Polynomial
    order: int = 0

    def to_sympy(self, t: sympy.Expr) -> sympy.Expr:
        """The term as a sympy expression in t."""
        base = self.base.to_sympy(factored=True)
        if not self.base:
            return self.coefficient.to_sympy() * sympy.KroneckerDelta(t, self.order)
        return self.coefficient.to_sympy() * sympy.binomial(t, self.order) * base ** (t - self.order)


def power_terms(system: LinearSystem) -> list[PowerTerm]:
    """The terms of a system whose eigenvalues are polynomials in the letters; `RouteError` otherwise."""
    roots, rest = split(system)
    if rest:
        raise RouteError(
            f"the characteristic polynomial has an irreducible factor of degree {len(rest[0]) - 1}, so the powers in "
            "t need radicals: ask for formula(radicals=True), or use generating_function() or at(t).")
    return [term for base in roots for term in _at_root(system, roots, [], base)]


def split(system: LinearSystem) -> tuple[dict[Polynomial, int], list[list[Polynomial]]]:
    """The eigenvalues in the ring with multiplicities, and the irreducible factors (constant first) of the rest."""
    roots: dict[Polynomial, int] = {}
    rest: list[list[Polynomial]] = []
    for block in system.blocks:
        if len(block) == 2:
            roots[-block[0]] = roots.get(-block[0], 0) + 1
            continue
        ring = system.ring.union(Ring((_X,)))
        x = ring.generator(_X)
        _, factors = sum((ring(c) * x**k for k, c in enumerate(block)), ring.zero).factor()
        for factor, multiplicity in factors:
            coefficients = [system.ring(c) for c in factor.coefficients(_X)]
            leading = coefficients[-1].to_fraction()  # monic up to a number: the product is monic
            coefficients = [c / leading for c in coefficients]
            if len(coefficients) == 2:
                roots[-coefficients[0]] = roots.get(-coefficients[0], 0) + multiplicity
            else:
                rest += [coefficients] * multiplicity
    return roots, rest


def _at_root(system: LinearSystem, roots: dict[Polynomial, int], rest: list[list[Polynomial]], base: Polynomial
             ) -> list[PowerTerm]:
    """The terms of one eigenvalue: Taylor coefficients at it of N(x) / (the other factors)."""
    count, ring = roots[base], system.ring
    top = _taylor(system.resolvent_numerator[::-1], base, count)  # N in powers of x = 1/z
    factors = [_taylor(factor, base, count) for factor in rest]
    factors += [[base - other, ring.one] for other, m in roots.items() if other != base for _ in range(m)]
    bottom = [ring.one] + [ring.zero] * (count - 1)
    for factor in factors:
        bottom = [sum((c * bottom[k - i] for i, c in enumerate(factor[:k + 1])), ring.zero) for k in range(count)]
    series: list[RationalFunction] = []
    for k in range(count):
        known = sum((bottom[k - i] * series[i] for i in range(k)), RationalFunction(0))
        series.append((RationalFunction(top[k]) - known) / bottom[0])
    return [PowerTerm(c, base, order) for order, c in enumerate(reversed(series)) if c]


def _taylor(coefficients: Sequence[Polynomial], point: Polynomial, count: int) -> list[Polynomial]:
    """The first coefficients of the polynomial in powers of x - point (repeated Horner division)."""
    rows, result = list(coefficients), []
    for _ in range(count):
        quotient: list[Polynomial] = []
        value = point.ring.zero
        for c in reversed(rows):
            value = value * point + c
            quotient.append(value)
        result.append(quotient.pop() if quotient else point.ring.zero)
        rows = quotient[::-1]
    return result


def collected(terms: Sequence[PowerTerm]) -> tuple[PowerTerm, ...]:
    """Terms of equal base and order added, zero terms left out; order of first appearance."""
    total: dict[tuple[Polynomial, int], RationalFunction] = {}
    for term in terms:
        key = (term.base, term.order)
        total[key] = total[key] + term.coefficient if key in total else term.coefficient
    return tuple(PowerTerm(c, base, order) for (base, order), c in total.items() if c)


def radical_formula(system: LinearSystem, t: sympy.Expr) -> sympy.Expr:
    """s_t with eigenvalues of degree up to 4 in radicals, by sympy; unsimplified.

    `RouteError` where a factor has degree above 4, or an irrational eigenvalue is repeated.
    """
    roots, rest = split(system)
    if len({tuple(factor) for factor in rest}) < len(rest):
        raise RouteError("an irrational eigenvalue is repeated; use generating_function() or at(t).")
    numerator = [c.to_sympy() for c in system.resolvent_numerator[::-1]]
    total = sympy.Integer(0)
    for base in roots:
        total += sympy.Add(*(term.to_sympy(t) for term in _at_root(system, roots, rest, base)))
    for k, factor in enumerate(rest):
        if len(factor) > 5:
            raise RouteError(f"an irreducible factor of degree {len(factor) - 1} has no radicals; use "
                             "generating_function() or at(t).")
        entries = [c.to_sympy() for c in factor]
        others = [[c.to_sympy() for c in f] for f in rest[:k] + rest[k + 1:]]
        slope = [i * c for i, c in enumerate(entries)][1:]
        for root in sympy.roots(sympy.Poly(entries[::-1], _X), multiple=True):
            top = _sum_of_powers(numerator, root)
            bottom = _sum_of_powers(slope, root) * sympy.Mul(*(_sum_of_powers(f, root) for f in others))
            bottom *= sympy.Mul(*((root - base.to_sympy()) ** m for base, m in roots.items()))
            total += top / bottom * root**t
    return total


def _sum_of_powers(coefficients: Sequence[sympy.Expr], x: sympy.Expr) -> sympy.Expr:
    """The polynomial at x, constant first; as it stands: sympy's own evaluation cancels radicals at each step."""
    return sympy.Add(*(c * x**i for i, c in enumerate(coefficients)))
