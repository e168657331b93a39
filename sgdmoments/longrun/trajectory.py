"""Whole runs at chosen batch sizes: every t from 0 to thousands, in floats or in certified balls.

Given w_0 the second moment of w_t splits into M_t, that of the noiseless path, and C_t, the covariance that the
batches add. With T(v) = T_0 + v T_1 the operator of one step on monomials of degree <= 2 and Q its part on the
quadratic ones,

    M_(t+1) = T_0 M_t,        C_(t+1) = Q_0 C_t + v (Q_1 C_t + T_1 M_t),

so that variances are sums without cancellation: var(q) = sum_k v^k row_k C_t + sum_(k>=1) v^k row_k M_t.
Source: P0, Theorem 3.2 (corrected), order 2 of the closure route.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

from sgdmoments.budget import Budget, Monitor, ProgressCallback
from sgdmoments.describe.quantities import Given, check_moment
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.describe.update import Step
from sgdmoments.errors import BudgetExceeded, DivergenceWarning, InputError
from sgdmoments.exact import display
from sgdmoments.exact.backends.balls import BallBackend
from sgdmoments.exact.backends.base import PointBackend
from sgdmoments.exact.backends.floats import FloatBackend
from sgdmoments.exact.precision import working_precision
from sgdmoments.exact.ring import Polynomial
from sgdmoments.longrun.zeros import Zeros
from sgdmoments.reading import read_flag, read_integer, read_positive, read_sequence, shown
from sgdmoments.recursion.initial_moments import initial_moments, to_scalar
from sgdmoments.routes.closure.kept import operator_of
from sgdmoments.routes.closure.linear import require_linear
from sgdmoments.routes.closure.observables import observables
from sgdmoments.routes.closure.operator import StepOperator

FloatArray = NDArray[np.float64]

#: Working precision of the first certified attempt, and the greatest one tried, in bits.
_FIRST_PRECISION, _LAST_PRECISION = 128, 1 << 15


@dataclass(frozen=True)
class Trajectory:
    """A moment at steps 0, ..., steps (rows) and batch sizes (columns).

    Attributes:
        values: floats; the midpoints where the run is certified.
        lower, upper: bounds that provably hold the truth between them; None for a float run.
        precision: bits used by a certified run, 53 for floats.
    """

    question: str
    batch_sizes: tuple[int, ...]
    values: FloatArray
    lower: FloatArray | None = None
    upper: FloatArray | None = None
    precision: int = 53

    @property
    def steps(self) -> int:
        """The last t."""
        return len(self.values) - 1

    @property
    def certified(self) -> bool:
        """Whether bounds are there."""
        return self.lower is not None

    def error_against(self, certified: Trajectory) -> float:
        """The greatest relative error of these values against the bounds of a certified run of the same question."""
        if not isinstance(certified, Trajectory):
            raise InputError(f"error_against: found {shown(certified)}; a certified trajectory is needed.")
        if certified.lower is None or certified.upper is None:
            raise InputError("error_against: the other trajectory carries no bounds; run it with certified=True.")
        if self.values.shape != certified.values.shape or self.batch_sizes != certified.batch_sizes:
            raise InputError("error_against: the trajectories have different steps or batch sizes.")
        distance = np.maximum(np.abs(self.values - certified.lower), np.abs(self.values - certified.upper))
        scale = np.minimum(np.abs(certified.lower), np.abs(certified.upper))
        relative = np.divide(distance, scale, out=np.zeros_like(distance), where=distance > 0)
        return float(relative.max())

    def plot(self, **options: Any) -> Any:
        """The moment against t, one curve for each batch size."""
        return display.plot(self, **options)


def trajectory(sgd: Run, quantity: Callable[[int], Quantity], steps: int, batch_sizes: Sequence[int], *,
               moment: str = "variance", certified: bool = False, given: Given = "initial",
               tolerance: float = 1e-9, budget: Budget | None = None,
               progress: ProgressCallback | None = None) -> Trajectory:
    """See `SGD.trajectory`; `tolerance` is the greatest relative width of a certified bound.

    >>> import sgdmoments as sm
    >>> sgd = sm.SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]), learning_rate="1/10", initial=[0])
    >>> run = sgd.trajectory(sm.gradient, steps=1, batch_sizes=[2], certified=True)
    >>> bool(run.lower[1, 0] <= sgd.variance(sm.gradient(1))(2) <= run.upper[1, 0])
    True
    """
    read_flag(certified, "certified")
    tolerance = read_positive(tolerance, "tolerance")
    with Monitor(budget, progress) as monitor:
        run = _Run(sgd, quantity, steps, batch_sizes, moment, given, monitor)
    if not certified:
        return Trajectory(run.question, run.batch_sizes, _floats(run))
    precision, last = _FIRST_PRECISION, _LAST_PRECISION
    while precision <= last:
        zeros = Zeros(run.denominators(), run.state_size if run.steps_are_equal else None)
        with working_precision(precision):
            bounds = _certified(run, tolerance, zeros)
        if bounds is not None:
            return Trajectory(run.question, run.batch_sizes, *bounds, precision)
        if zeros.bits_missing:  # a ball holds 0: so many bits decide whether it is 0
            last = max(last, 2 * zeros.bits_missing)
        precision *= 2
    raise BudgetExceeded(f"{run.question}: {last} bits do not give a relative width of {tolerance:g}.",
                         {"bits": precision}, "fewer steps, or a larger tolerance.")


def _floats(run: _Run) -> FloatArray:
    """The run in doubles, with a `DivergenceWarning` where it leaves their range."""
    try:
        with np.errstate(all="ignore"):
            values = np.array([[row.get(0, 0.0) for row in FloatBackend().rows(answer)]
                               for answer in run.answers(FloatBackend())])
    except OverflowError:
        raise InputError(f"{run.question}: numbers of the problem, or products of them, are beyond the range of "
                         "floats; use certified=True, which has no such range, or smaller units.") from None
    if not np.isfinite(values).all():
        step = int(np.argmin(np.isfinite(values).all(axis=1)))
        warnings.warn(f"{run.question}: from t = {step} on the floats leave their range and are inf or nan; use "
                      "certified=True, fewer steps or a smaller learning rate.", DivergenceWarning, stacklevel=5)
    return values


def _certified(run: _Run, tolerance: float, zeros: Zeros) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    """Midpoints and bounds, or None as soon as a bound is too wide."""
    middle, lower, upper = [], [], []
    for answer in run.answers(BallBackend()):
        balls = zeros.recognised([row[0] for row in answer.tolist()])
        if any(ball.rad() > tolerance * abs(ball.mid()) and not ball.is_zero() for ball in balls):
            return None
        middle.append([float(ball.mid()) for ball in balls])
        lower.append([_outward(ball.lower(), -np.inf) for ball in balls])
        upper.append([_outward(ball.upper(), np.inf) for ball in balls])
    return np.array(middle), np.array(lower), np.array(upper)


def _outward(bound: Any, direction: float) -> float:
    """A double beyond the bound; the exact value where that is a double."""
    nearest = float(bound)
    return nearest if flint.arb(nearest) == bound else float(np.nextafter(nearest, direction))


class _Run:
    """The recurrence of one question, in any arithmetic."""

    def __init__(self, sgd: Run, quantity: Callable[[int], Quantity], steps: int, batch_sizes: Sequence[int],
                 moment: str, given: Given, monitor: Monitor) -> None:
        asked = quantity(0)
        if (check_moment(moment) == "mean") != asked.is_number:
            raise InputError(f"moment: found {shown(moment)} of {asked.kind}; a trajectory gives the 'variance' or "
                             "'second_moment' of a quantity linear in the weights, or the 'mean' of the loss.")
        require_linear(sgd, "a trajectory", "recurrence(...).at(t), or evaluated at numbers")
        steps = read_integer(steps, "steps", 0, "the last step is an integer >= 0")
        self.batch_sizes = tuple(map(sgd.batches.read_size, read_sequence(
            batch_sizes, "batch_sizes", "a list of batch sizes is needed, such as [1, 2, 4]")))
        if not self.batch_sizes:
            raise InputError("batch_sizes: the list is empty.")
        self.v = tuple(map(sgd.batches.value, self.batch_sizes))
        self.sgd, self.steps, self.moment, self.given, self.monitor = sgd, int(steps), moment, given, monitor
        self.question = f"{moment.replace('_', ' ')} of {str(asked).replace('_0', '_t')}"
        self.operator: StepOperator = operator_of(sgd, 2, monitor.budget, asked)
        parts = observables(sgd, self.operator, asked)
        square = [parts.means[0]] if moment == "mean" else parts.square
        #: rows[k]: the observable's coefficient of v^k, by monomials.
        self.rows = [{self.operator.index[e]: c for e, c in self.operator.collect(part).items()} for part in square]
        self.start = initial_moments(sgd, self.operator.basis, asked)
        self.update = sgd.update_for(asked)
        #: The power of t + 1 by which the moment is divided.
        self.divided = 2 * asked.scale_by_steps
        numbers = [*self.start.values(), *(c for row in self.rows for c in row.values()),
                   *(c for by_v in self.operator.parts(self.update.step(0)) for part in by_v for c in part.values())]
        if any(isinstance(c, Polynomial) for c in numbers):
            raise InputError("a trajectory needs numbers for the data and the initial weights, found symbols.")
        first = len(self.operator.state) + 1
        #: The quadratic monomials and their places among themselves.
        self.squares = {i: i - first for i in range(first, self.operator.size)}

    def answers(self, backend: PointBackend[Any, Any]) -> Iterator[Any]:
        """For t = 0, 1, ...: a table with one row for each batch size and the answer in its only column."""
        size, squares = self.operator.size, self.squares
        read_all = [backend.matrix({(i, 0): c for i, c in row.items()}, size, 1) for row in self.rows]
        read_squares = [backend.matrix({(squares[i], 0): c for i, c in row.items() if i in squares}, len(squares), 1)
                        for row in self.rows]
        path = backend.table([{i: self.start[e] for i, e in enumerate(self.operator.basis)}], size)
        spread = backend.table([{} for _ in self.v], len(squares))
        start = backend.table([self._initial_covariance()] * len(self.v), len(squares))
        known: Any = None
        made: dict[Step, list[list[tuple[int, Any]]]] = {}
        for t in range(self.steps + 1):
            self.monitor.update(f"{self.question} ({backend.name})", t, self.steps, size)
            answer = self._read(backend, path, spread, start, read_all, read_squares)
            yield backend.scale_rows(answer, [Fraction(1, (t + 1) ** self.divided)] * len(self.v)) if (
                self.divided) else answer
            if t == self.steps:
                break
            step, rate = self.update.step(t), to_scalar(self.sgd.rates(t)[0])
            if isinstance(rate, Polynomial):
                raise InputError(f"a trajectory needs a number for the learning rate, found {rate}.")
            if (step, rate) != known:
                known = step, rate
                if step not in made:
                    made[step] = self._parts(backend, step)
                parts = made[step]
                keep, keep_squares, noise, noise_squares = (
                    backend.combine([(rate**j, matrix) for j, matrix in terms]) for terms in parts)
            fresh = backend.add(backend.scale_rows(backend.multiply(spread, noise_squares), self.v),
                                backend.scale_rows(backend.multiply(path, noise), self.v))
            spread = backend.add(backend.multiply(spread, keep_squares), fresh)
            path = backend.multiply(path, keep)
            start = backend.multiply(start, keep_squares)

    @property
    def steps_are_equal(self) -> bool:
        """Whether all steps are one linear map of the moments."""
        return self.sgd.schedule.constant is not None and self.update.constant_from == 0

    @property
    def state_size(self) -> int:
        """The number of moments that move: with one rate a value that is 0 so often in a row is 0 from then on."""
        return self.operator.size + 2 * len(self.squares)

    def denominators(self) -> Iterator[tuple[int, ...]]:
        """For t = 0, 1, ... and each batch size, an integer whose product with the moment is an integer."""
        def common(values: Iterable[Any]) -> int:
            return lcm(*(to_scalar(value).denominator for value in values))

        start = common(self.start.values()) * common(self._initial_covariance().values())
        row = common(c for row in self.rows for c in row.values())
        made: dict[Step, list[int]] = {}
        reads = len(self.rows) - 1
        total = [start * row * v.denominator**reads for v in self.v]
        for t in range(self.steps + 1):
            yield tuple(total)
            if t < self.steps:
                rate, own = to_scalar(self.sgd.rates(t)[0]), self.update.step(t)
                if own not in made:
                    made[own] = [common(c for part in by_v for c in part.values()) for by_v in self.operator.parts(own)]
                step = lcm(*(d * rate.denominator**j for j, d in enumerate(made[own])))
                total = [d * step * v.denominator for d, v in zip(total, self.v, strict=True)]

    def _parts(self, backend: PointBackend[Any, Any], step: Step) -> list[list[tuple[int, Any]]]:
        """T_0 and T_1, transposed to act on rows: all of T_0; its quadratic part; T_1 into quadratic; Q_1.

        Each as matrices for the powers of the learning rate.
        """
        size, squares = self.operator.size, self.squares
        chosen: list[list[tuple[int, Any]]] = [[], [], [], []]
        for j, by_v in enumerate(self.operator.parts(step)):
            for k, part in enumerate(by_v):
                inner = {(squares[column], squares[row]): c for (row, column), c in part.items()
                         if row in squares and column in squares}
                chosen[2 * k + 1].append((j, backend.matrix(inner, len(squares), len(squares))))
                whole = {(column, row): c for (row, column), c in part.items()} if k == 0 else \
                    {(column, squares[row]): c for (row, column), c in part.items() if row in squares}
                chosen[2 * k].append((j, backend.matrix(whole, size, size if k == 0 else len(squares))))
        return chosen

    def _read(self, backend: PointBackend[Any, Any], path: Any, spread: Any, start: Any, read_all: list[Any],
              read_squares: list[Any]) -> Any:
        total = None
        for k, (whole, squares) in enumerate(zip(read_all, read_squares, strict=True)):
            powers = [v**k for v in self.v]
            term = backend.scale_rows(backend.multiply(spread, squares), powers)
            if k > 0 or self.moment != "variance":
                term = backend.add(term, backend.scale_rows(backend.multiply(path, whole), powers))
            elif self.given == "nothing":
                term = backend.add(term, backend.multiply(start, squares))
            total = term if total is None else backend.add(total, term)
        return total

    def _initial_covariance(self) -> dict[int, Any]:
        """The covariance of w_0 on the quadratic monomials: zero unless the initial weights are random."""
        if not self.sgd.starts_at_random:
            return {}
        basis = self.operator.basis
        covariance = {}
        for i, place in self.squares.items():
            factors = [a for a, power in enumerate(basis[i]) for _ in range(power)]
            means = [self.start[tuple(int(a == b) for b in range(len(basis[i])))] for a in factors]
            covariance[place] = self.start[basis[i]] - means[0] * means[1]
        return covariance
