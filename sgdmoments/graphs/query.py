"""What a user types: matrices, products, transposes, traces, Kronecker and Hadamard products.

A `MatrixExpression` is an array of numbers that are index graphs: its first open ends are the factors of its row
index, the others those of its column index. A Kronecker product has one open end for each factor, so that the
left-hand side of Theorems 3.6 to 3.8 (P0), tr(C (⊗ᵢ Πⱼ Mᵢⱼ)) Πⱼ M₀ⱼ, keeps C as one edge with many ends.

>>> A, B = matrix("A", "m", "n"), matrix("B", "n", "m")
>>> trace(A @ B) == trace(B @ A), trace(A.T @ A) == squared_norm(A)
(True, True)
>>> trace(kron(A @ B, B @ A)) == trace(A @ B) ** 2
True
>>> C = matrix("C", ("m", "n"), ("m", "n"))
>>> trace(C @ kron(A @ B, B @ A)).graphs[0].vertices
6
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy

from sgdmoments.errors import InputError, OperandError
from sgdmoments.exact.numbers import to_exact
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.graph import Dimension, Label, open_end
from sgdmoments.graphs.join import hadamard_product, join_open, renumber_open
from sgdmoments.graphs.join import squared_norm as array_norm
from sgdmoments.reading import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

Dimensions = tuple[Dimension, ...]


@dataclass(frozen=True, slots=True)
class MatrixExpression:
    """A matrix whose entries are sums of index graphs.

    Attributes:
        array: open ends 0, 1, ...: the factors of the row index, then those of the column index.
        rows: the dimensions of the factors of the row index; () for a row vector.
        columns: the same for the column index; () for a column vector.

    ``A @ B``, ``A.T``, ``A + B``, ``A - B``, ``2 * A``, ``A / n``, ``A ** 3`` mean what they say; a scalar may be a
    number, a sympy symbol, a polynomial in symbols and their reciprocals or an `Expression` such as a trace. The
    product of a row and a column vector is an `Expression`.
    """

    array: Expression
    rows: Dimensions
    columns: Dimensions

    #: numpy arrays and sympy matrices leave the operators to this class.
    __array_ufunc__ = None
    _op_priority = 100.0

    @property
    def shape(self) -> tuple[Dimensions, Dimensions]:
        """The dimensions of the factors of both indices."""
        return self.rows, self.columns

    @property
    def label(self) -> Label | None:
        """The letter that the matrix is, as made by `matrix` or `vector`; None where it is no single letter."""
        labels = self.array.labels
        return next((label for label in labels if self == letter(label, len(self.rows))), None)

    @property
    def T(self) -> MatrixExpression:
        """The transposed matrix."""
        m, n = len(self.rows), len(self.columns)
        numbers = {k: k + n if k < m else k - m for k in range(m + n)}
        return MatrixExpression(renumber_open(self.array, numbers), self.columns, self.rows)

    def __matmul__(self, other: Any) -> Any:
        if not isinstance(other, MatrixExpression):
            raise OperandError(f"@: expected a matrix on the right, found {other!r}; a number is multiplied by *.")
        if self.columns != other.rows:
            raise InputError(f"@: the columns of the left matrix have dimensions {_show(self.columns)}, the rows of "
                             f"the right one {_show(other.rows)}{_hint(self.columns, other.rows)}.")
        m, k, n = len(self.rows), len(self.columns), len(other.columns)
        right = renumber_open(other.array, {i: i + m + k for i in range(k + n)})
        joined = join_open(self.array * right, [(m + i, m + k + i) for i in range(k)])
        product = renumber_open(joined, {m + 2 * k + i: m + i for i in range(n)})
        return MatrixExpression(product, self.rows, other.columns) if m + n else product

    def __rmatmul__(self, other: Any) -> Any:
        raise OperandError(f"@: expected a matrix on the left, found {other!r}; a number is multiplied by *.")

    def _like(self, other: Any, sign: str) -> MatrixExpression:
        if not isinstance(other, MatrixExpression):
            raise OperandError(f"{sign}: expected a matrix beside a matrix, found {other!r}; c times the identity is "
                             "c * identity(n).")
        if self.shape != other.shape:
            raise InputError(f"{sign}: shapes {_show_shape(self)} and {_show_shape(other)} differ.")
        return other

    def __add__(self, other: Any) -> MatrixExpression:
        return MatrixExpression(self.array + self._like(other, "+").array, *self.shape)

    __radd__ = __add__

    def __sub__(self, other: Any) -> MatrixExpression:
        return MatrixExpression(self.array - self._like(other, "-").array, *self.shape)

    def __rsub__(self, other: Any) -> MatrixExpression:
        return self._like(other, "-") - self

    def __neg__(self) -> MatrixExpression:
        return MatrixExpression(-self.array, *self.shape)

    def __mul__(self, scalar: Any) -> MatrixExpression:
        if isinstance(scalar, MatrixExpression):
            raise InputError("A * B: use A @ B for the matrix product, hadamard(A, B) for the entrywise one.")
        factor = Expression.scalar(scalar)
        if factor.open_ends:
            raise InputError(f"a matrix times an array with open ends {factor.open_ends}; expected a scalar.")
        return MatrixExpression(self.array * factor, *self.shape)

    __rmul__ = __mul__

    def __truediv__(self, scalar: Any) -> MatrixExpression:
        if isinstance(scalar, MatrixExpression):
            raise InputError("A / B: there is no division by a matrix; its inverse can be a letter of its own.")
        return self * Expression.scalar(scalar).inverse()

    def __rtruediv__(self, other: Any) -> MatrixExpression:
        raise OperandError("/: there is no division by a matrix; its inverse can be a letter of its own.")

    def __pow__(self, exponent: int) -> MatrixExpression:
        if self.rows != self.columns:
            raise InputError(f"**: expected a square matrix, found shape {_show_shape(self)}.")
        if isinstance(exponent, bool) or not isinstance(exponent, (int, np.integer, sympy.Integer)) or exponent < 1:
            raise InputError(f"**: found exponent {exponent!r}; expected an integer >= 1 (identity(n) is the power 0).")
        product = self
        for _ in range(int(exponent) - 1):
            product = product @ self
        return product

    def __rpow__(self, other: Any) -> MatrixExpression:
        raise OperandError("a matrix is no exponent.")

    def evaluate(self, values: Mapping[Any, Any], **options: Any) -> Any:
        """The array at given matrices: one axis for each factor of the row and column index."""
        from sgdmoments.graphs.contract import zeros

        if not self.array and not options.get("partial"):
            return zeros((*self.rows, *self.columns), values)
        return self.array.evaluate(values, **options)

    def latex(self) -> str:
        """LaTeX: a product of matrices where the graphs are chains, else entries with indices."""
        return self.array.latex()

    def _repr_latex_(self) -> str:
        return f"${self.latex()}$"

    def __str__(self) -> str:
        return str(self.array)


def matrix(name: str, rows: Any, columns: Any, symmetric: bool = False) -> MatrixExpression:
    """A constant matrix as a letter.

    Args:
        name: how its values are given: ``evaluate({name: array})``.
        rows, columns: a dimension (positive int, name or sympy symbol), or a tuple of them for an index that is
            split like that of a Kronecker product; the values are then an array with one axis for each.
        symmetric: whether the matrix equals its transpose.

    >>> matrix("Sigma", "p", "p", symmetric=True).T == matrix("Sigma", "p", "p", symmetric=True)
    True
    """
    row, column = _dimensions(rows, "rows"), _dimensions(columns, "columns")
    if not isinstance(symmetric, (bool, np.bool_)):
        raise InputError(f"symmetric: found {symmetric!r}; use True or False.")
    if symmetric and (len(row) != 1 or row != column):
        raise InputError(f"matrix({name!r}): symmetric=True needs one dimension for rows and columns, found "
                         f"{_show(row)} and {_show(column)}.")
    return letter(Label(_name(name), (*row, *column), symmetric=bool(symmetric)), len(row))


def vector(name: str, dimension: Any) -> MatrixExpression:
    """A constant column vector as a letter; its transpose is a row vector.

    >>> v = vector("v", "n")
    >>> v.T @ v
    (1) v[0] v[0]
    """
    return letter(Label(_name(name), _dimensions(dimension, "dimension")), 1)


def letter(label: Label, rows: int = 1) -> MatrixExpression:
    """Any label as a matrix; its first `rows` ends make up the row index."""
    edges = [(label, *range(len(label.dimensions)))]
    opened = [(open_end(k, d), k) for k, d in enumerate(label.dimensions)]
    return MatrixExpression(Expression.from_edges([*edges, *opened]), label.dimensions[:rows], label.dimensions[rows:])


def identity(dimension: Any) -> MatrixExpression:
    """The identity matrix.

    >>> trace(identity("p"))
    (p)
    """
    n = _dimension(dimension, "dimension")
    return MatrixExpression(Expression.from_edges([(open_end(0, n), 0), (open_end(1, n), 0)]), (n,), (n,))


def diagonal(v: MatrixExpression) -> MatrixExpression:
    """The diagonal matrix of a column vector.

    >>> v = vector("v", "n")
    >>> trace(diagonal(v) @ diagonal(v)) == v.T @ v
    True
    """
    _require_matrices("diagonal", v)
    if len(v.rows) != 1 or v.columns:
        raise InputError(f"diagonal: expected a column vector, found shape {_show_shape(v)}.")
    (n,) = v.rows
    delta = Expression.from_edges([(open_end(1, n), 0), (open_end(2, n), 0), (open_end(3, n), 0)])
    array = join_open(v.array * delta, [(0, 1)])
    return MatrixExpression(renumber_open(array, {2: 0, 3: 1}), (n,), (n,))


def kron(*factors: MatrixExpression) -> MatrixExpression:
    """The Kronecker product A ⊗ B ⊗ ...; its row and column indices keep one part for each factor.

    >>> A, B, C = (matrix(name, "n", "n") for name in "ABC")
    >>> kron(A, B) @ kron(B, C) == kron(A @ B, B @ C)       # Lemma A.5 of P0
    True
    """
    if not factors:
        raise InputError("kron: expected at least one matrix.")
    _require_matrices("kron", *factors)
    total = factors[0]
    for other in factors[1:]:
        m, n, r = len(total.rows), len(total.columns), len(other.rows)
        left = renumber_open(total.array, {m + i: m + r + i for i in range(n)})
        right = renumber_open(other.array, {i: m + i if i < r else m + n + i
                                            for i in range(r + len(other.columns))})
        total = MatrixExpression(left * right, total.rows + other.rows, total.columns + other.columns)
    return total


def hadamard(*factors: MatrixExpression) -> MatrixExpression:
    """The entrywise product A ⊙ B ⊙ ....

    >>> A = matrix("A", "m", "n")
    >>> trace(hadamard(A, A) @ A.T)
    (1) A[0,1] A[0,1] A[0,1]
    """
    if not factors:
        raise InputError("hadamard: expected at least one matrix.")
    _require_matrices("hadamard", *factors)
    total = factors[0]
    for other in factors[1:]:
        total = MatrixExpression(hadamard_product(total.array, total._like(other, "hadamard").array), *total.shape)
    return total


def trace(a: MatrixExpression) -> Expression:
    """tr(A) = Σ A_ii, an `Expression`; traces multiply and add like numbers.

    >>> A = matrix("A", "n", "n")
    >>> trace(A.T @ A @ A), trace(A @ A.T @ A.T) == trace(A.T @ A @ A)
    ((1) tr(A A A.T), True)
    """
    _require_matrices("trace", a)
    if a.rows != a.columns:
        raise InputError(f"trace: expected a square matrix, found shape {_show_shape(a)}"
                         f"{_hint(a.rows, a.columns)}.")
    n = len(a.rows)
    return join_open(a.array, [(k, n + k) for k in range(n)])


def squared_norm(a: MatrixExpression) -> Expression:
    """‖A‖² = tr(AᵀA), the squared Frobenius norm."""
    _require_matrices("squared_norm", a)
    return array_norm(a.array)


def _require_matrices(operation: str, *values: Any) -> None:
    for value in values:
        if not isinstance(value, MatrixExpression):
            raise InputError(f"{operation}: expected a matrix, found {shown(value)}.")


def _name(name: Any) -> str:
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise InputError(f"name: expected a text such as 'A', found {name!r}.")
    return str(name)


def _dimensions(value: Any, name: str) -> Dimensions:
    values = value if isinstance(value, (tuple, list)) else (value,)
    if not values:
        raise InputError(f"{name}: expected at least one dimension; see vector() for vectors.")
    return tuple(_dimension(v, name) for v in values)


def _dimension(value: Any, name: str) -> Dimension:
    if isinstance(value, str):
        if not value.isidentifier():
            raise InputError(f"{name}: found {value!r}; a dimension is a positive integer, a name or a symbol.")
        return sympy.Symbol(value, integer=True, positive=True)
    if isinstance(value, sympy.Symbol):
        if value.is_positive is False or value.is_integer is False or not value.is_commutative:
            raise InputError(f"{name}: the symbol {value} is assumed not to be a positive integer.")
        return value
    if isinstance(value, bool):
        raise InputError(f"{name}: found {value!r}; a dimension is a positive integer, a name or a symbol.")
    exact = to_exact(value, name)
    if isinstance(exact, sympy.Expr) or exact.denominator != 1 or exact < 1:
        raise InputError(f"{name}: found {value!r}; a dimension is a positive integer, a name or a symbol.")
    return int(exact)


def _show(dimensions: Sequence[Dimension]) -> str:
    return f"({', '.join(map(str, dimensions))})"


def _show_shape(a: MatrixExpression) -> str:
    return f"{_show(a.rows)} x {_show(a.columns)}"


def _hint(left: Dimensions, right: Dimensions) -> str:
    if len(left) == len(right):
        return ""
    return "; an index that meets that of a Kronecker product is declared as a tuple: matrix('C', ('m', 'n'), ...)"
