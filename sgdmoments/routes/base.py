"""What a route is: it says which questions it takes and what they need, and prepares them; `assemble` does the rest.

A route has typed options, a dataclass of its own. What it prepares gives values in an arithmetic of its own
(`Prepared`); where these are expectations of observables, the three moments are assembled once (`assemble.Moments`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np

from sgdmoments.budget import Budget, Monitor, ProgressCallback, last_affordable
from sgdmoments.describe.quantities import Given
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.options import call, check_options


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What every route can be told.

    Attributes:
        given: for a variance with random initial weights: "initial", the variance given them, averaged over them;
            "nothing", the total variance.
        budget: what the work may use; what is predicted to need more is refused before it starts.
        progress: called with a `Progress` now and then; returning False stops the work.
    """

    given: Given = "initial"
    budget: Budget | None = None
    progress: ProgressCallback | None = None

    def __post_init__(self) -> None:
        check_options({field.name: getattr(self, field.name) for field in fields(self)})


Own = TypeVar("Own", bound=Options)


@dataclass(frozen=True, slots=True)
class Asked(Generic[Own]):
    """A question as it is put to one route.

    Attributes:
        sgd: the run.
        quantity: what is asked for.
        moment: "mean", "second_moment" or "variance".
        options: those of the route.
    """

    sgd: Run
    quantity: Quantity
    moment: str
    options: Own

    def at(self, step: int) -> Asked[Own]:
        """The same at another step."""
        return replace(self, quantity=replace(self.quantity, step=step))

    def __str__(self) -> str:
        return f"the {self.moment.replace('_', ' ')} of {self.quantity}"


class Prepared(ABC):
    """A question that is ready to be answered; a context around the work, for what has to be done before and after it.

    Attributes:
        asked: the question.
        scalar: whether the quantity is a number.
    """

    asked: Asked[Any]
    scalar: bool

    @abstractmethod
    def values(self) -> Iterable[Any]:
        """The components of a mean, or the one value of another moment, in the route's own arithmetic."""

    @abstractmethod
    def polynomial(self, value: Any) -> Any:
        """A value as a `BatchPolynomial`, with all of its receipt but the reason and the seconds."""

    def joined(self, answers: Sequence[Any]) -> Any:
        """One answer of the components': a flat object array for the mean of an array."""
        if self.scalar or self.asked.moment != "mean":
            return answers[0]
        array = np.empty(len(answers), dtype=object)
        array[:] = answers
        return array

    def __enter__(self) -> Prepared:
        return self

    def __exit__(self, *exception: object) -> None:
        return None


class Route(ABC, Generic[Own]):
    """One way to answer questions.

    Attributes:
        name: what a user calls it.
        Options: the dataclass of its options.
        whole: whether its answers are whole polynomials in 1/b.
    """

    name: ClassVar[str]
    whole: ClassVar[bool] = True
    Options: type[Own]

    @abstractmethod
    def why_not(self, sgd: Run, quantity: Quantity) -> str:
        """Why the route cannot answer a question about this quantity; an empty text where it can."""

    @abstractmethod
    def needs(self, asked: Asked[Own]) -> dict[str, Any]:
        """The terms, seconds and bytes of memory that a question is predicted to need; nothing is run."""

    @abstractmethod
    def nearest(self, asked: Asked[Own], budget: Budget) -> str:
        """For a question that is over the budget: what can be asked instead, in words."""

    @abstractmethod
    def prepare(self, asked: Asked[Own], monitor: Monitor) -> AbstractContextManager[Prepared]:
        """The question, ready to be answered; `BudgetExceeded` where it is predicted to be over the budget."""

    @property
    def takes(self) -> frozenset[str]:
        """The names of its options."""
        return frozenset(field.name for field in fields(self.Options))

    def read(self, sgd: Run, quantity: Quantity, moment: str, options: Mapping[str, Any]) -> Asked[Own]:
        """A question with its options; `InputError` for those that the route does not have, beside those it has."""
        return Asked(sgd, quantity, moment, call(self.Options, f"the {self.name} route", options))

    def require(self, asked: Asked[Own], monitor: Monitor, needs: Mapping[str, Any] | None = None) -> None:
        """Refuse what is predicted to be over the budget, before the work starts; `needs` where more is known."""
        monitor.require(f"{self.name}: {asked}", self.needs(asked) if needs is None else needs,
                        lambda: self.nearest(asked, monitor.budget))

    def earlier(self, asked: Asked[Own], budget: Budget) -> int | None:
        """The last step before the question's own at which it is affordable, if there is one."""
        return last_affordable(budget, lambda step: self.needs(asked.at(step)), int(asked.quantity.step))
