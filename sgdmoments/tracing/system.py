"""A model as index graphs: its methods run on them, the residual, the loss and, by the gradient rule, its gradients.

Everything starts from the residual r (open ends: batch vertex 0, output 1), the loss being ½ Σ r² averaged over the
batch, or from a loss or a direction of the model's own; no gradient is typed in by hand. Where every term of the
residual has one data edge, the prediction is an array without data times x, as for a linear network R x with the error
matrix R = W_H ⋯ W₁ − W_H* ⋯ W₁*: that array is named, a derived letter, so that its many terms are one edge.

>>> import sgdmoments as sm
>>> system_of(sm.Network(("p", "q", 1))).residual
(1) <0|0] <1|1] R x.T[1,0]
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from sgdmoments.describe.array import Array
from sgdmoments.describe.model import Model
from sgdmoments.graphs.derived import derived_letter
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.graph import Monomial, disjoint_edges
from sgdmoments.graphs.index_sum import array_of, index_sum
from sgdmoments.graphs.join import squared_norm
from sgdmoments.graphs.labels import BATCH, Dimension, Label, ends_of, open_end
from sgdmoments.rules.gradient import differentiate
from sgdmoments.tracing.arrays import TracedArray
from sgdmoments.tracing.graphs import GRAPHS, letter
from sgdmoments.tracing.run import Traced, run

#: Makes the letter of a weight array from its name and dimensions.
Letters = Callable[[str, Sequence[Dimension]], Label]
#: The letters of a sample's parts where those have names of the package's own.
_NAMES = {"label": "y", "noise": "ε"}


@dataclass(frozen=True)
class System:
    """A model, as graphs.

    Attributes:
        weights: the trained arrays, in the order of the model's parameters.
        fixed: the model's constants, such as a teacher's arrays.
        data: the data labels (batch vertex, ...), one for each part of a sample.
        residual: prediction − label, open ends 0 (batch vertex), 1, ...; None where the loss is the model's own.
        own_loss: the loss where it is the model's own, averaged over the batch vertex.
        directions: where the model gives them, what is subtracted from each weight array.
        numbers: the numbers of letters that stand for arrays of numbers in the model's methods.
    """

    weights: tuple[Label, ...]
    fixed: tuple[Label, ...]
    data: tuple[Label, ...]
    residual: Expression | None = None
    own_loss: Expression | None = None
    directions: tuple[Expression, ...] | None = None
    numbers: tuple[tuple[Label, Any], ...] = ()

    @cached_property
    def loss(self) -> Expression:
        """½ Σ r², or the model's own loss, averaged over the batch vertex."""
        if self.residual is not None:
            return squared_norm(self.residual) * Fraction(1, 2)
        assert self.own_loss is not None
        return self.own_loss

    @cached_property
    def gradients(self) -> tuple[Expression, ...]:
        """The gradient of the loss by each weight array, or the model's direction: arrays with its open ends."""
        if self.directions is not None:
            return self.directions
        return tuple(differentiate(self.loss, label) for label in self.weights)

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """What decides the model's steps and its loss."""
        return tuple(e for e in (self.residual, self.own_loss, *(self.directions or ())) if e is not None)


def system_of(model: Model, name_letter: Letters = Label, taken: Collection[str] = (), *,
              plain: bool = False) -> System:
    """The system of a model.

    Args:
        name_letter: makes the letters of the weight arrays and the constants.
        taken: names of the user's letters, which the derived letter avoids; those of the model it avoids anyhow.
        plain: whether to do without the derived letter.

    Raises `RouteError` where a method of the model is no polynomial; it names the operation.
    """
    own = tuple(name_letter(p.name, ends_of(p.shape)) for p in model.parameters)
    fixed = tuple(name_letter(p.name, ends_of(p.shape)) for p in model.constants)
    data = tuple(map(_data_letter, model.law.parts))
    given = _given(model, own, fixed, data)
    numbers: dict[Label, Any] = {}

    def closed(block: Any) -> Expression:
        """Averaged over the batch vertex."""
        graphs = index_sum([(block.per_sample, (0, *block.axes))], block.axes, {0: BATCH, **block.dimensions})
        return _without_numbers(graphs, block, numbers)

    residual = loss = None
    if model.predicts:
        block = run(model, "residual", GRAPHS, *given)
        residual = _without_numbers(block.per_sample, block, numbers)
        if not plain and len(block.shape) == 1:
            names = {*taken, *(label.name for label in (*own, *fixed, *numbers))}
            residual = with_named_array(residual, data[0], free_name("R" if fixed else "W", names))
    elif model.has_loss:
        loss = closed(run(model, "loss", GRAPHS, *given))
    directions = None
    if model.has_direction:
        moves = run(model, "direction", GRAPHS, *given)
        directions = tuple(closed(moves[array.name] if array.shape else GRAPHS.with_axis(moves[array.name], 0))
                           for array in model.parameters)
    return System(own, fixed, data, residual, loss, directions, tuple(numbers.items()))


