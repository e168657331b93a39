"""Expressions: sums of products of index graphs with coefficients in a polynomial ring.

An `Expression` maps monomials (sorted tuples of connected graphs) to nonzero elements of one ring. Where its
graphs have open ends it is an array with one axis for each open number.

>>> from sgdmoments.graphs.graph import Label
>>> A = Label("A", (2, 3))
>>> norm = Expression.from_edges([(A, 0, 1), (A, 0, 1)])
>>> norm + norm == 2 * norm, bool(norm - norm)
(True, False)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from numbers import Number
from typing import Any

import numpy as np
import sympy

from sgdmoments.errors import InputError, OperandError
from sgdmoments.exact.numbers import to_exact
from sgdmoments.exact.ring import Polynomial, Ring, Scalar, ring_of
from sgdmoments.exact.saving import register_coefficient, symbol_from_json, symbol_to_json
from sgdmoments.graphs.canonical import normal_form
from sgdmoments.graphs.graph import (
    BATCH,
    SORT_KEY,
    Dimension,
    Edge,
    IndexGraph,
    Label,
    Monomial,
)
from sgdmoments.graphs.meaning import (
    Known,
    known_from_json,
    known_to_json,
    letters,
    new_letters,
    read_known,
    renamed,
    same_numbers,
)

_NOTHING: Known = {}


class Expression:
    """An immutable sum of products of index graphs; coefficients are elements of ``ring``.

    Args:
        terms: coefficients (int, Fraction, ring element) by monomial; the zero ones are dropped.
        ring: the ring of the coefficients; by default the smallest that holds them.
    """

    __slots__ = ("_hash", "known", "raw", "ring")

    #: sympy matrices and expressions leave the operators to this class, and so do numpy arrays.
    _op_priority = 100.0
    __array_ufunc__ = None

    ring: Ring
    #: FLINT's coefficients by monomial: to be read, never changed.
    raw: dict[Monomial, Any]
    #: The numbers of letters that are known: they take part in == and `evaluate`.
    known: Known

    def __init__(self, terms: Mapping[Monomial, Scalar] | None = None, ring: Ring | None = None) -> None:
        terms = terms or {}
        self.ring = ring_of(terms.values()) if ring is None else ring
        self.raw = {m: self.ring(c).raw for m, c in terms.items() if c}
        self._hash: int | None = None
        self.known = _NOTHING

    @staticmethod
    def from_raw(ring: Ring, raw: Mapping[Monomial, Any], known: Known = _NOTHING) -> Expression:
        """The expression with FLINT coefficients of ``ring.context``; for code in a hot loop."""
        made = Expression.__new__(Expression)
        if ring.reduction is not None:
            raw = {m: ring.reduced(c) for m, c in raw.items()}
        made.ring, made.raw, made._hash = ring, {m: c for m, c in raw.items() if c}, None
        made.known = known
        return made

    @staticmethod
    def from_edges(edges: Iterable[Edge], coefficient: Scalar = 1,
                   vertices: Mapping[int, Dimension] | None = None) -> Expression:
        """One graph, connected or not, times a coefficient.

        Args:
            edges: (label, end, ...) with any ints as vertices; vertices on no open end are summed.
            vertices: the dimensions of vertices that may be without edges: each such one is a factor.
        """
        monomial, free = normal_form(edges, vertices or ())
        value: Any = coefficient
        for v in free:
            assert vertices is not None
            value = value * dimension_factor(vertices[v])
        return Expression({monomial: value})

    @staticmethod
    def constant(value: Scalar) -> Expression:
        """A number, or ring element, times the empty product."""
        return Expression({(): value})

    def terms(self) -> Iterator[tuple[Monomial, Polynomial]]:
        """Monomials with their coefficients, in an order that depends on nothing but the expression."""
        for monomial in sorted(self.raw, key=monomial_key):
            yield monomial, Polynomial(self.ring, self.raw[monomial])

    def coefficient(self, monomial: Monomial) -> Polynomial:
        """The coefficient of one monomial, zero where it does not occur."""
        raw = self.raw.get(monomial)
        return self.ring.zero if raw is None else Polynomial(self.ring, raw)

    @property
    def monomials(self) -> tuple[Monomial, ...]:
        """The monomials, in order."""
        return tuple(sorted(self.raw, key=monomial_key))

    @property
    def graphs(self) -> tuple[IndexGraph, ...]:
        """The distinct connected graphs that occur, in order."""
        return tuple(sorted({graph for monomial in self.raw for graph in monomial}, key=SORT_KEY))

    @property
    def labels(self) -> frozenset[Label]:
        """The labels of all edges, open ends left out."""
        graphs = {graph for monomial in self.raw for graph in monomial}
        return frozenset(edge[0] for graph in graphs for edge in graph.edges if edge[0].kind != "open")

    @property
    def symbols(self) -> frozenset[sympy.Symbol]:
        """The generators that occur in coefficients."""
        return frozenset(s for _, c in self.terms() for s in c.symbols)

    @property
    def open_ends(self) -> tuple[int, ...]:
        """The numbers of the open indices, the same in every monomial; () for a scalar."""
        found = {tuple(sorted(n for graph in monomial for n in graph.open_ends)) for monomial in self.raw}
        if len(found) > 1:
            raise InputError(f"the terms have different open ends: {sorted(found)}.")
        return found.pop() if found else ()

    @property
    def is_constant(self) -> bool:
        """Whether no graph occurs."""
        return not any(self.raw)

    @property
    def size(self) -> int:
        """The number of coefficients: terms of all ring elements together."""
        return sum(len(c) for c in self.raw.values())

    def __len__(self) -> int:
        """The number of monomials."""
        return len(self.raw)

    def __bool__(self) -> bool:
        return bool(self.raw)

    def in_ring(self, ring: Ring) -> Expression:
        """The same expression with coefficients in a ring that holds them."""
        if ring is self.ring:
            return self
        return Expression.from_raw(ring, {m: ring(Polynomial(self.ring, c)).raw for m, c in self.raw.items()},
                                   self.known)

    @staticmethod
    def scalar(value: Any) -> Expression:
        """A number, or polynomial in letters and their reciprocals, as users write it; `InputError` for anything else.

        >>> n = sympy.Symbol("n")
        >>> Expression.scalar(n) * Expression.scalar(1 / n) == 1
        True
        """
        if isinstance(value, Expression):
            return value
        if isinstance(value, Polynomial):
            return Expression({(): value})
        if not isinstance(value, (Number, Decimal, str, sympy.Basic)):
            raise OperandError(f"scalar: found {value!r}; traces and matrices go with numbers and sympy expressions.")
        try:
            exact = to_exact(value, "scalar")
        except InputError as error:
            raise OperandError(str(error)) from None
        return Expression({(): exact if isinstance(exact, Fraction) else ring_of([exact])(exact)})

    def meet(self, other: Expression) -> tuple[Expression, Expression]:
        """Both over one ring, each letter with one meaning."""
        first, second = self, other
        if self.known or other.known:
            changes = new_letters(self.relevant, letters(self.labels), other.relevant, letters(other.labels))
            first, second = self._renamed(changes[0]), other._renamed(changes[1])
        if first.ring is second.ring:
            return first, second
        ring = first.ring.union(second.ring)
        return first.in_ring(ring), second.in_ring(ring)

    def _renamed(self, changes: Mapping[Label, Label]) -> Expression:
        if not changes:
            return self
        known = {changes.get(label, label): value for label, value in self.known.items()}
        return Expression.from_raw(self.ring, renamed(self.raw, changes), known)

    def __add__(self, other: Any) -> Expression:
        converted = _operand(other)
        if converted is None:
            return NotImplemented
        a, b = self.meet(converted)
        total = dict(a.raw)
        for monomial, c in b.raw.items():
            before = total.get(monomial)
            total[monomial] = c if before is None else before + c
        return Expression.from_raw(a.ring, total, {**a.known, **b.known} if a.known or b.known else _NOTHING)

    __radd__ = __add__

    def __neg__(self) -> Expression:
        return Expression.from_raw(self.ring, {m: -c for m, c in self.raw.items()}, self.known)

    def __sub__(self, other: Any) -> Expression:
        converted = _operand(other)
        return NotImplemented if converted is None else self + (-converted)

    def __rsub__(self, other: Any) -> Expression:
        return (-self) + other

    def __mul__(self, other: Any) -> Expression:
        converted = _operand(other)
        if converted is None:
            return NotImplemented
        a, b = self.meet(converted)
        if a.is_constant:
            a, b = b, a
        total: dict[Monomial, Any] = {}
        for m, c in a.raw.items():
            for n, d in b.raw.items():
                product = monomial_product(m, n)
                before = total.get(product)
                total[product] = c * d if before is None else before + c * d
        return Expression.from_raw(a.ring, total, {**a.known, **b.known} if a.known or b.known else _NOTHING)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Expression:
        """Divided by a number or a product of symbols: 1/n is a letter of the ring like n."""
        converted = _operand(other)
        return NotImplemented if converted is None else self * converted.inverse()

    def __rtruediv__(self, other: Any) -> Expression:
        return Expression.scalar(other) * self.inverse()

    def inverse(self) -> Expression:
        """1 / self for a number or a product of symbols; `InputError` for zero, sums, and what holds matrices.

        >>> Expression.scalar(sympy.Symbol("n")).inverse()
        (1/n)
        """
        if not self.is_constant:
            raise InputError(f"division by {self}: graphs are divided by numbers and letters, not by other graphs.")
        if not self:
            raise InputError("an expression cannot be divided by zero.")
        value = self.coefficient(()).simplest()
        return Expression.scalar(1 / value if isinstance(value, Fraction) else 1 / value.to_sympy())

    def __matmul__(self, other: Any) -> Any:
        raise OperandError("@ is the product of matrices; a number such as a trace is multiplied by *.")

    __rmatmul__ = __matmul__

    def __pow__(self, exponent: int) -> Expression:
        if isinstance(exponent, bool) or not isinstance(exponent, (int, np.integer, sympy.Integer)):
            raise InputError(f"**: found exponent {exponent!r}; an exponent is an integer.")
        base = self.inverse() if exponent < 0 else self
        product = Expression.constant(1)
        for _ in range(abs(int(exponent))):
            product = product * base
        return product

    def __rpow__(self, other: Any) -> Expression:
        raise OperandError("an expression is no exponent.")

    def __eq__(self, other: object) -> bool:
        """Whether both are the same function of their open letters, known numbers and definitions put in."""
        if not isinstance(other, (Expression, Number, Polynomial, sympy.Expr)):
            return NotImplemented
        try:
            converted = Expression.scalar(other)
        except InputError:  # no number or polynomial
            return NotImplemented
        if self.raw.keys() == converted.raw.keys() and same_numbers(self.relevant, converted.relevant):
            a, b = self.meet(converted)
            if all(c == b.raw[m] for m, c in a.raw.items()):
                return True
        if self.is_constant and converted.is_constant:
            return False
        from sgdmoments.graphs.equality import same_function

        return same_function(self, converted)

    def __hash__(self) -> int:
        if self._hash is None:
            if self.is_constant:
                self._hash = hash(self.coefficient(()))
            else:
                from sgdmoments.graphs.equality import fingerprint

                self._hash = fingerprint(self)
        return self._hash

    @property
    def relevant(self) -> Known:
        """The known numbers of the letters that occur."""
        if not self.known:
            return self.known
        occurring = letters(self.labels)
        return {label: value for label, value in self.known.items() if label in occurring}

    def simplest(self) -> Fraction | Polynomial | Expression:
        """A Fraction or ring element where no graph occurs, else itself."""
        return self.coefficient(()).simplest() if self.is_constant else self

    def coefficients(self, symbol: sympy.Symbol) -> tuple[Expression, ...]:
        """The coefficients of the powers 0, 1, ..., degree of a generator (at least one)."""
        parts: list[dict[Monomial, Any]] = [{}]
        for monomial, c in self.raw.items():
            for power, part in enumerate(Polynomial(self.ring, c).coefficients(symbol)):
                if power == len(parts):
                    parts.append({})
                parts[power][monomial] = part.raw
        return tuple(Expression.from_raw(self.ring, part, self.known) for part in parts)

    @property
    def free_symbols(self) -> frozenset[sympy.Symbol]:
        """The symbols in coefficients and in the dimensions of labels."""
        return self.symbols | {d for label in self.labels for d in label.dimensions if isinstance(d, sympy.Symbol)}

    def substitute(self, values: Mapping[sympy.Symbol, Scalar]) -> Expression:
        """The expression with generators of the ring replaced by numbers or ring elements.

        Dimensions that occur in labels are not changed.
        """
        result = Expression({m: Polynomial(self.ring, c).substitute(values) for m, c in self.raw.items()})
        result.known = self.known
        return result

    def compact(self) -> Expression:
        """The same expression over the smallest ring that holds its coefficients."""
        occurring = {g for _, c in self.terms() for g in c.occurring}
        return self.in_ring(ring_of(sorted(occurring, key=lambda s: (s.name, s.sort_key()))))

    def evaluate(self, values: Mapping[Any, Any], **options: Any) -> Any:
        """The value at given matrices and numbers, by name; see `sgdmoments.graphs.contract.evaluate`.

        ``partial=True`` leaves open what is not given: ``evaluate({"n": 3}, partial=True).to_sympy()`` puts in a
        number by name (sympy's own ``subs("n", 3)`` does not know the assumptions of a dimension).
        """
        from sgdmoments.graphs.contract import evaluate

        return evaluate(self, values, **options)

    def with_known(self, known: Mapping[Label, Any]) -> Expression:
        """The expression with numbers for some of its letters: `evaluate` and == use them, sums and products keep them.

        Where two expressions disagree in the numbers of a letter, their sum or product gives one of the letters a new
        name (Sigma_2), so that both keep their meaning.
        """
        occurring = letters(self.labels)
        return Expression.from_raw(self.ring, self.raw, read_known({k: v for k, v in known.items() if k in occurring}))

    def to_sympy(self) -> sympy.Expr:
        """The sympy expression, where no graph occurs."""
        if not self.is_constant:
            raise InputError("this expression contains graphs; sympy has no form for them: use latex() or evaluate().")
        return self.coefficient(()).to_sympy()

    def latex(self) -> str:
        """LaTeX: traces where graphs are cycles, index sums elsewhere."""
        from sgdmoments.show.graph_latex import expression_latex

        return expression_latex(self)

    def _repr_latex_(self) -> str:
        return f"${self.latex()}$"

    def draw(self, limit: int = 12) -> str:
        """A picture of the terms as SVG text; see `sgdmoments.show.diagrams.expression_svg`."""
        from sgdmoments.show.diagrams import expression_svg

        return expression_svg(self, limit)

    def __str__(self) -> str:
        from sgdmoments.show.graph_latex import expression_text

        return expression_text(self)

    def __repr__(self) -> str:
        if not self.raw:
            return "0"
        return " + ".join(f"({c})" + "".join(f" {graph!r}" for graph in monomial) for monomial, c in self.terms())

    def to_json(self) -> dict[str, Any]:
        """Plain data that `from_json` reads back."""
        graphs = self.graphs
        place = {graph: i for i, graph in enumerate(graphs)}
        return {
            "kind": "expression",
            "generators": [symbol_to_json(generator) for generator in self.ring.generators],
            "graphs": [graph.to_json() for graph in graphs],
            "terms": [[[place[graph] for graph in monomial], [[list(e), str(q)] for e, q in c.terms()]]
                      for monomial, c in self.terms()],
            "known": known_to_json(self.relevant),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Expression:
        """The expression that `to_json` wrote."""
        ring = Ring(symbol_from_json(generator) for generator in data["generators"])
        graphs = [IndexGraph.from_json(graph) for graph in data["graphs"]]
        result = Expression({
            tuple(sorted(graphs[i] for i in places)): ring.from_terms({tuple(e): Fraction(q) for e, q in terms})
            for places, terms in data["terms"]}, ring)
        result.known = known_from_json(data["known"])
        return result

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, ({m: Polynomial(self.ring, c) for m, c in self.raw.items()}, self.ring, dict(self.relevant))


def _operand(value: Any) -> Expression | None:
    """The other side of an operation; None where its class has the operation, as matrices have."""
    if isinstance(value, Expression):
        return value
    if isinstance(value, (int, Fraction, Polynomial)) and not isinstance(value, bool):
        return Expression({(): value})
    has_its_own = hasattr(value, "__matmul__") and not isinstance(value, np.ndarray) and not hasattr(value, "tolist")
    return None if has_its_own else Expression.scalar(value)


def _rebuild(terms: Mapping[Monomial, Polynomial], ring: Ring, known: Mapping[Label, Any]) -> Expression:
    result = Expression(terms, ring)
    result.known = read_known(known)
    return result


def dimension_factor(dimension: Dimension) -> Scalar:
    """What a vertex without edges is worth: its dimension, or 1 for a batch vertex, which is averaged."""
    if isinstance(dimension, int):
        return dimension
    if dimension == BATCH:
        return 1
    return Ring((dimension,)).generator(dimension)


def monomial_key(monomial: Monomial) -> tuple[Any, ...]:
    """Orders monomials: fewer edges first."""
    return sum(len(g.edges) for g in monomial), [g.sort_key for g in monomial]


def monomial_product(a: Monomial, b: Monomial) -> Monomial:
    """The product of two monomials."""
    if not a:
        return b
    if not b:
        return a
    return tuple(sorted(a + b, key=SORT_KEY))


register_coefficient("expression", Expression.from_json)
