"""The streams of a case: read through the client, or as plain frames."""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any, Callable

import httpx

from job_progress import JobProgressError, JobStatus
from job_progress._stream.sse import Decoder

#: Seconds until a frame arrives.
DEADLINE = 60.0


class Recorder(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Sends the requests of a client, and keeps the bytes of every response that is not a stream, for comparison.

    Of a stream it gives one event at a time, and the next one when `may_continue`, so that the client skips nothing.
    """

    def __init__(self, exchanges: list[tuple[httpx.Request, httpx.Response]], may_continue: Callable[[], bool]) -> None:
        self._exchanges = exchanges
        self._may_continue = may_continue
        self._blocking = httpx.HTTPTransport(verify=False)
        self._asynchronous = httpx.AsyncHTTPTransport(verify=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._blocking.handle_request(request)
        return self._kept(request, response, response.read())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._asynchronous.handle_async_request(request)
        if response.headers.get("content-type", "").startswith("text/event-stream"):
            response.stream = _Events(response.stream, self._may_continue)
            return response
        return self._kept(request, response, await response.aread())

    def close(self) -> None:
        self._blocking.close()

    async def aclose(self) -> None:
        await self._asynchronous.aclose()

    def _kept(self, request: httpx.Request, response: httpx.Response, content: bytes) -> httpx.Response:
        kept = httpx.Response(response.status_code, headers=response.headers, content=content)
        self._exchanges.append((request, kept))
        return httpx.Response(response.status_code, headers=response.headers, stream=_Whole(content))


class _Whole(httpx.SyncByteStream, httpx.AsyncByteStream):
    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self._content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content


class _Events(httpx.AsyncByteStream):
    def __init__(self, stream: Any, may_continue: Callable[[], bool]) -> None:
        self._stream = stream
        self._may_continue = may_continue

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            *events, rest = chunk.split(b"\n\n")
            for piece in (*(event + b"\n\n" for event in events), rest):
                while not self._may_continue():
                    await asyncio.sleep(0)
                yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


class Frames:
    """Reads a source of frames in a thread: dictionaries with `event`, `data` and `id`.

    `is_derived` marks the frames of ends and problems that the client has read for its user.
    """

    def __init__(self, frames: Iterable[dict[str, Any]]) -> None:
        self._queue: queue.Queue[dict[str, Any] | None] = queue.Queue()
        threading.Thread(target=self._read, args=(frames,), daemon=True).start()

    def next(self) -> dict[str, Any] | None:
        """The next frame; None at the end."""
        return self._queue.get(timeout=DEADLINE)

    def _read(self, frames: Iterable[dict[str, Any]]) -> None:
        try:
            for frame in frames:
                self._queue.put(frame)
        except JobProgressError as error:
            self._queue.put({"event": "problem", "data": problem_body(error), "id": None, "is_derived": True})
        except httpx.HTTPError:
            pass  # a server that is killed resets the connection
        self._queue.put(None)


def problem_body(error: JobProgressError) -> dict[str, Any]:
    """The problem that the error was made from."""
    return {"error": error.code, "message": error.message, "details": error.details}


def frames_of_client(statuses: Iterable[JobStatus], errors: Any) -> Iterator[dict[str, Any]]:
    """What the client gives, as the frames that it was made from: log lines before their document, the end last."""
    last: dict[str, JobStatus] = {}
    lines: dict[str, int] = {}
    known: set[str] = set()

    def problems() -> Iterator[dict[str, Any]]:
        for job_id, error in errors().items():
            if job_id not in known:
                known.add(job_id)
                data = {"jobId": job_id, **problem_body(error)}
                yield {"event": "problem", "data": data, "id": None, "is_derived": True}

    for status in statuses:
        yield from problems()
        document = status.to_dict()
        if new := document.pop("logs", []):
            first, after = new[0]["number"], lines.get(status.job_id, 0) + 1
            # The numbers have no gaps, so they show which lines are missing.
            skipped = {"skippedFrom": after, "skippedTo": first - 1} if first > after else {}
            lines[status.job_id] = new[-1]["number"]
            data = {"jobId": status.job_id, "epoch": status.epoch, "lines": new, **skipped}
            yield {"event": "log", "data": data, "id": None}
        yield {"event": None, "data": document, "id": status.cursor}
        last[status.job_id] = status
    yield from problems()
    for status in last.values():
        data = {name: status[name] for name in ("jobId", "status", "seq")}
        yield {"event": "end", "data": data, "id": None, "is_derived": True}


def plain_frames(response: httpx.Response) -> Iterator[dict[str, Any]]:
    """The frames of a response."""
    decoder = Decoder()
    with contextlib.closing(response):
        for chunk in response.iter_raw():
            for event in decoder.feed(chunk):
                yield {"event": event.name or None, "data": json.loads(event.data), "id": event.id}
