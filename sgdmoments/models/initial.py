"""Laws of random initial weights."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from sgdmoments.errors import AssumptionError, InputError
from sgdmoments.exact.numbers import Exact, free_symbols, to_exact, to_exact_array
from sgdmoments.models.laws import Coordinates, Gaussian, IndependentCoordinates


class Init(ABC):
    """The law of one weight array before training, independent of the data and of the other arrays."""

    @abstractmethod
    def moment(self, exponents: Sequence[int]) -> Exact:
        """E of the product of the (flattened) entries to the given powers."""

    @property
    @abstractmethod
    def symbols(self) -> frozenset[sympy.Symbol]:
        """The user's symbols in the law's numbers."""


class GaussianInit(Init):
    """Gaussian initial weights.

    Args:
        variance: the variance of every entry (a number or symbol); independent entries.
        mean: None (zero) or an array of the shape of the weights.
        covariance: in place of `variance`, the covariance of the flattened entries.

    >>> GaussianInit(variance=2).moment((4, 2))
    Fraction(24, 1)
    """

    def __init__(self, variance: Any = None, mean: Any = None, covariance: Any = None) -> None:
        if variance is not None and covariance is not None:
            raise InputError("GaussianInit: give variance or covariance, not both.")
        self.variance = None if covariance is not None else to_exact(1 if variance is None else variance, "variance")
        if isinstance(self.variance, Fraction) and self.variance < 0:
            raise InputError(f"variance: found {self.variance}; a variance cannot be negative.")
        self.mean = None if mean is None else to_exact_array(mean, "mean").ravel()
        self._law = Gaussian() if covariance is None else Gaussian(covariance)

    @property
    def covariance(self) -> np.ndarray[Any, Any] | None:
        """The covariance of the flattened entries, where it is not a multiple of the identity."""
        return self._law.covariance

    def moment(self, exponents: Sequence[int]) -> Exact:
        return shifted_moment(self._central, self.mean, tuple(exponents))

    def _central(self, exponents: tuple[int, ...]) -> Exact:
        value: Any = self._law.moment(exponents)
        if self.variance is None:
            return value
        return value * self.variance ** (sum(exponents) // 2) if value else Fraction(0)

    @property
    def symbols(self) -> frozenset[sympy.Symbol]:
        return free_symbols(*(a for a in (self.variance, self.mean, self.covariance) if a is not None))

    def __repr__(self) -> str:
        return f"GaussianInit(variance={self.variance})" if self.variance is not None else "GaussianInit(covariance)"


class IndependentInit(Init):
    """Independent entries of one law: any `IndependentCoordinates` law, or its moments (E w, E w^2, ...)."""

    def __init__(self, law: IndependentCoordinates | Sequence[Any]) -> None:
        self.law = law if isinstance(law, IndependentCoordinates) else Coordinates(law)

    def moment(self, exponents: Sequence[int]) -> Exact:
        return self.law.moment(exponents)

    @property
    def symbols(self) -> frozenset[sympy.Symbol]:
        return self.law.symbols

    def __repr__(self) -> str:
        return f"IndependentInit({self.law!r})"


class RandomInit(Init):
    """Initial weights of which only the mean and the covariance are known: enough for second moments.

    Args:
        mean: array of the shape of the weights.
        covariance: array (size, size) for the flattened entries.
    """

    def __init__(self, mean: Any, covariance: Any) -> None:
        self.mean = to_exact_array(mean, "mean").ravel()
        self.covariance = Gaussian(covariance).covariance
        assert self.covariance is not None
        if self.covariance.shape[0] != self.mean.size:
            raise InputError(f"covariance: expected shape ({self.mean.size}, {self.mean.size}), found "
                             f"{self.covariance.shape}.")

    def moment(self, exponents: Sequence[int]) -> Exact:
        return shifted_moment(self._central, self.mean, tuple(exponents))

    def _central(self, exponents: tuple[int, ...]) -> Exact:
        order = sum(exponents)
        if order > 2:
            raise AssumptionError(f"the question needs a moment of order {order} of the initial weights, but "
                                  "RandomInit knows the mean and covariance only; try GaussianInit(mean=..., "
                                  "covariance=...).")
        if order == 1:
            return Fraction(0)
        places = [i for i, e in enumerate(exponents) for _ in range(e)]
        assert self.covariance is not None
        return self.covariance[places[0], places[1]] if places else Fraction(1)

    @property
    def symbols(self) -> frozenset[sympy.Symbol]:
        return free_symbols(self.mean, self.covariance)

    def __repr__(self) -> str:
        return f"RandomInit(<mean and covariance of {self.mean.size} weights>)"


def shifted_moment(central: Any, mean: np.ndarray[Any, Any] | None, exponents: tuple[int, ...]) -> Exact:
    """E prod (mean_i + z_i)^e_i from the central moments, one factor at a time."""
    if mean is None:
        return central(exponents)
    terms: dict[tuple[int, ...], Any] = {(): Fraction(1)}
    for m, e in zip(mean, exponents, strict=True):
        grown: dict[tuple[int, ...], Any] = {}
        for key, value in terms.items():
            binomial = 1
            for k in range(e + 1):  # k factors z, e - k factors mean
                if k == e or m != 0:
                    grown[(*key, k)] = value * (binomial * m ** (e - k))
                binomial = binomial * (e - k) // (k + 1)
        terms = grown
    total: Any = Fraction(0)
    for key, value in terms.items():
        total = total + value * central(key)
    return total
