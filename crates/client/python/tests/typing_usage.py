"""What type checkers make of the package. It is checked and never run: see test_style.py.

An error that a checker must find is marked; a mark without an error fails the check.
"""

# Python 3.9 has no `|` in expressions.

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Optional

from typing_extensions import assert_type

from job_progress import AsyncJobProgressClient, FreeForm, JobError, JobProgressClient, JobStatus, LogLine, Step


def blocking(client: JobProgressClient) -> None:
    """Types of statuses."""
    status = client.jobs.get_status("a", include=["resources", "logs"])
    assert_type(status.progress, Optional[float])
    assert_type(status.created_at, datetime)
    assert_type(status.error, Optional[JobError])
    assert_type(status.steps, Optional[list[Step]])
    assert_type(status.logs, Optional[list[LogLine]])
    assert_type(status.resources, Optional[FreeForm])
    if status.resources:
        assert_type(status.resources.gpu_utilization, Any)
    if status.status == "runing":  # type: ignore[comparison-overlap]  # pyright: ignore[reportUnnecessaryComparison]
        raise AssertionError
    print(status.progres)  # type: ignore[attr-defined]  # pyright: ignore
    for update in client.jobs.stream_status("a"):
        assert_type(update, JobStatus)
    for found in client.jobs.get_batch_status(["a", "b"]):
        assert_type(found.job_id, str)


def reports(client: JobProgressClient) -> None:
    """Types of the fields of reports."""
    client.jobs.report("a", create=True, current=1, total=None, steps=[{"id": "s", "status": "running"}])
    client.jobs.create("a", kind="import", estimated_completion=datetime.now().astimezone())
    client.jobs.report("a", status="done")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.jobs.report("a", curent=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.jobs.get_status("a", include=["gpu"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]


async def asynchronous(client: AsyncJobProgressClient) -> None:
    """Types of coroutines."""
    assert_type(await client.jobs.get_status("a"), JobStatus)
    async for update in client.jobs.stream_status("a"):
        assert_type(update.status == "running", bool)
    request: Literal["cancel"] = "cancel"
    assert_type((await client.jobs.control_batch(["a"], request))[0], JobStatus)
