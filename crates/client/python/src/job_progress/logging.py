"""Log records as log lines of a job."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ._context import current_job

if TYPE_CHECKING:
    from ._job import Producer

__all__ = ["JobProgressHandler"]

# What these log comes from sending log lines, or would be sent with each of them.
_OURS = ("job_progress", "httpx", "httpcore")


class JobProgressHandler(logging.Handler):
    """Appends each record to the log of the job, or of the current job if there is none; without a job it does nothing.

    A record of several lines, such as one with a traceback, becomes as many log lines. Records of this package and of
    its HTTP client are left out.

    >>> import logging
    >>> logging.getLogger().addHandler(JobProgressHandler(level=logging.INFO))
    """

    def __init__(self, job: Producer | None = None, level: int | str = logging.NOTSET) -> None:
        super().__init__(level)
        self._job = job

    def emit(self, record: logging.LogRecord) -> None:
        """Sends one record."""
        if record.name.split(".")[0] in _OURS:
            return
        job = self._job or current_job()
        if job is None:
            return
        try:
            level = record.levelname.lower()
            for line in self.format(record).splitlines():
                job.append_log(line, level)
        except Exception:  # noqa: BLE001  what handlers do
            self.handleError(record)
