"""Sphinx: the documentation is Markdown (MyST) and notebooks; the reference comes from docstrings."""

from __future__ import annotations

import re
from importlib.metadata import version as _version
from typing import Any

project = "sgdmoments"
author = "The sgdmoments developers"
project_copyright = f"{author}, MIT licence"
release = version = _version("sgdmoments")

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "_templates", "**.ipynb_checkpoints"]
html_theme = "alabaster"
html_theme_options = {"page_width": "1080px", "sidebar_width": "240px"}
html_title = "sgdmoments"

myst_enable_extensions = ["dollarmath", "amsmath", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # notebooks carry their outputs, which the tests compare with a new run

# Docstrings are plain text in the style of their sources: `name` is code, * and | and _ are themselves.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autosummary_generate = True
suppress_warnings = ["ref.python"]  # names of type annotations that several classes have as attributes
autosummary_ignore_module_all = False
napoleon_google_docstring = True
napoleon_use_ivar = True
napoleon_use_rtype = False
add_module_names = False

_CODE = re.compile(r"(``.+?``|`[^`]+`)")


def _escape(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Keep reStructuredText from reading formulas such as W1* or x_i as markup; doctests stay as they are."""
    in_doctest = False
    for k, line in enumerate(lines):
        in_doctest = line.lstrip().startswith(">>>") or (in_doctest and bool(line.strip()))
        if in_doctest or line.lstrip().startswith((":", "..")):
            continue
        bullet = re.match(r"\s*(\* )?", line)[0]
        parts = [part if part.startswith("`") else re.sub(r"(?<!\\)([*|]|_(?!\w)|_(?=\())", r"\\\1", part)
                 for part in _CODE.split(line[len(bullet):])]
        for i in range(2, len(parts), 2):  # `name`s: code ends only before a space or a mark
            parts[i] = re.sub(r"^(?=\w)", r"\\ ", parts[i])
        lines[k] = bullet + "".join(parts)


def setup(app: Any) -> None:
    app.connect("autodoc-process-docstring", _escape, priority=100)  # before napoleon
