"""Frozen: index graphs: weights, widths, covariance, rates and steps as letters; expectations of queries.

Polynomials whose coefficients are graphs are kept as their values at two sets of matrices, so that another normal form
of the same answer is the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction as F
from typing import Any

import sympy
from frozen_cases import Case
from frozen_values import moments_of, numbers, weights_of

import sgdmoments as sm

SIZES = ({"p": 2, "p1": 3, "p2": 1, "p3": 2}, {"p": 1, "p1": 2, "p2": 2, "p3": 1})
ALPHA, T = sympy.Symbol("alpha"), sympy.Symbol("t")


def at_numbers(model: Any, **more: Any) -> Any:
    """Reads an answer in letters: its values at weights of two sizes."""
    def read(answer: Any) -> list[Any]:
        found = []
        for k, sizes in enumerate(SIZES):
            p = sizes["p"]
            square = [[2, 1], [1, 3]] if p == 2 else [[2]]
            values = {**weights_of(model, sizes, str(k)), "alpha": "1/7", **more}
            if str(model.data) == "Gaussian('Sigma')":
                values["Sigma"] = square
            found.append(answer.evaluate(values))
        return found
    return read


def letters(name: str, model: Any, quantity: Any, moment: str = "variance", heavy: bool = False, rate: Any = None,
            initial: Any = None, more: Any = None, **options: Any) -> Case:
    return Case(f"letters: {name}, {quantity} {moment} {options or ''}".rstrip(),
                lambda: getattr(sm.SGD(model, rate, initial), moment)(quantity, **options),
                at_numbers(model, **(more or {})), heavy)


def whole() -> Iterator[Case]:
    two, three = sm.Network(("p", "p1", "p2")), sm.Network(("p", "p1", "p2", "p3"))
    one = sm.Network(("p", "p1"), noise=sm.Gaussian())
    for layer in (1, 2, None):
        for moment in ("second_moment", "variance"):
            yield letters("two layers", two, sm.gradient(0, layer), moment)
    for layer in (1, 2, 3):
        yield letters("three layers", three, sm.gradient(0, layer))
    for quantity in (sm.gradient(1, 1), sm.gradient(1, 2), sm.full_gradient(1, 1), sm.weights(1)):
        yield letters("two layers", two, quantity)
    yield letters("two layers", two, sm.loss(0), "second_moment")
    yield letters("two layers", two, sm.loss(1), "second_moment", heavy=True)
    for t in (0, 1, 2, 4):
        yield letters("one layer with noise", one, sm.gradient(t))
    for quantity in (sm.weights(2), sm.full_gradient(2), sm.loss(1)):
        yield letters("one layer with noise", one, quantity, "second_moment")
    sigma = sm.Network(("p", "p1", "p2"), data=sm.Gaussian("Sigma"))
    for layer in (1, 2):
        yield letters("two layers, covariance a letter", sigma, sm.gradient(0, layer))
    yield letters("one layer, covariance a letter", sm.Network(("p", "p1"), data=sm.Gaussian("Sigma")), sm.gradient(1))
    for law in (sm.Rademacher(), sm.Uniform(-1, 1)):
        yield letters(f"two layers, {law}", sm.Network(("p", "p1", "p2"), data=law), sm.gradient(0))
    for name, activation in (("quadratic", (0, 1, "1/2")), ("cubic", (0, 1, 0, -1))):
        for layer in (1, 2):
            yield letters(f"two layers, activation {name}", sm.Network(("p", "p1", "p2"), activation),
                          sm.gradient(0, layer))


def series() -> Iterator[Case]:
    two = sm.Network(("p", "p1", "p2"))
    for order in (1, 2, 3):
        yield letters("two layers, series", two, sm.gradient(2, 1), learning_rate_order=order)
    for order in (1, 2):
        yield letters("two layers, series, t a letter", two, sm.gradient(T, 1), learning_rate_order=order,
                      more={"t": 5})
    yield letters("two layers, series, t a letter, full gradient", two, sm.full_gradient(T, 2), "second_moment",
                  learning_rate_order=2, more={"t": 5})
    one = sm.Network(("p", "p1"), noise=sm.Gaussian())
    yield letters("one layer with noise, series, t a letter", one, sm.gradient(T), learning_rate_order=3, more={"t": 4})
    yield letters("three layers, series", sm.Network(("p", "p1", "p2", "p3")), sm.gradient(1, 2), learning_rate_order=1)
    yield letters("two layers, series, rate a number", two, sm.gradient(2, 2), rate="1/50", learning_rate_order=2)


def random_starts() -> Iterator[Case]:
    names = [f"W{k}{star}" for k in (1, 2) for star in ("", "*")]
    v = sympy.Symbol("v", positive=True)
    model = sm.Network(("d", "K", 1))
    for name, start in (("unit", sm.GaussianInit()), ("a letter", sm.GaussianInit(variance=v)),
                        ("fourth moment 9/5", sm.IndependentInit((0, 1, 0, "9/5")))):
        for t, moment in ((0, "variance"), (0, "second_moment")):
            yield Case(f"letters: start with variance {name}, g_{t} {moment}", lambda s=start, t=t, m=moment: getattr(
                sm.SGD(model, initial=dict.fromkeys(names, s)), m)(sm.gradient(t)))
    yield Case("letters: Gaussian start, g_0 variance in total", lambda: sm.SGD(
        model, initial=dict.fromkeys(names, sm.GaussianInit())).variance(sm.gradient(0), given="nothing"))
    three = sm.Network(("d", "K1", "K2", 1))
    every = [q.name for q in (*three.parameters, *three.constants)]
    yield Case("letters: three layers, Gaussian start, g_0 second moment", lambda: sm.SGD(
        three, initial=dict.fromkeys(every, sm.GaussianInit())).second_moment(sm.gradient(0)))


def expectations() -> Iterator[Case]:
    n, p = sympy.symbols("n p", integer=True, positive=True)
    X, gauss = sm.matrix("X", n, p), {"X": sm.GaussianInit()}
    for k in (1, 2, 3, 4, 6):
        yield Case(f"E tr W^{k}", lambda k=k: sm.expectation(sm.trace((X.T @ X) ** k), gauss))
    yield Case("E (tr W)^3 tr W^2", lambda: sm.expectation(sm.trace(X.T @ X) ** 3 * sm.trace((X.T @ X) ** 2), gauss))
    three = sm.IndependentInit(moments_of({0: F(1, 2), 1: F(1, 4), 3: F(1, 4)}, 6))
    for name, law in (("signs", sm.IndependentInit(sm.Rademacher())), ("moments", three)):
        yield Case(f"E tr W^2, {name}", lambda w=law: sm.expectation(sm.trace((X.T @ X) ** 2), {"X": w}))
    C = sm.matrix("C", p, p)
    yield Case("E tr(C W C^T W)", lambda: sm.expectation(sm.trace(C @ X.T @ X @ C.T @ X.T @ X), gauss),
               lambda e: [e.evaluate({"C": numbers("C", 2, 2), "n": k}) for k in (3, 5)])
    yield Case("E tr((W o W) W)", lambda: sm.expectation(sm.trace(sm.hadamard(X.T @ X, X.T @ X) @ X.T @ X), gauss))
    yield Case("E tr(C kron(W, W))", lambda: sm.expectation(
        sm.trace(sm.matrix("D", (p, p), (p, p)) @ sm.kron(X.T @ X, X.T @ X)), gauss),
        lambda e: e.evaluate({"D": numbers("D", 2, 2, 2, 2), "n": 3}))


def queries() -> Iterator[Case]:
    data = sm.Empirical([[1, 2], [-1, 1], [0, 3], [2, -1], [1, 1], [-2, 1]])
    model = sm.Network((2, 3, 1), data=data)
    start = weights_of(model)
    for sampling in ("without_replacement", "with_replacement"):
        sgd = sm.SGD(model, "1/7", start, sampling)
        W1, W2 = (sm.weights_matrix(sgd, 1, k) for k in (1, 2))
        g1, g2, h2 = sm.gradient_matrix(sgd, 0, 1), sm.gradient_matrix(sgd, 0, 2), sm.gradient_matrix(sgd, 1, 2)
        C = sm.matrix("C", 2, 2)
        for name, query in (("tr(g1 g1^T)", sm.trace(g1 @ g1.T)), ("tr(W1_1 g1^T)", sm.trace(W1 @ g1.T)),
                            ("tr(g1^T W2_1^T W2_1 g1)", sm.trace(g1.T @ W2.T @ W2 @ g1)),
                            ("tr(h2^T g2) across steps", sm.trace(h2.T @ g2)),
                            ("tr(C g1^T g1) tr(W1_1^T W1_1)", sm.trace(C @ g1.T @ g1) * sm.trace(W1.T @ W1)),
                            ("tr(W1* W1_1^T)", sm.trace(sm.teacher_matrix(sgd, 1) @ W1.T))):
            yield Case(f"query {name}, {sampling}", lambda s=sgd, q=query: s.expectation(q),
                       lambda p: p.evaluate({"C": numbers("C", 2, 2)}) if p.symbols or not p.is_rational else p)
    letters_model = sm.Network(("p", "p1", "p2"))
    run = sm.SGD(letters_model)
    g1, g2 = sm.gradient_matrix(run, 0, 1), sm.gradient_matrix(run, 0, 2)
    for name, query in (("tr(g1^T g1)^2", sm.trace(g1.T @ g1) ** 2), ("tr(g2^T g2) tr(g1^T g1)",
                                                                       sm.trace(g2.T @ g2) * sm.trace(g1.T @ g1))):
        yield Case(f"query {name} in letters", lambda q=query: run.expectation(q), at_numbers(letters_model))


def cases() -> Iterator[Case]:
    for part in (whole, series, random_starts, expectations, queries):
        yield from part()
