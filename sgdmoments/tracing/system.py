"""A model as index graphs: its `predict` run on them, the residual, the loss and, by the gradient rule, its gradients.

Everything starts from the residual r (open ends: batch vertex 0, output 1); the loss is ½ Σ r² averaged over the
batch, and no gradient is typed in by hand. Where every term of the residual has one data edge, the prediction is an
array without data times x, as for a linear network R x with the error matrix R = W_H ⋯ W₁ − W_H* ⋯ W₁*: that array
is named, a derived letter, so that its many terms are one edge.

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

from sgdmoments.describe.model import Model
from sgdmoments.graphs.derived import derived_letter
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.graph import Monomial, disjoint_edges
from sgdmoments.graphs.index_sum import array_of, index_sum
from sgdmoments.graphs.join import squared_norm
from sgdmoments.graphs.labels import BATCH, Dimension, Label, open_end
from sgdmoments.rules.gradient import differentiate
from sgdmoments.tracing.graphs import letter
from sgdmoments.tracing.run import run

#: Makes the letter of a weight array from its name and dimensions.
Letters = Callable[[str, Sequence[Dimension]], Label]


@dataclass(frozen=True)
class System:
    """A model with squared loss, as graphs.

    Attributes:
        weights: the trained arrays, in the order of the model's parameters.
        teacher: the fixed arrays of the teacher, where there is one.
        data: the data label x (batch vertex, coordinate), then those of labels and noise (batch vertex, output).
        residual: prediction − label, open ends 0 (batch vertex) and 1 (output).
        constants: the numbers of letters that stand for arrays of numbers in `predict`.
    """

    weights: tuple[Label, ...]
    teacher: tuple[Label, ...]
    data: tuple[Label, ...]
    residual: Expression
    constants: tuple[tuple[Label, Any], ...] = ()

    @cached_property
    def loss(self) -> Expression:
        """½ Σ r², averaged over the batch vertex."""
        return squared_norm(self.residual) * Fraction(1, 2)

    @cached_property
    def gradients(self) -> tuple[Expression, ...]:
        """The gradient of the loss by each weight array: arrays with its open ends."""
        return tuple(differentiate(self.loss, label) for label in self.weights)


def system_of(model: Model, name_letter: Letters = Label, taken: Collection[str] = (), *,
              plain: bool = False) -> System:
    """The system of a model.

    Args:
        name_letter: makes the letters of the weight arrays.
        taken: names of the user's letters, which the derived letter avoids; those of the model it avoids anyhow.
        plain: whether to do without the derived letter.

    Raises `RouteError` where `predict` is no polynomial; it names the operation.
    """
    own = tuple(name_letter(p.name, p.shape) for p in model.parameters)
    fixed = tuple(name_letter(p.name, p.shape) for p in model.teacher_parameters)
    data = [Label("x", (BATCH, model.inputs), kind="data")]
    residual = prediction(model, own, data[0])
    if fixed:
        residual = residual - prediction(model, fixed, data[0])
    for wanted, name in ((model.targets is not None, "y"), (model.noise is not None, "ε")):
        if wanted:
            data.append(Label(name, (BATCH, model.outputs), kind="data"))
            residual = residual - array_of(data[-1])
    constants, residual = residual.relevant, Expression.from_raw(residual.ring, residual.raw)
    if not plain:
        names = {*taken, *(label.name for label in (*own, *fixed, *constants))}
        residual = with_named_array(residual, data[0], free_name("R" if fixed else "W", names))
    return System(own, fixed, tuple(data), residual, tuple(constants.items()))


def prediction(model: Model, weights: Sequence[Label], x: Label) -> Expression:
    """f(x) as an array with open ends 0 (batch vertex) and 1 (output)."""
    graphs: Expression = run(model, [letter(label) for label in weights], letter(x, sample=True)).per_sample
    return graphs


def multiplies_x(model: Model) -> bool:
    """Whether f(x) = W x for the model's one weight array.

    >>> import sgdmoments as sm
    >>> multiplies_x(sm.Network(("p", "q"))), multiplies_x(sm.Network(("p", "q", 1)))
    (True, False)
    """
    if len(model.parameters) != 1 or len(model.parameters[0].shape) != 2:
        return False
    weights, x = Label("W", model.parameters[0].shape), Label("x", (BATCH, model.inputs), kind="data")
    own = letter(weights) @ letter(x, sample=True)
    return bool(prediction(model, [weights], x) == own.block.graphs)


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
