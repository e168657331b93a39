"""Mutation testing: are the tests of a folder sharp enough to see a small change in it?

    pip install ".[mutation]"
    python benchmarks/mutation.py [--groups exact,graphs] [--count 300] [--seed 1] [--children 1] [--work FOLDER]

For each group of `GROUPS` mutmut makes every mutant of its modules in a copy of this checkout; `count` of them are
drawn with the seed, evenly over all mutants of the group, and each is run against the group's tests that reach its
function, the fastest first and as many as take `seconds` together, until one fails. Left out of the draw: mutants
inside a ``raise`` statement, which change the wording of a message only. Doctests and tests marked `slow` are not run,
so that what is left is an upper bound. A survivor that `mutation_equivalent.toml` shows to be equivalent, or that
differs in `strict=` only, is counted as such; the others are printed with their differences. Results lie in the
copies, so that a second run with the same arguments goes on where the first ended. (Names of tests are not escaped:
pytest escapes them once more each time it collects in one process, and mutmut would not know them again.)
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import random
import re
import subprocess
import sys
import textwrap
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
EQUIVALENT = Path(__file__).with_name("mutation_equivalent.toml")


@dataclass(frozen=True)
class Group:
    """Modules (patterns) that are mutated, and the tests that they are run against, but for `left_out`."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    without: tuple[str, ...] = ()
    left_out: str = "nothing"


GROUPS = {
    "exact": Group(("sgdmoments/exact/*",), ("tests/exact", "tests/properties/test_backends.py",
                                             "tests/properties/test_round_trips.py"),
                   (), "tests/exact/test_truncation.py::test_each_evaluation_says_so"),  # counts frames; mutmut adds
    "graphs": Group(("sgdmoments/graphs/*",), ("tests/graphs", "tests/properties/test_names.py")),
    "rules": Group(("sgdmoments/rules/*",), ("tests/rules",)),
    "routes": Group(("sgdmoments/routes/*", "sgdmoments/tracing/*", "sgdmoments/longrun/*", "sgdmoments/sweep.py"),
                    ("tests/routes", "tests/tracing", "tests/longrun", "tests/test_sweep.py", "tests/frozen"),
                    ("sgdmoments/routes/components/*", "sgdmoments/routes/closure/*"),
                    "tests/longrun/test_trajectory.py::test_numbers_beyond_floats"),  # the same
    "recursion": Group(("sgdmoments/recursion/*", "sgdmoments/routes/components/*", "sgdmoments/routes/closure/*"),
                       ("tests/routes", "tests/longrun", "tests/frozen")),
}

SETTINGS = """[mutmut]
source_paths=
    sgdmoments
only_mutate=
    {modules}
{without}pytest_add_cli_args_test_selection=
    {tests}
pytest_add_cli_args=
    -o
    addopts=--strict-markers
    -o
    disable_test_id_escaping_and_forfeit_all_rights_to_community_support=true
    -m
    not slow
    --deselect
    {left_out}
    -p
    no:cacheprovider
also_copy=
    examples
    docs
    benchmarks
    README.md
timeout_multiplier=1.5
timeout_constant=8.0
use_git_change_detection=false
"""


def copied(group: Group, folder: Path) -> None:
    """The files of this checkout, with mutmut's settings for the group."""
    if folder.exists():
        return
    folder.mkdir(parents=True)
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    subprocess.run(["tar", "--null", "-T", "-", "-cf", str(folder / "files.tar")], cwd=ROOT, check=True, input=names)
    subprocess.run(["tar", "-xf", "files.tar"], cwd=folder, check=True)
    (folder / "files.tar").unlink()
    without = "do_not_mutate=\n    " + "\n    ".join(group.without) + "\n" if group.without else ""
    (folder / "setup.cfg").write_text(SETTINGS.format(
        modules="\n    ".join(group.modules), without=without, tests="\n    ".join(group.tests),
        left_out=group.left_out), encoding="utf-8")


@dataclass(frozen=True)
class Mutant:
    """One change: where, and the lines that differ."""

    name: str
    path: str
    before: str
    after: str
    in_message: bool

    @property
    def function(self) -> str:
        mangled = self.name.rpartition(".")[2].rpartition("__mutmut_")[0]
        return mangled.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")

    def __str__(self) -> str:
        return (f"{self.path}: {self.function}\n" + textwrap.indent(self.before, "  - ", lambda _: True) + "\n"
                + textwrap.indent(self.after, "  + ", lambda _: True))


def mutants() -> Iterator[Mutant]:
    """Every mutant that mutmut made in the current folder."""
    from mutmut.mutation.data import MutantLineSpans, SourceFileMutationData
    from mutmut.utils.file_utils import walk_mutatable_files

    for path in sorted(walk_mutatable_files()):
        data = SourceFileMutationData(path=path)
        data.load()
        index = MutantLineSpans.load(path)
        names = list(data.exit_code_by_key)
        if not names or index is None:
            continue
        short = [name.rpartition(".")[2] for name in names]
        originals = sorted({s.rpartition("__mutmut_")[0] + "__mutmut_orig" for s in short})
        sources = dict(zip([*short, *originals], index.read_function_sources([*short, *originals]), strict=True))
        for name, own in zip(names, short, strict=True):
            original = own.rpartition("__mutmut_")[0] + "__mutmut_orig"
            yield read(name, str(path), sources[original].replace(original, "f"), sources[own].replace(own, "f"))


