"""The same numbers on one device, on eight, and on two processes."""

import os
import socket
import subprocess
import sys

import numpy as np
import pytest

import sgdmoments as sm
from sgdmoments.simulate.estimate import simulate

PROGRAM = """
import sys
import numpy as np, jax
{setup}
import sgdmoments as sm
from sgdmoments.simulate.estimate import simulate
model = sm.LinearRegression([[1, 2], [0, 1], [3, -1], [1, 1], [2, -2]], [1, 0, 2, -1, 3])
sgd = sm.SGD(model, ["1/10", "1/7"], [1, -1])
run = simulate(sgd, [sm.gradient, sm.loss], 1, [1, 3], 5000, seed=3)
found = run.variance(sm.gradient)
assert len(jax.devices()) == {devices}, jax.devices()
print(*map(repr, map(float, [*found.value.ravel(), *found.standard_error.ravel()])))
"""


def environment(devices):
    flags = f"--xla_force_host_platform_device_count={devices}"
    return {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}


@pytest.fixture(scope="module")
def expected():
    sgd = sm.SGD(sm.LinearRegression([[1, 2], [0, 1], [3, -1], [1, 1], [2, -2]], [1, 0, 2, -1, 3]), ["1/10", "1/7"],
                 [1, -1])
    found = simulate(sgd, [sm.gradient, sm.loss], 1, [1, 3], 5000, seed=3).variance(sm.gradient)
    return [*found.value.ravel(), *found.standard_error.ravel()]


def test_eight_devices(expected):
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(setup="", devices=8)], env=environment(8), text=True,
                          capture_output=True, timeout=300, check=True)
    np.testing.assert_allclose(list(map(float, done.stdout.split())), expected, rtol=1e-12)


def test_two_processes(expected):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    setup = f"jax.distributed.initialize('127.0.0.1:{port}', num_processes=2, process_id=int(sys.argv[1]))"
    program = PROGRAM.format(setup=setup, devices=4)
    processes = [subprocess.Popen([sys.executable, "-c", program, str(k)], env=environment(2), text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE) for k in range(2)]
    try:
        outputs = [process.communicate(timeout=300) for process in processes]
    finally:
        for process in processes:
            process.kill()
    for process, (out, err) in zip(processes, outputs, strict=True):
        assert process.returncode == 0, err[-3000:]
        numbers = out.strip().splitlines()[-1].split()
        np.testing.assert_allclose(list(map(float, numbers)), expected, rtol=1e-12)


@pytest.mark.parametrize("platform", ["cuda", "tpu"])
@pytest.mark.parametrize("name", ["lists of points", "masks", "network"])
def test_programs_lower_for_accelerators(name, platform):
    """What runs on a GPU cannot run here, but it can be lowered for one."""
    import jax

    from sgdmoments.simulate.backend import precision
    from sgdmoments.simulate.choose import gradients_of
    from sgdmoments.simulate.observables import Observable
    from sgdmoments.simulate.problem import FloatRun
    from sgdmoments.simulate.sgd import Options, Program

    rng = np.random.default_rng(0)
    if name == "network":
        start = {k: np.ones(s) for k, s in {"W1": (3, 2), "W2": (1, 3), "W1*": (3, 2), "W2*": (1, 3)}.items()}
        sgd, b = sm.SGD(sm.Network((2, 3, 1), activation=(0, 1, 1)), "1/10", start), 4
    else:
        sgd = sm.SGD(sm.LinearRegression(rng.normal(size=(100, 3)), rng.normal(size=100)), "1/10", [0, 0, 0])
        b = 50 if name == "masks" else 3
    with precision(True):
        gradients = gradients_of(FloatRun.read(sgd))
        gradient = Observable.read(sm.gradient(0), gradients, 0, 16)
        observables = (gradient, Observable.read(sm.loss(0), gradients, gradient.width, 16))
        program = Program(gradients, observables, (0, 1, 2), gradients.problem.steps(3), b, Options())
        groups = np.arange(4, dtype=np.uint32)
        lowered = jax.export.export(jax.jit(program.__call__), platforms=[platform])(program.constants(), groups)
    assert lowered.platforms == (platform,)
