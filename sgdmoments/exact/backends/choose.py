"""The one place that chooses an arithmetic."""

from __future__ import annotations

from typing import Any

from sgdmoments.errors import InputError
from sgdmoments.exact.backends.base import PolynomialBackend
from sgdmoments.exact.backends.flint import FlintBackend
from sgdmoments.exact.backends.floats import FloatBackend
from sgdmoments.exact.backends.python import PythonBackend
from sgdmoments.reading import read_choice

#: What computes exactly by default, the readable oracle, and doubles.
ARITHMETICS = ("exact", "fractions", "float")


def choose(name: str, symbolic: bool) -> PolynomialBackend[Any, Any]:
    """The backend called `name`: "exact", "fractions" (the plain oracle) or "float".

    With symbols the exact arithmetic is the plain one over the ring of the symbols, itself on FLINT.

    >>> choose("exact", symbolic=False).name
    'exact'
    """
    if read_choice(name, "arithmetic", ARITHMETICS) == "exact":
        return PythonBackend() if symbolic else FlintBackend()
    if name == "fractions":
        return PythonBackend()
    if symbolic:
        raise InputError("arithmetic='float' needs numbers, but the problem has symbols; use 'exact'.")
    return FloatBackend()
