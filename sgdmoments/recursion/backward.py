"""E q(w_t), whole: backward over the last steps, forward over the first ones, met in the middle.

Backward: (T q)(w) = E_S q(w - alpha sum_m c_m(w) S_m), one step of statistics integrated at a time.
Forward: w_m as a polynomial in the statistics of the steps 0, ..., m - 1. Then q_m(w_m) is integrated step by
step, the last one first.

Source: Theorems 3.7 and 3.8 (P0), in component form.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import flint
import sympy

from sgdmoments.budget import Monitor, tick
from sgdmoments.exact.long_sum import LongSum
from sgdmoments.exact.ring import INVERSE_BATCH, Exponents, Polynomial, Ring
from sgdmoments.recursion.components import ByStatistic, Problem, statistic_letters

#: Terms of the first piece that a polynomial is cut into, and seconds that a piece may take.
_FIRST_PIECE, _SECONDS = 256, 0.5


def expectation(problem: Problem, target: Polynomial, middle: int, monitor: Monitor) -> Polynomial:
    """E[target(w_t) | w_0] as a polynomial in u and the letters.

    Args:
        target: a polynomial in u, letters and weights (an element of ``problem.ring``).
        middle: how many of the first steps are taken forward.
    """
    steps = len(problem.rates)
    value = target
    for t in range(steps - 1, middle - 1, -1):
        value = step_back(problem, value, problem.rates[t], monitor)
        monitor.update("steps taken backward", steps - t, steps, len(value), "fewer steps, or numbers for letters")
    ring, weights = path(problem, middle)
    images = dict(zip(problem.weights, weights, strict=True))
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


def step_back(problem: Problem, value: Polynomial, rate: Fraction | Polynomial, monitor: Monitor) -> Polynomial:
    """(T q)(w) for one step with the given rate."""
    letters = statistic_letters(0, len(problem.statistics))
    ring = Ring((*problem.ring.generators, *letters))
    moved = {w: ring.generator(w) - rate * in_statistics(g, letters, ring)
             for w, g in zip(problem.weights, problem.gradient, strict=True)}
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
    terms = sorted(value.raw.to_dict().items(), key=lambda item: tuple(map(int, item[0])))
    start, size = 0, _FIRST_PIECE
    while start < len(terms):
        begun = time.perf_counter()
        yield Polynomial(value.ring, value.ring.context.from_dict(dict(terms[start:start + size])))
        start += size
        taken = max(time.perf_counter() - begun, 1e-3)
        size = max(16, int(size * min(4.0, _SECONDS / taken)))


def path(problem: Problem, steps: int) -> tuple[Ring, list[Polynomial]]:
    """w_steps as polynomials in the statistics of the steps before, and their ring."""
    blocks = [statistic_letters(k, len(problem.statistics)) for k in range(steps)]
    ring = Ring((INVERSE_BATCH, *problem.letters, *(s for block in blocks for s in block)))
    weights = [ring(w) for w in problem.start]
    for block, rate in zip(blocks, problem.rates, strict=False):
        images = dict(zip(problem.weights, weights, strict=True))
        moves = []
        for by in problem.gradient:
            parts = {i: compose(c, images, ring) for i, c in by.items()}
            moves.append(in_statistics(parts, block, ring))
        weights = [w - rate * move for w, move in zip(weights, moves, strict=True)]
    return ring, weights


def in_statistics(parts: ByStatistic, letters: Sequence[sympy.Symbol], ring: Ring) -> Polynomial:
    """sum_m c_m S_m with the given letters for the statistics."""
    return sum((ring(c) if i < 0 else ring(c) * ring.generator(letters[i]) for i, c in parts.items()), ring.zero)


def compose(value: Polynomial, images: dict[sympy.Symbol, Polynomial], ring: Ring) -> Polynomial:
    """The value with generators replaced by elements of `ring`, the others kept, as an element of `ring`."""
    full = [images[g].raw if g in images else ring.generator(g).raw if ring.index(g) >= 0
            else ring.zero.raw for g in value.ring.generators]
    return Polynomial(ring, value.raw.compose(*full, ctx=ring.context))


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
