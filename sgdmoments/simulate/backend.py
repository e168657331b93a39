"""JAX, asked for politely: the extra it needs, 64-bit numbers without touching the user's settings, devices."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from sgdmoments.errors import InputError, MissingExtraError
from sgdmoments.reading import shown

try:
    import jax
    import jax.numpy as jnp
    from jax.sharding import Mesh, NamedSharding, PartitionSpec
except ImportError as error:
    raise MissingExtraError("simulation", "jax") from error

__all__ = ["compiled_over_groups", "jax", "jnp", "precision", "replicate_mesh", "split", "to_host"]

AXIS = "replicates"


@contextmanager
def precision(x64: bool) -> Iterator[None]:
    """Run with 64-bit (or 32-bit) floats; the process-wide setting of JAX is left as it was."""
    if hasattr(jax, "enable_x64"):
        switch = jax.enable_x64
    else:  # before JAX 0.8
        from jax.experimental import enable_x64

        switch = enable_x64
    with switch(x64):
        yield


def replicate_mesh(devices: Any = None) -> Mesh:
    """A one-dimensional mesh; all devices of all processes where `devices` is None."""
    chosen = jax.devices() if devices is None else devices
    if not isinstance(chosen, (list, tuple)) or not chosen or not all(isinstance(d, jax.Device) for d in chosen) \
            or len(set(chosen)) < len(chosen):
        raise InputError(f"devices: expected distinct JAX devices such as jax.devices(), found {shown(chosen)}.")
    return Mesh(np.array(chosen), (AXIS,))


#: Compiled programs of this process, oldest first: a question asked again, with another seed or start say, is not
#: compiled again.
_CACHE: OrderedDict[Hashable, Any] = OrderedDict()
_CACHE_SIZE = 128


def compiled_over_groups(function: Any, identity: Hashable, constants: Any, groups: int, mesh: Mesh) -> Any:
    """function(constants, group_ids) compiled for that many groups on the mesh.

    identity: whatever the code depends on, the shapes of `constants` too; equal identities share a program.
    """
    key = (identity, groups, tuple(mesh.devices.flat), bool(jax.config.jax_enable_x64))
    if key not in _CACHE:
        nobody = split(np.zeros(groups, dtype=np.uint32), mesh)
        _CACHE[key] = _shard_over_groups(function, mesh).lower(constants, nobody).compile()
        while len(_CACHE) > _CACHE_SIZE:
            _CACHE.popitem(last=False)
    return _CACHE[key]


def _shard_over_groups(function: Any, mesh: Mesh) -> Any:
    """jit(function(constants, group_ids)): group ids (and the output's second axis) split over the mesh.

    No device needs another's numbers, so each runs the same program on its own groups. The output of
    `function` is an array (records, groups, columns).
    """
    if hasattr(jax, "shard_map"):
        shard_map = jax.shard_map
    else:  # before JAX 0.6
        from jax.experimental.shard_map import shard_map as experimental

        shard_map = experimental
    out = PartitionSpec(None, AXIS)
    mapped = shard_map(function, mesh=mesh, in_specs=(PartitionSpec(), PartitionSpec(AXIS)), out_specs=out,
                       **_unchecked(shard_map))
    return jax.jit(mapped, in_shardings=(NamedSharding(mesh, PartitionSpec()),
                                         NamedSharding(mesh, PartitionSpec(AXIS))))


def _unchecked(shard_map: Any) -> dict[str, bool]:
    """Loop carries start replicated and become sharded: the check of that is off, under its name of the day."""
    import inspect

    names = inspect.signature(shard_map).parameters
    return {name: False for name in ("check_vma", "check_rep") if name in names}


def split(ids: np.ndarray[Any, Any], mesh: Mesh) -> Any:
    """A JAX array of `ids` (the same on every process), split over the mesh."""
    return jax.make_array_from_callback(ids.shape, NamedSharding(mesh, PartitionSpec(AXIS)), lambda index: ids[index])


def to_host(array: Any) -> np.ndarray[Any, Any]:
    """The whole array on every process."""
    if jax.process_count() > 1:
        from jax.experimental import multihost_utils

        return np.asarray(multihost_utils.process_allgather(array, tiled=True))
    return np.asarray(array)
