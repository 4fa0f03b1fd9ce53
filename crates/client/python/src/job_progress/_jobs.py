"""The operations on jobs, blocking."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from . import _operations as operations
from ._errors import JobProgressError
from ._polling import Poll
from ._results import BatchStatus, ListedJob, LogPage, NewJob, NewToken, ReportResult
from ._status import JobStatus
from ._stream.status_stream import StatusStream

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._http import SyncTransport
    from ._operations import Control, Include, JobIds, ListFilters, Permission
    from ._report import ReportFields


class Jobs:
    """The operations on jobs: `client.jobs`. Each raises JobProgressError when the server refuses it.

    `include` names parts that a status has only on demand: ``logs``, ``metrics`` and ``resources``.
    """

    def __init__(self, http: SyncTransport) -> None:
        self._http = http

    def get_status(
        self, job_id: str, *, include: Include | None = None, format: Literal["json", "summary"] | None = None
    ) -> JobStatus:
        """The status of a job. With ``format="summary"`` all but the most important fields are None.

        ::

            status = client.jobs.get_status("import-42", include=["resources"])
            print(status.progress, status.resources.gpu_utilization)
        """
        return self._http.perform(operations.get_status(job_id, include, format))

    def get_batch_status(self, job_ids: Iterable[str], *, include: Include | None = None) -> BatchStatus:
        """The statuses of many jobs, in the order of `job_ids`; more than a hundred take several requests.

        A job without a status, for example an unknown one, is in `errors` of the result.

        ::

            for status in client.jobs.get_batch_status(["import-42", "import-43"]):
                print(status.job_id, status.status)
        """
        batches = operations.get_batch_status(job_ids, include)
        return operations.joined([self._http.perform(batch) for batch in batches])

    def stream_status(self, job_id: str, *, include: Include | None = None, cursor: str | None = None) -> StatusStream:
        """The statuses of a job as it changes, until it ends; for ``for`` and ``async for``.

        With `cursor`, the `cursor` of a former status, only newer statuses follow.

        ::

            for status in client.jobs.stream_status("import-42"):
                print(status.progress)
        """
        return StatusStream(self._http.endpoint, {job_id: cursor}, include)

    def watch(self, job_ids: Iterable[str], *, include: Include | None = None) -> StatusStream:
        """The statuses of up to a hundred jobs as they change, on one connection, until all have ended.

        A job that cannot be read is in `errors` of the stream, and the others continue.

        ::

            for status in client.jobs.watch(["import-42", "import-43"]):
                print(status.job_id, status.progress)
        """
        return StatusStream(
            self._http.endpoint, dict.fromkeys(operations.list_of_names(job_ids)), include, is_many=True
        )

    def wait_for(self, job_id: str, *, timeout: float | None = None, include: Include | None = None) -> JobStatus:
        """Waits until the job has ended and returns its last status; a job that awaits a retry has not ended.

        Raises TimeoutError if that takes more than `timeout` seconds.
        """
        last: JobStatus | None = None
        for status in StatusStream(self._http.endpoint, {job_id: None}, include, timeout=timeout):
            last = status
        return last or self.get_status(job_id, include=include)

    def poll_status(
        self,
        job_id: str,
        *,
        max_wait: float = 3600,
        intervals: Sequence[float] = (1, 2, 5, 10, 30, 60),
        include: Include | None = None,
    ) -> JobStatus:
        """Asks for the status at intervals (seconds; the last one repeats) until the job has ended, and returns it.

        For places where a stream cannot be kept open; otherwise `wait_for` is faster and cheaper. Raises TimeoutError
        after `max_wait` seconds.
        """
        poll = Poll(max_wait, intervals, time.monotonic())
        while True:
            try:
                status = self.get_status(job_id, include=include)
            except JobProgressError as error:
                pause = poll.on_error(error, time.monotonic())
            else:
                if poll.has_ended(status):
                    return status
                pause = poll.pause(time.monotonic())
            time.sleep(pause)

    def create(
        self,
        job_id: str | None = None,
        *,
        replace: Literal["ended"] | None = None,
        parent_id: str | None = None,
        **fields: Unpack[ReportFields],
    ) -> NewJob:
        """Creates a job; the server chooses an id if there is none. The result also has `links` and a `token`.

        `fields` are those of its first report. A creation with an id can be repeated: it returns the same job. With
        ``replace="ended"`` a job of this id that has ended is replaced.

        ::

            job = client.jobs.create("import-42", kind="import", total=900, unit="files")
            print(job.token)
        """
        return self._http.perform(operations.create(job_id, replace, parent_id, fields))

    def report(
        self,
        job_id: str,
        *,
        create: bool = False,
        replace: Literal["ended"] | None = None,
        parent_id: str | None = None,
        **fields: Unpack[ReportFields],
    ) -> ReportResult:
        """Sends one report and waits until it is stored; ``create=True`` creates the job if it does not exist.

        A report that is repeated changes nothing if it has an `order`. None clears a field. `parent_id` is the parent
        of a job that the report creates.

        ::

            client.jobs.report("import-42", create=True, current=45, total=100, message="Processing batch 3")
        """
        return self._http.perform(operations.report(job_id, fields, create, replace, parent_id))

    def report_many(
        self,
        job_id: str,
        reports: Sequence[ReportFields],
        *,
        create: bool = False,
        replace: Literal["ended"] | None = None,
        parent_id: str | None = None,
    ) -> ReportResult:
        """Sends up to 500 reports, which are stored together; `results` of the result has an item for each.

        ::

            client.jobs.report_many("import-42", [{"current": 46}, {"current": 47, "logs": ["file 47 is empty"]}])
        """
        return self._http.perform(operations.report(job_id, list(reports), create, replace, parent_id))

    def logs(self, job_id: str, *, after: int = 0, limit: int | None = None) -> LogPage:
        """Log lines with numbers above `after`, oldest first: at most `limit` (1 to 1,000, by default 200)."""
        return self._http.perform(operations.logs(job_id, after, limit))

    def cancel(
        self, job_id: str, *, reason: str | None = None, force: bool = False, children: bool = False
    ) -> JobStatus:
        """Requests that the job stops; `control` of the result is the request, until the producer has stopped.

        A queued job is cancelled at once, with `force` any job; with `children` the children of the job are cancelled
        too.
        """
        return self._http.perform(operations.control(job_id, "cancel", reason, force, children))

    def pause(self, job_id: str, *, reason: str | None = None) -> JobStatus:
        """Requests that the job pauses."""
        return self._http.perform(operations.control(job_id, "pause", reason))

    def resume(self, job_id: str, *, reason: str | None = None) -> JobStatus:
        """Requests that the job continues after a pause."""
        return self._http.perform(operations.control(job_id, "resume", reason))

    def retry(self, job_id: str, *, reason: str | None = None) -> JobStatus:
        """Begins the next attempt of a job that failed, was cancelled or timed out."""
        return self._http.perform(operations.control(job_id, "retry", reason))

    def control_batch(
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
        return operations.joined([self._http.perform(batch) for batch in batches])

    def list(self, **filters: Unpack[ListFilters]) -> Iterator[ListedJob]:
        """The jobs of the project, or of a token by tag, that the filters select: the newest first.

        It requests page by page, each of `limit` jobs (1 to 100, by default 100), while it is iterated over. The list
        can lag behind the jobs by a second.

        ::

            for job in client.jobs.list(status=["failed", "timeout"], tags={"userId": "u1"}):
                print(job.job_id, job.message)
        """
        pages = operations.list_jobs(filters)
        while pages.operation is not None:
            yield from self._http.perform(pages.operation)

    def delete(self, job_id: str) -> None:
        """Deletes the job with its log, at once."""
        self._http.perform(operations.delete(job_id))

    def create_token(
        self,
        job_ids: JobIds | None = None,
        *,
        tags: Mapping[str, str] | None = None,
        permissions: Sequence[Permission] | None = None,
        expires_in: int | None = None,
    ) -> NewToken:
        """A token for a page that shows these jobs, or every job that carries these tags.

        `mint_token` makes one without a request.

        `permissions` are ``jobs:read`` by default. `expires_in` is in seconds, by default a day if the token can only
        read and 15 minutes otherwise.
        """
        return self._http.perform(operations.create_token(job_ids, tags, permissions, expires_in))
