"""What users hand over with a loss of their own: pytrees of arrays, learning rates, the loss; read and checked."""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import to_fraction
from sgdmoments.reading import is_bytes, read_function, read_sequence, shortened, shown
from sgdmoments.simulate.backend import jax, jnp

#: Trees of arrays are nested no deeper.
_DEEPEST = 100


def read_arrays(tree: Any, name: str, floats: bool = False) -> Any:
    """A pytree of JAX arrays of finite numbers, at least one of them with entries; `InputError` for anything else.

    Args:
        floats: whether they are weights: no truth values, and integers are taken as floats.
    """
    def read(leaf: Any) -> Any:
        try:
            array = np.asarray(None if is_bytes(leaf) or np.ma.is_masked(leaf) else leaf)
        except Exception:  # whatever an object's own conversion raises
            array = np.asarray(None)
        floating = jnp.issubdtype(array.dtype, jnp.floating)
        if not (floating or array.dtype.kind in "iu" or (array.dtype == bool and not floats)):
            raise InputError(f"{name}: expected a pytree of arrays of numbers, found {type(leaf).__name__} in it.")
        found = jnp.asarray(array, dtype=float) if floats and not floating else jnp.asarray(array)
        if not jnp.isfinite(found).all():
            raise InputError(f"{name}: found an infinity or NaN; every number must be finite.")
        return found

    _check_nesting(tree, name)
    arrays = jax.tree.map(read, tree, is_leaf=lambda leaf: leaf is None)
    if not any(leaf.size for leaf in jax.tree.leaves(arrays)):
        raise InputError(f"{name}: found no numbers; expected a pytree of arrays.")
    return arrays


def read_examples(tree: Any, name: str) -> int:
    """n, the length of the first axis that all arrays share."""
    shapes = [leaf.shape for leaf in jax.tree.leaves(tree)]
    lengths = sorted({shape[0] if shape else 0 for shape in shapes})
    if len(lengths) != 1:
        raise InputError(f"{name}: the first axes have different lengths {lengths}.")
    if not lengths[0]:
        raise InputError(f"{name}: expected one or more examples along the first axes, found shapes {shapes}.")
    return int(lengths[0])


def _check_nesting(tree: Any, name: str) -> None:
    """`InputError` for a tree too deep for JAX, which after such a one takes every tree for too deep."""
    level = [tree]
    for _ in range(_DEEPEST):
        inner = [entry for node in level if isinstance(node, (list, tuple, dict))
                 for entry in (node.values() if isinstance(node, dict) else node)]
        level = list({id(entry): entry for entry in inner}.values())
    if level:
        raise InputError(f"{name}: found lists more than {_DEEPEST} deep in one another.")


def read_rates(rates: Any) -> list[float]:
    """Finite learning rates as floats."""
    listed = read_sequence(rates, "learning_rates", "a list of numbers is needed, one a step")
    try:
        return [float(to_fraction(rate, "learning_rates")) for rate in listed]
    except OverflowError:
        raise InputError("learning_rates: found one beyond floating-point numbers (1.8e308).") from None


def check_loss(loss: Any, *arguments: Any) -> None:
    """`InputError` where loss(*arguments) is not one real number."""
    read_function(loss, "loss", "a function of the weights and a sample (or a batch) is needed", len(arguments))
    try:
        found = jax.tree.leaves(jax.eval_shape(loss, *arguments))
    except Exception as error:  # the function is a user's
        raise InputError(f"loss: it cannot be computed from such weights and data: "
                         f"{shortened(shown(error), 500)}") from error
    if len(found) != 1 or found[0].shape != () or not jnp.issubdtype(found[0].dtype, jnp.floating):
        shapes = ", ".join(f"{leaf.dtype}{list(leaf.shape)}" for leaf in found)
        raise InputError(f"loss: expected a function that gives one real number, found {shapes or 'nothing'}.")
