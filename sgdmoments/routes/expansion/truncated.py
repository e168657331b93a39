"""The first K coefficients exactly: polynomials in the fluctuation about the noiseless path, truncated.

Write s_t = v_t + d_t for the state with the noiseless path v_(t+1) = A v_t + B E g(C v_t). A fluctuation (d, or a batch
statistic less its mean) has weight 1 and u = 1/b has weight 2: the expectation of a product of k fluctuations
is O(u^(k/2)), so that everything of weight above 2K can be dropped from the start. Backward, one step is
(T q)(d) = E q(d'(d, s)), with d' a polynomial in d and the centred statistics s.

Source: Theorem 3.8 (P0), restricted to its first powers of 1/b.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flint

from sgdmoments.budget import Monitor, tick
from sgdmoments.exact.ring import Exponents, Polynomial, Ring
from sgdmoments.recursion.backward import in_statistics, integrate
from sgdmoments.recursion.components import Problem, compose, gradient_at, mean_over_batch, statistic_letters
from sgdmoments.recursion.steps import StateStep

#: The homogeneous parts of a polynomial in fluctuations, by degree.
Graded = list[Any]


def expansions(problem: Problem, targets: Sequence[Polynomial], order: int, monitor: Monitor) -> list[Polynomial]:
    """E[target(w_t) | w_0] up to u^order for each target, as polynomials in u and the letters.

    Args:
        targets: polynomials in u, letters and weights (elements of ``problem.ring``).
    """
    places = noiseless_path(problem)
    states = [truncate(problem, shifted(problem, target, places[-1]), order) for target in targets]
    steps = len(problem.steps)
    for t in range(steps - 1, -1, -1):
        states = step_back(problem, states, places[t], problem.steps[t], order)
        monitor.update("steps taken backward", steps - t, steps, sum(map(len, states)),
                       "order=1, or fewer steps, or arithmetic='float'")
    ring = problem.moments.ring
    at_zero = dict.fromkeys(problem.state, ring.zero)
    return [compose(state, at_zero, ring) for state in states]


def noiseless_path(problem: Problem) -> list[list[Polynomial]]:
    """v_0, ..., v_t as polynomials in the letters."""
    ring = problem.moments.ring
    means = [mean_over_batch(by, problem.moments, problem.ring) for by in problem.gradient]
    path = [list(problem.start)]
    for step in problem.steps:
        images = dict(zip(problem.weights, step.places(path[-1]), strict=True))
        path.append(step.moved(path[-1], [compose(g, images, ring) for g in means]))
    return path


def shifted(problem: Problem, value: Polynomial, place: Sequence[Polynomial]) -> Polynomial:
    """value(v + d) as a polynomial in d, which the letters of the state now stand for."""
    return compose(value, _about(problem, place), problem.ring)


def _about(problem: Problem, place: Sequence[Polynomial]) -> dict[Any, Polynomial]:
    """v + d for each letter of the state."""
    return {s: problem.ring.generator(s) + v for s, v in zip(problem.state, place, strict=True)}


def truncate(problem: Problem, value: Polynomial, order: int) -> Polynomial:
    """The terms of weight at most 2 order: each fluctuation counts 1 and u counts 2."""
    ring = value.ring
    letters = range(1, 1 + len(problem.letters))
    kept = {}
    for e, c in value.raw.to_dict().items():
        if 2 * int(e[0]) + int(sum(e[letters.stop:])) <= 2 * order:
            kept[e] = c
    return Polynomial(ring, ring.context.from_dict(kept))


def step_back(problem: Problem, states: Sequence[Polynomial], place: Sequence[Polynomial],
              step: StateStep, order: int) -> list[Polynomial]:
    """(T q)(d) about the given place for every state q."""
    statistics = statistic_letters(0, len(problem.statistics))
    ring = Ring((*problem.ring.generators, *statistics))
    moves = _moves(problem, place, step, ring, statistics, 2 * order)
    wanted = [_by_monomial(problem, state, ring) for state in states]
    totals = [ring.context.constant(0) for _ in states]

    def visit(exponents: list[int], first: int, image: Graded) -> None:
        key = tuple(exponents)
        tick("a step of the expansion")
        for k, parts in enumerate(wanted):
            for u_order, coefficient in parts.get(key, ()):
                for part in image[: 2 * (order - u_order) + 1]:
                    totals[k] = totals[k] + coefficient * part
        if sum(exponents) == 2 * order:
            return
        for i in range(first, len(moves)):
            exponents[i] += 1
            visit(exponents, i, _product(image, moves[i], 2 * order))
            exponents[i] -= 1

    visit([0] * len(moves), 0, [ring.context.constant(1)])
    return [truncate(problem, integrate(Polynomial(ring, total), statistics, problem.moments, problem.ring,
                                        problem.moments.central), order) for total in totals]


def _moves(problem: Problem, place: Sequence[Polynomial], step: StateStep, ring: Ring,
           statistics: Any, highest: int) -> list[Graded]:
    """d' in each coordinate, by degree in the fluctuations."""
    width = 1 + len(problem.letters)
    gradient = []
    for near in gradient_at(problem, step, _about(problem, place), problem.ring):
        drift = mean_over_batch(near, problem.moments, problem.ring)
        noise = in_statistics({i: c for i, c in near.items() if i >= 0}, statistics, ring)
        gradient.append(ring(drift) + noise)
    moves = []
    for move in step.moved([ring.generator(s) for s in problem.state], gradient):
        parts: list[dict[Exponents, flint.fmpq]] = [{} for _ in range(highest + 1)]
        for e, c in move.raw.to_dict().items():
            degree = int(sum(e[width:]))
            if 0 < degree <= highest:
                parts[degree][e] = c
        moves.append([ring.context.from_dict(part) for part in parts])
    return moves


def _by_monomial(problem: Problem, state: Polynomial, ring: Ring) -> dict[Exponents, list[tuple[int, Any]]]:
    """For each monomial in d: the orders in u with their coefficients (u and letters included)."""
    width = 1 + len(problem.letters)
    padding = (0,) * (len(ring.generators) - width)
    parts: dict[tuple[Exponents, int], dict[Exponents, flint.fmpq]] = {}
    for e, c in state.raw.to_dict().items():
        parts.setdefault((tuple(map(int, e[width:])), int(e[0])), {})[(*e[:width], *padding)] = c
    result: dict[Exponents, list[tuple[int, Any]]] = {}
    for (monomial, u_order), part in parts.items():
        result.setdefault(monomial, []).append((u_order, ring.context.from_dict(part)))
    return result


def _product(a: Graded, b: Graded, highest: int) -> Graded:
    """The product of two graded polynomials without the degrees above `highest`."""
    result: Graded = [None] * min(len(a) + len(b) - 1, highest + 1)
    for i, x in enumerate(a):
        if x:
            for j, y in enumerate(b[: len(result) - i]):
                if y:
                    result[i + j] = x * y if result[i + j] is None else result[i + j] + x * y
    zero = 0 * b[0]
    return [zero if part is None else part for part in result]
