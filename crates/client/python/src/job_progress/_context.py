"""The job that the current code works for."""

from __future__ import annotations

import os
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING

from ._config import KEY_VARIABLE, URL_VARIABLE

if TYPE_CHECKING:
    from ._client import JobProgressClient
    from ._job import Producer

#: The id of the job that this process works for. `jp run` sets it for the command that it runs.
JOB_VARIABLE = "JOB_PROGRESS_JOB"

CURRENT: ContextVar[Producer | None] = ContextVar("job_progress_current_job", default=None)

_of_process: tuple[int, str, Producer] | None = None
_client_of_environment: tuple[str, str, JobProgressClient] | None = None


def current_job() -> Producer | None:
    """The job of the surrounding block or function, else the one that the environment variable ``JOB_PROGRESS_JOB``
    names, else None.

    It is a context variable: tasks of asyncio and `asyncio.to_thread` inherit it, a new thread does if it runs
    ``contextvars.copy_context().run(work)``, and a forked process does.

    >>> current_job() is None
    True
    """
    job = CURRENT.get()
    return job if job is not None and not job.ended else _job_of_process()


def client_of_environment() -> JobProgressClient | None:
    """The client of ``JOB_PROGRESS_URL`` and ``JOB_PROGRESS_KEY``, or None if one of them is not set."""
    global _client_of_environment  # noqa: PLW0603
    url, key = os.environ.get(URL_VARIABLE), os.environ.get(KEY_VARIABLE)
    if not url or not key:
        return None
    if _client_of_environment is None or _client_of_environment[:2] != (url, key):
        from ._client import JobProgressClient  # noqa: PLC0415  the client imports this module

        _client_of_environment = (url, key, JobProgressClient(base_url=url, api_key=key))
    return _client_of_environment[2]


def leave(token: Token[Producer | None]) -> None:
    """Sets the current job to what it was when the token was made."""
    try:
        CURRENT.reset(token)
    except ValueError:  # the block was left in another context than it was entered in
        CURRENT.set(None)


def _job_of_process() -> Producer | None:
    global _of_process  # noqa: PLW0603
    job_id = os.environ.get(JOB_VARIABLE)
    client = client_of_environment() if job_id else None
    if not job_id or client is None:
        return None
    if _of_process is None or _of_process[:2] != (os.getpid(), job_id):
        _of_process = (os.getpid(), job_id, client.producer(job_id))
    return _of_process[2]
