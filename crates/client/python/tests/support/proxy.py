"""A TCP proxy that cuts, silences and holds back connections."""

from __future__ import annotations

import contextlib
import socket
import threading
from urllib.parse import urlsplit

_CHUNK = 65536


class Proxy:
    """Forwards connections to a server on loopback. Use it as a context manager."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._is_silent = threading.Event()
        self._is_refusing = threading.Event()
        #: Responses to requests whose first line contains this text are held back, as a proxy does that buffers them.
        self.held_path: bytes | None = None
        self._has_closed = threading.Event()
        #: The first lines of the requests that were forwarded.
        self.requests: list[str] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The URL of the server through this proxy."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def cut(self) -> None:
        """Breaks all connections; new ones are forwarded."""
        with self._lock:
            sockets, self._sockets = self._sockets, set()
        for one in sockets:
            _close(one)

    def refuse(self, *, refusing: bool = True) -> None:
        """Breaks all connections, and closes new ones at once until it is called with ``refusing=False``."""
        self._is_refusing.set() if refusing else self._is_refusing.clear()
        self.cut()

    def silence(self) -> None:
        """Keeps the connections that are open, but forwards nothing on them any more; new ones are forwarded."""
        with self._lock:
            self._sockets, silent = set(), self._sockets
        self._silent = silent

    def has_closed(self) -> bool:
        """Waits until the client has closed every connection; False if that takes longer than ten seconds."""
        return self._has_closed.wait(10)

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        _close(self._listener)
        self.cut()
        for one in getattr(self, "_silent", set()):
            _close(one)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self._is_refusing.is_set():
                    _close(client)
                    continue
                try:
                    server = socket.create_connection(self._target)
                except OSError:
                    _close(client)
                    continue
                pair = _Pair(self, client, server)
                with self._lock:
                    self._sockets |= {client, server}
                self._has_closed.clear()
                pair.start()

    def on_closed(self, *pair: socket.socket) -> None:
        """A client has closed its connection."""
        with self._lock:
            self._sockets -= set(pair)
            if not self._sockets:
                self._has_closed.set()

    def is_forwarding(self, one: socket.socket) -> bool:
        """Whether the connection is neither cut nor silenced."""
        with self._lock:
            return one in self._sockets


class _Pair:
    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._is_held = False

    def start(self) -> None:
        threading.Thread(target=self._up, daemon=True).start()
        threading.Thread(target=self._down, daemon=True).start()

    def _up(self) -> None:
        with contextlib.suppress(OSError):
            while chunk := self._client.recv(_CHUNK):
                if not self._proxy.is_forwarding(self._client):
                    continue
                line = chunk.split(b"\r\n", 1)[0]
                if line.endswith(b"HTTP/1.1"):
                    held = self._proxy.held_path
                    self._is_held = held is not None and held in line
                    self._proxy.requests.append(line.decode())
                self._server.sendall(chunk)
        _close(self._server)
        _close(self._client)
        self._proxy.on_closed(self._client, self._server)

    def _down(self) -> None:
        with contextlib.suppress(OSError):
            while chunk := self._server.recv(_CHUNK):
                if self._proxy.is_forwarding(self._client) and not self._is_held:
                    self._client.sendall(chunk)
        if self._proxy.is_forwarding(self._client):
            _close(self._client)


def _close(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
