"""Do today's answers equal the frozen ones, exactly, and what do they cost?

    python tests/frozen/compare.py [--light] [--only TEXT] [--write] [--file FILE]

`answers.json` holds, for each question of the `frozen_*.py` beside this file, the answer as text, the term counts of
its receipt, and the processor seconds that it took on the machine that wrote it. Every question is asked again;
answers must be equal; counts and seconds are reported. The exit status is 1 where an answer differs. ``--write`` adds
the questions that are not in the file yet (it never changes one that is there). To compare times on one machine, write
those of the older code to a new file, then give that file to the newer code.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from frozen_cases import Case, every_case
from frozen_values import canonical, counts_of, same

ANSWERS = Path(__file__).with_name("answers.json")


def frozen(file: Path = ANSWERS) -> dict[str, dict[str, Any]]:
    """The answers that are kept, by name."""
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def asked(case: Case) -> dict[str, Any]:
    """The answer of today, with its term counts and seconds."""
    start = time.process_time()
    answer = case.ask()
    seconds = time.process_time() - start
    return {"value": canonical(case.read(answer)), "counts": counts_of(answer), "seconds": round(seconds, 4)}


def difference(name: str, kept: dict[str, Any], found: dict[str, Any]) -> str:
    """What is not as it was, in words; empty where the answer is the same."""
    if same(kept["value"], found["value"]):
        return ""
    return f"{name}\n  frozen {json.dumps(kept['value'])[:400]}\n  found  {json.dumps(found['value'])[:400]}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--light", action="store_true", help="leave out what takes seconds")
    parser.add_argument("--only", default="", help="questions whose name contains this text")
    parser.add_argument("--write", action="store_true", help="keep the answers of questions that are new")
    parser.add_argument("--file", type=Path, default=ANSWERS, help="where the answers are kept")
    options = parser.parse_args()
    kept, new, wrong, compared = frozen(options.file), {}, [], 0
    before = now = 0.0
    for case in every_case():
        if options.only not in case.name or (options.light and case.heavy):
            continue
        try:
            found = asked(case)
        except Exception:
            wrong.append(f"{case.name}\n{traceback.format_exc(limit=-3)}")
            continue
        if case.name not in kept:
            new[case.name] = found
            continue
        old, compared = kept[case.name], compared + 1
        before, now = before + old["seconds"], now + found["seconds"]
        wrong += [text] if (text := difference(case.name, old, found)) else []
        if old["counts"] != found["counts"]:
            print(f"counts: {case.name}: {old['counts']} -> {found['counts']}")
        if found["seconds"] > 1.1 * old["seconds"] + 0.05:
            print(f"slower: {case.name}: {old['seconds']:.3g} s -> {found['seconds']:.3g} s")
    for text in wrong:
        print(f"DIFFERS: {text}")
    if options.write:
        text = json.dumps(kept | new, indent=0, ensure_ascii=False)
        options.file.write_text(text + "\n", encoding="utf-8")
    print(f"{compared} answers compared, {len(wrong)} differ; {len(new)} new; processor seconds {before:.1f} -> "
          f"{now:.1f}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
