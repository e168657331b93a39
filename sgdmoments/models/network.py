"""Fully connected networks of any depth with a polynomial activation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy

from sgdmoments.describe.array import Array, Dimension
from sgdmoments.describe.description import Code, is_plainly
from sgdmoments.describe.laws.base import Law
from sgdmoments.describe.laws.coordinates import listed
from sgdmoments.describe.laws.empirical import Empirical
from sgdmoments.describe.laws.gaussian import Gaussian
from sgdmoments.describe.laws.product import Product
from sgdmoments.describe.model import Arrays, Model
from sgdmoments.describe.values import brief
from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import Exact, to_exact, to_exact_array
from sgdmoments.reading import LARGEST, is_flag, read_flag, shown


class Network(Model):
    """f(x) = W_H σ(W_(H-1) σ(... σ(W_1 x))), trained on 1/2 ||f(x) - label||^2.

    Args:
        widths: (p, p_1, ..., p_H): positive ints, or names / sympy symbols for dimensions left as letters.
        activation: coefficients of the polynomial σ, constant first; (0, 1) is the identity.
        data: the law of x.
        teacher: whether labels come from a network of the same shape, with weights W1*, W2*, ...
        targets: array (n, p_H) of labels, in place of a teacher, with `Empirical` data.
        noise: the law of independent noise added to each coordinate of the label.

    Source: P0, Section 3.2.

    >>> Network((3, 2, 1)).parameters[0]
    Array(name='W1', shape=(2, 3), layer=1)
    """

    def __init__(self, widths: Sequence[Any], activation: Sequence[Any] = (0, 1), data: Law | None = None,
                 teacher: bool = True, targets: Any = None, noise: Law | None = None) -> None:
        given = listed(widths, "widths")
        self.widths: tuple[Dimension, ...] = tuple(_width(w, f"widths[{k}]") for k, w in enumerate(given))
        if len(self.widths) < 2:
            raise InputError(f"widths: expected (p, p_1, ..., p_H) with H >= 1, found {tuple(given)}.")
        self.activation: tuple[Exact, ...] = tuple(
            to_exact(c, f"activation[{k}]") for k, c in enumerate(listed(activation, "activation")))
        while len(self.activation) > 1 and self.activation[-1] == 0:
            self.activation = self.activation[:-1]
        if not any(self.activation):
            raise InputError("activation: every coefficient is zero; (0, 1) is the identity.")
        if data is not None and not isinstance(data, Law):
            raise InputError(f"data: expected a law such as Gaussian() or Empirical(points), found {shown(data)}.")
        self.data = Gaussian() if data is None else data
        p = self.widths[0]
        if self.data.dimension is not None and self.data.dimension != p:
            raise InputError(f"data: the law lives in dimension {self.data.dimension}, but widths[0] is {p}.")
        teacher = read_flag(teacher, "teacher")
        parameters = tuple(
            Array(f"W{k}", (self.widths[k], self.widths[k - 1]), k) for k in range(1, len(self.widths)))
        self.targets: np.ndarray[Any, Any] | None = None if targets is None else self._check_targets(targets)
        if targets is None and not teacher:
            raise InputError("teacher=False: give targets=... with Empirical data.")
        if noise is not None and not (isinstance(noise, Law) and noise.points is None):
            raise InputError("noise: expected a law such as Gaussian() or Coordinates(moments=(0, s2, 0, s4)), "
                             f"found {shown(noise)}.")
        self.noise: Law | None = noise if noise is None else self._check_noise(noise)
        constants = tuple(Array(f"{q.name}*", q.shape, q.layer) for q in parameters) if targets is None else ()
        super().__init__(parameters=parameters, law=self._law(), constants=constants)

    def _law(self) -> Law:
        """The law of x, the label where it is given, and the noise where there is any."""
        points = self.data if self.targets is None else Empirical(x=self.data.points, label=self.targets)
        x = (points, self.widths[0]) if points.dimension is None else points
        if self.noise is None:
            return points if points.dimension is not None else Product(x=x)
        noise = (self.noise, self.widths[-1])
        return Product(data=x, noise=noise) if self.targets is not None else Product(x=x, noise=noise)

    def _check_noise(self, noise: Law) -> Law:
        outputs = self.widths[-1]
        if noise.dimension is not None and noise.dimension != outputs:
            raise InputError(f"noise: the law lives in dimension {noise.dimension}, but widths[-1], the length of the "
                             f"label, is {outputs}.")
        return noise

    @property
    def _listed(self) -> frozenset[str]:  # type: ignore[override]
        """What the law and the shapes say again."""
        return frozenset({"widths", "targets", "data", "noise"})

    def _check_targets(self, targets: Any) -> Any:
        if self.data.points is None:
            raise InputError("targets: labels can only be listed for a finite data set: data=Empirical(points).")
        array = to_exact_array(targets, "targets")
        if array.ndim == 1 and self.widths[-1] == 1:
            array = array[:, None]
        if array.shape != (self.data.n, self.widths[-1]):
            raise InputError(f"targets: expected shape ({self.data.n}, {self.widths[-1]}), found {array.shape}.")
        return array

    def predict(self, weights: Arrays, constants: Arrays, sample: Arrays) -> Any:
        first, *others = self.parameters
        z = weights[first.name] @ sample["x"]
        for array in others:
            z = weights[array.name] @ self._activate(z)
        return z

    def label(self, constants: Arrays, sample: Arrays) -> Any:
        """The target or the teacher's prediction, plus the noise."""
        teacher = {own.name: constants[fixed.name] for own, fixed in zip(self.parameters, self.constants, strict=False)}
        value = self.predict(teacher, constants, sample) if teacher else sample["label"]
        return value + sample["noise"] if self.noise is not None else value

    def _activate(self, z: Any) -> Any:
        coefficients: tuple[Any, ...] = self.activation
        if getattr(getattr(z, "dtype", None), "kind", "O") == "f":  # floats (NumPy, JAX) do not take Fractions
            coefficients = tuple(float(c) for c in coefficients)
        value = 0 * z + coefficients[-1]
        for coefficient in reversed(coefficients[:-1]):
            value = value * z + coefficient
        return value

    @property
    def affine(self) -> bool | None:
        """By the number of layers (where σ is constant only the last one counts); unless a subclass predicts anew."""
        return len(self.parameters) == 1 or len(self.activation) == 1 if is_plainly(self, Network) else None

    @property
    def is_linear(self) -> bool:
        """Whether σ is a multiple of the identity."""
        return all(c == 0 for k, c in enumerate(self.activation) if k != 1)

    def _arguments(self) -> dict[str, Any]:
        widths = Code(f"({', '.join(_name(width) for width in self.widths)})")
        return {"widths": widths, "activation": self.activation,
                "data": None if self.data == Gaussian() else self.data, "teacher": self.targets is None,
                "targets": self.targets, "noise": self.noise}

    def __str__(self) -> str:
        parts = [f"({', '.join(map(str, self.widths))})"]
        if self.activation != (0, 1):
            parts.append(f"activation=({', '.join(map(brief, self.activation))})")
        parts.append(f"data={self.data}")
        if self.noise is not None:
            parts.append(f"noise={self.noise}")
        return f"{type(self).__name__}({', '.join(parts)})"


def _name(width: Dimension) -> str:
    if isinstance(width, int):
        return str(width)
    named = width == sympy.Symbol(width.name, integer=True, positive=True)
    return repr(width.name) if named else str(sympy.srepr(width))


def _width(value: Any, name: str) -> Dimension:
    if isinstance(value, str) and value.isidentifier():
        return sympy.Symbol(value, integer=True, positive=True)
    if isinstance(value, sympy.Symbol):
        if value.is_positive is False or value.is_integer is False:
            raise InputError(f"{name}: the symbol {value} is assumed not to be a positive integer.")
        return value
    exact = None if is_flag(value) else to_exact(value, name)
    if exact is None or isinstance(exact, sympy.Expr) or exact.denominator != 1 or not 1 <= exact <= LARGEST:
        raise InputError(f"{name}: found {shown(value)}; a width is a positive integer, a name or a symbol.")
    return int(exact)
