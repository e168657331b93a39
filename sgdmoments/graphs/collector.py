"""Pausing the collector of reference cycles while graphs are rewritten.

A derivation holds millions of small tuples, none of them in a cycle; the collector would walk all of them again and
again, for about a third of the time.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused_collector() -> Iterator[None]:
    """No collection of cycles inside the block; as before after it.

    >>> with paused_collector():
    ...     gc.isenabled()
    False
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
