"""Reads a stream in a thread of its own, with `for` or with `async for`."""

from __future__ import annotations

import asyncio
import queue
import threading
from typing import TYPE_CHECKING, Callable, Literal

if TYPE_CHECKING:
    from job_progress import JobStatus, StatusStream

#: Seconds until what a test waits for has come.
DEADLINE = 30.0


class Reader:
    """Gives the statuses of a stream one by one, each with a deadline."""

    def __init__(self, stream: StatusStream, how: Literal["for", "async for"] = "for") -> None:
        self._stream = stream
        self._queue: queue.Queue[JobStatus | BaseException | None] = queue.Queue()
        target = self._read if how == "for" else lambda: asyncio.run(self._read_async())
        threading.Thread(target=target, daemon=True).start()

    def next(self) -> JobStatus | None:
        """The next status, None at the end of the stream; raises what the stream has raised."""
        item = self._queue.get(timeout=DEADLINE)
        if isinstance(item, BaseException):
            raise item
        return item

    def until(self, holds: Callable[[JobStatus], bool]) -> JobStatus:
        """The first status for which this holds."""
        while (status := self.next()) is not None:
            if holds(status):
                return status
        raise AssertionError("the stream ended before")

    def rest(self) -> list[JobStatus]:
        """All statuses up to the end."""
        statuses = []
        while (status := self.next()) is not None:
            statuses.append(status)
        return statuses

    def _read(self) -> None:
        try:
            for status in self._stream:
                self._queue.put(status)
            self._queue.put(None)
        except Exception as error:  # noqa: BLE001  # it is raised where the test waits
            self._queue.put(error)

    async def _read_async(self) -> None:
        try:
            async for status in self._stream:
                self._queue.put(status)
            self._queue.put(None)
        except Exception as error:  # noqa: BLE001  # as above
            self._queue.put(error)
