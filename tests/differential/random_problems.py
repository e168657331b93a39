"""Random problems for the differential test: runs of every model family whose batches can be listed.

Everything is drawn from one `random.Random`, so that a seed and a number name a problem.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction as F
from typing import Any

import numpy as np

import sgdmoments as sm

KINDS = ("gradient", "weights", "full_gradient", "loss", "sample_gradients")
#: A law on the points -1, 0, 2 by its moments: not symmetric, and real.
SKEWED = sm.Coordinates([F(1, 2) * (-1) ** k + F(1, 4) * 2**k for k in range(1, 41)])


@dataclass(frozen=True)
class Problem:
    """A question that is listed, and the same question as it is asked.

    Attributes:
        family: for the table of counts.
        sgd: numbers only: its batches are listed.
        quantity: what is asked for.
        routes: by which routes.
        asked: the run that is asked; `sgd` where nothing is a letter.
        values: the numbers for its letters.
    """

    family: str
    sgd: sm.SGD
    quantity: Any
    routes: tuple[str, ...]
    asked: sm.SGD
    values: Mapping[str, Any] = field(default_factory=dict)


class Draw:
    """Random rationals, arrays and choices."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)

    def number(self) -> F:
        return F(self.random.choice((-3, -2, -1, -1, 0, 1, 1, 2, 3)), self.random.choice((1, 1, 1, 2, 3)))

    def array(self, *shape: int) -> Any:
        size = int(np.prod(shape))
        return np.array([self.number() for _ in range(size)], dtype=object).reshape(shape)

    def size(self, low: int, high: int) -> int:
        return self.random.randint(low, high)

    def one_of(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def happens(self, chance: float) -> bool:
        return self.random.random() < chance

    def points(self, n: int, p: int) -> Any:
        """Generic, with a repeated row, of rank one, with a zero row, or with a column of ones (a bias)."""
        X = self.array(n, p)
        kind = self.one_of("generic", "generic", "repeated", "rank one", "zero", "ones")
        if kind == "repeated":
            X[self.size(0, n - 1)] = X[0]
        elif kind == "rank one":
            X = np.outer(X[:, 0], self.array(p))
        elif kind == "zero":
            X[self.size(0, n - 1)] = F(0)
        elif kind == "ones":
            X[:, -1] = F(1)
        return X

    def rate(self) -> F:
        return F(self.size(1, 4), self.size(3, 9))

    def schedule(self, steps: int) -> Any:
        rates = [self.rate() for _ in range(steps + 1)]
        return self.one_of(self.rate(), rates, lambda t: rates[0] / (t + 1))

    def covariance(self, p: int) -> Any:
        root = self.array(p, p)
        return root @ root.T

    def quantity(self, sgd: sm.SGD, t: int, kinds: tuple[str, ...] = KINDS) -> Any:
        model = sgd.model
        kind = self.one_of(*(k for k in kinds if k != "sample_gradients" or isinstance(sgd.n, int)))
        size = sum(int(q.size) for q in model.parameters)
        if kind == "loss":
            return sm.loss(t)
        if kind == "sample_gradients":
            return sm.sample_gradients(t, [self.array(2, size) for _ in range(sgd.n)])
        layer = self.one_of(None, *(q.layer for q in model.parameters))
        asked = getattr(sm, kind)(t, layer)
        if self.happens(0.25):
            columns = sum(int(q.size) for q in model.parameters if layer in (None, q.layer))
            asked = self.array(self.size(1, 2), columns) @ asked
        return asked


def weights_of(draw: Draw, model: Any) -> dict[str, Any]:
    return {q.name: draw.array(*map(int, q.shape)) for q in (*model.parameters, *model.constants)}


def regression(draw: Draw) -> Problem:
    n, p, t = draw.size(1, 5), draw.size(1, 3), draw.size(0, 3)
    model = sm.LinearRegression(draw.points(n, p), draw.array(n))
    sampling = draw.one_of("without_replacement", "with_replacement")
    start, schedule = weights_of(draw, model), draw.schedule(t)
    sgd = sm.SGD(model, schedule, start, sampling)
    quantity = draw.quantity(sgd, t)
    routes = ["auto", "closure"] + ["components"] * (t < 2 and p < 3) + ["symbolic"] * (t == 0 and n < 4)
    letters = t < 3 and draw.happens(0.3)
    if letters:
        asked = sm.SGD(model, None if draw.happens(0.5) and not callable(schedule) and not isinstance(schedule, list)
                       else schedule, None, sampling)
        return Problem(f"regression in letters, {sampling}", sgd, quantity, ("auto",), asked,
                       {"w": start["w"], "alpha": schedule})
    return Problem(f"regression, {sampling}", sgd, quantity, tuple(routes), sgd)


def moment_regression(draw: Draw) -> Problem:
    """The moments of a data set in place of the data set."""
    n, p, t = draw.size(2, 5), draw.size(1, 2), draw.size(0, 2)
    X, y = draw.points(n, p), draw.array(n)
    columns = [*X.T, y]
    moments = {e: sum(np.prod([c[i] ** k for c, k in zip(columns, e, strict=True)]) for i in range(n)) / F(n)
               for e in exponents(p + 1, 4)}
    sampling = draw.one_of("without_replacement", "with_replacement")
    start, schedule = draw.array(p), draw.schedule(t)
    sgd = sm.SGD(sm.LinearRegression(X, y), schedule, start, sampling)
    fresh = sampling == "with_replacement"
    asked = sm.SGD(sm.MomentRegression(moments, features=p, n=None if fresh else n), schedule, start)
    quantity = draw.quantity(sgd, t, ("gradient", "weights", "full_gradient"))
    return Problem(f"moment regression, {'fresh' if fresh else sampling}", sgd, quantity, ("auto", "closure"), asked)


def exponents(size: int, degree: int) -> list[tuple[int, ...]]:
    """All tuples of integers >= 0 of a sum from 1 to `degree`."""
    found: list[tuple[int, ...]] = [()]
    for _ in range(size):
        found = [(*e, k) for e in found for k in range(degree + 1 - sum(e))]
    return [e for e in found if any(e)]


def law(draw: Draw, p: int, t: int) -> Any:
    name = draw.one_of(*["Empirical"] * 3, "Rademacher", "Gaussian", "covariance", "Uniform", "moments")
    if name == "Empirical":
        return sm.Empirical(draw.points(draw.size(1, 4 if t == 0 else 3), p))
    return {"Rademacher": sm.Rademacher(), "Gaussian": sm.Gaussian(), "covariance": sm.Gaussian(draw.covariance(p)),
            "Uniform": sm.Uniform(-1, draw.one_of(1, 2)), "moments": SKEWED}[name]


def network(draw: Draw) -> Problem:
    depth = draw.one_of(1, 1, 2, 2, 2, 2, 3)
    widths = [draw.size(1, 2 if depth < 3 else 1 + (k == 1)) for k in range(depth + 1)]
    activation = draw.one_of((0, 1), (0, 1), (0, draw.number() or 2), (0, 1, F(1, 2)), (1, 2, -1), (0, 1, 0, -1),
                             (1, 0, 2), (2, 1))
    linear = not any(activation[2:])
    steps = {1: 2, 2: 1 if linear or max(widths) == 1 else 0, 3: 0}[depth]
    t = draw.size(0, steps)
    data = law(draw, widths[0], t)
    finite = isinstance(data, sm.Empirical)
    targets = draw.array(data.n, widths[-1]) if finite and draw.happens(0.4) else None
    noise = draw.one_of(None, None, sm.Rademacher(), sm.Gaussian(), sm.Uniform(-1, 1)) if t == 0 or depth == 1 else None
    model = sm.Network(widths, activation, data, targets is None, targets, noise)
    sampling = draw.one_of("without_replacement", "with_replacement") if finite else None
    start, schedule = weights_of(draw, model), draw.schedule(t)
    sgd = sm.SGD(model, schedule, start, sampling)
    quantity = draw.quantity(sgd, t, KINDS[:4] if depth == 3 and not linear else KINDS)
    heavy = t > 0 and depth > 1 and (targets is not None or str(quantity).startswith("L") or not linear)
    routes = ["auto", "components"] + ["closure"] * (depth == 1) + ["symbolic"] * (not heavy and t < 2)
    name = "finite data" if finite else type(data).__name__
    family = f"network, depth {depth}, {name}{', targets' if targets is not None else ''}{', noise' if noise else ''}"
    if not heavy and quantity.matrices is None and draw.happens(0.3):
        return in_letters(draw, family, sgd, quantity, widths, activation)
    return Problem(family, sgd, quantity, tuple(routes), sgd)


def in_letters(draw: Draw, family: str, sgd: sm.SGD, quantity: Any, widths: list[int], activation: Any) -> Problem:
    """The same network with letters for its weights, and for its widths where its law and question allow."""
    model, start = sgd.model, sgd.initial
    if quantity.left is None and not isinstance(model.data, sm.Empirical) and model.data.dimension is None:
        names = ["p", *(f"p{k}" for k in range(1, len(widths)))]
        model = sm.Network(names, activation, model.data, noise=model.noise)
    asked = sm.SGD(model, [sgd.schedule(s) for s in range(quantity.step + 1)], None, sgd.sampling)
    return Problem(f"{family}, in letters", sgd, quantity, ("symbolic",), asked, dict(start))


FAMILIES = (regression, regression, moment_regression, network, network, network, network)


def problem(seed: str, number: int) -> Problem:
    """Problem `number` of a seed."""
    draw = Draw(f"{seed}/{number}")
    return draw.one_of(*FAMILIES)(draw)
