"""One job of a connection: what its reader has, and what is new."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .._errors import JobProgressError
from .._json import as_int, as_list, as_text
from .._status import JobStatus
from .log import MAX_LINES, Log


class Job:
    """Keeps the newest document of a job until the reader takes it; documents between two takes are skipped."""

    def __init__(self, job_id: str, cursor: str | None, has_logs: bool) -> None:
        self.job_id = job_id
        self.has_ended = False
        self.error: JobProgressError | None = None
        #: The newest document, also after the reader has taken it.
        self.last: JobStatus | None = None
        self._has_logs = has_logs
        self._log = Log()
        self._fresh: dict[str, Any] | None = None
        epoch, _, seq = (cursor or "").partition(".")
        self._epoch: str = epoch
        self._seq = int(seq) if seq.isascii() and seq.isdigit() else 0

    @property
    def cursor(self) -> str | None:
        """The version that the reader has."""
        return f"{self._epoch}.{self._seq}" if self._seq else None

    def on_document(self, document: dict[str, Any]) -> bool:
        """A document of a stream or a poll. Returns whether it is newer than that of the reader."""
        epoch, seq = as_text(document.get("epoch")), as_int(document.get("seq"))
        if epoch is None or seq is None:
            return False
        is_new_job = epoch != self._epoch
        if not is_new_job and seq <= self._seq:
            # A reader that continues from a cursor has never given its document to this connection.
            self.last = self.last or JobStatus(document)
            return False
        if "logs" in document:
            self._log.on_lines(document, "logs")
        self._epoch, self._seq = epoch, seq
        if self._has_logs:
            waiting = [] if self._fresh is None or is_new_job else as_list(self._fresh.get("logs")) or []
            document = {**document, "logs": (waiting + self._log.take(is_new_job))[-MAX_LINES:]}
        self.has_ended = False
        self._fresh = document
        self.last = JobStatus(document)
        return True

    def on_log(self, data: dict[str, Any]) -> None:
        """A `log` frame: its lines belong to the next document."""
        self._log.on_lines(data, "lines")

    def on_cut(self) -> None:
        """The stream has ended."""
        self._log.drop_pending()

    def on_poll(self, now: datetime) -> None:
        """A poll was answered at this time of the server, also with "not modified"."""
        self.has_ended = self.last is not None and self.last.is_terminal and not self.last.awaits_retry(now)

    def take(self) -> JobStatus | None:
        """The newest document, if the reader does not have it."""
        fresh, self._fresh = self._fresh, None
        return None if fresh is None else JobStatus(fresh)
