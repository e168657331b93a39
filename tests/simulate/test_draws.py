import numpy as np
import pytest

import sgdmoments as sm
from sgdmoments.simulate import counters
from sgdmoments.simulate.backend import jax, jnp, precision
from sgdmoments.simulate.cubature import cubature
from sgdmoments.simulate.draws import sampler

LAWS = [
    (sm.Gaussian(), 4, 8), (sm.Gaussian(), 5, 3), (sm.Gaussian(), 8, 3), (sm.Gaussian([[2, 1], [1, 3]]), 6, 2),
    (sm.Uniform(-1, 2), 6, 3), (sm.Uniform(-1, 1), 5, 7), (sm.Rademacher(), 12, 4), (sm.Rademacher(), 4, 30),
    (sm.Coordinates((0, 1, 0, 2, 0, 5)), 5, 7), (sm.Coordinates((1, 2, 4, 9)), 4, 3),
    (sm.Coordinates((0, 1, 0, 1)), 4, 2),
]


@pytest.mark.parametrize(("law", "degree", "dimension"), LAWS, ids=str)
def test_cubature_is_exact_to_its_degree(law, degree, dimension):
    rng = np.random.default_rng(0)
    points, weights = cubature(law, dimension, degree)
    for _ in range(60):
        exponents = np.zeros(dimension, dtype=int)
        for _ in range(rng.integers(0, degree + 1)):
            exponents[rng.integers(0, dimension)] += 1
        exact = float(law.moment(tuple(map(int, exponents))))
        found = weights @ np.prod(points**exponents, axis=1)
        assert found == pytest.approx(exact, abs=1e-10)


def test_cubature_refuses_what_is_too_large():
    with pytest.raises(sm.AssumptionError, match="points"):
        cubature(sm.Gaussian(), 30, 8)


@pytest.mark.parametrize(("law", "degree", "dimension"), [c for c in LAWS if c[2] < 5], ids=str)
def test_samples_have_the_moments_of_the_law(law, degree, dimension):
    with precision(True):
        key = counters.step_key(jax.random.key(4), 1)
        x = np.asarray(sampler(law, dimension)(key, jnp.arange(4096, dtype=jnp.uint32), 10)).reshape(-1, dimension)
    for exponents in ([1] + [0] * (dimension - 1), [2] + [0] * (dimension - 1), [1, 1] + [0] * (dimension - 2),
                      [0, 3] + [0] * (dimension - 2), [4, 0] + [0] * (dimension - 2)):
        values = np.prod(x ** np.array(exponents), axis=1)
        assert abs(values.mean() - float(law.moment(tuple(exponents)))) <= 4.5 * values.std() / len(x) ** 0.5 + 1e-9


def test_moments_of_no_law_are_refused():
    with pytest.raises(sm.InputError, match="no law"):
        cubature(sm.Coordinates((0, 1, 0, "1/2")), 2, 4)
