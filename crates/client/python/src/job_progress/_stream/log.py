"""The log of a job, as far as the reader has it."""

from __future__ import annotations

from typing import Any

from .._json import as_int, as_list, as_object

#: What a job keeps; no more lines wait for the reader.
MAX_LINES = 10_000


class Log:
    """Keeps the lines that are new to the reader until the document that covers them arrives.

    Lines are repeated after a broken connection; those that the reader has are discarded by their numbers.
    """

    def __init__(self) -> None:
        self._last = 0
        self._pending: list[list[dict[str, Any]]] = []

    def on_lines(self, data: dict[str, Any], member: str) -> None:
        """The lines of a frame or of a document."""
        lines = [line for line in map(as_object, as_list(data.get(member)) or []) if line is not None]
        # Numbers that start again are those of a new job under the same id.
        if lines and self._pending and _number(lines[0]) <= _number(self._pending[-1][0]):
            self._pending.clear()
        if lines:
            self._pending.append(lines)
        while sum(map(len, self._pending)) > MAX_LINES and len(self._pending) > 1:
            del self._pending[0]

    def take(self, is_new_job: bool) -> list[dict[str, Any]]:
        """The new lines, when their document has arrived."""
        if is_new_job:
            self._last = 0
        new: list[dict[str, Any]] = []
        for line in (line for page in self._pending for line in page):
            if _number(line) > self._last:
                self._last = _number(line)
                new.append(line)
        self._pending.clear()
        return new[-MAX_LINES:]

    def drop_pending(self) -> None:
        """The stream was cut: the next one repeats the lines whose document has not arrived."""
        self._pending.clear()


def _number(line: dict[str, Any]) -> int:
    return as_int(line.get("number")) or 0
