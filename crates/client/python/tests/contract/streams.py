"""The streams of a case: read through the client, or as plain frames."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import httpx

from job_progress import JobProgressError, JobStatus
from job_progress._stream.sse import Decoder

#: Seconds until a frame arrives.
DEADLINE = 10.0


class EventByEvent(httpx.BaseTransport):
    """Sends requests, and gives each event of a stream by itself, so that the client skips no document.

    Of every other response it keeps the bytes, for comparison with what the client makes of them.
    """

    def __init__(self) -> None:
        self._transport = httpx.HTTPTransport(verify=False)
        self.exchanges: list[tuple[httpx.Request, httpx.Response]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._transport.handle_request(request)
        if response.headers.get("content-type", "").startswith("text/event-stream"):
            response.stream = _Events(response.stream)
        else:
            content = response.read()
            response = httpx.Response(response.status_code, headers=response.headers, stream=_Whole(content))
            self.exchanges.append(
                (request, httpx.Response(response.status_code, headers=response.headers, content=content))
            )
        return response

    def close(self) -> None:
        self._transport.close()


class _Whole(httpx.SyncByteStream):
    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self._content


class _Events(httpx.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            *events, rest = chunk.split(b"\n\n")
            yield from (event + b"\n\n" for event in events)
            if rest:
                yield rest

    def close(self) -> None:
        self._stream.close()


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
