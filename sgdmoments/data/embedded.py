"""Data sets shipped with the package, all in the public domain; each has a note of its source beside it."""

from __future__ import annotations

from importlib import resources

from sgdmoments.data.reader import parse_csv
from sgdmoments.data.table import Table
from sgdmoments.errors import InputError
from sgdmoments.reading import shown


def available() -> tuple[str, ...]:
    """The names of the data sets.

    >>> available()
    ('longley',)
    """
    files = resources.files("sgdmoments.data").iterdir()
    return tuple(sorted(f.name.removesuffix(".csv") for f in files if f.name.endswith(".csv")))


def load(name: str) -> Table:
    """The data set called `name`; `InputError` where there is none of that name.

    >>> load("longley").names
    ('employment', 'price_deflator', 'gnp', 'unemployment', 'armed_forces', 'population', 'year')
    """
    if not isinstance(name, str) or name not in available():
        raise InputError(f"no embedded data set is called {shown(name)}; there is {', '.join(available())}.")
    text = resources.files("sgdmoments.data").joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return parse_csv(text, name)
