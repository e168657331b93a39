"""Coefficients as JSON and back, without loss."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import flint
import sympy

from sgdmoments.errors import InputError
from sgdmoments.exact.ring import Polynomial, Ring, from_fmpq, to_fmpq

#: Reads a coefficient back from JSON, by kind; `register_coefficient` adds kinds.
_READERS: dict[str, Callable[[Any], Any]] = {}


def register_coefficient(kind: str, reader: Callable[[Any], Any]) -> None:
    """Let `BatchPolynomial.from_json` read coefficients whose ``to_json()`` gives {"kind": kind, ...}."""
    _READERS[kind] = reader


def entry_to_json(coefficient: Any) -> Any:
    """What stands for a coefficient in JSON."""
    if isinstance(coefficient, Fraction):
        return _write_rational(coefficient)
    if isinstance(coefficient, float):
        return {"kind": "float", "hex": coefficient.hex()}
    if isinstance(coefficient, Polynomial):
        return {"kind": "polynomial",
                "generators": [[g.name, dict(g._assumptions_orig)]
                               for g in coefficient.ring.generators],
                "terms": [[list(e), _write_rational(c)] for e, c in coefficient.terms()]}
    if isinstance(coefficient, sympy.Basic):
        raise InputError(f"to_json: {coefficient} is not a polynomial in its symbols; evaluate it first.")
    return coefficient.to_json()


def entry_from_json(data: Any) -> Any:
    """The coefficient that `entry_to_json` wrote."""
    if isinstance(data, str):
        return _read_rational(data)
    reader = _READERS.get(data["kind"])
    if reader is None:
        raise InputError(f"from_json: unknown kind of coefficient {data['kind']!r}.")
    return reader(data)


def _read_polynomial(data: Any) -> Polynomial:
    ring = Ring(sympy.Symbol(name, **assumptions) for name, assumptions in data["generators"])
    return ring.from_terms({tuple(e): _read_rational(c) for e, c in data["terms"]})


def _write_rational(value: Fraction) -> str:
    return str(to_fmpq(value))  # FLINT: Python refuses to print or read integers of more than 4300 digits


def _read_rational(text: str) -> Fraction:
    above, _, below = text.partition("/")
    return from_fmpq(flint.fmpq(flint.fmpz(above), flint.fmpz(below or "1")))


register_coefficient("polynomial", _read_polynomial)
register_coefficient("float", lambda data: float.fromhex(data["hex"]))
