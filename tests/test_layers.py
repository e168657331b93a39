"""The layers of the package: imports run one way, between folders (`pyproject.toml`, import-linter) and between files.

Imports for type checking only are no imports; imports inside functions are.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import networkx as nx
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "sgdmoments"
#: Sub-packages whose `__init__.py` gives names: the doors that users import from.
DOORS = {"sgdmoments", "sgdmoments.data", "sgdmoments.simulate", "sgdmoments.testing"}
#: Imports inside functions: what they import needs JAX, which is an extra.
LATE = {("sgdmoments.cli.check", "sgdmoments.simulate.check"),
        ("sgdmoments.testing.models", "sgdmoments.simulate.check"),
        ("sgdmoments.simulate", "sgdmoments.simulate.estimate")}


@cache
def modules() -> dict[str, ast.Module]:
    """The syntax tree of every module of the package, by name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = ast.parse(path.read_text())
    return found


def imports(tree: ast.AST, late: bool = False) -> Iterator[tuple[str, bool]]:
    """The modules of the package that a tree imports, and whether inside a function."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, late) for alias in node.names if alias.name in modules())
        elif isinstance(node, ast.ImportFrom) and node.module in modules():
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield (inner if inner in modules() else node.module), late
        else:
            yield from imports(node, late or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)))


def test_no_import_runs_against_the_order_of_the_folders(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert lint_imports(no_cache=True, no_logo=True) == EXIT_STATUS_SUCCESS


def test_every_folder_and_file_at_the_top_has_its_layer():
    contract, = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = [name.strip(" ()") for layer in contract["layers"] for name in layer.split(":")]
    here = {name for name in modules() if name.count(".") == 1}
    assert here <= set(layers)
    assert len(set(layers)) == len(layers)


def test_no_circle_of_imports():
    graph = nx.DiGraph((name, target) for name, tree in modules().items() if name != "sgdmoments"
                       for target, _ in imports(tree) if target not in ("sgdmoments", name))
    assert [sorted(circle) for circle in nx.strongly_connected_components(graph) if len(circle) > 1] == []


def test_only_what_needs_an_extra_is_imported_late():
    found = {(name, target) for name, tree in modules().items() for target, late in imports(tree) if late}
    assert found == LATE


def test_sub_packages_hold_a_docstring_and_no_names():
    """A name given out twice would make every module of a folder import every other."""
    for path in sorted(PACKAGE.rglob("__init__.py")):
        name = ".".join(path.parent.relative_to(ROOT).parts)
        if name not in DOORS:
            body = ast.parse(path.read_text()).body
            assert len(body) == 1, f"{name}: expected a docstring and nothing else"
            assert isinstance(body[0], ast.Expr), f"{name}: expected a docstring"


def test_the_map_names_every_folder_and_no_file_that_is_not_there():
    page = (ROOT / "docs" / "contributing.md").read_text()
    named = re.findall(r"`([a-z_]+(?:/[a-z_]+)*(?:/|\.py))`", page[page.index("## The map"):page.index("## Tests")])
    places = (PACKAGE, PACKAGE / "routes", ROOT)
    assert [name for name in named if not any((place / name).exists() for place in places)] == []
    assert {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()} <= {
        name.rstrip("/") for name in named if name.count("/") == 1}
