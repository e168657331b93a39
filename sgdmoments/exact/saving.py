"""Coefficients as JSON and back, without loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import flint
import sympy

from sgdmoments.errors import InputError
from sgdmoments.exact.irrational import NumberLetter, radical_letter, root_letter
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
                "generators": [symbol_to_json(g) for g in coefficient.ring.generators],
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


def symbol_to_json(symbol: sympy.Symbol) -> dict[str, Any]:
    """Plain data for a symbol: its name, the assumptions it was made with, the number of a dummy; or which irrational
    number a number letter is."""
    if isinstance(symbol, NumberLetter):
        if symbol.radical:
            return {"radical": list(symbol.radical)}
        if symbol.powers:
            return {"powers": [_write_rational(c) for c in symbol.powers], "place": symbol.place}
        return {"constant": str(symbol.number)}
    data: dict[str, Any] = {"symbol": symbol.name, "assumptions": dict(symbol._assumptions_orig)}
    if isinstance(symbol, sympy.Dummy):
        data["dummy"] = symbol.dummy_index
    return data


def symbol_from_json(data: Mapping[str, Any]) -> sympy.Symbol:
    """The symbol that `symbol_to_json` wrote."""
    if "radical" in data:
        return radical_letter(*map(int, data["radical"]))
    if "powers" in data:
        return root_letter([_read_rational(c) for c in data["powers"]], int(data["place"]))
    if "constant" in data:
        return NumberLetter({"pi": sympy.pi, "E": sympy.E}[data["constant"]])
    if "dummy" in data:
        return sympy.Dummy(data["symbol"], dummy_index=data["dummy"], **data["assumptions"])
    return sympy.Symbol(data["symbol"], **data["assumptions"])


def _read_polynomial(data: Any) -> Polynomial:
    ring = Ring(map(symbol_from_json, data["generators"]))
    return ring.from_terms({tuple(e): _read_rational(c) for e, c in data["terms"]})


def _write_rational(value: Fraction) -> str:
    return str(to_fmpq(value))  # FLINT: Python refuses to print or read integers of more than 4300 digits


def _read_rational(text: str) -> Fraction:
    above, _, below = text.partition("/")
    return from_fmpq(flint.fmpq(flint.fmpz(above), flint.fmpz(below or "1")))


register_coefficient("polynomial", _read_polynomial)
register_coefficient("float", lambda data: float.fromhex(data["hex"]))
