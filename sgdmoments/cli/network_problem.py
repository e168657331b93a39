"""The network, data law and weights that the options of a command describe."""

from __future__ import annotations

import random
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from sgdmoments.cli.json_file import read_json
from sgdmoments.cli.problem import is_whole, split
from sgdmoments.cli.rate import parse_learning_rate
from sgdmoments.describe.laws.base import Law
from sgdmoments.describe.laws.coordinates import Coordinates, Rademacher, Uniform
from sgdmoments.describe.laws.gaussian import Gaussian
from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import to_fraction
from sgdmoments.models.network import Network
from sgdmoments.reading import shown
from sgdmoments.sgd import SGD

#: Random weights a layer.
_MOST_WEIGHTS = 10**6


def network_sgd(widths: str, activation: str, data: str, weights: str | None, learning_rate: str | None) -> SGD:
    """SGD on a student with a teacher of the same shape."""
    sizes = [width(w) for w in split(widths, "--widths")]
    coefficients = [to_fraction(c, "--activation") for c in split(activation, "--activation")]
    model = Network(sizes, activation=coefficients, data=parse_law(data))
    rate = None if learning_rate is None else parse_learning_rate(learning_rate)
    return SGD(model, rate, initial=_weights(weights, model))


def width(text: str) -> int | str:
    """A width: an integer, or a name.

    >>> width("3"), width("p1")
    (3, 'p1')
    """
    if text.isidentifier():
        return text
    if not is_whole(text):
        raise InputError(f"--widths: found {shown(text)}; a width is a positive integer or a name such as p1.")
    return int(text)


def parse_law(text: str) -> Law:
    """The data law that `text` names.

    >>> parse_law("uniform:-1,1"), parse_law("moments:0,1,0,3")
    (Uniform(-1, 1), Coordinates((0, 1, 0, 3)))
    """
    name, _, rest = text.partition(":")
    match name.strip():
        case "gaussian":
            if rest and not rest.isidentifier():
                raise InputError(f"--data: the covariance's letter must be a name, found {rest!r}.")
            return Gaussian(rest or None)
        case "rademacher" if not rest:
            return Rademacher()
        case "uniform":
            bounds = split(rest, "--data uniform:A,B")
            if len(bounds) != 2:
                raise InputError(f"--data: found {text!r}; write uniform:A,B.")
            return Uniform(*(to_fraction(b, "--data uniform:A,B") for b in bounds))
        case "moments":
            return Coordinates([to_fraction(m, "--data moments:...") for m in split(rest, "--data moments:m1,m2,...")])
    raise InputError(f"--data: found {text!r}; use gaussian, gaussian:NAME, rademacher, uniform:A,B or "
                     "moments:m1,m2,...")


def random_weights(model: Network, seed: int) -> dict[str, list[list[Fraction]]]:
    """Small rationals k/4, -4 <= k <= 4, the same for the same seed, for student and teacher."""
    rng = random.Random(seed)
    arrays = {}
    for parameter in (*model.parameters, *model.constants):
        rows, columns = parameter.shape
        if not isinstance(rows, int) or not isinstance(columns, int):
            raise InputError("--weights random:SEED needs widths that are integers.")
        if rows * columns > _MOST_WEIGHTS:
            raise InputError(f"--weights: random:SEED makes at most {_MOST_WEIGHTS:,} weights a layer, and "
                             f"{parameter.name} has {rows * columns:,}.")
        arrays[parameter.name] = [[Fraction(rng.randint(-4, 4), 4) for _ in range(columns)] for _ in range(rows)]
    return arrays


def _weights(text: str | None, model: Network) -> Any:
    if text is None or text == "letters":
        return None
    if text.startswith("random:"):
        seed = text.removeprefix("random:")
        if not is_whole(seed):
            raise InputError(f"--weights: found {shown(text)}; write random:SEED with an integer SEED.")
        return random_weights(model, int(seed))
    found, _ = read_json(text, "--weights", "letters, random:SEED or a JSON file")
    if not isinstance(found, Mapping):
        raise InputError(f"--weights: {text} must hold an object such as "
                         '{"W1": [["1/2", "0"]], ...}.')
    return found
