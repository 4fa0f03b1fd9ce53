"""`StatusStream`: the statuses of jobs as they change, for `for` and for `async for`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from .._errors import JobProgressError
from .._http import AsyncTransport
from .._operations import Include
from .._status import JobStatus
from .connection import Connection
from .follow import follow
from .loop_thread import LoopThread

if TYPE_CHECKING:
    from .._config import Endpoint


class StatusStream:
    """The statuses of one job or several as they change, each until its job ends.

    Iterate over it with ``for`` or with ``async for``; each iteration has a connection of its own. The current status
    comes first. The connection is made again when it breaks, also when the server restarts, and a reader that is slower
    than the job gets the newest status and not those in between. With ``include=["logs"]``, `logs` of a status are the
    lines since the status before.

    Raises JobProgressError when the job does not exist or is deleted, when the credential is refused, and when the
    server cannot be reached at the start. (Later it is tried again for as long as it takes.)
    """

    def __init__(
        self,
        endpoint: Endpoint,
        jobs: Mapping[str, str | None],
        include: Include | None = None,
        *,
        is_many: bool = False,
        timeout: float | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._jobs = dict(jobs)
        self._include = include
        self._is_many = is_many
        self._timeout = timeout
        self._connection: Connection | None = None

    @property
    def errors(self) -> dict[str, JobProgressError]:
        """Of several jobs: why some are not followed to their end, by job id. It is that of the last iteration."""
        return {} if self._connection is None else self._connection.errors

    def __iter__(self) -> Iterator[JobStatus]:
        # The thread reads while the caller works, so that the caller gets the newest status and no queue of old ones.
        thread = LoopThread()
        statuses = self._follow()
        try:
            while (status := thread.call(_next(statuses))) is not None:
                yield status
        finally:
            thread.close(_close(statuses))

    def __aiter__(self) -> AsyncIterator[JobStatus]:
        return self._follow()

    async def _follow(self) -> AsyncGenerator[JobStatus, None]:
        connection = Connection(self._endpoint.base_url, self._jobs, self._include, is_many=self._is_many)
        self._connection = connection
        changed = asyncio.Event()
        reader = asyncio.ensure_future(self._read(connection, changed))
        reader.add_done_callback(lambda _: changed.set())
        loop = asyncio.get_running_loop()
        deadline = None if self._timeout is None else loop.time() + self._timeout
        try:
            while True:
                while (status := connection.take()) is not None:
                    yield status
                if reader.done():
                    reader.result()
                    return
                changed.clear()
                await _wait(changed, None if deadline is None else deadline - loop.time())
        finally:
            reader.cancel()
            # A reader that is left has no use for the error of its connection.
            with suppress(asyncio.CancelledError, Exception):
                await reader

    async def _read(self, connection: Connection, changed: asyncio.Event) -> None:
        # Connections belong to an event loop, which may be another one in each iteration.
        http = AsyncTransport(self._endpoint)
        try:
            await follow(connection, http, changed.set)
        finally:
            await http.close()

    def __repr__(self) -> str:
        return f"StatusStream({', '.join(map(repr, self._jobs))})"


async def _wait(changed: asyncio.Event, seconds: float | None) -> None:
    try:
        await asyncio.wait_for(changed.wait(), seconds)
    except asyncio.TimeoutError:
        raise TimeoutError("the job did not end in time") from None


async def _next(statuses: AsyncIterator[JobStatus]) -> JobStatus | None:
    async for status in statuses:
        return status
    return None


async def _close(statuses: AsyncGenerator[JobStatus, None]) -> None:
    await statuses.aclose()
