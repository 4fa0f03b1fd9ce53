"""Waiting for conditions, with deadlines."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Callable

from job_progress import JobProgressError

if TYPE_CHECKING:
    from job_progress import JobProgressClient


def until(condition: Callable[[], object], explain: Callable[[], str] = lambda: "", timeout: float = 60.0) -> None:
    """Returns as soon as the condition holds. Raises AssertionError with the explanation after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout} s. {explain()}"
        time.sleep(0.01)


def document_of(client: JobProgressClient, job_id: str) -> dict[str, Any]:
    """The document of the job, or an empty one if it does not exist."""
    try:
        return client._http.request("GET", f"/v2/jobs/{job_id}/status").body
    except JobProgressError as error:
        if error.code != "JOB_NOT_FOUND":
            raise
        return {}


def ended_document(client: JobProgressClient, job_id: str) -> dict[str, Any]:
    """The document of the job, once it has ended."""
    until(lambda: document_of(client, job_id).get("status") in ("completed", "failed", "cancelled", "timeout"))
    return document_of(client, job_id)
