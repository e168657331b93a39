"""Laws of random initial weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmoments.describe.description import final
from sgdmoments.describe.laws.base import Distribution
from sgdmoments.describe.laws.coordinates import Coordinates, IndependentCoordinates
from sgdmoments.describe.laws.covariance import read_covariance, read_mean, read_variance
from sgdmoments.describe.laws.entries import Entries
from sgdmoments.describe.laws.gaussian import Gaussian
from sgdmoments.describe.laws.source import Source
from sgdmoments.errors import AssumptionError, InputError
from sgdmoments.exact.numbers import Exact

if TYPE_CHECKING:
    from typing_extensions import TypeIs


class Init(Distribution):
    """The law of one weight array before training, independent of the data and of the other arrays."""

    __slots__ = ()

    def why_not(self, shape: tuple[Any, ...], size: Any) -> str:
        """Why it is no law for an array of this shape; an empty text where it is one."""
        return ""


def is_random(value: Any) -> TypeIs[Init]:
    """Whether initial weights are given by their law, not by an array or left as letters."""
    return isinstance(value, Init)


@final
class GaussianInit(Init):
    """Gaussian initial weights.

    Args:
        variance: the variance of every entry (a number or symbol); independent entries.
        mean: None (zero) or an array of the shape of the weights (or flat, row by row).
        covariance: in place of `variance`, the covariance of the flattened entries.

    >>> GaussianInit(variance=2).moment((4, 2))
    Fraction(24, 1)
    """

    __slots__ = ("_law", "_shape", "mean", "variance")

    def __init__(self, variance: Any = None, mean: Any = None, covariance: Any = None) -> None:
        if variance is not None and covariance is not None:
            raise InputError("GaussianInit: give variance or covariance, not both.")
        self.variance = None if covariance is not None else read_variance(1 if variance is None else variance)
        self._law = Gaussian() if covariance is None else Gaussian(read_covariance(covariance))
        self.mean: np.ndarray[Any, Any] | None = None
        self._shape: tuple[int, ...] | None = None
        if mean is not None:
            self.mean, self._shape = _read_mean(mean, self.covariance)

    @property
    def covariance(self) -> np.ndarray[Any, Any] | None:
        """The covariance of the flattened entries, where it is not a multiple of the identity."""
        return self._law.covariance

    @property
    def _length(self) -> int | None:
        """The number of entries of the mean or the covariance."""
        if self.mean is None:
            return self._law._length
        return int(self.mean.size)

    def moment(self, exponents: Sequence[int]) -> Exact:
        return shifted_moment(self._central, self.mean, tuple(exponents))

    def entries(self) -> Entries:
        mean = self.mean if self.mean is not None and any(self.mean) else None
        if self.variance is None:
            return Entries.normal(covariance=self.covariance, mean=mean)
        return Entries.normal(self.variance, mean=mean)

    def source(self) -> Source:
        return Source.normal(self.covariance if self.variance is None else self.variance, self.mean)

    @property
    def is_even(self) -> bool:
        """Whether the mean is zero."""
        return self.mean is None or not any(self.mean)

    def why_not(self, shape: tuple[Any, ...], size: Any) -> str:
        return _misfit(self._shape, self.covariance, shape, size)

    def _central(self, exponents: tuple[int, ...]) -> Exact:
        value: Any = self._law.moment(exponents)
        if self.variance is None:
            return value
        return value * self.variance ** (sum(exponents) // 2) if value else Fraction(0)

    def _arguments(self) -> dict[str, Any]:
        mean = None if self.mean is None or self._shape is None else self.mean.reshape(self._shape)
        return {"variance": self.variance, "mean": mean, "covariance": self.covariance}

    def _summary(self) -> str:
        return "Gaussian entries"


@final
class IndependentInit(Init):
    """Independent entries of one law: any `IndependentCoordinates` law, or its moments (E w, E w^2, ...)."""

    __slots__ = ("law",)

    def __init__(self, law: IndependentCoordinates | Sequence[Any]) -> None:
        self.law: IndependentCoordinates = law if isinstance(law, IndependentCoordinates) else Coordinates(law)

    def moment(self, exponents: Sequence[int]) -> Exact:
        return self.law.moment(exponents)

    def entries(self) -> Entries:
        return self.law.entries()

    def source(self) -> Source:
        return self.law.source()

    @property
    def is_even(self) -> bool:
        """Whether that of an entry is."""
        return self.law.is_even

    def named(self, role: str) -> IndependentInit:
        return self._changed(law=self.law.named(role))


@final
class RandomInit(Init):
    """Initial weights of which only the mean and the covariance are known: enough for second moments.

    The simulator draws Gaussian ones with these.

    Args:
        mean: array of the shape of the weights (or flat, row by row).
        covariance: array (size, size) for the flattened entries.
    """

    __slots__ = ("_role", "_shape", "covariance", "mean")
    working = Init.working | {"_role"}

    def __init__(self, mean: Any, covariance: Any) -> None:
        self._role = "the initial weights"
        self.covariance = read_covariance(covariance)
        self.mean, self._shape = _read_mean(mean, self.covariance)

    @property
    def _length(self) -> int:
        """The number of entries of the mean."""
        return int(self.mean.size)

    def moment(self, exponents: Sequence[int]) -> Exact:
        return shifted_moment(self._central, self.mean, tuple(exponents))

    def source(self) -> Source:
        return Source.normal(self.covariance, self.mean)

    def named(self, role: str) -> RandomInit:
        return self._changed(_role=role)

    def why_not(self, shape: tuple[Any, ...], size: Any) -> str:
        return _misfit(self._shape, self.covariance, shape, size)

    def _central(self, exponents: tuple[int, ...]) -> Exact:
        order = sum(exponents)
        if order > 2:
            raise AssumptionError(f"the question needs a moment of order {order} of {self._role}, but "
                                  "RandomInit knows the mean and covariance only; try GaussianInit(mean=..., "
                                  "covariance=...).")
        if order == 1:
            return Fraction(0)
        places = [i for i, e in enumerate(exponents) for _ in range(e)]
        return self.covariance[places[0], places[1]] if places else Fraction(1)

    def _arguments(self) -> dict[str, Any]:
        return {"mean": self.mean.reshape(self._shape), "covariance": self.covariance}

    def _summary(self) -> str:
        return f"mean and covariance of {self.mean.size} weights"


def _read_mean(mean: Any, covariance: np.ndarray[Any, Any] | None) -> tuple[np.ndarray[Any, Any], tuple[int, ...]]:
    """The mean, flat, and the shape in which it was given."""
    array = read_mean(mean)
    if covariance is not None and covariance.shape[0] != array.size:
        raise InputError(f"covariance: expected shape ({array.size}, {array.size}), found {covariance.shape}.")
    return array.ravel(), array.shape


def _misfit(given: tuple[int, ...] | None, covariance: np.ndarray[Any, Any] | None, shape: tuple[Any, ...],
            size: Any) -> str:
    if given is not None and given not in (shape, (size,)):
        count = int(np.prod(given))
        return f"a mean with {size} entries is needed, found {count}" if count != size else \
            f"a mean of shape {shape} is needed, found {given}"
    if covariance is not None and covariance.shape[0] != size:
        return f"a covariance of {size} entries is needed, found shape {covariance.shape}"
    return ""


def shifted_moment(central: Callable[[tuple[int, ...]], Any], mean: np.ndarray[Any, Any] | None,
                   exponents: tuple[int, ...]) -> Exact:
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