def _data_letter(part: Array) -> Label:
    return Label(_NAMES.get(part.name, part.name), (BATCH, *ends_of(part.shape)), kind="data")


def _given(model: Model, own: Sequence[Label], fixed: Sequence[Label], data: Sequence[Label]) -> tuple[Traced, ...]:
    """The arguments of the model's methods, as letters."""
    def arrays(described: Sequence[Array], labels: Sequence[Label], sample: bool = False) -> dict[str, TracedArray]:
        return {array.name: letter(label, sample) if array.shape else letter(label, sample).sum()
                for array, label in zip(described, labels, strict=True)}

    return arrays(model.parameters, own), arrays(model.constants, fixed), arrays(model.law.parts, data, True)


def _without_numbers(graphs: Expression, block: Any, numbers: dict[Label, Any]) -> Expression:
    """The graphs, the numbers of their letters put aside."""
    numbers.update(block.graphs.relevant)
    return Expression.from_raw(graphs.ring, graphs.raw)


def multiplies_x(model: Model) -> bool:
    """Whether f(x) = W x for the model's one weight array.

    >>> import sgdmoments as sm
    >>> multiplies_x(sm.Network(("p", "q"))), multiplies_x(sm.Network(("p", "q", 1)))
    (True, False)
    """
    part = model.law.parts[0]
    if (len(model.parameters) != 1 or len(model.parameters[0].shape) != 2 or len(part.shape) != 1
            or not model.predicts or model.has_direction):
        return False
    weights, data = Label("W", model.parameters[0].shape), tuple(map(_data_letter, model.law.parts))
    given = _given(model, [weights], [Label(c.name, ends_of(c.shape)) for c in model.constants], data)
    if weights.dimensions[1] != part.shape[0]:
        return False
    own = letter(weights) @ letter(data[0], sample=True)
    return bool(run(model, "predict", GRAPHS, *given).per_sample == own.block.graphs)


def with_named_array(residual: Expression, x: Label, name: str) -> Expression:
    """The residual with the array that multiplies x named, where every term has exactly one data edge.

    Where that array is a single letter it has a name already.
    """
    edges_of = {m: disjoint_edges(m)[0] for m in residual.raw}
    if any(sum(e[0].kind == "data" for e in edges) != 1 for edges in edges_of.values()):
        return residual
    factors: dict[Monomial, Any] = {}
    others: dict[Monomial, Any] = {}
    for m, edges in edges_of.items():
        (datum,) = (e for e in edges if e[0].kind == "data")
        if datum[0] is not x:
            others[m] = residual.raw[m]
            continue
        _, batch, feature = datum
        kept = [(open_end(0, e[0].dimensions[0]) if e[0].kind == "open" else e[0], *e[1:]) for e in edges
                if e is not datum and not (e[0].kind == "open" and e[1] == batch)]
        (only,) = Expression.from_edges([*kept, (open_end(1, x.dimensions[1]), feature)]).raw
        factors[only] = residual.raw[m]
    letters = max((sum(e[0].kind != "open" for e in disjoint_edges(m)[0]) for m in factors), default=0)
    if len(factors) < 2 and letters < 2:
        return residual
    named = derived_letter(name, Expression.from_raw(residual.ring, factors).compact())
    dimensions = dict(enumerate((BATCH, *named.dimensions)))
    product = index_sum([(array_of(named), (1, 2)), (array_of(x), (0, 2))], (0, 1), dimensions)
    return Expression.from_raw(residual.ring, others) + product


def free_name(name: str, taken: Collection[str]) -> str:
    """The name, with a number where a user's letter has it already."""
    candidate, k = name, 0
    while candidate in taken:
        k += 1
        candidate = f"{name}_{k}"
    return candidate
