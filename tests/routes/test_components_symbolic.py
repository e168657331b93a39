"""Two routes that share no arithmetic: polynomials in components against index graphs evaluated at numbers."""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
import pytest

import sgdmoments as sm

RATE = F(1, 7)


def numbers(widths):
    """Weights and teacher of unequal entries, by name."""
    values, k = {}, 0
    for star in ("", "*"):
        for layer in range(1, len(widths)):
            array = np.empty((widths[layer], widths[layer - 1]), dtype=object)
            for index in np.ndindex(*array.shape):
                k += 1
                array[index] = F((-1) ** k * (3 * k % 7 + 1), k % 3 + 2)
            values[f"W{layer}{star}"] = array
    return values


CASES = [
    ((2, 3, 2), (0, 1), sm.Gaussian(), sm.gradient(1, layer=1)),
    ((2, 3, 2), (0, 1), sm.Gaussian(), sm.gradient(1, layer=2)),
    ((3, 2, 2), (0, 1), sm.Rademacher(), sm.gradient(1, layer=1)),
    ((3, 2, 2), (0, 1), sm.Uniform(-1, 1), sm.full_gradient(1, layer=2)),
    ((2, 3, 2), (0, 1), sm.Gaussian(), sm.loss(1)),
    ((2, 2, 3, 2), (0, 1), sm.Gaussian(), sm.gradient(0, layer=2)),
    ((2, 3, 2), ("1/2", 1, "1/3"), sm.Gaussian(), sm.gradient(0, layer=1)),
    ((2, 3), (0, 1), sm.Gaussian(), sm.gradient(2)),
]


@pytest.mark.parametrize(("widths", "activation", "data", "quantity"), CASES, ids=str)
def test_the_symbolic_route_at_numbers(widths, activation, data, quantity):
    network = sm.Network(widths, activation=activation, data=data)
    values = numbers(widths)
    graphs = sm.SGD(network).variance(quantity, route="symbolic").evaluate({**values, "alpha": RATE})
    sgd = sm.SGD(network, learning_rate=RATE, initial=values)
    assert sgd.variance(quantity, route="components").coefficients == graphs.coefficients
    short = sgd.variance(quantity, route="expansion", inverse_batch_order=1)
    assert short.coefficients[1] == graphs.coefficients[1]
