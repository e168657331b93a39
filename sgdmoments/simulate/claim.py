"""The polynomial that a check puts to the test: the exact answer, or a user's claim."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sgdmoments.budget import Budget
from sgdmoments.describe.quantity import Quantity
from sgdmoments.errors import InputError, SgdMomentsError
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.reading import is_flag, shown
from sgdmoments.sgd import SGD


def exact_answer(sgd: SGD, q: Quantity, moment: str, given: str, budget: Budget | None) -> BatchPolynomial:
    """What the package says: the variance, the second moment, or the mean of the loss."""
    if moment == "variance":
        return sgd.variance(q, given=given, budget=budget)  # type: ignore[arg-type]
    if moment == "second_moment":
        return sgd.second_moment(q, budget=budget)
    if moment == "mean" and q.kind == "loss":
        found: BatchPolynomial = sgd.mean(q, budget=budget)
        return found
    raise InputError(f"moment: found {shown(moment)}; use 'variance', 'second_moment', or 'mean' of a loss.")


def read_claim(claim: Any, population: int | None) -> BatchPolynomial:
    """A whole polynomial with finite numbers as coefficients; `InputError` for anything else.

    >>> read_claim([0, "1/2"], None).coefficients
    (Fraction(0, 1), Fraction(1, 2))
    """
    polynomial = claim if isinstance(claim, BatchPolynomial) else _from_coefficients(claim, population)
    if not polynomial.is_rational and polynomial.symbols:
        letters = ", ".join(sorted(map(str, polynomial.symbols)))
        raise InputError(f"claim: the polynomial has letters ({letters}); give numbers with .evaluate({{...}}) and an "
                         "SGD with numbers.")
    if polynomial.learning_rate_order is not None:
        raise InputError(f"claim: a series in the learning rate to order {polynomial.learning_rate_order} is not the "
                         "whole polynomial; only a whole one can be put to the test.")
    if polynomial.truncated is not None:
        raise InputError(f"claim: powers of 1/b beyond {polynomial.truncated} exist but are not known (truncated); "
                         "only a whole polynomial can be compared with simulation.")
    if polynomial.population not in (None, population):
        raise InputError(f"claim: a polynomial for batches from n = {polynomial.population} points, but the SGD has "
                         f"{'no fixed points' if population is None else f'n = {population}'}.")
    for power, coefficient in enumerate(polynomial.coefficients):
        if not _is_finite(coefficient):
            raise InputError(f"claim: the coefficient of b^-{power} is {coefficient!s:.40}, not a finite real number.")
    return polynomial


def _from_coefficients(claim: Any, population: int | None) -> BatchPolynomial:
    if not isinstance(claim, (list, tuple, np.ndarray)) or np.ndim(np.asarray(claim, dtype=object)) != 1:
        raise InputError(f"claim: found {type(claim).__name__}; expected a BatchPolynomial, or a list of its "
                         "coefficients, constant first, such as [0, 3, \"1/2\"].")
    if not len(claim):
        raise InputError("claim: found no coefficient at all; the polynomial 0 is [0].")
    if any(is_flag(c) for c in claim):
        raise InputError("claim: found True or False among the coefficients; expected numbers.")
    try:
        return BatchPolynomial(tuple(claim), population)
    except SgdMomentsError as error:
        raise InputError(f"claim: {error}") from None
    except (TypeError, ValueError, ArithmeticError) as error:
        raise InputError(f"claim: the coefficients cannot be read as numbers ({error}).") from None


def _is_finite(coefficient: Any) -> bool:
    try:
        return math.isfinite(float(coefficient))
    except OverflowError:  # an exact number beyond floats; whether its values are is seen at each batch size
        return True
    except (TypeError, ValueError):
        return False