def read(name: str, path: str, original: str, mutated: str) -> Mutant:
    """A mutant from the two texts of its function."""
    old, new = original.splitlines(), mutated.splitlines()
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    changes = [c for c in matcher.get_opcodes() if c[0] != "equal"]
    lines = {k + 1 for _, start, end, _, _ in changes for k in range(start, max(end, start + 1))}
    indented = next(line for line in old if line.strip()).startswith(" ")  # a method: not to be dedented
    tree = ast.parse("if True:\n" + original if indented else original)
    messages = {k - indented for node in ast.walk(tree) if isinstance(node, ast.Raise)
                for k in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    return Mutant(name, path, "\n".join(line.strip() for _, a, b, _, _ in changes for line in old[a:b]),
                  "\n".join(line.strip() for _, _, _, a, b in changes for line in new[a:b]), lines <= messages)


def plain(text: str) -> str:
    """The text without what only guards the program: `zip` refuses lengths that are never unequal."""
    return re.sub(r",\s*\)", ")", re.sub(r",?\s*strict=\w+", "", text))


def equivalents() -> set[tuple[str, str, str]]:
    """(function, lines before, lines after) of the changes that are shown to change nothing."""
    if not EQUIVALENT.exists():
        return set()
    entries = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["mutant"]
    return {(e["function"], e["before"].strip(), e["after"].strip()) for e in entries}


def affordable(seconds: float) -> None:
    """Collect which tests reach which function; keep for each the fastest tests that take `seconds` together."""
    from mutmut.__main__ import collect_or_load_stats, get_mutant_runner, setup_source_paths
    from mutmut.state import state
    from mutmut.stats import save_stats

    setup_source_paths()
    collect_or_load_stats(get_mutant_runner(1))
    durations, kept = state().duration_by_test, state().tests_by_mangled_function_name
    for function, tests in kept.items():
        total, chosen = 0.0, set()
        for test in sorted(tests, key=lambda name: durations[name]):
            total += durations[test]
            if total > seconds and chosen:
                break
            chosen.add(test)
        kept[function] = chosen
    save_stats()


def run_group(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Make, draw and run the mutants of a group, in its copy (the current folder)."""
    from mutmut.__main__ import _run, create_mutants
    from mutmut.mutation.data import SourceFileMutationData
    from mutmut.stats import status_by_exit_code
    from mutmut.utils.file_utils import copy_also_copy_files, copy_src_dir, walk_mutatable_files

    copy_src_dir()
    copy_also_copy_files()
    create_mutants(options.children)
    every = list(mutants())
    eligible = sorted((m for m in every if not m.in_message), key=lambda m: m.name)
    drawn = random.Random(f"{options.seed} {name}").sample(eligible, min(options.count, len(eligible)))

    def codes() -> dict[str, int | None]:
        found: dict[str, int | None] = {}
        for path in walk_mutatable_files():
            data = SourceFileMutationData(path=path)
            data.load()
            found |= data.exit_code_by_key
        return found

    known = codes()
    again = {"survived", "timeout", "no tests"} if options.again else set()
    open_names = [m.name for m in drawn if known[m.name] is None or status_by_exit_code[known[m.name]] in again]
    if open_names:
        affordable(options.seconds)
        _run(open_names, options.children)
    known, proved = codes(), equivalents()
    status = {m.name: status_by_exit_code[known[m.name]] for m in drawn}
    alive = [m for m in drawn if status[m.name] in ("survived", "no tests")]
    equivalent = [m for m in alive if (m.function, m.before, m.after) in proved or plain(m.before) == plain(m.after)]
    return {"made": len(every), "eligible": len(eligible), "drawn": len(drawn),
            **Counter(status.values()), "equivalent": len(equivalent),
            "left": [str(m) + f"\n    ({status[m.name]}) {m.name}" for m in alive if m not in equivalent],
            "timeouts": [str(m) for m in drawn if status[m.name] == "timeout"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--groups", default=",".join(GROUPS), help="which groups, with commas")
    parser.add_argument("--count", type=int, default=300, help="mutants drawn from each")
    parser.add_argument("--seed", default="1", help="of the draw")
    parser.add_argument("--children", type=int, default=1, help="mutants tested at a time")
    parser.add_argument("--seconds", type=float, default=20, help="of tests for one mutant")
    parser.add_argument("--work", type=Path, default=Path("mutation-work"), help="where the copies lie")
    parser.add_argument("--again", action="store_true", help="run those again that were not killed")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        found = run_group(options.inside, options)
        Path("result.json").write_text(json.dumps(found, indent=1, ensure_ascii=False), encoding="utf-8")
        return
    total: Counter[str] = Counter()
    for name in options.groups.split(","):
        folder = options.work.resolve() / name
        copied(GROUPS[name], folder)
        arguments = [f"--{k}={getattr(options, k)}" for k in ("count", "seed", "children", "seconds")]
        arguments += ["--again"] * options.again
        subprocess.run([sys.executable, __file__, "--inside", name, *arguments], cwd=folder, check=True)
        found = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        counts = {k: v for k, v in found.items() if isinstance(v, int)}
        total.update(counts)
        print(f"\n## {name}: " + ", ".join(f"{k} {v}" for k, v in counts.items()))
        for text in found["left"]:
            print(text)
    print("\n## all: " + ", ".join(f"{k} {v}" for k, v in total.items()))


if __name__ == "__main__":
    main()
