"""An HTTP server on the loopback interface that holds each request until a test answers it."""

from __future__ import annotations

import json
import queue
import socket
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Held:
    """A request that waits for its answer."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    arrived: float
    decided: threading.Event = field(default_factory=threading.Event)
    #: Status, headers and body; None closes the connection.
    answer: tuple[int, dict[str, str], bytes] | None = None

    def respond(self, status: int = 200, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.answer = (status, headers or {}, body)
        self.decided.set()

    def accept(self, status: int = 200, headers: dict[str, str] | None = None, members: Any = None) -> None:
        """Answers as the server does when it accepts every report, with these members instead of its own."""
        results = [{"seq": index, "accepted": True} for index, _ in enumerate(self.body, 1)]
        answer = {
            "jobId": urlsplit(self.path).path.split("/")[3],
            "seq": len(results),
            "status": "running",
            "attempt": 1,
            "accepted": True,
            "control": None,
            "results": results,
        }
        self.respond(status, headers, json.dumps({**answer, **(members or {})}).encode())

    def cut(self) -> None:
        self.decided.set()


class ScriptedServer(ThreadingHTTPServer):
    """Requests wait in `next`, by method and path without the query."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.base_url = f"http://127.0.0.1:{self.server_port}"
        self._waiting: dict[tuple[str, str], queue.Queue[Held]] = {}
        self._lock = threading.Lock()
        self._held: list[Held] = []
        self.count = 0
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def next(self, method: str, path: str, timeout: float = 60.0) -> Held:
        """The next request to this method and path. Raises AssertionError if none comes in time."""
        try:
            return self._queue(method, urlsplit(path).path).get(timeout=timeout)
        except queue.Empty:
            raise AssertionError(f"no {method} {path} within {timeout} s") from None

    def hold(self, held: Held) -> None:
        with self._lock:
            self._held.append(held)
            self.count += 1
        self._queue(held.method, urlsplit(held.path).path).put(held)
        held.decided.wait()

    def stop(self) -> None:
        with self._lock:
            held = list(self._held)
        for request in held:
            request.decided.set()
        self.shutdown()
        self.server_close()

    def _queue(self, method: str, path: str) -> queue.Queue[Held]:
        with self._lock:
            return self._waiting.setdefault((method, path), queue.Queue())

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that the client closes are no error of the test."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ScriptedServer

    def _hold(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else None
        headers = {name.lower(): value for name, value in self.headers.items()}
        held = Held(self.command, self.path, headers, body, time.monotonic())
        self.server.hold(held)
        if held.answer is None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        status, headers, body = held.answer
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _hold  # noqa: N815  the names that http.server calls

    def log_message(self, format: str, *args: Any) -> None:
        """The output of the tests is theirs."""
