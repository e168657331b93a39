"""Numbers for reading: short rationals exactly, long ones rounded to a few significant digits.

Exact results have rationals with thousands of digits. Everything here is for the eye; the exact value stays in
the polynomial.
"""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction
from math import isfinite

#: A rational is written out where its numerator and denominator have at most this many digits together.
EXACT_DIGITS = 18
#: Significant digits of a rounded number.
SIGNIFICANT_DIGITS = 6

_KEPT_BITS = 128  # enough for every number of digits shown


def is_short(value: Fraction, digits: int = EXACT_DIGITS) -> bool:
    """Whether p/q is written out: at most `digits` digits in p and q together (q = 1 counts none).

    >>> is_short(Fraction(22, 7)), is_short(Fraction(1, 10**40))
    (True, False)
    """
    bits = value.numerator.bit_length() + (0 if value.denominator == 1 else value.denominator.bit_length())
    if bits > 4 * digits + 8:  # also keeps Python's limit on long integers out of the way
        return False
    lengths = len(str(abs(value.numerator))) + (0 if value.denominator == 1 else len(str(value.denominator)))
    return lengths <= digits


def to_decimal(value: Fraction, digits: int = SIGNIFICANT_DIGITS) -> Decimal:
    """The rational rounded to `digits` significant digits; of any size, also where a float would overflow.

    >>> to_decimal(Fraction(1, 3), 4)
    Decimal('0.3333')
    >>> to_decimal(Fraction(3, 1) ** 1000, 3)
    Decimal('1.32E+477')
    """
    if not value:
        return Decimal(0)
    context = Context(prec=60, Emax=10**15, Emin=-(10**15))
    top, top_shift = _leading(abs(value.numerator))
    bottom, bottom_shift = _leading(value.denominator)
    ratio = context.divide(Decimal(top), Decimal(bottom))
    scaled = context.multiply(ratio, context.power(Decimal(2), Decimal(top_shift - bottom_shift)))
    rounded = Context(prec=digits, Emax=10**15, Emin=-(10**15)).plus(scaled)
    return -rounded if value < 0 else rounded


def _leading(value: int) -> tuple[int, int]:
    shift = max(value.bit_length() - _KEPT_BITS, 0)
    return value >> shift, shift


def mantissa_exponent(value: Fraction | float | Decimal, digits: int = SIGNIFICANT_DIGITS) -> tuple[str, int | None]:
    """(mantissa, power of ten) of the rounded number; the power is None where plain notation reads well.

    >>> mantissa_exponent(Fraction(1, 3)), mantissa_exponent(1.5e-7)
    (('0.333333', None), ('1.5', -7))
    """
    if isinstance(value, float) and not isfinite(value):
        return str(value), None
    number = value if isinstance(value, Decimal) else \
        to_decimal(value if isinstance(value, Fraction) else Fraction(value), digits)
    if not number:
        return "0", None
    exponent = number.adjusted()
    if -4 <= exponent < digits:
        text = f"{number:f}"
        return (text.rstrip("0").rstrip(".") if "." in text else text), None
    text = f"{number.scaleb(-exponent, Context(prec=digits, Emax=10**15, Emin=-(10**15))):f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text), exponent


def number_text(value: Fraction | float, digits: int = SIGNIFICANT_DIGITS, exact_digits: int = EXACT_DIGITS) -> str:
    """A number as text: p/q where short, else rounded.

    >>> number_text(Fraction(-19, 9)), number_text(Fraction(10**30, 3)), number_text(0.25)
    ('-19/9', '3.33333e+29', '0.25')
    """
    if isinstance(value, Fraction) and is_short(value, exact_digits):
        return str(value)
    mantissa, exponent = mantissa_exponent(value, digits)
    return mantissa if exponent is None else f"{mantissa}e{exponent:+03d}"


def number_latex(value: Fraction | float, digits: int = SIGNIFICANT_DIGITS, exact_digits: int = EXACT_DIGITS) -> str:
    r"""A number as LaTeX: a fraction where short, else rounded.

    >>> print(number_latex(Fraction(-19, 9)), number_latex(Fraction(10**30, 3)))
    -\frac{19}{9} 3.33333 \cdot 10^{29}
    """
    if isinstance(value, Fraction) and is_short(value, exact_digits):
        if value.denominator == 1:
            return str(value)
        return f"{'-' * (value < 0)}\\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"
    mantissa, exponent = mantissa_exponent(value, digits)
    return mantissa if exponent is None else f"{mantissa} \\cdot 10^{{{exponent}}}"
