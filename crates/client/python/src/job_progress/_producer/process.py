"""The producers of this process: their threads, its exit, and its forks."""

from __future__ import annotations

import atexit
import codecs
import logging
import os
import sys
import threading
import time
import weakref
from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    from .sender import Sender

#: Longest wait of `flush` and `close`, and for all producers of a process at its exit, in seconds.
FLUSH_TIMEOUT = 5.0

_LOG = logging.getLogger("job_progress")

_THREAD_PREFIX = "job-progress "

# Producers that were closed without waiting and still have something to send: more of them only if a server is away
# for long, and then the oldest are given up.
_MAX_LINGERING = 100

_all: weakref.WeakSet[Sender] = weakref.WeakSet()
_lingering: list[Sender] = []
# Reentrant, because the collection of garbage can end an object that makes or closes a producer.
_lock = threading.RLock()
_exit_pid = 0


def register(sender: Sender) -> None:
    """Adds a producer, which is flushed at the exit and renewed in forked children."""
    with _lock:
        _all.add(sender)


def linger(sender: Sender) -> None:
    """Adds a producer that was closed and still has something to send."""
    oldest = None
    with _lock:
        _lingering[:] = [other for other in _lingering if len(other.delivery.queue)]
        _lingering.append(sender)
        if len(_lingering) > _MAX_LINGERING:
            oldest = _lingering.pop(0)
    if oldest is not None:
        oldest.give_up()


def start_thread(target: Callable[[], None], name: str) -> threading.Thread | None:
    """A daemon thread that runs; None if the interpreter is being finalized, or has too many threads."""
    _flush_at_exit()
    thread = threading.Thread(target=target, name=_THREAD_PREFIX + name, daemon=True)
    try:
        thread.start()
    except RuntimeError:
        return None
    return thread


def _flush_at_exit() -> None:
    """Arranges the flush at the exit of this process, once."""
    global _exit_pid  # noqa: PLW0603
    if _exit_pid == os.getpid():
        return
    _exit_pid = os.getpid()
    atexit.register(flush_all)
    # A child of multiprocessing ends without atexit before Python 3.13; it runs these instead.
    if "multiprocessing.util" in sys.modules:
        sys.modules["multiprocessing.util"].Finalize(None, flush_all, exitpriority=0)


def flush_all() -> None:
    """Flushes every open producer of this process, for at most 5 seconds in all; what is left is given up."""
    deadline = time.monotonic() + FLUSH_TIMEOUT
    with _lock:
        senders = list(_all)
    busy = [sender for sender in senders if not sender.delivery.has_ended and not sender.delivery.is_idle]
    flushes = [sender.begin_flush() for sender in busy]
    for sender, can_wait in zip(busy, flushes):
        sender.finish_flush(can_wait, max(deadline - time.monotonic(), 0.0))
    dropped = [sender.drop() for sender in busy if not sender.delivery.is_idle]
    count = sum(reports for reports, _ in dropped)
    if count:
        _LOG.warning("%d job(s): %s: %s", len(dropped), given_up(count), dropped[-1][1])


def given_up(count: int) -> str:
    """The sentence of a warning."""
    return f"{count} report(s) were given up, because they could not be delivered in time"


def _after_fork() -> None:
    global _lock  # noqa: PLW0603
    _lock = threading.RLock()
    _lingering.clear()
    for sender in _all:
        sender.after_fork()


# The first request would load this codec, for the name of the host. A fork at that moment would leave half of it in the
# child, where no request could be made any more.
codecs.lookup("idna")

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class _NotOurs(logging.Filter):
    """httpx logs each request at INFO. Two lines a second for a progress bar are not what an application asked for."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.threadName or "").startswith(_THREAD_PREFIX)


logging.getLogger("httpx").addFilter(_NotOurs())
