"""How many terms the loss has in component form, before it is written out: the model run on counts.

>>> import sgdmoments as sm
>>> loss_terms(sm.Network((2, 3, 1)))
36
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmoments.models.model import Model


@dataclass(frozen=True, slots=True)
class Count:
    """A bound of the number of terms of a polynomial: sums add, products multiply, numbers are one term."""

    terms: int

    def __add__(self, other: Any) -> Count:
        return Count(self.terms + (other.terms if isinstance(other, Count) else int(other != 0)))

    __radd__ = __add__

    def __mul__(self, other: Any) -> Count:
        return Count(self.terms * (other.terms if isinstance(other, Count) else int(other != 0)))

    __rmul__ = __mul__


def loss_terms(model: Model) -> int:
    """A bound of the number of terms of the squared prediction, for a model whose dimensions are numbers."""
    one = Count(1)
    arrays = {p.name: np.full(tuple(map(int, p.shape)), one, dtype=object) for p in model.parameters}
    prediction = model.predict(arrays, np.full(int(model.inputs), one, dtype=object))
    return int(sum(entry.terms**2 for entry in prediction))
