"""What listing every batch says: moments of quantities, and of any function of weights and gradients along a run.

`sgdmoments.testing` lists the batches; `paths` is a second listing that keeps what happens on the way.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction as F
from itertools import combinations, product
from typing import Any

import numpy as np

import sgdmoments as sm
from sgdmoments.testing import outcomes
from sgdmoments.testing.dual import Dual

MOMENTS = ("mean", "second_moment", "variance")


def moments(sgd: sm.SGD, quantity: Any, b: int, limit: int) -> dict[str, list[Any]] | None:
    """Mean (its entries), second moment and variance from one listing; None where it would be too long."""
    try:
        law = list(outcomes(sgd, quantity, b, limit=limit))
    except sm.BudgetExceeded:
        return None
    mean = [sum((p * q[k] for p, q in law), F(0)) for k in range(len(law[0][1]))]
    return {"mean": mean, "second_moment": [sum((p * e * e for p, q in law for e in q), F(0))],
            "variance": [sum((p * (e - m) ** 2 for p, q in law for e, m in zip(q, mean, strict=True)), F(0))]}


def gradients(model: Any, weights: dict[str, Any], x: Any, label: Any) -> dict[str, Any]:
    """The gradient of one sample's loss, by dual numbers."""
    arrays, places, count = {}, {}, 0
    for name, value in weights.items():
        places[name] = np.arange(count, count + value.size).reshape(value.shape)
        arrays[name] = np.empty(value.shape, dtype=object)
        for index in np.ndindex(value.shape):
            arrays[name][index] = Dual(value[index], {int(places[name][index]): F(1)})
        count += value.size
    total = Dual(F(0))
    for f, y in zip(model.predict(arrays, {}, {"x": x}), label, strict=True):
        total = total + (Dual.lift(f) - y) ** 2 * F(1, 2)
    return {name: np.array([total.tangent.get(int(k), F(0)) for k in place.ravel()], dtype=object).reshape(place.shape)
            for name, place in places.items()}


def paths(sgd: sm.SGD, steps: int, b: int) -> Iterator[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """(weights, batch gradients) at steps 0, ..., steps of every sequence of batches of a finite data set."""
    model = sgd.model
    teacher = {q.name: sgd.initial[s.name] for q, s in zip(model.parameters, model.constants, strict=False)}
    labels = [model.predict(teacher, {}, {"x": x}) if model.constants else model.law.part("label")[i]
              for i, x in enumerate(model.law.part("x"))]
    rows = range(len(labels))
    batches = list(combinations(rows, b) if sgd.sampling == "without_replacement" else product(rows, repeat=b))

    def walk(weights: list[dict[str, Any]], met: list[dict[str, Any]]) -> Iterator[Any]:
        if len(met) == steps + 1:
            yield weights, met
            return
        every = [gradients(model, weights[-1], x, y) for x, y in zip(model.law.part("x"), labels, strict=True)]
        rate = sgd.schedule(len(met))
        for batch in batches:
            g = {name: sum(every[i][name] for i in batch) / F(b) for name in weights[-1]}
            moved = {name: w - rate * g[name] for name, w in weights[-1].items()}
            yield from walk([*weights, moved], [*met, g])

    yield from walk([{q.name: sgd.initial[q.name] for q in model.parameters}], [])
