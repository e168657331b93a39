"""What a question of the closure route will need: arithmetic on the sizes of the problem, before any work.

The moments of order m of p weights are N = C(p+m, m) monomials; each step adds m - 1 powers of v and the bits of one
more common denominator. What is counted are terms and operations on them, and how long their numbers grow.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import comb
from typing import Any

import numpy as np
import sympy

from sgdmoments.budget import Budget, require
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.routes.closure.observables import degree_of

#: Seconds for one term of a mean of products of gradients: read from the data (for each letter that its exponents
#: name), and joined over a batch; and seconds that the smallest question takes.
_READ, _JOINED, _LEAST = 1e-6, 2e-7, 0.008
#: The same where a mean of two gradients of finite data is read from one matrix.
_PAIR = 2e-5
#: Seconds for one term of a state times one of a mean: the term itself, and each bit of its coefficient.
_TERM, _BIT = 4e-8, 2.5e-11
#: Seconds for each entry of the matrix of a step when it is set up.
_ENTRY = 1e-5
#: Bytes of a term without its coefficient, and for each weight that its exponents name.
_BYTES, _BYTES_PER_WEIGHT = 250, 12
#: How much slower it is where one column is megabytes long and no longer stays in the processor's cache.
_BEYOND_CACHE = 3.0
#: How often one entry may count towards the length of the numbers; longer data are read in part.
_SAMPLED = 64


def estimate(sgd: Run, quantity: Quantity, moment: str) -> dict[str, Any]:
    """Terms held at once, seconds and bytes; nothing is run.

    >>> import sgdmoments as sm
    >>> sgd = sm.SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]), learning_rate="1/10", initial=[0])
    >>> estimate(sgd, sm.gradient(5), "variance")["seconds"] < 1
    True
    >>> estimate(sgd, sm.gradient(50_000), "variance")["seconds"] > 900
    True
    """
    count = sum(int(parameter.size) for parameter in sgd.model.parameters)
    order = degree_of(quantity) * (1 if moment == "mean" else 2)
    state_width = count * len(sgd.update_for(quantity).slots)
    size, steps = _monomials(state_width, order), int(quantity.step)
    means = operator_terms(count, order)
    rows = (order - 1) * steps + 1
    coefficient, spread = _coefficient_terms(sgd, quantity, order)
    products = sum(_of_degree(count, j) * _monomials(state_width, order - j) * _monomials(count, j) * max(j, 1)
                   for j in range(1, order + 1))
    bits = _bits_per_step(sgd, order)
    state = size * rows * spread
    # the rows of a state grow with the steps, and so do its numbers: sums of s and s^2 over the steps
    work = products * coefficient * spread * (_TERM * steps * (1 + (order - 1) * steps / 2)
                                + _BIT * bits * steps**2 * (1 + (order - 1) * steps / 1.5) / 2)
    read = _PAIR if order <= 2 and sgd.model.law.points is not None else _READ * (2 * count + 2)
    length = bits * steps / 8
    work *= 1 + _BEYOND_CACHE * min(1.0, rows * length / 2**21)
    setup = (_LEAST + means * coefficient * (read + _JOINED * 6 ** max(order - 2, 0))
             + _ENTRY * min(size, 4 * steps) * size)
    data = 5e-8 * (sgd.model.n if isinstance(sgd.model.n, int) else 0) * size * order
    memory = (_BYTES + _BYTES_PER_WEIGHT * state_width) * (means + state) + 2 * state * length
    return {"terms": _whole(means + state), "seconds": setup + data + work + rows * (1 + rows / 500) * 1e-5,
            "memory": _whole(memory)}


def operator_terms(count: int, order: int) -> int:
    """The terms of all means of products of at most `order` components of the gradient, a bound from above."""
    return sum(_of_degree(count, j) * _monomials(count, j) for j in range(1, order + 1))


def require_operator(sgd: Run, order: int, budget: Budget, slots: int = 1) -> None:
    """Refuse an operator whose means, or monomials of the state, alone are over the budget."""
    count = sum(int(parameter.size) for parameter in sgd.model.parameters)
    terms = operator_terms(count, order) + (_monomials(slots * count, order) if slots > 1 else 0)
    require(budget, f"closure of order {order} for {count} weights",
            {"terms": terms, "memory": terms * (_BYTES + _BYTES_PER_WEIGHT * count)},
            "the mean (order 1), or fewer features.")


def _bits_per_step(sgd: Run, order: int) -> float:
    """How much longer the common denominator becomes with a step: the bits of rates, data and n."""
    rate = sgd.schedule(0)
    rate_bits = (rate.denominator.bit_length() + rate.numerator.bit_length()) if isinstance(rate, Fraction) else 8
    model, points = sgd.model, sgd.model.law.points
    entry_bits = 2.0
    if points is not None:
        numbers = [e for e in points.flat[:_SAMPLED] if isinstance(e, Fraction)]
        entry_bits = 2 * float(np.mean([max(e.numerator.bit_length(), 1) + 2 * (e.denominator.bit_length() - 1)
                                        for e in numbers])) if numbers else 4.0
        entry_bits += model.n.bit_length() if isinstance(model.n, int) else 0
    return order * (rate_bits + entry_bits)


def _coefficient_terms(sgd: Run, quantity: Quantity, order: int) -> tuple[float, float]:
    """The terms of one coefficient, in the letters of data and rates: of a mean over a batch, and of a state."""
    letters, model, steps = _letters(sgd, quantity), sgd.model, int(quantity.step)
    if not letters:
        return 1.0, 1.0
    own = 1.0
    if model.law.points is not None:  # a product of two means is a sum over two points
        if any(not isinstance(entry, Fraction) for entry in model.law.points.flat[:_SAMPLED]):
            own = float(len(model.law.points)) ** 2
    elif not sgd.schedule.symbols(0) >= sgd.symbols():
        own = 4.0
    degree = 2 * order * (steps + 1)
    most = float(comb(min(letters, 40) + min(degree, 400), min(letters, 40)))
    return own, min(most, own ** min(steps + 1, 20) * max(order * steps, 1))


def _letters(sgd: Run, quantity: Quantity) -> int:
    """The symbols that the coefficients of a state hold: all but those of the initial weights."""
    initial: set[sympy.Symbol] = set()
    for value in sgd.initial.values():
        if isinstance(value, np.ndarray):
            initial |= {s for entry in value.flat if isinstance(entry, sympy.Basic) for s in entry.free_symbols}
    return len(sgd.symbols(replace(quantity, step=0)) - initial)


def _of_degree(variables: int, degree: int) -> int:
    return comb(variables + degree - 1, degree)


def _monomials(variables: int, degree: int) -> int:
    return comb(variables + degree, degree)


def _whole(value: float) -> int:
    return int(min(value, 1e300))
