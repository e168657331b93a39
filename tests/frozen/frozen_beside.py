"""Frozen: derivations, sweeps, proofs about the sign; of the gallery that each example finds the known result."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from fractions import Fraction as F
from pathlib import Path
from typing import Any

import sympy
from frozen_cases import Case
from frozen_values import numbers

import sgdmoments as sm

GALLERY = Path(__file__).parents[2] / "examples" / "gallery"
X, Y = [[1, 2], [-1, 3], [0, 1], [2, -2]], [1, 0, 2, -1]


def derivations() -> Iterator[Case]:
    for sampling in ("without_replacement", "with_replacement"):
        sgd = sm.SGD(sm.LinearRegression(X, Y), [F(1, 7), F(1, 5), F(1, 3)], ["1/2", -1], sampling)
        for quantity in (sm.gradient(2), sm.full_gradient(2), numbers("A", 3, 2) @ sm.gradient(1),
                         sm.sample_gradients(2, [numbers(f"B{i}", 2, 2) for i in range(4)])):
            yield Case(f"derivation, {sampling}, {quantity}", lambda s=sgd, q=quantity: s.derivation(q).polynomial())


def signs() -> Iterator[Case]:
    for coefficients in ((0, 3, -2), (0, 1), (5, 3, -7, 2), (0, 4, -9, 1, 3), (1, "7/2", -3, "1/9")):
        yield Case(f"b_0 of {coefficients}", lambda c=coefficients: sm.BatchPolynomial(c).decreasing_from())
    p, q = sm.BatchPolynomial((1, "1/2", -3)), sm.BatchPolynomial((0, 2, 5), population=9)
    yield Case("arithmetic of polynomials", lambda: [p + q, p * q, p - q, -q, 3 * p, q.in_cb(), (p * q)(4)], list)
    yield Case("a polynomial through JSON", lambda: sm.BatchPolynomial.from_json((p * q).to_json()))


def sweeps() -> Iterator[Case]:
    def ask() -> list[Any]:
        runs = [sm.SGD(sm.LinearRegression(X, Y), rate, [1, 0]) for rate in ("1/10", "1/5", "1/3")]
        return list(sm.sweep(sm.Question(sgd, q) for sgd in runs for q in (sm.gradient(1), sm.weights(2))))
    yield Case("sweep over rates and quantities", ask)
    n = sympy.Symbol("n")
    yield Case("one population a letter", lambda: sm.SGD(sm.MomentRegression(n=n), "1/5", [2]).variance(sm.gradient(2)))


def gallery() -> Iterator[Case]:
    def ask(name: str) -> Any:
        sys.path.insert(0, str(GALLERY))
        try:
            computed, known = importlib.import_module(name).example()
            return [bool(a == b) for a, b in zip(computed, known, strict=True)]
        finally:
            sys.path.remove(str(GALLERY))

    for path in sorted(GALLERY.glob("[a-z]*.py")):
        yield Case(f"gallery, {path.stem}", lambda n=path.stem: ask(n))


def cases() -> Iterator[Case]:
    for part in (derivations, signs, sweeps, gallery):
        yield from part()
