"""A TCP proxy on the loopback interface whose connections a test cuts."""

from __future__ import annotations

import contextlib
import socket
import threading
from urllib.parse import urlsplit


class TcpProxy:
    """Forwards to the server of `base_url`, as long as it is open."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._is_open = True
        self._to_lose = 0
        self.base_url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Breaks all connections."""
        with self._lock:
            sockets = list(self._sockets)
        for connection in sockets:
            self._break(connection)

    def lose_answers(self, count: int) -> None:
        """Breaks the connection instead of forwarding each of the next answers."""
        self._to_lose = count

    @property
    def answers_to_lose(self) -> int:
        """How many of the answers that should be lost have not come yet."""
        return self._to_lose

    def close(self) -> None:
        """Breaks all connections, and refuses new ones."""
        self._is_open = False
        self.cut()

    def open(self) -> None:
        """Forwards again."""
        self._is_open = True

    def stop(self) -> None:
        self.close()
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if not self._is_open:
                    client.close()
                    continue
                server = socket.create_connection(self._target)
                with self._lock:
                    self._sockets |= {client, server}
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=self._forward, args=(source, target), daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if self._to_lose and source.getpeername() == self._target:
                    self._to_lose -= 1
                    break
                target.sendall(data)
        self._break(source)
        self._break(target)

    def _break(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()
        with self._lock:
            self._sockets.discard(connection)
