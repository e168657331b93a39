"""The one refusal of questions that need a model linear in its weights, with numbers for its dimensions."""

from __future__ import annotations

from sgdmoments.describe.quantities import weights
from sgdmoments.describe.run import Run
from sgdmoments.errors import RouteError
from sgdmoments.routes.closure.answer import applies


def require_linear(sgd: Run, what: str, instead: str = "") -> None:
    """Raise `RouteError` where the moments of the model do not close, or its dimensions are letters.

    Args:
        what: the question, as the subject of the message.
        instead: what answers it on index graphs, for a network of one layer whose widths are letters.
    """
    if "closure refusal" not in sgd.memo:
        sgd.memo["closure refusal"] = applies(sgd, weights(0))
    reason = sgd.memo["closure refusal"]
    if not reason:
        return
    text = f"{what} needs a model that is linear in its weights, in numbers: {reason}."
    if instead and "widths" in reason and len(sgd.model.parameters) == 1:
        text += f" On index graphs, letters kept: {instead}."
    raise RouteError(text)
