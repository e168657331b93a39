"""The arithmetics in which graphs are evaluated: floats, integers, residues modulo a prime, ring elements.

An `Arithmetic` says how matrices are multiplied; which products are formed is decided in `contract.py`, once for
all of them. Exact rationals are integers with one common denominator for each letter, so that FLINT multiplies
integer matrices only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from fractions import Fraction
from math import lcm
from typing import Any

import flint
import numpy as np

from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import to_exact_array
from sgdmoments.exact.reduction import ReciprocalLetter
from sgdmoments.exact.ring import Polynomial, Ring, ring_of

Array = np.ndarray[Any, Any]


class Arithmetic(ABC):
    """Matrices for words (of any type the arithmetic likes), NumPy arrays where indices branch."""

    @abstractmethod
    def letter(self, value: Any, name: str) -> tuple[Array, int]:
        """A user's array as an array of this arithmetic, and the integer that it was multiplied with."""

    def matrix(self, array: Array) -> Any:
        """A two-dimensional array as a matrix for words."""
        return array

    def array(self, matrix: Any) -> Array:
        """A matrix for words as an array."""
        return matrix

    def transpose(self, a: Any) -> Any:
        """The transposed matrix."""
        return a.T

    def product(self, a: Any, b: Any) -> Any:
        """The matrix product of two matrices for words."""
        return self.matmul(a, b)

    def pair_trace(self, a: Any, b: Any) -> Any:
        """tr(a b) without forming a b."""
        return self.total(self.multiply(a, b.T))

    def trace(self, a: Any) -> Any:
        """The trace of a matrix for words."""
        return self.total(a.diagonal())

    def matmul(self, a: Array, b: Array) -> Array:
        """The matrix product of the last two axes, the leading axes elementwise."""
        return a @ b

    def multiply(self, a: Array, b: Array) -> Array:
        """The elementwise product, with broadcasting."""
        return a * b

    def sum(self, a: Array, axes: tuple[int, ...]) -> Array:
        """The sum over axes."""
        return np.asarray(a.sum(axis=axes), dtype=a.dtype)

    def total(self, a: Array) -> Any:
        """The sum of all entries."""
        return a.sum()

    def divide(self, value: Any, by: int) -> Any:
        """A value divided by a positive integer."""
        return value / by

    def reduced(self, value: Any) -> Any:
        """A number, or array of numbers, in its standard form."""
        return value


class Floats(Arithmetic):
    """Double precision."""

    def letter(self, value: Any, name: str) -> tuple[Array, int]:
        array = np.asarray(value)
        if array.dtype.kind not in "fiu":
            array = np.asarray(to_exact_array(value, name).astype(float))
        array = np.ascontiguousarray(array, dtype=float)
        if not np.isfinite(array).all():
            raise InputError(f"{name}: every entry must be finite.")
        return array, 1

    def pair_trace(self, a: Array, b: Array) -> float:
        return float(np.einsum("ij,ji->", a, b))


class Integers(Arithmetic):
    """Exact rationals: integer matrices in FLINT for words, Python integers where indices branch."""

    def letter(self, value: Any, name: str) -> tuple[Array, int]:
        exact = to_exact_array(value, name)
        scale = lcm(*(entry.denominator for entry in exact.flat))
        integers = np.empty(exact.shape, dtype=object)
        for index in np.ndindex(exact.shape):
            integers[index] = int(exact[index] * scale)
        return integers, scale

    def matrix(self, array: Array) -> flint.fmpz_mat:
        return flint.fmpz_mat(array.tolist())

    def array(self, matrix: flint.fmpz_mat) -> Array:
        shape = (matrix.nrows(), matrix.ncols())
        array = np.empty(shape[0] * shape[1], dtype=object)
        array[:] = [int(entry) for entry in matrix.entries()]
        return array.reshape(shape)

    def transpose(self, a: flint.fmpz_mat) -> flint.fmpz_mat:
        return a.transpose()

    def product(self, a: flint.fmpz_mat, b: flint.fmpz_mat) -> flint.fmpz_mat:
        return a * b

    def pair_trace(self, a: flint.fmpz_mat, b: flint.fmpz_mat) -> int:
        total = flint.fmpz(0)
        for x, y in zip(a.entries(), b.transpose().entries(), strict=True):
            total += x * y
        return int(total)

    def trace(self, a: flint.fmpz_mat) -> int:
        return int(sum((a[i, i] for i in range(a.nrows())), flint.fmpz(0)))

    def divide(self, value: Any, by: int) -> Any:
        if isinstance(value, np.ndarray):
            return value * Fraction(1, by)
        return Fraction(value, by)


class RingElements(Arithmetic):
    """Arrays with letters in their entries: every entry is an element of one ring."""

    def __init__(self, ring: Ring) -> None:
        self.ring = ring

    def letter(self, value: Any, name: str) -> tuple[Array, int]:
        exact = to_exact_array(value, name)
        array = np.empty(exact.shape, dtype=object)
        for index in np.ndindex(exact.shape):
            array[index] = self.ring(exact[index])
        return array, 1

    @staticmethod
    def over(arrays: list[Any]) -> RingElements:
        """The arithmetic of the smallest ring that holds all entries."""
        return RingElements(ring_of(entry for array in arrays for entry in np.asarray(array, dtype=object).flat))


class Modular(Arithmetic):
    """Residues modulo a prime below 2^31, in 64-bit integers."""

    def __init__(self, prime: int) -> None:
        if not 2 <= prime < 2**31:
            raise InputError(f"prime: found {prime}; products of residues must fit 64 bits, so take a prime < 2^31.")
        self.prime = prime

    def letter(self, value: Any, name: str) -> tuple[Array, int]:
        array = np.asarray(value)
        if array.dtype.kind not in "iu":
            exact = to_exact_array(value, name)
            residues = [self.residue(entry) for entry in exact.flat]
            array = np.array(residues, dtype=np.int64).reshape(exact.shape)
        return array.astype(np.int64) % self.prime, 1

    def residue(self, value: Fraction | int) -> int:
        """The residue of a rational number."""
        value = Fraction(value)
        return value.numerator * pow(value.denominator, -1, self.prime) % self.prime

    def coefficient(self, polynomial: Polynomial, values: dict[Any, int]) -> int:
        """The residue of a polynomial at residues for its generators."""
        total = 0
        for exponents, c in polynomial.terms():
            term = self.residue(c)
            for generator, e in zip(polynomial.ring.generators, exponents, strict=True):
                if isinstance(generator, ReciprocalLetter):
                    term = term * pow(values[generator.symbol], -e, self.prime) % self.prime
                elif e:
                    term = term * pow(values[generator], e, self.prime) % self.prime
            total += term
        return total % self.prime

    def matmul(self, a: Array, b: Array) -> Array:
        products = a[..., :, :, None] * b[..., None, :, :]
        products %= self.prime
        return np.asarray(products.sum(axis=-2) % self.prime)

    def multiply(self, a: Array, b: Array) -> Array:
        return a * b % self.prime

    def sum(self, a: Array, axes: tuple[int, ...]) -> Array:
        return np.asarray(a.sum(axis=axes) % self.prime)

    def total(self, a: Array) -> int:
        return int(a.sum() % self.prime)

    def divide(self, value: Any, by: int) -> Any:
        return value * pow(by, -1, self.prime) % self.prime

    def reduced(self, value: Any) -> Any:
        return value % self.prime if isinstance(value, np.ndarray) else int(value) % self.prime
