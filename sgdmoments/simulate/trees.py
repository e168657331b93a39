"""What users hand over with a loss of their own: pytrees of arrays, learning rates, the loss; read and checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import to_fraction
from sgdmoments.simulate.backend import jax, jnp


def read_arrays(tree: Any, name: str, floats: bool = False) -> Any:
    """A pytree of JAX arrays, at least one of them with entries; `InputError` where a leaf is no array of numbers."""
    def read(leaf: Any) -> Any:
        try:
            array = np.asarray(leaf)
            real = jnp.issubdtype(array.dtype, jnp.floating) or jnp.issubdtype(array.dtype, jnp.integer)
            if real or (array.dtype == bool and not floats):
                return jnp.asarray(array, dtype=float) if floats else jnp.asarray(array)
        except (TypeError, ValueError, OverflowError):
            pass
        raise InputError(f"{name}: expected a pytree of arrays of numbers, found {type(leaf).__name__} in it.")

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


def read_rates(rates: Any) -> list[float]:
    """Finite learning rates as floats."""
    if isinstance(rates, (str, bytes, dict)) or not isinstance(rates, Iterable):
        raise InputError(f"learning_rates: expected a list of numbers, one a step, found {type(rates).__name__}.")
    try:
        return [float(to_fraction(rate, "learning_rates")) for rate in np.asarray(rates, dtype=object).ravel()]
    except OverflowError:
        raise InputError("learning_rates: found one beyond floating-point numbers (1.8e308).") from None


def check_loss(loss: Any, *arguments: Any) -> None:
    """`InputError` where loss(*arguments) is not one real number."""
    check_callable(loss, "loss")
    found = jax.tree.leaves(jax.eval_shape(loss, *arguments))
    if len(found) != 1 or found[0].shape != () or not jnp.issubdtype(found[0].dtype, jnp.floating):
        shapes = ", ".join(f"{leaf.dtype}{list(leaf.shape)}" for leaf in found)
        raise InputError(f"loss: expected a function that gives one real number, found {shapes or 'nothing'}.")


def check_callable(function: Any, name: str) -> Callable[..., Any]:
    """The function; `InputError` where it is none."""
    if not callable(function):
        raise InputError(f"{name}: expected a function, found {type(function).__name__}.")
    return function
