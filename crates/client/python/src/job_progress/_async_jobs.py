"""The operations on jobs, for coroutines."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from . import _operations as operations
from ._errors import JobProgressError
from ._polling import Poll
from ._results import BatchStatus, ListedJob, LogPage, NewJob, NewToken, ReportResult
from ._status import JobStatus
from ._stream.status_stream import StatusStream

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._http import AsyncTransport
    from ._operations import Control, Include, JobIds, ListFilters, Permission
    from ._report import ReportFields


class AsyncJobs:
    """The operations on jobs: `client.jobs` of an `AsyncJobProgressClient`. `Jobs` describes each."""

    def __init__(self, http: AsyncTransport) -> None:
        self._http = http

    async def get_status(
        self, job_id: str, *, include: Include | None = None, format: Literal["json", "summary"] | None = None
    ) -> JobStatus:
        """The status of a job. With ``format="summary"`` all but the most important fields are None."""
        return await self._http.perform(operations.get_status(job_id, include, format))

    async def get_batch_status(self, job_ids: Iterable[str], *, include: Include | None = None) -> BatchStatus:
        """The statuses of many jobs, in the order of `job_ids`; more than a hundred take several requests."""
        batches = operations.get_batch_status(job_ids, include)
        return operations.joined([await self._http.perform(batch) for batch in batches])

    def stream_status(self, job_id: str, *, include: Include | None = None, cursor: str | None = None) -> StatusStream:
        """The statuses of a job as it changes, until it ends; for ``for`` and ``async for``."""
        return StatusStream(self._http.endpoint, {job_id: cursor}, include)

    def watch(self, job_ids: Iterable[str], *, include: Include | None = None) -> StatusStream:
        """The statuses of up to a hundred jobs as they change, on one connection, until all have ended."""
        return StatusStream(
            self._http.endpoint, dict.fromkeys(operations.list_of_names(job_ids)), include, is_many=True
        )

    async def wait_for(self, job_id: str, *, timeout: float | None = None, include: Include | None = None) -> JobStatus:
        """Waits until the job has ended and returns its last status; a job that awaits a retry has not ended."""
        last: JobStatus | None = None
        async for status in StatusStream(self._http.endpoint, {job_id: None}, include, timeout=timeout):
            last = status
        return last or await self.get_status(job_id, include=include)

    async def poll_status(
        self,
        job_id: str,
        *,
        max_wait: float = 3600,
        intervals: Sequence[float] = (1, 2, 5, 10, 30, 60),
        include: Include | None = None,
    ) -> JobStatus:
        """Asks for the status at intervals (seconds; the last one repeats) until the job has ended, and returns it."""
        poll = Poll(max_wait, intervals, time.monotonic())
        while True:
            try:
                status = await self.get_status(job_id, include=include)
            except JobProgressError as error:
                pause = poll.on_error(error, time.monotonic())
            else:
                if poll.has_ended(status):
                    return status
                pause = poll.pause(time.monotonic())
            await asyncio.sleep(pause)

    async def create(
        self,
        job_id: str | None = None,
        *,
        replace: Literal["ended"] | None = None,
        parent_id: str | None = None,
        **fields: Unpack[ReportFields],
    ) -> NewJob:
        """Creates a job; the server chooses an id if there is none. The result also has `links` and a `token`."""
        return await self._http.perform(operations.create(job_id, replace, parent_id, fields))

    async def report(
        self,
        job_id: str,
        *,
        create: bool = False,
        replace: Literal["ended"] | None = None,
        parent_id: str | None = None,
        **fields: Unpack[ReportFields],
    ) -> ReportResult:
        """Sends one report and waits until it is stored; ``create=True`` creates the job if it does not exist."""
        return await self._http.perform(operations.report(job_id, fields, create, replace, parent_id))

    async def report_many(
        self,
        job_id: str,
        reports: Sequence[ReportFields],
        *,
        create: bool = False,
        replace: Literal["ended"] | None = None,
        parent_id: str | None = None,
    ) -> ReportResult:
        """Sends up to 500 reports, which are stored together; `results` of the result has an item for each."""
        return await self._http.perform(operations.report(job_id, list(reports), create, replace, parent_id))

    async def logs(self, job_id: str, *, after: int = 0, limit: int | None = None) -> LogPage:
        """Log lines with numbers above `after`, oldest first: at most `limit` (1 to 1,000, by default 200)."""
        return await self._http.perform(operations.logs(job_id, after, limit))

    async def cancel(
        self, job_id: str, *, reason: str | None = None, force: bool = False, children: bool = False
    ) -> JobStatus:
        """Requests that the job stops; `control` of the result is the request, until the producer has stopped.

        A queued job is cancelled at once, with `force` any job; with `children` the children of the job are cancelled
        too.
        """
        return await self._http.perform(operations.control(job_id, "cancel", reason, force, children))

    async def pause(self, job_id: str, *, reason: str | None = None) -> JobStatus:
        """Requests that the job pauses."""
        return await self._http.perform(operations.control(job_id, "pause", reason))

    async def resume(self, job_id: str, *, reason: str | None = None) -> JobStatus:
        """Requests that the job continues after a pause."""
        return await self._http.perform(operations.control(job_id, "resume", reason))

    async def retry(self, job_id: str, *, reason: str | None = None) -> JobStatus:
        """Begins the next attempt of a job that failed, was cancelled or timed out."""
        return await self._http.perform(operations.control(job_id, "retry", reason))

    async def control_batch(
        self,
        job_ids: Iterable[str],
        request: Control,
        *,
        reason: str | None = None,
        force: bool = False,
        children: bool = False,
    ) -> BatchStatus:
        """Makes the same request for many jobs. Statuses of the result have `control`, `attempt` and little else."""
        batches = operations.control_batch(job_ids, request, reason, force, children)
        return operations.joined([await self._http.perform(batch) for batch in batches])

    async def list(self, **filters: Unpack[ListFilters]) -> AsyncIterator[ListedJob]:
        """The jobs of the project that the filters select, the newest first; for ``async for``."""
        pages = operations.list_jobs(filters)
        while pages.operation is not None:
            for job in await self._http.perform(pages.operation):
                yield job

    async def delete(self, job_id: str) -> None:
        """Deletes the job with its log, at once."""
        await self._http.perform(operations.delete(job_id))

    async def create_token(
        self,
        job_ids: JobIds | None = None,
        *,
        tags: Mapping[str, str] | None = None,
        permissions: Sequence[Permission] | None = None,
        expires_in: int | None = None,
    ) -> NewToken:
        """A token for a page that shows these jobs, or every job that carries these tags.

        `mint_token` makes one without a request.
        """
        return await self._http.perform(operations.create_token(job_ids, tags, permissions, expires_in))
