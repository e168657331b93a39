"""Reading JSON files that users write: numbers as they stand in the text, and no entry lost in silence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sgdmoments.errors import InputError
from sgdmoments.reading import shown


def read_json(path: str | Path, option: str, instead: str = "") -> tuple[Any, str]:
    """The content of a JSON file, and its text; numbers are their digits, as text, so that none is rounded.

    Args:
        path: the file.
        option: the command-line option that names it, for messages.
        instead: what else the option takes.

    Raises:
        InputError: the file cannot be read, is no JSON, is nested too deeply, or holds one name twice in an object.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise InputError(f"{option}: {shown(str(path))}: cannot be read ({reason}){'; use ' * bool(instead)}{instead}."
                         ) from None
    try:
        return json.loads(text, parse_float=str, parse_int=str, object_pairs_hook=_each_once), text
    except RecursionError:
        raise InputError(f"{option}: {path} is not JSON that can be read: it is nested too deeply.") from None
    except InputError as error:
        raise InputError(f"{option}: {path}: {error}") from None
    except ValueError as error:
        raise InputError(f"{option}: {path} is not JSON ({error}).") from None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"the name {shown(twice)} stands twice in one object.")
    return found
