"""Frozen: networks with numbers: laws, depths, activations, noise, targets, sampling, and each route that applies."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction as F
from typing import Any

from frozen_cases import Case
from frozen_values import moments_of, numbers, weights_of

import sgdmoments as sm

SKEWED = sm.Coordinates(moments_of({-1: F(1, 2), 0: F(1, 6), 1: F(1, 6), 2: F(1, 6)}, 16))
LAWS = {"Gaussian": sm.Gaussian(), "Rademacher": sm.Rademacher(), "Uniform": sm.Uniform(-1, 2), "skewed": SKEWED}
QUADRATIC, CUBIC, SHIFTED = (0, 1, F(1, 2)), (0, 1, 0, -1), (1, 2, -1)
RATES = [F(1, 7), F(2, 9), F(1, 5)]
SIX = [[1], [-2], ["1/3"], [3], [0], [-1]]
MOMENTS = ("mean", "second_moment", "variance")


def network(widths: tuple[int, ...], data: Any = None, sampling: str | None = None, rates: Any = None,
            **options: Any) -> sm.SGD:
    model = sm.Network(widths, data=data or sm.Gaussian(), **options)
    return sm.SGD(model, rates or RATES, weights_of(model), sampling)


def asked(name: str, sgd: Any, quantity: Any, moment: str, heavy: bool = False, read: Any = None,
          **options: Any) -> Case:
    case = Case(f"{name} {quantity} {moment}", lambda: getattr(sgd(), moment)(quantity, **options), heavy=heavy)
    return case if read is None else Case(case.name, case.ask, read, heavy)


def laws() -> Iterator[Case]:
    for route in ("components", "symbolic"):
        for law, data in LAWS.items():
            for widths, t in (((1, 2, 1), 0), ((2, 3, 2), 0), ((3, 2), 0)):
                yield asked(f"network {widths}, {law}, by {route},", lambda w=widths, d=data: network(w, d),
                            sm.gradient(t, len(widths) - 1), "variance", route=route)
    for law, data in LAWS.items():
        yield asked(f"network (1, 2, 1), {law}, by components,", lambda d=data: network((1, 2, 1), d),
                    sm.gradient(1, 1), "variance", route="components")
    for route in ("components", "symbolic"):
        yield asked(f"network (2, 2, 1), covariance, by {route},",
                    lambda: network((2, 2, 1), sm.Gaussian([[2, 1], [1, 3]])), sm.gradient(0), "variance", route=route)
        yield asked(f"network (2, 1), covariance, by {route},", lambda: network((2, 1), sm.Gaussian([[2, 1], [1, 3]])),
                    sm.gradient(1), "variance", route=route)


def depths() -> Iterator[Case]:
    for route in ("components", "symbolic", "auto"):
        yield asked(f"network (1, 1, 1), by {route},", lambda: network((1, 1, 1)), sm.gradient(1), "variance",
                    route=route)
    yield asked("network (1, 1, 1), by components,", lambda: network((1, 1, 1)), sm.gradient(2, 1), "variance")
    yield asked("network (2, 2, 1), by components,", lambda: network((2, 2, 1)), sm.gradient(1, 2), "variance",
                route="components")
    for widths in ((1, 1, 1, 1), (2, 1, 2, 1)):
        yield asked(f"network {widths}, by components,", lambda w=widths: network(w), sm.gradient(0), "variance",
                    route="components")
        yield asked(f"network {widths}, by symbolic,", lambda w=widths: network(w), sm.gradient(0, 2), "variance",
                    route="symbolic")
    yield asked("network (1, 1, 1, 1), by components,", lambda: network((1, 1, 1, 1)), sm.gradient(1, 1), "variance",
                True, route="components")
    for t in (0, 1, 2, 4):
        yield asked("one layer (2, 2), by closure,", lambda: network((2, 2), rates="1/9"), sm.gradient(t), "variance",
                    route="closure")
    for quantity in (sm.loss(1), sm.weights(2), sm.full_gradient(2), numbers("A", 2, 4) @ sm.gradient(1)):
        for moment in MOMENTS:
            yield asked("one layer (2, 2), by closure,", lambda: network((2, 2)), quantity, moment, route="closure")


def quantities() -> Iterator[Case]:
    left = numbers("left", 2, 4)
    for quantity in (sm.full_gradient(1, 1), sm.weights(1), sm.loss(1), sm.gradient(1), left @ sm.gradient(1)):
        for moment in MOMENTS:
            yield asked("network (1, 2, 1), by components,", lambda: network((1, 2, 1)), quantity, moment,
                        route="components")
    for quantity in (sm.full_gradient(1, 1), sm.weights(1), sm.gradient(1), sm.loss(0)):
        yield asked("network (1, 2, 1), by symbolic,", lambda: network((1, 2, 1)), quantity, "second_moment",
                    route="symbolic")
    six = sm.Empirical(SIX)
    matrices = [numbers(f"M{i}", 2, 4) for i in range(6)]
    yield asked("network (1, 2, 1), six points, by components,", lambda: network((1, 2, 1), six),
                sm.sample_gradients(0, matrices), "second_moment", route="components")


def activations() -> Iterator[Case]:
    for name, coefficients in (("quadratic", QUADRATIC), ("cubic", CUBIC), ("with a constant", SHIFTED)):
        for route in ("components", "symbolic"):
            yield asked(f"network (1, 2, 2), activation {name}, by {route},",
                        lambda c=coefficients: network((1, 2, 2), activation=c), sm.gradient(0), "variance",
                        route=route)
        yield asked(f"network (1, 1, 1), activation {name}, by components,",
                    lambda c=coefficients: network((1, 1, 1), sm.Rademacher(), activation=c), sm.gradient(1, 2),
                    "variance", route="components")
    yield asked("network (1, 1, 1, 1), activation quadratic, by components,",
                lambda: network((1, 1, 1, 1), activation=QUADRATIC), sm.gradient(0), "variance", route="components")


def finite_data() -> Iterator[Case]:
    six = sm.Empirical(SIX)
    for sampling in ("without_replacement", "with_replacement"):
        for route in ("components", "symbolic"):
            yield asked(f"network (1, 1, 1), six points, {sampling}, by {route},",
                        lambda s=sampling: network((1, 1, 1), six, s), sm.gradient(1), "variance",
                        route == "symbolic", route=route)
        for t in (0, 1):
            yield asked(f"network (1, 2, 1), six points with targets, {sampling}, by components,",
                        lambda s=sampling: network((1, 2, 1), six, s, targets=numbers("y", 6, 1)), sm.gradient(t, 1),
                        "variance", route="components")
        yield asked(f"network (1, 1, 1), six points, activation quadratic, {sampling}, by components,",
                    lambda s=sampling: network((1, 1, 1), six, s, activation=QUADRATIC), sm.gradient(0), "variance",
                    route="components")
    few = sm.Empirical([[1, 2], ["1/2", -1], [0, 3]])
    for route in ("components", "symbolic"):
        yield asked(f"network (2, 2, 1), three points, as values, by {route},", lambda: network((2, 2, 1), few),
                    sm.gradient(1, 1), "variance", route == "symbolic", lambda p: [p(b) for b in (1, 2, 3)],
                    route=route)
        yield asked(f"network (2, 1), three points, as values, by {route},", lambda: network((2, 1), few), sm.loss(1),
                    "variance", False, lambda p: [p(b) for b in (1, 2, 3)], route=route)


def noise() -> Iterator[Case]:
    for name, law in (("Gaussian", sm.Gaussian()), ("Rademacher", sm.Rademacher()), ("skewed", SKEWED),
                      ("covariance", sm.Gaussian([[2, 1], [1, 1]]))):
        for route in ("components", "symbolic"):
            yield asked(f"network (1, 1, 2), noise {name}, by {route},", lambda w=law: network((1, 1, 2), noise=w),
                        sm.gradient(0), "variance", route=route)
    yield asked("network (1, 1, 1), noise, by components,", lambda: network((1, 1, 1), noise=sm.Gaussian()),
                sm.gradient(1), "variance", route="components")
    yield asked("one layer (2, 1), noise, by closure,", lambda: network((2, 1), noise=sm.Uniform(-1, 1)),
                sm.gradient(2), "variance", route="closure")


def expansions() -> Iterator[Case]:
    for order in (1, 2, 3):
        yield asked(f"network (1, 1, 1), by expansion to order {order},", lambda: network((1, 1, 1)), sm.gradient(2),
                    "variance", route="expansion", inverse_batch_order=order)
    yield asked("network (2, 2, 1), by expansion to order 1,", lambda: network((2, 2, 1)), sm.gradient(2), "variance",
                route="expansion", inverse_batch_order=1)
    for order in (1, 2):
        yield asked(f"network (1, 2, 1), in floats, by expansion to order {order},",
                    lambda: network((1, 2, 1), rates="1/50"), sm.gradient(20), "variance", route="expansion",
                    inverse_batch_order=order, arithmetic="float")
    yield asked("network (1, 2, 1), six points drawn with replacement, by expansion,",
                lambda: network((1, 2, 1), sm.Empirical(SIX), "with_replacement", activation=QUADRATIC),
                sm.gradient(2, 2), "variance", route="expansion", inverse_batch_order=1)


def cases() -> Iterator[Case]:
    for part in (laws, depths, quantities, activations, finite_data, noise, expansions):
        yield from part()
