"""An SGD read into numbers: what the simulator takes from the model, its data and its initial weights."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmoments.describe.array import Array as Named
from sgdmoments.describe.array import arrays_of
from sgdmoments.describe.initial import Init, is_random
from sgdmoments.describe.laws.base import Factor
from sgdmoments.describe.model import Model, as_array
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.update import Update
from sgdmoments.errors import InputError
from sgdmoments.sgd import SGD
from sgdmoments.simulate.backend import jnp
from sgdmoments.simulate.counters import step_key
from sgdmoments.simulate.draws import sampler, to_floats
from sgdmoments.simulate.steps import Steps

Array = np.ndarray[Any, Any]

_DEGREE_LIMIT = 64


@dataclass(frozen=True)
class FloatRun:
    """Numbers of an SGD. Weights are flat vectors: all parameters in order, each row by row.

    Attributes:
        points: array (n, k): the coordinates of each data point; None for fresh samples.
        start: for each parameter, then each constant, an array or an `Init`.
    """

    sgd: SGD
    points: Array | None
    start: tuple[Array | Init, ...]

    @classmethod
    def read(cls, sgd: SGD) -> FloatRun:
        if not isinstance(sgd, SGD):
            raise InputError(f"sgd: expected an SGD, found {type(sgd).__name__}.")
        model = sgd.model
        start: list[Array | Init] = []
        for parameter in (*model.parameters, *model.constants):
            value = sgd.initial[parameter.name]
            if value is None or not all(isinstance(s, int) for s in parameter.shape):
                raise InputError(f"initial[{parameter.name!r}]: simulation needs numbers, found "
                                 f"{'letters' if value is None else f'the shape {parameter.shape}'}; give an array "
                                 "or a law such as GaussianInit(variance=...).")
            start.append(value if is_random(value) else to_floats(value, f"initial[{parameter.name!r}]"))
        points = None if model.law.points is None else to_floats(model.law.points, "points")
        return cls(sgd, points, tuple(start))

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

    @property
    def fresh(self) -> tuple[Factor, ...]:
        """The factors of a sample that are drawn anew for each, after the points of a data set."""
        return self.model.law.factors[self.n is not None:]

    @property
    def coordinates(self) -> int:
        """The number of coordinates of a sample."""
        return sum(int(part.size) for part in self.model.law.parts)

    @property
    def residuals(self) -> int:
        """The number of entries of the residual."""
        return len(_entries(self.model.residual(
            _integer_arrays(self.model.parameters, 2), _integer_arrays(self.model.constants, 5),
            self.sample(_integers(self.coordinates, 3)))))

    def layer_slices(self, layer: int | str | None) -> list[slice]:
        """Where the weights of a layer (None: of all) lie in the flat vector."""
        places = self.model.places(layer)
        ends = np.cumsum([0, *map(_size, self.model.parameters)])
        return [slice(int(ends[k]), int(ends[k + 1])) for k in places] if layer is not None else [
            slice(0, int(ends[-1]))]

    def unflatten(self, w: Any) -> dict[str, Any]:
        """The weight arrays by name from a flat vector."""
        return arrays_of(self.model.parameters, w)

    def unflatten_constants(self, values: Any) -> dict[str, Any]:
        """The constants by name from a flat vector."""
        return arrays_of(self.model.constants, values)

    def sample(self, coordinates: Any) -> dict[str, Any]:
        """The parts of a sample by name from its coordinates, the last axis."""
        return arrays_of(self.model.law.parts, coordinates)

    @property
    def student(self) -> tuple[Array | Init, ...]:
        """The student's initial weights, one array or law for each parameter."""
        return self.start[:len(self.model.parameters)]

    @property
    def teacher(self) -> tuple[Array | Init, ...]:
        """The model's constants, such as a teacher's weights."""
        return self.start[len(self.model.parameters):]

    def draw_start(self, values: tuple[Array | Init, ...], key: Any, ids: Any) -> Any:
        """Flat weights (or the flat constants): array (size,) where all are given, else (ids, size).

        Row k depends on the key and ids[k] alone.
        """
        parts: list[Any] = []
        arrays = self.model.parameters if values is self.student else self.model.constants
        for k, (value, parameter) in enumerate(zip(values, arrays, strict=True)):
            if isinstance(value, np.ndarray):
                parts.append(jnp.asarray(value.ravel(), dtype=float))
            else:
                draw = sampler(value, _size(parameter))
                parts.append(draw(step_key(key, k), ids, 1)[:, 0, :])
        if all(part.ndim == 1 for part in parts):
            return jnp.concatenate(parts)
        count = ids.shape[0]
        return jnp.concatenate([jnp.broadcast_to(part, (count, part.shape[-1])) for part in parts], axis=1)

    def start_of_slots(self, update: Update, weights: Any) -> tuple[Any, ...]:
        """The slots before the first step, for weights (replicates, size)."""
        slots = []
        for slot in update.slots:
            start = update.start_of(slot)
            if isinstance(start, np.ndarray):
                slots.append(jnp.broadcast_to(jnp.asarray(to_floats(start, f"start[{slot!r}]").ravel()), weights.shape))
            else:
                slots.append(weights if start is not None else jnp.zeros_like(weights))
        return tuple(slots)

    def degree(self, method: str, factor: int | None = None) -> int:
        """The degree of what a method gives in the coordinates of a factor (None: of the sample), exactly.

        By finite differences along an integer line.
        """
        weights, constants = _integer_arrays(self.model.parameters, 2), _integer_arrays(self.model.constants, 5)
        a, v = _integers(self.coordinates, 3), _integers(self.coordinates, 4)
        if factor is not None:
            ends = np.cumsum([0, *(int(f.size) for f in self.model.law.factors)])
            v[:ends[factor]] = 0
            v[ends[factor + 1]:] = 0
        return _degree(lambda s: _entries(getattr(self.model, method)(weights, constants, self.sample(a + s * v))))

    def is_affine_in_weights(self) -> bool:
        """Whether the residual is affine in all weights together, and the loss its square."""
        if not self.model.predicts or self.model.has_direction:
            return False
        a, v = _integer_arrays(self.model.parameters, 5), _integer_arrays(self.model.parameters, 6)
        constants, x = _integer_arrays(self.model.constants, 8), self.sample(_integers(self.coordinates, 7))
        return _degree(lambda s: _entries(self.model.residual({k: a[k] + s * v[k] for k in a}, constants, x))) <= 1

    def takes_rows(self) -> bool:
        """Whether the residuals of many samples are given at once, with weights that are `ActsOnRows`."""
        weights, constants = _integer_arrays(self.model.parameters, 8), _integer_arrays(self.model.constants, 6)
        if not self.model.predicts or any(np.ndim(a) != 2 for a in (*weights.values(), *constants.values())):
            return False
        z = _integers((3, self.coordinates), 9)
        try:
            together = np.asarray(self.model.residual(on_rows(weights), on_rows(constants), self.sample(z)))
        except (ValueError, TypeError, IndexError, AttributeError, InputError):
            return False
        apart = np.stack([self.model.residual(weights, constants, self.sample(row)) for row in z])
        return together.shape == apart.shape and bool((together == apart).all())

    def steps(self, count: int, *quantities: Quantity) -> Steps:
        """The first steps, with the slots that the quantities read."""
        return Steps.read(self.sgd, self.sgd.update_for(*quantities), count)

    def fingerprint(self, steps: int) -> str:
        """A digest of everything that decides the numbers of a run, except seed, batch sizes and options.

        A model of a class that cannot be pickled (defined in a function, say) has another digest each time: its runs
        are compiled anew and cannot be resumed.
        """
        digest = hashlib.sha256()
        moves = self.steps(steps)
        begun = [str(moves.update.start_of(slot)) for slot in moves.update.slots]
        parts: list[Any] = [self.sgd.sampling, moves.constants, begun, self.model, *self.start]
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


def on_rows(arrays: Mapping[str, Any]) -> dict[str, ActsOnRows]:
    """The arrays, to be applied to rows."""
    return {name: ActsOnRows(matrix) for name, matrix in arrays.items()}


def _size(array: Named) -> int:
    return int(array.size)


def _integers(shape: Any, seed: int) -> Array:
    """Small nonzero integers, as Fractions, the same each time."""
    values = np.random.default_rng(seed).integers(1, 8, size=shape)
    exact = np.empty(values.size, dtype=object)
    exact[:] = [Fraction(int(value)) for value in values.flat]
    return exact.reshape(values.shape)


def _integer_arrays(arrays: Sequence[Named], seed: int) -> dict[str, Array]:
    return {q.name: _integers(q.shape, 100 * seed + k) for k, q in enumerate(arrays)}


def _entries(found: Any) -> list[Any]:
    """All entries of an array, of a number, or of a dict of arrays."""
    values = found.values() if isinstance(found, Mapping) else [found]
    return [entry for value in values for entry in as_array(value).flat]


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
    raise InputError(f"the model's step is not a polynomial of degree below {_DEGREE_LIMIT}.")
