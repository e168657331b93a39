"""Saving what is known of the steps, so that a long derivation can be stopped and resumed.

What is saved is the memo of the map T: for products of graphs and orders in α, their images. It does not depend on
t or on the rates, so one file serves every step of the same network, data law and sampling.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from sgdmoments.describe.run import Run
from sgdmoments.errors import InputError
from sgdmoments.exact.ring import Polynomial, Ring
from sgdmoments.exact.saving import symbol_from_json, symbol_to_json
from sgdmoments.files import write_text
from sgdmoments.graphs.graph import IndexGraph, Monomial
from sgdmoments.reading import shown
from sgdmoments.routes.symbolic.propagate import Propagator
from sgdmoments.routes.symbolic.setting import Setting
from sgdmoments.rules.update import Terms

FORMAT = "sgdmoments.symbolic/1"


def save(setting: Setting, sgd: Run, path: str | Path) -> None:
    """Write the images that are known to a JSON file (in place of an older one, at once)."""
    propagator = setting.propagator(0)
    numbers: dict[IndexGraph, int] = {}

    def places(monomial: Monomial) -> list[int]:
        return [numbers.setdefault(graph, len(numbers)) for graph in monomial]

    parts = [[places(monomial), order, [
        [places(m), [[list(e), str(q)] for e, q in Polynomial(propagator.ring, c).terms()]] for m, c in image.items()]]
        for (monomial, order), image in propagator.known_parts()]
    data = {"format": FORMAT, "subject": subject(setting, sgd), "graphs": [graph.to_json() for graph in numbers],
            "generators": [symbol_to_json(g) for g in propagator.ring.generators], "parts": parts}
    write_text(path, json.dumps(data))


def load(setting: Setting, sgd: Run, path: str | Path) -> int:
    """Read the images of a file that `save` wrote for the same network; the number of them."""
    try:
        data = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"resume: {path} cannot be read ({error}).") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise InputError(f"resume: {path} is not a saved derivation.")
    if data.get("subject") != subject(setting, sgd):
        raise InputError(f"resume: {path} belongs to another network, data law, sampling or order in 1/b.")
    propagator: Propagator = setting.propagator(0)
    try:
        images = list(_images(data, propagator.ring))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, ZeroDivisionError) as error:
        raise InputError(f"resume: {path} is not a saved derivation ({error!r}).") from None
    for monomial, order, terms in images:
        propagator.learn(monomial, order, terms)
    return len(images)


def _images(data: Mapping[str, Any], ring: Ring) -> Iterator[tuple[Monomial, int, Terms]]:
    """What a file holds: (product of graphs, order, image)."""
    graphs = [IndexGraph.from_json(graph) for graph in data["graphs"]]
    own = Ring(symbol_from_json(g) for g in data["generators"])
    for places, order, image in data["parts"]:
        terms = {tuple(sorted(graphs[i] for i in m)):
                 ring(_without_unused(own.from_terms({tuple(e): Fraction(q) for e, q in c}))).raw for m, c in image}
        yield tuple(sorted(graphs[i] for i in places)), int(order), terms


def _without_unused(value: Polynomial) -> Polynomial:
    """The element over the generators that occur in it (rates and t of another question do not)."""
    return Ring(g for g in value.ring.generators if g in value.occurring)(value)


def subject(setting: Setting, sgd: Run) -> str:
    """What the images depend on, as text."""
    order = getattr(setting.mean, "order", None)
    data = json.dumps([e.to_json() for e in setting.system.expressions], sort_keys=True)
    values = [(label.name, np.asarray(value, dtype=object).astype(str).tolist())
              for label, value in sorted(setting.known.items()) if label not in setting.parameters.values()]
    moves = "" if sgd.update.is_plain else f" {sgd.update!r}"
    return f"{data} {sgd.model.law!r} {sgd.sampling} {order} {values}{moves}"


@contextmanager
def resumed(setting: Setting, sgd: Run, path: str | Path | None) -> Iterator[None]:
    """Read the file first where it exists, and write it at the end, also where the work is stopped."""
    if path is None:
        yield
        return
    if not isinstance(path, (str, Path)) or not str(path):
        raise InputError(f"resume: found {shown(path)}; expected the path of a file.")
    if os.path.exists(path):
        load(setting, sgd, path)
    try:
        yield
    finally:
        save(setting, sgd, path)
