"""The working precision of ball arithmetic, local to one computation at a time.

FLINT's precision is one number for the whole process, so that computations in two threads would change each
other's. Whatever computes with balls does so inside `working_precision`, which lets one thread in at a time: a
run in threads gives the bounds of a serial one, and the precision is as before when the last one leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

import flint

_LOCK = RLock()


@contextmanager
def working_precision(bits: int) -> Iterator[None]:
    """Ball arithmetic at the given number of bits, for this thread alone.

    >>> with working_precision(200):
    ...     flint.ctx.prec
    200
    >>> flint.ctx.prec
    53
    """
    with _LOCK, flint.ctx.workprec(bits):
        yield
