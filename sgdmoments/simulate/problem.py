"""An SGD read into numbers: what the simulator takes from the model, its data and its initial weights."""

from __future__ import annotations

import hashlib
import os
import pickle
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np

from sgdmoments.describe.initial import Init, is_random
from sgdmoments.describe.model import Model, Parameter
from sgdmoments.errors import InputError
from sgdmoments.sgd import SGD
from sgdmoments.simulate.backend import jnp
from sgdmoments.simulate.counters import step_key
from sgdmoments.simulate.draws import sampler, to_floats

Array = np.ndarray[Any, Any]

_DEGREE_LIMIT = 64


@dataclass(frozen=True)
class Problem:
    """Numbers of an SGD. Weights are flat vectors: all parameters in order, each row by row.

    Attributes:
        points: array (n, p), or None for fresh samples.
        targets: array (n, outputs) where targets are given, else None.
        start: for each parameter, then each teacher parameter, an array or an `Init`.
        dimension, outputs: of x and of the prediction.
    """

    sgd: SGD
    points: Array | None
    targets: Array | None
    start: tuple[Array | Init, ...]
    dimension: int
    outputs: int

    @classmethod
    def read(cls, sgd: SGD) -> Problem:
        if not isinstance(sgd, SGD):
            raise InputError(f"sgd: expected an SGD, found {type(sgd).__name__}.")
        model = sgd.model
        start: list[Array | Init] = []
        for parameter in (*model.parameters, *model.teacher_parameters):
            value = sgd.initial[parameter.name]
            if value is None or not all(isinstance(s, int) for s in parameter.shape):
                raise InputError(f"initial[{parameter.name!r}]: simulation needs numbers, found "
                                 f"{'letters' if value is None else f'the shape {parameter.shape}'}; give an array "
                                 "or a law such as GaussianInit(variance=...).")
            start.append(value if is_random(value) else to_floats(value, f"initial[{parameter.name!r}]"))
        points = None if model.data.points is None else to_floats(model.data.points, "points")
        targets = None if model.targets is None else to_floats(model.targets, "targets")
        return cls(sgd, points, targets, tuple(start), int(model.inputs), int(model.outputs))

    @property
    def model(self) -> Model:
        """The model."""
        return self.sgd.model

    @property
    def size(self) -> int:
        """The number of weights."""
        return sum(map(_size, self.model.parameters))

    @property
    def n(self) -> int | None:
        """The number of data points; None for fresh samples."""
        return None if self.points is None else len(self.points)

    def layer_slices(self, layer: int | None) -> list[slice]:
        """Where the weights of a layer (None: of all) lie in the flat vector."""
        ends = np.cumsum([0, *map(_size, self.model.parameters)])
        found = [slice(int(a), int(b)) for parameter, a, b in
                 zip(self.model.parameters, ends[:-1], ends[1:], strict=True) if layer in (None, parameter.layer)]
        if not found:
            raise InputError(f"layer: found {layer}; the model has layers 1 to {self.model.layers}.")
        return found if layer is not None else [slice(0, int(ends[-1]))]

    def unflatten(self, w: Any) -> dict[str, Any]:
        """The arrays by name from a flat vector of weights (student's or teacher's)."""
        arrays, at = {}, 0
        for parameter in self.model.parameters:
            arrays[parameter.name] = w[at:at + _size(parameter)].reshape(parameter.shape)
            at += _size(parameter)
        return arrays

    @property
    def student(self) -> tuple[Array | Init, ...]:
        """The student's initial weights, one array or law for each parameter."""
        return self.start[:len(self.model.parameters)]

    @property
    def teacher(self) -> tuple[Array | Init, ...]:
        """The teacher's weights; empty where targets are given."""
        return self.start[len(self.model.parameters):]

    def draw_start(self, values: tuple[Array | Init, ...], key: Any, ids: Any) -> Any:
        """Flat weights (the student's or the teacher's): array (size,) where all are given, else (ids, size).

        Row k depends on the key and ids[k] alone.
        """
        parts: list[Any] = []
        for k, (value, parameter) in enumerate(zip(values, self.model.parameters, strict=True)):
            if isinstance(value, np.ndarray):
                parts.append(jnp.asarray(value.ravel(), dtype=float))
            else:
                draw = sampler(value, _size(parameter))
                parts.append(draw(step_key(key, k), ids, 1)[:, 0, :])
        if all(part.ndim == 1 for part in parts):
            return jnp.concatenate(parts)
        count = ids.shape[0]
        return jnp.concatenate([jnp.broadcast_to(part, (count, part.shape[-1])) for part in parts], axis=1)

    def degree_in_x(self) -> int:
        """The degree of the prediction in x, by exact finite differences along an integer line."""
        weights = _integer_weights(self.model, 2)
        a, v = _integers(self.dimension, 3), _integers(self.dimension, 4)
        return _degree(lambda s: self.model.predict(weights, a + s * v))

    def is_affine_in_weights(self) -> bool:
        """Whether the prediction is affine in all weights together."""
        a, v = _integer_weights(self.model, 5), _integer_weights(self.model, 6)
        x = _integers(self.dimension, 7)
        return _degree(lambda s: self.model.predict({k: a[k] + s * v[k] for k in a}, x)) <= 1

    def predicts_rows(self) -> bool:
        """Whether `predict` gives the predictions of many samples at once, with `ActsOnRows` weights."""
        weights = _integer_weights(self.model, 8)
        x = _integers((3, self.dimension), 9)
        try:
            together = np.asarray(self.model.predict({k: ActsOnRows(w) for k, w in weights.items()}, x))
        except (ValueError, TypeError, IndexError, AttributeError):
            return False
        apart = np.stack([self.model.predict(weights, row) for row in x])
        return together.shape == apart.shape and bool((together == apart).all())

    def rates(self, steps: int) -> Array:
        """alpha_0, ..., alpha_(steps-1) as floats."""
        return to_floats(list(self.sgd.schedule.rates(steps)), "learning_rate")

    def fingerprint(self, steps: int) -> str:
        """A digest of everything that decides the numbers of a run, except seed, batch sizes and options.

        A model of a class that cannot be pickled (defined in a function, say) has another digest each time: its runs
        are compiled anew and cannot be resumed.
        """
        digest = hashlib.sha256()
        parts: list[Any] = [self.sgd.sampling, self.rates(steps), self.model, *self.start]
        for part in parts:
            try:
                digest.update(pickle.dumps(part))
            except (pickle.PicklingError, AttributeError, TypeError):
                digest.update(os.urandom(32))
        return digest.hexdigest()


