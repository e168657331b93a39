"""The model as index graphs: prediction, residual, loss and, by the gradient rule, its gradients.

Everything starts from the residual r (open ends: batch vertex 0, output 1); the loss is ½ Σ r² averaged over the
batch, and no gradient is typed in by hand. For a linear network the residual is R x with the error matrix
R = W_H ⋯ W₁ − W_H* ⋯ W₁* as a derived letter.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, reduce

from sgdmoments.exact.ring import ring_of
from sgdmoments.graphs.derived import derived_letter
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.join import hadamard_product, matrix_product, renumber_open, squared_norm
from sgdmoments.graphs.labels import BATCH, Dimension, Label, open_end
from sgdmoments.rules.gradient import differentiate


def matrix(label: Label) -> Expression:
    """A matrix as an array with open ends 0 (row) and 1 (column)."""
    return Expression.from_edges([(label, 0, 1), *((open_end(k, d), k) for k, d in enumerate(label.dimensions))])


def ones(dimensions: Sequence[Dimension]) -> Expression:
    """The array of ones."""
    return Expression.from_edges([(open_end(k, d), k) for k, d in enumerate(dimensions)])


def activate(array: Expression, activation: Sequence[Fraction], dimensions: Sequence[Dimension]) -> Expression:
    """σ of each entry of an array, σ a polynomial given by its coefficients, constant first."""
    total = Expression()
    power = ones(dimensions)
    for k, c in enumerate(activation):
        if k:
            power = array if k == 1 else hadamard_product(power, array)
        if c:
            total = total + power * ring_of([c])(c)
    return total


def predict(weights: Sequence[Label], x: Label, activation: Sequence[Fraction]) -> Expression:
    """f(x) = W_H σ(… σ(W₁ x)) as an array with open ends 0 (batch vertex) and 1 (output)."""
    z = matrix(x)
    for layer, label in enumerate(weights):
        if layer:
            z = activate(z, activation, (BATCH, label.dimensions[1]))
        z = matrix_product(z, transposed(label))
    return z


def transposed(label: Label) -> Expression:
    """Wᵀ as an array with open ends 0 and 1."""
    return renumber_open(matrix(label), {0: 1, 1: 0})


@dataclass(frozen=True)
class System:
    """A network with squared loss, as graphs.

    Attributes:
        weights: the trained matrices W₁, …, W_H.
        teacher: the fixed matrices W₁*, …, W_H*, where there is a teacher.
        data: the data label x (batch vertex, feature), then those of labels and noise (batch vertex, output).
        residual: f(x) − label, open ends 0 (batch vertex) and 1 (output).
    """

    weights: tuple[Label, ...]
    teacher: tuple[Label, ...]
    data: tuple[Label, ...]
    residual: Expression

    @cached_property
    def loss(self) -> Expression:
        """½ Σ r², averaged over the batch vertex."""
        return squared_norm(self.residual) * Fraction(1, 2)

    @cached_property
    def gradients(self) -> tuple[Expression, ...]:
        """The gradient of the loss by each matrix: arrays with open ends 0 (row) and 1 (column)."""
        return tuple(differentiate(self.loss, label) for label in self.weights)


def network_system(widths: Sequence[Dimension], activation: Sequence[Fraction], teacher: bool, targets: bool,
                   noise: bool, letter: Callable[[str, Sequence[Dimension]], Label] = Label,
                   taken: Collection[str] = (), plain: bool = False) -> System:
    """The system of f(x) = W_H σ(… σ(W₁ x)).

    Args:
        widths: (p, p₁, …, p_H).
        activation: the coefficients of σ, constant first.
        teacher: whether the label has a teacher's part, of the same shape, with weights W1*, W2*, ….
        targets: whether the label has a part y given with each sample.
        noise: whether the label has independent noise ε.
        letter: makes the letters of the weights W1, W2, …, W1*, W2*, … from name and dimensions.
        taken: names of the user's letters, which the derived letter avoids.
        plain: whether to do without the derived letter of a linear network.
    """
    depth = len(widths) - 1
    shapes = {f"W{k + 1}": (widths[k + 1], widths[k]) for k in range(depth)}
    weights = tuple(letter(name, shape) for name, shape in shapes.items())
    x = Label("x", (BATCH, widths[0]), kind="data")
    fixed = tuple(letter(f"{name}*", shape) for name, shape in shapes.items()) if teacher else ()
    linear = not plain and all(c == 0 for k, c in enumerate(activation) if k != 1)
    if linear:
        scale = activation[1] ** (depth - 1) if depth > 1 else Fraction(1)
        error = end_to_end(weights) - (end_to_end(fixed) if teacher else Expression())
        error_letter = derived_letter(_free_name("R" if teacher else "W", taken), error * ring_of([scale])(scale))
        single = depth == 1 and not teacher
        residual = matrix_product(matrix(x), transposed(weights[0] if single else error_letter))
    else:
        residual = predict(weights, x, activation)
        if teacher:
            residual = residual - predict(fixed, x, activation)
    data = [x]
    for wanted, name in ((targets, "y"), (noise, "ε")):
        if wanted:
            data.append(Label(name, (BATCH, widths[-1]), kind="data"))
            residual = residual - matrix(data[-1])
    return System(weights, fixed, tuple(data), residual)


def _free_name(name: str, taken: Collection[str]) -> str:
    """The name, with a number where a user's letter has it already."""
    candidate, k = name, 0
    while candidate in taken:
        k += 1
        candidate = f"{name}_{k}"
    return candidate


def end_to_end(weights: Sequence[Label]) -> Expression:
    """The product W_H ⋯ W₁ as an array."""
    return reduce(lambda product, label: matrix_product(matrix(label), product), weights[1:], matrix(weights[0]))
