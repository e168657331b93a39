"""A method of a model, run on traced arrays: what it returns, or which operation is none that index graphs know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sgdmoments.describe.model import Model, as_array
from sgdmoments.errors import RouteError, SgdMomentsError, Stopped
from sgdmoments.tracing.arrays import ALLOWED, Algebra, TracedArray, read_block

#: Traced arrays by name.
Traced = Mapping[str, TracedArray]


def run(model: Model, method: str, algebra: Algebra, *given: Traced) -> Any:
    """The block that a method gives, of a vector where it gives a list; of `direction` a dict of blocks.

    Args:
        method: "predict", "residual", "label", "loss" or "direction".
        given: the method's arguments: weights, constants and sample, by name.

    Raises `RouteError` with the operation's name where the method is no polynomial.
    """
    shown = "predict" if method == "residual" else method
    said = f"index graphs cannot follow {type(model).__name__}.{shown}"
    try:
        found = getattr(model, method)(*given)
        if method == "direction":
            return {array.name: read_block(found[array.name], algebra, shown) for array in model.parameters}
        return read_block(found if method == "loss" else as_array(found), algebra, shown)
    except Stopped:
        raise
    except SgdMomentsError as error:
        raise RouteError(f"{said}: {str(error).rstrip('.')}") from error
    except AttributeError as error:
        raise RouteError(f"{said}: .{error.name}: {ALLOWED}") from error
    except Exception as error:
        raise RouteError(f"{said}: {type(error).__name__}: {error}; {ALLOWED}") from error
