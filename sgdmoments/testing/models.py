"""One call that tests a model of a user's own: every route, the enumeration and the simulator against one another."""

from __future__ import annotations

import pickle
import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import sympy

from sgdmoments.budget import Budget
from sgdmoments.describe.array import Array
from sgdmoments.describe.model import Model
from sgdmoments.describe.quantities import gradient, loss, weights
from sgdmoments.describe.quantity import Quantity
from sgdmoments.errors import AssumptionError, BudgetExceeded, InputError, MissingExtraError, RouteError
from sgdmoments.reading import read_integer, read_sequence, shown
from sgdmoments.sgd import SGD
from sgdmoments.testing.enumerate import enumerate_moment

#: What a route may use for one answer.
_BUDGET = Budget(seconds=3, terms=10**6, memory=10**9)
#: Sequences of batches that are listed for one number.
_LIMIT = 20_000
#: Runs of the simulator.
_SAMPLES = 16_000


def check_model(model: Model, batch_sizes: Sequence[int] = (1, 2), seed: int = 0) -> tuple[str, ...]:
    """Tests that every route, the enumeration and the simulator say the same of a model.

    The model is run from small random weights with the learning rate 1/7: w_1, g_0, g_1, and L(w_0), L(w_1) where it
    has a loss; means and variances, under every way of sampling. Numbers of one route must be those of another,
    exactly; the simulator's within its errors. What would take long is left out; give a model of small size.

    Args:
        model: of any class that derives from `Model`, its dimensions numbers.
        batch_sizes: where polynomials are compared with the enumeration.
        seed: of the random weights.

    Returns the names of what was compared: "enumeration", routes, "simulation", and "copies" (by JSON and pickle,
    where the class can be found by its name), or "identity" for a model that holds an object which may change: it
    equals itself only, and its answers are computed anew each time.

    Raises `InputError` that names what disagrees, `AssumptionError` where there is nothing to compare.

    >>> import sgdmoments as sm
    >>> check_model(sm.LinearRegression([[1], [2], [4]], [1, 1, 2]))
    ('closure', 'components', 'enumeration', 'symbolic', 'simulation', 'copies')
    """
    if not isinstance(model, Model):
        raise InputError(f"check_model: expected a model, found {shown(model)}.")
    if model.has_letter_shapes or model.law.dimension is None:
        raise InputError("check_model: the dimensions of the model must be numbers; letters are routes' own matter.")
    sizes = [read_integer(b, "batch_sizes", 1, "a batch size is an integer >= 1")
             for b in read_sequence(batch_sizes, "batch_sizes", "a list of batch sizes is needed")]
    start = _start(model, read_integer(seed, "seed", 0, "a seed is an integer >= 0"))
    found: set[str] = set()
    samplings = ("without_replacement", "with_replacement") if model.law.points is not None else (None,)
    for sampling in samplings:
        sgd = SGD(model, Fraction(1, 7), start, sampling)
        for quantity in _quantities(model):
            for moment in ("variance", "mean"):
                found |= _compared(sgd, quantity, moment, sizes)
    if len(found) < 2:
        raise AssumptionError(f"check_model: {type(model).__name__} is answered by {', '.join(found) or 'no route'} "
                              "alone at this size, so there is nothing to compare; give a smaller model.")
    simulated = ("simulation",) if _simulated(SGD(model, Fraction(1, 7), start)) else ()
    return (*sorted(found), *simulated, *_copies(model))


def _start(model: Model, seed: int) -> dict[str, Any]:
    draw = random.Random(seed)

    def values(array: Array) -> np.ndarray[Any, Any]:
        entries = np.empty(int(array.size), dtype=object)
        entries[:] = [Fraction(draw.choice([-3, -2, -1, 1, 2, 3]), 2) for _ in entries]
        return entries.reshape(tuple(map(int, array.shape)))

    return {array.name: values(array) for array in (*model.parameters, *model.constants)}


def _quantities(model: Model) -> Iterator[Quantity]:
    yield from (weights(1), gradient(0), gradient(1))
    if model.has_loss:
        yield from (loss(0), loss(1))


def _compared(sgd: SGD, quantity: Quantity, moment: str, sizes: Sequence[int]) -> set[str]:
    """Who answers, all alike; `InputError` where two do not agree."""
    answers: dict[str, Any] = {}
    for estimate in sgd.plan(quantity, moment, _BUDGET):
        if estimate.affordable and estimate.route != "expansion":  # which gives the first coefficients only
            with suppress(BudgetExceeded):
                answers[estimate.route] = getattr(sgd, moment)(quantity, route=estimate.route, budget=_BUDGET)
    said = set(answers)
    for b in sizes:
        if sgd.population is not None and b > sgd.population:
            continue
        values = {name: _at(answer, b) for name, answer in answers.items()}
        with suppress(BudgetExceeded, AssumptionError):
            values["enumeration"] = _at(enumerate_moment(sgd, quantity, b, moment, limit=_LIMIT), b)  # type: ignore[arg-type]
        said |= set(values)
        for (first, expected), (name, value) in pairwise(values.items()):
            if not _same(value, expected):
                raise InputError(f"{type(sgd.model).__name__}: the {moment} of {quantity} at b = {b} "
                                 f"({sgd.batches.words}) is {shown(expected)} by {first}, but {shown(value)} by "
                                 f"{name}.")
    return said if len(said) > 1 else set()


def _at(answer: Any, b: int) -> list[Any]:
    entries = list(np.ravel(answer)) if isinstance(answer, np.ndarray) else [answer]
    return [entry(b) if callable(entry) else entry for entry in entries]


def _same(a: list[Any], c: list[Any]) -> bool:
    return len(a) == len(c) and all(x == y or sympy.expand(sympy.sympify(x) - sympy.sympify(y)) == 0
                                    for x, y in zip(a, c, strict=True))


def _simulated(sgd: SGD) -> bool:
    """Whether the simulator confirmed var(g_1); `InputError` where it refutes it."""
    try:
        from sgdmoments.simulate.check import check  # needs JAX, which the rest here does without

        report = check(sgd, gradient(1), samples=_SAMPLES, seed=0)
    except (MissingExtraError, AssumptionError, BudgetExceeded, RouteError):
        return False
    if report.verdict == "rejected":
        raise InputError(f"{type(sgd.model).__name__}: the simulator does not give the exact var(g_1):\n{report}")
    return bool(report.verdict == "passed")


def _copies(model: Model) -> tuple[str, ...]:
    if not model.by_value:
        return ("identity",)
    try:
        text = model.to_json()
    except InputError:  # what it holds has no text, or its class no name
        return ()
    if type(model).from_json(text) != model or pickle.loads(pickle.dumps(model)) != model:
        raise InputError(f"{type(model).__name__}: a copy (by JSON or pickle) is not equal to the model.")
    return ("copies",)
