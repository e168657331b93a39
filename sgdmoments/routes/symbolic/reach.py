"""Which questions the symbolic route takes, decided before any graph is made."""

from __future__ import annotations

import sympy

from sgdmoments.describe.initial import is_random
from sgdmoments.describe.laws.base import Distribution
from sgdmoments.describe.laws.entries import Entries
from sgdmoments.describe.model import no_loss
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.describe.update import Update
from sgdmoments.errors import AssumptionError, RouteError
from sgdmoments.routes.symbolic.counts import read_counts

#: Steps of an update that are looked at one by one; none so late is answered on graphs.
_MOST_STEPS = 1_000


def no_graphs(sgd: Run) -> str:
    """Why a run's model has no index graphs; an empty text where it has.

    >>> import sgdmoments as sm
    >>> no_graphs(sm.SGD(sm.MomentRegression()))
    'index graphs take the law of one array, but MomentRegression has one of x and label together'
    """
    for factor in sgd.model.law.factors:
        if len(factor.parts) > 1 and factor.law.points is None:
            names = " and ".join(part.name for part in factor.parts)
            return f"index graphs take the law of one array, but {type(sgd.model).__name__} has one of {names} together"
    try:
        read_counts(sgd)
    except RouteError as error:
        return str(error)
    return ""


def applies(sgd: Run, quantity: Quantity) -> str:
    """Why the route cannot answer; an empty text where it can.

    >>> import sgdmoments as sm
    >>> applies(sm.SGD(sm.Network(("p", 1))), sm.gradient(1))
    ''
    """
    why_not = no_graphs(sgd)
    if why_not:
        return why_not
    if not has_graphs(quantity):
        return "index graphs are made for gradients, weights and the loss, each by itself"
    if quantity.kind == "loss" and not sgd.model.has_loss:
        return no_loss(sgd.model)
    law = sgd.model.law
    if law.points is not None and len(law.factors) > 1:
        return "label noise on a finite data set; route='components' answers it where the widths are numbers"
    for factor in law.factors:
        if factor.law.points is None and entries_of(factor.law) is None:
            return f"index graphs know Gaussian laws, independent coordinates and finite data, not {factor.law}"
    for name, value in sgd.initial.items():
        entries = entries_of(value) if is_random(value) else None
        if is_random(value) and (entries is None or entries.covariance is not None or entries.mean is not None):
            return f"initial[{name!r}] has entries that are not independent with mean zero or given moments"
    update = sgd.update_for(quantity)
    if not _at_weights(update, quantity.step):
        return "the gradient is not taken at the weights, which steps on index graphs assume"
    if isinstance(quantity.step, sympy.Symbol) and not update.is_plain and len(update.slots) > 1:
        return f"t is a letter, and with {update} the answer is no polynomial in t"
    if isinstance(quantity.step, sympy.Symbol) and sgd.schedule.constant is None:
        return "t is a letter and the learning rate is not constant"
    return ""


def entries_of(law: Distribution) -> Entries | None:
    """How graphs join the entries of a law; None where it does not say."""
    try:
        return law.entries()
    except AssumptionError:
        return None


def has_graphs(quantity: Quantity) -> bool:
    """Whether a quantity is one that index graphs are made for."""
    return quantity.is_along_the_run and quantity.left is None and quantity.kind != "sample_gradients"


def _at_weights(update: Update, step: int | sympy.Symbol) -> bool:
    """Whether the gradient of every step up to one is taken at the weights."""
    last = _MOST_STEPS if isinstance(step, sympy.Symbol) else min(step, _MOST_STEPS)
    constant = update.constant_from
    return all(update.step(t).at_weights for t in range((last if constant is None else min(last, constant)) + 1))
