"""Matrices of sums of index graphs: products, transposes, sums, values.

A `MatrixExpression` is an array of numbers that are index graphs: its first open ends are the factors of its row
index, the others those of its column index. A Kronecker product has one open end for each factor, so that the
left-hand side of Theorems 3.6 to 3.8 (P0), tr(C (⊗ᵢ Πⱼ Mᵢⱼ)) Πⱼ M₀ⱼ, keeps C as one edge with many ends.

>>> A = letter(Label("A", (2, 3)))
>>> (A.T @ A).shape, A.label
(((3,), (3,)), A)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sgdmoments.errors import InputError, OperandError
from sgdmoments.graphs.contract import zeros
from sgdmoments.graphs.expression import LARGEST_POWER, Expression
from sgdmoments.graphs.index_sum import array_of
from sgdmoments.graphs.join import join_open, renumber_open
from sgdmoments.graphs.labels import Dimension, Label, Lettered
from sgdmoments.reading import read_integer, shown

Dimensions = tuple[Dimension, ...]


@dataclass(frozen=True, slots=True)
class MatrixExpression(Lettered):
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
            raise OperandError(f"@: expected a matrix on the right, found {shown(other)}; a number is multiplied by *.")
        if self.columns != other.rows:
            raise InputError(f"@: the columns of the left matrix have dimensions {dimensions_text(self.columns)}, the "
                             f"rows of the right one {dimensions_text(other.rows)}"
                             f"{shape_hint(self.columns, other.rows)}.")
        m, k, n = len(self.rows), len(self.columns), len(other.columns)
        right = renumber_open(other.array, {i: i + m + k for i in range(k + n)})
        joined = join_open(self.array * right, [(m + i, m + k + i) for i in range(k)])
        product = renumber_open(joined, {m + 2 * k + i: m + i for i in range(n)})
        return MatrixExpression(product, self.rows, other.columns) if m + n else product

    def __rmatmul__(self, other: Any) -> Any:
        raise OperandError(f"@: expected a matrix on the left, found {shown(other)}; a number is multiplied by *.")

    def like(self, other: Any, sign: str) -> MatrixExpression:
        """The other side of an entrywise operation, a matrix of the same shape; an error that names the operation."""
        if not isinstance(other, MatrixExpression):
            raise OperandError(f"{sign}: expected a matrix beside a matrix, found {shown(other)}; c times the identity "
                               "is c * identity(n).")
        if self.shape != other.shape:
            raise InputError(f"{sign}: shapes {shape_text(self)} and {shape_text(other)} differ.")
        return other

    def __add__(self, other: Any) -> MatrixExpression:
        return MatrixExpression(self.array + self.like(other, "+").array, *self.shape)

    __radd__ = __add__

    def __sub__(self, other: Any) -> MatrixExpression:
        return MatrixExpression(self.array - self.like(other, "-").array, *self.shape)

    def __rsub__(self, other: Any) -> MatrixExpression:
        return self.like(other, "-") - self

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
            raise InputError(f"**: expected a square matrix, found shape {shape_text(self)}.")
        power = read_integer(exponent, "**", 1, f"an exponent is an integer from 1 to {LARGEST_POWER} (identity(n) is "
                                                "the power 0)", LARGEST_POWER)
        product = self
        for _ in range(power - 1):
            product = product @ self
        return product

    def __rpow__(self, other: Any) -> MatrixExpression:
        raise OperandError("a matrix is no exponent.")

    def evaluate(self, values: Mapping[Any, Any], **options: Any) -> Any:
        """The array at given matrices: one axis for each factor of the row and column index."""
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


def letter(label: Label, rows: int = 1) -> MatrixExpression:
    """Any label as a matrix; its first `rows` ends make up the row index."""
    return MatrixExpression(array_of(label), label.dimensions[:rows], label.dimensions[rows:])


def dimensions_text(dimensions: Sequence[Dimension]) -> str:
    """Dimensions for messages."""
    return f"({', '.join(map(str, dimensions))})"


def shape_text(a: MatrixExpression) -> str:
    """The shape of a matrix for messages."""
    return f"{dimensions_text(a.rows)} x {dimensions_text(a.columns)}"


def shape_hint(left: Dimensions, right: Dimensions) -> str:
    """What to try where indices of different numbers of factors meet."""
    if len(left) == len(right):
        return ""
    return "; an index that meets that of a Kronecker product is declared as a tuple: matrix('C', ('m', 'n'), ...)"
