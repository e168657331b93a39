"""Linear regression of which only the joint moments of a sample are known: numbers or letters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy

from sgdmoments.describe.array import Array
from sgdmoments.describe.description import final
from sgdmoments.describe.laws.base import Law
from sgdmoments.describe.model import Arrays, Model
from sgdmoments.describe.moment_problem import refute_joint
from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import Exact, to_exact
from sgdmoments.reading import is_integer, read_integer, read_symbol, shown

#: The most features of a regression that is known by its moments.
MOST_FEATURES = 10_000


@final
class JointMoments(Law):
    """The law of (x, y) in R^dimension by its moments; those not given are letters m_20, m_11, ...

    Args:
        dimension: the number of coordinates, the target's included.
        known: moments by exponents, e.g. {(2, 0): 1, (1, 1): "1/2"} for E x^2 = 1, E x y = 1/2. Moments that no
            law has are refused, as far as the numbers among them decide it.

    The letters are real symbols, so that no symbol made by ``sympy.Symbol("m_20")`` is equal to one of them.

    >>> JointMoments(2, {(2, 0): 1}).moment((2, 0)), JointMoments(2).moment((3, 1))
    (Fraction(1, 1), m_31)
    """

    __slots__ = ("dimension", "known")
    makes_letters = True

    def __init__(self, dimension: int, known: Mapping[Sequence[int], Any] | None = None) -> None:
        self.dimension: int = dimension
        found: dict[tuple[int, ...], Exact] = {}
        if known is not None and not isinstance(known, Mapping):
            raise InputError(f"moments: found {shown(known)}; expected a dict such as {{(2, 0): 1}}.")
        for exponents, value in (known or {}).items():
            key = tuple(exponents) if isinstance(exponents, (tuple, list)) else ()
            if len(key) != dimension or not all(is_integer(e) and e >= 0 for e in key):
                raise InputError(f"moments: found the key {shown(exponents)}; a key holds {dimension} exponents >= 0, "
                                 "those of the coordinates of x and then that of y.")
            key = tuple(map(int, key))
            found[key] = to_exact(value, f"moments[{key}]")
        why_not = refute_joint(found)
        if why_not:
            raise InputError(f"moments: no law has them: {why_not}.")
        self.known: Mapping[tuple[int, ...], Exact] = found

    @property
    def parts(self) -> tuple[Array, ...]:
        """x and its label."""
        return Array("x", (self.dimension - 1,)), Array("label", (1,))

    def moment(self, exponents: Sequence[int]) -> Exact:
        key = tuple(exponents)
        if len(key) != self.dimension:
            raise InputError(f"{self!r} is a law on R^{self.dimension}, but a moment of {len(key)} coordinates was "
                             "asked for; MomentRegression is answered by the closure route only.")
        if not any(key):
            return to_exact(1)
        if key in self.known:
            return self.known[key]
        return sympy.Symbol("m_" + ("_" if max(key) > 9 else "").join(map(str, key)), real=True)

    def _arguments(self) -> dict[str, Any]:
        return {"dimension": self.dimension, "known": self.known or None}


class MomentRegression(Model):
    """Least squares L_i(w) = 1/2 (x_i^T w - y_i)^2 on samples known by the moments of (x, y) only.

    For batches drawn without replacement from n samples the moments are means over the samples, and every answer
    of second order in the weights depends on the data through them and c_b = (n-b)/(b(n-1)) alone: n may stay a
    letter. Without n samples are independent draws.

    Args:
        moments: by exponents of (x_1, ..., x_p, y); those not given are the letters m_20, m_11, ...
        features: p.
        n: the number of samples, a number or a symbol; None for a law that gives fresh samples.

    >>> MomentRegression(n=sympy.Symbol("n"))
    MomentRegression(n=Symbol('n'))
    """

    law: JointMoments

    def __init__(self, moments: Mapping[Sequence[int], Any] | None = None, *, features: int = 1, n: Any = None) -> None:
        features = read_integer(features, "features", 1, "the number of features is an integer from 1 to "
                                                         f"{MOST_FEATURES:,}", MOST_FEATURES)
        if isinstance(n, sympy.Symbol):
            n = read_symbol(n, "n")
        elif n is not None:
            n = read_integer(n, "n", 1, "the number of samples is an integer >= 1, a symbol, or None")
        self._n = n
        super().__init__(parameters=(Array("w", (features,)),), law=JointMoments(features + 1, moments))

    @property
    def n(self) -> Any:
        """The number of samples, perhaps a letter; None for fresh samples."""
        return self._n

    @property
    def features(self) -> int:
        """p."""
        return self.law.dimension - 1

    @property
    def moments(self) -> Mapping[tuple[int, ...], Exact] | None:
        """The given moments, by exponents."""
        return self.law.known or None

    def predict(self, weights: Arrays, constants: Arrays, sample: Arrays) -> Any:
        return sample["x"][None, :] @ weights["w"]
