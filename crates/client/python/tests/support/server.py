"""A server of a test's own, which the test can kill and start again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path


def free_port() -> int:
    """A port that is free at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Server:
    """A server on a port, with the keys and the secret of the environment."""

    def __init__(self, port: int, data: Path) -> None:
        command = [os.environ["XTASK"], "serve", "--port", str(port), "--data", str(data), "--raise-limits"]
        self._launcher = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{port}"
        self._group = 0
        assert self._launcher.stdout is not None
        for line in self._launcher.stdout:
            if line.startswith("group: "):
                self._group = int(line[len("group: ") :])
            if line.startswith("ready: "):
                return
        raise RuntimeError(f"the server did not start: {self._launcher.communicate()[1]}")

    def kill(self) -> None:
        """Ends the whole process group at once, as a power cut does."""
        os.killpg(self._group, signal.SIGKILL)
        self.stop()

    def stop(self) -> None:
        """Ends the server."""
        self._launcher.send_signal(signal.SIGTERM)
        self._launcher.communicate()
