"""Every exception of the package.

A message says what was found, which assumption failed, and what to try. All of them derive from
`SgdMomentsError`, so one `except` catches whatever the package raises on purpose.
"""

from __future__ import annotations

import warnings
from typing import Any


class SgdMomentsError(Exception):
    """Base of all errors that the package raises on purpose."""


class InputError(SgdMomentsError, ValueError):
    """An argument cannot be used: NaN, a wrong shape, b > n, an unknown name, ..."""


class FrozenError(InputError, AttributeError):
    """Something was assigned to a description (a model, a law, a run): descriptions never change."""


class OperandError(InputError, TypeError):
    """An operator between things that have none: also the `TypeError` that Python raises for such."""


class AssumptionError(SgdMomentsError):
    """The question needs an assumption that the model or the data law does not satisfy."""


class Diverges(AssumptionError):
    """A limit was asked for where there is none: a base of the closed form lies on or outside the unit circle.

    Attributes:
        threshold: the learning rate below which moments of that order converge, a number or an enclosure; None
            where it was not computed.
    """

    def __init__(self, message: str, threshold: Any = None) -> None:
        super().__init__(message)
        self.threshold = threshold


class NeverDecreases(AssumptionError):
    """A threshold b_0 was asked of a polynomial that increases with the batch size up to the last one."""


class RouteError(SgdMomentsError):
    """No route, or not the route asked for, can answer the question."""


class MissingExtraError(SgdMomentsError, ImportError):
    """An optional dependency is needed: the message names the extra to install."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs the optional extra {extra!r}: pip install 'sgdmoments[{extra}]'")


class BudgetExceeded(SgdMomentsError):
    """The question is larger than the budget allows; raised before the work starts where that can be known.

    Attributes:
        estimate: what the work is estimated to need, e.g. ``{"terms": 4_100_000}``.
        nearest: the nearest affordable question, in words.
    """

    def __init__(self, message: str, estimate: dict[str, Any] | None = None, nearest: str = "") -> None:
        super().__init__(message + (f" Nearest affordable question: {nearest}" if nearest else ""))
        self.estimate = dict(estimate or {})
        self.nearest = nearest


class DivergenceWarning(RuntimeWarning):
    """A simulation left the range of floating-point numbers; what it recorded from there on is inf or NaN."""


class TruncationWarning(UserWarning):
    """A truncated answer was evaluated where its last term is not small against the sum; see `exact.truncation`."""


class Stopped(SgdMomentsError):
    """A progress callback returned False: the work was stopped at the user's wish."""


class CertificateError(SgdMomentsError):
    """A certificate does not prove what it claims."""


class RewriteError(SgdMomentsError):
    """A rewrite changed the value of an expression (found by evaluation modulo a prime); names the rule."""


# Each evaluation says so, not only the first one on a line; a filter of the user's comes before this one.
warnings.simplefilter("always", TruncationWarning, append=True)
