"""The first coefficient in certified balls: arb arithmetic, every rounding error enclosed."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import flint

from sgdmoments.budget import Monitor, tick
from sgdmoments.errors import InputError
from sgdmoments.exact.precision import working_precision
from sgdmoments.exact.ring import Polynomial, to_fmpq
from sgdmoments.recursion.components import ByStatistic, Problem, mean_over_batch
from sgdmoments.recursion.steps import Form, StateStep

#: The terms of a polynomial: (coefficient, indices of the weights, with repetition).
Terms = list[tuple[Any, tuple[int, ...]]]


def first_variance(problem: Problem, monitor: Monitor) -> Any:
    """The coefficient of u in the variance, a ball that contains the truth.

    The working precision is doubled until the ball has 53 correct bits (or is shown to be tiny).
    """
    for precision in (128, 256, 512, 1024, 2048, 4096):
        ball = _first_variance(problem, monitor, precision)
        if ball.rel_accuracy_bits() >= 53 or ball.abs_upper() < 1e-300:
            break
    return ball


def _first_variance(problem: Problem, monitor: Monitor, precision: int) -> Any:
    """The same with one working precision.

    beta_1 = tr(A K A^T) + tr(B Sigma B^T) on the noiseless path: A the Jacobian of the mean quantity, B its
    coefficients of the statistics, K the covariance of the state, K' = J K J^T + G Sigma G^T carried along the path.
    """
    with working_precision(precision):
        width, count = len(problem.state), len(problem.statistics)
        sigma = flint.arb_mat(count, count, [
            flint.arb(to_fmpq(_covariance(problem, i, j))) for i in range(count) for j in range(count)])
        state = [flint.arb(to_fmpq(w.to_fraction())) for w in problem.start]
        gradient = _Compiled(problem, problem.gradient, problem.weights)
        output = _Compiled(problem, problem.outputs, problem.state)
        covariance = flint.arb_mat(width, width)
        for t, step in enumerate(problem.steps):
            monitor.update("steps", t, len(problem.steps), width * width)
            step = step.mapped(_ball)
            linear, gain = _matrix(step.linear, width), _gain(step)
            places = step.places(state)
            slope = gain * gradient.jacobian(places)
            if step.points is None:
                move = linear
                for i in range(width):
                    for j in range(step.width):
                        move[i, j] += slope[i, j]
            else:
                move = linear + slope * _matrix(step.points, width)
            noise = gain * gradient.noise(places)
            covariance = move * covariance * move.transpose() + noise * sigma * noise.transpose()
            covariance = (covariance + covariance.transpose()) / flint.arb(2)
            state = step.moved(state, gradient.values(places))
        outer, inner = output.jacobian(state), output.noise(state)
        return _trace(outer * covariance * outer.transpose()) + _trace(inner * sigma * inner.transpose())


class _Compiled:
    """A polynomial map: its mean, Jacobian and the coefficients of the statistics, at balls."""

    def __init__(self, problem: Problem, components: tuple[ByStatistic, ...], letters: Sequence[Any]) -> None:
        self.shape = (len(components), len(letters), len(problem.statistics))
        means = [mean_over_batch(by, problem.moments, problem.ring) for by in components]
        self._means = [_terms(problem, mean) for mean in means]
        self._slopes = {(j, k): _terms(problem, mean.derivative(w)) for j, mean in enumerate(means)
                        for k, w in enumerate(letters)}
        self._noise = {(j, i): _terms(problem, c) for j, by in enumerate(components)
                       for i, c in by.items() if i >= 0}

    def values(self, weights: list[Any]) -> list[Any]:
        return [_evaluate(terms, weights) for terms in self._means]

    def jacobian(self, weights: list[Any]) -> Any:
        return self._matrix(self._slopes, weights, self.shape[1])

    def noise(self, weights: list[Any]) -> Any:
        return self._matrix(self._noise, weights, self.shape[2])

    def _matrix(self, entries: dict[tuple[int, int], Terms], weights: list[Any], columns: int) -> Any:
        matrix = flint.arb_mat(self.shape[0], columns)
        for (j, k), terms in entries.items():
            if terms:
                matrix[j, k] = _evaluate(terms, weights)
        return matrix


def _terms(problem: Problem, polynomial: Polynomial) -> Terms:
    place = {w: i for i, w in enumerate(problem.state)}
    result: Terms = []
    for e, c in polynomial.terms():
        factors: list[int] = []
        for g, power in zip(polynomial.ring.generators, e, strict=True):
            if power and g not in place:
                raise InputError("arithmetic='balls' needs numbers, but the problem has letters (or random initial "
                                 "weights); use arithmetic='exact'.")
            factors += [place[g]] * power if power else []
        result.append((flint.arb(to_fmpq(c)), tuple(factors)))
    return result


def _evaluate(terms: Terms, weights: list[Any]) -> Any:
    total = flint.arb(0)
    tick("a step in balls")
    for coefficient, factors in terms:
        value = coefficient
        for k in factors:
            value = value * weights[k]
        total += value
    return total


def _covariance(problem: Problem, i: int, j: int) -> Fraction:
    count = len(problem.statistics)
    one = [[int(k == a) for k in range(count)] for a in (i, j)]
    moment = problem.moments.sample_moment
    both = tuple(a + c for a, c in zip(*one, strict=True))
    return moment(both) - moment(tuple(one[0])) * moment(tuple(one[1]))


def _ball(value: Any) -> Any:
    return flint.arb(to_fmpq(value if isinstance(value, (int, Fraction)) else value.to_fraction()))


def _matrix(rows: Sequence[Form], width: int) -> Any:
    matrix = flint.arb_mat(len(rows), width)
    for j, form in enumerate(rows):
        for k, c in form:
            matrix[j, k] = c
    return matrix


def _gain(step: StateStep) -> Any:
    matrix = flint.arb_mat(len(step.gain), step.width)
    for j, gain in enumerate(step.gain):
        matrix[j, j % step.width] = gain
    return matrix


def _trace(matrix: Any) -> Any:
    total = flint.arb(0)
    for i in range(matrix.nrows()):
        total += matrix[i, i]
    return total
