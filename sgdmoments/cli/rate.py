"""Learning rates typed as text: arithmetic in t with exact rational results, never evaluated as code.

The text is parsed by Python's own parser into a syntax tree, of which only numbers, t, + - * / **, parentheses
and commas are accepted.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from fractions import Fraction

from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import parse_number

_LONGEST_TEXT = 300
_LARGEST_BITS = 100_000


def parse_learning_rate(text: str) -> Fraction | list[Fraction] | Callable[[int], Fraction]:
    """The learning rate that `text` describes: a number, a list by commas, or a function of t = 0, 1, 2, ...

    >>> parse_learning_rate("1/10"), parse_learning_rate("0.1, 0.05")
    (Fraction(1, 10), [Fraction(1, 10), Fraction(1, 20)])
    >>> parse_learning_rate("1/(2*(t+1))")(4)
    Fraction(1, 10)

    Raises `InputError` for anything that is not such an expression; the function it returns raises it where the
    rate divides by zero.
    """
    tree = _parse(text)
    listed = isinstance(tree, ast.Tuple)
    parts = tree.elts if isinstance(tree, ast.Tuple) else [tree]
    uses_t = [_check(part, text) for part in parts]
    if listed:
        if any(uses_t):
            raise InputError(f"learning rate: {text!r} is a list of numbers; t cannot stand in it.")
        return [_value(part, text, 0) for part in parts]
    if uses_t[0]:
        return lambda t: _value(tree, text, t)
    return _value(tree, text, 0)


def _parse(text: str) -> ast.expr:
    if not text.strip() or len(text) > _LONGEST_TEXT:
        raise InputError(f"learning rate: expected an expression such as 1/10 or 1/(2*(t+1)), found {text[:40]!r}.")
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InputError(f"learning rate: cannot read {text!r}; write it like 1/10, 1/(2*(t+1)) or 0.1,0.05,0.02 "
                         "(t counts from 0).") from None


def _check(node: ast.expr, text: str) -> bool:
    """Whether the expression uses t; `InputError` where it is more than arithmetic."""
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return False
        case ast.Name(id="t"):
            return True
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _check(operand, text)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() | ast.Pow(), right=right):
            return _check(left, text) | _check(right, text)
    found = ast.get_source_segment(text.strip(), node)
    raise InputError(f"learning rate: {found!r} cannot be used; write numbers, t, + - * / ** (power) and parentheses.")


def _value(node: ast.expr, text: str, t: int) -> Fraction:
    match node:
        case ast.Constant():  # as written: 0.1 is 1/10
            return parse_number(ast.get_source_segment(text.strip(), node) or "", "learning rate")
        case ast.Name():
            return Fraction(t)
        case ast.UnaryOp(operand=operand):
            return -_value(operand, text, t)
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _value(left, text, t), _value(right, text, t)
            match op:
                case ast.Add():
                    return a + b
                case ast.Sub():
                    return a - b
                case ast.Mult():
                    return a * b
                case ast.Div():
                    return _power(b, Fraction(-1), text, t) * a
                case ast.Pow():
                    return _power(a, b, text, t)
    raise AssertionError(f"{ast.dump(node)} was not checked")


def _power(base: Fraction, exponent: Fraction, text: str, t: int) -> Fraction:
    if exponent.denominator != 1:
        raise InputError(f"learning rate: in {text!r} the power {exponent} at t = {t} is not an integer, so the rate "
                         "would not be rational.")
    if not base and exponent < 0:
        raise InputError(f"learning rate: {text!r} divides by zero at t = {t} (t counts from 0).")
    bits = base.numerator.bit_length() + base.denominator.bit_length()
    if bits * abs(exponent) > _LARGEST_BITS:
        raise InputError(f"learning rate: in {text!r} the power {exponent} at t = {t} is too large.")
    return base ** int(exponent)
