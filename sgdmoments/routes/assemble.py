"""Moments from expectations, written once for every route: mean, second moment, variance given what; arrays; receipts.

A route brings expectations of observables given the initial weights, in its own arithmetic (`Moments`):

    var(q given w_0) = E[‖q‖²] − E[‖E[q | w_0]‖²],      var(q) = E[‖q‖²] − ‖E q‖².
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar

import numpy as np

from sgdmoments.budget import Monitor
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.errors import RouteError
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.recursion.combinations import shape_of
from sgdmoments.routes.base import Prepared, Route

Observable = TypeVar("Observable")  # a function of the weights at the quantity's step
State = TypeVar("State")  # its expectation given w_0
Value = TypeVar("Value")  # the expectation over w_0 too


class Moments(Prepared, Generic[Observable, State, Value]):
    """The three moments of a quantity q, from what a route's arithmetic offers."""

    @abstractmethod
    def means(self) -> Sequence[Observable]:
        """E[q_r | w_t] for each component r."""

    @abstractmethod
    def square(self) -> Observable:
        """E[‖q‖² | w_t]."""

    @abstractmethod
    def back(self, observables: Sequence[Observable]) -> Iterable[State]:
        """E[observable | w_0] for each of them."""

    @abstractmethod
    def at_start(self, state: State) -> Value:
        """E[state], over the initial weights where they are random; else they are put in."""

    @abstractmethod
    def spread(self, square: State, means: Sequence[State]) -> State:
        """E[‖q‖² | w_0] − Σ_r E[q_r | w_0]², to be averaged over w_0."""

    @abstractmethod
    def spread_of_values(self, square: Value, means: Sequence[Value]) -> Value:
        """E[‖q‖²] − Σ_r (E q_r)²."""

    def values(self) -> Iterable[Value]:
        """The components of a mean, or the one value of another moment."""
        if self.asked.moment == "mean":
            return map(self.at_start, self.back(self.means()))
        if self.asked.moment == "second_moment":
            return map(self.at_start, self.back([self.square()]))
        states = self.back([self.square(), *self.means()])
        if self.asked.options.given == "initial" and self.asked.sgd.starts_at_random:
            given_start = list(states)
            return [self.at_start(self.spread(given_start[0], given_start[1:]))]
        values = list(map(self.at_start, states))
        return [self.spread_of_values(values[0], values[1:])]


def ask(route: Route[Any], sgd: Run, quantity: Quantity, moment: str, options: Mapping[str, Any], reason: str,
        start: float) -> Any:
    """The answer of a route, in the shape of the quantity, with its receipt.

    Args:
        options: those of the route, by name.
        reason: why this route, for the receipt.
        start: when the question was asked, as `time.perf_counter` has it.
    """
    why_not = route.why_not(sgd, quantity)
    if why_not:
        raise RouteError(f"route {route.name!r} cannot answer the {moment} of {quantity}: {why_not}.")
    asked = route.read(sgd, quantity, moment, options)
    with Monitor(asked.options.budget, asked.options.progress) as monitor, route.prepare(asked, monitor) as prepared:
        answer = prepared.joined([prepared.polynomial(value) for value in prepared.values()])
    seconds = time.perf_counter() - start
    if not isinstance(answer, np.ndarray):
        return _with_receipt(answer, reason, seconds)
    flat = np.empty(answer.size, dtype=object)
    flat[:] = [_with_receipt(entry, reason, seconds) for entry in answer.flat]
    shape = shape_of(sgd, quantity)
    return flat.reshape(shape) if shape else flat[0]


def _with_receipt(result: BatchPolynomial, reason: str, seconds: float) -> BatchPolynomial:
    return replace(result, provenance=replace(result.provenance, reason=reason, seconds=seconds))
