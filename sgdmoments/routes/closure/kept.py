"""What a run keeps of closure: its gradient and operators, shared by the route and by questions over all steps."""

from __future__ import annotations

from typing import Any

from sgdmoments.budget import Budget
from sgdmoments.describe.initial import is_random
from sgdmoments.describe.letters import user_letters
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.errors import RouteError
from sgdmoments.recursion.sample_moments import SampleMoments, sample_gradient
from sgdmoments.routes.closure.operator import StepOperator
from sgdmoments.routes.closure.sizes import require_operator

#: What the operator rests on.
RULES = ("P0, Lemma 3.1 (variance over one batch)", "P0, Theorem 3.2, corrected (one step of SGD)")


def gradient_of(sgd: Run) -> Any:
    """The per-sample gradient of the model in component form, kept with the SGD object."""
    cache = sgd.memo
    if "gradient" not in cache:
        constants = {}
        for parameter in sgd.model.constants:
            value = sgd.initial[parameter.name]
            if is_random(value):
                raise RouteError(f"{parameter.name} is random; the closure route needs a fixed teacher.")
            constants[parameter.name] = user_letters(parameter, sgd.symbols()) if value is None else value
        cache["gradient"] = sample_gradient(sgd.model, constants)
    return cache["gradient"]


def operator_of(sgd: Run, order: int, budget: Budget, quantity: Quantity | None = None) -> StepOperator:
    """The operator of the given order on the state that the quantity needs, kept with the SGD object."""
    slots = len((sgd.update if quantity is None else sgd.update_for(quantity)).slots)
    key = f"operator {order} {slots}"
    if key not in sgd.memo:
        require_operator(sgd, order, budget, slots)
        if "moments" not in sgd.memo:
            sgd.memo["moments"] = SampleMoments(sgd.model.law)
        sgd.memo[key] = StepOperator(gradient_of(sgd), sgd.memo["moments"], sgd.batches, order, slots)
    return sgd.memo[key]