class ActsOnRows:
    """Stands for a matrix W in `predict`: W @ z is z W^T, so the samples may be the rows of z.

    As products of matrices on a CPU these are up to five times faster than W Z with samples as columns, in the
    gradient above all.
    """

    def __init__(self, matrix: Any) -> None:
        self.matrix = matrix

    def __matmul__(self, z: Any) -> Any:
        return z @ self.matrix.T


def _size(parameter: Parameter) -> int:
    return prod(int(s) for s in parameter.shape)


def _integers(shape: Any, seed: int) -> Array:
    """Small nonzero integers, as Python ints, the same each time."""
    values = np.random.default_rng(seed).integers(1, 8, size=shape)
    return values.astype(object)


def _integer_weights(model: Model, seed: int) -> dict[str, Array]:
    return {q.name: _integers(q.shape, 100 * seed + k) for k, q in enumerate(model.parameters)}


def _degree(curve: Any) -> int:
    """The degree of a vector of polynomials of one integer, from exact values at 0, 1, 2, ..."""
    differences: list[Array] = []
    zeros = 0
    for s in range(_DEGREE_LIMIT):
        row = np.array([Fraction(v) for v in np.asarray(curve(s), dtype=object).ravel()], dtype=object)
        newest = [row]
        for old in differences:
            newest.append(newest[-1] - old)
        differences = newest
        zeros = zeros + 1 if not differences[-1].any() else 0
        if zeros == 3:
            return max((k for k, d in enumerate(differences) if d.any()), default=0)
    raise InputError(f"the prediction is not a polynomial of degree below {_DEGREE_LIMIT}.")
