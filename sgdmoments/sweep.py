"""Many questions at once: over steps, learning rates, weights, batch laws; spread over workers if wished."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

from sgdmoments.budget import Monitor, ProgressCallback
from sgdmoments.describe.description import sealed
from sgdmoments.describe.quantities import check_moment, read_quantity
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.values import FrozenDict
from sgdmoments.errors import InputError
from sgdmoments.options import check_options
from sgdmoments.reading import read_sequence, shown
from sgdmoments.routes.plan import answer
from sgdmoments.sgd import SGD


@sealed
@dataclass(frozen=True, slots=True)
class Question:
    """One question of a sweep: what `SGD.variance` and its kin take.

    Attributes:
        sgd: the run.
        quantity: what is asked for.
        moment: "variance", "second_moment" or "mean".
        options: route, learning_rate_order, inverse_batch_order, given, budget, ...
    """

    sgd: SGD
    quantity: Quantity
    moment: str = "variance"
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.sgd, SGD):
            raise InputError(f"sgd: found {shown(self.sgd)}; a question is asked of an SGD.")
        read_quantity(self.quantity)
        check_moment(self.moment)
        if not isinstance(self.options, Mapping) or not all(isinstance(name, str) for name in self.options):
            raise InputError(f"options: found {shown(self.options)}; expected a dict such as {{'route': 'closure'}}.")
        object.__setattr__(self, "options", FrozenDict(self.options))


def sweep(questions: Iterable[Question], *, executor: Executor | None = None,
          progress: ProgressCallback | None = None) -> list[Any]:
    """The answers, in the order of the questions; they do not depend on how the work is spread.

    Args:
        questions: each is answered by itself.
        executor: any `concurrent.futures` executor: of processes or threads here, or of dask, loky, mpi4py on
            more machines. Questions are sent by pickle: with processes a learning rate cannot be a lambda.
        progress: called after each answer with a `Progress`; returning False stops the sweep.

    Raises whatever a question raises, the first in their order.

    >>> import sgdmoments as sm
    >>> model = sm.LinearRegression([[1], [2], [3]], [1, 1, 2])
    >>> runs = [SGD(model, rate, [0]) for rate in ("1/10", "1/5")]
    >>> [p.degree for p in sweep(Question(sgd, sm.gradient(t)) for sgd in runs for t in (0, 1))]
    [1, 2, 1, 2]
    """
    check_options({"executor": executor})
    asked = read_sequence(questions, "questions", "a sweep takes a list of Question(sgd, quantity, ...)")
    for k, question in enumerate(asked):
        if not isinstance(question, Question):
            raise InputError(f"questions[{k}]: found {shown(question)}; a sweep takes Question(sgd, quantity, ...).")
    monitor = Monitor(None, progress)
    pending = None if executor is None else [executor.submit(_answer, question) for question in asked]
    answers: list[Any] = []
    try:
        for k, question in enumerate(asked):
            answers.append(_answer(question) if pending is None else pending[k].result())
            monitor.update("sweep", k + 1, len(asked))
    finally:
        for future in pending or ():
            future.cancel()  # does nothing to those that are done
    return answers


def _answer(question: Question) -> Any:
    return answer(question.sgd.asked(), question.moment, question.quantity, **question.options)
