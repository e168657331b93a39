"""One gradient step of size η on a two-layer linear network with one example (x, y), residual r = f − y, c = ‖x‖²:

    f' = f − ηλ r + η² c r² f,    λ' = λ − 4ηc r f + η² c r² λ,

with f = vᵀUx and the tangent kernel λ = ‖x‖²‖v‖² + ‖Ux‖². Hence r' = (1 − ηλ + cη² r f) r: the step can leave the
region ηλ < 2 and come back, the catapult. (With the factor (md)^(−1/2) in f, c is ‖x‖²/(md).)

Source: 003, Chapter 3.
"""

from __future__ import annotations

import sympy

from sgdmoments import matrix, squared_norm, vector
from sgdmoments.exact.ring import Ring
from sgdmoments.rules.gradient import differentiate
from sgdmoments.rules.update import Update, along, update


def example():
    """(computed, known): f and λ after one step."""
    m, d = sympy.symbols("m d", integer=True, positive=True)
    eta, y = sympy.symbols("eta y")
    U, v, x = matrix("U", m, d), vector("v", m), vector("x", d)
    f = v.T @ U @ x
    kernel = (x.T @ x) * (v.T @ v) + squared_norm(U @ x)
    loss = (f - y) ** 2 / 2
    ring = Ring((m, d, eta, y))
    (by_u,), (by_v,) = U.array.labels, v.array.labels
    step = Update(along({by_u: -differentiate(loss, by_u), by_v: -differentiate(loss, by_v, (0,))}), ring)
    rate = ring.generator(eta)
    computed = [update(q, step, rate, step.degree_of(q)) for q in (f, kernel)]
    r, c = f - y, x.T @ x
    known = [f - eta * kernel * r + eta**2 * c * r**2 * f, kernel - 4 * eta * c * r * f + eta**2 * c * r**2 * kernel]
    return computed, known


if __name__ == "__main__":
    print("computed: {}\nknown:    {}".format(*example()))
