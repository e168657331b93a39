"""What a user types: matrices, vectors, traces, norms, Kronecker and Hadamard products.

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

from typing import Any

import sympy

from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import to_exact
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.join import hadamard_product, join_open, renumber_open
from sgdmoments.graphs.join import squared_norm as array_norm
from sgdmoments.graphs.labels import Dimension, Label, open_end
from sgdmoments.graphs.matrices import Dimensions, MatrixExpression, dimensions_text, letter, shape_hint, shape_text
from sgdmoments.reading import LARGEST, is_flag, read_flag, read_name, shown

_NAME = "a text such as 'A' is needed"


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
    symmetric = read_flag(symmetric, "symmetric")
    if symmetric and (len(row) != 1 or row != column):
        raise InputError(f"matrix({name!r}): symmetric=True needs one dimension for rows and columns, found "
                         f"{dimensions_text(row)} and {dimensions_text(column)}.")
    return letter(Label(read_name(name, "name", _NAME), (*row, *column), symmetric=symmetric), len(row))


def vector(name: str, dimension: Any) -> MatrixExpression:
    """A constant column vector as a letter; its transpose is a row vector.

    >>> v = vector("v", "n")
    >>> v.T @ v
    (1) v[0] v[0]
    """
    size = _dimensions(dimension, "dimension")
    return letter(Label(read_name(name, "name", _NAME), size), len(size))


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
        raise InputError(f"diagonal: expected a column vector, found shape {shape_text(v)}.")
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
        total = MatrixExpression(hadamard_product(total.array, total.like(other, "hadamard").array), *total.shape)
    return total


def trace(a: MatrixExpression) -> Expression:
    """tr(A) = Σ A_ii, an `Expression`; traces multiply and add like numbers.

    >>> A = matrix("A", "n", "n")
    >>> trace(A.T @ A @ A), trace(A @ A.T @ A.T) == trace(A.T @ A @ A)
    ((1) tr(A A A.T), True)
    """
    _require_matrices("trace", a)
    if a.rows != a.columns:
        raise InputError(f"trace: expected a square matrix, found shape {shape_text(a)}"
                         f"{shape_hint(a.rows, a.columns)}.")
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


def _dimensions(value: Any, name: str) -> Dimensions:
    values = value if isinstance(value, (tuple, list)) else (value,)
    if not values:
        raise InputError(f"{name}: expected at least one dimension; see vector() for vectors.")
    return tuple(_dimension(v, name) for v in values)


def _dimension(value: Any, name: str) -> Dimension:
    if isinstance(value, str):
        if not value.isidentifier():
            raise InputError(f"{name}: found {shown(value)}; a dimension is a positive integer, a name or a symbol.")
        return sympy.Symbol(value, integer=True, positive=True)
    if isinstance(value, sympy.Symbol):
        if value.is_positive is False or value.is_integer is False or not value.is_commutative:
            raise InputError(f"{name}: the symbol {value} is assumed not to be a positive integer.")
        return value
    if is_flag(value):
        raise InputError(f"{name}: found {shown(value)}; a dimension is a positive integer, a name or a symbol.")
    exact = to_exact(value, name)
    if isinstance(exact, sympy.Expr) or exact.denominator != 1 or not 1 <= exact <= LARGEST:
        raise InputError(f"{name}: found {shown(value)}; a dimension is a positive integer, a name or a symbol.")
    return int(exact)
