"""An event loop in a thread of its own, for blocking callers of coroutines."""

from __future__ import annotations

import asyncio
import queue
import sys
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class LoopThread:
    """Runs coroutines of a thread that has no event loop, or another one.

    The thread is a daemon: a program that ends does not wait for a stream that it has not left.
    """

    def __init__(self) -> None:
        self._loops: queue.Queue[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = queue.Queue()
        self._thread = threading.Thread(target=asyncio.run, args=(self._main(),), name="job-progress", daemon=True)
        self._thread.start()
        self._loop, self._end = self._loops.get()

    async def _main(self) -> None:
        end = asyncio.Event()
        self._loops.put((asyncio.get_running_loop(), end))
        await end.wait()

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Waits for a coroutine and returns its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def close(self, last: Coroutine[Any, Any, Any]) -> None:
        """Waits for a last coroutine and ends the thread."""
        if sys.is_finalizing():
            # The interpreter ends and has stopped the thread, so nothing would ever answer.
            last.close()
            return
        self.call(last)
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()
