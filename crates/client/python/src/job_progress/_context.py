"""The job that the current code works for."""

from __future__ import annotations

import os
from contextvars import ContextVar
from typing import TYPE_CHECKING

from ._config import KEY_VARIABLE, URL_VARIABLE

if TYPE_CHECKING:
    from ._job import Producer

#: The id of the job that this process works for. `jp run` sets it for the command that it runs.
JOB_VARIABLE = "JOB_PROGRESS_JOB"

CURRENT: ContextVar[Producer | None] = ContextVar("job_progress_current_job", default=None)

_of_process: tuple[int, str, Producer] | None = None


def current_job() -> Producer | None:
    """The job of the surrounding block or function, else the one that the environment variable ``JOB_PROGRESS_JOB``
    names, else None.

    It is a context variable: tasks of asyncio and `asyncio.to_thread` inherit it, a new thread does if it runs
    ``contextvars.copy_context().run(work)``, and a forked process does.

    >>> current_job() is None
    True
    """
    return CURRENT.get() or _job_of_process()


def _job_of_process() -> Producer | None:
    global _of_process  # noqa: PLW0603
    job_id = os.environ.get(JOB_VARIABLE)
    if not job_id or not is_configured():
        return None
    if _of_process is None or _of_process[:2] != (os.getpid(), job_id):
        from ._client import JobProgressClient  # noqa: PLC0415  the client imports this module

        _of_process = (os.getpid(), job_id, JobProgressClient().producer(job_id))
    return _of_process[2]


def is_configured() -> bool:
    """Whether the environment says where the server is, and with which credential it is asked."""
    return bool(os.environ.get(URL_VARIABLE) and os.environ.get(KEY_VARIABLE))
