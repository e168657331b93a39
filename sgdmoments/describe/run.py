"""A run of SGD as a description: a model, a learning rate, initial weights and a way of sampling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import sympy

from sgdmoments.describe.batches import Batches
from sgdmoments.describe.description import Description
from sgdmoments.describe.initial import Init, is_random
from sgdmoments.describe.model import Model
from sgdmoments.describe.quantities import read_quantity
from sgdmoments.describe.quantity import AVERAGE, Quantity
from sgdmoments.describe.schedule import Schedule
from sgdmoments.describe.shapes import check_model
from sgdmoments.describe.start import read_initial
from sgdmoments.describe.update import Averaged, Momentum, Update, check_slots, read_update
from sgdmoments.describe.values import symbols
from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import fresh_symbol
from sgdmoments.reading import read_integer, shown

#: The words that describe an update.
_WORDS = ("momentum", "nesterov", "dampening", "weight_decay")


class Run(Description):
    """What a question is asked about. `SGD` adds the questions, and says what the arguments are.

    Attributes:
        model: what is trained, on which data.
        initial: read-only, for each parameter name an exact array, an `Init`, or None (a letter).
        schedule: the learning rates.
        batches: how the batches are drawn.
        update: how a step moves the weights and what goes with them.

    A run is frozen: `replace` makes another.
    """

    __slots__ = ("batches", "initial", "memo", "model", "schedule", "update")
    working = Description.working | {"memo"}

    def __init__(self, model: Model, learning_rate: Any = None, initial: Any = None,
                 sampling: str | None = None, *, momentum: Any = 0, nesterov: bool = False, dampening: Any = 0,
                 weight_decay: Any = 0, update: Update | None = None) -> None:
        if not isinstance(model, Model):
            raise InputError(f"model: expected LinearRegression or Network, found {shown(model)}.")
        check_model(model)
        self.model = model
        self.batches = Batches.read(sampling, model.n)
        self.initial: Mapping[str, np.ndarray[Any, Any] | Init | None] = read_initial(model, initial)
        self.update = read_update(update, momentum, nesterov, dampening, weight_decay)
        check_slots(self.update, model.parameters)
        if learning_rate is None:
            learning_rate = self._letter()
        self.schedule = learning_rate if isinstance(learning_rate, Schedule) else Schedule(learning_rate)

    def _seal(self) -> None:
        #: What routes keep between questions; not part of the description.
        self.memo: dict[str, Any] = {}
        super()._seal()

    def replace(self, **changes: Any) -> Self:
        """The same run but for some of its arguments: model, learning_rate, initial, sampling, momentum, ...

        Arguments that were left to their defaults are so again.

        >>> import sgdmoments as sm
        >>> sgd = sm.SGD(sm.LinearRegression([[1], [2]], [1, 2]), "1/10", [0])
        >>> sgd.replace(sampling="with_replacement").sampling, sgd.sampling
        ('with_replacement', 'without_replacement')
        """
        arguments = self._arguments()
        if arguments["learning_rate"] == self._letter():
            arguments["learning_rate"] = None
        unknown = sorted(set(changes) - set(arguments))
        if unknown:
            raise InputError(f"replace: a run has no {', '.join(unknown)}; it has {', '.join(arguments)}.")
        if changes.get("update") is not None:  # it says all of the step, and so do the words
            arguments = {name: value for name, value in arguments.items() if name not in _WORDS}
        elif any(name in changes for name in _WORDS):
            arguments["update"] = None
        return type(self)(**{**arguments, **changes})

    def _letter(self) -> sympy.Symbol:
        """The learning rate where none is given."""
        return fresh_symbol("alpha", self._problem_symbols())

    def _arguments(self) -> dict[str, Any]:
        given = {name: value for name, value in self.initial.items() if value is not None}
        return {"model": self.model, "learning_rate": self.schedule.learning_rate, "initial": given or None,
                "sampling": None if self.batches.is_default else self.sampling, **self._update_arguments()}

    def _update_arguments(self) -> dict[str, Any]:
        own = self.update
        if not isinstance(own, Momentum):
            return {"momentum": 0, "nesterov": False, "dampening": 0, "weight_decay": 0, "update": own}
        return {"momentum": own.momentum, "nesterov": own.nesterov, "dampening": own.dampening,
                "weight_decay": own.weight_decay, "update": None}

    def rates(self, t: int) -> tuple[Any, ...]:
        """The learning rate of each parameter array at step t."""
        t = read_integer(t, "t", 0, "steps count from 0")
        return (self.schedule(t),) * len(self.model.parameters)

    def update_for(self, *quantities: Quantity) -> Update:
        """The update with the slots that the quantities read, where they bring one.

        Raises `InputError` where a quantity reads a slot that there is not.
        """
        update = self.update
        for quantity in (leaf for given in map(read_quantity, quantities) for leaf in given.leaves):
            name = quantity.slot_name
            if name is not None and name not in update.slots:
                if quantity.slot != AVERAGE:
                    raise InputError(f"{quantity!r}: the update keeps {', '.join(update.slots)}, and no {name!r}; "
                                     "give the run a momentum, or an update with a slot of this name.")
                update = Averaged(update, quantity.decay)
        return update

    def as_plain(self) -> Self:
        """This run, or one that moves by w - alpha g where it does not."""
        plain = {"momentum": 0, "nesterov": False, "dampening": 0, "weight_decay": 0, "update": None}
        return self if self.update.is_plain else self.replace(**plain)

    def symbols(self, quantity: Quantity | None = None) -> frozenset[sympy.Symbol]:
        """The user's symbols: in the model, the initial weights, the learning rates, and the question if given.

        Of a callable learning rate those of the rates before the question's step.
        """
        found = self.memo.get("symbols")
        if found is None:
            found = self.memo["symbols"] = self._problem_symbols()
        if quantity is None:
            return found | self.schedule.symbols(0)
        quantity = read_quantity(quantity)
        steps = quantity.step if isinstance(quantity.step, int) else 0
        return found | self.schedule.symbols(steps) | quantity.symbols

    def _problem_symbols(self) -> frozenset[sympy.Symbol]:
        return self.model.free_symbols | symbols(self.initial) | self.update.free_symbols

    @property
    def n(self) -> int | None:
        """The number of data points; None for fresh samples."""
        return self.model.n

    @property
    def starts_at_random(self) -> bool:
        """Whether some of the initial weights are given by their law."""
        return any(map(is_random, self.initial.values()))

    @property
    def sampling(self) -> str:
        """"without_replacement", "with_replacement" or "fresh"."""
        return self.batches.sampling

    @property
    def population(self) -> int | None:
        """n where batches are drawn without replacement (then b <= n), else None."""
        return self.batches.population

    def asked(self) -> Self:
        """This run, at the beginning of a question: nothing is kept of a model that may have changed."""
        if not self.by_value:
            self.memo.clear()
        return self
