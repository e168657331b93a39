"""E q(w_t), whole: backward over the last steps, forward over the first ones, met in the middle.

Backward: (T q)(s) = E_S q(A s + B sum_m c_m(C s) S_m), one step of statistics integrated at a time.
Forward: the state after m steps as a polynomial in the statistics of the steps 0, ..., m - 1. Then q_m is integrated
step by step, the last one first.

Source: Theorems 3.7 and 3.8 (P0), in component form.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import flint
import sympy

from sgdmoments.budget import Monitor, tick
from sgdmoments.exact.long_sum import LongSum
from sgdmoments.exact.ring import INVERSE_BATCH, Exponents, Polynomial, Ring
from sgdmoments.recursion.components import ByStatistic, Problem, compose, gradient_at, statistic_letters
from sgdmoments.recursion.steps import StateStep

#: Terms of the first piece that a polynomial is cut into, and seconds that a piece may take.
_FIRST_PIECE, _SECONDS = 256, 0.5


def expectation(problem: Problem, target: Polynomial, middle: int, monitor: Monitor) -> Polynomial:
    """E[target(w_t) | w_0] as a polynomial in u and the letters.

    Args:
        target: a polynomial in u, letters and weights (an element of ``problem.ring``).
        middle: how many of the first steps are taken forward.
    """
    steps = len(problem.steps)
    value = target
    for t in range(steps - 1, middle - 1, -1):
        value = step_back(problem, value, problem.steps[t], monitor)
        monitor.update("steps taken backward", steps - t, steps, len(value), "fewer steps, or numbers for letters")
    ring, state = path(problem, middle)
    images = dict(zip(problem.state, state, strict=True))
    count = len(problem.statistics)
    last = Ring(ring.generators[:len(ring.generators) - middle * count])
    total = last.zero
    for part in pieces(value):
        inner, current = ring, compose(part, images, ring)
        monitor.update("joining the steps", steps - middle, steps, len(current), "fewer steps, or smaller widths")
        for k in range(middle - 1, -1, -1):
            inner = Ring(inner.generators[:len(inner.generators) - count])
            current = integrate(current, statistic_letters(k, count), problem.moments, inner)
            monitor.update("steps integrated", steps - k, steps, len(current) + len(total))
        total = total + last(current)
    return total


def step_back(problem: Problem, value: Polynomial, step: StateStep, monitor: Monitor) -> Polynomial:
    """(T q)(s) for one step."""
    letters = statistic_letters(0, len(problem.statistics))
    ring = Ring((*problem.ring.generators, *letters))
    moves = [in_statistics(g, letters, ring) for g in gradient_at(problem, step, None, ring)]
    moved = dict(zip(problem.state, step.moved([ring.generator(s) for s in problem.state], moves), strict=True))
    total = problem.ring.zero
    for part in pieces(value):
        image = compose(part, moved, ring)
        monitor.update("a step backward", 0, None, len(image) + len(total), "fewer steps, or numbers for letters")
        total = total + integrate(image, letters, problem.moments, problem.ring)
    return total


def pieces(value: Polynomial) -> Iterator[Polynomial]:
    """Parts that sum to the value, each about half a second's work for who takes them: so none is long or large."""
    if len(value) <= _FIRST_PIECE:
        yield value
        return
    tick("cutting a polynomial into pieces")
    terms = list(value.raw.to_dict().items())  # in FLINT's order of monomials
    tick("cutting a polynomial into pieces")
    start, size = 0, _FIRST_PIECE
    while start < len(terms):
        begun = time.perf_counter()
        yield Polynomial(value.ring, value.ring.context.from_dict(dict(terms[start:start + size])))
        start += size
        taken = max(time.perf_counter() - begun, 1e-3)
        size = max(16, int(size * min(4.0, _SECONDS / taken)))


def path(problem: Problem, steps: int) -> tuple[Ring, list[Polynomial]]:
    """The state after some steps as polynomials in the statistics of these, and their ring."""
    blocks = [statistic_letters(k, len(problem.statistics)) for k in range(steps)]
    ring = Ring((INVERSE_BATCH, *problem.letters, *(s for block in blocks for s in block)))
    state = [ring(entry) for entry in problem.start]
    for block, step in zip(blocks, problem.steps, strict=False):
        images = dict(zip(problem.state, state, strict=True))
        moves = [in_statistics(by, block, ring) for by in gradient_at(problem, step, images, ring)]
        state = step.moved(state, moves)
    return ring, state


def in_statistics(parts: ByStatistic, letters: Sequence[sympy.Symbol], ring: Ring) -> Polynomial:
    """sum_m c_m S_m with the given letters for the statistics."""
    return sum((ring(c) if i < 0 else ring(c) * ring.generator(letters[i]) for i, c in parts.items()), ring.zero)


def integrate(value: Polynomial, letters: Sequence[sympy.Symbol], moments: Any, ring: Ring,
              moment: Callable[[Exponents], Polynomial] | None = None) -> Polynomial:
    """The expectation over the statistics of one step, which the element holds as `letters`.

    Args:
        ring: that of the result: the element's own without the letters, which come last there.
        moment: the joint moment of an exponent; by default the whole one of `moments`.
    """
    if not letters:
        return ring(value)
    width = len(ring.generators)
    parts: dict[Exponents, dict[Exponents, flint.fmpq]] = {}
    for e, c in value.raw.to_dict().items():
        parts.setdefault(tuple(map(int, e[width:])), {})[e[:width]] = c
    if moment is None:
        moments.prepare(parts)
        moment = moments
    total = LongSum()
    for e, part in sorted(parts.items()):
        tick("integrating a step")
        factor = moment(e)
        if factor:
            total.add(ring.context.from_dict(part) * ring(factor).raw)
    return Polynomial(ring, total.value(ring.zero.raw))
