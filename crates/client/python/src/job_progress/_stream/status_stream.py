"""`StatusStream`: the statuses of jobs as they change, for `for` and for `async for`."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack

import anyio
import httpx

from .._errors import JobProgressError
from .._http import AsyncTransport, SyncTransport, build
from .._operations import Include
from .._status import JobStatus
from .connection import Connection
from .steps import Pause, Renew, Send


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
        http: SyncTransport | AsyncTransport,
        jobs: Mapping[str, str | None],
        include: Include | None = None,
        *,
        is_many: bool = False,
        timeout: float | None = None,
    ) -> None:
        self._http = http
        self._jobs = dict(jobs)
        self._include = include
        self._is_many = is_many
        self._timeout = timeout
        self._connection: Connection | None = None

    def __iter__(self) -> Iterator[JobStatus]:
        connection = self._connect()
        credential = self._http.endpoint.credential
        with ExitStack() as stack:
            http = self._http
            if isinstance(http, AsyncTransport):
                http = SyncTransport(http.endpoint)
                stack.callback(http.close)
            secret = credential.current()
            while (step := connection.next_step(time.monotonic(), _jitter())) is not None:
                if isinstance(step, Pause):
                    time.sleep(step.seconds)
                elif isinstance(step, Renew):
                    connection.on_renewed(step.error, credential.renew(secret))
                else:
                    secret = credential.current()
                    yield from self._exchange(connection, http, self._request(step, secret))

    def _exchange(self, connection: Connection, http: SyncTransport, request: httpx.Request) -> Iterator[JobStatus]:
        try:
            response = http.client().send(request, stream=True)
            try:
                connection.on_head(response.status_code, response.headers)
                for chunk in response.iter_raw():
                    continues = connection.on_bytes(chunk, time.monotonic())
                    yield from connection.take()
                    if not continues:
                        break
            finally:
                response.close()
        except httpx.HTTPError as error:
            connection.on_failure(_cause(error), time.monotonic(), _is_connected(error))
        else:
            connection.on_end(time.monotonic())
        yield from connection.take()

    async def __aiter__(self) -> AsyncIterator[JobStatus]:
        connection = self._connect()
        credential = self._http.endpoint.credential
        async with AsyncExitStack() as stack:
            http = self._http
            if isinstance(http, SyncTransport):
                # Connections belong to an event loop, which may be another one in each iteration.
                http = AsyncTransport(http.endpoint)
                stack.push_async_callback(http.close)
            secret = await credential.current_async()
            while (step := connection.next_step(time.monotonic(), _jitter())) is not None:
                if isinstance(step, Pause):
                    await anyio.sleep(step.seconds)
                elif isinstance(step, Renew):
                    connection.on_renewed(step.error, await credential.renew_async(secret))
                else:
                    secret = await credential.current_async()
                    statuses = self._async_exchange(connection, http, self._request(step, secret))
                    try:
                        async for status in statuses:
                            yield status
                    finally:
                        await statuses.aclose()

    async def _async_exchange(
        self, connection: Connection, http: AsyncTransport, request: httpx.Request
    ) -> AsyncGenerator[JobStatus, None]:
        try:
            response = await http.client().send(request, stream=True)
            try:
                connection.on_head(response.status_code, response.headers)
                async for chunk in response.aiter_raw():
                    continues = connection.on_bytes(chunk, time.monotonic())
                    for status in connection.take():
                        yield status
                    if not continues:
                        break
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            connection.on_failure(_cause(error), time.monotonic(), _is_connected(error))
        else:
            connection.on_end(time.monotonic())
        for status in connection.take():
            yield status

    @property
    def errors(self) -> dict[str, JobProgressError]:
        """Of several jobs: why some are not followed to their end, by job id. It is that of the last iteration."""
        return {} if self._connection is None else self._connection.errors

    def _connect(self) -> Connection:
        deadline = None if self._timeout is None else time.monotonic() + self._timeout
        base_url = self._http.endpoint.base_url
        connection = Connection(base_url, self._jobs, self._include, is_many=self._is_many, deadline=deadline)
        self._connection = connection
        return connection

    def _request(self, step: Send, secret: str) -> httpx.Request:
        headers = {**step.headers, "Accept-Encoding": "identity"}
        return build(
            self._http.endpoint, secret, step.method, step.path, step.json, step.params, headers, step.read_timeout
        )

    def __repr__(self) -> str:
        return f"StatusStream({', '.join(map(repr, self._jobs))})"


def _jitter() -> float:
    return random.random()  # noqa: S311  # it spreads requests and keeps no secret


def _cause(error: httpx.HTTPError) -> str:
    return str(error) or type(error).__name__


def _is_connected(error: httpx.HTTPError) -> bool:
    return not isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
