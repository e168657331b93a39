"""Run notebooks: `python tests/docs/notebooks.py docs/tutorial.ipynb ...` stores new outputs."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import nbclient
import nbformat


def executed(path: Path) -> Any:
    """The notebook after a new run, in a kernel of this Python; an error in a cell is raised."""
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3",
                            resources={"metadata": {"path": str(path.parent)}}).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                         "language_info": {"name": "python"}}
    return notebook


def texts(notebook: Any) -> list[str]:
    """The text outputs of each code cell, joined (a stream may come in pieces), without addresses in memory."""
    found = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            outputs = [o.get("text") or o.get("data", {}).get("text/latex") or o.get("data", {}).get("text/plain", "")
                       for o in cell.outputs if o.get("name") != "stderr"]
            found.append(re.sub(r"\b0x[0-9a-f]+", "0x", "".join("".join(text) for text in outputs)))
    return found


if __name__ == "__main__":
    for name in sys.argv[1:]:
        nbformat.write(executed(Path(name)), name)
