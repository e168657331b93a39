"""CSV files as tables of text, kept exactly as written until a column is used."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from sgdmoments.data.table import Table
from sgdmoments.errors import InputError
from sgdmoments.reading import read_path, shortened, shown

_SEPARATORS = ",;\t"


def read_csv(path: str | Path) -> Table:
    """The table in a CSV file whose first line names the columns.

    The separator is the one of comma, semicolon and tab that the first line has most of. Cells become numbers
    only when a column is asked for, so columns of text do no harm.

    Raises `InputError` for a file that is missing, empty, not UTF-8 text, or has a line of a wrong length.
    """
    file = read_path(path, "path")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{shortened(str(path))}: there is no such file.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: the file is not UTF-8 text.") from None
    except OSError as error:
        raise InputError(f"{shortened(str(path))}: cannot be read ({error.strerror}).") from None
    return parse_csv(text, str(path))


def parse_csv(text: str, source: str) -> Table:
    """The table in a CSV text; `source` is what messages call it."""
    first = text.lstrip("\r\n").split("\n", 1)[0]
    separator = max(_SEPARATORS, key=first.count)
    reader = csv.reader(text.splitlines(), delimiter=separator, skipinitialspace=True)
    try:
        lines = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(map(str.strip, row))]
    except csv.Error as error:
        raise InputError(f"{source}: line {reader.line_num} is not CSV ({error}).") from None
    if not lines:
        raise InputError(f"{source}: the file is empty.")
    (_, names), body = lines[0], lines[1:]
    if all(_is_number(name) for name in names):
        raise InputError(f"{source}: the first line must name the columns, found the numbers "
                         f"{shortened(', '.join(names[:4]))}.")
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)
    if repeated:
        raise InputError(f"{source}: two columns are called {shown(repeated[0])}.")
    if not body:
        raise InputError(f"{source}: the file has a line of column names but no data.")
    for line, row in body:
        if len(row) != len(names):
            raise InputError(f"{source}: line {line} has {len(row)} cells, but the first line names {len(names)} "
                             "columns.")
    return Table(tuple(names), tuple(tuple(row) for _, row in body), source, tuple(line for line, _ in body))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
