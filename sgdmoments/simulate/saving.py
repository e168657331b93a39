"""Simulations as .npz files: NumPy arrays and a page of JSON, never pickles.

A file is read whole and its checksums are compared before anything is believed; then every shape and kind is checked.
"""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from sgdmoments.describe.quantity import Quantity
from sgdmoments.errors import InputError
from sgdmoments.files import PathLike, write_whole
from sgdmoments.reading import shown
from sgdmoments.simulate.moments import Moments

Result = TypeVar("Result")

FORMAT = "sgdmoments.simulation/1"


def write(path: PathLike, meta: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Write a page of JSON and arrays, whole or not at all."""
    content = io.BytesIO()
    np.savez(content, meta=np.array(json.dumps({"format": FORMAT, **meta})), **arrays)
    write_whole(path, lambda file: file.write_bytes(content.getvalue()))


def read(path: PathLike, build: Callable[[dict[str, Any], dict[str, Any]], Result]) -> Result:
    """build(meta, arrays) of a file that `write` wrote; `InputError` where it is another or damaged."""
    try:
        if not stat.S_ISREG(os.stat(os.fspath(path)).st_mode):
            raise InputError(f"{path} is not a file; give the name of a file that a simulation was saved to.")
        content = Path(path).read_bytes()
    except (OSError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{shown(path)}: cannot be read ({getattr(error, 'strerror', None) or error}).") from None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            damaged = archive.testzip()
        if damaged is not None:
            raise ValueError(f"the part {damaged} is damaged")
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file}
        meta = json.loads(str(arrays.pop("meta")))
        if meta.get("format") != FORMAT:
            raise ValueError(f"its format is {meta.get('format')!r}, not {FORMAT!r}")
        return build(meta, arrays)
    except Exception as error:  # whatever its bytes make the readers of zip, npy and JSON raise, it is not our file
        reason = str(error).strip(". ") or type(error).__name__
        raise InputError(f"{path!s} is not a whole file that a simulation was saved to ({reason:.200}).") from None


def read_moments(arrays: dict[str, Any], name: str, shape: tuple[int, ...]) -> Moments | None:
    """The moments of that name, with their shapes checked; None where there are none."""
    found = {k: arrays[f"{name}.{k}"] for k in Moments.__slots__ if f"{name}.{k}" in arrays}
    if not found:
        return None
    count = int(found.pop("count"))
    for part, array in found.items():
        expected = (shape[0], *shape) if part == "cross" else shape
        if array.shape != expected or array.dtype != float:
            raise ValueError(f"the part {name}.{part} has the shape {array.shape}, not {expected}")
    if count < 1:
        raise ValueError(f"the count is {count}")
    return Moments(count, **found)


def read_identity(identity: dict[str, Any]) -> dict[str, Any]:
    """What decided the numbers of the run, with all its parts."""
    missing = {"fingerprint", "times", "batch_sizes", "options", "x64", "quantities", "mean_limit"} - set(identity)
    if missing:
        raise ValueError(f"without {', '.join(sorted(missing))}")
    seed, *rest = identity["options"]
    integers(seed if isinstance(seed, list) else [seed])
    integers(rest)
    return identity


def integers(values: Any) -> list[int]:
    """A list of ints; `ValueError` for anything else."""
    if not isinstance(values, list) or not all(isinstance(v, int) for v in values):
        raise ValueError(f"expected whole numbers, found {values!r:.50}")
    return values


def quantity_to_json(q: Quantity) -> dict[str, Any]:
    """A quantity as JSON, its numbers exact."""
    def text(matrix: Any) -> Any:
        return None if matrix is None else [[str(entry) for entry in row] for row in matrix]

    return {"kind": q.kind, "layer": q.layer, "left": text(q.left),
            "matrices": None if q.matrices is None else [text(a) for a in q.matrices], "slot": q.slot,
            "decay": None if q.decay is None else str(q.decay)}


def quantity_from_json(data: dict[str, Any]) -> Quantity:
    """The quantity that `quantity_to_json` wrote."""
    def matrix(rows: Any) -> Any:
        return None if rows is None else tuple(tuple(Fraction(entry) for entry in row) for row in rows)

    matrices = None if data["matrices"] is None else tuple(map(matrix, data["matrices"]))
    decay = data.get("decay")
    return Quantity(data["kind"], 0, data["layer"], matrix(data["left"]), matrices, data.get("slot"),
                    None if decay is None else Fraction(decay))
