"""Coefficients as JSON and back, without loss."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from fractions import Fraction
from typing import Any

import flint
import sympy

from sgdmoments.errors import InputError
from sgdmoments.exact.irrational import NumberLetter, radical_letter, root_letter
from sgdmoments.exact.provenance import Provenance
from sgdmoments.exact.rational import RationalFunction
from sgdmoments.exact.reduction import ReciprocalLetter
from sgdmoments.exact.ring import Polynomial, Ring, from_fmpq, to_fmpq
from sgdmoments.reading import is_integer, shortened, shown

FORMAT = "sgdmoments.BatchPolynomial/2"
#: The fields of a `BatchPolynomial` that are plain numbers.
_PLAIN = ("population", "truncated", "learning_rate_order")

#: Reads a coefficient back from JSON, by kind; `register_coefficient` adds kinds.
_READERS: dict[str, Callable[[Any], Any]] = {}


def register_coefficient(kind: str, reader: Callable[[Any], Any]) -> None:
    """Let `BatchPolynomial.from_json` read coefficients whose ``to_json()`` gives {"kind": kind, ...}."""
    _READERS[kind] = reader


def entry_to_json(coefficient: Any) -> Any:
    """What stands for a coefficient in JSON."""
    if isinstance(coefficient, Fraction):
        return write_rational(coefficient)
    if isinstance(coefficient, float):
        return {"kind": "float", "hex": coefficient.hex()}
    if isinstance(coefficient, Polynomial):
        return {"kind": "polynomial", "generators": [symbol_to_json(g) for g in coefficient.ring.generators],
                "terms": [[list(e), write_rational(c)] for e, c in coefficient.terms()]}
    if isinstance(coefficient, RationalFunction):
        return {"kind": "rational function", "numerator": entry_to_json(coefficient.numerator),
                "denominator": entry_to_json(coefficient.denominator)}
    if isinstance(coefficient, flint.arb):
        return {"kind": "ball", "parts": [[str(part) for part in half.man_exp()]
                                          for half in (coefficient.mid(), coefficient.rad())]}
    if isinstance(coefficient, sympy.Basic):
        raise InputError(f"to_json: {coefficient} is not a rational function of its symbols; evaluate it first.")
    return coefficient.to_json()


def entry_from_json(data: Any) -> Any:
    """The coefficient that `entry_to_json` wrote."""
    if isinstance(data, str):
        return read_rational(data)
    reader = _READERS.get(data["kind"])
    if reader is None:
        raise InputError(f"from_json: unknown kind of coefficient {shown(data['kind'])}.")
    return reader(data)


def polynomial_to_json(polynomial: Any) -> str:
    """The JSON text of a `BatchPolynomial`, its receipt included."""
    receipt = {f.name: getattr(polynomial.provenance, f.name) for f in fields(Provenance)}
    beyond, last = polynomial.next_coefficient, polynomial.last_order
    return json.dumps({
        "format": FORMAT,
        "coefficients": [entry_to_json(c) for c in polynomial.entries],
        **{name: getattr(polynomial, name) for name in _PLAIN},
        "next_coefficient": None if beyond is None else entry_to_json(beyond),
        "last_order": None if last is None else [entry_to_json(c) for c in last],
        "provenance": {**receipt, "sizes": [[k, v] for k, v in polynomial.provenance.sizes]},
    })


def polynomial_from_json(text: str) -> dict[str, Any]:
    """The arguments of the `BatchPolynomial` that `polynomial_to_json` wrote."""
    if not isinstance(text, str):
        raise InputError(f"from_json: found {shown(text)}; the text that to_json wrote is needed.")
    try:
        data = json.loads(text)
        if data["format"] != FORMAT:
            raise InputError(f"from_json: unknown format {shown(data['format'])}.")
        receipt: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data["provenance"].items()}
        receipt["sizes"] = tuple((k, v) for k, v in receipt["sizes"])
        beyond, last = data["next_coefficient"], data["last_order"]
        return {"entries": tuple(entry_from_json(c) for c in data["coefficients"]),
                **{name: _read_plain(data[name], name) for name in _PLAIN}, "provenance": Provenance(**receipt),
                "next_coefficient": None if beyond is None else entry_from_json(beyond),
                "last_order": None if last is None else tuple(entry_from_json(c) for c in last)}
    except (json.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError,
            RecursionError, ZeroDivisionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"from_json: the text is not a saved BatchPolynomial ({shortened(str(error))}).") from None


def _read_plain(value: Any, name: str) -> int | None:
    if value is None or (is_integer(value) and value >= 0):
        return value
    raise InputError(f"from_json: {name} is {shown(value)}, not a number.")


def symbol_to_json(symbol: sympy.Symbol) -> dict[str, Any]:
    """Plain data for a symbol: its name, the assumptions it was made with, the number of a dummy; or which irrational
    number a number letter is."""
    if isinstance(symbol, ReciprocalLetter):
        return {"reciprocal": symbol_to_json(symbol.symbol)}
    if isinstance(symbol, NumberLetter):
        if symbol.radical:
            return {"radical": list(symbol.radical)}
        if symbol.powers:
            return {"powers": [write_rational(c) for c in symbol.powers], "place": symbol.place}
        return {"constant": str(symbol.number)}
    data: dict[str, Any] = {"symbol": symbol.name, "assumptions": dict(symbol._assumptions_orig)}
    if isinstance(symbol, sympy.Dummy):
        data["dummy"] = symbol.dummy_index
    return data


def symbol_from_json(data: Mapping[str, Any]) -> sympy.Symbol:
    """The symbol that `symbol_to_json` wrote."""
    if "reciprocal" in data:
        return ReciprocalLetter(symbol_from_json(data["reciprocal"]))
    if "radical" in data:
        return radical_letter(*map(int, data["radical"]))
    if "powers" in data:
        return root_letter([read_rational(c) for c in data["powers"]], int(data["place"]))
    if "constant" in data:
        return NumberLetter({"pi": sympy.pi, "E": sympy.E}[data["constant"]])
    if "dummy" in data:
        return sympy.Dummy(data["symbol"], dummy_index=data["dummy"], **data["assumptions"])
    return sympy.Symbol(data["symbol"], **data["assumptions"])


def _read_ball(data: Any) -> flint.arb:
    middle, radius = (flint.arb((flint.fmpz(m), flint.fmpz(e))) for m, e in data["parts"])
    return flint.arb(middle, radius)


def _read_polynomial(data: Any) -> Polynomial:
    ring = Ring(map(symbol_from_json, data["generators"]))
    return ring.from_terms({tuple(e): read_rational(c) for e, c in data["terms"]})


def write_rational(value: Fraction) -> str:
    """A fraction of any length as text."""
    return str(to_fmpq(value))  # FLINT: Python refuses to print or read integers of more than 4300 digits


def read_rational(text: str) -> Fraction:
    """The fraction that `write_rational` wrote."""
    above, _, below = text.partition("/")
    return from_fmpq(flint.fmpq(flint.fmpz(above), flint.fmpz(below or "1")))


register_coefficient("polynomial", _read_polynomial)
register_coefficient("ball", _read_ball)
register_coefficient("rational function",
                     lambda data: RationalFunction(*(entry_from_json(data[k]) for k in ("numerator", "denominator"))))
register_coefficient("float", lambda data: float.fromhex(data["hex"]))
