"""One call that tests a law of a user's own against itself: all that it gives must belong to one law."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from itertools import product
from math import comb, prod
from typing import Any

import numpy as np

from sgdmoments.describe.laws.base import Law
from sgdmoments.describe.laws.entries import Entries
from sgdmoments.describe.laws.source import Source
from sgdmoments.describe.moment_problem import refute_joint
from sgdmoments.errors import AssumptionError, InputError
from sgdmoments.exact.numbers import to_exact
from sgdmoments.reading import shown

#: The moment of a coordinate, or of a sample, by order or exponents.
Moment = Callable[[Any], Any]


def check_law(law: Law, size: int | None = None, degree: int = 4) -> tuple[str, ...]:
    """Tests that what a law gives belongs to one law: its moments, points, support, entries, source and facts.

    Args:
        law: of any class that derives from `Law`.
        size: the dimension to test in; that of the law, or 2.
        degree: moments up to this order are compared, exactly; the law must know them.

    Returns the names of what the law gives and was tested. Raises `InputError` that names what disagrees with
    `moment`, and at which exponents. What a law does not give (it raises `AssumptionError`) is not tested.

    >>> import sgdmoments as sm
    >>> check_law(sm.Rademacher())
    ('moment', 'mean_and_covariance', 'support', 'entries', 'source', 'is_even', 'copies')
    >>> class Wrong(sm.Law):
    ...     dimension = 1
    ...     def moment(self, exponents):
    ...         return 1
    ...     def source(self):
    ...         return sm.Source.table([[0], [2]])
    >>> check_law(Wrong())
    Traceback (most recent call last):
        ...
    sgdmoments.errors.InputError: Wrong.source: the moment (2,) is 2, but moment((2,)) is 1.
    """
    if not isinstance(law, Law):
        raise InputError(f"check_law: expected a law, found {shown(law)}.")
    size = (law.dimension or 2) if size is None else size
    every = (e for e in product(range(degree + 1), repeat=size) if sum(e) <= degree)
    exponents = sorted(every, key=lambda e: (sum(e), e))
    known = {e: to_exact(law.moment(e), f"{type(law).__name__}.moment({e})") for e in exponents}
    why_not = refute_joint(known) if size * degree <= 16 else ""
    if why_not:
        raise InputError(f"{type(law).__name__}.moment: no law has these moments: {why_not}.")
    tested = ["moment", "mean_and_covariance"]
    mean, covariance = law.mean_and_covariance(size)
    second = {_unit(size, i): mean[i] for i in range(size)} if degree else {}
    second |= {_unit(size, i, j): covariance[i, j] + mean[i] * mean[j] for i in range(size) for j in range(size)
               } if degree > 1 else {}
    _compare(law, "mean_and_covariance", known, second)
    listed = law.support(size, degree)
    if listed is not None:
        _compare(law, "support" if law.points is None else "points", known, _of_values(listed, exponents))
        tested.append("support")
    for name, moments in (("entries", _of_entries), ("source", _of_source)):
        try:
            given: Any = getattr(law, name)()
        except AssumptionError:
            continue
        _compare(law, name, known, moments(given, exponents))
        tested.append(name)
    if law.is_even:
        _compare(law, "is_even", known, {e: Fraction(0) for e in exponents if sum(e) % 2})
        tested.append("is_even")
    if _copied(law):
        tested.append("copies")
    return tuple(tested)


def _copied(law: Law) -> bool:
    """Whether copies were made; `InputError` where one is not equal."""
    try:
        text = law.to_json()
    except InputError:  # what it holds has no text, or its class no name
        return False
    if type(law).from_json(text) != law or pickle.loads(pickle.dumps(law)) != law:
        raise InputError(f"{type(law).__name__}: a copy (by JSON or pickle) is not equal to the law.")
    return True


def _compare(law: Law, name: str, known: Mapping[tuple[int, ...], Any], found: Mapping[tuple[int, ...], Any]) -> None:
    for exponents, value in found.items():
        if exponents in known and to_exact(value) - known[exponents] != 0:
            raise InputError(f"{type(law).__name__}.{name}: the moment {exponents} is {value}, but "
                             f"moment({exponents}) is {known[exponents]}.")


def _unit(size: int, *places: int) -> tuple[int, ...]:
    return tuple(places.count(i) for i in range(size))


def _of_values(listed: Iterable[tuple[Any, Any]], exponents: list[tuple[int, ...]]) -> dict[tuple[int, ...], Any]:
    atoms = list(listed)
    return {e: sum((chance * prod(x**k for x, k in zip(point, e, strict=True)) for point, chance in atoms), Fraction(0))
            for e in exponents}


def _independent(moments: list[Any], exponents: list[tuple[int, ...]]) -> dict[tuple[int, ...], Any]:
    """From the moments of a coordinate; those of higher order are left out."""
    return {e: prod((moments[k] for k in e), start=Fraction(1)) for e in exponents if max(e, default=0) < len(moments)}


def _of_entries(entries: Entries, exponents: list[tuple[int, ...]]) -> dict[tuple[int, ...], Any]:
    if isinstance(entries.covariance, str):
        return {}
    if entries.covariance is not None:
        return _gaussian(entries.covariance, entries.mean, exponents)
    moments: list[Any] = [Fraction(1)]
    for n in range(1, max(map(sum, exponents)) + 1):
        moments.append(sum((comb(n - 1, k - 1) * to_exact(entries.cumulant(k)) * moments[n - k]
                            for k in range(1, n + 1)), Fraction(0)))
    return _independent(moments, exponents)


def _of_source(source: Source, exponents: list[tuple[int, ...]]) -> dict[tuple[int, ...], Any]:
    size, degree = len(exponents[0]), max(map(sum, exponents))
    if source.kind == "normal":
        covariance = np.diag([Fraction(1)] * size) if source.covariance is None else source.covariance
        matrix = np.diag([covariance] * size) if np.ndim(covariance) == 0 else covariance
        return _gaussian(matrix, source.mean, exponents)
    if source.kind == "table":
        return _of_values(zip(source.values, source.chances, strict=True), exponents)
    if source.kind == "moments":
        return _independent([Fraction(1), *source.values], exponents)
    if source.kind == "atoms":
        return _independent([sum((c * x**k for x, c in zip(source.values, source.chances, strict=True)), Fraction(0))
                             for k in range(degree + 1)], exponents)
    a, b = source.values
    return _independent([(b ** (k + 1) - a ** (k + 1)) / ((k + 1) * (b - a)) for k in range(degree + 1)], exponents)


def _gaussian(covariance: Any, mean: Any, exponents: list[tuple[int, ...]]) -> dict[tuple[int, ...], Any]:
    """By Stein's formula: E x_i f(x) = m_i E f + sum_j C_ij E d_j f."""
    known: dict[tuple[int, ...], Any] = {}
    for e in exponents:  # lower orders come first
        i = next((i for i, power in enumerate(e) if power), None)
        if i is None:
            known[e] = Fraction(1)
            continue
        rest = tuple(power - (k == i) for k, power in enumerate(e))
        value: Any = Fraction(0) if mean is None else mean[i] * known[rest]
        for j, power in enumerate(rest):
            if power:
                value = value + power * covariance[i][j] * known[tuple(p - (k == j) for k, p in enumerate(rest))]
        known[e] = value
    return known
