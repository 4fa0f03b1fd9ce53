"""The driver of a connection: sends its requests and passes in their responses."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Callable, cast

import httpx

from .._http import AsyncTransport, build
from .connection import Connection
from .steps import Pause, Renew, Send

if TYPE_CHECKING:
    from .._config import Endpoint


async def follow(connection: Connection, http: AsyncTransport, on_change: Callable[[], None]) -> None:
    """Drives a connection until all its jobs have ended; calls `on_change` whenever something may be new.

    Raises JobProgressError when the connection has failed for good.
    """
    credential = http.endpoint.credential
    secret = ""
    while (step := connection.next_step(time.monotonic(), random.random())) is not None:  # noqa: S311  # jitter
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
        elif isinstance(step, Renew):
            connection.on_renewed(step.error, await credential.renew_async(secret))
        else:
            secret = await credential.current_async()
            await _exchange(connection, http, _request(http.endpoint, secret, step), on_change)
            on_change()


async def _exchange(
    connection: Connection, http: AsyncTransport, request: httpx.Request, on_change: Callable[[], None]
) -> None:
    try:
        response = await http.client().send(request, stream=True)
        chunks = response.aiter_raw()
        try:
            connection.on_head(response.status_code, response.headers)
            async for chunk in chunks:
                continues = connection.on_bytes(chunk)
                on_change()
                if not continues:
                    break
        finally:
            await cast("AsyncGenerator[bytes, None]", chunks).aclose()
            await response.aclose()
    except httpx.HTTPError as error:
        is_connected = not isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout))
        connection.on_failure(str(error) or type(error).__name__, time.monotonic(), is_connected)
    else:
        connection.on_end(time.monotonic())


def _request(endpoint: Endpoint, secret: str, step: Send) -> httpx.Request:
    # The bytes are read as they come, so they must not be compressed.
    headers = {**step.headers, "Accept-Encoding": "identity"}
    return build(endpoint, secret, step.method, step.path, step.json, step.params, headers, step.read_timeout)
