"""The mean and the squared norm of a quantity given w_t: the batch of its own step averaged, before any step is undone.

A component q_k = sum_i c_ki S_i, S_0 = 1 and the S_i batch means, has

    E[q_k | w] = sum_i c_ki E S_i,        E[||q||^2 | w] = sum_k sum_ij c_ki c_kj E[S_i S_j]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations_with_replacement

from sgdmoments.budget import tick
from sgdmoments.exact.long_sum import LongSum
from sgdmoments.exact.ring import Exponents, Polynomial
from sgdmoments.recursion.components import ByStatistic, Problem, mean_over_batch


def conditional_moments(problem: Problem, moment: str = "variance") -> tuple[Polynomial, list[Polynomial]]:
    """E[||q||^2 | w_t] and E[q | w_t], in ``problem.ring``; zero or empty where `moment` does without."""
    square = problem.ring.zero if moment == "mean" else _square(problem)
    means = [] if moment == "second_moment" else [
        mean_over_batch(by, problem.moments, problem.ring) for by in problem.outputs]
    return square, means


def _square(problem: Problem) -> Polynomial:
    pairs = {pair for held in {tuple(by) for by in problem.outputs}
             for pair in combinations_with_replacement(sorted(held), 2)}
    constant = (-1, -1)
    exponents: dict[tuple[int, ...], Exponents] = {
        pair: _exponents(pair, len(problem.statistics)) for pair in pairs if pair != constant}
    problem.moments.prepare(exponents.values())
    known = {pair: problem.ring(problem.moments(e)) for pair, e in exponents.items()} | {constant: problem.ring.one}
    total = LongSum()
    for by in problem.outputs:
        for i, part in by.items():
            tick("squaring the quantity")
            total.add((part * _against(problem, by, i, known)).raw)
    return Polynomial(problem.ring, total.value(problem.ring.zero.raw))


def _against(problem: Problem, by: ByStatistic, i: int, known: Mapping[tuple[int, ...], Polynomial]) -> Polynomial:
    """c_i E[S_i^2] + 2 sum_(j > i) c_j E[S_i S_j]."""
    total = LongSum()
    for j, part in by.items():
        factor = known[i, j] if j >= i else None
        if factor:
            total.add((part * (factor if j == i else 2 * factor)).raw)
    return Polynomial(problem.ring, total.value(problem.ring.zero.raw))


def _exponents(pair: Iterable[int], count: int) -> Exponents:
    """Those of S_i S_j; -1 stands for the constant."""
    powers = [0] * count
    for i in pair:
        if i >= 0:
            powers[i] += 1
    return tuple(powers)
