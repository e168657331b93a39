"""One call, and how it ended: an answer, an error of the package's own, a plain signature error, or a fault."""

import inspect
import resource
import signal
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

import sgdmoments as sm

#: What a function of the user's raises in `kinds`; all other objects there must not be heard.
USERS = "a function of the user's"
#: Processor seconds that one call may take.
SECONDS = 4.0
#: Bytes that one call may add to the greatest memory of the process.
MEMORY = 2**30


class _TooLong(BaseException):
    pass


@dataclass(frozen=True)
class Outcome:
    """How a call ended: "answer", "own", "signature", or "fault" with what was wrong."""

    verdict: str
    text: str


def attempt(call: Callable[[], Any], allow_signature: bool = False) -> Outcome:
    """Runs `call`; its answer must have a repr, its error be the package's own and say something."""
    memory, start = _memory(), time.process_time()
    try:
        outcome = _attempt(call, allow_signature)
    except _TooLong:
        outcome = Outcome("fault", f"over {SECONDS} s")
    grown = _memory() - memory
    if outcome.verdict != "fault" and grown > MEMORY:
        return Outcome("fault", f"{grown:,} bytes more")
    if outcome.verdict != "fault" and time.process_time() - start > SECONDS:
        return Outcome("fault", f"{time.process_time() - start:.1f} s")
    return outcome


def _attempt(call: Callable[[], Any], allow_signature: bool) -> Outcome:
    before = signal.signal(signal.SIGPROF, _stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS, 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = call()
            if inspect.isgenerator(found):
                found = next(found, None)
            text = repr(found) if type(found).__module__.startswith("sgdmoments") else _text(found)
        return Outcome("answer", text)
    except sm.SgdMomentsError as error:
        message = str(error)
        return Outcome("own", message) if message and len(message) < 3000 else Outcome(
            "fault", f"an own error whose message has {len(message)} characters")
    except TypeError as error:
        # raised by the call itself, not inside: the frames are this one and that of `call`
        inner = error.__traceback__.tb_next  # type: ignore[union-attr]
        deeper = None if inner is None else inner.tb_next
        plain = deeper is None or (deeper.tb_next is None and deeper.tb_frame.f_code.co_name == "__call__")
        if allow_signature and inner is not None and plain:
            return Outcome("signature", str(error))
        return Outcome("fault", _named(error))
    except RuntimeError as error:  # a function of the user's may raise what it likes
        alone = " at : " in _named(error)  # Python asked the user's object itself, after ours had no answer to ==
        return Outcome("own" if alone or str(error) == USERS else "fault", _named(error))
    except Exception as error:
        return Outcome("fault", _named(error))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _stop(_: int, __: FrameType | None) -> None:
    raise _TooLong


def _text(found: Any) -> str:
    try:
        return repr(found)[:300]
    except Exception:
        return f"an object of type {type(found).__name__}"


def _named(error: BaseException) -> str:
    trace, where = error.__traceback__, ""
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if "sgdmoments" in name:
            where = f"{name.rpartition('sgdmoments/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__} at {where}: {str(error)[:120]}"


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
