"""Theorem 3.2 as the DAG it is: norms of combinations of sample gradients, one step at a time.

Terms are N_t(A_1, ..., A_n) = E||sum_i A_i grad L_i(w_t)||^2. With A = sum_i A_i x_i x_i^T,

    N_(t+1)(A_i) = N_t(A_i - (alpha_t/n) A) + (alpha_t^2 c_b / n^2) sum_(k<l) N_t(A at k, -A at l),

so that the paper's tree with (n^2 + 1)^t leaves becomes a DAG once equal terms are one node; terms that differ
by a factor are equal up to its square. Source: P0, Lemma 3.1 and Theorem 3.2 in corrected form; the printed form
(second sign +, and ordered pairs without the factor 1/2) can be asked for, to see that it fails.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any, Literal

import numpy as np
import sympy

from sgdmoments.budget import Budget, Monitor, ProgressCallback
from sgdmoments.derivation.dag import Derivation
from sgdmoments.describe.description import is_plainly
from sgdmoments.describe.letters import user_letters
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.errors import InputError, RouteError
from sgdmoments.exact.numbers import Exact
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.exact.ring import INVERSE_BATCH, RATIONALS, Polynomial, Ring, ring_of
from sgdmoments.models.regression import LinearRegression
from sgdmoments.reading import read_choice

#: c_b = (n - b)/(b (n - 1)) as a ring generator.
CB = sympy.Dummy("c_b", dummy_index=1_000_003)

LEMMA = "P0, Lemma 3.1"
THEOREM = "P0, Theorem 3.2, corrected"
PRINTED = "P0, Theorem 3.2, as printed"

#: (A_1, ..., A_n), each a tuple of rows.
Matrices = tuple[tuple[tuple[Any, ...], ...], ...]


@dataclass(frozen=True, slots=True)
class Norm:
    """The term E||sum_i A_i grad L_i(w_t)||^2."""

    step: int
    matrices: Matrices

    @property
    def key(self) -> Hashable:
        return self.matrices

    def latex(self) -> str:
        parts = [f"{_matrix_latex(matrix)}\\nabla L_{{{i}}}" for i, matrix in enumerate(self.matrices, start=1)
                 if any(any(row) for row in matrix)]
        inner = " + ".join(parts).replace("+ -", "- ") or "0"
        return f"\\mathbb{{E}}\\left\\|{inner}(w_{{{self.step}}})\\right\\|^2" if len(parts) == 1 else \
            f"\\mathbb{{E}}\\left\\|\\left({inner}\\right)(w_{{{self.step}}})\\right\\|^2"

    def __str__(self) -> str:
        parts = [f"{_text(matrix)}∇L_{i}" for i, matrix in enumerate(self.matrices, start=1)
                 if any(any(row) for row in matrix)]
        return f"E‖{' + '.join(parts) or '0'}‖² at w_{self.step}"


class RegressionDerivation(Derivation):
    """The DAG of E||q||^2 for linear regression; `polynomial` expands it."""

    def __init__(self, sgd: Run, quantity: Quantity, theorem: str, monitor: Monitor) -> None:
        super().__init__(f"the second moment of {quantity}")
        model = sgd.model
        assert isinstance(model, LinearRegression)
        self._sgd, self._quantity, self._printed = sgd, quantity, theorem == "printed"
        self._x = [[_scalar(entry) for entry in row] for row in model.X]
        self._y = [_scalar(entry) for entry in model.y]
        self._n = len(self._y)
        self._noise = Ring((INVERSE_BATCH if sgd.batches.independent else CB,))
        self._begin(quantity)
        assert isinstance(quantity.step, int)
        for t in range(quantity.step - 1, -1, -1):
            level = [k for k, data in self.graph.nodes(data=True) if data["level"] == t + 1]
            for done, node in enumerate(level):
                monitor.update(f"Theorem 3.2 at step {t}", done, len(level), self.graph.number_of_edges(),
                               f"t = {t + 1}, or fewer data points")
                self._step_back(node, t, _scalar(sgd.schedule(t)))

    def _begin(self, quantity: Quantity) -> None:
        p, n, t = len(self._x[0]), self._n, int(quantity.step)
        left = _identity(p) if quantity.left is None else tuple(tuple(map(_scalar, row)) for row in quantity.left)
        v = self._noise.generator(self._noise.generators[0])
        average = (_scaled(left, Fraction(1, n)),) * n
        if quantity.kind == "gradient":
            for i in range(n):
                self._add(None, t, self._place({i: left}), v / n, LEMMA)
            self._add(None, t, average, 1 - v, LEMMA)
        elif quantity.kind == "full_gradient":
            self._add(None, t, average, self._noise.one, "definition of the full gradient")
        else:
            assert quantity.matrices is not None
            given = tuple(_product(left, tuple(tuple(map(_scalar, row)) for row in matrix)) if quantity.left else
                          tuple(tuple(map(_scalar, row)) for row in matrix) for matrix in quantity.matrices)
            self._add(None, t, given, self._noise.one, "the question itself")

    def _place(self, blocks: dict[int, Any]) -> Matrices:
        shape = next(iter(blocks.values()))
        zero = tuple((Fraction(0),) * len(shape[0]) for _ in shape)
        return tuple(blocks.get(i, zero) for i in range(self._n))

    def _add(self, before: int | None, step: int, matrices: Matrices, coefficient: Polynomial, rule: str) -> None:
        scale, normal = _normalised(matrices)
        if not scale:
            return
        node = self.node(step, Norm(step, normal))
        if before is None:
            self.begin(node, coefficient * (scale * scale))
        else:
            self.connect(before, node, coefficient * (scale * scale), rule)

    def _step_back(self, node: int, t: int, rate: Any) -> None:
        matrices: Matrices = self.graph.nodes[node]["term"].matrices
        n = self._n
        outer = [[[a * b for b in row] for a in row] for row in self._x]
        total = _sum([_product(matrix, outer[i]) for i, matrix in enumerate(matrices)])
        rule = PRINTED if self._printed else THEOREM
        self._add(node, t, tuple(_sum([matrix, _scaled(total, -rate / n)]) for matrix in matrices),
                  self._noise.one, rule)
        noise = self._noise.generator(self._noise.generators[0]) * (rate * rate) / n**2
        for k, l in combinations(range(n), 2):
            if self._printed:  # ordered pairs without 1/2, and the same sign at both places
                self._add(node, t, self._place({k: total, l: total}), noise * 2, rule)
            else:
                self._add(node, t, self._place({k: total, l: _scaled(total, Fraction(-1))}), noise, rule)

    def polynomial(self) -> BatchPolynomial:
        """E||q||^2 as a polynomial in 1/b: the DAG expanded at the initial weights."""
        initial = self._sgd.initial["w"]
        if initial is None:
            initial = user_letters(self._sgd.model.parameters[0], self._sgd.symbols(self._quantity))
        if not isinstance(initial, np.ndarray):
            raise InputError("the derivation of Theorem 3.2 is given the initial weights; here they are random.")
        w = [_scalar(entry) for entry in initial]
        residuals = [sum((a * b for a, b in zip(row, w, strict=True)), RATIONALS.zero) - y
                     for row, y in zip(self._x, self._y, strict=True)]

        def value(norm: Norm) -> Any:
            total: Any = 0
            for r in range(len(norm.matrices[0])):
                component: Any = 0
                for matrix, x, residual in zip(norm.matrices, self._x, residuals, strict=True):
                    component = sum((a * b for a, b in zip(matrix[r], x, strict=True)), 0) * residual + component
                total = component * component + total
            return total

        expanded = RATIONALS.zero + self.expand(value)
        entries = expanded.coefficients(self._noise.generators[0])
        plain = [entry.ring.zero + entry for entry in entries]
        return self._sgd.batches.polynomial(plain)


def applies(sgd: Run, quantity: Quantity) -> str:
    """Why Theorem 3.2 does not derive the quantity; an empty text where it does."""
    if not is_plainly(sgd.model, LinearRegression) or quantity.kind not in (
            "gradient", "full_gradient", "sample_gradients"):
        return f"Theorem 3.2 derives norms of sums of sample gradients of linear regression, not {quantity}"
    if not sgd.update_for(quantity).is_plain:
        return f"Theorem 3.2 undoes steps of plain SGD, not of {sgd.update_for(quantity)}"
    return "" if isinstance(quantity.step, int) else "the derivation needs a number for t"


def derive(sgd: Run, quantity: Quantity, *, theorem: Literal["corrected", "printed"] = "corrected",
           budget: Budget | None = None, progress: ProgressCallback | None = None) -> RegressionDerivation:
    """The DAG of E||q||^2 by Theorem 3.2, for the gradient, the full gradient, and sums of sample gradients.

    >>> import sgdmoments as sm
    >>> sgd = sm.SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]), learning_rate="1/10", initial=[0])
    >>> dag = derive(sgd, sm.gradient(2))
    >>> dag.polynomial() == sgd.second_moment(sm.gradient(2))
    True
    """
    why_not = applies(sgd, quantity)
    if why_not:
        raise RouteError(f"{why_not}.")
    read_choice(theorem, "theorem", ("corrected", "printed"))
    limit = Budget(terms=200_000) if budget is None else budget
    return RegressionDerivation(sgd, quantity, theorem, Monitor(limit, progress))


def _scalar(value: Exact | Polynomial) -> Fraction | Polynomial:
    return value if isinstance(value, (Fraction, Polynomial)) else ring_of([value])(value)


def _sympy(value: Any) -> Any:
    return value.to_sympy() if isinstance(value, Polynomial) else sympy.Rational(value.numerator, value.denominator)


def _is_scalar(matrix: Any) -> bool:
    return len(matrix) == len(matrix[0]) and matrix == _scaled(_identity(len(matrix)), matrix[0][0])


def _matrix_latex(matrix: Any) -> str:
    if not _is_scalar(matrix):
        return str(sympy.latex(sympy.Matrix([[_sympy(entry) for entry in row] for row in matrix])))
    scalar = _sympy(matrix[0][0])
    text = "" if scalar == 1 else "-" if scalar == -1 else str(sympy.latex(scalar))
    return f"\\left({text}\\right)" if scalar.is_Add else text


def _text(matrix: Any) -> str:
    if _is_scalar(matrix):
        return "" if matrix[0][0] == 1 else f"({matrix[0][0]}) "
    return str([list(map(str, row)) for row in matrix]).replace("'", "") + " "


def _identity(p: int) -> tuple[tuple[Fraction, ...], ...]:
    return tuple(tuple(Fraction(int(i == j)) for j in range(p)) for i in range(p))


def _scaled(matrix: Any, factor: Any) -> Any:
    return tuple(tuple(entry * factor for entry in row) for row in matrix)


def _product(first: Any, second: Any) -> Any:
    columns = list(zip(*second, strict=True))
    return tuple(tuple(sum((a * b for a, b in zip(row, column, strict=True)), Fraction(0)) for column in columns)
                 for row in first)


def _sum(matrices: Sequence[Any]) -> Any:
    return tuple(tuple(sum(entries, Fraction(0)) for entries in zip(*rows, strict=True))
                 for rows in zip(*matrices, strict=True))


def _normalised(matrices: Matrices) -> tuple[Fraction, Matrices]:
    """(s, M) with matrices = s M and the first nonzero entry of M having leading coefficient 1; s = 0 for zero."""
    for matrix in matrices:
        for row in matrix:
            for entry in row:
                if entry:
                    scale = entry if isinstance(entry, Fraction) else next(entry.terms())[1]
                    return scale, tuple(_scaled(m, 1 / scale) for m in matrices)
    return Fraction(0), matrices
