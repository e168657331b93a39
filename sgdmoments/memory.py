"""How much memory the process holds, without dependencies.

>>> resident_bytes() >= 0
True
"""

from __future__ import annotations

import sys

try:
    import resource
except ImportError:  # not on every system
    resource = None  # type: ignore[assignment]

_PAGE = resource.getpagesize() if resource is not None else 4096


def resident_bytes() -> int:
    """Bytes of memory that the process holds now (Linux), or its most so far (elsewhere); 0 where nothing is known."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * _PAGE
    except (OSError, IndexError, ValueError):
        if resource is None:
            return 0
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
